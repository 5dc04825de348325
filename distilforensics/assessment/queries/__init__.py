"""The queries of the assessment, one file each, and the two ways of running them."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any

from distilforensics.core.sqlfile import SqlFile, read_sql_file

if TYPE_CHECKING:
    import duckdb


def query(name: str) -> SqlFile:
    """Return a query file."""
    return read_sql_file(importlib.resources.files(__package__) / f"{name}.sql")


def parameters(file: SqlFile) -> dict[str, Any]:
    """Return the values of a query's parameters."""
    return {name: entry["value"] for name, entry in file.header.get("params", {}).items()}


def rows_of(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    file = query(name)
    return connection.execute(file.body, parameters(file) or None).fetchall()


def create_table(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create or replace a temporary table with the rows of a query."""
    file = query(name)
    connection.execute(f"create or replace temp table {name} as {file.body}", parameters(file) or None)
