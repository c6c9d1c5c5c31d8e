"""apt's source files are read in both formats, and only the machine's own release counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import debian

DEB822 = """\
Types: deb
# a comment: with a colon
URIs: http://security.invalid/debian-security
Suites: trixie-security
Components: main

Types: deb
URIs: http://mirror.invalid/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian.gpg
"""
WANTED = "Types: deb\nURIs: http://mirror.invalid/debian\nSuites: sid\nComponents: main\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "os-release").write_text('ID=debian\nVERSION_CODENAME=trixie\nNAME="x=y"\n')
    return tmp_path


def test_deb822(machine: Path) -> None:
    (machine / "sources.list.d/debian.sources").write_text(DEB822)
    signed = "Signed-By: /usr/share/keyrings/debian.gpg\n"
    assert debian.source_stanza("sid", machine, machine / "os-release") == WANTED + signed


@pytest.mark.parametrize(
    ("line", "signed"),
    [
        ("deb http://mirror.invalid/debian trixie main contrib # ours", ""),
        ("deb [arch=amd64 signed-by=/k.gpg] http://mirror.invalid/debian trixie main", "Signed-By: /k.gpg\n"),
    ],
)
def test_one_line_format(machine: Path, line: str, signed: str) -> None:
    (machine / "sources.list").write_text(
        f"# deb http://old.invalid x main\n\ndeb-src http://s.invalid trixie main\n{line}\n"
    )
    assert debian.source_stanza("sid", machine, machine / "os-release") == WANTED + signed


def test_no_source_for_this_release(machine: Path) -> None:
    (machine / "sources.list").write_text("deb http://other.invalid/debian bookworm main\n")
    with pytest.raises(debian.AptFailed, match="trixie"):
        debian.source_stanza("sid", machine, machine / "os-release")


def test_not_debian(machine: Path) -> None:
    (machine / "os-release").write_text("ID=fedora\n")
    with pytest.raises(debian.AptFailed, match="does not run Debian"):
        debian.source_stanza("sid", machine, machine / "os-release")
