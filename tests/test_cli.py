from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import proxy
from proxy import about, cli, logs
from proxy.config import ConfigError
from proxy.config.document import document
from proxy.settings import Settings
from proxy.wire.auth import Credentials, parse_password_hash

ROOT = Path(__file__).parent.parent
URL = "mysql://app:hunter2@127.0.0.1:3306"

Forebay = Callable[..., Result]


@pytest.fixture
def forebay(monkeypatch: pytest.MonkeyPatch) -> Forebay:
    """Runs the command in this process."""

    def forebay(*arguments: str, input: str | None = None, **environ: str) -> Result:
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("FOREBAY_")]:
                patch.delenv(name)
            for name, value in environ.items():
                patch.setenv(f"FOREBAY_{name}", value)
            return CliRunner().invoke(cli.main, arguments, input=input)

    return forebay


class Server(types.ModuleType):
    """Stands in for ``proxy.server``."""

    def __init__(self) -> None:
        super().__init__("proxy.server")
        self.settings: Settings | None = None
        self.status = 0
        self.problems: list[str] = []
        self.error: OSError | None = None
        self.reloaded: list[Settings | str] = []

    def run(self, settings: Settings, reload: Callable[[], Settings]) -> int:
        self.settings = settings
        if self.error:
            raise self.error
        try:
            self.reloaded.append(reload())
        except ConfigError as error:
            self.reloaded.append(str(error))
        return self.status

    def check_connect(self, settings: Settings) -> list[str]:
        self.settings = settings
        if self.error:
            raise self.error
        return self.problems


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setitem(sys.modules, "proxy.server", server)
    monkeypatch.setattr(proxy, "server", server, raising=False)
    monkeypatch.setattr(logs, "setup", lambda settings: None)
    return server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "f.yaml"
    path.write_text("target: {address: db}\nusers: [{name: app, password: hunter2}]\n")
    return path


def test_help_names_every_command(forebay: Forebay) -> None:
    for option in ("-h", "--help"):
        result = forebay(option)
        assert result.exit_code == 0
        assert re.findall(r"^  ([a-z-]+)  +[A-Z]", result.output, re.MULTILINE) == [
            "check",
            "hash-password",
            "run",
            "version",
        ]
    for command in cli.main.commands:
        assert forebay(command, "-h").exit_code == 0


@pytest.mark.parametrize("arguments", [(), ("nope",), ("run", "-x"), ("run", "-c"), ("check", "file.yaml")])
def test_bad_usage_is_2(forebay: Forebay, arguments: tuple[str, ...]) -> None:
    assert forebay(*arguments).exit_code == 2


