"""The words of SQL that say something about a session: flags, and tables from words to flags.

Decides what a keyword, function, variable or first word of a statement means for sharing a server
connection. It does not know where in a text the word stands: ``tokens`` finds it, ``statements`` asks here.

Sources: MySQL manual, "Keywords and Reserved Words", "Built-In Function and Operator Reference", "Server
System Variables", "SQL Statements"; MariaDB Knowledge Base, "Reserved Words", "System Variables",
"Sequence Functions", "Compound Statements Outside of Stored Programs".
"""

from __future__ import annotations


def names(flags: int) -> list[str]:
    """The names of the bits that are set, for people."""
    return [name for name, flag in _FLAGS.items() if flags & flag]


# What a statement does, as bits of Traits.flags. A bit that permits something (UNLOCKS, FREES_..., SET_LITERAL,
# READ_ONLY) is set only where the text leaves no doubt; every other bit is set where it may apply.
USER_VARIABLE = 1 << 0  # mentions @x
ASSIGNS_VARIABLE = 1 << 1  # may give @x a value
INSERT_ID = 1 << 2  # reads or sets LAST_INSERT_ID(), @@identity, @@last_insert_id, @@insert_id
FOUND_ROWS = 1 << 3
ROW_COUNT = 1 << 4
CALC_FOUND_ROWS = 1 << 5
DIAGNOSTICS = 1 << 6  # SHOW WARNINGS and the like, GET DIAGNOSTICS, @@warning_count, @@error_count
TEMPORARY = 1 << 7  # the keyword TEMPORARY
DROPS_TABLE = 1 << 8  # DROP TABLE, which drops a temporary table of that name first
RENAMES_TABLE = 1 << 9  # ALTER .. RENAME, RENAME TABLE: a temporary table may have another name now
TABLE_LOCK = 1 << 10  # LOCK and UNLOCK of every kind, FLUSH .. WITH READ LOCK, FOR EXPORT, BACKUP
INSTANCE_LOCK = 1 << 11  # LOCK INSTANCE, BACKUP
UNLOCKS_TABLES = 1 << 12  # is exactly UNLOCK TABLES
UNLOCKS_INSTANCE = 1 << 13  # is exactly UNLOCK INSTANCE
NAMED_LOCK = 1 << 14  # mentions GET_LOCK and its relatives
TAKES_LOCK = 1 << 15
UNNAMED_LOCK = 1 << 16  # takes locks that Traits.locks_taken does not count in full
FREES_LOCK = 1 << 17  # does nothing but release Traits.locks_freed
FREES_ALL_LOCKS = 1 << 18  # is exactly SELECT or DO RELEASE_ALL_LOCKS()
HANDLER = 1 << 19
TEXT_PREPARE = 1 << 20  # PREPARE, EXECUTE, DEALLOCATE
SETS = 1 << 21
SET_NAMES = 1 << 22  # SET NAMES, SET CHARACTER SET
COLLATES = 1 << 23  # SET NAMES .. COLLATE
SET_LITERAL = 1 << 24  # sets system variables only, each to one literal, keyword or DEFAULT
SET_VARIES = 1 << 25  # the same text may have another effect next time: DEFAULT, CHARACTER SET, 'mrr=on'
SET_GLOBAL = 1 << 26  # GLOBAL, PERSIST, PERSIST_ONLY
SET_PASSWORD = 1 << 27
ROLE = 1 << 28
PROFILING = 1 << 29
TRACKERS = 1 << 30  # mentions session_track_...
SPECIAL_VARIABLE = 1 << 31  # sets a variable that cannot simply be read and set back
CALLS = 1 << 32  # CALL, EXECUTE, a compound statement: runs statements that do not stand in the text
FUNCTION = 1 << 33  # calls a function that is not known to be harmless: stored, loadable, or new
TRANSACTION = 1 << 34
NEXT_TRANSACTION = 1 << 35  # SET TRANSACTION .., SET @@transaction_isolation = ..
KILLS = 1 << 36
CONNECTION_ID = 1 << 37  # asks for or names a connection id
LOCAL_INFILE = 1 << 38
MULTI = 1 << 39  # more than one statement
TAIL = 1 << 40  # a comment behind the last semicolon: one more, empty answer where several statements are allowed
COMPOUND = 1 << 41  # CREATE PROCEDURE and the like: a semicolon may stand inside a body
USES = 1 << 42
HANGS_UP = 1 << 43  # COMMIT RELEASE, ROLLBACK RELEASE: the server closes the connection
SEQUENCE_NEXT = 1 << 44  # MariaDB: NEXT VALUE FOR
SEQUENCE_LAST = 1 << 45  # MariaDB: PREVIOUS VALUE FOR, which depends on this session's NEXT VALUE FOR
PIN_HINT = 1 << 46  # /* forebay: pin */
UNPIN_HINT = 1 << 47  # /* forebay: unpin */
UNKNOWN_VERB = 1 << 48  # begins with a word that begins no statement known here (UNSURE is set too)
UNSURE = 1 << 49
DEFINES = 1 << 50  # CREATE, ALTER, DROP and the like: what tables, routines or rights are may change
READ_ONLY = 1 << 51  # one plain question: no flag below it, no lock, nothing written; can be asked again
RECOUNTS = 1 << 52  # FOUND_ROWS() may be another afterwards, but not simply the number of rows that came

