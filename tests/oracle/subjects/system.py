"""Schema, system variables, charsets, prologues: what trackers report."""

from __future__ import annotations

from tests.oracle import steps as s
from tests.oracle.pen import Pen, Subject

# Values that belong to one moment or one connection, or that Forebay sets for its own use.
_NOT_COMPARED = (
    "pseudo_thread_id timestamp session_track_system_variables session_track_schema session_track_state_change "
    "session_track_transaction_info rand_seed1 rand_seed2 statement_id"
).split()
ALL_VARIABLES = "SHOW SESSION VARIABLES WHERE Variable_name NOT IN ({})".format(
    ", ".join(f"'{n}'" for n in _NOT_COMPARED)
)
CHARSETS = (
    "SELECT @@character_set_client, @@character_set_connection, @@character_set_results, @@collation_connection, "
    "CHARSET('a'), COLLATION('a')"
)

# Assignments that both servers know; the right sides are texts, numbers, sets, expressions, DEFAULT and mistakes.
_BOTH = (
    "sql_mode = 'ANSI_QUOTES'",
    "sql_mode = 'NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES'",
    "sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT')",
    "sql_mode = ''",
    "sql_mode = DEFAULT",
    "sql_mode = 'TRADITIONAL'",
    "sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "sql_mode = 4",
    "sql_mode = 'NONSENSE'",
    "time_zone = '+03:00'",
    "time_zone = '-11:30'",
    "time_zone = 'SYSTEM'",
    "time_zone = DEFAULT",
    "wait_timeout = 12345",
    "wait_timeout = DEFAULT",
    "net_write_timeout = 61",
    "group_concat_max_len = 77",
    "group_concat_max_len = 1",
    "group_concat_max_len = group_concat_max_len + 1",
    "max_execution = 5",
    "sql_safe_updates = 1",
    "sql_safe_updates = OFF",
    "sql_select_limit = 2",
    "sql_select_limit = DEFAULT",
    "foreign_key_checks = 0",
    "foreign_key_checks = 1",
    "unique_checks = OFF",
    "sql_auto_is_null = 1",
    "sql_big_selects = 0",
    "sql_notes = 0",
    "sql_notes = 1",
    "sql_warnings = 1",
    "sql_quote_show_create = 0",
    "max_error_count = 1",
    "max_error_count = 0",
    "max_error_count = DEFAULT",
    "div_precision_increment = 2",
    "div_precision_increment = 9",
    "lc_time_names = 'de_DE'",
    "lc_messages = 'en_GB'",  # errors of Forebay's own are English
    "auto_increment_increment = 3, auto_increment_offset = 2",
    "auto_increment_increment = DEFAULT, auto_increment_offset = DEFAULT",
    "sort_buffer_size = 100000",
    "max_allowed_packet = 5",
    "long_query_time = 3.5",
    "innodb_lock_wait_timeout = 11",
    "lock_wait_timeout = 13",
    "tmp_table_size = 2000000",
    "optimizer_switch = 'index_merge=off'",
    "optimizer_switch = DEFAULT",
    "default_storage_engine = 'MyISAM'",
    "default_week_format = 3",
    "max_sort_length = 64",
    "character_set_results = NULL",
    "character_set_results = 'latin1'",
    "character_set_client = 'latin1'",
    "character_set_connection = 'utf8mb3'",
    "collation_connection = 'latin1_german2_ci'",
    "collation_connection = 'utf8mb4_unicode_ci'",
    "collation_connection = DEFAULT",
    "collation_server = 'latin1_bin'",
    "autocommit = 1",
    "low_priority_updates = 1",
    "updatable_views_with_limit = 0",
    "completion_type = 0",
    "profiling_history_size = 7",
)
_MARIADB = (
    "sql_mode = 'ORACLE'",
    "sql_if_exists = 1",
    "old_mode = ''",
    "max_statement_time = 9.25",
    "idle_transaction_timeout = 100",
    "tx_isolation = 'READ-COMMITTED'",
    "join_cache_level = 3",
    "query_cache_type = 0",
    "alter_algorithm = 'INPLACE'",
    "note_verbosity = ''",
)
_MYSQL = (
    "transaction_isolation = 'READ-COMMITTED'",
    "max_execution_time = 9000",
    "cte_max_recursion_depth = 50",
    "windowing_use_high_precision = 0",
    "sql_require_primary_key = 1",
    "sql_generate_invisible_primary_key = 1",
    "information_schema_stats_expiry = 0",
    "block_encryption_mode = 'aes-256-cbc'",
    "show_create_table_verbosity = 1",
    "print_identified_with_as_hex = 1",
    "eq_range_index_dive_limit = 3",
)
_EFFECTS = (
    "SELECT \"a\", 'b\\n', 1/3, DATE_FORMAT('2024-03-01', '%M'), FROM_UNIXTIME(86400)",
    "SELECT @@sql_mode, @@time_zone, @@autocommit, @@sql_select_limit, @@group_concat_max_len",
    "SELECT GROUP_CONCAT(s ORDER BY id) FROM {s}.t",
    "SELECT id FROM {s}.t ORDER BY id",
    "SELECT 'a' || 'b', WEEK('2024-12-30'), 7/3",
    "SELECT nothing FROM {s}.nowhere",
    "SELECT 'grün', HEX('ü')",
    ALL_VARIABLES,
    CHARSETS,
)


