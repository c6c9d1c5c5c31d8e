"""What a client can be told to do, one command each; steps print themselves so that a case can be read.

Texts name schemas and locks with the prefix ``orap_``; the direct run says ``orad_`` instead, so both live on one
server.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.wire import constants as c


@dataclass(frozen=True, slots=True)
class Step:
    """One command. ``subject`` is the row of the table that made it."""

    subject: str


@dataclass(frozen=True, slots=True)
class Query(Step):
    sql: bytes

    def __str__(self) -> str:
        return self.sql.decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class InitDb(Step):
    schema: bytes

    def __str__(self) -> str:
        return f"COM_INIT_DB {self.schema.decode()}"


@dataclass(frozen=True, slots=True)
class FieldList(Step):
    table: bytes

    def __str__(self) -> str:
        return f"COM_FIELD_LIST {self.table.decode()}"


@dataclass(frozen=True, slots=True)
class Plain(Step):
    """A command without arguments, or with fixed ones."""

    payload: bytes

    def __str__(self) -> str:
        return _NAMES.get(self.payload, repr(self.payload))


@dataclass(frozen=True, slots=True)
class Prepare(Step):
    """``handle`` stands for the statement id, which is the connection's own affair."""

    handle: str
    sql: bytes

    def __str__(self) -> str:
        return f"COM_STMT_PREPARE {self.handle}: {self.sql.decode('utf-8', 'backslashreplace')}"


# A parameter: None, an int, a float, or bytes.
Parameter = None | int | float | bytes


@dataclass(frozen=True, slots=True)
class Execute(Step):
    """``bound`` False leaves the parameter types out, as a client may from the second time on."""

    handle: str
    parameters: tuple[Parameter, ...] = ()
    cursor: bool = False
    bound: bool = True

    def __str__(self) -> str:
        how = " with cursor" * self.cursor + " without types" * (not self.bound)
        return f"COM_STMT_EXECUTE {self.handle} {self.parameters}{how}"


@dataclass(frozen=True, slots=True)
class LongData(Step):
    handle: str
    parameter: int
    data: bytes

    def __str__(self) -> str:
        return f"COM_STMT_SEND_LONG_DATA {self.handle} {self.parameter} {self.data!r}"


@dataclass(frozen=True, slots=True)
class Fetch(Step):
    handle: str
    rows: int

    def __str__(self) -> str:
        return f"COM_STMT_FETCH {self.handle} {self.rows}"


@dataclass(frozen=True, slots=True)
class OnStatement(Step):
    """COM_STMT_CLOSE or COM_STMT_RESET."""

    command: int
    handle: str

    def __str__(self) -> str:
        return f"COM_STMT_{'CLOSE' if self.command == c.COM_STMT_CLOSE else 'RESET'} {self.handle}"


@dataclass(frozen=True, slots=True)
class ChangeUser(Step):
    user: str
    schema: str | None

    def __str__(self) -> str:
        return f"COM_CHANGE_USER {self.user} {self.schema}"


@dataclass(frozen=True, slots=True)
class Reconnect(Step):
    """Say goodbye, wait for the end, and come back as a new client of the same kind."""

    def __str__(self) -> str:
        return "QUIT, CONNECT"


PING = bytes((c.COM_PING,))
RESET_CONNECTION = bytes((c.COM_RESET_CONNECTION,))
MULTI_ON = bytes((c.COM_SET_OPTION, c.OPTION_MULTI_STATEMENTS_ON, 0))
MULTI_OFF = bytes((c.COM_SET_OPTION, c.OPTION_MULTI_STATEMENTS_OFF, 0))
_NAMES = {
    PING: "COM_PING",
    RESET_CONNECTION: "COM_RESET_CONNECTION",
    MULTI_ON: "COM_SET_OPTION MULTI_STATEMENTS_ON",
    MULTI_OFF: "COM_SET_OPTION MULTI_STATEMENTS_OFF",
}