INTERESTING = READ_ONLY - 1
_FLAGS = {name: flag for name, flag in globals().items() if name.isupper() and name != "INTERESTING"}

# For one pass only, taken out before anyone else sees them.
WRITER_RECOUNTS = 1 << 53  # a word with which INSERT, UPDATE and DELETE count rows for FOUND_ROWS(), on some server
LIMITED = 1 << 54  # LIMIT: perhaps with an offset, which counts too
READER_RECOUNTS = 1 << 55  # a word with which a SELECT counts otherwise than by its rows
NAMES_FIRST = 1 << 56  # a statement in which a name before a parenthesis is no function, until a word says QUERY
QUERY = 1 << 57
KEEPS_VARIABLES = 1 << 58  # a statement that gives @x a value only by := or INTO; in others it may be an OUT parameter
ADJOINS = 1 << 59  # a function of the server only where its parenthesis follows at once, a stored one otherwise
SEQUENCED = 1 << 60  # the word before may make this a use of a sequence
EFFECT = 1 << 61  # a word that does not stand in a plain question
REREADS = 1 << 62  # may change sql_mode or the character set, hence how the text behind the semicolon is read

# How a statement goes on after its first word (the second half of a row in VERBS).
PLAIN, READS, SETTING, SHOWING, EXPLAINING, FLUSHING, ENDING, LOADING, CREATING, DROPPING = range(10)
LOCKING, UNLOCKING, PREPARING, EXECUTING, DEALLOCATING, BEGINNING, STARTING, DISTRIBUTED, HANDLING, BODY = range(10, 20)


def _rows(flags: int, shape: int, words: bytes) -> dict[bytes, tuple[int, int]]:
    return dict.fromkeys(words.split(), (flags, shape))


