from __future__ import annotations

import datetime
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from proxy import settings
from proxy.config import ConfigError, difference, effective, load, reloaded, values
from proxy.config.document import document
from proxy.config.environment import OPTIONS, names
from proxy.config.nodes import Node, parse
from proxy.settings import Meta, Secret, Settings, UserSettings, metas, walk

FOLDER = Path(__file__).parent.parent / "config"
HASH = "*" + "0A" * 20
SECRET = "hunter2"

Load = Callable[..., Settings]
Refused = Callable[..., str]


@pytest.fixture
def read(tmp_path: Path) -> Load:
    """Settings of a file with a target and a user, and of ``text`` below."""

    def read(text: str = "", environ: dict[str, str] | None = None) -> Settings:
        head = ["target: {address: db}"] if "target:" not in text else []
        head += ["users: [{name: app, password: hunter2}]"] if "users:" not in text else []
        (tmp_path / "f.yaml").write_text("\n".join([*head, textwrap.dedent(text)]))
        return load(str(tmp_path / "f.yaml"), environ or {})

    return read


@pytest.fixture
def refused(read: Load, tmp_path: Path) -> Refused:
    """The one line that a mistake gives, the folder of the file left out."""

    def refused(text: str = "", environ: dict[str, str] | None = None) -> str:
        with pytest.raises(ConfigError) as caught:
            read(text, environ)
        line = str(caught.value).replace(f"{tmp_path}/", "")
        assert "\n" not in line
        assert SECRET not in line
        return line

    return refused


