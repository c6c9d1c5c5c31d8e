"""The phases of a client: which one it is in decides what its next bytes mean. ``client`` owns the changes."""

from __future__ import annotations

LOGIN = 0
IDLE = 1  # Forebay waits for a command
BUSY = 2  # a command is under way
FILE = 3  # the client sends a file that the server asked for
CLOSED = 4
