"""What a session remembers of its last statement: counts, warnings, errors."""

from __future__ import annotations

from tests.oracle.pen import Pen, Subject


def ask(pen: Pen) -> None:
    pen.any(*QUESTIONS)


QUESTIONS = (
    "SHOW WARNINGS",
    "SHOW WARNINGS LIMIT 1",
    "SHOW ERRORS",
    "SHOW COUNT(*) WARNINGS",
    "SHOW COUNT(*) ERRORS",
    "SELECT @@warning_count, @@error_count",
    "SELECT @@session.warning_count AS w",
    "SELECT ROW_COUNT()",
    "SELECT ROW_COUNT() AS r, FOUND_ROWS()",
    "SELECT FOUND_ROWS()",
    "select found_rows() as f",
    "SET @r = ROW_COUNT()",
    "GET DIAGNOSTICS @n = NUMBER, @rows = ROW_COUNT",
    "GET DIAGNOSTICS CONDITION 1 @state = RETURNED_SQLSTATE, @text = MESSAGE_TEXT, @number = MYSQL_ERRNO",
    "SHOW VARIABLES LIKE '%\\_count'",
)
# Statements that leave something to ask about.
_LEAVE = (
    "SELECT CAST('7x' AS SIGNED)",
    "SELECT 1/0",
    "INSERT IGNORE INTO {s}.t (id, n) VALUES (1, 1), (2, 2)",
    "DROP TABLE IF EXISTS {s}.missing_1, {s}.missing_2",
    "SELECT * FROM {s}.missing",
    "SELEC 1",
    "INSERT INTO {s}.t (id) VALUES (1)",
    "UPDATE {s}.t SET n = n + 1",
    "UPDATE {s}.t SET n = n",
    "UPDATE {s}.t SET n = 'word' WHERE id = 1",
    "UPDATE IGNORE {s}.t SET k = 10",
    "DELETE FROM {s}.t WHERE id > 3",
    "SELECT id FROM {s}.t ORDER BY id",
    "SELECT id FROM {s}.t ORDER BY id LIMIT 2",
    "SELECT SQL_CALC_FOUND_ROWS id FROM {s}.t ORDER BY id LIMIT 1",
    "SELECT id FROM {s}.t WHERE id < 0",
    "SELECT id FROM {s}.t UNION ALL SELECT id FROM {s}.u ORDER BY 1 LIMIT 3",
    "(SELECT SQL_CALC_FOUND_ROWS id FROM {s}.t LIMIT 1) UNION ALL (SELECT id FROM {s}.u) LIMIT 2",
    "SELECT id INTO @first FROM {s}.t ORDER BY id LIMIT 1",
    "SHOW TABLES FROM {s}",
    "SHOW CREATE TABLE {s}.t",
    "EXPLAIN SELECT 1",
    "SET @x = 1",
    "SET sql_mode = sql_mode",
    "SET max_error_count = max_error_count",
    "DO 1/0",
    "DO 1",
    "CREATE TABLE {s}.t (a INT)",
    "CREATE TABLE IF NOT EXISTS {s}.t (a INT)",
    "SELECT 1",
    "SELECT 1 FROM DUAL WHERE 1 = 0",
    "TRUNCATE TABLE {s}.nothing",
    "CALL {s}.p_warn()",
    "CALL {s}.p_fail(3)",
    "CALL {s}.p_insert(3)",
    "CALL {s}.p_two()",
    "CALL {s}.p_found()",
    "SIGNAL SQLSTATE '01234' SET MESSAGE_TEXT = 'mine', MYSQL_ERRNO = 1642",
    "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'bad'",
    "INSERT INTO {s}.t (n) SELECT n FROM {s}.t",
    "SELECT {s}.f_insert(5)",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "USE {s}",
    "USE nowhere",
    "SAVEPOINT none",
    "ROLLBACK TO SAVEPOINT never",
    "KILL QUERY 0",
    "ANALYZE TABLE {s}.t",
    "INSERT INTO {s}_b.t (n) VALUES (1000)",
    "SELECT CONVERT(_utf8mb4'ü' USING ascii), CAST('x' AS DATE), 1 + 'y'",
)


def about_last(pen: Pen) -> None:
    for _ in range(pen.number(1, 2)):
        pen.any(*_LEAVE)
        for _ in range(pen.number(1, 3)):
            ask(pen)


def found_rows(pen: Pen) -> None:
    pen.any(
        "SELECT SQL_CALC_FOUND_ROWS id FROM {s}.t ORDER BY id LIMIT 1",
        "SELECT SQL_CALC_FOUND_ROWS id, s FROM {s}.t WHERE id > 1 ORDER BY id LIMIT 1, 1",
        "SELECT id FROM {s}.t ORDER BY id LIMIT 2",
        "SELECT id FROM {s}.t LIMIT 0",
        "SELECT id FROM {s}.t",
    )
    if pen.chance(0.4):
        pen.any(
            "SELECT 1",
            "SET @y = 2",
            "SELECT missing FROM {s}.t",
            "UPDATE {s}.t SET n = 1 WHERE id = 1",
            "SHOW WARNINGS",
            "BEGIN",
        )
    pen.any(
        "SELECT FOUND_ROWS()",
        "SELECT FOUND_ROWS() AS total, 1",
        "SET @total = FOUND_ROWS()",
        "SELECT FOUND_ROWS() FROM {s}.t LIMIT 1",
    )
    pen.any("SELECT @total", "SELECT FOUND_ROWS()", "SELECT ROW_COUNT()")


def errors(pen: Pen) -> None:
    """Mistakes of every kind, one after the other."""
    mistakes = [
        text for text in _LEAVE if "missing" in text or "SELEC " in text or "never" in text or "nowhere" in text
    ]
    pen.q(
        *(
            pen.pick(*mistakes, "", ";", "SELECT", "SET @@nothing = 1", "CALL {s}.nothing()", "DROP TABLE {s}.nothing")
            for _ in range(pen.number(1, 3))
        )
    )
    ask(pen)


SUBJECTS = (
    Subject(
        "about the last statement",
        about_last,
        "`ROW_COUNT()`, `FOUND_ROWS()`, warnings, errors, `@@warning_count`",
        3.0,
    ),
    Subject("FOUND_ROWS()", found_rows, "`ROW_COUNT()`, `FOUND_ROWS()`, warnings, errors, `@@warning_count`"),
    Subject("errors", errors),
)
