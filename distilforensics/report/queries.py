"""The queries of the report: one `.sql` file each, run on the tables of the case, listed in the report with their hashes."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any

from distilforensics.core.sqlfile import read_sql_file
from distilforensics.report.context import QueryText

if TYPE_CHECKING:
    import duckdb

TEMPORARY = ("campaign_hours",)
"""Queries whose rows other queries read; they are kept as temporary tables while the report is made."""


def load(name: str) -> QueryText:
    """Return a query by its name."""
    file = read_sql_file(importlib.resources.files(__package__) / "queries" / f"{name}.sql")
    parameters = [{"name": key, **entry} for key, entry in file.header.get("params", {}).items()]
    through = [read for read in file.header["reads"] if read in TEMPORARY]
    inner = [table for read in through for table in load(read).reads]
    return QueryText(
        name=name,
        title=file.header["title"],
        reads=tuple(dict.fromkeys([*inner, *(read for read in file.header["reads"] if read not in TEMPORARY)])),
        through=tuple(through),
        sha256=file.sha256,
        sql=file.body,
        parameters=parameters,
    )


def load_all() -> list[QueryText]:
    """Return all queries, ordered by name."""
    folder = importlib.resources.files(__package__) / "queries"
    return [
        load(name)
        for name in sorted(entry.name.removesuffix(".sql") for entry in folder.iterdir() if entry.name.endswith(".sql"))
    ]


def keep(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Run a query and keep its rows as a temporary table of the same name."""
    query = load(name)
    connection.execute(f"CREATE TEMP TABLE {name} AS {query.sql}", _values(query, {}))


def rows(connection: duckdb.DuckDBPyConnection, name: str, **values: object) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries.

    Args:
        connection: A connection to the case.
        name: Name of the query.
        values: Values of the parameters that are not fixed in the query's header.
    """
    query = load(name)
    cursor = connection.execute(query.sql, _values(query, values))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """Return the only row of a query."""
    (row,) = rows(connection, name)
    return row


def _values(query: QueryText, values: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry["value"] for entry in query.parameters} | values
