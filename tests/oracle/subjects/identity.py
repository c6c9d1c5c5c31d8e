"""Insert ids, where the OK packet says them and where it does not."""

from __future__ import annotations

from tests.oracle.pen import Pen, Subject


def ask(pen: Pen) -> None:
    pen.any(
        "SELECT LAST_INSERT_ID()",
        "SELECT @@last_insert_id, @@identity",
        "SELECT LAST_INSERT_ID() + 1 AS next",
        "SELECT id, n FROM {s}.t WHERE id = LAST_INSERT_ID()",
        "UPDATE {s}.t SET n = LAST_INSERT_ID() WHERE id = 1",
        "INSERT INTO {s}.t (n) VALUES (LAST_INSERT_ID())",
        "SHOW VARIABLES LIKE 'last_insert_id'",
        "SELECT LAST_INSERT_ID(), ROW_COUNT()",
    )


def generated(pen: Pen) -> None:
    for _ in range(pen.number(1, 3)):
        x = pen.number(1, 99)
        pen.any(
            f"INSERT INTO {{s}}.t (n) VALUES ({x})",
            f"INSERT INTO {{s}}.t (n) VALUES ({x}), ({x + 1}), ({x + 2})",
            f"INSERT INTO {{s}}.t (id, n) VALUES ({100 + x}, 4)",
            "INSERT INTO {s}.t (id, n) VALUES (NULL, 4)",
            "INSERT INTO {s}.t (id, n) VALUES (0, 4)",
            "INSERT INTO {s}.t (id, n) VALUES (NULL, 1), (500, 2), (NULL, 3)",
            "INSERT INTO {s}.t (id, n) VALUES (1, 4)",
            "INSERT IGNORE INTO {s}.t (id, n) VALUES (1, 4)",
            "INSERT IGNORE INTO {s}.t (n, k) VALUES (4, 10), (5, 77)",
            f"INSERT INTO {{s}}.t (n, k) VALUES ({x}, 20) ON DUPLICATE KEY UPDATE n = n + 1",
            "INSERT INTO {s}.t (n, k) VALUES (9, 20) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), n = 8",
            "REPLACE INTO {s}.t (n, k) VALUES (6, 30)",
            "REPLACE INTO {s}.t (id, n) VALUES (2, 6)",
            "INSERT INTO {s}.t (n) SELECT n FROM {s}.t WHERE id < 3",
            "INSERT INTO {s}.u (d) VALUES (1.25)",
            "INSERT INTO {s}.t SET n = 3, s = 'set'",
            "INSERT INTO {s}.t (nothing) VALUES (3)",
            "INSERT INTO {s}.t (n, k) VALUES (1, NULL), (2, 10)",
        )
        if pen.chance(0.6):
            ask(pen)
    ask(pen)


def given(pen: Pen) -> None:
    """LAST_INSERT_ID(expression), and the variables of the same name."""
    pen.any(
        f"SELECT LAST_INSERT_ID({pen.number(1, 99)})",
        "UPDATE {s}.t SET n = LAST_INSERT_ID(n + 10) WHERE id = 2",
        "SET @@last_insert_id = 71",
        "SET last_insert_id = 0",
        "SET identity = 72",
        "DO LAST_INSERT_ID(73)",
        "SELECT LAST_INSERT_ID(18446744073709551615)",
        "SELECT LAST_INSERT_ID(-1)",
        "SELECT LAST_INSERT_ID(NULL)",
        "SELECT LAST_INSERT_ID(id) FROM {s}.t ORDER BY id",
        "SET insert_id = 900",
    )
    ask(pen)
    if pen.chance(0.4):
        pen.any("INSERT INTO {s}.t (n) VALUES (1)", "INSERT INTO {s}.t (id, n) VALUES (300, 1)", "SELECT 1")
        ask(pen)


SUBJECTS = (
    Subject("insert ids", generated, "`LAST_INSERT_ID()`", 2.0),
    Subject("LAST_INSERT_ID(x)", given, "`LAST_INSERT_ID()`"),
)
