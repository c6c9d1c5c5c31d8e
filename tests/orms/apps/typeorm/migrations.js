'use strict';

// The shop, then an audit trail with its first entries. TypeORM orders migrations by the number in their names.

const { Table, TableColumn, TableForeignKey, TableIndex } = require('typeorm');

const id = { name: 'id', type: 'int', isPrimary: true, isGenerated: true, generationStrategy: 'increment' };
const reference = (column, table, onDelete) => new TableForeignKey({
  columnNames: [column], referencedTableName: table, referencedColumnNames: ['id'], onDelete,
});

exports.Shop1700000000001 = class Shop1700000000001 {
  async up(runner) {
    await runner.createTable(new Table({
      name: 'customer',
      columns: [
        id,
        { name: 'process', type: 'int' },
        { name: 'name', type: 'varchar', length: '80' },
        { name: 'email', type: 'varchar', length: '120', isUnique: true },
        { name: 'note', type: 'text', isNullable: true },
        { name: 'born', type: 'date', isNullable: true },
        { name: 'created', type: 'datetime', precision: 3 },
        { name: 'balance', type: 'decimal', precision: 12, scale: 2, default: 0 },
        { name: 'active', type: 'tinyint', default: 1 },
        { name: 'picture', type: 'blob', isNullable: true },
      ],
    }));
    await runner.createTable(new Table({
      name: 'product',
      columns: [
        id,
        { name: 'process', type: 'int' },
        { name: 'sku', type: 'varchar', length: '20', isUnique: true },
        { name: 'name', type: 'varchar', length: '80' },
        { name: 'price', type: 'decimal', precision: 10, scale: 2 },
        { name: 'weight', type: 'double', isNullable: true },
      ],
    }));
    await runner.addColumn('product', new TableColumn({ name: 'details', type: 'json', isNullable: true }));
    await runner.createIndex('product', new TableIndex({ columnNames: ['process'] }));
    await runner.createTable(new Table({
      name: 'label', columns: [id, { name: 'name', type: 'varchar', length: '40', isUnique: true }],
    }));
    await runner.createTable(new Table({
      name: 'product_label',
      columns: [
        { name: 'productId', type: 'int', isPrimary: true },
        { name: 'labelId', type: 'int', isPrimary: true },
      ],
      foreignKeys: [reference('productId', 'product', 'CASCADE'), reference('labelId', 'label', 'CASCADE')],
    }));
    await runner.createTable(new Table({
      name: 'orders',
      columns: [
        id,
        { name: 'customerId', type: 'int' },
        { name: 'placed', type: 'datetime' },
        { name: 'status', type: 'varchar', length: '10', default: "'new'" },
      ],
    }));
    await runner.createForeignKey('orders', reference('customerId', 'customer'));
    await runner.createTable(new Table({
      name: 'line',
      columns: [
        id,
        { name: 'orderId', type: 'int' },
        { name: 'productId', type: 'int' },
        { name: 'quantity', type: 'int' },
        { name: 'price', type: 'decimal', precision: 10, scale: 2 },
      ],
      uniques: [{ columnNames: ['orderId', 'productId'] }],
      foreignKeys: [reference('orderId', 'orders', 'CASCADE'), reference('productId', 'product')],
    }));
  }
};

exports.Audit1700000000002 = class Audit1700000000002 {
  async up(runner) {
    await runner.createTable(new Table({ name: 'audit', columns: [id, { name: 'text', type: 'varchar', length: '200' }] }));
    await runner.query('INSERT INTO audit (text) VALUES (?), (?)', ['begun', 'übernommen']);
    await runner.addColumn('audit', new TableColumn({ name: 'level', type: 'int', default: 1 }));
    await runner.createIndex('audit', new TableIndex({ name: 'audit_level', columnNames: ['level'] }));
    await runner.renameColumn('audit', 'text', 'entry');
  }
};
