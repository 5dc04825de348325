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
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.dataset as pads
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

BATCH_ROWS = 16_384
"""Rows of a batch and of a row group in the files of a bucket."""

_BUCKET = "bucket_of_row"


@dataclass(frozen=True, slots=True)
class Input:
    """A table that a query reads: dealt out by the columns `by`, or given whole to every bucket if there are none.

    A row without a key goes nowhere: what is dealt out by account, prompt or template asks nothing of rows that have none.
    """

    table: str
    files: tuple[Path, ...]
    by: tuple[str, ...] = ()
    base: str | None = None
    """Table that lies in the files, if it is another one."""
    views: tuple[tuple[str, str], ...] = ()
    """Name and query of the views that lead from the rows of `base`, each for itself, to the table."""
    beside: tuple[tuple[str, tuple[Path, ...]], ...] = ()
    """Name and files of tables that the views read whole."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Row groups of one file of one input."""

    table: str
    path: Path
    row_groups: tuple[int, ...]


class Work(Protocol):
    """What is done with the rows of one bucket."""

    @property
    def name(self) -> str:
        """What it makes."""

    @property
    def text(self) -> str:
        """SQL that names every column that it reads."""

    def rows(self, connection: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
        """Yield what it makes of the tables in the engine."""


@dataclass(frozen=True, slots=True)
class Query:
    """The query of one table."""

    file: SqlFile
    values: Mapping[str, Any]
    parts: Callable[[duckdb.DuckDBPyConnection], list[dict[str, Any]]] | None
    prepare: Callable[[duckdb.DuckDBPyConnection], None]
    """Makes the macros and functions of the query known to the engine."""

    @property
    def name(self) -> str:
        """The table."""
        return self.file.name

    @property
    def text(self) -> str:
        """The query."""
        return self.file.body

    def rows(self, connection: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the table.

        Raises:
            HeuristicError: the query failed.
        """
        self.prepare(connection)
        with explained(self.file, self.values):
            for part in self.parts(connection) if self.parts else ({},):
                values = {**self.values, **part}
                relation = connection.sql(self.text, params=values) if values else connection.sql(self.text)
                yield from relation.to_arrow_reader(BATCH_ROWS)


@dataclass(frozen=True, slots=True)
class Job:
    """Work over inputs that are dealt out, with all that a worker needs for it."""

    root: Path
    """The case folder, under the name by which every worker finds it."""
    work: Work
    inputs: tuple[Input, ...]
    n_buckets: int
    memory_bytes: int
    """Memory of one bucket's engine."""

    @property
    def folder(self) -> Path:
        """Where the rows of each bucket are written."""
        return Case(self.root).temporary / "buckets" / self.work.name

    @property
    def files(self) -> list[Path]:
        """What was written, by bucket."""
        return sorted(self.folder.glob("*.parquet"))

    def units(self) -> list[Unit]:
        """Return the row groups of all inputs that are dealt out."""
        return [unit for given in self.inputs if given.by for path in given.files for unit in _units_of(given, path)]

    def input_named(self, table: str) -> Input:
        """Return an input."""
        return next(given for given in self.inputs if given.table == table)

    def columns(self, given: Input, known: Iterable[str], *texts: str) -> list[str]:
        """Return those of the known columns that the work or other SQL names; no other can bear on the rows."""
        words = {*given.by, *re.findall(r"\w+", " ".join((self.work.text, *texts)))}
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
    rows = source.read_row_groups(unit.row_groups, columns=_columns_of_files(job, given, source.schema_arrow))
    dealt = _dealt(job, given, rows, spill)
    place = np.asarray(dealt[_BUCKET])
    dealt = dealt.drop_columns([_BUCKET]).combine_chunks().take(np.argsort(place, kind="stable"))
    start = 0
    for bucket, n_rows in enumerate(np.bincount(place, minlength=job.n_buckets).tolist()):
        if n_rows:
            yield bucket, unit.table, _packed(dealt.slice(start, n_rows))
            start += n_rows


def _columns_of_files(job: Job, given: Input, schema: pa.Schema) -> list[str]:
    return job.columns(given, schema.names, *(query for _, query in given.views))


def _dealt(job: Job, given: Input, rows: pa.Table, spill: Path) -> pa.Table:
    """Return the rows of an input with the bucket of each."""
    with _engine(job, given.beside, spill) as connection:
        connection.register(given.base or given.table, rows)
        for name, query in given.views:
            connection.execute(f"CREATE VIEW {name} AS {query}")
        known = [row[0] for row in connection.execute(f"DESCRIBE {given.table}").fetchall()]
        return connection.sql(
            f"SELECT {', '.join(job.columns(given, known))}, (hash({', '.join(given.by)}) % {job.n_buckets})::INTEGER AS {_BUCKET}"
            f" FROM {given.table} WHERE {' AND '.join(f'{column} IS NOT NULL' for column in given.by)}"
        ).to_arrow_table()


def _packed(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(rows)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def compute(job: Job, bucket: int, pieces: Iterable[tuple[str, bytes]], spill: Path) -> int:
    """Do the work on the rows of one bucket, write what comes of it into the folder of the job, and return the number of rows.

    Raises:
        HeuristicError: a query failed.
    """
    received = {given.table: _Received(spill / f"{given.table}.parquet") for given in job.inputs if given.by}
    for table, piece in pieces:
        received[table].add(pa.ipc.open_stream(piece).read_all())
    target = job.folder / f"{bucket:06d}.parquet"
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    n_rows = 0
    writer: pq.ParquetWriter | None = None
    with _engine(job, ((given.table, given.files) for given in job.inputs if not given.by), spill) as connection:
        for table, rows in received.items():
            connection.register(table, rows.all() if rows.n_bytes else _nothing(job, table, spill))
        for batch in job.work.rows(connection):
            writer = writer or pq.ParquetWriter(temporary, batch.schema, compression="zstd", compression_level=1)
            writer.write_batch(batch, row_group_size=BATCH_ROWS)
            n_rows += batch.num_rows
    if writer is not None:
        writer.close()
        temporary.replace(target)  # whole or not at all: a worker that dies leaves nothing that is taken for rows
    return n_rows


class _Received:
    """Rows of one table as they come: in memory, or in a file once they are many, since one group may hold much of a log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tables: list[pa.Table] = []
        self._file: pq.ParquetWriter | None = None
        self.n_bytes = 0

    def add(self, rows: pa.Table) -> None:
        """Take some more."""
        self._tables.append(rows)
        self.n_bytes += rows.nbytes
        if self._file is not None or self.n_bytes > 2 * BUCKET_BYTES:
            self._file = self._file or pq.ParquetWriter(
                self._path, rows.schema, compression="zstd", compression_level=1
            )
            for table in self._tables:
                self._file.write_table(table)
            self._tables = []

    def all(self) -> Any:  # noqa: ANN401 - whatever the engine takes for a table
        """Return what the engine can read as a table, again and again."""
        if self._file is None:
            return pa.concat_tables(self._tables)
        self._file.close()
        return pads.dataset(self._path)


def _nothing(job: Job, table: str, spill: Path) -> pa.Table:
    """Return the input without rows, for a bucket that got none of it."""
    given = job.input_named(table)
    schema = pq.read_schema(given.files[0])
    rows = schema.empty_table().select(_columns_of_files(job, given, schema))
    return _dealt(job, given, rows, spill).drop_columns([_BUCKET])


@contextmanager
def _engine(job: Job, tables: Iterable[tuple[str, Iterable[Path]]], spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an engine with tables that lie in files, given by name; `spill` is a folder of the worker alone."""
    limits = Limits(job.memory_bytes, threads=1)
    with connect(Case(job.root), limits=limits, tables=(), is_locked=False, spill=spill) as connection:
        for name, files in tables:
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {_read(files)}")
        yield connection


def _read(files: Iterable[Path]) -> str:
    return f"read_parquet([{', '.join(quote(path) for path in files)}])"


def merged(connection: duckdb.DuckDBPyConnection, job: Job, order: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of all buckets in an order, given as SQL; they are sorted stretch by stretch."""
    files = job.files
    if not files:
        return
    first = order.split(",", 1)[0]
    for lower, upper in pairwise([None, *_edges(files, first), None]):
        within = {"lower": lower, "upper": upper}
        conditions = [
            *([f"({first} >= $lower{f' OR {first} IS NULL' if upper is None else ''})"] if lower is not None else ()),
            *([f"{first} < $upper"] if upper is not None else ()),
        ]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        values = {name: value for name, value in within.items() if value is not None}
        query = f"SELECT * FROM {_read(files)}{where} ORDER BY {order}"
        yield from connection.sql(query, params=values or None).to_arrow_reader(BATCH_ROWS)


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
