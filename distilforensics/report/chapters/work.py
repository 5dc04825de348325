"""What every chapter needs while it is made: the connection, the annexes and the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from distilforensics.report import queries
from distilforensics.report.context import Column, DataTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from distilforensics.case.layout import Case
    from distilforensics.core.sqlfile import SqlFile
    from distilforensics.report.annexes import Annexes


@dataclass(frozen=True, slots=True)
class Work:
    """The case while its report is made."""

    case: Case
    connection: duckdb.DuckDBPyConnection
    annexes: Annexes
    catalogue: Mapping[str, SqlFile]
    titles: dict[str, str] = field(default_factory=dict)

    def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        return queries.rows(self.connection, query, **values)

    def by_campaign(self, query: str) -> dict[str, list[dict[str, Any]]]:
        """Return campaign id -> rows of a query that has the column campaign_id; rows without one under the empty text."""
        grouped: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows(query):
            grouped.setdefault(row["campaign_id"] or "", []).append(row)
        return grouped

    def table(
        self,
        query: str,
        rows: Sequence[Mapping[str, Any]],
        columns: Sequence[Column],
        *,
        anchor: str,
        caption: str,
        most: int | None = None,
        rule: str = "",
        exhibit: str = "",
        n_rows: int | None = None,
        annex_columns: Sequence[Column] | None = None,
    ) -> DataTable:
        """Return rows as a table of the report.

        Args:
            query: Name of the query that computed the rows.
            rows: All rows.
            columns: Columns in order.
            anchor: Id in the HTML.
            caption: What the table shows.
            most: Rows that are shown; all if omitted.
            rule: Which rows are shown if there are more than `most`.
            exhibit: Name of the annex with all rows, without `.csv`; none is written if empty.
            n_rows: Rows that exist, if the query itself returns the first ones only.
            annex_columns: Columns of the annex; those of the table if omitted.
        """
        total = len(rows) if n_rows is None else n_rows
        shown = rows[:most]
        path = self.annexes.csv(exhibit, caption, annex_columns or columns, rows) if exhibit else ""
        return DataTable(
            anchor=anchor,
            caption=caption,
            query=queries.load(query),
            columns=tuple(columns),
            rows=tuple(shown),
            n_rows=total,
            rule=rule if total > len(shown) else "",
            exhibit=path,
        )


def columns(*specification: str) -> tuple[Column, ...]:
    """Return columns from `key|label|kind` texts; the kind is `text` if omitted."""
    parts = [text.split("|") for text in specification]
    return tuple(Column(part[0], part[1], part[2] if len(part) > 2 else "text") for part in parts)
