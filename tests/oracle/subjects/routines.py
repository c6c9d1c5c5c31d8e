"""Stored procedures and functions: they change a session without their call saying so."""

from __future__ import annotations

from tests.oracle.pen import Pen, Subject

_CALLS = (
    "CALL {s}.p_set(4)",
    "CALL {s}.p_into()",
    "CALL {s}.p_mode()",
    "CALL {s}.p_zone('+04:00')",
    "CALL {s}.p_unscoped()",
    "CALL {s}.p_insert(21)",
    "CALL {s}.p_out(1, @out, @inout)",
    "SET @inout = 5",
    "CALL {s}.p_two()",
    "CALL {s}.p_fail(6)",
    "CALL {s}.p_warn()",
    "CALL {s}.p_found()",
    "CALL {s}.p_handled()",
    "CALL {s}.missing()",
    "SELECT {s}.f_set(3)",
    "SELECT {s}.f_insert(8)",
    "SELECT {s}.f_id(55)",
    "SELECT {s}.f_plain(1)",
    "SELECT id, {s}.f_set(id) FROM {s}.t ORDER BY id",
    "INSERT INTO {s}.u (d) VALUES ({s}.f_plain(2))",
    "DO {s}.f_set(9)",
)


def routines(pen: Pen) -> None:
    for _ in range(pen.number(1, 2)):
        pen.any(*_CALLS)
        pen.any(
            "SELECT @p, @pp, @q, @f",
            "SELECT @out, @inout, @w, @h, @before, @triggered",
            "SELECT LAST_INSERT_ID()",
            "SELECT ROW_COUNT()",
            "SHOW WARNINGS",
            "SELECT @@sql_mode, @@time_zone",
            "SELECT FOUND_ROWS()",
        )


def hidden_table(pen: Pen) -> None:
    pen.q("CALL {s}.p_temporary()")
    pen.any("INSERT INTO {s}.x_hidden VALUES (1)", "SELECT 1")
    pen.any("SELECT * FROM {s}.x_hidden", "SELECT 1")
    pen.q("DROP TEMPORARY TABLE IF EXISTS {s}.x_hidden")


SUBJECTS = (
    Subject("procedures and functions", routines, "user variables `@x`", 2.0),
    Subject("a procedure's temporary table", hidden_table, "temporary tables", 0.3),
)
