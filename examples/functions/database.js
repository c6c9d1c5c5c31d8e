'use strict';

// Where the database is, for the Node handlers: DATABASE_URL, or DB_HOST, DB_PORT, DB_USER,
// DB_PASSWORD and DB_NAME. Behind Forebay this is the proxy's address, nothing else changes.

function fromUrl(text) {
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  };
}

function fromVariables(env) {
  return {
    host: env.DB_HOST || '127.0.0.1',
    port: Number(env.DB_PORT || 6033),
    user: env.DB_USER,
    password: env.DB_PASSWORD,
    database: env.DB_NAME,
  };
}

exports.address = (env = process.env) => (env.DATABASE_URL ? fromUrl(env.DATABASE_URL) : fromVariables(env));
