"""A query over rows that are dealt out: whoever shares a key lands in one bucket, every bucket is a small DuckDB of its own, and the rows are merged.

Nothing here knows who hands the pieces from machine to machine. Pieces are Arrow streams, so that rows are neither converted nor looked at on
their way; the query is the one that runs on one machine, word for word.
"""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from distilforensics.case.engines.duckdb import Limits, connect, explained, quote
from distilforensics.case.layout import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    import duckdb

    from distilforensics.core.sqlfile import SqlFile

UNIT_BYTES = 64_000_000
"""Bytes of a file, before compression, that are dealt out at once."""

BUCKET_BYTES = 256_000_000
"""Bytes, before compression, that a bucket shall hold; the engine needs some multiple of it."""

MERGED_ROWS = 500_000
"""Rows that are sorted at once when buckets are merged."""

_BUCKET = "bucket_of_row"


@dataclass(frozen=True, slots=True)
class Input:
    """A table that a query reads: dealt out by the columns `by`, or given whole to every bucket if there are none.

    A row without a key goes nowhere: what is dealt out by account, prompt or template asks nothing of rows that have none.
    """

    table: str
    files: tuple[Path, ...]
    by: tuple[str, ...] = ()
    view: str | None = None
    """Query that makes the table of the rows of `base`, each for itself."""
    base: str | None = None
    """Table that lies in the files, if it is another one."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Row groups of one file of one input."""

    table: str
    path: Path
    row_groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One query over inputs that are dealt out, with all that a worker needs for it."""

    root: Path
    """The case folder, under the name by which every worker finds it."""
    file: SqlFile
    values: Mapping[str, Any]
    parts: Callable[[duckdb.DuckDBPyConnection], list[dict[str, Any]]] | None
    inputs: tuple[Input, ...]
    order: str
    """Columns of the result in which its rows stand, as SQL."""
    n_buckets: int
    prepare: Callable[[duckdb.DuckDBPyConnection], None]
    """Makes the macros and functions of the query known to the engine."""
    memory_bytes: int
    """Memory of one bucket's engine."""

    @property
    def folder(self) -> Path:
        """Where the rows of each bucket are written."""
        return Case(self.root).temporary / "buckets" / self.file.name

    def units(self) -> list[Unit]:
        """Return the row groups of all inputs that are dealt out."""
        return [unit for given in self.inputs if given.by for path in given.files for unit in _units_of(given, path)]

    def input_named(self, table: str) -> Input:
        """Return an input."""
        return next(given for given in self.inputs if given.table == table)

    def columns(self, given: Input, known: Iterable[str]) -> list[str]:
        """Return the columns of an input's files that its view or the query names; no other can bear on the rows."""
        words = set(re.findall(r"\w+", f"{self.file.body} {given.view or ''}")) | set(given.by)
        return [name for name in known if name in words]


def _units_of(given: Input, path: Path) -> Iterator[Unit]:
    metadata = pq.read_metadata(path)
    groups: list[int] = []
    n_bytes = 0
    for number in range(metadata.num_row_groups):
        groups.append(number)
        n_bytes += metadata.row_group(number).total_byte_size
        if n_bytes >= UNIT_BYTES:
            yield Unit(given.table, path, tuple(groups))
            groups, n_bytes = [], 0
    if groups:
        yield Unit(given.table, path, tuple(groups))


