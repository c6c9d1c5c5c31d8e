'use strict';

exports.up = async (knex) => {
  await knex.schema.createTable('audit', (table) => {
    table.increments();
    table.string('text', 200).notNullable();
  });
  await knex('audit').insert([{ text: 'begun' }, { text: 'übernommen' }]);
  await knex.schema.alterTable('audit', (table) => {
    table.integer('level').notNullable().defaultTo(1).index();
    table.renameColumn('text', 'entry');
  });
};

exports.down = (knex) => knex.schema.dropTable('audit');
