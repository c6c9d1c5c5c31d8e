"""Debian packages: installed on this machine, or unpacked beside it from unstable.

Decides: how apt is asked, with the mirrors that this machine's own apt sources name.
Does not know: what the packages hold.

Unpacking never touches the machine: apt gets its own state, cache and source list, ``dpkg -x`` writes into one folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

SOURCES = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
# Dependencies of the packages' maintenance scripts; nothing that we run needs them.
NOT_UNPACKED = ("perl", "libperl", "libc-gconv-modules-extra", "gcc-")


class AptFailed(Exception):
    """apt cannot do it here: no Debian, no network, not root. The text says which."""


def say(text: str) -> None:
    """One line of progress, where pytest does not swallow it."""
    print(f"[setup] {text}", file=sys.__stderr__, flush=True)


def install(*packages: str) -> None:
    """Install packages on this machine. Raises AptFailed where that is not possible."""
    if shutil.which("apt-get") is None:
        raise AptFailed(f"{' '.join(packages)}: not installed, and this machine has no apt-get")
    if os.geteuid() != 0:
        raise AptFailed(f"not installed; as root: apt-get install {' '.join(packages)}")
    say(f"installing {' '.join(packages)} (apt-get)")
    _run(["apt-get", "-q", "update"])
    _run(["apt-get", "-q", "-y", "--no-install-recommends", "install", *packages])


def unpack(packages: Sequence[str], suite: str, into: Path) -> None:
    """Download ``packages`` of ``suite`` with all that they depend on, and unpack them into the folder ``into``.

    Raises AptFailed. Takes about 70 MB and 20 seconds for MySQL's server, client and router.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise AptFailed("this machine has no apt-get and dpkg")
    with tempfile.TemporaryDirectory(prefix="forebay-apt-") as scratch:
        archives = _download(packages, suite, Path(scratch))
        say(f"unpacking {len(archives)} packages into {into}")
        for archive in archives:
            _run(["dpkg", "-x", str(archive), str(into)])


def _download(packages: Sequence[str], suite: str, scratch: Path) -> list[Path]:
    for made in ("state/lists/partial", "cache/archives/partial", "sources"):
        (scratch / made).mkdir(parents=True)
    (scratch / "state/status").touch()
    (scratch / "sources/only.sources").write_text(source_stanza(suite))
    options = {
        "Dir::State": scratch / "state",
        "Dir::State::status": scratch / "state/status",  # empty: nothing counts as installed, so all of it is fetched
        "Dir::Cache": scratch / "cache",
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": scratch / "sources",
        "APT::Sandbox::User": "root",  # the scratch folder is ours alone
        "Acquire::Retries": "3",
    }
    apt = ["apt-get", "-q", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    say(f"downloading {' '.join(packages)} of Debian {suite} (once; kept in the cache folder)")
    _run([*apt, "update"])
    _run([*apt, "-y", "--no-install-recommends", "--download-only", "install", *packages])
    fetched = (scratch / "cache/archives").glob("*.deb")
    return sorted(archive for archive in fetched if not archive.name.startswith(NOT_UNPACKED))


def source_stanza(suite: str, sources: Path = SOURCES, os_release: Path = OS_RELEASE) -> str:
    """A deb822 source for ``suite`` on the mirrors from which this machine gets its own release.

    Raises AptFailed when no source of the machine names its own release.
    """
    release = _release(os_release)
    for stanza in _stanzas(sources):
        if release in stanza.get("suites", "").split():
            signed = f"Signed-By: {stanza['signed-by']}\n" if "signed-by" in stanza else ""
            return f"Types: deb\nURIs: {stanza['uris']}\nSuites: {suite}\nComponents: main\n{signed}"
    raise AptFailed(f"no apt source of this machine names its release {release!r}")


def _release(os_release: Path) -> str:
    if os_release.exists():
        fields = dict(line.split("=", 1) for line in os_release.read_text().splitlines() if "=" in line)
        if "debian" in (fields.get("ID", ""), *fields.get("ID_LIKE", "").split()):
            return fields.get("VERSION_CODENAME", "").strip('"')
    raise AptFailed("this machine does not run Debian")


def _stanzas(sources: Path) -> Iterator[dict[str, str]]:
    """Both formats of sources.list(5), as dictionaries with lower-case names."""
    for path in sorted((sources / "sources.list.d").glob("*.sources")):
        for block in path.read_text().split("\n\n"):
            yield _deb822(block.splitlines())
    for path in (sources / "sources.list", *sorted((sources / "sources.list.d").glob("*.list"))):
        if path.exists():
            yield from filter(None, map(_one_line, path.read_text().splitlines()))


def _deb822(lines: Iterable[str]) -> dict[str, str]:
    fields = (line.split(":", 1) for line in lines if ":" in line and line[0] not in "# \t")
    return {name.lower(): value.strip() for name, value in fields}


def _one_line(line: str) -> dict[str, str] | None:
    words = line.partition("#")[0].replace("[", " [ ").replace("]", " ] ").split()
    if not words or words[0] != "deb":
        return None
    stanza = {}
    if words[1] == "[":
        end = words.index("]")
        options = dict(word.split("=", 1) for word in words[2:end] if "=" in word)
        stanza = {name: value for name, value in options.items() if name == "signed-by"}
        words[1 : end + 1] = []
    return {**stanza, "uris": words[1], "suites": words[2]}


def _run(command: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise AptFailed(f"{' '.join(command[:1] + command[-1:])} failed:\n{last}")
