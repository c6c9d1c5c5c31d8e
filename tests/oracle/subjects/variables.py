"""User variables, given values in every way and of every type."""

from __future__ import annotations

from tests.oracle.pen import Pen, Subject

NAMES = ("a", "b", "c", "`d e`", "'quoted'", '"double"', "a.b$", "Ä", "A")
_VALUES = (
    "1",
    "-7",
    "0",
    "9223372036854775807",
    "18446744073709551615",
    "CAST(5 AS UNSIGNED)",
    "1.50",
    "-0.000000000000000000000000000001",
    "12345678901234567890123456789.123456",
    "1e0",
    "1.7976931348623157e308",
    "-2.5e-10",
    "0.1e0 + 0.2e0",
    "NULL",
    "''",
    "'text'",
    "'it''s \\'so\\' \\\\ '",
    "'ünïcödé 😀'",
    "_latin1 x'E4F6'",
    "_binary 'abc'",
    "x'00FF41'",
    "0x4D79",
    "b'1010'",
    "_utf8mb4'x' COLLATE utf8mb4_bin",
    "'k' COLLATE utf8mb4_unicode_ci",
    "CONVERT('y' USING latin1) COLLATE latin1_german2_ci",
    "_ucs2 x'00410042'",
    "_utf16 x'00E9'",
    "TRUE",
    "DATE '2024-02-29'",
    "TIME '12:34:56.789'",
    "TIMESTAMP '2024-02-29 01:02:03'",
    "CAST('2024-01-01 10:00:00' AS DATETIME(3))",
    "CAST(3.7 AS DECIMAL(20,5))",
    "(SELECT MAX(id) FROM {s}.t)",
    "(SELECT s FROM {s}.t WHERE id = 1)",
    "(SELECT d FROM {s}.u WHERE id = 1)",
    "(SELECT b FROM {s}.u WHERE id = 1)",
    "REPEAT('long ', 300)",
    "1 = 1",
    "JSON_OBJECT('k', 1)",
    "YEAR('2024-02-29')",
    "-0e0",
    "1/3",
    "2147483648 - 1",
    "@a",
    "@b + 1",
    "@nobody",
    "CONCAT(@a, @b)",
)


def value(pen: Pen) -> str:
    return pen.pick(*_VALUES)


def ask(pen: Pen) -> None:
    """Read variables so that type, sign, charset, collation and coercibility show."""
    name = pen.pick(*NAMES)
    pen.any(
        "SELECT @a, @b, @c",
        f"SELECT @{name}",
        f"SELECT @{name}, @{name} + 1, HEX(@{name}), CHARSET(@{name}), COLLATION(@{name}), COERCIBILITY(@{name})",
        "SELECT @a <=> @b, @A, @`a`, LENGTH(@b), @c IS NULL",
        "SELECT @`d e`, @'quoted', @\"double\", @a.b$, @Ä",
        "SELECT id FROM {s}.t WHERE id = @a OR s = @b ORDER BY id",
        # As texts: a UNION of a number and a text shows the collation in force when the number was assigned.
        "SELECT CONCAT(@a) UNION SELECT CONCAT(@b)",
        "SELECT '@b', \"@c\", @a -- @c",
    )


def _plain(name: str) -> str:
    """The same for names that servers take for one."""
    return name.lower().replace("ä", "a")


def assigned(pen: Pen) -> None:
    for _ in range(pen.number(1, 3)):
        name = pen.pick(*NAMES)
        # MariaDB gives one that is assigned twice at once the bytes of one character set and the name of another.
        other = pen.pick(*(other for other in NAMES if _plain(other) != _plain(name)))
        pen.any(
            f"SET @{name} = {value(pen)}",
            f"SET @{name} := {value(pen)}, @{other} = {value(pen)}",
            f"SET @{name} = {value(pen)}",
            f"SET @{name} = {value(pen)}, sql_mode = sql_mode, @{other} = 3",
        )
        if pen.chance(0.6):
            ask(pen)
    ask(pen)


def selected(pen: Pen) -> None:
    for _ in range(pen.number(1, 2)):
        name, other = pen.pick(*NAMES), pen.pick("a", "b", "c")
        pen.any(
            f"SELECT @{name} := {value(pen)}",
            f"SELECT {value(pen)} INTO @{name}",
            f"SELECT {value(pen)}, {value(pen)} INTO @{name}, @{other}",
            f"SELECT id, s FROM {{s}}.t WHERE id = {pen.number(1, 6)} INTO @{other}, @{name}",
            f"SELECT id INTO @{other} FROM {{s}}.t ORDER BY id LIMIT 1",
            f"SELECT @{other} := id FROM {{s}}.t ORDER BY id",
            f"DO @{name} := {value(pen)}",
            f"UPDATE {{s}}.t SET n = (@{other} := COALESCE(n, 0) + 1) WHERE id = 2",
            f"INSERT INTO {{s}}.t (n) VALUES (@{other} := 5)",
            "SELECT id INTO @a FROM {s}.t",
            "SELECT id INTO @a FROM {s}.t WHERE id = -1",
            "SET @a = (SELECT id FROM {s}.t)",
        )
        ask(pen)


def counted(pen: Pen) -> None:
    """A counter that every statement needs."""
    pen.q("SET @i = 0")
    for _ in range(pen.number(2, 4)):
        pen.any("SET @i = @i + 1", "SELECT @i := @i + 1", "SET @i := @i * 2 + 1")
        pen.any("SELECT @i", "SELECT COUNT(*) + @i FROM {s}.t", "INSERT INTO {s}.t (n, s) VALUES (@i, CONCAT('c', @i))")


SUBJECTS = (
    Subject("SET @x", assigned, "user variables `@x`", 2.0),
    Subject("SELECT @x", selected, "user variables `@x`", 1.5),
    Subject("counter in @i", counted, "user variables `@x`"),
)
