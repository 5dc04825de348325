"""The tables of a case: every column with its type, unit and meaning. Stages meet in these tables and nowhere else.

Conventions: identifiers are VARCHAR, never numbers; NULL means "the source does not carry it"; times are UTC without zone
in microseconds; shares run from 0 to 1; a doubtful conversion keeps its raw twin. Columns may be added, never changed.
"""

from __future__ import annotations

from distilforensics.core.schema import assessment, features, heuristics, ingest, linkage, power
from distilforensics.core.schema.columns import (
    COUNT,
    FLAG,
    KEPT_AS,
    NUMBERS,
    REAL,
    SCHEMA_VERSION,
    TEXT,
    TEXT_FINGERPRINTS,
    TEXTS,
    TIME,
    Table,
)
from distilforensics.core.schema.features import ACCOUNT_TRAITS
from distilforensics.core.schema.heuristics import OBSERVATIONS
from distilforensics.core.schema.ingest import (
    ACCOUNTS_DIRECTORY,
    DUPLICATES,
    EXCHANGES,
    QUARANTINE,
    SOURCES,
    USAGE_SUMS,
)

__all__ = [
    "ACCOUNTS_DIRECTORY", "ACCOUNT_TRAITS", "COUNT", "DUPLICATES", "EXCHANGES", "FINDINGS_TABLES", "FLAG", "KEPT_AS", "NUMBERS", "OBSERVATIONS",
    "QUARANTINE", "REAL", "SCHEMA_VERSION", "SOURCES", "TABLES", "TEXT", "TEXTS", "TEXT_FINGERPRINTS", "TIME", "USAGE_SUMS", "Table",
]  # fmt: skip

TABLES: dict[str, Table] = {
    table.name: table
    for stage in (ingest, features, linkage, heuristics, assessment, power)
    for table in vars(stage).values()
    if isinstance(table, Table)
}
"""Every table by name: stage by stage, in the order in which the module of a stage defines them."""

FINDINGS_TABLES = frozenset(table.name for table in TABLES.values() if table.stage == "assessment")
"""Tables that live in findings/ as the contract for other programs; the rest lives in data/."""
