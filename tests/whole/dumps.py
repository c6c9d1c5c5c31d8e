"""A database of many kinds of things, dumped and loaded again by the command lines, directly and through a daemon.

``python -m tests.whole.dumps --megabytes 100`` does it at size on both servers; exit status 1 when anything differed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from tests import servers
from tests.servers import APP, FLAVOURS, Server
from tests.whole.daemon import Daemon, running

ORIGINAL, COPY = "dump_original", "dump_copy"
BYTES_A_ROUND = 24_000  # about what one row of each table and its children take
SETUP = (
    """CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL,
        born DATE, balance DECIMAL(20, 4), notes TEXT, created TIMESTAMP(6) DEFAULT CURRENT_TIMESTAMP(6),
        UNIQUE (name))""",
    """CREATE TABLE orders (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, customer INT NOT NULL,
        state ENUM('new', 'päid', 'sent') NOT NULL, total DOUBLE, details JSON,
        FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE)""",
    """CREATE TABLE items (order_id BIGINT UNSIGNED, line SMALLINT, sku VARBINARY(16), price DECIMAL(10, 2),
        twice DECIMAL(11, 2) AS (price * 2) STORED, PRIMARY KEY (order_id, line), KEY (sku),
        FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE)""",
    "CREATE TABLE documents (id INT PRIMARY KEY, body LONGBLOB, place POINT)",
    """CREATE TABLE oddities (`a ``quoted`` name` INT, `ключ` VARCHAR(20) CHARACTER SET latin1, bits BIT(9),
        flags SET('a', 'b'), y YEAR, t TIME(3)) COMMENT 'it''s "odd"'""",
    """INSERT INTO oddities VALUES (NULL, 'Zürich\\0\\n', b'101', 'a,b', 2001, '-10:00:00.5'),
        (-1, '\\\\''"', 0, '', NULL, NULL)""",
    "CREATE VIEW debtors AS SELECT id, name FROM customers WHERE balance < 0",
    "CREATE TRIGGER named BEFORE INSERT ON customers FOR EACH ROW SET NEW.name = TRIM(NEW.name)",
    "CREATE PROCEDURE how_many(OUT n INT) SELECT COUNT(*) INTO n FROM customers",
    "CREATE FUNCTION half(n INT) RETURNS INT DETERMINISTIC RETURN n DIV 2",
)


def fill(server: Server, megabytes: float) -> None:
    """The original, of about this size; the same at every call."""
    server.execute(f"DROP DATABASE IF EXISTS {ORIGINAL}")
    server.execute(f"CREATE DATABASE {ORIGINAL} CHARACTER SET utf8mb4")
    with server.connect(database=ORIGINAL, charset="utf8mb4", autocommit=False) as connection:
        cursor = connection.cursor()
        for sql in SETUP:
            cursor.execute(sql)
        for n in range(1, max(2, int(megabytes * 1e6 / BYTES_A_ROUND)) + 1):
            name, text = f"Kundin {n} 語😀", f"line {n}\n'quoted' \\ back ü " * 40
            cursor.execute(
                "INSERT INTO customers VALUES (%s, %s, '1970-01-01' + INTERVAL %s DAY, %s, %s, %s)",
                (n, name, n % 20000, (n % 7 - 3) * 1234.5678, text, "2001-02-03 04:05:06.789"),
            )
            orders = [(n, ("new", "päid", "sent")[i % 3], i / 3, f'{{"n": [{i}, null], "é": "ü"}}') for i in range(10)]
            cursor.executemany("INSERT INTO orders (customer, state, total, details) VALUES (%s, %s, %s, %s)", orders)
            first = cursor.lastrowid
            lines = [
                (first + i, line, bytes((n % 256, i, line)) * 5, line * 9.99) for i in range(10) for line in range(9)
            ]
            cursor.executemany("INSERT INTO items (order_id, line, sku, price) VALUES (%s, %s, %s, %s)", lines)
            body = bytes((n * i) % 256 for i in range(251)) * 60
            cursor.execute("INSERT INTO documents VALUES (%s, %s, POINT(%s, 1))", (n, body, n))
            connection.commit()


def client_commands(server: Server, port: int) -> tuple[list[str], list[str]]:
    """The command lines of the dump and of the client that belong to a server."""
    login = ["--host=127.0.0.1", f"--port={port}", f"--user={APP.name}", f"--password={APP.password}"]
    what = ["--single-transaction", "--routines", "--triggers", "--hex-blob", "--skip-dump-date", "--skip-comments"]
    dump = server.dump_command(*login, *what, "--max-allowed-packet=64M", "--default-character-set=utf8mb4")
    client = server.client_command(*login, "--default-character-set=utf8mb4")
    return dump, client


def dump(server: Server, port: int, schema: str, into: Path) -> None:
    with into.open("wb") as file:
        _run([*client_commands(server, port)[0], schema], stdout=file)


def load(server: Server, port: int, schema: str, source: Path) -> None:
    server.execute(f"DROP DATABASE IF EXISTS {schema}")
    server.execute(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4")
    with source.open("rb") as file:
        _run([*client_commands(server, port)[1], schema], stdin=file)


def _run(command: list[str], **streams: IO[bytes]) -> None:
    done = subprocess.run(command, **streams, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()


def round_trip(server: Server, daemon: Daemon, folder: Path) -> int:
    """Dump and load through the daemon; everything must be as it was. Returns the dump's size in bytes.

    What was loaded is compared by a direct dump of it, line by line: CHECKSUM TABLE of MariaDB differs after a direct
    load, too, where a table has a stored generated column.
    """
    directly, through, again = folder / "directly.sql", folder / "through.sql", folder / "again.sql"
    dump(server, server.port, ORIGINAL, directly)
    dump(server, daemon.port, ORIGINAL, through)
    assert _same(directly, through), "the dump through Forebay differs from a direct one"
    load(server, daemon.port, COPY, through)
    dump(server, server.port, COPY, again)
    assert _same(directly, again, (ORIGINAL.encode(), COPY.encode())), "the copy is not what was dumped"
    return directly.stat().st_size


def _same(one: Path, other: Path, renamed: tuple[bytes, bytes] = (b"", b"")) -> bool:
    with one.open("rb") as mine, other.open("rb") as theirs:
        lines = (line.replace(*renamed) if renamed[0] else line for line in mine)
        return all(left == right for left, right in zip(lines, theirs, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.whole.dumps", description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=float, default=100.0)
    arguments = parser.parse_args()
    for flavour in sorted(FLAVOURS):
        with (
            servers.make(flavour, users=[APP], options=["--max-allowed-packet=64M"]) as server,
            running(server.port) as daemon,
            tempfile.TemporaryDirectory(prefix="forebay-dump-") as folder,
        ):
            fill(server, arguments.megabytes)
            began = time.monotonic()
            size = round_trip(server, daemon, Path(folder))
            print(f"{flavour:<8} {size / 1e6:.1f} MB of SQL, the same; {time.monotonic() - began:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