def buckets_for(inputs: Iterable[Input], least: int) -> int:
    """Return how many buckets hold about `BUCKET_BYTES` each of what is dealt out, at least one for every worker."""
    files = [path for given in inputs if given.by for path in given.files]
    groups = (
        metadata.row_group(i) for metadata in map(pq.read_metadata, files) for i in range(metadata.num_row_groups)
    )
    n_bytes: int = sum(group.total_byte_size for group in groups)
    return max(least, -(-n_bytes // BUCKET_BYTES))


def deal(job: Job, unit: Unit, spill: Path) -> Iterator[tuple[int, str, bytes]]:
    """Yield the rows of a unit by bucket, as the number of the bucket, the table, and an Arrow stream."""
    given = job.input_named(unit.table)
    source = pq.ParquetFile(unit.path, page_checksum_verification=True)
    rows = source.read_row_groups(unit.row_groups, columns=job.columns(given, source.schema_arrow.names))
    dealt = _rows_of(job, given, rows, spill)
    place = np.asarray(dealt[_BUCKET])
    dealt = dealt.drop_columns([_BUCKET]).combine_chunks().take(np.argsort(place, kind="stable"))
    counts = np.bincount(place, minlength=job.n_buckets)
    start = 0
    for bucket, n_rows in enumerate(counts.tolist()):
        if n_rows:
            yield bucket, unit.table, _packed(dealt.slice(start, n_rows))
            start += n_rows


def _rows_of(job: Job, given: Input, rows: pa.Table, spill: Path) -> pa.Table:
    """Return the rows of an input with the bucket of each."""
    with _engine(job, (), spill) as connection:
        connection.register(given.base or given.table, rows)
        if given.view is not None:
            connection.execute(f"CREATE TEMP VIEW {given.table} AS {given.view}")
        key = ", ".join(given.by)
        names = ", ".join(
            job.columns(given, [row[0] for row in connection.execute(f"DESCRIBE {given.table}").fetchall()])
        )
        return connection.sql(
            f"SELECT {names}, (hash({key}) % {job.n_buckets})::INTEGER AS {_BUCKET} FROM {given.table}"
            f" WHERE {' AND '.join(f'{column} IS NOT NULL' for column in given.by)}"
        ).to_arrow_table()


def _packed(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(rows)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def compute(job: Job, bucket: int, pieces: Iterable[tuple[str, bytes]], spill: Path) -> int:
    """Run the query over the rows of one bucket, write what it gives into the folder of the job, and return the number of rows.

    Raises:
        HeuristicError: the query failed.
    """
    received: dict[str, list[pa.Table]] = {given.table: [] for given in job.inputs if given.by}
    for table, piece in pieces:
        received[table].append(pa.ipc.open_stream(piece).read_all())
    whole = [given for given in job.inputs if not given.by]
    with _engine(job, whole, spill) as connection:
        job.prepare(connection)
        for table, tables in received.items():
            connection.register(table, pa.concat_tables(tables) if tables else _nothing(job, table, spill))
        given_parts = job.parts(connection) if job.parts else [{}]
        target = job.folder / f"{bucket:06d}.parquet"
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
        n_rows = 0
        writer: pq.ParquetWriter | None = None
        with explained(job.file, job.values):
            for part in given_parts:
                values = {**job.values, **part}
                relation = connection.sql(job.file.body, params=values) if values else connection.sql(job.file.body)
                for batch in relation.to_arrow_reader(16_384):
                    writer = writer or pq.ParquetWriter(
                        temporary, batch.schema, compression="zstd", compression_level=1
                    )
                    writer.write_batch(batch, row_group_size=16_384)
                    n_rows += batch.num_rows
    if writer is not None:
        writer.close()
        temporary.replace(target)  # whole or not at all: a worker that dies leaves nothing that is taken for rows
    return n_rows


def _nothing(job: Job, table: str, spill: Path) -> pa.Table:
    """Return the input without rows, for a bucket that got none of it."""
    given = job.input_named(table)
    schema = pq.read_schema(given.files[0])
    rows = schema.empty_table().select(job.columns(given, schema.names))
    return _rows_of(job, given, rows, spill).drop_columns([_BUCKET])


@contextmanager
def _engine(job: Job, tables: Iterable[Input], spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an engine with tables that lie in files; `spill` is a folder of the worker alone."""
    limits = Limits(job.memory_bytes, threads=1)
    with connect(Case(job.root), limits=limits, tables=(), is_locked=False, spill=spill) as connection:
        for given in tables:
            connection.execute(f"CREATE VIEW {given.table} AS SELECT * FROM {_read(given.files)}")
        yield connection


def _read(files: Iterable[Path]) -> str:
    return f"read_parquet([{', '.join(quote(path) for path in files)}])"


def merged(connection: duckdb.DuckDBPyConnection, job: Job) -> Iterator[pa.RecordBatch]:
    """Yield the rows of all buckets in the order of the table, sorted stretch by stretch."""
    files = sorted(job.folder.glob("*.parquet"))
    if not files:
        return
    first = job.order.split(",", 1)[0]
    for lower, upper in pairwise([None, *_edges(files, first), None]):
        within = {"lower": lower, "upper": upper}
        conditions = [
            *([f"({first} >= $lower{f' OR {first} IS NULL' if upper is None else ''})"] if lower is not None else ()),
            *([f"{first} < $upper"] if upper is not None else ()),
        ]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        values = {name: value for name, value in within.items() if value is not None}
        query = f"SELECT * FROM {_read(files)}{where} ORDER BY {job.order}"
        yield from connection.sql(query, params=values or None).to_arrow_reader(16_384)


def _edges(files: Iterable[Path], column: str) -> list[Any]:
    """Return values of a column between which lie some `MERGED_ROWS` rows each, told from the smallest value of every row group."""
    groups = []
    for metadata in map(pq.read_metadata, files):
        place = metadata.schema.to_arrow_schema().get_field_index(column)
        for number in range(metadata.num_row_groups):
            statistics = metadata.row_group(number).column(place).statistics
            if statistics is not None and statistics.has_min_max:
                groups.append((statistics.min, metadata.row_group(number).num_rows))
    edges: list[Any] = []
    n_rows = 0
    for smallest, n in sorted(groups, key=lambda group: group[0]):
        if n_rows >= MERGED_ROWS and (not edges or smallest > edges[-1]):
            edges.append(smallest)
            n_rows = 0
        n_rows += n
    return edges