def _assignment(pen: Pen) -> str:
    return pen.pick(*_BOTH, *(_MARIADB if pen.mariadb else _MYSQL))


_FOR_ONE = (
    "SET STATEMENT div_precision_increment = 2 FOR SELECT 1/3",
    "SET STATEMENT sql_mode = 'ANSI_QUOTES', group_concat_max_len = 9 FOR SELECT \"id\" FROM {s}.t LIMIT 1",
    "SET STATEMENT lock_wait_timeout = 4 FOR INSERT INTO {s}.t (n) VALUES (1)",
    "SET STATEMENT lc_time_names = 'fr_FR' FOR SELECT missing FROM {s}.t",
)


def one_statement(pen: Pen) -> None:
    """MariaDB's variables for one statement only."""
    pen.any(*_FOR_ONE)
    pen.any(
        "SELECT 1/3, @@div_precision_increment",
        "SELECT @@sql_mode, @@group_concat_max_len",
        "SELECT ROW_COUNT()",
        *_FOR_ONE,
    )
    pen.any("SELECT @@lc_time_names, @@lock_wait_timeout", "SELECT 1/3", ALL_VARIABLES)


def schema(pen: Pen) -> None:
    for _ in range(pen.number(1, 3)):
        name = pen.pick("{s}", "{s}", "{s}_b", "{s}_b", "nowhere", "information_schema")
        if pen.chance(0.5):
            pen.any(f"USE {name}", f"USE `{name}`", f"/* there */ use {name};")
        else:
            pen.say(s.InitDb(pen.subject, name.replace("{s}", pen.schema).encode()))
        pen.any(
            "SELECT DATABASE()", "SELECT COUNT(*) FROM t", "SHOW TABLES", "SELECT SCHEMA(), @@character_set_database"
        )
    if pen.chance(0.2):
        pen.q("CREATE DATABASE {s}_c", "USE {s}_c", "SELECT DATABASE()", "DROP DATABASE {s}_c", "SELECT DATABASE()")
    if pen.chance(0.8):
        pen.q("USE {s}")


def system_variables(pen: Pen) -> None:
    for _ in range(pen.number(1, 3)):
        scope = pen.pick("", "", "SESSION ", "LOCAL ", "@@", "@@SESSION.", "@@local.")
        pen.q(f"SET {scope}{_assignment(pen)}")
        if pen.chance(0.5):
            pen.any(*_EFFECTS)
    if pen.chance(0.3):
        pen.q(f"SET {_assignment(pen)}, {_assignment(pen)}")
        pen.any(*_EFFECTS)
    if pen.chance(0.5):
        pen.any(
            "SET sql_mode = DEFAULT, sql_select_limit = DEFAULT",
            "SET sql_select_limit=default, max_error_count=default",
        )


def autocommit(pen: Pen) -> None:
    pen.any("SET autocommit = 0", "SET autocommit = OFF", "SET SESSION autocommit = 'off'", "SET @@autocommit = false")
    pen.any("INSERT INTO {s}.t (n) VALUES (70)", "SELECT @@autocommit", "SELECT COUNT(*) FROM {s}.t")
    if pen.chance(0.4):
        pen.act()
    pen.any("COMMIT", "ROLLBACK", "SET autocommit = 1", "COMMIT")
    pen.any("SET autocommit = 1", "SET autocommit = ON", "SET autocommit = DEFAULT")
    pen.any("SELECT @@autocommit", "SELECT COUNT(*) FROM {s}.t")


