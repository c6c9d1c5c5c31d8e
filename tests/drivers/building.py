"""Programs of the trials that are compiled before they run, each once for what it is made of, into the cache folder.

Decides: how Go and Java find the drivers that Debian's packages have put on this machine. Does not know: any trial.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from tests.drivers.needs import GO_PATH
from tests.servers import cache

PROGRAMS = Path(__file__).parent / "programs"


def go() -> Path:
    """The folder with the program ``trials``."""
    package = "golang-github-go-sql-driver-mysql-dev"
    asked = ["dpkg-query", "--show", "--showformat", "${Version}", package]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.partition("-")[0]
    options = ("-ldflags", f"-X main.version={version}")
    environment = {"GO111MODULE": "off", "GOPATH": str(GO_PATH), "CGO_ENABLED": "0"}
    return _built("go", ("go", "build", *options, "-o", "{into}/trials", "trials.go"), environment)


def java() -> Path:
    """The folder with the classes."""
    return _built("java", ("javac", "-encoding", "UTF-8", "-d", "{into}", "Trials.java", "Json.java"))


def _built(name: str, command: tuple[str, ...], environment: dict[str, str] | None = None) -> Path:
    sources = PROGRAMS / name
    digest = hashlib.sha1(repr(command).encode())
    for source in sorted(sources.iterdir()):
        digest.update(source.read_bytes())

    def build(into: Path) -> None:
        line = [part.replace("{into}", str(into)) for part in command]
        subprocess.run(line, cwd=sources, env={**os.environ, **(environment or {})}, check=True)

    return cache.made_once(f"driver-trials-{name}-{digest.hexdigest()[:16]}", build)
