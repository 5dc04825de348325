"""Tables that somebody damaged or replaced, as one error for everybody who reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.core.errors import IntegrityError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from distilforensics.case.layout import Case


def unreadable_table(name: str, case: Case, error: Exception) -> IntegrityError:
    """Return the error about a table that somebody damaged or replaced."""
    reason = show((str(error).splitlines() or [type(error).__name__])[0])[:300]
    return IntegrityError(
        f"table {name} cannot be read: {reason}",
        where=show(case.root),
        hint="distilforensics verify CASE names the files that were changed; `run` makes most of them anew from the logs",
    )
