"""The table of statement makers, by subject: a new one is a row in one of these modules."""

from __future__ import annotations

from tests.oracle.pen import Subject
from tests.oracle.subjects import (
    data,
    diagnostics,
    identity,
    pinned,
    prepared,
    routines,
    system,
    transactions,
    variables,
)

SUBJECTS: tuple[Subject, ...] = (
    *system.SUBJECTS,
    *variables.SUBJECTS,
    *identity.SUBJECTS,
    *diagnostics.SUBJECTS,
    *data.SUBJECTS,
    *transactions.SUBJECTS,
    *routines.SUBJECTS,
    *prepared.SUBJECTS,
    *pinned.SUBJECTS,
)
