"""What each file of a case came to: its balance, and which share of its exchanges carries what examinations need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.case.engines.duckdb import connect
from distilforensics.case.tables import read_rows
from distilforensics.ingest.rows.projection import query

if TYPE_CHECKING:
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case

COVERED = ("account", "address", "model", "tokens", "prompt", "answer")
"""What is looked for in the exchanges of a file."""

_BALANCE = ("n_read", "n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")
_FILE = ("path", "role", "format", "format_confidence", "reason")


def files_of(case: Case, limits: Limits) -> list[dict[str, Any]]:
    """Return every source in the order of the case.

    Columns: path, role, format, format_confidence, reason, the numbers of the balance as in table `sources`, and `coverage`: what -> share from 0 to 1,
    empty for a file without exchanges.
    """
    shares: dict[str, dict[str, float]] = {}
    if case.table_files("exchanges"):
        with connect(case, limits=limits, tables=["exchanges"]) as connection:
            for sha256, *found in connection.execute(query("coverage")).fetchall():
                shares[sha256] = dict(zip(COVERED, found, strict=True))
    return [
        {name: row[name] for name in (*_FILE, *_BALANCE)}
        | {"coverage": shares.get(row["source_sha256"], {}) if row["role"] == "log" else {}}
        for row in read_rows(case, "sources", ["source_sha256", *_FILE, *_BALANCE])
    ]
