'use strict';

// A function that places an order, with the callback driver `mysql`.

const { promisify } = require('node:util');
const mysql = require('mysql');
const { address } = require('../database');

// Outside the handler: a warm container keeps it between invocations. One function instance serves
// one invocation at a time, so more than one connection would only be held idle.
const pool = mysql.createPool({ ...address(), connectionLimit: 1 });
const borrow = promisify(pool.getConnection).bind(pool);

async function placeOrder(query, { customer, product, quantity }) {
  await query('START TRANSACTION');
  try {
    const order = await query('INSERT INTO orders SET ?', { customer_id: customer, placed_by: 'node-mysql' });
    await query('INSERT INTO order_lines SET ?', { order_id: order.insertId, product_id: product, quantity });
    await query('COMMIT');
    return order.insertId;
  } catch (error) {
    await query('ROLLBACK').catch(() => {}); // what went wrong first is what matters
    throw error;
  }
}

exports.handler = async (event) => {
  const connection = await borrow();
  try {
    const query = promisify(connection.query).bind(connection);
    const orderId = await placeOrder(query, event);
    const lines = await query(
      `SELECT customers.name AS customer, products.name AS product, quantity, quantity * price_cents AS cents
         FROM orders JOIN customers ON customers.id = customer_id
         JOIN order_lines ON order_id = orders.id JOIN products ON products.id = product_id
        WHERE orders.id = ?`, [orderId]);
    const [count] = await query(
      'SELECT COUNT(*) AS orders FROM orders WHERE customer_id = ?', [event.customer]);
    return {
      statusCode: 200,
      body: JSON.stringify({ order: orderId, lines, orders: count.orders, connection_id: connection.threadId }),
    };
  } finally {
    connection.release();
  }
};

exports.close = promisify(pool.end).bind(pool);