VERBS: dict[bytes, tuple[int, int]] = {
    **_rows(KEEPS_VARIABLES, READS, b"SELECT VALUES TABLE WITH"),
    **_rows(KEEPS_VARIABLES, PLAIN, b"UPDATE DELETE DO"),
    **_rows(KEEPS_VARIABLES | NAMES_FIRST, PLAIN, b"INSERT REPLACE"),
    **_rows(KEEPS_VARIABLES, SETTING, b"SET"),
    **_rows(KEEPS_VARIABLES, SHOWING, b"SHOW"),
    **_rows(KEEPS_VARIABLES, EXPLAINING, b"EXPLAIN DESCRIBE DESC"),
    **_rows(0, PLAIN, b"ANALYZE HELP SIGNAL RESIGNAL PURGE RESET CHANGE STOP CLONE SHUTDOWN RESTART"),
    **_rows(NAMES_FIRST | RENAMES_TABLE | DEFINES, PLAIN, b"RENAME"),
    **_rows(NAMES_FIRST, PLAIN, b"OPTIMIZE CHECK CHECKSUM REPAIR CACHE"),
    **_rows(NAMES_FIRST | DEFINES, PLAIN, b"GRANT REVOKE TRUNCATE INSTALL UNINSTALL IMPORT"),
    **_rows(TABLE_LOCK, LOCKING, b"LOCK"),
    **_rows(TABLE_LOCK, UNLOCKING, b"UNLOCK"),
    **_rows(TABLE_LOCK | INSTANCE_LOCK, PLAIN, b"BACKUP"),
    **_rows(0, FLUSHING, b"FLUSH"),
    **_rows(HANDLER, HANDLING, b"HANDLER"),
    **_rows(TEXT_PREPARE | KEEPS_VARIABLES, PREPARING, b"PREPARE"),
    **_rows(TEXT_PREPARE | CALLS | REREADS, EXECUTING, b"EXECUTE"),
    **_rows(TEXT_PREPARE, DEALLOCATING, b"DEALLOCATE"),
    **_rows(NAMES_FIRST | DEFINES, DROPPING, b"DROP"),
    **_rows(NAMES_FIRST | DEFINES, CREATING, b"CREATE ALTER"),
    **_rows(TRANSACTION, BEGINNING, b"BEGIN"),
    **_rows(0, STARTING, b"START"),
    **_rows(TRANSACTION, ENDING, b"COMMIT ROLLBACK"),
    **_rows(TRANSACTION, PLAIN, b"SAVEPOINT RELEASE"),
    **_rows(TRANSACTION, DISTRIBUTED, b"XA"),
    **_rows(CALLS | NAMES_FIRST, PLAIN, b"CALL"),
    **_rows(DIAGNOSTICS, PLAIN, b"GET"),
    **_rows(KILLS, PLAIN, b"KILL"),
    **_rows(USES, PLAIN, b"USE"),
    **_rows(NAMES_FIRST | INSERT_ID, LOADING, b"LOAD"),  # its OK packet tells no id
    **_rows(UNSURE, PLAIN, b"BINLOG"),
    **_rows(0, BODY, b"IF CASE LOOP REPEAT WHILE FOR DECLARE"),
    **_rows(0, BODY, b"END ELSE ELSEIF UNTIL FETCH OPEN CLOSE LEAVE ITERATE RETURN"),
}

# Words that mean the same wherever they stand unquoted, except directly behind a dot.
ANYWHERE: dict[bytes, int] = {
    b"SQL_CALC_FOUND_ROWS": CALC_FOUND_ROWS,
    b"TEMPORARY": TEMPORARY,
    b"LAST_INSERT_ID": INSERT_ID,
    **dict.fromkeys(b"PROCESSLIST PROCESSLIST_ID PSEUDO_THREAD_ID TRX_MYSQL_THREAD_ID".split(), CONNECTION_ID),
    **dict.fromkeys(
        b"""SESSION_TRACK_GTIDS SESSION_TRACK_SCHEMA SESSION_TRACK_STATE_CHANGE SESSION_TRACK_SYSTEM_VARIABLES
        SESSION_TRACK_TRANSACTION_INFO SESSION_TRACK_USER_VARIABLES""".split(),
        TRACKERS,
    ),
    **dict.fromkeys(b"UPDATE DELETE SHARE LOCK PROCEDURE".split(), EFFECT),
    b"INTO": EFFECT | READER_RECOUNTS,
    **dict.fromkeys(b"UNION EXCEPT INTERSECT OFFSET".split(), READER_RECOUNTS),
    **dict.fromkeys(b"JOIN STRAIGHT_JOIN ORDER USING RETURNING".split(), WRITER_RECOUNTS),
    b"LIMIT": LIMITED,
    b"SELECT": QUERY | WRITER_RECOUNTS,
    **dict.fromkeys(b"VALUES SET".split(), QUERY),
    b"VALUE": QUERY | SEQUENCED,
    b"RENAME": RENAMES_TABLE,
}
SEQUENCE_WORDS = {b"NEXT": SEQUENCE_NEXT | EFFECT, b"PREVIOUS": SEQUENCE_LAST}  # before VALUE

