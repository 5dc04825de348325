"""One SQLite file with what the report rests on, for Datasette and other readers of tables."""

from __future__ import annotations

import sqlite3
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from distilforensics.report.exports.contents import iso, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from distilforensics.report.exports.contents import Material

_INDEXES = (
    ("accounts", "account_id"), ("accounts", "campaign_id"), ("facts", "campaign_id"), ("requests", "account_id"), ("requests", "campaign_id"),
    ("requests", "record_id"),
)  # fmt: skip
_BATCH = 5_000


def write(material: Material, path: Path) -> None:
    """Write the file. The order of rows and the size of pages are fixed, so that the same case gives the same bytes."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("pragma page_size = 4096")
        connection.execute("pragma journal_mode = memory")
        connection.execute("begin")
        for name, rows in _tables(material):
            _fill(connection, name, rows)
        for table, column in _INDEXES:
            if connection.execute("select 1 from pragma_table_info(?) where name = ?", (table, column)).fetchone():
                connection.execute(f"create index {table}_{column} on {table} ({column})")
        connection.execute("commit")
    finally:
        connection.close()


def _tables(material: Material) -> Iterator[tuple[str, Iterable[Mapping[str, Any]]]]:
    result, ledger = material.result, material.ledger
    about = {
        "program": f"distilforensics {result.header['version']}",
        **{key: result.header[key] for key in ("number", "title", "examiner", "organization", "confidentiality")},
        **{f"{key}_sha256": result.seals[key] for key in ("evidence", "tables", "method")},
    }
    yield "about", [{"name": name, "value": value} for name, value in about.items()]
    yield "campaigns", result.listed
    groups = [(c.campaign_id, c.facts, c.explanations) for c in result.campaigns]
    groups += [(g.row["group_id"], g.facts, g.explanations) for g in result.explained]
    yield (
        "facts",
        [
            {"campaign_id": name} | dict(fact.row) | {"standing": fact.standing}
            for name, facts, _ in groups
            for fact in facts
        ],
    )
    yield "explanations", [
        {"campaign_id": name, "explanation_id": x.explanation_id, "title": x.title, "outcome": x.outcome, "because": " ".join(x.because), "ask": x.ask}
        for name, _, explanations in groups for x in explanations
    ]  # fmt: skip
    yield "accounts", ledger.rows("accounts", is_drawn=True)
    yield "tests", result.tests
    yield "sources", ledger.rows("sources", is_drawn=True)
    yield "requests", material.requests()


def _fill(connection: sqlite3.Connection, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    columns = ", ".join(f'"{column}"' for column in first)
    connection.execute(f'create table "{name}" ({columns})')
    statement = f'insert into "{name}" values ({", ".join("?" * len(first))})'
    stream = chain([first], rows)
    while batch := [tuple(map(_cell, row.values())) for row in islice(stream, _BATCH)]:
        connection.executemany(statement, batch)


def _cell(value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    if value is None or isinstance(value, (int, float)):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, (list, tuple)):
        return "; ".join(map(text, value))
    return _moment(value) if hasattr(value, "isoformat") else text(value)


def _moment(value: datetime) -> str:
    return iso(value) or "" if hasattr(value, "hour") else value.isoformat()
