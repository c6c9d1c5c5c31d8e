"""What Forebay says to a server, driven without one: answers are made by hand."""

from __future__ import annotations

import pytest

from proxy.errors import ServerRefused
from proxy.session import conversations
from proxy.session.conditions import DETAILED, ITEMS, Conditions, detail_questions
from proxy.session.conversations import COLLATION, DETAILS, FOUND_ROWS, INSERT_ID, LATE, WARNINGS
from proxy.session.state import Baseline, States
from proxy.wire import packets, replies
from proxy.wire.answers import SERVER_CAPABILITIES, Answer
from proxy.wire.frames import frame_all
from proxy.wire.replies import Reply


def answer(payloads: list[bytes]) -> Answer:
    raw = frame_all(payloads, 1)
    reply = Reply()
    reply.begin(replies.QUERY, False, None)
    reply.feed(raw)
    assert reply.done
    return Answer(raw, reply)


def ok(status: int = 2) -> Answer:
    return answer([packets.build_ok(packets.Ok(0, 0, status, 0, b"", b""), SERVER_CAPABILITIES)])


def err(number: int = 1238) -> Answer:
    return answer([packets.build_err(number, "HY000", "no")])


def table(*rows: tuple[str | None, ...]) -> Answer:
    columns = [packets.Column(f"c{i}") for i in range(len(rows[0]) if rows else 1)]
    cells = [[None if cell is None else cell.encode() for cell in row] for row in rows]
    return answer(packets.build_text_result(columns, cells, SERVER_CAPABILITIES, 2))


def finish(talk, answers):
    with pytest.raises(StopIteration) as stop:
        talk.send(answers)
    return stop.value.value


def baseline_answers() -> list[Answer]:
    return [
        table(("sql_mode", "ANSI"), ("statement_id", "1")),
        table(("utf8mb4", "utf8mb4", "utf8mb4_0900_ai_ci", "latin1_bin", "shop")),
        table(("8", "latin1", "latin1_swedish_ci", "Yes"), ("5", "latin1", "latin1_german1_ci", "")),
        ok(),
    ]


def test_introduction() -> None:
    talk = conversations.introduce(mariadb=False, init_query="SET NAMES utf8mb4")
    assert next(talk) == [b"\x03SET NAMES utf8mb4"]
    assert len(talk.send([ok()])) == 4
    (track,) = talk.send(baseline_answers())
    assert b"session_track_system_variables='sql_mode'" in track
    found = finish(talk, [ok()])
    assert found.variables["sql_mode"] == "ANSI"
    assert found.schema == "shop"
    assert found.collations[5] == ("latin1", "latin1_german1_ci")
    assert found.default_collations == {"latin1": "latin1_swedish_ci"}
    assert found.reset_charsets["collation_connection"] == "utf8mb4_0900_ai_ci"
    assert (found.database_collation, found.sets_database) == ("latin1_bin", True)


def test_a_login_that_may_not_choose_the_schemas_collation() -> None:
    talk = conversations.introduce(mariadb=False, init_query="")
    next(talk)
    talk.send([*baseline_answers()[:3], err(1227)])
    assert not finish(talk, [ok()]).sets_database


def test_introduction_to_mariadb_tracks_everything() -> None:
    talk = conversations.introduce(mariadb=True, init_query="")
    next(talk)
    (track,) = talk.send(baseline_answers())
    assert b"session_track_system_variables='*'" in track


def test_a_bad_init_query_is_the_servers_error() -> None:
    talk = conversations.introduce(mariadb=False, init_query="nonsense")
    next(talk)
    with pytest.raises(ServerRefused) as refused:
        talk.send([err(1064)])
    assert refused.value.number == 1064


CLEARS = b"\x03DO (SELECT 1 FROM (SELECT 1) forebay)"


def states() -> States:
    return States(Baseline(variables={"sql_mode": "ANSI", "port": "3306", "timestamp": "1"}, mariadb=False))


def test_nothing_to_normalise() -> None:
    known = states()
    talk = conversations.normalise(known, Baseline(dict(known.baseline.variables), False, "shop"))
    with pytest.raises(StopIteration) as stop:
        next(talk)
    assert stop.value.value is known.with_schema(known.fresh, "shop")