# What counts for FOUND_ROWS() as many rows as it sends, and what leaves it alone, but for some words in the text.
# Whatever else there is may do either: SHOW and EXPLAIN differ from kind to kind and from server to server.
READERS = frozenset(b"SELECT WITH TABLE".split())
WRITERS = frozenset(
    b"""INSERT REPLACE UPDATE DELETE SET BEGIN START COMMIT ROLLBACK SAVEPOINT RELEASE USE GET KILL SIGNAL RESIGNAL
    PREPARE DEALLOCATE CREATE DROP ALTER RENAME TRUNCATE LOCK UNLOCK GRANT REVOKE FLUSH""".split()
)

# Directly behind SHOW, or behind its FULL, SESSION or LOCAL.
SHOWN: dict[bytes, int] = {
    **dict.fromkeys(b"WARNINGS ERRORS COUNT".split(), DIAGNOSTICS),
    **dict.fromkeys(b"PROFILE PROFILES".split(), PROFILING),
    **dict.fromkeys(b"EXPLAIN ANALYZE".split(), CONNECTION_ID),
    b"VARIABLES": INSERT_ID,
}

# Directly behind SET and its scope, in place of a variable's name.
OTHER_SETS: dict[bytes, int] = {
    **dict.fromkeys(b"NAMES CHARACTER CHARSET CHAR".split(), SET_NAMES | REREADS),
    b"PASSWORD": SET_PASSWORD,
    b"TRANSACTION": 0,
    b"ROLE": ROLE,
    b"DEFAULT": ROLE,
    b"RESOURCE": SPECIAL_VARIABLE,
    b"AUTHORIZATION": UNSURE,
}

# Names behind @@, or set by SET.
SYSTEM_VARIABLES: dict[bytes, int] = {
    **dict.fromkeys(b"IDENTITY LAST_INSERT_ID INSERT_ID".split(), INSERT_ID),
    **dict.fromkeys(b"WARNING_COUNT ERROR_COUNT".split(), DIAGNOSTICS),
    b"PSEUDO_THREAD_ID": CONNECTION_ID,
}

# Variables that SET gives more than a value which can be read and set back: read otherwise than set (timestamp, the
# seeds of RAND), used up by the next statement (insert_id, gtid_next), bound to privileges and replication, kept
# apart by the schema (character_set_database), changing others unseen (max_join_size), changing what other
# statements mean in ways not followed here (completion_type hangs up, resultset_metadata leaves out columns,
# default collations decide what SET NAMES does), or filling a store of their own (optimizer_trace).
_SPECIAL = frozenset(
    b"""TIMESTAMP INSERT_ID RAND_SEED1 RAND_SEED2 SERVER_ID SQL_LOG_BIN SQL_LOG_OFF BINLOG_FORMAT
    BINLOG_DIRECT_NON_TRANSACTIONAL_UPDATES ORIGINAL_COMMIT_TIMESTAMP ORIGINAL_SERVER_VERSION IMMEDIATE_SERVER_VERSION
    REQUIRE_ROW_FORMAT TRANSACTION_ALLOW_BATCHING SKIP_REPLICATION SKIP_PARALLEL_REPLICATION RBR_EXEC_MODE
    COMPLETION_TYPE RESULTSET_METADATA CHARACTER_SET_DATABASE COLLATION_DATABASE DEFAULT_COLLATION_FOR_UTF8MB4
    CHARACTER_SET_COLLATIONS MAX_JOIN_SIZE""".split()
)
_SPECIAL_PREFIXES = (b"PSEUDO_", b"GTID_", b"WSREP_", b"NDB_", b"DEBUG", b"OPTIMIZER_TRACE")

_CHANGES_IN_PART = frozenset(b"OPTIMIZER_SWITCH OPTIMIZER_TRACE OPTIMIZER_TRACE_FEATURES DEBUG DEBUG_DBUG".split())
_DECIDES_READING = frozenset(b"SQL_MODE CHARACTER_SET_CLIENT".split())
NEXT_ONLY = frozenset(b"TRANSACTION_ISOLATION TRANSACTION_READ_ONLY TX_ISOLATION TX_READ_ONLY".split())
ROUTINES = frozenset(b"PROCEDURE FUNCTION TRIGGER EVENT PACKAGE".split())