@pytest.fixture(scope="session")
def pem(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A certificate, its key, that key with a passphrase, another key, and a file that is nothing of the sort."""
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    day = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + datetime.timedelta(days=36500))
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    contents = {
        "CERT": builder.sign(key, hashes.SHA256()).public_bytes(encoding),
        "KEY": key.private_bytes(encoding, form, serialization.NoEncryption()),
        "LOCKED": key.private_bytes(encoding, form, serialization.BestAvailableEncryption(b"x")),
        "OTHER": other.private_bytes(encoding, form, serialization.NoEncryption()),
        "TEXT": b"hello",
    }
    folder = tmp_path_factory.mktemp("pem")
    for file, content in contents.items():
        (folder / file.lower()).write_bytes(content)
    return {file: str(folder / file.lower()) for file in contents}


def from_environment(**environ: str) -> Settings:
    return load(None, {f"FOREBAY_{name}": value for name, value in environ.items()})


def mistake(reading: Callable[[], object]) -> str:
    """What a reading that may fail says if it does; any other exception is a failure of the test."""
    try:
        reading()
    except ConfigError as error:
        return str(error)
    return ""


def environment_refused(**environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        from_environment(**environ)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestFile:
    def test_what_is_left_out_has_its_default(self, read: Load) -> None:
        tree = read()
        assert tree.pool == settings.PoolSettings()
        assert tree.target.address == "db:3306"
        assert tree.users == (UserSettings(name="app", password=Secret("hunter2")),)

    def test_every_section_takes_its_keys(self, read: Load) -> None:
        tree = read(
            """
            listen: ["127.0.0.1:6033", "unix:/run/f.sock", "[::1]:0"]
            pool: {max_connections: 5, borrow_timeout: 250ms, max_lifetime: 1h30m}
            clients: {max_allowed_packet: 16KiB, tls: {mode: required}}
            status: {listen: ""}
            log:
              level: debug
            drain_timeout: 0s
            """
        )
        assert tree.listen == ("127.0.0.1:6033", "unix:/run/f.sock", "[::1]:0")
        assert (tree.pool.max_connections, tree.pool.borrow_timeout, tree.pool.max_lifetime) == (5, 0.25, 5400.0)
        assert (tree.clients.max_allowed_packet, tree.clients.tls.mode) == (16384, "required")
        assert (tree.status.listen, tree.log.level, tree.drain_timeout) == ("", "debug", 0.0)

    def test_an_empty_section_is_all_defaults(self, read: Load) -> None:
        assert read("pool:\nlog: {}\n").pool == settings.PoolSettings()

    def test_one_address_needs_no_list(self, read: Load) -> None:
        assert read("listen: 127.0.0.1:1").listen == ("127.0.0.1:1",)

    @pytest.mark.parametrize(
        "text", ["0123", "no", "1:30", "1e3", "2026-01-01", "'~'", '" a b "', "a#b", "0x1F", "1_0"]
    )
    def test_a_password_stays_as_it_is_written(self, read: Load, text: str) -> None:
        tree = read(f"users: [{{name: no, password: {text}}}]")
        password = tree.users[0].password
        assert tree.users[0].name == "no"
        assert password is not None
        assert password.reveal() == text.strip("\"'")

    def test_a_byte_order_mark_is_no_matter(self, tmp_path: Path) -> None:
        (tmp_path / "f.yaml").write_bytes(b"\xef\xbb\xbftarget: {address: db}\nusers: [{name: a, password: b}]")
        assert load(str(tmp_path / "f.yaml"), {}).target.address == "db:3306"


class TestMistakes:
    """Each is one line: file, line, path, what was expected."""

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            (
                "pool:\n  max_connectoins: 3",
                "f.yaml:4: pool.max_connectoins: unknown key, did you mean max_connections?",
            ),
            ("max_connectoins: 3", "f.yaml:3: max_connectoins: unknown key, expected one of listen, target, "),
            ("borrow_timeout: 3s", "f.yaml:3: borrow_timeout: unknown key, did you mean pool.borrow_timeout?"),
            ("pool: {maxConnections: 3}", "f.yaml:3: pool.maxConnections: unknown key, did you mean max_connections?"),
            (
                "pool: {max-connections: 3}",
                "f.yaml:3: pool.max-connections: unknown key, did you mean max_connections?",
            ),
            ("pool: {min_idle: 1,\n  min_idle: 1}", "f.yaml:4: min_idle: written twice, first at f.yaml:3"),
            ("pool: {}\npool: {}", "f.yaml:4: pool: written twice, first at f.yaml:3"),
            ("pool: {max_connections: many}", 'pool.max_connections: expected a whole number, got "many"'),
            ("pool: {max_connections: 2.5}", 'pool.max_connections: expected a whole number, got "2.5"'),
            ("pool: {max_connections: 020}", 'pool.max_connections: expected a whole number, got "020"'),
            ("pool: {max_connections: ٣}", "pool.max_connections: expected a whole number"),
            ("pool: {max_connections: 0}", "pool.max_connections: expected at least 1, got 0"),
            ("pool: {max_connections: -1}", "pool.max_connections: expected a whole number"),
            ("pool: {max_connections: 999999999}", "pool.max_connections: expected at most 100000"),
            ("pool: {max_connections: [1]}", "pool.max_connections: expected a whole number, got a list"),
            ("pool: {max_connections: {a: 1}}", "pool.max_connections: expected a whole number, got keys below it"),
            ("pool: {max_connections: }", "pool.max_connections: expected a whole number, got nothing"),
            ("pool: 3", "f.yaml:3: pool: expected keys below it: max_connections, "),
            ("pool: [1]", "f.yaml:3: pool: expected keys below it: max_connections, "),
            ("pool: {borrow_timeout: 10}", "pool.borrow_timeout: expected a duration such as"),
            ("pool: {borrow_timeout: 10 s}", "pool.borrow_timeout: expected a duration such as"),
            ("pool: {borrow_timeout: -1s}", "pool.borrow_timeout: expected a duration such as"),
            ("pool: {borrow_timeout: .inf}", "pool.borrow_timeout: expected a duration such as"),
            ("pool: {connect_timeout: 0s}", "pool.connect_timeout: expected at least 1ms, got 0s"),
            ("pool: {idle_timeout: 9999d}", "pool.idle_timeout: expected a duration of at most 365d"),
            ("clients: {max_allowed_packet: 64M}", "clients.max_allowed_packet: expected a size such as"),
            ("clients: {max_allowed_packet: 2GiB}", "clients.max_allowed_packet: expected at most 1GiB, got 2GiB"),
            ("clients: {tls: {mode: on}}", "clients.tls.mode: expected one of disabled, preferred, required; got "),
            (
                "clients: {tls: {cert: /nope, key: /nope}}",
                'clients.tls.cert: expected a file that can be read, got "/no',
            ),
            ("log: {level: trace}", "log.level: expected one of debug, info, warning, error; got "),
            ("listen: 6033", 'listen[0]: expected "host:port" or "unix:/path", got "6033"'),
            ("listen: []", "listen: expected a list of addresses with at least one in it"),
            ("listen: ['::1:6033']", "listen[0]: expected "),
            ("listen: ['a:70000']", "listen[0]: expected a port from 0 to 65535, got 70000"),
            ("listen: ['unix:f.sock']", "listen[0]: expected unix: and a path that begins with /"),
            ("listen: ['unix:/" + "x" * 120 + "']", "listen[0]: expected a socket path of at most 107 bytes"),
            ("listen: [a:1,\n  a:1]", "f.yaml:4: listen[1]: a:1 is already listen[0]"),
            ("status: {listen: '0.0.0.0:6033'}", "status.listen: 0.0.0.0:6033 is already listen[0]"),
            ("state_folder: /dev/null", "state_folder: expected a folder"),
            ("target: {address: }", "f.yaml:2: target.address: expected a text host:port, got nothing"),
            ("target: {address: 'a:0'}", "target.address: expected a port from 1 to 65535, got 0"),
            ("target: {address: 'mysql://u:hunter2@h'}", "target.address: expected "),
            ("target: db", "target: expected keys below it: address, schema, compression, "),
            ("target:", "target.address: missing. "),
            ("target: {address: localhost:6033}", "target.address: expected a MySQL server, got 0.0.0.0:6033 where"),
            ("target: {address: a, tls: {mode: verify_ca}}", "target.tls.mode: verify_ca needs target.tls.ca"),
            ("target: {address: a, tls: {cert: /dev/null}}", "target.tls.cert: expected a file"),
            ("target: {address: a, tls: {ca: 'FILE'}}", "target.tls.ca: mode preferred does not check it; "),
            ("target: {address: a, tls: {key: 'FILE'}}", "target.tls.key: needs target.tls.cert"),
            ("target: {address: a, tls: {cert: 'FILE'}}", "target.tls.cert: needs target.tls.key"),
            (
                "clients: {tls: {mode: disabled, cert: 'FILE', key: 'FILE'}}",
                "clients.tls.cert: has no use with mode dis",
            ),
            ("clients: {tls: {mode: disabled, ca: 'FILE'}}", "clients.tls.ca: has no use with mode disabled"),
            ("pool: {min_idle: 21}", "f.yaml:3: pool.min_idle: expected at most pool.max_connections (20), got 21"),
        ],
    )
    def test_settings(self, refused: Refused, text: str, line: str) -> None:
        assert line in refused(text.replace("FILE", __file__))

    @pytest.mark.parametrize(
        ("user", "line"),
        [
            ("", "users: expected a list of users"),
            ("a", "users: expected a list of users"),
            ("[]", "users: expected a list of users"),
            ("[a]", "users[0]: expected keys below it: name, password, "),
            ("[{password: hunter2}]", "users[0].name: missing. "),
            ("[{name: '', password: hunter2}]", "users[0].name: expected a text, got an empty one"),
            ("[{name: a}]", "users[0]: expected one of password, password_file, password_env, password_hash"),
            ("[{name: a, password: }]", "users[0].password: expected a text, got nothing"),
            ("[{name: a, password: [hunter2]}]", "users[0].password: expected a text, got a list"),
            ("[{name: a, pasword: hunter2}]", "users[0].pasword: unknown key, did you mean password?"),
            ("[{name: a, password: *hunter2}]", "a value that begins with *, & or ! must be in quotes"),
            ("[{name: a, password: &hunter2 b}]", "a value that begins with *, & or ! must be in quotes"),
            ("[{name: a, password: !hunter2 b}]", "a value that begins with *, & or ! must be in quotes"),
            ("[{name: a, password: !hunter2!x b}]", "a value that begins with *, & or ! must be in quotes"),
            ('[{name: a, password: "hunter2\\0"}]', "users[0].password: expected UTF-8 text without NUL characters"),
            ("[{name: a, password_hash: hunter2}]", "users[0].password_hash: expected *HEX40, $sha2$HEX64, or both"),
            ("[{name: a, password: x, password_env: V}]", "users[0].password_env: expected one of password and passw"),
            (
                "[{name: a, password: '', password_hash: 'x'}]",
                "users[0].password_hash: expected one of password and password_hash",
            ),
            (
                "[{name: a, password_file: /f, password_env: V}]",
                "users[0].password_env: expected one of password_file and password_env",
            ),
            (
                "[{name: a, password: x, server_password: y, server_password_file: /z}]",
                "users[0].server_password_file: expected one of server_password and server_password_file",
            ),
            ("[{name: a, password_env: NOPE}]", "users[0].password_env: the environment variable NOPE is not set"),
            ("[{name: a, password_env: EMPTY}]", "users[0].password_env: the environment variable EMPTY is not filled"),
            ("[{name: a, password_file: /nope}]", 'users[0].password_file: cannot read "/nope": No such file'),
            ("[{name: a, password_file: /dev/null}]", 'users[0].password_file: "/dev/null" is empty'),
            ("[{name: a, password_file: /dev/zero}]", 'users[0].password_file: "/dev/zero" is too long for a password'),
            (
                "[{name: a, password: x},\n  {name: a, password: y}]",
                "f.yaml:3: users[1].name: users[0] has the same name",
            ),
            ("[{name: a, password: x, tls_required: maybe}]", 'users[0].tls_required: expected true or false, got "ma'),
        ],
    )
    def test_users(self, refused: Refused, user: str, line: str) -> None:
        assert line in refused(f"users: {user}", {"EMPTY": "", "V": SECRET})

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            (
                "clients: {tls: {cert: 'TEXT', key: 'TEXT'}}",
                "f.yaml:3: clients.tls.cert: expected a PEM certificate and",
            ),
            (
                "clients: {tls: {cert: 'CERT', key: 'OTHER'}}",
                "f.yaml:3: clients.tls.cert: expected a PEM certificate a",
            ),
            ("clients: {tls: {cert: 'CERT', key: 'LOCKED'}}", "f.yaml:3: clients.tls.cert: expected a PEM certificate"),
            ("clients: {tls: {ca: 'TEXT'}}", "f.yaml:3: clients.tls.ca: expected PEM certificates; OpenSSL says "),
            ("target: {address: a, tls: {mode: verify_ca, ca: 'TEXT'}}", "target.tls.ca: expected PEM certificates; "),
            ("target: {address: a, tls: {cert: 'CERT', key: 'TEXT'}}", "target.tls.cert: expected a PEM certificate a"),
        ],
    )
    def test_files_that_hold_something_else(self, refused: Refused, pem: dict[str, str], text: str, line: str) -> None:
        for name, path in pem.items():
            text = text.replace(name, path)
        assert line in refused(text)

    def test_files_that_hold_what_they_should(self, read: Load, pem: dict[str, str]) -> None:
        tls = f"cert: '{pem['CERT']}', key: '{pem['KEY']}', ca: '{pem['CERT']}'"
        tree = read(f"clients: {{tls: {{{tls}}}}}\ntarget: {{address: a, tls: {{mode: verify_identity, {tls}}}}}")
        assert tree.clients.tls.cert == tree.target.tls.ca == pem["CERT"]

    def test_a_user_who_needs_tls_where_there_is_none(self, refused: Refused, read: Load) -> None:
        text = "users: [{name: a, password: x, tls_required: true}]\nclients: {tls: {mode: disabled}}\n"
        assert "users[0].tls_required: this user cannot log in" in refused(text)
        assert read(text + "listen: unix:/s").users[0].tls_required

    @pytest.mark.parametrize(
        ("content", "line"),
        [
            (b"a: [", "not YAML: "),
            (b"a: b: c", "f.yaml:1: not YAML: mapping values are not allowed here"),
            (b"a: 1\n\tb: 2", "f.yaml:2: not YAML: "),
            (b"a: 'x", "not YAML: found unexpected end of stream"),
            (b"\x00", "f.yaml: not YAML: it holds bytes that are not printable text"),
            (b"a: 1\n\xff", "f.yaml:2: expected UTF-8 text"),
            (b"a: 1\n---\nb: 2", "f.yaml:2: expected one YAML document, found a second one"),
            (b"[" * 5000, "f.yaml:1: nested more than 8 deep"),
            (b"- " * 50 + b"a", "f.yaml:1: nested more than 8 deep"),
            (b"? [a]\n: b", "f.yaml:1: expected the name of a setting before the colon"),
            (b"~: b", "f.yaml:1: expected the name of a setting before the colon"),
            (b"a: &a [*a]", "aliases and tags are not used here"),
            (b"a: !!python/object/apply:os.system [ls]", "aliases and tags are not used here"),
            (b"<<: {a: 1}", "f.yaml:1: <<: unknown key, expected one of listen"),
            (b"[1, 2]", "f.yaml:1: expected keys below it: listen, target, "),
            (b"just text", "f.yaml:1: expected keys below it: listen, target, "),
            (b"", "f.yaml: target.address: missing. "),
            (b"# only a comment", "f.yaml: target.address: missing. "),
            (b"\xef\xbb\xbf", "f.yaml: target.address: missing. "),
            (b"a" * (1 << 20) + b"a", "f.yaml: longer than 1 MiB, not a configuration file"),
        ],
        ids=range(20),
    )
    def test_files(self, tmp_path: Path, content: bytes, line: str) -> None:
        (tmp_path / "f.yaml").write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            load(str(tmp_path / "f.yaml"), {})
        assert line in str(caught.value)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("name", ["/nope", "/", "a\0b", "/dev/zero"])
    def test_no_file(self, name: str) -> None:
        with pytest.raises(ConfigError, match=r"cannot be read|1 MiB"):
            load(name, {})

    @given(st.text(max_size=200) | st.text("ab:{}[]-,'\"#&*!|>%@\n \t?~", max_size=60))
    def test_any_text_gives_settings_or_one_line(self, text: str) -> None:
        assert "\n" not in mistake(lambda: parse(text, "f.yaml"))

    @given(st.binary(max_size=100))
    def test_any_bytes_give_settings_or_one_line(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes
    ) -> None:
        file = tmp_path_factory.getbasetemp() / "any.yaml"
        file.write_bytes(content)
        with pytest.raises(ConfigError):
            load(str(file), {})


class TestSecrets:
    @pytest.mark.parametrize("content", [b"hunter2", b"hunter2\n", b"hunter2\r\n"])
    def test_from_a_file_without_its_newline(self, read: Load, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "secret").write_bytes(content)
        user = read(f"users: [{{name: a, password_file: {tmp_path}/secret}}]").users[0]
        assert user.password == Secret("hunter2")
        assert user.password_file == f"{tmp_path}/secret"

    def test_only_one_newline_goes(self, read: Load, tmp_path: Path) -> None:
        (tmp_path / "secret").write_bytes(b" x \n\n")
        assert read(f"users: [{{name: a, password_file: {tmp_path}/secret}}]").users[0].password == Secret(" x \n")

    def test_bytes_that_are_no_text(self, refused: Refused, tmp_path: Path) -> None:
        (tmp_path / "secret").write_bytes(b"hunter2\xff")
        assert "users[0].password_file: expected UTF-8" in refused(
            f"users: [{{name: a, password_file: {tmp_path}/secret}}]"
        )

    def test_from_a_variable(self, read: Load) -> None:
        text = "users: [{name: a, password_env: P, server_user: s, server_password_env: S}]"
        user = read(text, {"P": "hunter2", "S": "other"}).users[0]
        assert (user.password, user.server_password) == (Secret("hunter2"), Secret("other"))

    @pytest.mark.parametrize("text", [HASH, "$sha2$" + "0b" * 32, f"{HASH} $sha2$" + "0b" * 32])
    def test_a_hash(self, read: Load, text: str) -> None:
        assert read(f"users: [{{name: a, password_hash: '{text}'}}]").users[0].password_hash == Secret(text)

    def test_an_empty_password_must_be_meant(self, read: Load) -> None:
        assert read("users: [{name: a, password: ''}]").users[0].password == Secret("")

    def test_the_effective_settings_hide_them(self, read: Load) -> None:
        lines = effective(read(f"users: [{{name: a, password: {SECRET}, server_password: {SECRET}}}]"))
        assert SECRET not in "\n".join(lines)
        assert "users[a].password: ******" in lines
        assert "users[a].password_hash:" in lines


class TestEnvironment:
    def test_a_variable_for_every_key_and_it_wins_over_the_file(self, read: Load) -> None:
        environ = {
            "FOREBAY_POOL__MAX_CONNECTIONS": "7",
            "FOREBAY_CLIENTS__TLS__MODE": "required",
            "FOREBAY_LISTEN": '["a:1", "unix:/s"]',
            "FOREBAY_TARGET__SCHEMA": "shop: [1]",
            "FOREBAY_DRAIN_TIMEOUT": "5s",
            "FOREBAY_USERS": '[{"name": "env", "password": "hunter2"}]',
        }
        tree = read("pool: {max_connections: 9, min_idle: 2}\nlog:\n", environ)
        assert (tree.pool.max_connections, tree.pool.min_idle) == (7, 2)
        assert tree.clients.tls.mode == "required"
        assert tree.listen == ("a:1", "unix:/s")
        assert tree.target == settings.TargetSettings(address="db:3306", schema="shop: [1]")
        assert tree.drain_timeout == 5.0
        assert [user.name for user in tree.users] == ["env"]

    def test_every_setting_has_one(self) -> None:
        assert set(names().values()) == {row.path for row in walk(Settings())} | {"users"}
        assert set(OPTIONS.values()) <= set(names().values())

    def test_nothing_but_the_environment(self) -> None:
        tree = from_environment(TARGET__ADDRESS="db", USERS="[{name: a, password: b}]")
        assert tree.target.address == "db:3306"

    @pytest.mark.parametrize("name", ["PORT", "SERVICE_HOST", "PORT_6033_TCP_ADDR", "PURE_PYTHON", "APP_PASSWORD"])
    def test_strangers_that_begin_alike_are_left_alone(self, name: str) -> None:
        assert from_environment(TARGET="mysql://a:b@c", **{name: "tcp://10.0.0.1:1"}).listen == ("0.0.0.0:6033",)

    @pytest.mark.parametrize(
        ("environ", "line"),
        [
            ({"POOL__MAX_CONNECTIONS": "x"}, "FOREBAY_POOL__MAX_CONNECTIONS: pool.max_connections: expected a whole"),
            (
                {"POOL__MAX_CONECTIONS": "1"},
                "FOREBAY_POOL__MAX_CONECTIONS: unknown variable, did you mean FOREBAY_POOL_",
            ),
            ({"POOL_MAX_CONNECTIONS": "1"}, "unknown variable, did you mean FOREBAY_POOL__MAX_CONNECTIONS?"),
            ({"USER": "1"}, "FOREBAY_USER: unknown variable, did you mean FOREBAY_USERS?"),
            (
                {"POOL__COLOUR": "1"},
                "FOREBAY_POOL__COLOUR: unknown variable; `forebay check --defaults` shows every key",
            ),
            ({"POOL": "{min_idle: 1}"}, "FOREBAY_POOL: a section; its keys are FOREBAY_POOL__KEY"),
            ({"USERS": "[{name: a"}, "FOREBAY_USERS: not YAML: "),
            ({"USERS": "hunter2"}, "FOREBAY_USERS: users: expected a list of users"),
            ({"USERS": "[{name: a, password: b, x: 1}]"}, "FOREBAY_USERS: users[0].x: unknown key, expected one of"),
            ({"LISTEN": ""}, "FOREBAY_LISTEN: listen[0]: expected a text host:port, got nothing"),
            ({"POOL__BORROW_TIMEOUT": ""}, "FOREBAY_POOL__BORROW_TIMEOUT: pool.borrow_timeout: expected a duration"),
            ({"TARGET__SCHEMA": "\udcff"}, "FOREBAY_TARGET__SCHEMA: target.schema: expected UTF-8 text"),
            (
                {"TARGET__ADDRESS": "d"},
                "FOREBAY_TARGET: target.address: FOREBAY_TARGET__ADDRESS says it too; expected o",
            ),
        ],
    )
    def test_mistakes(self, environ: dict[str, str], line: str) -> None:
        assert line in environment_refused(TARGET="mysql://a:b@c", **environ)

    def test_nothing_at_all(self) -> None:
        assert environment_refused().startswith("the environment: target.address: missing. ")
        assert environment_refused(TARGET="db:3306").startswith("the environment: users: missing. ")

    def test_a_section_that_the_file_fills_with_a_text(self, refused: Refused) -> None:
        assert "f.yaml:3: pool: expected keys below it" in refused("pool: 3", {"FOREBAY_POOL__MIN_IDLE": "1"})


class TestTargetUrl:
    def test_it_is_a_whole_configuration(self) -> None:
        tree = from_environment(TARGET="mysql://app:p%40ss%2Fw%C3%B6rd@db.internal:3307/shop?tls=required")
        assert (tree.target.address, tree.target.schema) == ("db.internal:3307", "shop")
        assert tree.target.tls.mode == "required"
        assert tree.users == (UserSettings(name="app", password=Secret("p@ss/wörd")),)

    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("mysql://a:b@db", "db:3306"),
            ("mariadb://a:b@db/", "db:3306"),
            ("mysql://a:b@[::1]:1", "[::1]:1"),
            ("mysql://a:x@y@db", "db:3306"),
        ],
    )
    def test_shapes(self, url: str, address: str) -> None:
        assert from_environment(TARGET=url).target.address == address

    def test_an_empty_password_must_be_written(self) -> None:
        assert from_environment(TARGET="mysql://root:@db").users[0].password == Secret("")
        assert "no password, and user:@host for an empty one" in environment_refused(TARGET="mysql://root@db")

    def test_its_user_joins_the_others(self, read: Load, refused: Refused) -> None:
        tree = read("", {"FOREBAY_TARGET": "mysql://b:c@other"})
        assert [user.name for user in tree.users] == ["app", "b"]
        assert tree.target.address == "other:3306"
        line = refused("", {"FOREBAY_TARGET": "mysql://app:hunter2@other"})
        assert line == "FOREBAY_TARGET: users[1].name: users[0] has the same name"

    def test_without_a_user_it_is_the_address(self, read: Load) -> None:
        tree = read("", {"FOREBAY_TARGET": "other:1"})
        assert (tree.target.address, len(tree.users)) == ("other:1", 1)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "mysql://",
            "mysql://app:hunter2@",
            "mysql://app:hunter2@:3306",
            "postgres://app:hunter2@db",
            "mysql://app:hunter2#@db",
            "mysql://app:hunter2/x@db",
            "mysql://app:hunter2?x@db",
            "mysql://app:[hunter2@db",
            "mysql://app:hunter2@db:99999",
            "mysql://app:hunter2@db:port",
            "mysql://app:hunter2@d b",
            "mysql://app:hunter2@db\n",
            "mysql://app:hunter2%ff@db",
            "mysql://:hunter2@db",
            "mysql://app:hunter2@db?ssl=hunter2",
            "mysql://app:hunter2@db?tls=required&tls=disabled",
            "mysql://app:hunter2@db?tls=hunter",
            "mysql:app:hunter2@db",
        ],
    )
    def test_mistakes_quote_no_password(self, url: str) -> None:
        assert environment_refused(TARGET=url).startswith("FOREBAY_TARGET: ")

    @given(st.text(max_size=80))
    def test_any_text_gives_settings_or_one_line(self, text: str) -> None:
        assert "\n" not in mistake(lambda: from_environment(TARGET=f"mysql://{text}"))


class TestDifference:
    def test_nothing(self, read: Load) -> None:
        assert difference(read(), read()) == ([], [])

    def test_what_may_change_and_what_may_not(self, read: Load) -> None:
        new = read("listen: a:1\npool: {max_connections: 3, init_query: SELECT 1}\nlog: {level: debug}")
        assert difference(read(), new) == (["pool.max_connections", "log.level"], ["listen", "pool.init_query"])

    def test_what_may_not_change_stays_as_it_was(self, read: Load) -> None:
        old = read("clients: {max_connections: 5}")
        new = read("listen: a:1\npool: {max_connections: 3, init_query: SELECT 1}\nusers: [{name: b, password: x}]")
        tree = reloaded(old, new)
        assert difference(old, tree) == (difference(old, new).reloadable, [])
        assert difference(tree, new).fixed == difference(old, new).fixed == ["listen", "pool.init_query"]
        assert (tree.clients.max_connections, tree.users[0].name) == (10_000, "b")
        assert reloaded(old, old) == old

    def test_users_come_go_and_change(self, read: Load) -> None:
        old = read("users: [{name: a, password: x}, {name: b, password: x}]")
        new = read("users: [{name: c, password: x}, {name: b, password: y}]")
        assert difference(old, new) == (["users[a]", "users[c]", "users[b].password"], [])

    def test_a_new_password_behind_the_same_variable(self, read: Load) -> None:
        text = "users: [{name: a, password_env: P}]"
        assert difference(read(text, {"P": "x"}), read(text, {"P": "y"})) == (["users[a].password"], [])


def meta(kind: str, **more: Any) -> Meta:
    return Meta(kind, "", **more)


class TestValues:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("0", 0.0), ("0s", 0.0), ("250ms", 0.25), ("1.5s", 1.5), ("90s", 90.0), ("1h30m", 5400.0), ("1d", 86400.0)],
    )
    def test_durations(self, text: str, seconds: float) -> None:
        assert values.read(meta(settings.DURATION), text) == seconds

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0.0, "0s"), (0.25, "250ms"), (1.5, "1500ms"), (90.0, "90s"), (300.0, "5m"), (3600.0, "1h"), (86400.0, "24h")],
    )
    def test_durations_are_shown_in_the_largest_unit(self, seconds: float, text: str) -> None:
        assert values.show(settings.DURATION, seconds) == text

    @given(st.integers(0, 86400 * 365 * 1000))
    def test_durations_return(self, milliseconds: int) -> None:
        seconds = milliseconds / 1000
        assert values.read(meta(settings.DURATION), values.show(settings.DURATION, seconds)) == seconds

    @given(st.integers(0, 1 << 40) | st.integers(0, 1 << 10).map(lambda n: n << 20))
    def test_sizes_return(self, size: int) -> None:
        assert values.read(meta(settings.SIZE), values.show(settings.SIZE, size)) == size

    @given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
    def test_texts_return_through_yaml(self, text: str) -> None:
        node = parse(values.show(settings.TEXT, text), "f")
        assert node == Node(text, node.where)


class TestShippedFiles:
    def test_the_documented_file_is_made_from_the_settings(self) -> None:
        assert (FOLDER / "forebay.yaml").read_text() == document(), (
            "run: python -m proxy.config.document > config/forebay.yaml"
        )

    def test_the_documented_file_loads_to_the_defaults(self) -> None:
        tree = load(str(FOLDER / "forebay.yaml"), {"FOREBAY_APP_PASSWORD": SECRET})
        for row in walk(tree):
            if not row.path.startswith(("users", "target.address")):
                assert row.value == row.default, row.path
        assert [user.name for user in tree.users] == ["app"]

    def test_the_documented_file_names_every_key(self) -> None:
        text = (FOLDER / "forebay.yaml").read_text()
        for row in walk(Settings(users=(UserSettings(),))):
            assert f"{row.path.split('.')[-1]}: " in text
            assert row.sentence in text
        assert max(map(len, text.splitlines())) <= 120

    def test_the_minimal_file(self) -> None:
        tree = load(str(FOLDER / "minimal.yaml"), {"FOREBAY_APP_PASSWORD": SECRET})
        assert tree.target.address == "127.0.0.1:3306"
        assert tree.users[0].password == Secret(SECRET)
        with pytest.raises(ConfigError, match="the environment variable FOREBAY_APP_PASSWORD is not set"):
            load(str(FOLDER / "minimal.yaml"), {})

    def test_metas_know_every_kind(self) -> None:
        kinds = {item.kind for cls in (Settings, UserSettings, settings.PoolSettings) for item in metas(cls).values()}
        assert kinds <= {value for name, value in vars(settings).items() if name.isupper() and isinstance(value, str)}
