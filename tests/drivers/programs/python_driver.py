"""``python python_driver.py DRIVER``: one Python driver does all trials and prints what each showed, as JSON.

The trials' names are those of every program in this folder; a value's kind is part of what it is, so each is printed
with its type. What a driver does not have it leaves out.
"""

from __future__ import annotations

import contextlib
import datetime
import decimal
import importlib.metadata
import sys
import threading
import warnings

from adapters import DRIVERS, plain
from playing import MATERIAL, play

# Drivers turn some of the server's warnings into Python's.
warnings.simplefilter("ignore")


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

    def _open(self, **more):
        return contextlib.closing(self.driver.connect(**more))

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
        if not self.driver.prepares:
            return None
        with self._open() as connection:
            cursor = connection.cursor(prepared=True)
            seen = [asked(cursor, MATERIAL["select_types"]), self.driver.described(cursor)]
            cursor = connection.cursor(prepared=True)
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
            if self.driver.prepares:
                cursors.append(connection.cursor(prepared=True))
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
        with self._open(**self.driver.multi) as connection:
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
            if not cursor.nextset():
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
        with self._open(**self.driver.tls()) as connection:
            cursor = connection.cursor()
            return [asked(cursor, "SELECT 1 + 1"), asked(cursor, MATERIAL["select_types"])]

    def compression(self):
        if not self.driver.compresses:
            return None
        with self._open(compress=True) as connection:
            cursor = connection.cursor()
            return [asked(cursor, MATERIAL["many"]), asked(cursor, MATERIAL["select_types"])]


if __name__ == "__main__":
    distribution, driver = DRIVERS[sys.argv[1]]
    play(importlib.metadata.version(distribution), Trials(driver()))
