'use strict';

// The shop's tables, declared, and how they belong together.

const { relations } = require('drizzle-orm');
const {
  binary, boolean, date, datetime, decimal, double, index, int, json, mysqlTable, primaryKey, text, unique, varchar,
} = require('drizzle-orm/mysql-core');

const customer = mysqlTable('customer', {
  id: int().autoincrement().primaryKey(),
  process: int().notNull(),
  name: varchar({ length: 80 }).notNull(),
  email: varchar({ length: 120 }).notNull().unique(),
  note: text(),
  born: date({ mode: 'string' }),
  created: datetime({ fsp: 3 }).notNull(),
  balance: decimal({ precision: 12, scale: 2 }).notNull().default('0.00'),
  active: boolean().notNull().default(true),
  token: binary({ length: 8 }),
}, (table) => [index('customer_process').on(table.process)]);

const product = mysqlTable('product', {
  id: int().autoincrement().primaryKey(),
  process: int().notNull(),
  sku: varchar({ length: 20 }).notNull().unique(),
  name: varchar({ length: 80 }).notNull(),
  price: decimal({ precision: 10, scale: 2 }).notNull(),
  weight: double(),
  details: json(),
}, (table) => [index('product_process').on(table.process)]);

const label = mysqlTable('label', {
  id: int().autoincrement().primaryKey(),
  name: varchar({ length: 40 }).notNull().unique(),
});

const productLabel = mysqlTable('product_label', {
  productId: int('product_id').notNull().references(() => product.id, { onDelete: 'cascade' }),
  labelId: int('label_id').notNull().references(() => label.id, { onDelete: 'cascade' }),
}, (table) => [primaryKey({ columns: [table.productId, table.labelId] })]);

const order = mysqlTable('orders', {
  id: int().autoincrement().primaryKey(),
  customerId: int('customer_id').notNull().references(() => customer.id),
  placed: datetime().notNull(),
  status: varchar({ length: 10 }).notNull().default('new'),
});

const line = mysqlTable('line', {
  id: int().autoincrement().primaryKey(),
  orderId: int('order_id').notNull().references(() => order.id, { onDelete: 'cascade' }),
  productId: int('product_id').notNull().references(() => product.id),
  quantity: int().notNull(),
  price: decimal({ precision: 10, scale: 2 }).notNull(),
}, (table) => [unique('line_once').on(table.orderId, table.productId)]);

module.exports = {
  customer,
  product,
  label,
  productLabel,
  order,
  line,
  customerRelations: relations(customer, ({ many }) => ({ orders: many(order) })),
  orderRelations: relations(order, ({ one, many }) => ({
    customer: one(customer, { fields: [order.customerId], references: [customer.id] }), lines: many(line),
  })),
  lineRelations: relations(line, ({ one }) => ({
    order: one(order, { fields: [line.orderId], references: [order.id] }),
    product: one(product, { fields: [line.productId], references: [product.id] }),
  })),
  productRelations: relations(product, ({ many }) => ({ labels: many(productLabel) })),
  labelRelations: relations(label, ({ many }) => ({ products: many(productLabel) })),
  productLabelRelations: relations(productLabel, ({ one }) => ({
    product: one(product, { fields: [productLabel.productId], references: [product.id] }),
    label: one(label, { fields: [productLabel.labelId], references: [label.id] }),
  })),
};
