"""What a database holds, in a form that does not depend on who inserted first.

Ids that the server generated are left out, and a reference to one is replaced by the row that it names. So two
databases are equal when every row is there, with the same values, belonging to the same others.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pymysql.cursors

from tests.servers import Server

# When something happened: the clock's, not the application's.
CLOCKS = frozenset({"applied", "migration_time", "createdAt", "updatedAt"})

Row = dict[str, Any]


class Database:
    """All tables of a schema, read once."""

    def __init__(self, server: Server, schema: str) -> None:
        options = {"database": schema, "charset": "utf8mb4", "cursorclass": pymysql.cursors.DictCursor}
        with server.connect(**options) as connection, connection.cursor() as cursor:

            def rows(sql: str) -> list[Row]:
                cursor.execute(sql)
                return list(cursor.fetchall())

            names = [next(iter(row.values())) for row in rows("SHOW TABLES")]
            self.tables = {name: rows(f"SELECT * FROM `{name}`") for name in sorted(names)}
            created = {name: rows(f"SHOW CREATE TABLE `{name}`")[0]["Create Table"] for name in self.tables}
            self.created = {name: re.sub(r" AUTO_INCREMENT=\d+", "", text) for name, text in created.items()}
            of_schema = f"WHERE table_schema = '{schema}'"
            columns = "table_name AS t, column_name AS c"
            self.generated = {
                (row["t"], row["c"])
                for row in rows(
                    f"SELECT {columns} FROM information_schema.columns {of_schema} AND extra LIKE '%auto_increment%'"
                )
            }
            self.references = {
                (row["t"], row["c"]): (row["rt"], row["rc"])
                for row in rows(
                    f"SELECT {columns}, referenced_table_name AS rt, referenced_column_name AS rc"
                    f" FROM information_schema.key_column_usage {of_schema} AND referenced_table_name IS NOT NULL"
                )
            }
        self.by_reference = cache(self._by_reference)

    def _by_reference(self, table: str, column: str) -> dict[Any, Row]:
        return {row[column]: row for row in self.tables[table]}

    def plain(self, table: str, row: Row) -> str:
        """The row's text, without ids and clocks, references replaced by what they name."""
        values = {}
        for column, value in row.items():
            if (table, column) in self.generated or column in CLOCKS:
                continue
            named = self.references.get((table, column))
            if named is not None and value is not None:
                value = self.plain(named[0], self.by_reference(*named)[value])
            values[column] = value
        return repr(values)


def contents(server: Server, schema: str) -> dict[str, list[str]]:
    """By table: how it was created, then its rows in order."""
    database = Database(server, schema)
    return {
        name: [database.created[name], *sorted(database.plain(name, row) for row in rows)]
        for name, rows in database.tables.items()
    }
