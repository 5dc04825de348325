"""Reading and writing the tables of a case: fixed schema, fixed order, page checksums, temporary file then rename.

Bytes depend on the rows alone: row groups are cut by row count, whatever batches the engine hands over.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from distilforensics.case.damage import unreadable_table
from distilforensics.case.engines.duckdb import explained
from distilforensics.core.errors import CaseError
from distilforensics.core.schema import SCHEMA_VERSION, TABLES
from distilforensics.core.trouble import machine_trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import duckdb

    from distilforensics.case.layout import Case
    from distilforensics.core.sqlfile import SqlFile

ROW_GROUP_ROWS = 131_072
"""Rows per row group of tables without text; the ingest cuts by bytes instead."""

BATCH_ROWS = 16_384
"""Rows per batch taken from the engine."""


def writer(
    path: Path,
    schema: pa.Schema,
    metadata: Mapping[str, str] | None = None,
    *,
    use_dictionary: bool | list[str] = True,
) -> pq.ParquetWriter:
    """Return a Parquet writer with the settings that all tables share: zstd, page checksums, schema version."""
    described = schema.with_metadata({"distilforensics.schema_version": str(SCHEMA_VERSION), **(metadata or {})})
    return pq.ParquetWriter(
        path,
        described,
        compression="zstd",
        compression_level=1,
        write_page_checksum=True,
        use_dictionary=use_dictionary,
    )


def n_rows_of(case: Case, name: str) -> int:
    """Return the number of rows of a table, read from its metadata."""
    return sum(pq.read_metadata(path).num_rows for path in case.table_files(name))


def write_batches(case: Case, name: str, batches: Iterable[pa.RecordBatch], *, path: Path | None = None) -> int:
    """Write a table from batches and return its number of rows.

    Args:
        case: The case.
        name: Table name in `core.schema`.
        batches: Record batches whose columns are those of the schema; types are cast safely.
        path: Target for a part of a dataset; the table's own path if omitted.

    Raises:
        CaseError: the columns differ from the schema.
    """
    schema = TABLES[name].arrow
    target = path or case.table_path(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.partial")
    n_rows = 0
    with writer(temporary, schema, {"distilforensics.table": name}) as sink:
        for group in _row_groups(name, batches, schema):
            sink.write_table(group, row_group_size=ROW_GROUP_ROWS)
            n_rows += group.num_rows
    publish(temporary, target)
    return n_rows


def publish(temporary: Path, target: Path) -> None:
    """Make a finished temporary file the table: fsync, read-only and for its owner alone, rename."""
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.chmod(0o400)
    temporary.replace(target)


def _row_groups(name: str, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    pending: list[pa.RecordBatch] = []
    n_pending = 0
    for batch in batches:
        if batch.schema.names != schema.names:
            missing = sorted(set(schema.names) ^ set(batch.schema.names))
            raise CaseError(
                f"columns differ from the schema of {name} in {missing or 'their order'}", where=f"table {name}"
            )
        pending.append(batch)
        n_pending += batch.num_rows
        while n_pending >= ROW_GROUP_ROWS:
            merged = pa.Table.from_batches(pending)
            yield merged.slice(0, ROW_GROUP_ROWS).cast(schema).combine_chunks()
            rest = merged.slice(ROW_GROUP_ROWS)
            pending, n_pending = rest.to_batches(), rest.num_rows
    if n_pending:
        yield pa.Table.from_batches(pending).cast(schema).combine_chunks()


def write_query(
    case: Case,
    connection: duckdb.DuckDBPyConnection,
    file: SqlFile,
    values: Mapping[str, Any] | None = None,
    parts: Iterable[Mapping[str, Any]] = ({},),
) -> int:
    """Write the rows of a query with a total ORDER BY as the table of its name and return their number.

    Args:
        case: The case.
        connection: An engine that has the tables that the query reads.
        file: The query.
        values: Parameters; the defaults of the header if omitted.
        parts: Further parameters; the query runs once with each, and the rows follow each other. Only as much as one part gives is sorted at once.

    Raises:
        HeuristicError: the query failed.
    """
    values = file.defaults if values is None else values
    with explained(file, values):
        return write_batches(case, file.name, _batches(connection, file.body, [{**values, **part} for part in parts]))


def _batches(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Iterable[Mapping[str, Any]]
) -> Iterator[pa.RecordBatch]:
    for values in parameters:
        relation = connection.sql(query, params=dict(values)) if values else connection.sql(query)
        yield from relation.to_arrow_reader(BATCH_ROWS)


def write_rows(case: Case, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write a small table from dictionaries, in the given order; missing keys become NULL."""
    schema = TABLES[name].arrow
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    return write_batches(case, name, table.to_batches())


def read_table(case: Case, name: str, columns: list[str] | None = None) -> pa.Table:
    """Return a whole table with page checksums verified; for small tables.

    Raises:
        CaseError: the table has not been written.
        IntegrityError: its files are no tables of this program.
    """
    files = case.table_files(name)
    if not files:
        raise CaseError(f"table {name} is missing; stage {TABLES[name].stage} writes it", where=str(case.root))
    try:
        parts = [pq.read_table(path, columns=columns, page_checksum_verification=True) for path in files]
        return pa.concat_tables(parts)
    except (pa.ArrowException, OSError) as e:
        if machine_trouble(e) is not None:
            raise
        raise unreadable_table(name, case, e) from e


def iterate_rows(case: Case, name: str, columns: list[str] | None = None) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table as tuples in order of its columns: a fraction of the memory of dictionaries."""
    for batch in read_table(case, name, columns).to_batches(max_chunksize=BATCH_ROWS):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def read_rows(case: Case, name: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    """Return a small table as dictionaries."""
    rows: list[dict[str, Any]] = read_table(case, name, columns).to_pylist()
    return rows
