"""Labels records that repeat earlier ones, after all parts are written. Nothing is deleted.

A record with a request or response id is a duplicate if an earlier one with that id says the same in every column. An id that stands on
records which say different things is none: callers choose ids. Records without an id of their own, such as lines of a web server, can be
equal and yet be two requests; they are duplicates only in a run, see `runs`.
The rule and its reasons: docs/decisions/0006-what-counts-as-a-duplicate.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from distilforensics.case import tables
from distilforensics.case.engines.duckdb import connect, quote
from distilforensics.core.schema import EXCHANGES
from distilforensics.core.sqlfile import SqlFile
from distilforensics.ingest.catalogue.columns import ENGINE_COLUMNS, fill
from distilforensics.ingest.rows.projection import query
from distilforensics.ingest.tables.runs import repeated_runs

if TYPE_CHECKING:
    import duckdb

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case


NOT_CONTENT = {*ENGINE_COLUMNS, "started_at_raw", "time_kind", "time_resolution_us"}
"""Columns that differ between two notations of one record."""

_CONTENT = ", ".join(
    f'"{column.name}": {column.name}' for column in EXCHANGES.columns if column.name not in NOT_CONTENT
)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Counts per source, by the first 16 digits of its hash."""

    by_source: dict[str, int] = field(default_factory=dict)
    flagged_by_source: dict[str, int] = field(default_factory=dict)
    repeated_by_source: dict[str, int] = field(default_factory=dict)


def label_duplicates(case: Case, limits: Limits) -> Duplicates:
    """Write the table `duplicates` and return the counts."""
    if not case.table_files("exchanges"):
        tables.write_rows(case, "duplicates", [])
        return Duplicates()
    with connect(case, limits=limits, tables=[], is_locked=False) as connection:
        _create_placed(connection, case)
        for name in ("repeated_ids", "suspects", "reused_ids", "repeated_records"):
            connection.execute(f"CREATE TEMP TABLE {name} AS {fill(query(name), {'content': _CONTENT})}")
        repeated = _create_repeated_runs(connection)
        tables.write_query(case, connection, SqlFile("duplicates", {}, query("duplicates")))
        connection.execute(f"CREATE TEMP TABLE found AS {query('duplicates')}")
        counts = connection.execute(query("duplicate_counts")).fetchall()
    return Duplicates({row[0]: row[1] for row in counts}, {row[0]: row[2] for row in counts}, repeated)


def _create_placed(connection: duckdb.DuckDBPyConnection, case: Case) -> None:
    """Create the view `placed`: the exchanges with the number of their part and of their row in it, which order them."""
    paths = ", ".join(quote(path.resolve()) for path in case.table_files("exchanges"))
    connection.execute(
        f"CREATE VIEW placed AS SELECT * RENAME (filename AS part, file_row_number AS part_row) "
        f"FROM read_parquet([{paths}], filename = true, file_row_number = true)"
    )


def _create_repeated_runs(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Create the table of duplicates among records without id; return the repeated records per source that are none."""
    rows = connection.sql(query("without_id")).to_arrow_table()
    hashes, sources, times = (rows.column(name).to_numpy() for name in ("short_hash", "source", "time"))
    runs = repeated_runs(hashes, sources, times)
    places = pa.table({"place": pa.array(np.union1d(runs.rows, runs.originals), pa.int64())})
    connection.register("places", places)
    placed = connection.sql(query("without_id_records")).to_arrow_table() if len(places) else None
    connection.unregister("places")
    ids = np.array(placed.column("record_id").to_pylist() if placed is not None else [], dtype=object)
    position = np.searchsorted(places.column("place").to_numpy(), runs.rows)
    original = np.searchsorted(places.column("place").to_numpy(), runs.originals)
    empty = pa.table({"part": pa.array([], pa.string()), "part_row": pa.array([], pa.int64())})
    order = (placed or empty).select(["part", "part_row"]).take(pa.array(position))
    found = pa.table(
        {
            "record_id": pa.array(ids[position].tolist(), pa.string()),
            "duplicate_of": pa.array(ids[original].tolist(), pa.string()),
            "part": order.column("part"),
            "part_row": order.column("part_row"),
        }
    )
    connection.register("found_runs", found)
    connection.execute("CREATE TEMP TABLE repeated_runs AS SELECT * FROM found_runs")
    connection.unregister("found_runs")
    return {f"{source:016x}": n for source, n in runs.n_repeated.items()}
