"""Errors that every driver can read."""

from __future__ import annotations

import inspect

from proxy import errors

CLIENT_NUMBERS = range(2000, 3000)


def test_no_error_has_a_number_of_the_clients_own_range() -> None:
    """libmariadb takes an ERR packet with such a number for a malformed packet, and shows nothing of its text."""
    rows = [row for _, row in inspect.getmembers(errors, inspect.isclass) if issubclass(row, errors.ProxyError)]
    assert len(rows) > 20
    assert not [row.__name__ for row in rows if row.number in CLIENT_NUMBERS]


def test_every_label_is_one_errors_own() -> None:
    rows = [row for _, row in inspect.getmembers(errors, inspect.isclass) if issubclass(row, errors.ProxyError)]
    assert len({row.label for row in rows}) == len(rows)
    assert all(len(row.sqlstate) == 5 for row in rows)
