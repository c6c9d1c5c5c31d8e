"""``python python_driver.py DRIVER``: one Python driver does all trials and prints what each showed, as JSON.

The trials' names are those of every program in this folder; a value's kind is part of what it is, so each is printed
with its type. What a driver does not have it leaves out.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import decimal
import importlib.metadata
import sys
import threading
import warnings

from playing import HOW, MATERIAL, play, short

# Drivers turn some of the server's warnings into Python's.
warnings.simplefilter("ignore")

LOGIN = {"host": HOW["host"], "port": HOW["port"], "user": HOW["user"], "password": HOW["password"]}


def plain(value):
    """What is printed of a value: its type, and itself or, when long, its digest."""
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    shown = short(value if isinstance(value, bytes | bytearray) else repr(value))
    return f"{type(value).__name__} {shown if isinstance(shown, str) else repr(value)}"


class PyMySQL:
    """What the trials ask of a driver; others differ from it."""

    placeholder = "%s"
    has_multi = True
    has_prepared = False
    callproc_out = "SELECT @_out_parameters_1, @_out_parameters_2"

    def __init__(self):
        import pymysql
        from pymysql.constants import CLIENT

        self.module = pymysql
        self.error = pymysql.MySQLError
        self.multi = {"client_flag": CLIENT.MULTI_STATEMENTS}

    def connect(self, **more):
        return self.module.connect(**LOGIN, database=HOW["database"], charset="utf8mb4", **more)

    def connect_multi(self):
        return self.connect(**self.multi)

    def connect_tls(self):
        return self.connect(ssl={"ca": HOW["ca"]})

    def connect_compressed(self):
        return None

    def streaming(self, connection):
        from pymysql.cursors import SSCursor

        return connection.cursor(SSCursor)

    def prepared(self, connection):
        return None

    def described(self, cursor):
        return [list(map(plain, column)) for column in cursor.description or ()]

    def warnings(self, connection, cursor):
        return [plain(connection.show_warnings()), plain(getattr(cursor, "warning_count", None))]

    def next_result(self, cursor):
        return cursor.nextset()


class MySQLClient(PyMySQL):
    callproc_out = "SELECT @_out_parameters_1, @_out_parameters_2"

    def __init__(self):
        import MySQLdb
        from MySQLdb.constants import CLIENT

        self.module = MySQLdb
        self.error = MySQLdb.MySQLError
        self.multi = {"client_flag": CLIENT.MULTI_STATEMENTS}

    def connect_tls(self):
        return self.connect(ssl={"ca": HOW["ca"]})

    def connect_compressed(self):
        return self.connect(compress=True)

    def streaming(self, connection):
        from MySQLdb.cursors import SSCursor

        return connection.cursor(SSCursor)


class Waiting:
    """An asynchronous connection or cursor, each call awaited."""

    def __init__(self, thing, loop):
        self._thing, self._loop = thing, loop

    def __getattr__(self, name):
        attribute = getattr(self._thing, name)
        if not callable(attribute):
            return attribute

        if name == "close" and hasattr(self._thing, "ensure_closed"):
            attribute = self._thing.ensure_closed

        def call(*arguments, **keywords):
            result = attribute(*arguments, **keywords)
            if hasattr(result, "__await__"):

                async def awaited():
                    return await result

                result = self._loop.run_until_complete(awaited())
            return Waiting(result, self._loop) if hasattr(result, "execute") else result

        return call


class AioMySQL(PyMySQL):
    def __init__(self, name="aiomysql"):
        self.module = __import__(name)
        self.loop = asyncio.new_event_loop()
        self.name = name
        if name == "aiomysql":
            import pymysql

            self.error = pymysql.MySQLError
        else:
            from asyncmy.errors import MySQLError

            self.error = MySQLError

    def connect(self, **more):
        loop = asyncio.new_event_loop()

        async def connect():
            more.pop("database", None)
            return await self.module.connect(**LOGIN, db=HOW["database"], charset="utf8mb4", **more)

        return Waiting(loop.run_until_complete(connect()), loop)

    def connect_multi(self):
        from pymysql.constants import CLIENT

        return self.connect(client_flag=CLIENT.MULTI_STATEMENTS)

    def connect_tls(self):
        import ssl

        return self.connect(ssl=ssl.create_default_context(cafile=HOW["ca"]))

    def streaming(self, connection):
        if self.name == "aiomysql":
            from aiomysql.cursors import SSCursor
        else:
            from asyncmy.cursors import SSCursor
        return connection.cursor(SSCursor)

    def warnings(self, connection, cursor):
        return [plain(connection.show_warnings())]


class Connector(PyMySQL):
    has_prepared = True

    def __init__(self, pure):
        import mysql.connector

        self.module, self.pure = mysql.connector, pure
        self.error = mysql.connector.Error

    def connect(self, **more):
        return self.module.connect(
            **LOGIN, database=HOW["database"], charset="utf8mb4", use_pure=self.pure, **{"ssl_disabled": True, **more}
        )

    def connect_multi(self):
        return self.connect()

    def connect_tls(self):
        return self.connect(ssl_disabled=False, ssl_ca=HOW["ca"], ssl_verify_cert=True)

    def connect_compressed(self):
        return self.connect(compress=True)

    def streaming(self, connection):
        return connection.cursor(buffered=False)

    def prepared(self, connection):
        return connection.cursor(prepared=True)

    def described(self, cursor):
        return [list(map(plain, column[:8])) for column in cursor.description or ()]

    def warnings(self, connection, cursor):
        with contextlib.closing(connection.cursor()) as other:
            count = cursor.warnings, connection.warning_count if hasattr(connection, "warning_count") else None
            other.execute("SHOW WARNINGS")
            return [plain(other.fetchall()), plain(count[0])]


class MariaDB(PyMySQL):
    placeholder = "?"
    has_prepared = True

    def __init__(self):
        import mariadb

        self.module = mariadb
        self.error = mariadb.Error

    def connect(self, **more):
        return self.module.connect(**LOGIN, database=HOW["database"], **more)

    def connect_multi(self):
        from mariadb.constants import CLIENT

        return self.connect(client_flag=CLIENT.MULTI_STATEMENTS)

    def connect_tls(self):
        return self.connect(ssl=True, ssl_ca=HOW["ca"], ssl_verify_cert=True)

    def connect_compressed(self):
        return self.connect(compress=True)

    def streaming(self, connection):
        return connection.cursor(buffered=False)

    def prepared(self, connection):
        return connection.cursor(prepared=True)

    def warnings(self, connection, cursor):
        return [plain(connection.show_warnings()), plain(cursor.warnings)]


DISTRIBUTIONS = {"connector-python": "mysql-connector-python", "connector-python-c": "mysql-connector-python"}
DISTRIBUTIONS["mariadb-python"] = "mariadb"

DRIVERS = {
    "pymysql": PyMySQL,
    "mysqlclient": MySQLClient,
    "aiomysql": AioMySQL,
    "asyncmy": lambda: AioMySQL("asyncmy"),
    "connector-python": lambda: Connector(pure=True),
    "connector-python-c": lambda: Connector(pure=False),
    "mariadb-python": MariaDB,
}


def asked(cursor, sql, *arguments):
    cursor.execute(sql, *arguments)
    return plain(list(cursor.fetchall())) if cursor.description else ["affected", cursor.rowcount]


def attempted(cursor, sql, values):
    """What a driver itself may refuse is an answer, too."""
    try:
        cursor.execute(sql, values)
    except Exception as error:
        return [type(error).__name__, plain(error.args)]
    return "done"


class Trials:
    def __init__(self, driver):
        self.driver = driver

    def _open(self):
        return contextlib.closing(self.driver.connect())

    def types(self):
        with self._open() as connection:
            cursor = connection.cursor()
            cursor.execute("DELETE FROM types")
            seen = [asked(cursor, sql) for sql in MATERIAL["types"]]
            connection.commit()
            seen.append(asked(cursor, MATERIAL["select_types"]))
            seen.append(self.driver.described(cursor))
            seen.append(asked(cursor, MATERIAL["computed"]))
            return seen

    def prepared(self):
        with self._open() as connection:
            cursor = self.driver.prepared(connection)
            if cursor is None:
                return None
            seen = [asked(cursor, MATERIAL["select_types"]), self.driver.described(cursor)]
            cursor = self.driver.prepared(connection)
            for number in (1, 2, None):
                seen.append(asked(cursor, "SELECT id, v FROM types WHERE id = ?", (number,)))
            return seen

    def _values(self):
        return [
            *[(number, None, None, None, None, None, None) for number in MATERIAL["integers"]],
            *[(None, None, None, text, text.encode(), None, None) for text in MATERIAL["strings"]],
            (None, 1.5, decimal.Decimal("-12345678901234567890.0123456789"), None, bytes(range(256)), None, None),
            (None, -1e300, decimal.Decimal("0"), "x", b"", datetime.datetime(2001, 2, 3, 4, 5, 6, 789000), None),
            (None, 5e-324, None, None, None, datetime.datetime(9999, 12, 31), datetime.timedelta(hours=-20, seconds=5)),
            (True, 0.0, decimal.Decimal("1e5"), "y", b"\0", None, datetime.timedelta(seconds=1)),
        ]

    def parameters(self):
        with self._open() as connection:
            cursors = [connection.cursor()]
            if self.driver.has_prepared:
                cursors.append(self.driver.prepared(connection))
            seen = []
            for cursor in cursors:
                cursor.execute("DELETE FROM parameters")
                marks = ", ".join([self.driver.placeholder] * 7)
                sql = f"INSERT INTO parameters (i, d, dc, v, b, dt, t) VALUES ({marks})"
                seen += [attempted(cursor, sql, values) for values in self._values()]
                connection.commit()
                seen.append(asked(cursor, "SELECT i, d, dc, v, b, dt, t FROM parameters ORDER BY id"))
            many = [(number, str(number)) for number in range(50)]
            mark = self.driver.placeholder
            cursors[0].executemany(f"INSERT INTO parameters (i, v) VALUES ({mark}, {mark})", many)
            seen.append(cursors[0].rowcount)
            connection.commit()
            return seen

    def nulls(self):
        with self._open() as connection:
            cursor = connection.cursor()
            mark = self.driver.placeholder
            return [
                asked(cursor, f"SELECT {mark} IS NULL, {mark} <=> NULL, COALESCE({mark}, 'none')", (None, None, None)),
                asked(cursor, "SELECT * FROM types WHERE id = 3"),
            ]

    def unicode(self):
        with self._open() as connection:
            cursor = connection.cursor()
            cursor.execute("DELETE FROM texts")
            mark = self.driver.placeholder
            for number, text in enumerate(MATERIAL["unicode"]):
                cursor.execute(f"INSERT INTO texts (t, `ключ`) VALUES ({mark}, {number})", (text,))
            connection.commit()
            seen = [asked(cursor, "SELECT t, `ключ`, HEX(t), CHAR_LENGTH(t) AS `長さ` FROM texts ORDER BY id")]
            seen.append([column[0] for column in cursor.description])
            seen += [asked(cursor, f"SELECT COUNT(*) FROM texts WHERE t = {mark}", (t,)) for t in MATERIAL["unicode"]]
            return seen

    def blobs(self):
        with self._open() as connection:
            cursor = connection.cursor()
            cursor.execute("DELETE FROM blobs")
            mark = self.driver.placeholder
            seen = []
            for number, size in enumerate(MATERIAL["blob_sizes"]):
                data = (bytes(range(256)) * (size // 256 + 1))[:size]
                seen.append(attempted(cursor, f"INSERT INTO blobs VALUES ({number}, {mark})", (data,)))
                connection.commit()
                cursor.execute(f"SELECT b, LENGTH(b), SHA2(b, 256) FROM blobs WHERE id = {number}")
                seen += [[bytes(got) == data, length, digest] for got, length, digest in cursor.fetchall()]
            return seen

    def transactions(self):
        with self._open() as connection, self._open() as other:
            cursor, watching = connection.cursor(), other.cursor()
            counts = []

            def count():
                counts.append(asked(watching, "SELECT COUNT(*) FROM notes WHERE t = 'tx'"))
                other.commit()

            cursor.execute("DELETE FROM notes")
            connection.commit()
            for end in (connection.rollback, connection.commit):
                cursor.execute("INSERT INTO notes (t) VALUES ('tx')")
                count()
                end()
                count()
            cursor.execute("INSERT INTO notes (t) VALUES ('s0')")
            cursor.execute("SAVEPOINT s")
            cursor.execute("INSERT INTO notes (t) VALUES ('tx')")
            cursor.execute("ROLLBACK TO SAVEPOINT s")
            connection.commit()
            count()
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            cursor.execute("SET TRANSACTION READ ONLY")
            cursor.execute("START TRANSACTION")
            counts.append(self._failure(cursor, "INSERT INTO notes (t) VALUES ('tx')"))
            connection.rollback()
            cursor.execute("INSERT INTO notes (t) VALUES ('tx')")
        with self._open() as other:  # closing has rolled back
            counts.append(asked(other.cursor(), "SELECT COUNT(*) FROM notes WHERE t = 'tx'"))
        return counts

    def _failure(self, cursor, sql):
        try:
            return asked(cursor, sql)
        except self.driver.error as error:
            return [type(error).__name__, plain(error.args), plain(getattr(error, "sqlstate", None))]

    def warnings(self):
        seen = []
        with self._open() as connection:
            for sql in MATERIAL["warnings"]:
                cursor = connection.cursor()
                cursor.execute(sql)
                if cursor.description:
                    cursor.fetchall()
                seen.append(self.driver.warnings(connection, cursor))
        return seen

    def errors(self):
        with self._open() as connection:
            cursor = connection.cursor()
            seen = [self._failure(cursor, sql) for sql in MATERIAL["errors"]]
            connection.rollback()
            seen.append(asked(cursor, "SELECT 'still here'"))
            return seen

    def results(self):
        seen = []
        with self._open() as connection:
            cursor = connection.cursor()
            cursor.execute("CALL two_results(5)")
            seen.append(self._all_results(cursor))
            if hasattr(cursor, "callproc"):
                result = cursor.callproc("out_parameters", (1, 2, "x"))
                while cursor.nextset():
                    pass
                seen.append(plain(result) if isinstance(result, tuple | list) else None)
            cursor = connection.cursor()
            cursor.execute("SET @b = 40")
            cursor.execute("CALL out_parameters(2, @b, @c)")
            seen.append(asked(connection.cursor(), "SELECT @b, @c"))
        if not self.driver.has_multi:
            return seen
        with contextlib.closing(self.driver.connect_multi()) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT 1; SET @m = 2; SELECT @m, 'x'; INSERT INTO notes (t) VALUES ('mu'), ('lt')")
            seen.append(self._all_results(cursor))
            connection.commit()
            cursor = connection.cursor()
            cursor.execute("SELECT @m + 1")
            seen.append(plain(cursor.fetchall()))
        return seen

    def _all_results(self, cursor):
        seen = []
        while True:
            rows = cursor.fetchall() if cursor.description else None
            seen.append(["affected", cursor.rowcount] if rows is None else plain(rows))
            if not self.driver.next_result(cursor):
                return seen

    def cursors(self):
        with self._open() as connection:
            cursor = self.driver.streaming(connection)
            cursor.execute(MATERIAL["many"])
            first = cursor.fetchone()
            some = cursor.fetchmany(10)
            rest = cursor.fetchall()
            cursor.close()
            again = connection.cursor()
            return [plain(first), plain(some), len(rest), plain(rest[-1]), asked(again, "SELECT 'next'")]

    def session(self):
        with self._open() as connection:
            cursor = connection.cursor()
            seen = [self._failure(cursor, sql) for sql in MATERIAL["session"]]
            seen.append(cursor.lastrowid if cursor.lastrowid is None else "an id")
            connection.commit()
            connection.ping()
            return seen

    def cancel(self):
        with self._open() as connection, self._open() as other:
            cursor = connection.cursor()
            cursor.execute("SELECT CONNECTION_ID()")
            ((number,),) = cursor.fetchall()
            seen = []
            sleeper = threading.Thread(target=lambda: seen.append(self._failure(cursor, MATERIAL["sleep"])))
            sleeper.start()
            killer = other.cursor()
            while sleeper.is_alive():
                killer.execute(f"KILL QUERY {number}")
                sleeper.join(0.3)
            return seen

    def tls(self):
        with contextlib.closing(self.driver.connect_tls()) as connection:
            cursor = connection.cursor()
            return [asked(cursor, "SELECT 1 + 1"), asked(cursor, MATERIAL["select_types"])]

    def compression(self):
        connection = self.driver.connect_compressed()
        if connection is None:
            return None
        with contextlib.closing(connection):
            cursor = connection.cursor()
            return [asked(cursor, MATERIAL["many"]), asked(cursor, MATERIAL["select_types"])]


if __name__ == "__main__":
    version = importlib.metadata.version(DISTRIBUTIONS.get(sys.argv[1], sys.argv[1]))
    play(version, Trials(DRIVERS[sys.argv[1]]()))