_CHARSETS = ("utf8mb4", "latin1", "utf8mb3", "binary", "ascii", "gbk", "sjis", "cp1251")
_COLLATIONS = ("utf8mb4_bin", "utf8mb4_unicode_ci", "utf8mb4_general_ci", "latin1_german1_ci", "latin1_bin", "gbk_bin")


def names(pen: Pen) -> None:
    charset = pen.pick(*_CHARSETS)
    pen.any(f"SET NAMES {charset}", f"SET NAMES '{charset}'", f"set names {charset.upper()}", "SET NAMES DEFAULT")
    pen.any(CHARSETS, "SELECT 'a', HEX('ü')", "SELECT s FROM {s}.t ORDER BY id")
    if pen.chance(0.3):
        pen.any("SET CHARACTER SET latin1", "SET CHARSET utf8mb4", "SET CHARACTER SET DEFAULT")
        pen.q(CHARSETS)


def collation(pen: Pen) -> None:
    collation = pen.pick(*_COLLATIONS)
    charset = collation.partition("_")[0]
    pen.any(
        f"SET NAMES {charset} COLLATE {collation}",
        f"SET NAMES '{charset}' COLLATE '{collation}'",
        f"SET collation_connection = {collation}",
        f"SET NAMES latin1 COLLATE {collation}",
    )
    pen.any(CHARSETS, "SELECT 'a' = 'A', 'ss' = 'ß', COLLATION('x')", "SELECT 1")
    if pen.chance(0.5):
        pen.q(CHARSETS)


_PROLOGUES = (
    ("SET NAMES utf8mb4", "SET AUTOCOMMIT = 0", "COMMIT", "SET AUTOCOMMIT = 1", "SELECT 1"),
    ("SET SQL_AUTO_IS_NULL = 0", "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET NAMES utf8mb4"),
    ("SELECT @@sql_mode", "SET SESSION sql_mode = 'ANSI,TRADITIONAL'", "SET time_zone = '+00:00'", "SET NAMES utf8mb4"),
    ("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET autocommit=0", "ROLLBACK", "SET autocommit=1"),
    (
        "SHOW VARIABLES LIKE 'sql_mode'",
        "SHOW VARIABLES LIKE 'lower_case_table_names'",
        "SELECT VERSION()",
        "SELECT DATABASE()",
    ),
    ("SET NAMES 'utf8mb4' COLLATE 'utf8mb4_unicode_ci'", "SET SESSION sql_mode='STRICT_TRANS_TABLES'", "SELECT 2"),
    (
        "SET @@SESSION.sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), @@SESSION.wait_timeout = 2147483",
        "SELECT @@sql_mode",
    ),
)


def prologue(pen: Pen) -> None:
    statements = pen.rng.choice(_PROLOGUES)
    for _ in range(pen.number(1, 2)):
        pen.q(*statements)
    pen.any(*_EFFECTS)


def same_again(pen: Pen) -> None:
    """A SET to what the session has already."""
    assignment = _assignment(pen)
    pen.q(f"SET {assignment}", f"SET {assignment}", f"SET SESSION {assignment}")
    pen.any("SELECT ROW_COUNT()", "SHOW WARNINGS", "SELECT @@warning_count", *_EFFECTS)


_KNOWN = (
    "SET time_zone = '+05:00'",
    "SET sql_mode = 'ANSI'",
    "SET NAMES utf8mb4",
    "SET NAMES latin1",
    "SET div_precision_increment = 6",
)


def known_text(pen: Pen) -> None:
    """The same few texts from everybody, from different states."""
    pen.any(*_KNOWN)
    pen.any(*_EFFECTS, "SELECT ROW_COUNT()", "SHOW WARNINGS", "SELECT 8/3, @@time_zone, @@sql_mode")
    pen.any(*_KNOWN)
    if pen.chance(0.5):
        pen.any(*_EFFECTS)


SUBJECTS = (
    Subject("schema", schema, "default schema", 1.5),
    Subject("system variables", system_variables, "system variables, autocommit, charset", 2.0),
    Subject("autocommit", autocommit, "system variables, autocommit, charset"),
    Subject("SET STATEMENT", one_statement, "system variables, autocommit, charset", 0.5, "mariadb"),
    Subject("SET NAMES", names, "system variables, autocommit, charset"),
    Subject("collation", collation, "connection collation"),
    Subject("ORM prologue", prologue, "same SET text as one whose effect is known, literals only"),
    Subject("SET again", same_again, "SET with the value the client already has"),
    Subject("known SET texts", known_text, "same SET text as one whose effect is known, literals only"),
)
