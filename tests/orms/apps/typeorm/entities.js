'use strict';

// The shop's tables, declared.

const { EntitySchema } = require('typeorm');

const id = { type: 'int', primary: true, generated: true };
const money = (precision) => ({ type: 'decimal', precision, scale: 2 });

exports.Customer = new EntitySchema({
  name: 'Customer',
  columns: {
    id,
    process: { type: 'int' },
    name: { type: 'varchar', length: 80 },
    email: { type: 'varchar', length: 120, unique: true },
    note: { type: 'text', nullable: true },
    born: { type: 'date', nullable: true },
    created: { type: 'datetime', precision: 3 },
    balance: { ...money(12), default: 0 },
    active: { type: 'boolean', default: true },
    picture: { type: 'blob', nullable: true },
  },
  relations: { orders: { type: 'one-to-many', target: 'Order', inverseSide: 'customer' } },
});

exports.Product = new EntitySchema({
  name: 'Product',
  columns: {
    id,
    process: { type: 'int' },
    sku: { type: 'varchar', length: 20, unique: true },
    name: { type: 'varchar', length: 80 },
    price: money(10),
    weight: { type: 'double', nullable: true },
    details: { type: 'json', nullable: true },
  },
  relations: { labels: { type: 'many-to-many', target: 'Label', joinTable: { name: 'product_label' } } },
  indices: [{ columns: ['process'] }],
});

exports.Label = new EntitySchema({
  name: 'Label',
  columns: { id, name: { type: 'varchar', length: 40, unique: true } },
});

exports.Order = new EntitySchema({
  name: 'Order',
  tableName: 'orders',
  columns: { id, placed: { type: 'datetime' }, status: { type: 'varchar', length: 10, default: 'new' } },
  relations: {
    customer: { type: 'many-to-one', target: 'Customer', inverseSide: 'orders', nullable: false },
    lines: { type: 'one-to-many', target: 'Line', inverseSide: 'order', cascade: true },
  },
});

exports.Line = new EntitySchema({
  name: 'Line',
  columns: { id, quantity: { type: 'int' }, price: money(10) },
  relations: {
    order: { type: 'many-to-one', target: 'Order', inverseSide: 'lines', nullable: false, onDelete: 'CASCADE' },
    product: { type: 'many-to-one', target: 'Product', nullable: false },
  },
  uniques: [{ columns: ['order', 'product'] }],
});
