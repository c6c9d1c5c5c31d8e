"""The comparison sees what differs, and only that."""

from __future__ import annotations

from tests.orms.contents import contents
from tests.orms.trial import Seen, differences
from tests.servers import Server

SCHEMA = "orm_contents"
TABLES = (
    "CREATE TABLE {0}.parent (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20), createdAt DATETIME)",
    "CREATE TABLE {0}.child (id INT AUTO_INCREMENT PRIMARY KEY, toy VARCHAR(20), parent_id INT,"
    " FOREIGN KEY (parent_id) REFERENCES parent (id))",
)


def held(server: Server, *statements: str) -> dict[str, list[str]]:
    server.execute(f"DROP DATABASE IF EXISTS {SCHEMA}")
    server.execute(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4")
    for sql in [*TABLES, *statements]:
        server.execute(sql.format(SCHEMA))
    return contents(server, SCHEMA)


def test_who_inserted_first_makes_no_difference(server: Server) -> None:
    one = held(
        server,
        "INSERT INTO {0}.parent VALUES (1, 'Ann', '2001-01-01'), (2, 'Bob', NULL)",
        "INSERT INTO {0}.child VALUES (1, 'ball', 1), (2, 'kite', 2), (3, 'nobody''s', NULL)",
    )
    other = held(
        server,
        "INSERT INTO {0}.parent VALUES (7, 'Bob', '2009-09-09'), (8, 'Ann', NULL)",
        "INSERT INTO {0}.child VALUES (4, 'nobody''s', NULL), (5, 'kite', 7), (6, 'ball', 8)",
    )
    assert one == other


def test_whose_child_it_is_makes_one(server: Server) -> None:
    parents = "INSERT INTO {0}.parent VALUES (1, 'Ann', NULL), (2, 'Bob', NULL)"
    one = held(server, parents, "INSERT INTO {0}.child VALUES (1, 'ball', 1)")
    other = held(server, parents, "INSERT INTO {0}.child VALUES (1, 'ball', 2)")
    assert one["parent"] == other["parent"]
    assert one["child"] != other["child"]


def test_a_row_too_few_and_another_column_make_one(server: Server) -> None:
    one = held(server, "INSERT INTO {0}.parent VALUES (1, 'Ann', NULL), (2, 'Ann', NULL)")
    assert one != held(server, "INSERT INTO {0}.parent VALUES (1, 'Ann', NULL)")
    assert held(server) != held(server, "ALTER TABLE {0}.child MODIFY toy VARCHAR(21)")


def test_differences_name_step_part_and_row() -> None:
    mine = Seen({"3": {"result": {"people": [1], "pages": [2]}}}, {"label": ["CREATE", "a"]}, 0.0)
    theirs = Seen({"3": {"result": {"people": [1], "pages": [9]}}}, {"label": ["CREATE", "b"]}, 0.0)
    first, second, *rows = differences(mine, theirs)
    assert first == "step 3, pages:\n  through  [2]\n  directly [9]"
    assert second == "table label: 2 rows through, 2 directly"
    assert rows == ["  only through:  a", "  only directly: b"]
    assert differences(mine, mine) == []
