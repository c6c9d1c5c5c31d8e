'use strict';

// The shop with Sequelize on mysql2, migrated by Umzug:  node tests/orms/apps/sequelize STEP...

const path = require('node:path');
const { Op, QueryTypes, col, fn, literal } = require('sequelize');
const { SequelizeStorage, Umzug } = require('umzug');
const worker = require('../worker');
const { connect } = require('./models');

async function migrate(step) {
  const { sequelize } = connect();
  const umzug = new Umzug({
    migrations: { glob: path.join(__dirname, 'migrations/*.js') },
    context: sequelize.getQueryInterface(),
    storage: new SequelizeStorage({ sequelize }),
    logger: undefined,
  });
  try {
    return (await umzug.up(step === 'first' ? { to: '0001-shop.js' } : {})).map(({ name }) => name);
  } finally {
    await sequelize.close();
  }
}

const without = (row, ...names) => Object.fromEntries(
  Object.entries(row.get({ plain: true })).filter(([key]) => ![...names, 'id', 'createdAt', 'updatedAt'].includes(key)),
);

// Created one by one; read again by the ids that came back.
async function people({ Customer }, n) {
  const found = [];
  for (const customer of worker.customers(n)) {
    const { id } = await Customer.create(customer);
    found.push(without(await Customer.findByPk(id)));
  }
  return found;
}

// In bulk, with labels each; counted and summed. One statement after the other: for a second one at once Sequelize opens a
// second connection, while the first stays pinned by what it inserted.
async function products({ Product, Label }, n) {
  const labels = [];
  for (const label of [...worker.labels(n), worker.labels(n)[0]]) {
    labels.push((await Label.findOrCreate({ where: label }))[0]);
  }
  await Product.bulkCreate(worker.products(n));
  const first = await Product.findAll({ where: { process: n }, order: ['sku'], limit: 12 });
  for (const [i, product] of first.entries()) await product.setLabels([labels[i % 3], labels[(i + 1) % 3]]);
  const where = { process: n };
  return [await Product.count({ where }), await Product.sum('price', { where }), await Product.max('weight', { where })];
}

// A transaction over three tables, with a row locked.
async function order({ sequelize, Customer, Order, Line, Product }, n) {
  await sequelize.transaction(async (transaction) => {
    const customer = await Customer.findOne({ where: { email: `c1@${n}.example` }, lock: true, transaction });
    for (let day = 0; day < 3; day += 1) {
      const placed = await Order.create({ CustomerId: customer.id, placed: worker.placed(day) }, { transaction });
      const chosen = await Product.findAll({ where: { process: n }, order: ['sku'], offset: day * 5, limit: 4, transaction });
      const lines = chosen.map(({ id, price }, i) => ({ OrderId: placed.id, ProductId: id, quantity: i + 1, price }));
      await Line.bulkCreate(lines, { transaction });
      await customer.decrement('balance', { by: chosen.reduce((sum, { price }, i) => sum + price * (i + 1), 0), transaction });
    }
  });
  const found = await Customer.findAll({
    where: { process: n },
    include: { model: Order, include: { model: Line, include: Product } },
    order: ['email', [Order, 'placed', 'ASC'], [Order, Line, 'quantity', 'ASC']],
  });
  return found.map(({ email, balance, Orders }) => [email, balance, Orders.map(({ placed, Lines }) => (
    [placed, Lines.map(({ Product: { sku }, quantity, price }) => [sku, quantity, price])]
  ))]);
}

// A transaction that fails as a whole, one that is rolled back by hand.
async function undone({ sequelize, Customer, Label, Product }, n) {
  const seen = [];
  await worker.again(() => sequelize.transaction(async (transaction) => {
    await Label.create({ name: `${n}-never` }, { transaction });
    await Product.update({ price: 0 }, { where: { process: n }, transaction });
    await Customer.create({ ...worker.customers(n)[0], name: 'twice' }, { transaction });
  })).catch((error) => seen.push(worker.errno(error)));
  const transaction = await sequelize.transaction({ isolationLevel: 'READ COMMITTED' });
  seen.push(await Product.increment({ price: 1 }, { where: { process: n }, transaction }));
  seen.push(await Product.sum('price', { where: { process: n }, transaction }));
  await transaction.rollback();
  seen.push(await worker.again(() => sequelize.transaction(async (outer) => {
    await Label.create({ name: `${n}-kept` }, { transaction: outer });
    const failed = await sequelize.transaction({ transaction: outer }, async (inner) => {
      await Label.create({ name: `${n}-lost` }, { transaction: inner });
      await Label.create({ name: `${n}-new` }, { transaction: inner });
    }).catch(worker.errno);
    await Label.create({ name: `${n}-too` }, { transaction: outer });
    return failed;
  })).catch((error) => error.message));
  const left = await Label.findAll({ where: { name: { [Op.startsWith]: `${n}-` } }, order: ['name'] });
  return [...seen.map(String), left.map(({ name }) => name), await Product.sum('price', { where: { process: n } })];
}

// Updates and deletes with their counts, upserts, a row taken out of a relation.
async function changes({ Customer, Label, Line, Order, Product }, n) {
  const seen = [
    await Product.update({ price: literal('price * 2') }, { where: { process: n, price: { [Op.gt]: n + 5 } } }),
    await Product.destroy({ where: { process: n, sku: { [Op.gte]: `${worker.pad(n, 2)}-055` } } }),
    (await Label.upsert({ name: `${n}-rare` }))[1],
    (await Label.upsert({ name: `${n}-added` }))[1],
  ];
  const first = await Order.findOne({
    include: { model: Customer, where: { process: n }, required: true }, order: ['placed'],
  });
  first.status = 'sent';
  await first.save();
  seen.push(await Line.destroy({ where: { OrderId: first.id, quantity: 1 } }));
  seen.push((await first.reload()).status, await first.countLines());
  return seen;
}

// Page by page with the total, groups, a statement by hand.
async function pages({ sequelize, Customer, Label, Line, Order, Product }, n) {
  const seen = [];
  for (let page = 0; page < 3; page += 1) {
    const { count, rows } = await Product.findAndCountAll({
      where: { process: n },
      include: { model: Label, required: true },
      distinct: true,
      order: [['price', 'DESC'], 'sku', [Label, 'name', 'ASC']],
      offset: page * 5,
      limit: 5,
    });
    seen.push([count, rows.map(({ sku, price, details, Labels }) => [sku, price, details, Labels.map(({ name }) => name)])]);
  }
  seen.push(await Order.findAll({
    attributes: ['status', [fn('COUNT', col('Lines.id')), 'lines'], [fn('SUM', literal('Lines.price * quantity')), 'total']],
    include: [
      { model: Customer, attributes: [], where: { process: n } },
      { model: Line, attributes: [] },
    ],
    group: ['status'],
    order: ['status'],
    raw: true,
  }));
  seen.push(await sequelize.query('SELECT DATABASE() AS name, @@autocommit AS autocommit, ? AS text', {
    replacements: ['100 %'], type: QueryTypes.SELECT,
  }));
  return seen;
}

async function work(n) {
  const models = connect();
  try {
    return await worker.inTurn([people, products, order, undone, changes, pages], models, n);
  } finally {
    await models.sequelize.close();
  }
}

worker.run({ migrate, work });
