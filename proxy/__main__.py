"""``python -m proxy`` is the command ``forebay``."""

from proxy.cli import main

main()
