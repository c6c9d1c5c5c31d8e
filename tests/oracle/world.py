"""Where cases are played: one server, a Forebay before it, and for each client the same schemas twice.

A client's own schema ``orap_N`` holds the tables t and u and the routines below, ``orap_N_b`` another t. ``reset``
brings both sides back to that, so a case finds always the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pymysql
import pymysql.cursors

from proxy.wire import constants as c
from proxy.wire.auth import Credentials
from tests import servers
from tests.oracle.case import schema
from tests.oracle.client import DIRECT, SHARED, OracleClient
from tests.oracle.kinds import Kind
from tests.oracle.oracle_daemon import OracleDaemon
from tests.servers import APP, Server, User
from tests.whole.daemon import wait_until

OTHER = User("other", "app-password")
# One part of the table cache: behind an explicit id InnoDB goes on by the auto_increment_increment of whoever last had
# an id generated with the same open table, so with several parts direct play hangs on the numbers of its connections.
_ONE_CACHE = "--table-open-cache-instances=1"
OPTIONS = [
    "--lock-wait-timeout=20",
    "--innodb-lock-wait-timeout=20",
    "--log-bin-trust-function-creators=ON",
    _ONE_CACHE,
]
# What a session needs on MySQL to see which user variables its routines have set.
TELLING = ["--performance-schema=ON", "--performance-schema-instrument=%=OFF"]

_TABLES = """
CREATE DATABASE {s} CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE {s}_b CHARACTER SET latin1 COLLATE latin1_swedish_ci;
CREATE TABLE {s}.t (id INT AUTO_INCREMENT PRIMARY KEY, n INT, s VARCHAR(30), k INT UNIQUE) ENGINE=InnoDB;
CREATE TABLE {s}.u (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, d DECIMAL(10,3), b VARBINARY(20), m DATETIME)
    ENGINE=InnoDB;
CREATE TABLE {s}_b.t (id INT AUTO_INCREMENT PRIMARY KEY, n TINYINT NOT NULL, w VARCHAR(10)) ENGINE=InnoDB;
CREATE VIEW {s}.v AS SELECT id, n FROM {s}.t WHERE n > 1
"""

# MySQL warns of SQL_CALC_FOUND_ROWS once more where a table of a routine has been flushed or altered since the routine
# ran on that connection, so that one reads none.
_ROUTINES = """
CREATE PROCEDURE {s}.p_set(x INT) SET @p = x, @pp = CONCAT('p', x)

CREATE PROCEDURE {s}.p_into() SELECT COUNT(*), 'q' INTO @p, @q FROM t

CREATE PROCEDURE {s}.p_mode() SET sql_mode = 'ANSI_QUOTES'

CREATE PROCEDURE {s}.p_zone(z VARCHAR(20)) SET time_zone = z

CREATE PROCEDURE {s}.p_unscoped() BEGIN SET @@time_zone = '+07:00'; SET @@div_precision_increment = 5; END

CREATE PROCEDURE {s}.p_insert(x INT) INSERT INTO t (n) VALUES (x)

CREATE PROCEDURE {s}.p_out(IN a INT, OUT b INT, INOUT c INT) BEGIN SET b = a + 1; SET c = c + a; DO 0; END

CREATE PROCEDURE {s}.p_two() BEGIN SELECT 1 AS one; SELECT id, n FROM t WHERE id < 3 ORDER BY id; END

CREATE PROCEDURE {s}.p_fail(x INT) BEGIN SET @before = x; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'as asked'; END

CREATE PROCEDURE {s}.p_warn() BEGIN DECLARE a TINYINT; SELECT CAST('7x' AS SIGNED) INTO @w; SIGNAL SQLSTATE
    '01000' SET MESSAGE_TEXT = 'beware'; END

CREATE PROCEDURE {s}.p_temporary() CREATE TEMPORARY TABLE IF NOT EXISTS x_hidden (a INT)

CREATE PROCEDURE {s}.p_found() SELECT SQL_CALC_FOUND_ROWS id FROM (SELECT 1 id UNION SELECT 2 UNION SELECT 3) x LIMIT 1

CREATE PROCEDURE {s}.p_handled() BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET @h = 'handled'; INSERT INTO
    t (id) VALUES (1); END

CREATE FUNCTION {s}.f_set(x INT) RETURNS INT DETERMINISTIC BEGIN SET @f = x; RETURN x * 2; END

CREATE FUNCTION {s}.f_insert(x INT) RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO t (n) VALUES (x); RETURN
    LAST_INSERT_ID(); END

CREATE FUNCTION {s}.f_id(x INT) RETURNS INT DETERMINISTIC RETURN LAST_INSERT_ID(x)

CREATE FUNCTION {s}.f_plain(x INT) RETURNS INT DETERMINISTIC RETURN x + 1

