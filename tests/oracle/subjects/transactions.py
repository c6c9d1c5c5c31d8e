"""Transactions: begun in every way, with savepoints, and the settings of the next one."""

from __future__ import annotations

from tests.oracle.pen import Pen, Subject


def transaction(pen: Pen) -> None:
    pen.any(
        "BEGIN",
        "START TRANSACTION",
        "START TRANSACTION READ ONLY",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT",
        "BEGIN WORK",
        "begin",
        "START TRANSACTION READ WRITE",
    )
    for _ in range(pen.number(1, 3)):
        pen.any(
            "INSERT INTO {s}.t (n) VALUES (11)",
            "UPDATE {s}.t SET n = 12 WHERE id = 1",
            "SELECT COUNT(*), SUM(n) FROM {s}.t",
            "SAVEPOINT sp",
            "ROLLBACK TO SAVEPOINT sp",
            "RELEASE SAVEPOINT sp",
            "INSERT INTO {s}.t (id) VALUES (1)",
            "SELECT ROW_COUNT()",
            "SELECT @@in_transaction" if pen.mariadb else "SELECT 1",
        )
        if pen.chance(0.3):
            pen.act()
    pen.any(
        "COMMIT",
        "ROLLBACK",
        "COMMIT",
        "BEGIN",
        "COMMIT AND CHAIN",
        "ROLLBACK AND NO CHAIN",
        "CREATE TABLE {s}.made_1 (a INT)",
    )
    pen.any("COMMIT", "ROLLBACK")
    pen.any("SELECT COUNT(*), SUM(n) FROM {s}.t", "SELECT ROW_COUNT()", "DROP TABLE IF EXISTS {s}.made_1")


def next_transaction(pen: Pen) -> None:
    name = "tx_isolation" if pen.mariadb else "transaction_isolation"
    pen.any(
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET TRANSACTION READ ONLY",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
        "SET SESSION TRANSACTION READ ONLY",
        f"SET @@{name} = 'SERIALIZABLE'",
        f"SET {name} = 'REPEATABLE-READ'",
        f"SET SESSION {name} = 'READ-COMMITTED'",
    )
    if pen.chance(0.3):
        pen.any(
            "SET TRANSACTION READ WRITE",
            "SET @z = 1",
            "SELECT 1",
            f"SELECT @@{name}",
            "SELECT id FROM {s}.missing",
            "SHOW WARNINGS",
        )
    if pen.chance(0.6):
        pen.any("BEGIN", "START TRANSACTION", "SELECT COUNT(*) FROM {s}.t")
    pen.any(
        "INSERT INTO {s}.t (n) VALUES (13)",
        "SELECT COUNT(*) FROM {s}.t",
        f"SELECT @@{name}",
        "COMMIT",
        "SET TRANSACTION READ ONLY",
        "UPDATE {s}.t SET n = 1 WHERE id = 1",
    )
    pen.any("COMMIT", "ROLLBACK")
    pen.any("INSERT INTO {s}.t (n) VALUES (14)", "SELECT 1", f"SELECT @@{name}")
    if pen.chance(0.7):
        pen.any(
            "SET SESSION TRANSACTION READ WRITE", "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE"
        )


def distributed(pen: Pen) -> None:
    xid = f"'{pen.schema}'"
    pen.any(f"XA START {xid}", f"XA BEGIN {xid}")
    pen.any(
        "INSERT INTO {s}.t (n) VALUES (15)",
        "UPDATE {s}.t SET n = 3 WHERE id = 1",
        "SELECT COUNT(*) FROM {s}.t",
        "COMMIT",
    )
    pen.q(f"XA END {xid}")
    if pen.chance(0.5):
        pen.q(f"XA PREPARE {xid}")
        pen.any(f"XA COMMIT {xid}", f"XA ROLLBACK {xid}")
    else:
        pen.any(f"XA COMMIT {xid} ONE PHASE", f"XA ROLLBACK {xid}")
    pen.q("SELECT COUNT(*) FROM {s}.t")


SUBJECTS = (
    Subject("transactions", transaction, "open transaction, XA", 2.0),
    Subject("next transaction", next_transaction, "next-transaction characteristics", 1.5),
    Subject("XA", distributed, "open transaction, XA", 0.4),
)
