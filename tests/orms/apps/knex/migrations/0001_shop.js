'use strict';

exports.up = async (knex) => {
  await knex.schema
    .createTable('customer', (table) => {
      table.increments();
      table.integer('process').notNullable().index();
      table.string('name', 80).notNullable();
      table.string('email', 120).notNullable().unique();
      table.text('note');
      table.date('born');
      table.datetime('created', { precision: 3 }).notNullable();
      table.decimal('balance', 12, 2).notNullable().defaultTo(0);
      table.boolean('active').notNullable().defaultTo(true);
      table.binary('picture');
    })
    .createTable('product', (table) => {
      table.increments();
      table.integer('process').notNullable().index();
      table.string('sku', 20).notNullable().unique();
      table.string('name', 80).notNullable();
      table.decimal('price', 10, 2).notNullable();
      table.double('weight');
      table.json('details');
    })
    .createTable('label', (table) => {
      table.increments();
      table.string('name', 40).notNullable().unique();
    })
    .createTable('product_label', (table) => {
      table.integer('product_id').unsigned().notNullable().references('product.id').onDelete('CASCADE');
      table.integer('label_id').unsigned().notNullable().references('label.id').onDelete('CASCADE');
      table.primary(['product_id', 'label_id']);
    });
  if (!(await knex.schema.hasTable('orders'))) {
    await knex.schema.createTable('orders', (table) => {
      table.increments();
      table.integer('customer_id').unsigned().notNullable().references('customer.id');
      table.datetime('placed').notNullable();
      table.string('status', 10).notNullable().defaultTo('new');
    });
  }
  await knex.schema.createTable('line', (table) => {
    table.increments();
    table.integer('order_id').unsigned().notNullable().references('orders.id');
    table.integer('product_id').unsigned().notNullable().references('product.id');
    table.integer('quantity').notNullable();
    table.decimal('price', 10, 2).notNullable();
    table.unique(['order_id', 'product_id']);
  });
};

exports.down = (knex) => knex.schema.dropTable('line').dropTable('orders').dropTable('product_label')
  .dropTable('label').dropTable('product').dropTable('customer');
