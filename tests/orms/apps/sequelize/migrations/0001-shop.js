'use strict';

// The shop, made from the models; an index that they do not declare.

exports.up = async ({ context: queryInterface }) => {
  await queryInterface.sequelize.sync();
  await queryInterface.addIndex('Products', ['process']);
  await queryInterface.addConstraint('Lines', { type: 'unique', fields: ['OrderId', 'ProductId'] });
};
