"""Bad days of a sidecar: the server dies, freezes, restarts or is not there; Forebay itself is drained or reloaded."""

from __future__ import annotations

import contextlib
import copy
import signal
import time
from collections.abc import Iterator

import pymysql
import pytest

from proxy.errors import ServerRefused
from proxy.wire.auth import Credentials, format_password_hash
from proxy.wire.constants import COM_QUERY
from proxy.wire.packets import parse_err
from tests import servers
from tests.servers import APP, Server, User
from tests.whole.daemon import Daemon, running, wait_until
from tests.whole.load import TABLE, Crowd, insert, prepare
from tests.whole.raw_client import RawClient, Refused

POOL = 3
# Killed servers must keep what they acknowledged, which costs a write for each commit but no wait for the disk.
DURABLE = ["--innodb-flush-log-at-trx-commit=2"]


@pytest.fixture(scope="module", params=sorted(servers.FLAVOURS))
def own(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server that these tests may kill."""
    try:
        server = servers.make(request.param, users=[APP], options=DURABLE).start()
    except servers.Unavailable as unavailable:
        pytest.skip(str(unavailable))
    yield server
    server.close()


@pytest.fixture
def target(own: Server) -> Server:
    """The same, up, with an empty table."""
    if not own.running:
        own.start()
    prepare(own)
    return own


def connect(daemon: Daemon, **arguments: object) -> pymysql.Connection:
    login = {"user": APP.name, "password": APP.password, "autocommit": True}
    return pymysql.connect(host="127.0.0.1", port=daemon.port, **{**login, "read_timeout": 30, **arguments})


def ask(connection: pymysql.Connection, sql: str) -> tuple[tuple[object, ...], ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return tuple(cursor.fetchall())


def ready(daemon: Daemon) -> bool:
    return daemon.get("/readyz") == (200, "ready\n")


# The server.


def killed_and_back(daemon: Daemon, crowd: Crowd, server: Server) -> float:
    """Kill the server and start it again; seconds from its first direct answer until Forebay's."""
    server.kill()
    wait_until(lambda: daemon.get("/readyz")[0] == 503, "/readyz says no")
    wait_until(lambda: str(server.port) in daemon.get("/readyz")[1], "/readyz says why")
    assert daemon.get("/healthz")[0] == 200
    server.start()
    answered = time.monotonic()
    wait_until(lambda: crowd.last_success > answered, "a statement succeeds again")
    return crowd.last_success - answered


def test_killed_under_load(target: Server) -> None:
    changes = {"pool": {"max_connections": POOL, "borrow_timeout": "60s"}}
    with running(target.port, changes) as daemon:
        took = []
        with Crowd(daemon.port, writers=5, transactions=3, readers=4, comers=2) as crowd:
            while not took or (took[-1] >= 1.0 and len(took) < 3):  # once, unless the machine was busy elsewhere
                crowd.wait_for_more(50)
                took.append(killed_and_back(daemon, crowd, target))
                crowd.wait_for_more(50)
        assert min(took) < 1.0
        wait_until(lambda: ready(daemon), "/readyz says yes again")
    # Each of the server connections that died had one statement or transaction at most; reads are asked again.
    assert len(crowd.failures) <= POOL * len(took), crowd.failures
    assert {failure.number for failure in crowd.failures} <= {1158, 2013}, crowd.failures
    assert "SELECT" not in {failure.what for failure in crowd.failures}
    crowd.check(target)


def test_restarted_politely_under_load(target: Server) -> None:
    changes = {"pool": {"max_connections": POOL, "borrow_timeout": "60s"}}
    with running(target.port, changes) as daemon:
        with Crowd(daemon.port, writers=4, transactions=3, readers=2, comers=2) as crowd:
            crowd.wait_for_more(50)
            target.restart()
            crowd.wait_for_more(50)
        wait_until(lambda: ready(daemon), "/readyz says yes again")
    # Nothing waits for its deadline, and nobody is refused at the door.
    assert not [failure for failure in crowd.failures if failure.number not in (1053, 1158, 1927, 2013)], crowd.failures
    assert len(crowd.failures) <= 2 * POOL, crowd.failures
    crowd.check(target)


def test_frozen_and_continued(target: Server) -> None:
    changes = {"pool": {"max_connections": POOL, "borrow_timeout": "2s"}}
    with running(target.port, changes) as daemon:
        held = [connect(daemon) for _ in range(POOL)]
        for connection in held:
            ask(connection, "BEGIN")
        target.pause()
        try:
            with RawClient(daemon) as late, pytest.raises(Refused, match=r"3 in use.*3 in transactions") as refused:
                late.ask("SELECT 1")
            assert refused.value.number == 9501
            assert daemon.get("/healthz")[0] == 200
        finally:
            target.resume()
        for number, connection in enumerate(held):
            ask(connection, insert(number, 1, 2))
            connection.commit()
            connection.close()
        with Crowd(daemon.port, writers=4, transactions=2) as crowd:
            crowd.wait_for_more(20)
            daemon.config["pool"]["borrow_timeout"] = "60s"
            daemon.write_config()
            daemon.signal(signal.SIGHUP)
            wait_until(lambda: "pool.borrow_timeout" in daemon.log(), "the reload")
            target.pause()
            try:
                wait_until(lambda: time.monotonic() - crowd.last_success > 0.5, "everybody waits")
            finally:
                target.resume()
            crowd.wait_for_more(20)
        assert not [failure for failure in crowd.failures if failure.number != 9501]
    assert target.execute(f"SELECT COUNT(*) FROM {TABLE} WHERE id < {POOL}") >= ((2 * POOL,),)


def test_frozen_with_somebody_waiting(target: Server) -> None:
    changes = {"pool": {"connect_timeout": "1s", "borrow_timeout": "60s"}}
    with running(target.port, changes) as daemon, RawClient(daemon) as client:
        client.ask("SELECT 1")
        target.pause()
        try:
            client.send(COM_QUERY, b"SELECT 2")
            wait_until(lambda: "does not answer" in daemon.get("/readyz")[1], "/readyz says why", 30.0)
            assert daemon.get("/readyz")[0] == 503
            assert daemon.get("/healthz")[0] == 200
            assert daemon.metric("forebay_target_up") == 0
        finally:
            target.resume()
        wait_until(lambda: ready(daemon), "/readyz says yes again", 30.0)
        assert "answers again" in daemon.log()


def test_frozen_with_nobody_waiting(target: Server) -> None:
    with running(target.port, {"pool": {"connect_timeout": "1s"}}) as daemon:
        target.pause()
        try:
            wait_until(lambda: "does not answer" in daemon.get("/readyz")[1], "/readyz says why", 60.0)
        finally:
            target.resume()
        wait_until(lambda: ready(daemon), "/readyz says yes again", 30.0)


def test_a_long_statement_is_no_trouble(target: Server) -> None:
    with running(target.port, {"pool": {"connect_timeout": "1s"}}) as daemon, RawClient(daemon) as client:
        assert client.ask("SELECT SLEEP(4)") == [["0"]]
        assert ready(daemon)
        assert "does not answer" not in daemon.log()


def test_not_there_at_start(target: Server) -> None:
    target.stop()
    changes = {"pool": {"borrow_timeout": "2s"}}
    with running(target.port, changes, ready=False) as daemon:
        wait_until(lambda: str(target.port) in daemon.get("/readyz")[1], "/readyz says why")
        assert daemon.get("/readyz")[0] == 503
        assert daemon.metric("forebay_target_up") == 0
        with RawClient(daemon) as client, RawClient(daemon, schema="crowd") as other:
            with pytest.raises(Refused, match=rf"127\.0\.0\.1:{target.port}") as refused:
                client.ask("SELECT 1")
            assert refused.value.number == 1429
            target.start()
            wait_until(lambda: ready(daemon), "/readyz says yes")
            assert daemon.metric("forebay_target_up") == 1
            assert client.one("SELECT DATABASE()") is None
            assert other.one("SELECT DATABASE()") == "crowd"


# Forebay: the end.


def refused_at_the_door(daemon: Daemon) -> bool:
    try:
        connect(daemon).close()
    except pymysql.err.OperationalError as error:
        return error.args[0] == 1053
    return False


def test_sigterm_under_load(target: Server) -> None:
    with (
        running(target.port, {"pool": {"max_connections": POOL}, "drain_timeout": "60s"}) as daemon,
        Crowd(daemon.port, transactions=8, writers=2, comers=2) as crowd,
        connect(daemon) as slow,
    ):
        crowd.wait_for_more(30)
        ask(slow, "BEGIN")
        ask(slow, insert(-1, 1))
        daemon.signal(signal.SIGTERM)
        wait_until(lambda: daemon.get("/readyz") == (503, "draining\n"), "/readyz says that it drains")
        assert refused_at_the_door(daemon)
        assert daemon.get("/healthz")[0] == 200
        crowd.join()
        assert daemon.metric("forebay_clients") == 1
        ask(slow, insert(-1, 2))
        slow.commit()
        crowd.acknowledged.add(-1)
        assert daemon.wait() == 0
    assert not [failure for failure in crowd.failures if failure.held], "an open transaction was cut"
    assert {failure.number for failure in crowd.failures} <= {0, 1053, 1158, 2003, 2006, 2013}, crowd.failures
    crowd.check(target)


def test_frozen_client_past_drain_timeout(target: Server) -> None:
    with running(target.port, {"drain_timeout": "500ms"}) as daemon, connect(daemon) as frozen:
        ask(frozen, "BEGIN")
        ask(frozen, insert(1, 1))
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
        assert "drain_timeout" in daemon.log()
        with pytest.raises(pymysql.err.OperationalError):
            ask(frozen, "COMMIT")
    wait_until(lambda: not target.execute("SELECT trx_id FROM information_schema.innodb_trx"), "the rollback")
    assert target.execute(f"SELECT * FROM {TABLE}") == ()


def test_sigterm_while_the_server_is_frozen(target: Server) -> None:
    with running(target.port, {"drain_timeout": "300ms"}) as daemon, connect(daemon) as client:
        ask(client, "BEGIN")
        target.pause()
        try:
            daemon.signal(signal.SIGTERM)
            assert daemon.wait() == 0
        finally:
            target.resume()


def test_drain_and_quit_over_http(target: Server) -> None:
    with running(target.port) as daemon, connect(daemon) as idle, connect(daemon) as busy:
        ask(busy, "BEGIN")
        ask(busy, insert(1, 1, 2))
        assert daemon.get("/drain", "POST")[0] == 202
        assert daemon.get("/readyz") == (503, "draining\n")
        assert refused_at_the_door(daemon)
        with pytest.raises(pymysql.err.OperationalError):
            ask(idle, "SELECT 1")
        busy.commit()
        wait_until(lambda: daemon.metric("forebay_clients") == 0, "all have left")
        assert daemon.get("/healthz")[0] == 200  # drained, and still here until told to quit
        assert daemon.get("/quitquitquit", "POST")[0] == 202
        assert daemon.wait() == 0
    assert target.execute(f"SELECT COUNT(*) FROM {TABLE}") == ((2,),)


# Forebay: another configuration.

CHANGES = {
    "users": [{"name": "app", "password": "app-password"}, {"name": "other", "password": "one"}],
    "pool": {"max_connections": 1, "borrow_timeout": "30s"},
    "clients": {"idle_timeout": "30m"},
}


@pytest.fixture(scope="module")
def one_for_all(own: Server) -> Iterator[Daemon]:
    """A daemon with two users and a pool of one."""
    if not own.running:
        own.start()
    own.create_user(User("late", "late-password"))
    own.create_user(User("other", "one"))
    with running(own.port, copy.deepcopy(CHANGES)) as daemon:
        yield daemon


@pytest.fixture
def reloading(one_for_all: Daemon, target: Server) -> Daemon:
    """The same, with the configuration that it began with."""
    one_for_all.config |= copy.deepcopy(CHANGES)
    one_for_all.write_config()
    reload(one_for_all, "configuration reloaded")
    wait_until(lambda: ready(one_for_all), "/readyz says yes")
    return one_for_all


def reload(daemon: Daemon, *words: str) -> None:
    """SIGHUP, and wait until a new line of the log holds all the words."""
    seen = len(daemon.log())
    daemon.signal(signal.SIGHUP)

    def told() -> bool:
        return any(all(word in line for word in words) for line in daemon.log()[seen:].splitlines())

    wait_until(told, f"the log says {words}")


def servers_in_use(daemon: Daemon, wanted: int) -> list[RawClient]:
    """So many clients inside a transaction, each with a server connection of its own."""
    clients = [RawClient(daemon) for _ in range(wanted)]
    for client in clients:
        client.ask("BEGIN")
    return clients


def test_reload_grows_and_shrinks_the_pool(reloading: Daemon) -> None:
    with contextlib.ExitStack() as stack:
        (first,) = servers_in_use(reloading, 1)
        waiting = stack.enter_context(RawClient(reloading))
        reloading.config["pool"] |= {"borrow_timeout": "300ms"}
        reloading.write_config()
        reload(reloading, "reloaded", "pool.borrow_timeout")
        assert waiting.refused("SELECT 1") == 9501
        reloading.config["pool"] |= {"max_connections": 3, "borrow_timeout": "20s"}
        reloading.write_config()
        reload(reloading, "reloaded", "pool.borrow_timeout", "pool.max_connections")
        more = servers_in_use(reloading, 2)
        assert reloading.metric("forebay_servers_allowed") == 3
        assert reloading.metric("forebay_pool_servers", state="lent") == 3
        reloading.config["pool"] |= {"max_connections": 1}
        reloading.write_config()
        reload(reloading, "reloaded", "pool.max_connections")
        assert reloading.metric("forebay_pool_servers", state="lent") == 3  # nobody's transaction is cut
        for client in (first, *more):
            client.ask("COMMIT")
            client.close()
        wait_until(lambda: reloading.metric("forebay_pool_servers") == 1, "the pool has shrunk")
        assert waiting.one("SELECT 1") == "1"


def test_reload_shortens_the_silence_of_those_who_are_here_already(reloading: Daemon) -> None:
    with RawClient(reloading) as silent:
        reloading.config["clients"] |= {"idle_timeout": "200ms"}
        reloading.write_config()
        reload(reloading, "reloaded", "clients.idle_timeout")
        assert parse_err(silent.read(), silent.capabilities).number == 4031


def test_reload_takes_other_users(reloading: Daemon) -> None:
    with RawClient(reloading, "other", "one") as there:
        assert there.one("SELECT 1") == "1"
        reloading.config["users"][1]["password"] = "two"
        reloading.config["users"].append({"name": "new", "password": "new-password", "server_user": "app"})
        reloading.config["users"][2]["server_password"] = APP.password
        reloading.write_config()
        reload(reloading, "reloaded", "users[other].password", "users[new]")
        with RawClient(reloading, "new", "new-password") as new:
            assert new.one("SELECT CURRENT_USER()") == "app@%"
        with pytest.raises(ServerRefused, match="Access denied"):
            RawClient(reloading, "other", "one")
        RawClient(reloading, "other", "two").close()


def test_reload_forgets_nothing_of_a_hash(reloading: Daemon, target: Server) -> None:
    target.connect(user="late", password="late-password").close()  # MySQL wants to have seen the password itself once
    known = format_password_hash(Credentials.from_password("late", b"late-password"))
    if target.flavour == "mariadb":
        known = known.split()[0]  # mysql_native_password's: the client has to show the password, by RSA
    reloading.config["users"].append({"name": "late", "password_hash": known})
    reloading.write_config()
    reload(reloading, "reloaded", "users[late]")
    with RawClient(reloading, "late", "late-password") as client:
        assert client.one("SELECT CURRENT_USER()") == "late@%"
        reload(reloading, "reloaded", "nothing changed")
        assert reloading.metric("forebay_pool_closed_total", pool="late", reason="credentials_changed") == 0
        with RawClient(reloading) as other:
            assert other.one("SELECT CURRENT_USER()") == f"{APP.name}@%"  # it takes the only place
        assert client.one("SELECT CURRENT_USER()") == "late@%"  # so this one logs in anew


def test_reloaded_password_reaches_the_server(reloading: Daemon, target: Server) -> None:
    def closed() -> float:
        return reloading.metric("forebay_pool_closed_total", pool="other", reason="credentials_changed")

    with RawClient(reloading, "other", "one") as before:
        before.ask("SELECT 1")
        closed_before = closed()
        target.execute("ALTER USER other IDENTIFIED BY 'two'")
        try:
            reloading.config["users"][1]["password"] = "two"
            reloading.write_config()
            reload(reloading, "reloaded", "users[other].password")
            with RawClient(reloading, "other", "two") as after:
                assert after.one("SELECT CURRENT_USER()") == "other@%"
                assert before.one("SELECT CURRENT_USER()") == "other@%"
            assert closed() == closed_before + 1
        finally:
            target.execute("ALTER USER other IDENTIFIED BY 'one'")


def test_reload_of_a_bad_file_changes_nothing(reloading: Daemon) -> None:
    with RawClient(reloading) as client:
        good = reloading.config_path.read_text()
        reloading.config["pool"] |= {"max_connections": 5, "max_conections": 5}
        reloading.write_config()
        reload(reloading, "ERROR", "not reloaded", "pool.max_conections")
        reloading.config_path.write_text("{")
        reload(reloading, "ERROR", "not reloaded", str(reloading.config_path))
        reloading.config_path.unlink()
        reload(reloading, "ERROR", "not reloaded", str(reloading.config_path))
        assert client.one("SELECT 1") == "1"
        assert reloading.metric("forebay_servers_allowed") == 1
        reloading.config_path.write_text(good)
        reload(reloading, "reloaded", "nothing changed")


def test_reload_names_what_cannot_change(reloading: Daemon, target: Server) -> None:
    reloading.config["target"]["address"] = "127.0.0.1:1"
    reloading.config["pool"] |= {"max_connections": 2}
    reloading.write_config()
    reload(reloading, "WARNING", "target.address", "restart")
    assert "pool.max_connections" in reloading.log()
    for client in servers_in_use(reloading, 2):  # new connections go where they always went
        client.close()