@pytest.mark.parametrize("command", ["run", "check"])
def test_nothing_says_which_server(forebay: Forebay, command: str) -> None:
    result = forebay(command)
    assert result.exit_code == 2
    assert result.output.startswith("forebay: nothing says which MySQL server is meant: give a file with -c FILE, or")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_mistake_in_the_configuration_is_one_line_and_2(forebay: Forebay, file: Path, command: str) -> None:
    file.write_text("target: {adress: db}")
    result = forebay(command, "-c", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"forebay: {file}:1: target.adress: unknown key, did you mean address?\n"


def test_run_hands_over_settings_and_a_way_to_read_them_again(forebay: Forebay, server: Server, file: Path) -> None:
    server.status = 1
    assert forebay("run", "--config", str(file), POOL__MAX_CONNECTIONS="3").exit_code == 1
    assert server.settings is not None
    assert server.settings.target.address == "db:3306"
    assert server.settings.pool.max_connections == 3
    assert server.reloaded == [server.settings]


def test_a_reload_that_fails_says_why(
    forebay: Forebay, server: Server, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = server.run

    def spoil(settings: Settings, reload: Callable[[], Settings]) -> int:
        file.write_text("pool: 3")
        return run(settings, reload)

    monkeypatch.setattr(server, "run", spoil)
    assert forebay("run", "-c", str(file)).exit_code == 0
    assert server.reloaded[0] == f"{file}:1: target.address: missing. " + str(server.reloaded[0]).partition("ing. ")[2]


def test_run_from_one_variable(forebay: Forebay, server: Server) -> None:
    assert forebay("run", TARGET=URL).exit_code == 0
    assert server.settings is not None
    assert server.settings.users[0].name == "app"


def test_an_address_that_is_taken_is_one_line_and_1(forebay: Forebay, server: Server) -> None:
    server.error = OSError(98, "address already in use: 0.0.0.0:6033")
    result = forebay("run", TARGET=URL)
    assert (result.exit_code, result.stderr) == (1, "forebay: [Errno 98] address already in use: 0.0.0.0:6033\n")


def test_check_prints_the_effective_settings_without_secrets(forebay: Forebay) -> None:
    result = forebay("check", TARGET=URL, POOL__MAX_CONNECTIONS="3")
    assert result.exit_code == 0
    assert "hunter2" not in result.output
    lines = result.output.splitlines()
    assert "pool.max_connections: 3  # default 20" in lines
    assert "users[app].password: ******" in lines
    assert 'target.address: "127.0.0.1:3306"' in lines


def test_check_connect(forebay: Forebay, server: Server) -> None:
    assert forebay("check", "--connect", TARGET=URL).exit_code == 0
    server.problems = ["app: access denied", "other: no route"]
    result = forebay("check", "--connect", TARGET=URL)
    assert result.exit_code == 1
    assert result.stderr == "forebay: app: access denied\nforebay: other: no route\n"


def test_check_connect_with_a_file_that_is_no_pem(forebay: Forebay, server: Server) -> None:
    server.error = ssl.SSLError(9, "no start line")
    result = forebay("check", "--connect", TARGET=URL)
    assert (result.exit_code, result.stderr) == (1, "forebay: no start line\n")


def test_check_defaults_needs_no_configuration(forebay: Forebay) -> None:
    result = forebay("check", "--defaults")
    assert (result.exit_code, result.stdout) == (0, document())


@pytest.mark.parametrize("text", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_hash_password_reads_standard_input(forebay: Forebay, text: str) -> None:
    result = forebay("hash-password", input=text)
    assert result.exit_code == 0
    found = parse_password_hash("app", result.stdout.strip())
    expected = Credentials.from_password("app", b"hunter2")
    assert (found.native_hash, found.sha2_hash) == (expected.native_hash, expected.sha2_hash)


def test_hash_password_of_nothing(forebay: Forebay) -> None:
    result = forebay("hash-password", input="\n")
    assert (result.exit_code, result.stdout) == (2, "")


def test_hash_password_asks_twice_without_echo(forebay: Forebay, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def prompt(text: str, **options: object) -> str:
        asked.append(options)
        return "hunter2"

    monkeypatch.setattr("click.prompt", prompt)
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(isatty=lambda: True))
    assert cli._read_password() == "hunter2"
    assert asked == [{"hide_input": True, "confirmation_prompt": True, "err": True}]


def test_version(forebay: Forebay) -> None:
    result = forebay("version")
    assert result.exit_code == 0
    lines = dict(line.split(" ") for line in result.stdout.splitlines())
    assert lines["forebay"] == proxy.__version__
    assert {"python", "uvloop"} <= set(lines)
    assert {lines[name.removeprefix("proxy.")] for name in proxy.COMPILED} <= {"compiled", "pure"}


def test_the_labels_of_the_build_metric() -> None:
    assert list(about.labels()) == ["version", "python", "uvloop", "compiled"]
    assert about.labels()["compiled"] in ("yes", "no", "partly")


def test_python_m_proxy_is_the_same_and_help_imports_little() -> None:
    """``--help`` must be quick, and a running proxy carries what the command line imported."""
    code = (
        "import sys, runpy; sys.argv = ['forebay', '--help']\n"
        "try: runpy.run_module('proxy', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Forebay, a MySQL connection proxy" in result.stdout
    imported = set(result.stderr.split())
    assert not imported & {
        "asyncio",
        "uvloop",
        "yaml",
        "uvicorn",
        "prometheus_client",
        "cryptography",
        "pymysql",
        "ssl",
    }
