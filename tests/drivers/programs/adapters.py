"""The Python drivers behind one face: what each calls a thing that all of them have, and what each does not have.

Decides: options of connections, kinds of cursors, where warnings are found. Does not know: the trials.
"""

import asyncio
import contextlib
import ssl

from playing import HOW, short

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
    prepares = False  # with cursor(prepared=True)
    compresses = False  # with connect(compress=True)

    def __init__(self):
        import pymysql
        from pymysql.constants import CLIENT
        from pymysql.cursors import SSCursor

        self.module, self.error, self.unbuffered = pymysql, pymysql.MySQLError, SSCursor
        self.multi = {"client_flag": CLIENT.MULTI_STATEMENTS}

    def tls(self):
        return {"ssl": {"ca": HOW["ca"]}}

    def connect(self, **more):
        return self.module.connect(**LOGIN, database=HOW["database"], charset="utf8mb4", **more)

    def streaming(self, connection):
        """A cursor whose rows come as they are read."""
        return connection.cursor(self.unbuffered)

    def described(self, cursor):
        return [list(map(plain, column)) for column in cursor.description or ()]

    def warnings(self, connection, cursor):
        return [plain(connection.show_warnings()), plain(getattr(cursor, "warning_count", None))]


class MySQLClient(PyMySQL):
    compresses = True

    def __init__(self):
        import MySQLdb
        from MySQLdb.constants import CLIENT
        from MySQLdb.cursors import SSCursor

        self.module, self.error, self.unbuffered = MySQLdb, MySQLdb.MySQLError, SSCursor
        self.multi = {"client_flag": CLIENT.MULTI_STATEMENTS}


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


class Asynchronous(PyMySQL):
    """aiomysql, or asyncmy, which began as its copy."""

    def __init__(self, module, cursors, error):
        from pymysql.constants import CLIENT

        self.module, self.error, self.unbuffered = module, error, cursors.SSCursor
        self.multi = {"client_flag": CLIENT.MULTI_STATEMENTS}

    def tls(self):
        return {"ssl": ssl.create_default_context(cafile=HOW["ca"])}

    def connect(self, **more):
        loop = asyncio.new_event_loop()

        async def connect():
            return await self.module.connect(**LOGIN, db=HOW["database"], charset="utf8mb4", **more)

        return Waiting(loop.run_until_complete(connect()), loop)

    def warnings(self, connection, cursor):
        return [plain(connection.show_warnings())]


def aiomysql():
    import aiomysql
    import aiomysql.cursors
    import pymysql

    return Asynchronous(aiomysql, aiomysql.cursors, pymysql.MySQLError)


def asyncmy():
    import asyncmy
    import asyncmy.cursors
    import asyncmy.errors

    return Asynchronous(asyncmy, asyncmy.cursors, asyncmy.errors.MySQLError)


class Connector(PyMySQL):
    prepares = True
    compresses = True

    def __init__(self, pure):
        import mysql.connector

        self.module, self.error, self.pure = mysql.connector, mysql.connector.Error, pure
        self.multi = {}

    def streaming(self, connection):
        return connection.cursor(buffered=False)

    def tls(self):
        return {"ssl_disabled": False, "ssl_ca": HOW["ca"], "ssl_verify_cert": True}

    def connect(self, **more):
        return super().connect(use_pure=self.pure, **{"ssl_disabled": True, **more})

    def described(self, cursor):
        return [list(map(plain, column[:8])) for column in cursor.description or ()]

    def warnings(self, connection, cursor):
        count = cursor.warnings
        with contextlib.closing(connection.cursor()) as other:
            other.execute("SHOW WARNINGS")
            return [plain(other.fetchall()), plain(count)]


class MariaDB(PyMySQL):
    placeholder = "?"
    prepares = True
    compresses = True

    def __init__(self):
        import mariadb
        from mariadb.constants import CLIENT

        self.module, self.error = mariadb, mariadb.Error
        self.multi = {"client_flag": CLIENT.MULTI_STATEMENTS}

    def streaming(self, connection):
        return connection.cursor(buffered=False)

    def tls(self):
        return {"ssl": True, "ssl_ca": HOW["ca"], "ssl_verify_cert": True}

    def connect(self, **more):
        return self.module.connect(**LOGIN, database=HOW["database"], **more)

    def warnings(self, connection, cursor):
        return [plain(connection.show_warnings()), plain(cursor.warnings)]


# By key: the distribution, and what makes the driver.
DRIVERS = {
    "pymysql": ("pymysql", PyMySQL),
    "mysqlclient": ("mysqlclient", MySQLClient),
    "aiomysql": ("aiomysql", aiomysql),
    "asyncmy": ("asyncmy", asyncmy),
    "connector-python": ("mysql-connector-python", lambda: Connector(pure=True)),
    "connector-python-c": ("mysql-connector-python", lambda: Connector(pure=False)),
    "mariadb-python": ("mariadb", MariaDB),
}
