"""The queries of the assessment: one file each, over the tables of the case and the candidates."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any

from distilforensics.case.engines.duckdb import create, select
from distilforensics.core.sqlfile import read_sql_file

if TYPE_CHECKING:
    import duckdb

    from distilforensics.core.sqlfile import SqlFile


def query(name: str) -> SqlFile:
    """Return a query file."""
    return read_sql_file(importlib.resources.files(__package__) / f"{name}.sql")


def rows_of(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    """Return the rows of a query by column."""
    columns, rows = select(connection, query(name))
    names = [column for column, _ in columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def create_table(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create or replace the temporary table of a query."""
    create(connection, query(name), form="TEMP TABLE")
