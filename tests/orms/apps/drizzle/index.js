'use strict';

// The shop with Drizzle on mysql2, migrated by its migrator:  node tests/orms/apps/drizzle STEP...

const path = require('node:path');
const { and, asc, count, desc, eq, exists, gt, gte, like, sql, sum } = require('drizzle-orm');
const { drizzle } = require('drizzle-orm/mysql2');
const { migrate: migrateFolder } = require('drizzle-orm/mysql2/migrator');
const mysql = require('mysql2/promise');
const worker = require('../worker');
const schema = require('./schema');

const { customer, label, line, order, product, productLabel } = schema;

// Mode planetscale needs no LATERAL, which MariaDB has not. What else MariaDB has not is an outer table's name inside a
// derived table, by which Drizzle follows relations to one: so only those to many are followed, the others are joined.
const connect = () => drizzle(mysql.createPool(worker.url), { schema, mode: 'planetscale' });

async function migrate(step) {
  const db = connect();
  try {
    await migrateFolder(db, { migrationsFolder: path.join(__dirname, 'migrations', step) });
  } finally {
    await db.$client.end();
  }
}

const idOf = ([row]) => row.id;

// Created one by one; read again by the ids that came back.
async function people(db, n) {
  const found = [];
  for (const { picture, ...values } of worker.customers(n)) {
    const id = idOf(await db.insert(customer).values({ ...values, token: picture && 'eight by' }).$returningId());
    const { id: _, ...rest } = await db.query.customer.findFirst({ where: eq(customer.id, id) });
    found.push(rest);
  }
  return found;
}

// In bulk, with labels each; counted and summed, several statements at once.
async function products(db, n) {
  const labels = await db.insert(label).values(worker.labels(n)).$returningId();
  await db.insert(product).values(worker.products(n));
  const first = await db.select({ id: product.id }).from(product).where(eq(product.process, n)).orderBy(product.sku).limit(12);
  await db.insert(productLabel).values(first.flatMap(({ id }, i) => [
    { productId: id, labelId: labels[i % 3].id }, { productId: id, labelId: labels[(i + 1) % 3].id },
  ]));
  return Promise.all([
    db.$count(product, eq(product.process, n)),
    db.select({ total: sum(product.price), weights: count(product.weight) }).from(product).where(eq(product.process, n)),
    db.select({ name: label.name }).from(label).where(like(label.name, `${n}-%`)).orderBy(label.name),
  ]);
}

// What the server aggregates into JSON comes in any order.
const inOrder = ({ placed, lines }) => `${placed.toISOString()}: ${lines.map((each) => `${each.quantity} at ${each.price}`).sort()}`;

// A transaction over three tables, with a row locked.
async function orders(db, n) {
  await db.transaction(async (tx) => {
    const [{ id }] = await tx.select().from(customer).where(eq(customer.email, `c1@${n}.example`)).for('update');
    for (let day = 0; day < 3; day += 1) {
      const orderId = idOf(await tx.insert(order).values({ customerId: id, placed: worker.placed(day) }).$returningId());
      const chosen = await tx.select().from(product).where(eq(product.process, n)).orderBy(product.sku).offset(day * 5).limit(4);
      const lines = chosen.map((each, i) => ({ orderId, productId: each.id, quantity: i + 1, price: each.price }));
      await tx.insert(line).values(lines);
      const total = lines.reduce((before, { price, quantity }) => before + price * quantity, 0);
      await tx.update(customer).set({ balance: sql`${customer.balance} - ${total}` }).where(eq(customer.id, id));
    }
  });
  const found = await db.query.customer.findMany({
    where: eq(customer.process, n),
    orderBy: asc(customer.email),
    columns: { email: true, balance: true },
    with: { orders: { columns: { placed: true }, with: { lines: { columns: { quantity: true, price: true } } } } },
  });
  const lines = await db.select({ placed: order.placed, sku: product.sku, quantity: line.quantity }).from(line)
    .innerJoin(order, eq(order.id, line.orderId)).leftJoin(product, eq(product.id, line.productId))
    .where(eq(product.process, n)).orderBy(order.placed, line.quantity);
  return [found.map(({ email, balance, orders: theirs }) => [email, balance, theirs.map(inOrder).sort()]), lines];
}

