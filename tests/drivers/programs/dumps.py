"""``python dumps.py mysqldump|mariadb-dump|mydumper CLIENT [DUMP...]``: a database is dumped and loaded.

CLIENT is one argument, the client's command line as JSON; what is behind it is the dump program's own. What a dump
holds is compared line by line; so is a dump of what was loaded from it.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import pymysql
from playing import HOW, MATERIAL, play, short

NAME, CLIENT, DUMP = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
COPY = f"{HOW['database']}_copy"
LOGIN = [f"--host={HOW['host']}", f"--port={HOW['port']}", f"--user={HOW['user']}", f"--password={HOW['password']}"]
VERIFIED = {
    "mysqldump": ["--ssl-mode=VERIFY_CA", f"--ssl-ca={HOW['ca']}"],
    "mariadb-dump": ["--ssl", "--ssl-verify-server-cert", f"--ssl-ca={HOW['ca']}"],
}
ALWAYS = {
    "mysqldump": ["--column-statistics=0", "--set-gtid-purged=OFF", "--no-tablespaces"],
    "mariadb-dump": [],
}


def connect(**more):
    login = {"host": HOW["host"], "port": HOW["port"], "user": HOW["user"], "password": HOW["password"]}
    return pymysql.connect(**login, charset="utf8mb4", autocommit=True, **more)


def fill():
    """Rows of every kind, and one that is nearly as long as a packet may be."""
    with connect(database=HOW["database"]) as connection, connection.cursor() as cursor:
        for sql in ["DELETE FROM types", "DELETE FROM notes", "DELETE FROM texts", *MATERIAL["types"]]:
            cursor.execute(sql)
        cursor.executemany("INSERT INTO texts (id, t) VALUES (%s, %s)", list(enumerate(MATERIAL["unicode"], 1)))
        cursor.executemany("INSERT INTO notes (id, t) VALUES (%s, %s)", [(n, f"n{n}") for n in range(1, 500)])
        cursor.execute("INSERT INTO blobs VALUES (1, REPEAT('0123456789', 100000))")
        cursor.execute("CREATE OR REPLACE VIEW some AS SELECT id, t FROM notes WHERE id < 9")


def ran(command, **streams):
    """What a program printed, and what it said beside; its end must be good."""
    done = subprocess.run(command, capture_output=True, timeout=60, **streams)
    if done.returncode:
        raise RuntimeError(f"{command[-3:]} ended with {done.returncode}: {done.stderr.decode()[-1000:]}")
    return done.stdout


def lines(text):
    return [short(line) for line in text.decode(errors="backslashreplace").split("\n")]


class SQL:
    """A dump that is one text."""

    def _dump(self, *options, schema=HOW["database"]):
        always = ["--skip-comments", "--default-character-set=utf8mb4", "--max-allowed-packet=64M", *ALWAYS[NAME]]
        return ran([*DUMP, *LOGIN, *always, *options, schema])

    def dump(self):
        fill()
        whole = ("--single-transaction", "--routines", "--triggers", "--events", "--hex-blob")
        return [lines(self._dump(*options)) for options in (whole, ("--skip-extended-insert", "--complete-insert"))]

    def locked(self):
        return [lines(self._dump(*options)) for options in (("--lock-all-tables",), ("--lock-tables", "--skip-quick"))]

    def part(self):
        rows = ("--where=id < 3", "--no-create-info")
        return [lines(self._dump(*options)) for options in (rows, (*rows, "--xml"), ("--no-data",))]

    def load(self):
        original = self._dump("--single-transaction", "--routines", "--hex-blob")
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {COPY}")
            cursor.execute(f"CREATE DATABASE {COPY} CHARACTER SET utf8mb4")
        ran([*CLIENT, *LOGIN, "--default-character-set=utf8mb4", "--max-allowed-packet=64M", COPY], input=original)
        again = self._dump("--single-transaction", "--routines", "--hex-blob", schema=COPY)
        return again.replace(COPY.encode(), HOW["database"].encode()) == original

    def errors(self):
        missing = [*DUMP, *LOGIN, *ALWAYS[NAME], "no_such_database"]
        absent = [*DUMP, *LOGIN, *ALWAYS[NAME], HOW["database"], "no_such_table"]
        done = [subprocess.run(command, capture_output=True, timeout=60) for command in (missing, absent)]
        return [[each.returncode, each.stderr.decode().splitlines()] for each in done]

    def tls(self):
        return lines(self._dump(*VERIFIED[NAME]))

    def compression(self):
        return lines(self._dump("--compress"))


class Folder:
    """A dump that is a folder of files: mydumper's, and myloader for the way back."""

    def _dump(self, *options, schema=HOW["database"]):
        """The text of each file; of the metadata only the names, for it tells the time."""
        with tempfile.TemporaryDirectory(prefix="forebay-dump-") as folder:
            # One thread, for with the one that watches over them it takes all of the pool.
            ran(["mydumper", *LOGIN, "--threads=1", f"--outputdir={folder}", f"--database={schema}", *options])
            files = sorted(pathlib.Path(folder).iterdir())
            return {file.name: b"" if file.name == "metadata" else file.read_bytes() for file in files}

    def dump(self):
        fill()
        whole = self._dump("--routines", "--triggers", "--events")
        return [[name, lines(text)] for name, text in whole.items()]

    def locked(self):
        # Not --less-locking: it takes a third server connection, and they are two.
        return [list(map(lines, self._dump(how).values())) for how in ("--no-locks", "--trx-consistency-only")]

    def part(self):
        return [[name, lines(text)] for name, text in self._dump("--rows=100", "--regex=notes|texts").items()]

    def load(self):
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {COPY}")
        with tempfile.TemporaryDirectory(prefix="forebay-dump-") as folder:
            ran(["mydumper", *LOGIN, "--threads=1", f"--outputdir={folder}", f"--database={HOW['database']}"])
            ran(["myloader", *LOGIN, "--threads=1", f"--directory={folder}", f"--database={COPY}"])
        original, again = self._dump(), self._dump(schema=COPY)
        renamed = {name.replace(COPY, HOW["database"]): text for name, text in again.items()}
        rows = [name for name in original if re.search(r"\.\w+\.sql$", name) and "schema" not in name]
        return [rows, [renamed.get(name) == original[name] for name in rows]]

    def compression(self):
        return [[name, lines(text)] for name, text in self._dump("--compress-protocol").items()]


if __name__ == "__main__":
    version = subprocess.run([*(DUMP or [NAME]), "--version"], capture_output=True, text=True, check=True).stdout
    play(re.search(r"\d+\.\d+\.\d+", version)[0], SQL() if DUMP else Folder())
