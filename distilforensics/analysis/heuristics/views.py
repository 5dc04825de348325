"""The tables and views that heuristics read: those of the case, empty ones for stages that have not run, and views of groups."""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from distilforensics.analysis.made import analysis_graph
from distilforensics.analysis.making import make
from distilforensics.case.engines.duckdb import create
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import duckdb

    from distilforensics.analysis.heuristics.loader import Heuristic

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
"""Rows of exchanges and groups up to which they are copied into the engine, some hundred megabytes; above that the files are read each time."""

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


def create_library(
    connection: duckdb.DuckDBPyConnection,
    needed: Iterable[str] = _MADE_FOR_GROUPS,
    given: Collection[str] = frozenset(TABLES),
) -> None:
    """Create what heuristics read beside the tables that are there, and the group views.

    The accounts of all groups are computed once into `accounts_of_groups`; the exchanges of all groups are copied unless they are many.

    Args:
        connection: An engine that holds the given tables.
        needed: Tables that will be read.
        given: Tables that are there.
    """
    for node in analysis_graph().upstream({*needed, *_MADE_FOR_GROUPS}, given=given):
        make(connection, node)
    for name in ("group_accounts", "all_group_accounts"):
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM accounts_of_groups")
    ((n_rows,),) = connection.execute("SELECT coalesce(sum(n_exchanges), 0) FROM accounts_of_groups").fetchall()
    form = "TABLE" if n_rows <= MAX_HELD_ROWS else "VIEW"
    connection.execute(f"CREATE {form} group_exchanges AS SELECT * FROM stored_group_exchanges")
    create(connection, query("groups"))
    for name in _FURTHER_VIEWS:
        create(connection, query(name), form="VIEW")


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
