"""The tables and views that heuristics read: those of the case, empty ones for stages that have not run, and views of groups."""

from __future__ import annotations

import importlib.resources
import re
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from distilforensics.analysis.building import make
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.case.engines.duckdb import create
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic

_FURTHER_VIEWS = ("group_conversations", "group_marks")
"""Views over the group views that several heuristics share, each the query of its name in `queries`."""

GROUP_VIEWS = ("group_accounts", "groups", "group_exchanges", "all_group_accounts", *_FURTHER_VIEWS)
"""Views of groups that `create_library` makes. `all_group_accounts` is `group_accounts` under the name by which queries ask for the rest of the
log."""

_MADE_FOR_GROUPS = ("accounts_of_groups", "stored_group_exchanges")
"""What the views of groups are made of."""

_READ_ANYWAY = ("accounts_directory", "duplicates", "exchange_features", "exchanges")
"""Tables from which coverage and order are told, whatever the heuristics read."""

MAX_HELD_ROWS = 500_000
"""Exchanges up to which tables of exchanges are copied into the engine, some hundred megabytes; above that the files are read each time."""

KEYED = ("account_profiles", "account_days", "account_attributes", "customers")
"""Tables of accounts that are joined with the exchanges of groups again and again."""

OWN_COLUMNS = ("account_id", "started_at", "record_id", "status", "time_resolution_us")
"""Columns of the exchanges of groups that the program itself reads."""

_SQL_TYPES = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.binary(): "BLOB",
    pa.timestamp("us"): "TIMESTAMP",
}


def sql_type(arrow_type: pa.DataType) -> str:
    """Return the engine's name of an Arrow type of `core.schema`."""
    if pa.types.is_list(arrow_type):
        return f"{sql_type(arrow_type.value_type)}[]"
    if pa.types.is_struct(arrow_type):
        return f"STRUCT({', '.join(f'{part.name} {sql_type(part.type)}' for part in arrow_type)})"
    return _SQL_TYPES[arrow_type]


def create_empty_tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Create empty tables with the schema's columns; missing tables count as empty."""
    for name in names:
        columns = ", ".join(f"{column.name} {sql_type(column.type)}" for column in TABLES[name].columns)
        connection.execute(f"CREATE TABLE {name} ({columns})")


def readable_tables() -> frozenset[str]:
    """Return everything that may stand in `reads`; `exchanges` is wide and slow, so only where a column is nowhere else."""
    graph = analysis_graph()
    return frozenset(graph.maker) | graph.sources | frozenset(GROUP_VIEWS)


def tables_needed(heuristics: Iterable[Heuristic]) -> frozenset[str]:
    """Return the tables, kept in the case or made in the engine, that heuristics and their judgement rest on."""
    chosen = list(heuristics)
    read = {table for heuristic in chosen for table in heuristic.reads}
    completeness = {"populations"} if any(heuristic.requires_complete for heuristic in chosen) else set()
    return frozenset((read - set(GROUP_VIEWS)) | completeness | {*_MADE_FOR_GROUPS, *_READ_ANYWAY})


def source_tables(heuristics: Iterable[Heuristic]) -> list[str]:
    """Return the tables of the case that heuristics and their judgement rest on, directly or through what is made in the engine."""
    needed = tables_needed(heuristics)
    made = analysis_graph().upstream(needed, given=TABLES)
    return sorted((needed | {table for node in made for table in node.reads}) & set(TABLES))


def columns_read(heuristics: Iterable[Heuristic]) -> tuple[str, ...]:
    """Return the columns of the exchanges of groups that heuristics and the shared views name anywhere."""
    texts = [
        heuristic.file.body for heuristic in heuristics if {"group_exchanges", *_FURTHER_VIEWS} & set(heuristic.reads)
    ]
    words = {*OWN_COLUMNS, *re.findall(r"\w+", " ".join([*texts, *(query(name).body for name in _FURTHER_VIEWS)]))}
    return tuple(column.name for column in TABLES["exchange_features"].columns if column.name in words)


def create_library(
    connection: duckdb.DuckDBPyConnection,
    needed: Iterable[str] = _MADE_FOR_GROUPS,
    given: Collection[str] = frozenset(TABLES),
    columns: Iterable[str] | None = None,
    place: str = "memory",
) -> None:
    """Create what heuristics read beside the tables that are there, and the views of groups.

    The accounts and the exchanges of all groups are computed once. Ids of accounts and groups are enumerations there: they read, compare and
    sort as the text that they are, and are counted, joined and kept as numbers.

    Args:
        connection: An engine that holds the given tables.
        needed: Tables that will be read.
        given: Tables that are there.
        columns: Columns of the exchanges of groups that will be read; all if omitted.
        place: Database of the engine that holds the exchanges of groups.
    """
    columns = TABLES["exchange_features"].arrow.names if columns is None else tuple(columns)
    for node in analysis_graph().upstream({*needed, *_MADE_FOR_GROUPS}, given=given):
        make(connection, node)
    _create_keys(connection, place)
    connection.execute(
        f"CREATE TABLE group_accounts AS SELECT group_id::{place}.group_key AS group_id,"
        f" account_id::{place}.account_key AS account_id, n_exchanges FROM accounts_of_groups"
    )
    connection.execute("CREATE VIEW all_group_accounts AS SELECT * FROM group_accounts")
    _hold_group_exchanges(connection, columns, place)
    create(connection, query("groups"))
    for name in _FURTHER_VIEWS:
        create(connection, query(name), form="VIEW")


