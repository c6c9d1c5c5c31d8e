'use strict';

// One invocation in its own process, as a cold start on a function platform:
//   node invoke.js node-mysql2 '{"customer": 1, "product": 2, "quantity": 3}'
// With "-" as the event, the function is loaded first, says so with a line {"ready":true}, and is
// invoked when the event comes on standard input: so a platform keeps loading out of the duration.
// Prints one line of JSON; exit status 1 when the invocation failed.

const { performance } = require('node:perf_hooks');
const readline = require('node:readline');

const DEFAULT_EVENT = '{"customer": 1, "product": 1, "quantity": 1}';

async function eventFromInput() {
  console.log(JSON.stringify({ ready: true }));
  const lines = readline.createInterface({ input: process.stdin });
  for await (const line of lines) {
    return line; // leaving the loop closes the input
  }
  throw new Error('standard input ended without an event');
}

async function invoke(name, text) {
  const report = { ok: false, handler: name };
  const { handler, close } = require(`./${name}`);
  const event = JSON.parse(text === '-' ? await eventFromInput() : text);
  const started = performance.now();
  try {
    const body = JSON.parse((await handler(event, { functionName: name })).body);
    Object.assign(report, { ok: true, connection_id: body.connection_id, order: body.order, rows: body.lines.length });
  } catch (error) {
    report.error = error.message;
  }
  report.seconds = (performance.now() - started) / 1000;
  await close();
  return report;
}

async function main([name, event = DEFAULT_EVENT]) {
  if (!name) {
    console.error('usage: node invoke.js HANDLER [EVENT | -]');
    process.exitCode = 2;
    return;
  }
  const report = await invoke(name, event);
  console.log(JSON.stringify(report));
  process.exitCode = report.ok ? 0 : 1;
}

main(process.argv.slice(2)).catch((error) => {
  console.log(JSON.stringify({ ok: false, error: error.message }));
  process.exitCode = 1;
});
