"""The tables and views that heuristics read: those of the case, empty ones for stages that have not run, and `catalog/lib`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from distilforensics.core.schema import EXCHANGE_FEATURES, TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.heuristics.loader import catalog_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

GROUP_VIEWS = ("group_accounts", "groups", "group_exchanges")
"""Views of groups; each is defined by the file of its name in `catalog/lib`."""

SOURCE_TABLES = (
    "exchange_features", "fingerprints", "templates", "template_exchanges", "account_profiles", "account_days",
    "account_attributes", "populations", "reasoning_uses", "reasoning_places", "accounts_directory", "links", "clusters", "cluster_members",
    "window_tests",
)  # fmt: skip
"""Tables of the case that a heuristic may read."""

READABLE = (*SOURCE_TABLES, *GROUP_VIEWS, "all_group_accounts", "exchanges", "duplicates")
"""Everything that may stand in `reads`; `exchanges` is wide and slow, so only where a column is nowhere else.

`all_group_accounts` has the columns of `group_accounts` and is never narrowed: it tells which accounts are the rest of the log.
"""

N_TENTHS = 10
"""Parts into which `group_accounts.tenth` cuts the accounts of a group."""

MIN_GROUP_ACCOUNTS = 10
"""Smaller groups are no groups here: personal pools have two to six accounts, and a tenth of fewer than ten is nothing."""

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


def library_file(name: str) -> SqlFile:
    """Return a file of `catalog/lib`."""
    return read_sql_file(catalog_folder() / "lib" / f"{name}.sql")


def create_library(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the group views over the tables of the case.

    The accounts of all groups are computed once into `all_group_accounts`. What the views show is ruled by two small tables,
    `shown_groups` and `left_out`, so that stability runs change what every heuristic sees without touching its query.
    """
    connection.execute(
        f"CREATE TABLE all_group_accounts AS {library_file('group_accounts').body}",
        {"min_group_accounts": MIN_GROUP_ACCOUNTS},
    )
    connection.execute("CREATE TABLE shown_groups (group_id VARCHAR)")
    connection.execute("CREATE TABLE left_out (group_id VARCHAR, account_id VARCHAR)")
    connection.execute(
        "CREATE VIEW group_accounts AS SELECT a.* FROM all_group_accounts AS a SEMI JOIN shown_groups AS s ON s.group_id = a.group_id"
        " ANTI JOIN left_out AS l ON l.group_id = a.group_id AND l.account_id = a.account_id"
    )
    show_all_groups(connection)


def show_all_groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the group views show all groups with all accounts."""
    connection.execute("CREATE OR REPLACE TABLE shown_groups AS SELECT DISTINCT group_id FROM all_group_accounts")
    connection.execute("CREATE OR REPLACE TABLE left_out (group_id VARCHAR, account_id VARCHAR)")
    connection.execute(f"CREATE OR REPLACE VIEW group_exchanges AS {library_file('group_exchanges').body}")
    _count_groups(connection)


def show_groups(connection: duckdb.DuckDBPyConnection, groups: Iterable[str], columns: Iterable[str]) -> None:
    """Let the group views show the named groups alone, their exchanges copied once with the named columns for repeated reading."""
    connection.execute("CREATE OR REPLACE TABLE shown_groups (group_id VARCHAR)")
    connection.execute("INSERT INTO shown_groups SELECT unnest($1)", [sorted(groups)])
    wanted = set(columns) | {"account_id"}
    listed = ", ".join(column.name for column in EXCHANGE_FEATURES.columns if column.name in wanted)
    connection.execute(f"CREATE OR REPLACE TABLE shown_exchanges AS SELECT group_id, {listed} FROM group_exchanges")
    connection.execute(
        f"CREATE OR REPLACE VIEW group_exchanges AS SELECT e.group_id, {listed.replace('account_id', 'e.account_id')}"
        " FROM shown_exchanges AS e ANTI JOIN left_out AS l ON l.group_id = e.group_id AND l.account_id = e.account_id"
    )


def leave_out_tenth(connection: duckdb.DuckDBPyConnection, tenth: int) -> None:
    """Take one tenth of the accounts out of every shown group.

    Tenths are disjoint: over all of them every account is left out exactly once.
    """
    connection.execute(
        "CREATE OR REPLACE TABLE left_out AS SELECT a.group_id, a.account_id FROM all_group_accounts AS a"
        f" SEMI JOIN shown_groups AS s ON s.group_id = a.group_id WHERE a.tenth = {int(tenth)}"
    )
    _count_groups(connection)


def leave_out_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the shown groups have all of their accounts."""
    connection.execute("CREATE OR REPLACE TABLE left_out (group_id VARCHAR, account_id VARCHAR)")
    _count_groups(connection)


def _count_groups(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE groups AS {library_file('groups').body}")
