"""States: interned, learned from trackers, brought from one to another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.session.state import CHARSETS, COLLATION, NAMES, NAMES_COLLATE, NO_NAMES, UNKNOWN, Baseline, States, literal
from proxy.wire.packets import Changes

VARIABLES = {
    "autocommit": "ON",
    "sql_mode": "STRICT_TRANS_TABLES",
    "time_zone": "SYSTEM",
    "sort_buffer_size": "262144",
    "character_set_client": "utf8mb4",
    "character_set_results": "utf8mb4",
    "collation_connection": "utf8mb4_general_ci",
}


@pytest.fixture
def states() -> States:
    return make_states(mariadb=False)


def make_states(mariadb: bool) -> States:
    return States(
        Baseline(
            variables=dict(VARIABLES),
            mariadb=mariadb,
            collations={8: ("latin1", "latin1_swedish_ci"), 45: ("utf8mb4", "utf8mb4_general_ci")},
            default_collations={"latin1": "latin1_swedish_ci"},
            reset_charsets={
                "character_set_client": "latin1",
                "character_set_results": "latin1",
                "collation_connection": "latin1_swedish_ci",
            },
        )
    )


def changed(states: States, start, **variables: str):
    return states.after(start, Changes(variables=tuple(variables.items())), False, NO_NAMES)


def test_equal_states_are_one_object(states: States) -> None:
    one = changed(states, states.fresh, sql_mode="ANSI", autocommit="OFF")
    two = changed(states, changed(states, states.fresh, autocommit="OFF"), sql_mode="ANSI")
    assert one is two
    assert changed(states, one, sql_mode="STRICT_TRANS_TABLES", autocommit="ON") is states.fresh


def test_login_with_the_baselines_collation_is_the_fresh_state(states: States) -> None:
    assert states.at_login(None, 45) is states.fresh
    assert states.value(states.at_login("shop", 8), COLLATION) == "latin1_swedish_ci"


def test_unknown_collation_id_gives_what_the_server_defaults_to(states: States) -> None:
    assert states.value(states.at_login(None, 9999), "character_set_client") == "latin1"


def test_ignore_space_is_a_sql_mode(states: States) -> None:
    assert states.value(states.at_login(None, 45, ignore_space=True), "sql_mode") == "IGNORE_SPACE,STRICT_TRANS_TABLES"


def test_sync_of_equal_states_is_nothing(states: States) -> None:
    assert states.sync(states.fresh, states.fresh) == []


def test_sync_sets_the_difference_and_the_schema(states: States) -> None:
    want = states.with_schema(changed(states, states.fresh, sql_mode="ANSI", sort_buffer_size="300000"), "shop")
    assert states.sync(states.fresh, want) == [
        b"\x03SET @@SESSION.sort_buffer_size=300000, @@SESSION.sql_mode='ANSI'",
        b"\x02shop",
    ]
    back = states.with_schema(states.fresh, "other")
    assert states.sync(want, back) == [
        b"\x03SET @@SESSION.sort_buffer_size=262144, @@SESSION.sql_mode='STRICT_TRANS_TABLES'",
        b"\x02other",
    ]


def test_no_statement_unsets_a_schema(states: States) -> None:
    assert states.sync(states.with_schema(states.fresh, "shop"), states.fresh) is None


def test_next_transaction_settings_are_replayed_and_need_a_clean_slate_to_vanish(states: States) -> None:
    text = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
    want = states.after(states.fresh, Changes(characteristics=text), False, NO_NAMES)
    assert states.sync(states.fresh, want) == [b"\x03SET TRANSACTION ISOLATION LEVEL READ COMMITTED"]
    assert states.sync(want, states.fresh) is None
    assert states.after(states.fresh, Changes(characteristics=text), True, NO_NAMES) is states.fresh


def test_collation_after_set_names_is_unknown_until_read_back(states: States) -> None:
    reported = dict.fromkeys(("character_set_client", "character_set_connection", "character_set_results"), "latin1")
    state = states.after(states.fresh, Changes(variables=tuple(reported.items())), False, NO_NAMES)
    assert not state.known
    assert states.value(state, COLLATION) is UNKNOWN
    known = states.with_collation(state, "latin1_german1_ci")
    assert known.known
    with_default = states.after(states.fresh, Changes(variables=tuple(reported.items())), False, NAMES)
    assert states.value(with_default, COLLATION) == "latin1_swedish_ci"
    with_collate = states.after(states.fresh, Changes(variables=tuple(reported.items())), False, NO_NAMES)
    assert not with_collate.known


def test_result_sets_name_the_collation_of_set_names(states: States) -> None:
    """It is seen in column definitions only, and only SET NAMES .. COLLATE or a login chooses it."""
    charsets = dict.fromkeys((*CHARSETS, "character_set_connection"), "latin1")
    named = states.with_collation(
        states.after(states.fresh, Changes(variables=tuple(charsets.items())), False, NAMES_COLLATE), "latin1_bin"
    )
    assert states.sync(states.fresh, named) == [b"\x03SET NAMES latin1 COLLATE latin1_bin"]
    later = changed(states, named, collation_connection="latin1_german1_ci")
    assert states.sync(states.fresh, later) == [
        b"\x03SET NAMES latin1 COLLATE latin1_bin, @@SESSION.collation_connection='latin1_german1_ci'"
    ]
    results = changed(states, named, character_set_results="latin1")
    assert results is not named
    assert states.sync(named, results) == [b"\x03SET @@SESSION.character_set_results='latin1'"]


def test_mariadbs_parameters_have_the_collation_of_set_names() -> None:
    """A character set that is set alone brings its default along."""
    states = make_states(mariadb=True)
    charsets = dict.fromkeys((*CHARSETS, "character_set_connection"), "latin1")
    named = states.with_collation(
        states.after(states.fresh, Changes(variables=tuple(charsets.items())), False, NAMES_COLLATE), "latin1_bin"
    )
    plain = states.after(named, Changes(variables=tuple(charsets.items())), False, NAMES)
    assert states.sync(named, plain) == [
        b"\x03SET @@SESSION.character_set_client='latin1', @@SESSION.character_set_results='latin1', "
        b"@@SESSION.collation_connection='latin1_swedish_ci'"
    ]
    results = changed(states, named, character_set_results="latin1")
    assert states.sync(states.fresh, results) == [
        b"\x03SET NAMES latin1 COLLATE latin1_bin, @@SESSION.character_set_results='latin1'"
    ]
    assert states.sync(plain, results) == states.sync(states.fresh, results)


@pytest.mark.parametrize(
    ("sql", "known"),
    [
        (b"SET NAMES latin1 COLLATE latin1_swedish_ci", True),
        (b" set names 'latin1' collate \"LATIN1_SWEDISH_CI\" ; ", True),
        (b"SET NAMES latin1 COLLATE nowhere_ci", False),
        (b"SET NAMES latin1 COLLATE latin1_swedish_ci, NAMES latin1 COLLATE latin1_bin", False),
        (b"SET NAMES latin1 COLLATE latin1_swedish_ci /* COLLATE latin1_bin */", False),
        (b"SET @a = 1, NAMES latin1 COLLATE latin1_swedish_ci", False),
    ],
)
def test_a_collation_is_taken_from_a_text_that_says_nothing_else(states: States, sql: bytes, known: bool) -> None:
    state = changed(states, states.fresh, character_set_client="latin1", character_set_connection="latin1")
    assert states.with_named_collation(state, sql).known is known


def test_collation_that_can_no_longer_be_read_is_the_charsets_default(states: States) -> None:
    state = changed(states, states.fresh, character_set_client="latin1", character_set_connection="latin1")
    assert states.value(states.with_default_collation(state), COLLATION) == "latin1_swedish_ci"


def test_reported_collation_is_known(states: States) -> None:
    state = changed(states, states.fresh, character_set_connection="latin1", collation_connection="latin1_german1_ci")
    assert state.known


def test_passing_values_are_no_state(states: States) -> None:
    assert changed(states, states.fresh, timestamp="12", last_insert_id="7", statement_id="9") is states.fresh


def test_dropped_schema_is_none(states: States) -> None:
    inside = states.with_schema(states.fresh, "shop")
    assert states.after(inside, Changes(schema=""), False, NO_NAMES) is states.fresh
    assert states.after(inside, Changes(schema="other"), False, NO_NAMES).schema == "other"


@pytest.mark.parametrize(
    ("name", "value", "base", "written"),
    [
        ("sort_buffer_size", "300000", "262144", "300000"),
        ("sql_mode", "", "ANSI", "''"),
        ("time_zone", "+00:00", "SYSTEM", "'+00:00'"),
        ("some_text", "10", "abc", "'10'"),
        ("some_text", "it's", "abc", "'it''s'"),
        ("long_query_time", "0.500000", "10.000000", "0.500000"),
        ("character_set_results", "", "utf8mb4", "NULL"),
        ("some_text", "a\\b", "", "CONVERT(0x615c62 USING utf8mb4)"),
        ("some_text", "é", "", "CONVERT(0xc3a9 USING utf8mb4)"),
    ],
)
def test_literals(name: str, value: str, base: str, written: str) -> None:
    assert literal(name, value, base) == written


@given(st.text(max_size=30))
def test_a_literal_never_ends_early(value: str) -> None:
    """Whatever a tracker says, the text stays inside its quotes under every sql_mode and charset."""
    written = literal("some_text", value, "text")
    if written.startswith("CONVERT"):
        assert bytes.fromhex(written[len("CONVERT(0x") : -len(" USING utf8mb4)")]).decode() == value
    else:
        assert written[1:-1].replace("''", "").count("'") == 0
        assert "\\" not in written
        assert written[1:-1].replace("''", "'") == value


@given(st.lists(st.sampled_from(["sql_mode", "autocommit", "time_zone", "sort_buffer_size"]), max_size=6), st.data())
def test_following_a_sync_leads_to_the_wanted_state(names: list[str], data) -> None:
    """What ``sync`` writes, read back as trackers would report it, is the state that was wanted."""
    states = States(Baseline(variables=dict(VARIABLES), mariadb=False))
    options = {
        "sql_mode": ["ANSI", "", "STRICT_TRANS_TABLES"],
        "autocommit": ["ON", "OFF"],
        "time_zone": ["SYSTEM", "+01:00"],
        "sort_buffer_size": ["262144", "1"],
    }
    have = changed(states, states.fresh, **{n: data.draw(st.sampled_from(options[n])) for n in names})
    want = changed(states, states.fresh, **{n: data.draw(st.sampled_from(options[n])) for n in names})
    commands = states.sync(have, want)
    assert commands is not None
    reported = {}
    for command in commands:
        for assignment in command[5:].decode().split(", @@SESSION."):
            name, _, value = assignment.removeprefix("@@SESSION.").partition("=")
            reported[name] = value.strip("'")
    assert changed(states, have, **reported) is want


def test_the_schemas_collation_after_a_reset(states: States) -> None:
    init_db, collate = b"\x02shop", b"\x03SET @@SESSION.collation_database='latin1_bin'"
    states.baseline.database_collation, states.baseline.sets_database = "latin1_bin", True
    shop = states.with_schema(states.fresh, "shop")
    reset = states.with_database_reset(shop)
    assert reset is not shop
    assert states.context(reset) is shop
    assert states.sync(shop, reset) == [collate]
    assert states.sync(reset, shop) == [init_db]
    assert states.sync(states.fresh, reset) == [init_db, collate]
    assert states.sync(states.cleaned(shop), reset) == []
    assert states.sync(states.cleaned(shop), shop) == [init_db]
    assert states.with_schema_selected(reset) is shop
    assert states.after(reset, Changes(schema="shop"), False, NO_NAMES) is shop


def test_nothing_of_a_schema_to_be_reset(states: States) -> None:
    shop = states.with_schema(states.fresh, "shop")
    assert states.with_database_reset(shop) is shop  # the login may not choose another collation
    states.baseline.sets_database = True
    assert states.with_database_reset(states.fresh) is states.fresh
    assert states.cleaned(states.fresh) is states.fresh


def test_the_collation_without_a_schema_that_was_dropped(states: States) -> None:
    collate, restore = (b"\x03SET @@SESSION.collation_database='%b'" % name for name in (b"latin1_bin", b"utf8mb4_bin"))
    states.baseline.database_collation, states.baseline.sets_database = "utf8mb4_bin", True
    dropped = Changes(schema="")
    fresh = states.fresh
    shop = changed(states, states.with_schema(fresh, "shop"), collation_server="latin1_bin")
    without = states.after(shop, dropped, False, NO_NAMES)
    assert without is not changed(states, fresh, collation_server="latin1_bin")
    assert states.sync(changed(states, fresh, collation_server="latin1_bin"), without) == [collate]
    assert states.sync(without, changed(states, fresh, collation_server="latin1_bin")) == [restore]
    assert changed(states, without, collation_database="utf8mb4_bin", collation_server="utf8mb4_bin") is (
        changed(states, fresh, collation_server="utf8mb4_bin")
    )
    assert states.after(without, Changes(schema="shop"), False, NO_NAMES) is shop
    states.baseline.sets_database = False
    assert states.after(shop, dropped, False, NO_NAMES) is changed(states, fresh, collation_server="latin1_bin")


def test_a_sync_that_chooses_the_schemas_collation(states: States) -> None:
    states.baseline.database_collation, states.baseline.sets_database = "latin1_bin", True
    shop = states.with_schema(states.fresh, "shop")
    assert changed(states, shop, collation_database="latin1_bin") is states.with_database_reset(shop)


def test_a_variable_of_two_names() -> None:
    states = States(Baseline(VARIABLES | {"default_storage_engine": "InnoDB", "storage_engine": "InnoDB"}, True))
    state = changed(states, states.fresh, storage_engine="MyISAM")
    assert state is changed(states, states.fresh, default_storage_engine="MyISAM")
    assert states.carries("default_storage_engine")
    assert not states.carries("storage_engine")
