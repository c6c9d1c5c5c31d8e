'use strict';

// The shop with Knex on mysql2, migrated by knex.migrate:  node tests/orms/apps/knex STEP...

const path = require('node:path');
const createKnex = require('knex');
const worker = require('../worker');

const connect = () => createKnex({
  client: 'mysql2',
  connection: worker.url,
  migrations: { directory: path.join(__dirname, 'migrations') },
});

async function migrate(step) {
  const knex = connect();
  try {
    const [, files] = step === 'first' ? await knex.migrate.up({ name: '0001_shop.js' }) : await knex.migrate.latest();
    return files;
  } finally {
    await knex.destroy();
  }
}

// Created one by one; read again by the ids that came back.
async function people(knex, n) {
  const found = [];
  for (const customer of worker.customers(n)) {
    const [id] = await knex('customer').insert(customer);
    const { id: _, ...rest } = await knex('customer').where({ id }).first();
    found.push(rest);
  }
  return found;
}

// In bulk, with labels each; counted and summed, several statements at once.
async function products(knex, n) {
  await knex('label').insert(worker.labels(n));
  const rows = worker.products(n).map((row) => ({ ...row, details: row.details && JSON.stringify(row.details) }));
  await knex.batchInsert('product', rows, 25);
  const labels = await knex('label').where('name', 'like', `${n}-%`).orderBy('id').pluck('id');
  const first = await knex('product').where({ process: n }).orderBy('sku').limit(12).pluck('id');
  await knex('product_label').insert(first.flatMap((product_id, i) => [
    { product_id, label_id: labels[i % 3] },
    { product_id, label_id: labels[(i + 1) % 3] },
  ]));
  const mine = knex('product').where({ process: n });
  return Promise.all([mine.clone().count('*'), mine.clone().sum('price'), mine.clone().count({ weights: 'weight' })]);
}

// A transaction over three tables, with a row locked.
async function order(knex, n) {
  await knex.transaction(async (trx) => {
    const customer = await trx('customer').where({ email: `c1@${n}.example` }).forUpdate().first();
    for (let day = 0; day < 3; day += 1) {
      const [orderId] = await trx('orders').insert({ customer_id: customer.id, placed: worker.placed(day) });
      const chosen = await trx('product').where({ process: n }).orderBy('sku').offset(day * 5).limit(4);
      for (const [i, { id, price }] of chosen.entries()) {
        await trx('line').insert({ order_id: orderId, product_id: id, quantity: i + 1, price });
        await trx('customer').where({ id: customer.id }).decrement('balance', price * (i + 1));
      }
    }
  });
  return knex('customer as c')
    .leftJoin('orders as o', 'o.customer_id', 'c.id')
    .leftJoin('line as l', 'l.order_id', 'o.id')
    .leftJoin('product as p', 'p.id', 'l.product_id')
    .where('c.process', n)
    .orderBy(['c.email', 'o.placed', 'l.quantity'])
    .select('c.email', 'c.balance', 'o.placed', 'p.sku', 'l.quantity', 'l.price');
}

// A transaction that fails as a whole, one whose savepoint fails, one that is rolled back by hand.
async function undone(knex, n) {
  const seen = [];
  await worker.again(() => knex.transaction(async (trx) => {
    await trx('label').insert({ name: `${n}-never` });
    await trx('product').where({ process: n }).update({ price: 0 });
    await trx('customer').insert({ ...worker.customers(n)[0], name: 'twice' });
  })).catch((error) => seen.push(worker.errno(error)));
  seen.push(await worker.again(() => knex.transaction(async (trx) => {
    await trx('label').insert({ name: `${n}-kept` });
    const failed = await trx.transaction(async (inner) => {
      await inner('label').insert({ name: `${n}-lost` });
      await inner('label').insert({ name: `${n}-new` });
    }).catch(worker.errno);
    await trx('label').insert({ name: `${n}-too` });
    return failed;
  })));
  const trx = await knex.transaction({ isolationLevel: 'read committed' });
  seen.push(await trx('product').where({ process: n }).increment('price', 1));
  await trx.rollback();
  seen.push(await knex('label').where('name', 'like', `${n}-%`).orderBy('name').pluck('name'));
  seen.push(await knex('product').where({ process: n }).sum({ price: 'price' }).first());
  return seen;
}

// Updates and deletes with their counts, upserts, a row taken out of a relation.
async function changes(knex, n) {
  const mine = () => knex('product').where({ process: n });
  const seen = [
    await mine().where('price', '>', n + 5).update({ price: knex.raw('price * ?', [2]) }),
    await mine().where('sku', '>=', `${worker.pad(n, 2)}-055`).delete(),
    await mine().update({ process: n }),
  ];
  await knex('label').insert({ name: `${n}-kept` }).onConflict('name').merge({ name: `${n}-kept+` });
  await knex('label').insert([{ name: `${n}-too` }]).onConflict('name').ignore();
  const first = await knex('orders').join('customer', 'customer.id', 'customer_id').where({ process: n })
    .orderBy('placed').first('orders.id');
  seen.push(await knex('orders').where(first).update({ status: 'sent' }));
  seen.push(await knex('line').where({ order_id: first.id, quantity: 1 }).delete());
  return seen;
}

// Page by page with the total, groups, a stream.
async function pages(knex, n) {
  const query = knex('product as p').where({ process: n }).whereExists((has) => {
    has.select(knex.raw('1')).from('product_label').whereRaw('product_id = p.id');
  });
  const seen = [];
  for (let page = 0; page < 3; page += 1) {
    seen.push(await Promise.all([
      query.clone().count({ total: '*' }).first(),
      query.clone().orderBy([{ column: 'price', order: 'desc' }, 'sku']).offset(page * 5).limit(5).select('sku', 'price', 'details'),
    ]));
  }
  seen.push(await knex('orders').join('customer', 'customer.id', 'customer_id').join('line', 'order_id', 'orders.id')
    .where({ process: n }).groupBy('status').orderBy('status').select('status')
    .count({ lines: 'line.id' }).sum({ total: knex.raw('line.price * line.quantity') }));
  let length = 0;
  for await (const row of knex('product').where({ process: n }).select('name').stream()) length += row.name.length;
  seen.push(length, (await knex.raw('SELECT DATABASE() AS name, @@autocommit AS autocommit, ? AS text', ['100 %']))[0]);
  return seen;
}

async function work(n) {
  const knex = connect();
  try {
    return await worker.inTurn([people, products, order, undone, changes, pages], knex, n);
  } finally {
    await knex.destroy();
  }
}

worker.run({ migrate, work });
