// `node trials.js DRIVER`: one Node driver does all trials and prints what each showed, as JSON.
//
// The trials' names are those of every program in this folder; a value's kind is part of what it is, so each is printed
// with its type. What a driver does not have it leaves out.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const util = require('util');

const how = JSON.parse(process.env.DRIVER_TRIAL);
const material = JSON.parse(fs.readFileSync(how.material, 'utf8'));
// A slow machine is no reason to give up: one of them waits a second only.
const login = { host: how.host, port: how.port, user: how.user, password: how.password, database: how.database, connectTimeout: 60000 };
const ca = () => fs.readFileSync(how.ca);

function plain(value) {
  if (Buffer.isBuffer(value)) {
    return `Buffer ${value.length < 200 ? value.toString('hex') : crypto.createHash('sha1').update(value).digest('hex')}`;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return `Date ${isNaN(value) ? 'invalid' : value.toISOString()}`;
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
  }
  const shown = util.inspect(value, { maxStringLength: null });
  return `${typeof value} ${shown.length < 200 ? shown : shown.length + ' ' + crypto.createHash('sha1').update(shown).digest('hex')}`;
}

const digest = (value) => crypto.createHash('sha1').update(JSON.stringify(value)).digest('hex');

// What the trials ask of a driver: ask() gives rows or the summary of what was changed.
const promised = (connection, name) => (...args) =>
  new Promise((resolve, reject) => connection[name](...args, (error, rows, fields) => (error ? reject(error) : resolve([rows, fields]))));

function callbacks(module, version, execute) {
  return {
    version,
    async connect(more = {}) {
      const connection = module.createConnection({ ...login, charset: 'utf8mb4', ...more });
      connection.on('error', () => {});
      await promised(connection, 'connect')();
      return {
        async ask(sql, values) { return (await promised(connection, execute ? 'execute' : 'query')(sql, values || []))[0]; },
        async query(sql) { return (await promised(connection, 'query')(sql))[0]; },
        async fields(sql) { return (await promised(connection, 'query')(sql))[1]; },
        stream(sql) { return connection.query(sql).stream(); },
        changeUser: (options) => promised(connection, 'changeUser')(options),
        ping: () => promised(connection, 'ping')(),
        end: () => promised(connection, 'end')(),
        timed: (sql, timeout) => promised(connection, 'query')({ sql, timeout }),
        destroy: () => connection.destroy(),
      };
    },
    tls: () => ({ ssl: { ca: ca(), rejectUnauthorized: true } }),
    compressed: () => (execute === undefined ? null : { compress: true }),
    multi: () => ({ multipleStatements: true }),
  };
}

function mariadb() {
  const module = require('mariadb');
  return {
    version: JSON.parse(fs.readFileSync(`${__dirname}/node_modules/mariadb/package.json`)).version,
    async connect(more = {}) {
      const connection = await module.createConnection({ ...login, charset: 'utf8mb4', allowPublicKeyRetrieval: true, ...more });
      connection.on('error', () => {});
      return {
        ask: (sql, values) => (values ? connection.execute(sql, values) : connection.query(sql)),
        query: (sql) => connection.query(sql),
        async fields(sql) { return (await connection.query({ sql, metaAsArray: true }))[1]; },
        stream: (sql) => connection.queryStream(sql),
        batch: (sql, values) => connection.batch(sql, values),
        changeUser: (options) => connection.changeUser(options),
        ping: () => connection.ping(),
        end: () => connection.end(),
        timed: (sql, timeout) => connection.query({ sql, timeout }),
        destroy: () => connection.destroy(),
      };
    },
    roomy: { maxAllowedPacket: 1 << 26 },
    tls: () => ({ ssl: { ca: ca(), rejectUnauthorized: true } }),
    compressed: () => ({ compress: true }),
    multi: () => ({ multipleStatements: true }),
  };
}

const drivers = {
  'node-mysql': () => callbacks(require('mysql'), require('mysql/package.json').version, undefined),
  'node-mysql2': () => callbacks(require('mysql2'), require('mysql2/package.json').version, false),
  'node-mysql2-execute': () => callbacks(require('mysql2'), require('mysql2/package.json').version, true),
  'node-mariadb': mariadb,
};

async function failure(asking) {
  try {
    return plain(await asking);
  } catch (error) {
    return { error: error.code, errno: error.errno, sqlState: error.sqlState, message: String(error.sqlMessage || error.message).slice(0, 300) };
  }
}

