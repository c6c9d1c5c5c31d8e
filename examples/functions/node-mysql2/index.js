'use strict';

// A function that places an order, with `mysql2/promise` and prepared statements.

const mysql = require('mysql2/promise');
const { address } = require('../database');

// Outside the handler: a warm container keeps it between invocations. One function instance serves
// one invocation at a time, so more than one connection would only be held idle.
const pool = mysql.createPool({ ...address(), connectionLimit: 1 });

async function placeOrder(connection, { customer, product, quantity }) {
  await connection.beginTransaction();
  try {
    const [order] = await connection.execute(
      'INSERT INTO orders (customer_id, placed_by) VALUES (?, ?)', [customer, 'node-mysql2']);
    await connection.execute(
      'INSERT INTO order_lines (order_id, product_id, quantity) VALUES (?, ?, ?)',
      [order.insertId, product, quantity]);
    await connection.commit();
    return order.insertId;
  } catch (error) {
    await connection.rollback().catch(() => {}); // what went wrong first is what matters
    throw error;
  }
}

exports.handler = async (event) => {
  const connection = await pool.getConnection();
  try {
    const orderId = await placeOrder(connection, event);
    const [lines] = await connection.execute(
      `SELECT customers.name AS customer, products.name AS product, quantity, quantity * price_cents AS cents
         FROM orders JOIN customers ON customers.id = customer_id
         JOIN order_lines ON order_id = orders.id JOIN products ON products.id = product_id
        WHERE orders.id = ?`, [orderId]);
    const [[count]] = await connection.execute(
      'SELECT COUNT(*) AS orders FROM orders WHERE customer_id = ?', [event.customer]);
    return {
      statusCode: 200,
      body: JSON.stringify({ order: orderId, lines, orders: count.orders, connection_id: connection.threadId }),
    };
  } finally {
    connection.release();
  }
};

exports.close = () => pool.end();
