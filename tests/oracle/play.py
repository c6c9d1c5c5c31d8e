"""Play a case against one address: the turns in order, a few at once, nobody waiting for ever.

A client that gets no answer for PATIENCE seconds is taken for one that waits for a server connection: others go on
meanwhile. The case's order stays a good guess then, and each client's own order is always kept, which is all that its
answers may depend on.
"""

from __future__ import annotations

import selectors
import time
from collections import deque
from collections.abc import Callable

from tests.oracle import steps as s
from tests.oracle.case import Case
from tests.oracle.client import Answer, OracleClient

PATIENCE = 0.02
DEADLINE = 20.0

HUNG = (b"(no answer)",)
NO_LOGIN = b"(no login: %s)"

Connect = Callable[[int], OracleClient]


# Questions that never fail.
_SETS_FOUND_ROWS = (b"SELECT @@", b"SELECT DATABASE()", b"SELECT LAST_INSERT_ID()")


# What gives FOUND_ROWS() a value, and leaves the rest as after a login.
_UNSEEN = (s.Query("", b"SELECT 1"), s.Plain("", s.PING))


def asks_for_garbage(script: list[s.Step]) -> bool:
    """Whether FOUND_ROWS() comes before any SELECT: on MariaDB that is a number from somebody else's session."""
    for step in script:
        text = str(step)
        if "FOUND_ROWS()" in text.upper():
            return True
        if isinstance(step, s.Reconnect) or (isinstance(step, s.Query) and step.sql.startswith(_SETS_FOUND_ROWS)):
            return False
    return False


class Player:
    """One client at work: what it has to do, and what it was answered."""

    def __init__(self, index: int, script: list[s.Step], connect: Connect, selector: selectors.BaseSelector) -> None:
        self.index = index
        self.script = script
        self.connect = connect
        self.selector = selector
        self.todo: deque[s.Step] = deque()
        self.unseen: deque[s.Step] = deque()  # to be done before, of which nobody is told
        self.answers: list[Answer] = []
        self.client: OracleClient | None = None
        self.busy = False
        self.blocked = False
        self._come(self.script)

    def _come(self, script: list[s.Step]) -> None:
        """``script`` is what there is to do from now on."""
        try:
            self.client = self.connect(self.index)
            self.unseen.extend(_UNSEEN if asks_for_garbage(script) else ())
            self.selector.register(self.client.socket, selectors.EVENT_READ, self)
        except Exception as error:
            self.client = None
            self.failure = NO_LOGIN % str(error).encode()

    def go_on(self) -> None:
        """Begin what there is to do, as far as it needs no waiting. Who has done everything leaves."""
        while self.todo and not self.busy:
            step = self.unseen[0] if self.unseen else self.todo.popleft()
            if isinstance(step, s.Reconnect):
                self.answers.append(self._again())
                continue
            if self.client is None:
                answer: Answer | None = (self.failure,)
            else:
                answer = self.client.begin(step)
            if answer is None:
                self.busy = True
            else:
                self._answered(answer)
        if len(self.answers) == len(self.script) and self.client is not None:
            self._forget()
            self.client.say_goodbye()
            self.client.close()

    def _answered(self, answer: Answer) -> None:
        if self.unseen:
            self.unseen.popleft()
        else:
            self.answers.append(answer)

    def _again(self) -> Answer:
        if self.client is not None:
            self._forget()
            self.client.leave()
        self._come(self.script[len(self.answers) + 1 :])
        return () if self.client is not None else (self.failure,)

    def readable(self) -> None:
        assert self.client is not None
        if not self.busy:
            self.client.close()
            self._forget()
            return
        answer = self.client.receive()
        if self.client.closed:
            self._forget()
        if answer is not None:
            self._answered(answer)
            self.busy = self.blocked = False
            self.go_on()

    def _forget(self) -> None:
        """There is nothing to hear from this socket any more."""
        assert self.client is not None
        if self.client.socket in self.selector.get_map():
            self.selector.unregister(self.client.socket)

    def end(self) -> None:
        if self.busy:
            self.answers.append(HUNG)
        if self.client is not None:
            self.client.close()


def play(case: Case, connect: Connect, window: int) -> dict[int, list[Answer]]:
    """The answers of each client, in the order of its steps."""
    with selectors.DefaultSelector() as selector:
        players = {index: Player(index, case.script(index), connect, selector) for index in case.clients}
        try:
            for turn in case.turns:
                player = players[turn.client]
                player.todo.append(turn.step)
                player.go_on()
                while sum(other.busy and not other.blocked for other in players.values()) >= window:
                    if not _watch(selector, PATIENCE):
                        for other in players.values():
                            other.blocked = other.busy
            until = time.monotonic() + DEADLINE
            while any(player.busy for player in players.values()) and time.monotonic() < until:
                if _watch(selector, 1.0):
                    until = time.monotonic() + DEADLINE
        finally:
            for player in players.values():
                player.end()
        return {index: player.answers for index, player in players.items()}


def _watch(selector: selectors.BaseSelector, patience: float) -> bool:
    """Whether something came."""
    events = selector.select(patience)
    for key, _ in events:
        key.data.readable()
    return bool(events)