async function open(driver, more, use) {
  const connection = await driver.connect(more);
  try {
    return await use(connection);
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}

const values = () => [
  ...material.integers.map((number) => [number, null, null, null, null, null, null]),
  ...material.strings.map((text) => [null, null, null, text, Buffer.from(text), null, null]),
  [null, 1.5, '-12345678901234567890.0123456789', null, Buffer.from([...Array(256).keys()]), null, null],
  [null, -1e300, '0', 'x', Buffer.alloc(0), new Date(Date.UTC(2001, 1, 3, 4, 5, 6, 789)), null],
  [null, 5e-324, null, null, null, new Date(Date.UTC(9999, 11, 31)), '-20:00:05'],
  [true, 0.25, '1e5', 'y', Buffer.from([0]), null, '00:00:01'],
  [9223372036854775807n.toString(), null, null, null, null, null, null],
];

const trials = {
  types: (driver) => open(driver, {}, async (c) => {
    await c.query('DELETE FROM types');
    const seen = [];
    for (const sql of material.types) seen.push(plain(await c.query(sql)));
    seen.push(plain(await c.query(material.select_types)));
    seen.push((await c.fields(material.select_types)).map((f) => [typeof f.name === 'function' ? f.name() : f.name, f.columnType ?? f.type, f.flags]));
    seen.push(plain(await c.query(material.computed)));
    return seen;
  }),
  prepared: (driver, name) => (name === 'node-mysql' || name === 'node-mysql2' ? null : open(driver, {}, async (c) => {
    const seen = [plain(await c.ask(material.select_types, []))];
    for (const id of [1, 2, null]) seen.push(plain(await c.ask('SELECT id, v FROM types WHERE id = ?', [id])));
    return seen;
  })),
  parameters: (driver) => open(driver, {}, async (c) => {
    await c.query('DELETE FROM parameters');
    const seen = [];
    for (const row of values()) {
      const done = await failure(c.ask('INSERT INTO parameters (i, d, dc, v, b, dt, t) VALUES (?, ?, ?, ?, ?, ?, ?)', row));
      if (done.error) seen.push(done);
    }
    seen.push(plain(await c.query('SELECT i, d, dc, v, b, dt, t FROM parameters ORDER BY id')));
    if (c.batch) {
      const done = await c.batch('INSERT INTO parameters (i, v) VALUES (?, ?)', [...Array(50).keys()].map((n) => [n, String(n)]));
      // One result of all where the server takes them in bulk, which Forebay does not offer; else one for each.
      seen.push(Array.isArray(done) ? done.reduce((sum, each) => sum + each.affectedRows, 0) : done.affectedRows);
    }
    return seen;
  }),
  nulls: (driver) => open(driver, {}, async (c) => [
    plain(await c.ask("SELECT ? IS NULL AS a, ? <=> NULL AS b, COALESCE(?, 'none') AS c", [null, null, null])),
    plain(await c.query('SELECT * FROM types WHERE id = 3')),
  ]),
  unicode: (driver) => open(driver, {}, async (c) => {
    await c.query('DELETE FROM texts');
    for (const [number, text] of material.unicode.entries()) await c.ask('INSERT INTO texts (t, `ключ`) VALUES (?, ?)', [text, number]);
    const seen = [plain(await c.query('SELECT t, `ключ`, HEX(t), CHAR_LENGTH(t) AS `長さ` FROM texts ORDER BY id'))];
    for (const text of material.unicode) seen.push(plain(await c.ask('SELECT COUNT(*) AS n FROM texts WHERE t = ?', [text])));
    return seen;
  }),
  blobs: (driver) => open(driver, driver.roomy || {}, async (c) => {
    await c.query('DELETE FROM blobs');
    const seen = [];
    for (const [number, size] of material.blob_sizes.entries()) {
      const data = Buffer.alloc(size, Buffer.from([...Array(256).keys()]));
      const done = await failure(c.ask('INSERT INTO blobs VALUES (?, ?)', [number, data]));
      if (done.error) return [...seen, done];
      const [row] = await c.ask('SELECT b, LENGTH(b) AS n, SHA2(b, 256) AS m FROM blobs WHERE id = ?', [number]);
      seen.push([Buffer.compare(row.b, data) === 0, Number(row.n), row.m]);
    }
    return seen;
  }),
  transactions: (driver) => open(driver, {}, (c) => open(driver, {}, async (other) => {
    const seen = [];
    const count = async () => seen.push(plain(await other.query("SELECT COUNT(*) AS n FROM notes WHERE t = 'tx'")));
    const insert = "INSERT INTO notes (t) VALUES ('tx')";
    await c.query('DELETE FROM notes');
    for (const end of ['ROLLBACK', 'COMMIT']) {
      await c.query('START TRANSACTION');
      await c.ask(insert);
      await count();
      await c.query(end);
      await count();
    }
    await c.query('START TRANSACTION');
    await c.query('SAVEPOINT s');
    await c.query(insert);
    await c.query('ROLLBACK TO SAVEPOINT s');
    await c.query('COMMIT');
    await count();
    await c.query('SET TRANSACTION READ ONLY');
    await c.query('START TRANSACTION');
    seen.push(await failure(c.query(insert)));
    await c.query('ROLLBACK');
    return seen;
  })),
  warnings: (driver) => open(driver, {}, async (c) => {
    const seen = [];
    for (const sql of material.warnings) {
      const result = await c.query(sql);
      seen.push(plain(result.warningStatus ?? result.warningCount ?? result.meta?.warningStatus ?? null));
      seen.push(plain(await c.query('SHOW WARNINGS')));
    }
    return seen;
  }),
  errors: (driver) => open(driver, {}, async (c) => {
    const seen = [];
    for (const sql of material.errors) seen.push(await failure(c.query(sql)));
    seen.push(await failure(c.ask('SELECT * FROM nowhere WHERE ? = 1', [1])));
    seen.push(plain(await c.query("SELECT 'still here' AS x")));
    return seen;
  }),
  results: (driver) => open(driver, {}, async (c) => {
    const seen = [plain(await c.query('CALL two_results(5)')), plain(await c.ask('CALL two_results(?)', [6]))];
    await c.query('SET @b = 40');
    await c.query('CALL out_parameters(2, @b, @c)');
    seen.push(plain(await c.query('SELECT @b, @c')));
    seen.push(await failure(c.query('SELECT 1; SELECT 2')));
    await open(driver, driver.multi(), async (multi) => {
      await multi.query('DELETE FROM notes');
      const done = await multi.query("SELECT 1 AS a; SET @m = 2; SELECT @m, 'x'; UPDATE types SET v = v");
      seen.push(plain(done), plain(await multi.query('SELECT @m + 1 AS m')));
    });
    return seen;
  }),
  cursors: (driver) => open(driver, {}, async (c) => {
    const rows = [];
    await new Promise((resolve, reject) => c.stream(material.many)
      .on('data', (row) => rows.push(plain(row))).on('end', resolve).on('error', reject));
    return [rows.length, rows[0], rows[999], plain(await c.query("SELECT 'next' AS x"))];
  }),
  session: (driver) => open(driver, {}, async (c) => {
    const seen = [];
    for (const sql of material.session) {
      const result = await c.query(sql).catch((error) => error.sqlMessage);
      if (result && result.insertId) result.insertId = 'an id';
      seen.push(plain(result));
    }
    await c.ping();
    const again = { user: login.user, password: login.password, database: login.database, charset: 'utf8mb4' };
    seen.push((await failure(c.changeUser(again)))?.errno);
    seen.push(plain(await c.query('SELECT @mine, @@sql_mode, DATABASE() IS NOT NULL AS d')));
    return seen;
  }),
  cancel: (driver) => open(driver, {}, (c) => open(driver, {}, async (other) => {
    const [{ id }] = await c.query('SELECT CONNECTION_ID() AS id');
    let over = false;
    const sleeping = failure(c.query(material.sleep)).finally(() => { over = true; });
    while (!over) {
      await other.query(`KILL QUERY ${id}`);
      await Promise.race([sleeping, new Promise((resolve) => setTimeout(resolve, 300))]);
    }
    const seen = [await sleeping];
    await open(driver, {}, async (third) => {
      const timed = await failure(third.timed(material.sleep, 300));
      seen.push(String(timed.error));
      third.destroy();
    });
    return seen;
  })),
  tls: (driver) => open(driver, driver.tls(), async (c) => [
    plain(await c.query('SELECT 1 + 1 AS two')), plain(await c.query(material.select_types)),
  ]),
  compression: (driver) => (driver.compressed() ? open(driver, driver.compressed(), async (c) => [
    digest(plain(await c.query(material.many))), plain(await c.query(material.select_types)),
  ]) : null),
};

async function main() {
  let trial = 'start';
  process.on('exit', (code) => { if (!code && trial) console.error(`nobody answers in ${trial}`); });
  setTimeout(() => { console.error('too slow'); process.exit(1); }, 100000).unref();
  const name = process.argv[2];
  const driver = drivers[name]();
  const found = { version: driver.version };
  for (trial of how.only || Object.keys(trials)) {
    try {
      found[trial] = await trials[trial](driver, name);
    } catch (error) {
      found[trial] = { failed: String(error.stack).slice(0, 1500) };
    }
  }
  const text = JSON.stringify(found, (key, value) => (typeof value === 'bigint' ? `${value}n` : value));
  process.stdout.write(`${text}\n`, () => process.exit(0));
}

main();
