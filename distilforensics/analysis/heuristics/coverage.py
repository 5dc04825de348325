"""How many exchanges carry what each heuristic needs: a missing column makes a heuristic `not_evaluated`, never silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.core.schema import KEPT_AS

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic

DIRECTORY = "accounts_directory."
"""Prefix of a column that the accounts directory answers: one filled row there serves all exchanges."""

ALL_ROWS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rows that can be judged, all rows, and what is missing in words (None if something can be judged)."""

    evaluable_rows: int
    total_rows: int
    missing: str | None


def measure_coverage(connection: duckdb.DuckDBPyConnection, heuristics: Iterable[Heuristic]) -> dict[str, Coverage]:
    """Return heuristic id -> coverage, with one pass over the exchanges that are no duplicates."""
    chosen = list(heuristics)
    filled = _filled_directory_columns(connection, chosen)
    conjunctions = {heuristic.needs for heuristic in chosen}
    single = {(need,) for needs in conjunctions for need in needs}
    counts = _count(connection, sorted(conjunctions | single | {ALL_ROWS}), filled)
    return {heuristic.id: _coverage(heuristic.needs, counts) for heuristic in chosen}


def _filled_directory_columns(connection: duckdb.DuckDBPyConnection, heuristics: list[Heuristic]) -> frozenset[str]:
    asked = {column for heuristic in heuristics for need in heuristic.needs for column in need.split("|")}
    columns = sorted(column for column in asked if column.startswith(DIRECTORY))
    if not columns:
        return frozenset()
    counted = ", ".join(f"count({column.removeprefix(DIRECTORY)})" for column in columns)
    (row,) = connection.execute(f"select {counted} from accounts_directory").fetchall()
    return frozenset(column for column, n in zip(columns, row, strict=True) if n)


def _condition(need: str, filled: frozenset[str]) -> str:
    parts = []
    for column in need.split("|"):
        if column.startswith(DIRECTORY):
            parts.append(str(column in filled).lower())
            continue
        parts.append(f"{column} is not null")
        if column in KEPT_AS:
            parts.append(f"text_fingerprints.{KEPT_AS[column]} is not null")
    return f"({' or '.join(parts)})"


def _count(
    connection: duckdb.DuckDBPyConnection, conjunctions: list[tuple[str, ...]], filled: frozenset[str]
) -> dict[tuple[str, ...], int]:
    conditions = [" and ".join(_condition(need, filled) for need in needs) or "true" for needs in conjunctions]
    columns = ", ".join(f"count(*) filter (where {condition})" for condition in conditions)
    (row,) = connection.execute(
        f"select {columns} from exchanges as e anti join duplicates as d on d.record_id = e.record_id"
    ).fetchall()
    return {needs: int(n) for needs, n in zip(conjunctions, row, strict=True)}


def _coverage(needs: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> Coverage:
    missing = None
    if absent := [need for need in needs if not counts[need,]]:
        missing = f"no exchange carries {'; none carries '.join(map(_in_words, absent))}"
    elif not counts[needs]:
        missing = f"no exchange carries all of {', '.join(map(_in_words, needs))}"
    return Coverage(counts[needs], counts[ALL_ROWS], missing)


def _in_words(need: str) -> str:
    return " or ".join(column.replace(DIRECTORY, "accounts directory: ") for column in need.split("|"))
