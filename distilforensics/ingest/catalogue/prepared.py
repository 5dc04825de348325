"""A projection that is planned once and run on many chunks.

Planning one of these queries takes longer than running it on ten thousand records, so it must not be repeated for every chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


class _Lines:
    """The relation that a prepared query reads; every execution asks it anew for its rows."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


class PreparedQuery:
    """One projection on one connection. Not shared between threads; the connection must outlive it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, query: str, empty: pa.Table) -> None:
        """Plan the query.

        Args:
            connection: A connection made ready by `prepare_connection`.
            name: Letters, digits and underscores; unique on the connection.
            query: One SELECT over `lines(row_index, line)`.
            empty: A table with the columns and types of those that will be given to `run`.
        """
        self._connection = connection
        self._execute = f"execute {name}"
        self._lines = _Lines(empty)
        connection.register(f"lines_{name}", self._lines)
        connection.execute(
            f"prepare {name} as with lines as not materialized (from lines_{name}) select * from ({query})"
        )

    def run(self, lines: pa.Table) -> pa.Table:
        """Return the rows of the query over a table with columns `row_index` and `line`."""
        self._lines.table = lines
        try:
            result: pa.Table = self._connection.sql(self._execute).to_arrow_table()
        finally:
            self._lines.table = lines.slice(0, 0)
        return result
