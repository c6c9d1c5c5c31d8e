'use strict';

// The shop with TypeORM on mysql2, migrated by its own migrations:  node tests/orms/apps/typeorm STEP...

require('reflect-metadata');
const { DataSource, Like, MoreThan, MoreThanOrEqual } = require('typeorm');
const worker = require('../worker');
const { Customer, Label, Line, Order, Product } = require('./entities');
const { Shop1700000000001: Shop, Audit1700000000002: Audit } = require('./migrations');

const connect = (options) => new DataSource({
  type: 'mysql', url: worker.url, entities: [Customer, Label, Line, Order, Product], ...options,
}).initialize();

async function migrate(step) {
  const source = await connect({ migrations: step === 'first' ? [Shop] : [Shop, Audit] });
  try {
    return (await source.runMigrations()).map(({ name }) => name);
  } finally {
    await source.destroy();
  }
}

// Created one by one; read again by the ids that came back.
async function people({ manager }, n) {
  const found = [];
  for (const customer of worker.customers(n)) {
    const { id } = await manager.save(Customer, customer);
    const { id: _, ...rest } = await manager.findOneByOrFail(Customer, { id });
    found.push(rest);
  }
  return found;
}

// In bulk, with labels each; counted and summed, several statements at once.
async function products({ manager }, n) {
  const labels = await manager.save(Label, worker.labels(n));
  await manager.insert(Product, worker.products(n).slice(0, 40));
  await manager.save(Product, worker.products(n).slice(40), { chunk: 8 });
  const first = await manager.find(Product, { where: { process: n }, order: { sku: 'ASC' }, take: 12 });
  await manager.save(Product, first.map((product, i) => ({ ...product, labels: [labels[i % 3], labels[(i + 1) % 3]] })));
  const mine = { process: n };
  return Promise.all([
    manager.count(Product, { where: mine }), manager.sum(Product, 'price', mine), manager.maximum(Product, 'weight', mine),
  ]);
}

// A transaction over three tables, with a row locked.
async function order(source, n) {
  await source.transaction(async (manager) => {
    const customer = await manager.findOneOrFail(Customer, {
      where: { email: `c1@${n}.example` }, lock: { mode: 'pessimistic_write' },
    });
    for (let day = 0; day < 3; day += 1) {
      const chosen = await manager.find(Product, { where: { process: n }, order: { sku: 'ASC' }, skip: day * 5, take: 4 });
      const lines = chosen.map((product, i) => ({ product, quantity: i + 1, price: product.price }));
      await manager.save(Order, { customer, placed: worker.placed(day), lines });
      const total = chosen.reduce((sum, { price }, i) => sum + price * (i + 1), 0);
      await manager.decrement(Customer, { id: customer.id }, 'balance', total);
    }
  });
  const found = await source.manager.find(Customer, {
    where: { process: n },
    relations: { orders: { lines: { product: true } } },
    order: { email: 'ASC', orders: { placed: 'ASC', lines: { quantity: 'ASC' } } },
  });
  return found.map(({ email, balance, orders }) => [email, balance, orders.map(({ placed, lines }) => (
    [placed, lines.map(({ product, quantity, price }) => [product.sku, quantity, price])]
  ))]);
}

// A transaction that fails as a whole, one whose savepoint fails, one that is rolled back by hand.
async function undone(source, n) {
  const seen = [];
  await worker.again(() => source.transaction(async (manager) => {
    await manager.insert(Label, { name: `${n}-never` });
    await manager.update(Product, { process: n }, { price: '0' });
    await manager.save(Customer, { ...worker.customers(n)[0], name: 'twice' });
  })).catch((error) => seen.push(worker.errno(error)));
  seen.push(await worker.again(() => source.transaction(async (outer) => {
    await outer.save(Label, { name: `${n}-kept` });
    const failed = await outer.transaction(async (inner) => {
      await inner.save(Label, { name: `${n}-lost` });
      await inner.save(Label, { name: `${n}-new` });
    }).catch(worker.errno);
    await outer.save(Label, { name: `${n}-too` });
    return failed;
  })));
  const runner = source.createQueryRunner();
  await runner.startTransaction('READ COMMITTED');
  seen.push((await runner.manager.increment(Product, { process: n }, 'price', 1)).affected);
  await runner.rollbackTransaction();
  await runner.release();
  const left = await source.manager.find(Label, { where: { name: Like(`${n}-%`) }, order: { name: 'ASC' } });
  return [...seen, left.map(({ name }) => name), await source.manager.sum(Product, 'price', { process: n })];
}

// Updates and deletes with their counts, upserts, a row taken out of a relation.
async function changes({ manager }, n) {
  const dearer = { process: n, price: MoreThan(n + 5) };
  const seen = [
    (await manager.update(Product, dearer, { price: () => 'price * 2' })).affected,
    (await manager.delete(Product, { process: n, sku: MoreThanOrEqual(`${worker.pad(n, 2)}-055`) })).affected,
  ];
  await worker.again(() => manager.upsert(Label, [{ name: `${n}-kept` }, { name: `${n}-added` }], ['name']));
  const [first] = await manager.find(Order, {
    where: { customer: { process: n } }, relations: { lines: true }, order: { placed: 'ASC' }, take: 1,
  });
  first.status = 'sent';
  await manager.save(Order, first);
  await manager.remove(Line, first.lines.find(({ quantity }) => quantity === 1));
  const again = await manager.findOneOrFail(Order, { where: { id: first.id }, relations: { lines: true } });
  seen.push(again.status, again.lines.length, await manager.exists(Order, { where: { status: 'lost' } }));
  return seen;
}

// Page by page with the total, groups, a stream.
async function pages(source, n) {
  const { manager } = source;
  const seen = [];
  for (let page = 0; page < 3; page += 1) {
    const [items, total] = await manager.createQueryBuilder(Product, 'p').innerJoinAndSelect('p.labels', 'label')
      .where('p.process = :n', { n }).orderBy({ 'p.price': 'DESC', 'p.sku': 'ASC' })
      .skip(page * 5).take(5).getManyAndCount();
    seen.push([total, items.map(({ sku, price, details, labels }) => [sku, price, details, labels.map(({ name }) => name).sort()])]);
  }
  seen.push(await manager.createQueryBuilder(Order, 'o').innerJoin('o.customer', 'c').innerJoin('o.lines', 'l')
    .where({ customer: { process: n } }).groupBy('o.status').orderBy('o.status')
    .select(['o.status AS status', 'COUNT(l.id) AS lineCount', 'SUM(l.price * l.quantity) AS total']).getRawMany());
  let length = 0;
  const stream = await manager.createQueryBuilder(Product, 'p').where({ process: n }).select('p.name', 'name').stream();
  for await (const row of stream) length += row.name.length;
  seen.push(length, await source.query('SELECT DATABASE() AS name, @@autocommit AS autocommit, ? AS text', ['100 %']));
  return seen;
}

async function work(n) {
  const source = await connect();
  try {
    return await worker.inTurn([people, products, order, undone, changes, pages], source, n);
  } finally {
    await source.destroy();
  }
}

worker.run({ migrate, work });