def when_set(name: bytes) -> int:
    """What it means that SET gives a value to the system variable of this name, in capitals."""
    flags = SYSTEM_VARIABLES.get(name, 0)
    if name in _SPECIAL or name.startswith(_SPECIAL_PREFIXES):
        flags |= SPECIAL_VARIABLE
    if name.startswith(b"SESSION_TRACK_"):
        flags |= TRACKERS
    if name == b"PROFILING":
        flags |= PROFILING
    if name in _DECIDES_READING:
        flags |= REREADS
    if name in _CHANGES_IN_PART:  # the value names a part, the rest stays as it was
        flags |= SET_VARIES
    return flags


_LOCKS = NAMED_LOCK | EFFECT
_HARMLESS = b"""
ABS ACOS ADD_MONTHS ADDDATE ADDTIME AES_DECRYPT AES_ENCRYPT ANY_VALUE ASCII ASIN ATAN ATAN2 AVG BIN BIN_TO_UUID
BIT_AND BIT_COUNT BIT_LENGTH BIT_OR BIT_XOR CAN_ACCESS_COLUMN CAN_ACCESS_DATABASE CAN_ACCESS_TABLE CAN_ACCESS_USER
CAN_ACCESS_VIEW CAST CEIL CEILING CHAR CHARACTER_LENGTH CHARSET CHAR_LENGTH CHR COALESCE COERCIBILITY COLLATION
COMPRESS CONCAT CONCAT_WS CONV CONVERT CONVERT_TZ COS COT COUNT CRC32 CRC32C CUME_DIST CURDATE CURRENT_DATE
CURRENT_ROLE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURTIME DATABASE DATE DATEDIFF DATE_ADD DATE_FORMAT DATE_SUB
DAY DAYNAME DAYOFMONTH DAYOFWEEK DAYOFYEAR DECODE DECODE_ORACLE DEFAULT DEGREES DENSE_RANK DES_DECRYPT DES_ENCRYPT
DISTANCE ELT ENCODE ENCRYPT EXP EXPORT_SET EXTRACT EXTRACTVALUE FIELD FIND_IN_SET FIRST_VALUE FLOOR FORMAT
FORMAT_BYTES FORMAT_PICO_TIME FROM_BASE64 FROM_DAYS FROM_UNIXTIME FROM_VECTOR GEOMCOLLECTION GEOMETRYCOLLECTION
GET_FORMAT GREATEST GROUPING GROUP_CONCAT GTID_SUBSET GTID_SUBTRACT HEX HOUR ICU_VERSION IF IFNULL INET6_ATON
INET6_NTOA INET_ATON INET_NTOA INSERT INSTR INTERVAL ISNULL IS_IPV4 IS_IPV4_COMPAT IS_IPV4_MAPPED IS_IPV6 IS_UUID
JSON_ARRAY JSON_ARRAYAGG JSON_ARRAY_APPEND JSON_ARRAY_INSERT JSON_ARRAY_INTERSECT JSON_COMPACT JSON_CONTAINS
JSON_CONTAINS_PATH JSON_DEPTH JSON_DETAILED JSON_EQUALS JSON_EXISTS JSON_EXTRACT JSON_INSERT JSON_KEYS JSON_LENGTH
JSON_LOOSE JSON_MERGE JSON_MERGE_PATCH JSON_MERGE_PRESERVE JSON_NORMALIZE JSON_OBJECT JSON_OBJECTAGG JSON_OVERLAPS
JSON_PRETTY JSON_QUERY JSON_QUOTE JSON_REMOVE JSON_REPLACE JSON_SCHEMA_VALID JSON_SCHEMA_VALIDATION_REPORT JSON_SEARCH
JSON_SET JSON_STORAGE_FREE JSON_STORAGE_SIZE JSON_TABLE JSON_TYPE JSON_UNQUOTE JSON_VALID JSON_VALUE KDF LAG LAST_DAY
LAST_VALUE LCASE LEAD LEAST LEFT LENGTH LENGTHB LINESTRING LN LOCALTIME LOCALTIMESTAMP LOCATE LOG LOG10 LOG2 LOWER
LPAD LTRIM MAKEDATE MAKETIME MAKE_SET MAX MBRCONTAINS MBRCOVEREDBY MBRCOVERS MBRDISJOINT MBREQUALS MBRINTERSECTS
MBROVERLAPS MBRTOUCHES MBRWITHIN MD5 MEDIAN MICROSECOND MID MIN MINUTE MOD MONTH MONTHNAME MONTHS_BETWEEN
MULTILINESTRING MULTIPOINT MULTIPOLYGON NAME_CONST NATURAL_SORT_KEY NOW NTH_VALUE NTILE NULLIF NVL NVL2 OCT
OCTET_LENGTH OLD_PASSWORD ORD PASSWORD PERCENTILE_CONT PERCENTILE_DISC PERCENT_RANK PERIOD_ADD PERIOD_DIFF PI POINT
POLYGON POSITION POW POWER QUARTER QUOTE RADIANS RAND RANDOM_BYTES RANK REGEXP_INSTR REGEXP_LIKE REGEXP_REPLACE
REGEXP_SUBSTR REPEAT REPLACE REVERSE RIGHT ROLES_GRAPHML ROUND ROW_NUMBER RPAD RTRIM SCHEMA SECOND SEC_TO_TIME
SESSION_USER SFORMAT SHA SHA1 SHA2 SIGN SIN SOUNDEX SPACE SQRT STATEMENT_DIGEST STATEMENT_DIGEST_TEXT STD STDDEV
STDDEV_POP STDDEV_SAMP STRCMP STRING_TO_VECTOR STR_TO_DATE ST_AREA ST_ASBINARY ST_ASGEOJSON ST_ASTEXT ST_ASWKB
ST_ASWKT ST_BUFFER ST_CENTROID ST_CONTAINS ST_CONVEXHULL ST_CROSSES ST_DIFFERENCE ST_DIMENSION ST_DISJOINT ST_DISTANCE
ST_DISTANCE_SPHERE ST_ENDPOINT ST_ENVELOPE ST_EQUALS ST_EXTERIORRING ST_GEOHASH ST_GEOMCOLLFROMTEXT ST_GEOMETRYN
ST_GEOMETRYTYPE ST_GEOMFROMGEOJSON ST_GEOMFROMTEXT ST_GEOMFROMWKB ST_INTERSECTION ST_INTERSECTS ST_ISCLOSED ST_ISEMPTY
ST_ISSIMPLE ST_ISVALID ST_LATITUDE ST_LENGTH ST_LINEFROMTEXT ST_LINEFROMWKB ST_LONGITUDE ST_MAKEENVELOPE
ST_NUMGEOMETRIES ST_NUMPOINTS ST_OVERLAPS ST_POINTFROMGEOHASH ST_POINTFROMTEXT ST_POINTFROMWKB ST_POINTN
ST_POLYFROMTEXT ST_POLYFROMWKB ST_SIMPLIFY ST_SRID ST_STARTPOINT ST_SWAPXY ST_SYMDIFFERENCE ST_TOUCHES ST_TRANSFORM
ST_UNION ST_VALIDATE ST_WITHIN ST_X ST_Y SUBDATE SUBSTR SUBSTRING SUBSTRINGB SUBSTRING_INDEX SUBSTRB SUBTIME SUM
SYSDATE SYSTEM_USER SYS_GUID TAN TIME TIMEDIFF TIMESTAMP TIMESTAMPADD TIMESTAMPDIFF TIME_FORMAT TIME_TO_SEC TO_BASE64
TO_CHAR TO_DAYS TO_NUMBER TO_SECONDS TO_VECTOR TRIM TRIM_ORACLE TRUNCATE UCASE UNCOMPRESS UNCOMPRESSED_LENGTH UNHEX
UNIX_TIMESTAMP UPDATEXML UPPER USER UTC_DATE UTC_TIME UTC_TIMESTAMP UUID UUID_SHORT UUID_TO_BIN UUID_V4 UUID_V7
VALIDATE_PASSWORD_STRENGTH VALUE VALUES VARIANCE VAR_POP VAR_SAMP VECTOR_DIM VECTOR_TO_STRING VEC_DISTANCE
VEC_DISTANCE_COSINE VEC_DISTANCE_EUCLIDEAN VEC_FROMTEXT VEC_TOTEXT VERSION WEEK WEEKDAY WEEKOFYEAR WEIGHT_STRING YEAR
YEARWEEK
"""
_NO_FUNCTIONS = b"""
AGAINST ALL AND ANY AS ASC BETWEEN BINARY BIT BLOB BY CASE COLLATE CUBE DATETIME DEC DECIMAL DELAYED DESC DISTINCT
DISTINCTROW DIV DOUBLE DUPLICATE ELSE EMPTY END EXCEPT EXISTS FILTER FIXED FLOAT FLOAT4 FLOAT8 FOR FORCE FROM FULL
FULLTEXT GROUP GROUPS HAVING HIGH_PRIORITY IGNORE IN INDEX INNER INT INT1 INT2 INT3 INT4 INT8 INTEGER INTERSECT INTO
IS JOIN KEY LATERAL LIKE LIMIT LOW_PRIORITY MATCH MEDIUMINT MEMBER MINUS NATIONAL NCHAR NOT NUMERIC NVARCHAR OF OFFSET
ON OR ORDER OUTER OVER PARTITION PRIMARY REAL RECURSIVE REFERENCES REGEXP RETURNING RLIKE ROLLUP ROW ROWS SELECT SET
SIGNED SMALLINT SOME SOUNDS SQL_BIG_RESULT SQL_BUFFER_RESULT SQL_CACHE SQL_CALC_FOUND_ROWS SQL_NO_CACHE
SQL_SMALL_RESULT STRAIGHT_JOIN TABLE THEN TINYINT UNION UNIQUE UNSIGNED UPDATE USE USING VARBINARY VARCHAR VECTOR WHEN
WHERE WINDOW WITH WITHIN XOR
"""