// A transaction that fails as a whole, one whose savepoint fails, one that is rolled back by hand.
async function undone(db, n) {
  const seen = [];
  await worker.again(() => db.transaction(async (tx) => {
    await tx.insert(label).values({ name: `${n}-never` });
    await tx.update(product).set({ price: '0' }).where(eq(product.process, n));
    await tx.insert(customer).values({ process: n, name: 'twice', email: `c0@${n}.example`, created: worker.placed(0) });
  })).catch((error) => seen.push(worker.errno(error)));
  seen.push(await worker.again(() => db.transaction(async (tx) => {
    await tx.insert(label).values({ name: `${n}-kept` });
    const failed = await tx.transaction(async (inner) => {
      await inner.insert(label).values({ name: `${n}-lost` });
      await inner.insert(label).values({ name: `${n}-new` });
    }).catch(worker.errno);
    await tx.insert(label).values({ name: `${n}-too` });
    return failed;
  })));
  await db.transaction(async (tx) => {
    const [{ affectedRows }] = await tx.update(product).set({ price: sql`price + 1` }).where(eq(product.process, n));
    seen.push(affectedRows);
    tx.rollback();
  }, { isolationLevel: 'read committed', accessMode: 'read write' }).catch((error) => seen.push(error.message));
  seen.push(await db.select({ name: label.name }).from(label).where(like(label.name, `${n}-%`)).orderBy(label.name));
  seen.push(await db.select({ total: sum(product.price) }).from(product).where(eq(product.process, n)));
  return seen;
}

// Updates and deletes with their counts, upserts, a row taken out of a relation, a prepared query.
async function changes(db, n) {
  const mine = eq(product.process, n);
  const affected = async (query) => (await query)[0].affectedRows;
  const seen = [
    await affected(db.update(product).set({ price: sql`${product.price} * 2` }).where(and(mine, gt(product.price, String(n + 5))))),
    await affected(db.delete(product).where(and(mine, gte(product.sku, `${worker.pad(n, 2)}-055`)))),
    await affected(db.insert(label).values({ name: `${n}-kept` }).onDuplicateKeyUpdate({ set: { name: `${n}-kept+` } })),
    await affected(db.insert(label).ignore().values([{ name: `${n}-too` }, { name: `${n}-added` }])),
  ];
  const prepared = db.select({ id: order.id }).from(order).innerJoin(customer, eq(customer.id, order.customerId))
    .where(eq(customer.process, sql.placeholder('n'))).orderBy(order.placed).prepare();
  const [{ id }] = await prepared.execute({ n });
  seen.push(await affected(db.update(order).set({ status: 'sent' }).where(eq(order.id, id))));
  seen.push(await affected(db.delete(line).where(and(eq(line.orderId, id), eq(line.quantity, 1)))));
  seen.push((await prepared.execute({ n })).length);
  return seen;
}

// Page by page with the total, groups, a stream.
async function pages(db, n) {
  const labelled = db.select({ one: sql`1` }).from(productLabel).where(eq(productLabel.productId, product.id));
  const where = and(eq(product.process, n), exists(labelled));
  const seen = [];
  for (let page = 0; page < 3; page += 1) {
    const [total, items] = await Promise.all([
      db.$count(product, where),
      db.query.product.findMany({
        where,
        columns: { sku: true, price: true, details: true },
        with: { labels: true },
        orderBy: [desc(product.price), product.sku],
        offset: page * 5,
        limit: 5,
      }),
    ]);
    seen.push([total, items.map(({ labels, ...each }) => ({ ...each, labels: labels.length }))]);
  }
  seen.push(await db.select({ status: order.status, lines: count(line.id), total: sum(sql`${line.price} * ${line.quantity}`) })
    .from(order).innerJoin(customer, eq(customer.id, order.customerId)).innerJoin(line, eq(line.orderId, order.id))
    .where(eq(customer.process, n)).groupBy(order.status).orderBy(order.status));
  let length = 0;
  for await (const row of await db.select({ name: product.name }).from(product).where(eq(product.process, n)).prepare().iterator()) {
    length += row.name.length;
  }
  seen.push(length, (await db.execute(sql`SELECT DATABASE() AS name, @@autocommit AS autocommit, ${'100 %'} AS text`))[0]);
  return seen;
}

async function work(n) {
  const db = connect();
  try {
    return await worker.inTurn([people, products, orders, undone, changes, pages], db, n);
  } finally {
    await db.$client.end();
  }
}

worker.run({ migrate, work });
