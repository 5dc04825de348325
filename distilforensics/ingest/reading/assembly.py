"""Builds the small tables of the ingest from the committed batches, and the summary from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from distilforensics.case import tables
from distilforensics.ingest.evidence.sources import row_from_json
from distilforensics.ingest.options import Balance, IngestSummary, SourceOutcome
from distilforensics.ingest.reading.journal import SMALL_TABLES
from distilforensics.ingest.tables.duplicates import Duplicates, label_duplicates
from distilforensics.ingest.tables.joining import join_halves
from distilforensics.ingest.tables.mailboxes import write_account_mailboxes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.ingest.options import IngestOptions
    from distilforensics.ingest.reading.journal import Committed, Journal
    from distilforensics.ingest.secrets import Secrets
    from distilforensics.ingest.tables.joining import JoinedSource


def assemble(case: Case, journal: Journal, limits: Limits, secrets: Secrets, progress: Progress) -> dict[str, int]:
    """Write the small tables unless they are up to date, and return the rows of every table."""
    is_current = journal.assembled_from() == [batch.number for batch in journal.batches]
    if not is_current or not all(case.table_files(name) for name in SMALL_TABLES):
        journal.forget_assembled()
        names = {str(row["source_sha256"]): str(row["path"]) for batch in journal.batches for row in batch.rows()}
        joined = join_halves(case, [batch.folder for batch in journal.batches], names, limits, progress)
        progress.begin("ingest", "Looking for duplicates")
        found = label_duplicates(case, limits)
        _write(case, journal, found, joined)
        write_account_mailboxes(case, limits, secrets)
        journal.note_assembled()
        progress.end(f"{sum(found.by_source.values()):,} duplicates")
    files = [path for name in ("exchanges", *SMALL_TABLES) for path in case.table_files(name)]
    return _rows_per_table(case) if files else {}


def _rows_per_table(case: Case) -> dict[str, int]:
    return {
        name: sum(pq.read_metadata(path).num_rows for path in case.table_files(name))
        for name in ("exchanges", *SMALL_TABLES)
    }


def _write(case: Case, journal: Journal, found: Duplicates, joined: Mapping[str, JoinedSource]) -> None:
    stored = [_with_joins(source, joined) for batch in journal.batches for source in batch.sources]
    tables.write_rows(case, "sources", [_with_duplicates(row_from_json(source), found) for source in stored])
    tables.write_rows(case, "out_of_scope", [row for source in stored for row in _outside(source)])
    tables.write_rows(case, "field_mappings", [row for source in stored for row in source["fields"]])
    announced = [row for source in stored for row in source["announced"]]
    tables.write_rows(case, "announced_files", announced)
    for name in ("quarantine", "accounts_directory", "usage_sums"):
        tables.write_batches(case, name, _beside(journal, name))


def _with_joins(stored: dict[str, Any], joined: Mapping[str, JoinedSource]) -> dict[str, Any]:
    """Return a source with the counts of what became of its records that met others, or might have."""
    row = stored["row"]
    of_source = joined.get(row["source_sha256"]) if row["role"] == "log" else None
    if of_source is None:
        return stored
    n_outside = sum(n for n, _ in of_source.out_of_scope.values())
    changed = row | {
        "n_kept": row["n_kept"] - n_outside,
        "n_out_of_scope": row["n_out_of_scope"] + n_outside,
        "n_flagged": row["n_flagged"] + of_source.n_more_flagged,
        "reason": of_source.words if row["reason"] is None else f"{row['reason']}; {of_source.words}",
    }
    outside = dict(stored["out_of_scope"])
    for reason, (n, first_line) in of_source.out_of_scope.items():
        n_before, first_before = outside.get(reason, (0, first_line))
        outside[reason] = [n_before + n, min(first_before, first_line)]
    return stored | {"row": changed, "out_of_scope": outside}


def _with_duplicates(row: dict[str, Any], found: Duplicates) -> dict[str, Any]:
    if row["role"] != "log":
        return row | {"n_repeated": 0}
    short = row["source_sha256"][:16]
    n = found.by_source.get(short, 0)
    return row | {
        "n_kept": row["n_kept"] - n,
        "n_duplicate": n,
        "n_flagged": row["n_flagged"] - found.flagged_by_source.get(short, 0),
        "n_repeated": found.repeated_by_source.get(short, 0),
    }


def _outside(source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for reason, (n, first_line) in sorted(source["out_of_scope"].items()):
        sha256 = source["row"]["source_sha256"]
        yield {"source_sha256": sha256, "reason": reason, "n_records": n, "first_line": first_line}


def _beside(journal: Journal, name: str) -> Iterator[pa.RecordBatch]:
    for batch in journal.batches:
        path = batch.folder / f"{name}.parquet"
        if path.is_file():
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                yield from file.iter_batches()


def summarise(
    case: Case,
    new: Sequence[Committed],
    known: Sequence[str],
    options: IngestOptions,
    n_rows: dict[str, int],
    seconds: float,
) -> IngestSummary:
    """Return the summary: the sources of this run, the balance and the refusals of the whole case."""
    rows = tables.read_rows(case, "sources")
    fresh = {(row["path"], row["source_sha256"]) for batch in new for row in batch.rows()}
    outcomes = [(row, _outcome(row)) for row in rows]
    return IngestSummary(
        sources=tuple(outcome for row, outcome in outcomes if (row["path"], row["source_sha256"]) in fresh),
        total=sum((outcome.balance for _, outcome in outcomes if outcome.role == "log"), Balance()),
        known=tuple(known),
        refused=tuple(outcome for _, outcome in outcomes if outcome.role == "refused"),
        has_log=any(outcome.role == "log" for _, outcome in outcomes),
        max_malformed=options.max_malformed,
        n_rows=n_rows,
        seconds=seconds,
    )


def _outcome(row: Mapping[str, Any]) -> SourceOutcome:
    balance = Balance(*(row[name] for name in ("n_read", "n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")))
    return SourceOutcome(row["path"], row["role"], row["reason"], row["format"], balance)
