"""A function that places an order, with PyMySQL.

The database is where DATABASE_URL says, or DB_HOST, DB_PORT, DB_USER, DB_PASSWORD and DB_NAME.
Behind Forebay this is the proxy's address, nothing else changes.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.cursors import DictCursor

# Outside the handler: a warm container keeps it between invocations.
connection: pymysql.Connection[DictCursor] | None = None


def address() -> dict[str, Any]:
    """``pymysql.connect``'s arguments from the environment."""
    url = urlsplit(os.environ.get("DATABASE_URL", ""))
    if url.hostname:
        return {
            "host": url.hostname,
            "port": url.port or 3306,
            "user": unquote(url.username or ""),
            "password": unquote(url.password or ""),
            "database": unquote(url.path[1:]),
        }
    return {
        "host": os.environ.get("DB_HOST", "127.0.0.1"),
        "port": int(os.environ.get("DB_PORT", "6033")),
        "user": os.environ["DB_USER"],
        "password": os.environ["DB_PASSWORD"],
        "database": os.environ["DB_NAME"],
    }


def connect() -> pymysql.Connection[DictCursor]:
    """The warm connection, opened at the first call and again when it was lost."""
    global connection
    if connection is None:
        connection = pymysql.connect(**address(), charset="utf8mb4", cursorclass=DictCursor, connect_timeout=10)
    else:
        connection.ping(reconnect=True)
    return connection


def close() -> None:
    """End the connection, as a platform does when it takes the container away."""
    global connection
    if connection is not None:
        connection.close()
        connection = None


def place_order(db: pymysql.Connection[DictCursor], event: dict[str, int]) -> int:
    """Insert an order and its line in one transaction; returns the order's id."""
    db.begin()
    try:
        with db.cursor() as cursor:
            cursor.execute(
                "INSERT INTO orders (customer_id, placed_by) VALUES (%s, %s)", (event["customer"], "python-pymysql")
            )
            order_id = cursor.lastrowid
            cursor.execute(
                "INSERT INTO order_lines (order_id, product_id, quantity) VALUES (%s, %s, %s)",
                (order_id, event["product"], event["quantity"]),
            )
        db.commit()
        return order_id
    except BaseException:
        with suppress(pymysql.Error):  # what went wrong first is what matters
            db.rollback()
        raise


def handler(event: dict[str, int], context: object) -> dict[str, Any]:
    db = connect()
    order_id = place_order(db, event)
    with db.cursor() as cursor:
        cursor.execute(
            """SELECT customers.name AS customer, products.name AS product, quantity,
                      quantity * price_cents AS cents
                 FROM orders JOIN customers ON customers.id = customer_id
                 JOIN order_lines ON order_id = orders.id JOIN products ON products.id = product_id
                WHERE orders.id = %s""",
            (order_id,),
        )
        lines = cursor.fetchall()
        cursor.execute("SELECT COUNT(*) AS orders FROM orders WHERE customer_id = %s", (event["customer"],))
        count = cursor.fetchall()[0]["orders"]
    # PyMySQL's autocommit is off: without this, the connection would wait for the next invocation
    # inside a transaction, and hold its server connection for as long.
    db.commit()
    body = {"order": order_id, "lines": lines, "orders": count, "connection_id": db.thread_id()}
    return {"statusCode": 200, "body": json.dumps(body)}
