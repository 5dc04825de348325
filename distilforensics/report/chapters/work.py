"""What every chapter needs while it is made: the connection, the annexes, the catalogue, and how tables are laid out."""

from __future__ import annotations

import importlib.resources
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics.core.text import show
from distilforensics.report import queries
from distilforensics.report.context import Column, DataTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from distilforensics.case.layout import Case
    from distilforensics.core.sqlfile import SqlFile
    from distilforensics.report.annexes import Annexes


FEW_SOURCES = 8
"""Up to so many sources are printed as cards with all their properties, more as a table."""


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
        *,
        anchor: str,
        exhibit: str = "",
        n_rows: int | None = None,
        words: Mapping[str, str] | None = None,
        further: Sequence[Column] = (),
        layout: str = "",
    ) -> DataTable:
        """Return rows as a table of the report, laid out as texts/tables.toml says for the query.

        Args:
            query: Name of the query that computed the rows.
            rows: All rows.
            anchor: Id in the HTML.
            exhibit: Name of the annex with all rows, without `.csv`; none is written if empty.
            n_rows: Rows that exist, if the query itself returns the first ones only.
            words: Texts for the marks in caption and headings, such as the campaign's name.
            further: Columns after those of the layout.
            layout: Name of the layout if it is not that of the query.
        """
        laid_out = _layouts()[layout or query]
        shown = rows[: laid_out.get("most")]
        total = len(rows) if n_rows is None else n_rows
        caption = laid_out["caption"].format(**words or {})
        columns = (*_columns(laid_out["columns"], words or {}), *further)
        annex_columns = _columns(laid_out["annex"], words or {}) if "annex" in laid_out else columns
        return DataTable(
            anchor=anchor,
            caption=caption,
            query=queries.load(query),
            columns=columns,
            rows=tuple(shown),
            n_rows=total,
            rule=laid_out.get("rule", "") if total > len(shown) else "",
            exhibit=self.annexes.csv(exhibit, caption, annex_columns, rows) if exhibit else "",
        )

    def source_table(self, query: str, *, anchor: str, exhibit: str) -> DataTable:
        """Return a table of source files; where they are many, paths are printed without the folder that they share."""
        rows = self.rows(query)
        folder = shared_folder([row["path"] for row in rows]) if len(rows) > FEW_SOURCES else ""
        below = {"below": f" (below {show(folder)})" if folder else ""}
        table = self.table(query, rows, anchor=anchor, exhibit=exhibit, words=below)
        shown = tuple(dict(row) | {"path": row["path"].removeprefix(folder)} for row in table.rows)
        return replace(table, rows=shown)


def shared_folder(paths: Sequence[str]) -> str:
    """Return the longest folder, with a slash at its end, in which all paths lie; empty if there is none."""
    folders = [path.split("/")[:-1] for path in paths]
    shared = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "".join(f"{part}/" for part in shared)


@cache
def _layouts() -> dict[str, dict[str, Any]]:
    path = importlib.resources.files("distilforensics.report") / "texts" / "tables.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _columns(specification: Sequence[str], words: Mapping[str, str]) -> tuple[Column, ...]:
    parts = [text.split("|") for text in specification]
    return tuple(Column(part[0], part[1].format(**words), part[2] if len(part) > 2 else "text") for part in parts)


def sentence(text: str, values: Mapping[str, Any] | None = None) -> str:
    """Return a text as a sentence, with a capital and a full stop and with `$name` replaced by the value of the parameter."""
    values = values or {}
    for name in sorted(values, key=lambda key: (-len(key), key)):
        text = text.replace(f"${name}", str(values[name]))
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
