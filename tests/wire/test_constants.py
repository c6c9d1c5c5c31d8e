"""The numbers are PyMySQL's, wherever it has them under the same name."""

from __future__ import annotations

import pytest
from pymysql.constants import CLIENT, COMMAND, FIELD_TYPE, FLAG, SERVER_STATUS

from proxy.wire import constants

PAIRS = [
    ("", "COM_", COMMAND),
    ("CLIENT_", "", CLIENT),
    ("MYSQL_TYPE_", "", FIELD_TYPE),
    ("FLAG_", "", FLAG),
    ("STATUS_", "SERVER_STATUS_", SERVER_STATUS),
]


@pytest.mark.parametrize(
    ("prefix", "their_prefix", "theirs"), PAIRS, ids=lambda value: getattr(value, "__name__", value)
)
def test_equal_to_those_of_pymysql(prefix: str, their_prefix: str, theirs: object) -> None:
    compared = 0
    for name, value in vars(theirs).items():
        if isinstance(value, int) and name.startswith(their_prefix):
            ours = getattr(constants, prefix + name.removeprefix(their_prefix if prefix else ""), None)
            if ours is not None:
                assert (name, ours) == (name, value)
                compared += 1
    assert compared >= 3
