"""The tables and views that heuristics read: those of the case, empty ones for stages that have not run, and views of groups."""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from distilforensics.analysis.heuristics.sqltree import columns_named, parse
from distilforensics.analysis.made import analysis_graph
from distilforensics.analysis.making import make
from distilforensics.case.engines.duckdb import create, quote
from distilforensics.core.schema import EXCHANGE_FEATURES, TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import duckdb

    from distilforensics.analysis.heuristics.loader import Heuristic

_FURTHER_VIEWS = ("group_conversations", "group_marks")
"""Views over the group views that several heuristics share, each the query of its name in `queries`."""

GROUP_VIEWS = ("group_accounts", "groups", "group_exchanges", "all_group_accounts", *_FURTHER_VIEWS)
"""Views of groups that `create_library` makes. `all_group_accounts` has the columns of `group_accounts` and is never narrowed: it tells which
accounts are the rest of the log."""

_MADE_FOR_GROUPS = ("accounts_of_groups", "stored_group_exchanges")
"""What the views of groups are made of."""

_READ_ANYWAY = ("accounts_directory", "duplicates", "exchange_features", "exchanges")
"""Tables from which coverage and order are told, whatever the heuristics read."""

MAX_HELD_ROWS = 500_000
"""Rows of exchanges and groups up to which they are copied into the engine, some hundred megabytes; above that the files are read each time."""

N_TENTHS = 10
"""Parts into which `group_accounts.tenth` cuts the accounts of a group."""

_WITHOUT = "\x1f"
"""Stands between a group and the tenth of its accounts that is left out; no id holds it."""

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

    The accounts of all groups are computed once into `accounts_of_groups`. What the views show is ruled by two small tables,
    `shown_groups` and `left_out`, so that stability runs change what every heuristic sees without touching its query.

    Args:
        connection: An engine that holds the given tables.
        needed: Tables that will be read.
        given: Tables that are there.
    """
    for node in analysis_graph().upstream({*needed, *_MADE_FOR_GROUPS}, given=given):
        make(connection, node)
    _show(connection, "SELECT DISTINCT group_id, group_id, NULL::BIGINT FROM accounts_of_groups")
    connection.execute(
        "CREATE VIEW group_accounts AS SELECT s.shown_as AS group_id, a.account_id, a.n_exchanges, a.tenth FROM accounts_of_groups AS a"
        " JOIN shown_groups AS s ON s.group_id = a.group_id"
        " ANTI JOIN left_out AS l ON l.shown_as = s.shown_as AND l.account_id = a.account_id"
    )
    ((n_rows,),) = connection.execute("SELECT coalesce(sum(n_exchanges), 0) FROM accounts_of_groups").fetchall()
    if n_rows <= MAX_HELD_ROWS:
        connection.execute("CREATE TABLE held_group_exchanges AS SELECT * FROM stored_group_exchanges")
    show_all_groups(connection)
    for name in _FURTHER_VIEWS:
        create(connection, query(name), form="VIEW")


def columns_read(connection: duckdb.DuckDBPyConnection, heuristic: Heuristic) -> set[str]:
    """Return the names of all columns that a heuristic's query names, by itself or through the views of groups."""
    bodies = [heuristic.body, *(query(table).body for table in heuristic.reads if table in _FURTHER_VIEWS)]
    return {name for body in bodies for name in columns_named(parse(connection, body, heuristic.id))}


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