# What stands before an opening parenthesis. A name that is not here is called FUNCTION.
CALLED: dict[bytes, int] = {
    **dict.fromkeys(_HARMLESS.split() + _NO_FUNCTIONS.split(), 0),
    **dict.fromkeys(b"RELEASE_LOCK RELEASE_ALL_LOCKS IS_FREE_LOCK IS_USED_LOCK SERVICE_RELEASE_LOCKS".split(), _LOCKS),
    **dict.fromkeys(b"GET_LOCK SERVICE_GET_READ_LOCKS SERVICE_GET_WRITE_LOCKS".split(), _LOCKS | TAKES_LOCK),
    **dict.fromkeys(b"VERSION_TOKENS_LOCK_SHARED VERSION_TOKENS_LOCK_EXCLUSIVE".split(), _LOCKS | TAKES_LOCK),
    **dict.fromkeys(b"CONNECTION_ID PS_CURRENT_THREAD_ID PS_THREAD_ID".split(), CONNECTION_ID),
    **dict.fromkeys(b"SLEEP BENCHMARK LOAD_FILE".split(), EFFECT),
    **dict.fromkeys(b"NEXTVAL SETVAL".split(), SEQUENCE_NEXT | EFFECT),
    b"LASTVAL": SEQUENCE_LAST,
    b"LAST_INSERT_ID": INSERT_ID,
    b"FOUND_ROWS": FOUND_ROWS,
    b"ROW_COUNT": ROW_COUNT,
}
# MySQL manual, "Function Name Parsing and Resolution".
for _name in b"""ADDDATE BIT_AND BIT_OR BIT_XOR CAST COUNT CURDATE CURTIME DATE_ADD DATE_SUB EXTRACT GROUP_CONCAT MAX
    MID MIN NOW POSITION SESSION_USER STD STDDEV STDDEV_POP STDDEV_SAMP SUBDATE SUBSTR SUBSTRING SUM SYSDATE SYSTEM_USER
    TRIM VARIANCE VAR_POP VAR_SAMP""".split():
    CALLED[_name] |= ADJOINS


def _fingerprints(words: dict[bytes, int]) -> bytes:
    """1 where a word may be one of these, so that most others need not be looked up."""
    table = bytearray(4096)
    for word in words:
        table[(word[0] | 32) + (word[-1] | 32) * 5 + len(word) * 67 & 4095] = 1
    return bytes(table)


# Indexed by (first byte | 32) + (last byte | 32) * 5 + length * 67, modulo its size.
LIKELY = _fingerprints(ANYWHERE)
LONGEST = max(len(word) for word in ANYWHERE)
