'use strict';

// An audit trail, with its first entries.

const { DataTypes } = require('sequelize');

exports.up = async ({ context: queryInterface }) => {
  await queryInterface.createTable('Audits', {
    id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
    text: { type: DataTypes.STRING(200), allowNull: false },
  });
  await queryInterface.bulkInsert('Audits', [{ text: 'begun' }, { text: 'übernommen' }]);
  await queryInterface.addColumn('Audits', 'level', { type: DataTypes.INTEGER, allowNull: false, defaultValue: 1 });
  await queryInterface.addIndex('Audits', ['level']);
  await queryInterface.renameColumn('Audits', 'text', 'entry');
};
