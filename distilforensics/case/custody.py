"""The custody log of a case: one line per action, each bound to the one before it by a hash.

It shows every later change of a line, a lost line and a changed order. It cannot show that somebody who can write to
the folder has made a whole new log; for that, note the last hash elsewhere: `run` and `verify` print it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.case import chain
from distilforensics.case.chain import START, Problem, actor, now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.case.layout import Case

__all__ = ["NOTHING_CHANGED", "START", "Problem", "actor", "append", "check", "entries", "head", "now"]

NOTHING_CHANGED = "nothing changed"
"""Last action of a run that left everything as it was, the seal included."""


def append(case: Case, action: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the entry that was added to the custody log; it is on the disk when this returns."""
    return chain.append(case.custody_log, action, details)


def entries(case: Case) -> list[dict[str, Any]]:
    """Return the readable entries in order; use `check` to learn whether they can be trusted."""
    return chain.entries(case.custody_log)


def head(case: Case) -> dict[str, Any]:
    """Return number and hash of the last entry, for a record outside of the log."""
    return chain.head(case.custody_log)


def check(case: Case, expected_head: Mapping[str, Any] | None = None) -> list[Problem]:
    """Return every place at which the chain is broken."""
    return chain.check(case.custody_log, expected_head)