CREATE TRIGGER {s}.t_count BEFORE INSERT ON {s}.u FOR EACH ROW SET @triggered = COALESCE(@triggered, 0) + 1
"""

# Objects that scripts make have these names only.
_RESET = """
DROP TABLE IF EXISTS {s}.made_1, {s}.made_2, {s}.renamed, {s}_b.made_1;
DROP DATABASE IF EXISTS {s}_c;
DELETE FROM {s}.t; ALTER TABLE {s}.t AUTO_INCREMENT = 1;
INSERT INTO {s}.t (n, s, k) VALUES (1, 'one', 10), (2, 'two', 20), (3, NULL, 30), (3, 'drei', NULL);
DELETE FROM {s}.u; ALTER TABLE {s}.u AUTO_INCREMENT = 1;
INSERT INTO {s}.u (d, b, m) VALUES (1.5, x'00FF', '2024-02-29 12:34:56'), (NULL, 'text', NULL);
DELETE FROM {s}_b.t; ALTER TABLE {s}_b.t AUTO_INCREMENT = 1;
INSERT INTO {s}_b.t (n, w) VALUES (7, 'sept'), (8, 'huit')
"""


class World:
    """``places``: how many clients have schemas. Resetting them all takes about a tenth of a second."""

    def __init__(self, server: Server, places: int) -> None:
        self.server = server
        self.daemon: OracleDaemon | None = None
        self.admins = [server.connect(client_flag=c.CLIENT_MULTI_STATEMENTS, charset="utf8mb4") for _ in range(places)]
        self.threads = ThreadPoolExecutor(4)
        if server.flavour == "mysql":
            self._run(0, "INSTALL COMPONENT 'file://component_query_attributes'")
        self._each(range(places), self._make)

    @contextlib.contextmanager
    def forebay(self, pool: int, fault: str = "") -> Iterator[OracleDaemon]:
        """A Forebay before the server, for the time of a ``with`` block."""
        with OracleDaemon.running(self.server.port, pool, fault) as self.daemon:
            yield self.daemon

    def _each(self, places: Iterable[int], act: Callable[[int], None]) -> None:
        list(self.threads.map(act, places))

    def _make(self, place: int) -> None:
        for name in names(place):
            self._run(place, _TABLES.format(s=name))
            self.admins[place].select_db(name)
            for line in _ROUTINES.format(s=name).strip().split("\n\n"):
                self._run(place, line)

    def _run(self, place: int, sql: str) -> None:
        with self.admins[place].cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def reset(self, places: Iterable[int]) -> None:
        """The schemas of these clients as they were at the beginning, on both sides."""
        self._end_branches()
        self._each(places, lambda place: self._run(place, ";".join(_RESET.format(s=name) for name in names(place))))

    def _end_branches(self) -> None:
        """A case that was cut short may leave prepared XA transactions, which outlive their connections.

        MariaDB was seen to answer XA RECOVER itself with 1402, that a branch was rolled back: then it is asked again,
        and each time on a connection that had no branch before.
        """

        def ended() -> bool:
            with contextlib.closing(self.server.connect()) as admin, admin.cursor() as cursor:
                try:
                    cursor.execute("XA RECOVER")
                except pymysql.err.OperationalError:
                    return False
                for _, _, _, xid in cursor.fetchall():
                    with contextlib.suppress(pymysql.err.OperationalError):  # its connection has ended it meanwhile
                        cursor.execute("XA ROLLBACK %s", (xid,))
            return True

        wait_until(ended, "XA RECOVER is answered", 60)

    def refresh(self) -> None:
        """Close Forebay's server connections, so that it opens new ones, which remember nothing.

        MySQL forgets a KILL that comes while a connection is being reset: then it is told again.
        """
        assert self.daemon is not None
        listed = "SELECT id FROM information_schema.processlist WHERE user IN (%s, %s)"
        with self.admins[0].cursor() as cursor:

            def there() -> set[int]:
                cursor.execute(listed, (APP.name, OTHER.name))
                return {row[0] for row in cursor.fetchall()}

            def ended() -> bool:
                left = there() & old
                for number in left:
                    with contextlib.suppress(pymysql.err.MySQLError):  # it has gone by itself
                        cursor.execute(f"KILL {number}")
                return not left

            old = there()
            wait_until(ended, "connections that are killed end", 60)
        self.daemon.get("/healthz")  # what the loop answers after it has seen the ends

    def connect_directly(self, kind: Kind, client: int) -> OracleClient:
        return self._connect((self.server.host, self.server.port), kind, client, DIRECT)

    def connect_through(self, kind: Kind, client: int) -> OracleClient:
        assert self.daemon is not None
        return self._connect(("127.0.0.1", self.daemon.port), kind, client, SHARED)

    def _connect(self, address: tuple[str, int], kind: Kind, client: int, prefix: bytes) -> OracleClient:
        credentials = Credentials.from_password(APP.name, APP.password.encode())
        return OracleClient(address, kind, credentials, schema(client), prefix)

    def close(self) -> None:
        self.threads.shutdown()
        for admin in self.admins:
            admin.close()


def names(place: int) -> list[str]:
    """A client's schema on either side."""
    return [schema(place), schema(place).replace(SHARED.decode(), DIRECT.decode())]


@contextlib.contextmanager
def open_world(flavour: str, clients: int) -> Iterator[World]:
    """A server with everything in place; a Forebay is still to be started."""
    options = OPTIONS if flavour == "mariadb" else [*OPTIONS, *TELLING]
    with servers.make(flavour, users=[APP, OTHER], options=options) as server:
        world = World(server, clients)
        try:
            yield world
        finally:
            world.close()
