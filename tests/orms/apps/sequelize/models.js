'use strict';

// The shop's tables, declared. Sequelize adds createdAt and updatedAt to each.

const { DataTypes, Sequelize } = require('sequelize');
const worker = require('../worker');

exports.connect = () => {
  const sequelize = new Sequelize(worker.url, { logging: false });
  const Customer = sequelize.define('Customer', {
    process: { type: DataTypes.INTEGER, allowNull: false },
    name: { type: DataTypes.STRING(80), allowNull: false },
    email: { type: DataTypes.STRING(120), allowNull: false, unique: true, validate: { isEmail: true } },
    note: DataTypes.TEXT,
    born: DataTypes.DATEONLY,
    created: { type: DataTypes.DATE(3), allowNull: false },
    balance: { type: DataTypes.DECIMAL(12, 2), allowNull: false, defaultValue: 0 },
    active: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
    picture: DataTypes.BLOB,
  });
  const Product = sequelize.define('Product', {
    process: { type: DataTypes.INTEGER, allowNull: false },
    sku: { type: DataTypes.STRING(20), allowNull: false, unique: true },
    name: { type: DataTypes.STRING(80), allowNull: false },
    price: { type: DataTypes.DECIMAL(10, 2), allowNull: false },
    weight: DataTypes.DOUBLE,
    details: DataTypes.JSON,
  });
  const Label = sequelize.define('Label', { name: { type: DataTypes.STRING(40), allowNull: false, unique: true } });
  const Order = sequelize.define('Order', {
    placed: { type: DataTypes.DATE, allowNull: false },
    status: { type: DataTypes.STRING(10), allowNull: false, defaultValue: 'new' },
  });
  const Line = sequelize.define('Line', {
    quantity: { type: DataTypes.INTEGER, allowNull: false },
    price: { type: DataTypes.DECIMAL(10, 2), allowNull: false },
  });
  Customer.hasMany(Order);
  Order.belongsTo(Customer);
  Order.hasMany(Line, { onDelete: 'CASCADE' });
  Line.belongsTo(Order);
  Line.belongsTo(Product);
  Product.belongsToMany(Label, { through: 'ProductLabels' });
  Label.belongsToMany(Product, { through: 'ProductLabels' });
  return { sequelize, Customer, Product, Label, Order, Line };
};