def test_normalising_sets_back_and_remembers_what_cannot_be_set() -> None:
    known = states()
    found = Baseline({"sql_mode": "", "port": "3307", "timestamp": "2"}, False)
    talk = conversations.normalise(known, found)
    assert next(talk) == [b"\x03SET @@SESSION.sql_mode='ANSI'", b"\x03SET @@SESSION.port=3306", CLEARS]
    assert finish(talk, [ok(), err(), ok()]) is known.fresh
    assert known.global_only == {"port"}
    with pytest.raises(StopIteration):
        next(conversations.normalise(known, Baseline({"sql_mode": "ANSI", "port": "3308"}, False)))


def test_settling_asks_for_warnings_first() -> None:
    assert [command[1:5] for command in conversations.settle_commands(WARNINGS | INSERT_ID, [])] == [
        b"SHOW",
        b"SELE",
        b"DO (",
    ]
    assert len(conversations.settle_commands(INSERT_ID, [])) == 1
    assert [command[1:5] for command in conversations.settle_commands(WARNINGS | FOUND_ROWS, [])] == [
        b"SHOW",
        b"SET ",  # before MySQL counts its warning of FOUND_ROWS()
        b"SELE",
        b"DO (",
    ]
    assert len(conversations.settle_commands(WARNINGS | DETAILS, [])) == 3 + DETAILED


def test_settled_takes_what_was_asked_for() -> None:
    values = table(("7", "latin1_bin", "3", "9", "70", "0"))
    warnings = table(("Warning", "1", "text"))
    answers = [warnings, ok(), values, ok()]
    all_of_it = conversations.settled(WARNINGS | INSERT_ID | COLLATION | FOUND_ROWS, [], answers)
    assert (all_of_it.insert_id, all_of_it.collation, all_of_it.found_rows) == (7, "latin1_bin", 3)
    assert all_of_it.warnings == Conditions([[b"Warning", b"1", b"text"]], 70)
    no_count = table(("7", "latin1_bin", "3", "9", "0", "0", *["41"] * len(detail_questions())))
    answers = [warnings, *[ok()] * DETAILED, no_count, ok()]
    in_detail = conversations.settled(WARNINGS | DETAILS, [], answers).warnings
    assert in_detail == Conditions([[b"Warning", b"1", b"text"]], 1, details=[[b"41"] * len(ITEMS)])
    late = conversations.settled(FOUND_ROWS | LATE, [], [ok(), ok(), values, ok()])
    assert (late.found_rows, late.late_rows) == (3, 9)
    only_id = conversations.settled(INSERT_ID, [], [values])
    assert (only_id.insert_id, only_id.collation, only_id.found_rows, only_id.warnings) == (7, None, None, None)


def test_settling_finds_errors_that_have_no_row() -> None:
    values = table(("0", "latin1_bin", "0", "0", "5", "3"))
    for rows in ([], [("Error", "1064", "text")], [("Warning", "1", "text")]):
        warnings = conversations.settled(WARNINGS, [], [table(*rows), values, ok()]).warnings
        assert warnings is not None
        assert (warnings.total, warnings.errors, len(warnings.rows)) == (5, 3, len(rows))


def test_ping_and_rollback_give_the_status() -> None:
    for talk in (conversations.ping(), conversations.rollback()):
        next(talk)
        assert finish(talk, [ok(status=3)]) == 3
    asked = conversations.ask_status(True)
    next(asked)
    assert finish(asked, [ok(status=3)]).status == 3


def test_clean_slate_keeps_the_schema_and_goes_back_to_the_baselines_charsets() -> None:
    variables = dict.fromkeys(("character_set_client", "character_set_results"), "utf8mb4")
    known = States(
        Baseline(
            variables | {"collation_connection": "utf8mb4_general_ci"},
            False,
            default_collations={"utf8mb4": "utf8mb4_0900_ai_ci"},
        )
    )
    state = known.with_schema(known.fresh, "shop")
    talk = conversations.clean_slate(known, "SET a=1", state)
    commands = next(talk)
    assert commands[0] == b"\x1f"
    assert commands[1] == b"\x03SET a=1"
    assert commands[-1] == b"\x03SET NAMES utf8mb4 COLLATE utf8mb4_general_ci"
    assert finish(talk, [ok()] * len(commands)) is known.cleaned(state)