def is_held(connection: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the exchanges of all groups were copied into the engine."""
    found = connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'held_group_exchanges'").fetchall()
    return bool(found)


def show_all_groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the group views show all groups with all accounts."""
    _show(connection, "SELECT DISTINCT group_id, group_id, NULL::BIGINT FROM accounts_of_groups")
    connection.execute("CREATE OR REPLACE VIEW all_group_accounts AS SELECT * FROM accounts_of_groups")
    source = "held_group_exchanges" if is_held(connection) else "stored_group_exchanges"
    connection.execute(f"CREATE OR REPLACE VIEW group_exchanges AS SELECT * FROM {source}")
    _count_groups(connection)


def show_groups(connection: duckdb.DuckDBPyConnection, groups: Iterable[str], columns: Iterable[str]) -> None:
    """Let the group views show the named groups alone, with all accounts.

    Args:
        connection: A connection on which `create_library` has been called.
        groups: The groups to show.
        columns: Columns that will be read; of a large log they alone are copied, once for repeated reading.
    """
    _show(connection, "SELECT unnest($1), unnest($1), NULL::BIGINT", [sorted(groups)])
    source, listed = "held_group_exchanges", [column.name for column in EXCHANGE_FEATURES.columns]
    if not is_held(connection):
        wanted = set(columns) | {"account_id"}
        source, listed = "shown_exchanges", [name for name in listed if name in wanted]
        connection.execute(
            f"CREATE OR REPLACE TABLE shown_exchanges AS SELECT group_id, {', '.join(listed)} FROM stored_group_exchanges"
        )
    connection.execute(
        f"CREATE OR REPLACE VIEW group_exchanges AS SELECT s.shown_as AS group_id, {', '.join(f'e.{name}' for name in listed)}"
        f" FROM {source} AS e JOIN shown_groups AS s ON s.group_id = e.group_id"
        " ANTI JOIN left_out AS l ON l.shown_as = s.shown_as AND l.account_id = e.account_id"
    )
    _count_groups(connection)


def tenths_at_once(connection: duckdb.DuckDBPyConnection) -> list[list[int]]:
    """Return all tenths, together if the log is small, else one by one."""
    tenths = list(range(N_TENTHS))
    return [tenths] if is_held(connection) else [[tenth] for tenth in tenths]


def leave_out_tenths(connection: duckdb.DuckDBPyConnection, tenths: list[int]) -> None:
    """Show every shown group once for each of the tenths, without its accounts of that tenth.

    Tenths are disjoint: over all of them every account is left out exactly once. Several at once spare planning the same query again and
    again; each group then stands under a name of its own for each tenth, and `whole_group` tells which group it is.
    """
    name = f"s.group_id || {quote(_WITHOUT)} || t.tenth" if len(tenths) > 1 else "s.group_id"
    _show(
        connection,
        f"SELECT DISTINCT {name}, s.group_id, t.tenth FROM shown_groups AS s CROSS JOIN (SELECT unnest($1) AS tenth) AS t",
        [tenths],
    )
    if len(tenths) > 1:
        connection.execute(
            "CREATE OR REPLACE VIEW all_group_accounts AS SELECT * FROM accounts_of_groups UNION ALL"
            " SELECT s.shown_as, a.account_id, a.n_exchanges, a.tenth FROM accounts_of_groups AS a"
            " JOIN shown_groups AS s ON s.group_id = a.group_id"
        )
    _count_groups(connection)


def whole_group(shown_as: str) -> str:
    """Return the group that `leave_out_tenths` shows under a name."""
    return shown_as.partition(_WITHOUT)[0]


def _show(connection: duckdb.DuckDBPyConnection, rows: str, values: list[object] | None = None) -> None:
    """Fill `shown_groups` with rows of name, group and the tenth that is left out, and `left_out` with the accounts of that tenth."""
    connection.execute(
        f"CREATE OR REPLACE TABLE shown_groups AS SELECT * FROM ({rows}) AS shown(shown_as, group_id, tenth)", values
    )
    connection.execute(
        "CREATE OR REPLACE TABLE left_out AS SELECT s.shown_as, a.account_id FROM accounts_of_groups AS a"
        " JOIN shown_groups AS s ON s.group_id = a.group_id AND s.tenth = a.tenth"
    )


def _count_groups(connection: duckdb.DuckDBPyConnection) -> None:
    create(connection, query("groups"))
