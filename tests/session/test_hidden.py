"""What routines do unseen, driven without a server: answers are made by hand."""

from __future__ import annotations

import pytest

from proxy.session.hidden import Hidden, Memory, unearth
from proxy.session.state import Baseline, States
from tests.session.test_conversations import err, finish, table

VARIABLES = {"time_zone": "SYSTEM", "sql_mode": "ANSI", "timestamp": "1.5"}
NAMES = table(("61",), ("C39C",), ("412042",))
NOTHING = table(("",))


def test_mysql_tells_names_or_refuses_once() -> None:
    states, memory = States(Baseline(VARIABLES, False)), Memory()
    talk = unearth(states, states.fresh, memory)
    assert len(next(talk)) == 1
    assert finish(talk, [NAMES]) == Hidden([b"a", "Ü".encode(), b"a b"])
    talk = unearth(states, states.fresh, memory)
    next(talk)
    assert finish(talk, [err(1142)]) == Hidden(None)
    with pytest.raises(StopIteration) as unasked:
        next(unearth(states, states.fresh, memory))
    assert unasked.value.value == Hidden(None)


def test_mariadb_compares_in_full_until_it_has_a_mark() -> None:
    states, memory = States(Baseline(VARIABLES, True)), Memory()

    def told(zone: str):
        return table(("time_zone", zone), ("sql_mode", "ANSI"), ("timestamp", "2.5"), ("unheard_of", "1"))

    talk = unearth(states, states.fresh, memory)
    assert len(next(talk)) == 3
    found = finish(talk, [NAMES, told("+01:00"), NOTHING])
    assert found.changed == (("time_zone", "+01:00"),)
    assert b"@@SESSION.time_zone" in memory.mark
    assert b"timestamp" not in memory.mark

    for answers in ([told("SYSTEM"), NOTHING], []):
        talk = unearth(states, states.fresh, memory)
        assert next(talk)[1] == memory.mark
        if answers:
            talk.send([NAMES, table(("mark",)), NOTHING])
            assert finish(talk, answers).changed == ()
        else:
            assert finish(talk, [NAMES, table(("mark",)), NOTHING]).changed == ()
    talk = unearth(states, states.fresh, memory)
    next(talk)
    talk.send([NAMES, table(("another mark",)), NOTHING])
    assert finish(talk, [told("+02:00"), NOTHING]).changed == (("time_zone", "+02:00"),)