def _create_keys(connection: duckdb.DuckDBPyConnection, place: str) -> None:
    """Create the types of ids of accounts, customers and groups, and give them to the tables of accounts."""
    kinds = dict(connection.execute("SELECT table_name, table_type FROM information_schema.tables").fetchall())
    tables = [name for name in KEYED if name in kinds]
    sources = [f"account_id FROM {name}" for name in ("exchange_features", "accounts_of_groups", *tables)]
    sources += ["account_a FROM links", "account_b FROM links"] if "links" in kinds else []
    ids = " UNION ".join(f"SELECT {column}" for column in sources)
    connection.execute(
        f"CREATE TYPE {place}.account_key AS ENUM (SELECT account_id FROM ({ids}) AS ids(account_id) ORDER BY account_id)"
    )
    connection.execute(
        f"CREATE TYPE {place}.group_key AS ENUM (SELECT DISTINCT group_id FROM accounts_of_groups ORDER BY group_id)"
    )
    keyed = {name: {"account_id": "account_key"} for name in tables}
    if "customers" in tables:
        names = "SELECT customer FROM customers UNION SELECT named_customer FROM customers"
        connection.execute(
            f"CREATE TYPE {place}.customer_key AS ENUM (SELECT customer FROM ({names}) ORDER BY customer)"
        )
        keyed["customers"] |= {"customer": "customer_key", "named_customer": "customer_key"}
    if "links" in kinds:
        keyed["links"] = {"account_a": "account_key", "account_b": "account_key"}
    # Views and no copies, so that the engine plans joins as it does over files: copies come with estimates that led it astray.
    for name, columns in keyed.items():
        form = "VIEW" if kinds[name] == "VIEW" else "TABLE"
        replaced = ", ".join(f"{column}::{place}.{key} AS {column}" for column, key in columns.items())
        connection.execute(f"ALTER {form} {name} RENAME TO unkeyed_{name}")
        connection.execute(f"CREATE VIEW {name} AS SELECT * REPLACE ({replaced}) FROM unkeyed_{name}")


def _hold_group_exchanges(connection: duckdb.DuckDBPyConnection, columns: Collection[str], place: str) -> None:
    """Create `group_exchanges`, the rows of `stored_group_exchanges`. Columns that no exchange carries are not stored."""
    counted = ", ".join(f"count({name})" for name in columns)
    (n_filled,) = connection.execute(f"SELECT {counted} FROM exchange_features").fetchall()
    filled = [name for name, n in zip(columns, n_filled, strict=True) if n or name == "record_id"]
    listed = ", ".join(
        f"account_id::{place}.account_key AS account_id" if name == "account_id" else name for name in filled
    )
    of_account = ", ".join(f"e.{name}" for name in filled)
    # What is no judged group is taken out before the ids become numbers: a cast that fails words an error with every id of the enumeration.
    connection.execute(
        f"CREATE TABLE {place}.held_group_exchanges AS"
        f" SELECT group_id::{place}.group_key AS group_id, {listed}"
        " FROM carried_exchanges SEMI JOIN (SELECT DISTINCT group_id FROM accounts_of_groups) USING (group_id)"
        f" UNION ALL SELECT group_id, {listed} FROM (SELECT a.group_id, {of_account} FROM exchange_features AS e"
        " JOIN group_accounts AS a ON a.account_id = e.account_id WHERE starts_with(a.group_id, 'cluster:'))"
    )
    types = {column.name: sql_type(column.type) for column in TABLES["exchange_features"].columns}
    shown = ", ".join(name if name in filled else f"NULL::{types[name]} AS {name}" for name in columns)
    connection.execute(f"CREATE VIEW group_exchanges AS SELECT group_id, {shown} FROM {place}.held_group_exchanges")


@cache
def query(name: str) -> SqlFile:
    """Return a file of `queries`: what is asked of the group views again and again."""
    return read_sql_file(importlib.resources.files(__package__) / "queries" / f"{name}.sql")


def hold_tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Copy tables that nearly every heuristic reads into the engine, unless the log is large: opening a file takes longer than reading it."""
    ((n_rows,),) = connection.execute("SELECT count(*) FROM exchange_features").fetchall()
    for name in names if n_rows <= MAX_HELD_ROWS else ():
        connection.execute(f"ALTER VIEW {name} RENAME TO stored_{name}")
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM stored_{name}")
