'use strict';

// How an application in Node runs as a process: its steps, the common start, what it prints.
//
// Decides: the lines on standard input and output, the same as worker.py. Does not know: any ORM.

const readline = require('node:readline');

exports.url = process.env.DATABASE_URL || 'mysql://app:app-password@127.0.0.1:6033/shop';

// What every product, customer and order looks like, so that the applications differ by their ORM only.
const NAMES = [['Zoë Ångström', null], ['Лев 北京 🐘', 'it\'s a \\ "note"\n'], ["O'Hara", '']];

exports.customers = (n) => NAMES.map(([name, note], i) => ({
  process: n,
  name,
  email: `c${i}@${n}.example`,
  note,
  born: i ? `${1970 + i}-02-28` : null,
  created: new Date(Date.UTC(2026, 0, 1, 12, 0, i, 123)),
  balance: (i - 0.1).toFixed(2),
  active: i !== 1,
  picture: i === 2 ? Buffer.from([0, 1, 39, 92, 128, 255]) : null,
}));

exports.products = (n) => Array.from({ length: 60 }, (_, i) => ({
  process: n,
  sku: `${exports.pad(n, 2)}-${exports.pad(i, 3)}`,
  name: `Ding ${i} ☂`,
  price: (n + i / 4).toFixed(2),
  weight: i % 4 ? i / 3 : null,
  details: i % 5 ? { n: [i, null], é: 'ü' } : null,
}));

exports.labels = (n) => ['new', 'rare', 'Ünique'].map((name) => ({ name: `${n}-${name}` }));
exports.placed = (day) => new Date(Date.UTC(2026, 1, 28 + day, 23, 59, 30));
exports.pad = (number, width) => String(number).padStart(width, '0');

const DEADLOCK = 1213;
const driverError = (error) => [error, error.parent, error.driverError, error.cause].find((each) => each && each.errno);

// MySQL's number of a failed statement, wherever the ORM keeps the driver's error; a deadlock is for exports.again.
exports.errno = (error) => {
  const driver = driverError(error);
  if (!driver || driver.errno === DEADLOCK) throw error;
  return driver.errno;
};

// What the transaction returns, taken again whenever InnoDB chose it to end a deadlock. Rolling back to a savepoint
// leaves locks on the gaps where the rows were, so even strangers' inserts can meet there.
exports.again = async (transaction) => {
  for (;;) {
    try {
      return await transaction();
    } catch (error) {
      const driver = driverError(error);
      if (!driver || driver.errno !== DEADLOCK) throw error;
    }
  }
};

// JSON would call Buffer's and Date's own toJSON before a replacer sees them.
function plain(value) {
  if (Buffer.isBuffer(value)) return `Buffer ${value.toString('hex')}`;
  if (value instanceof Date) return `Date ${value.toISOString()}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  }
  return value;
}

const say = (line) => console.log(JSON.stringify(plain(line)));

async function line() {
  const lines = readline.createInterface({ input: process.stdin });
  for await (const each of lines) return each; // leaving the loop closes the input
  return '';
}

// Load first, say so, wait for a line on standard input, then take the steps. Prints one line for each.
exports.run = async ({ migrate, work }) => {
  say({ ready: true });
  await line();
  for (const step of process.argv.slice(2)) {
    try {
      const result = /^\d+$/.test(step) ? await work(Number(step)) : await migrate(step);
      say({ step, result: result === undefined ? null : result });
    } catch (error) {
      console.error(error);
      say({ step, error: `${error.name}: ${error.message}` });
    }
  }
};

// The parts of a process's work, one after the other, by the names of their functions.
exports.inTurn = async (parts, ...given) => {
  const results = {};
  for (const part of parts) results[part.name] = await part(...given);
  return results;
};
