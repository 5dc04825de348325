"""The tables and views that heuristics read: those of the case, empty ones for stages that have not run, and `catalog/lib`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.heuristics.loader import catalog_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

LIBRARY = ("group_accounts", "groups", "group_exchanges")
"""Files of `catalog/lib` in order of dependency."""

SOURCE_TABLES = (
    "exchange_features", "templates", "template_exchanges", "account_profiles", "account_days", "account_attributes",
    "populations", "accounts_directory", "links", "clusters", "cluster_members",
)  # fmt: skip
"""Tables of the case that a heuristic may read."""

READABLE = (*SOURCE_TABLES, *LIBRARY, "exchanges", "duplicates")
"""Everything that may stand in `reads`; `exchanges` is wide and slow, so only where a column is nowhere else."""

N_TENTHS = 10
"""Parts into which `group_accounts.tenth` cuts the accounts of a group."""

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

    The accounts of all groups are computed once into `all_group_accounts`. The view `group_accounts` shows all of them; everything
    else is defined on that view, so that `leave_out_tenth` changes what every heuristic sees without touching its query.
    """
    accounts = library_file("group_accounts").body
    connection.execute(f"CREATE TABLE all_group_accounts AS {accounts} ORDER BY group_id, account_id")
    show_all_groups(connection)
    for name in LIBRARY[1:]:
        connection.execute(f"CREATE VIEW {name} AS {library_file(name).body}")


def show_all_groups(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the group views show all groups with all accounts."""
    connection.execute("CREATE OR REPLACE VIEW group_accounts AS SELECT * FROM all_group_accounts")


def leave_out_tenth(connection: duckdb.DuckDBPyConnection, groups: Iterable[str], tenth: int) -> None:
    """Let the group views show the named groups alone, without one tenth of each group's accounts.

    Tenths are disjoint: over all of them every account is left out exactly once.
    """
    connection.execute("CREATE OR REPLACE TEMP TABLE chosen_groups (group_id VARCHAR)")
    connection.execute("INSERT INTO chosen_groups SELECT unnest($1)", [sorted(groups)])
    connection.execute(
        "CREATE OR REPLACE VIEW group_accounts AS SELECT a.* FROM all_group_accounts AS a"
        f" SEMI JOIN chosen_groups AS c ON c.group_id = a.group_id WHERE a.tenth <> {int(tenth)}"
    )
