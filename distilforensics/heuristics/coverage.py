"""How many exchanges carry what each heuristic needs: a missing column makes a heuristic `not_evaluated`, never silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from distilforensics.heuristics.loader import Heuristic

DIRECTORY = "accounts_directory."
"""Prefix of a need that the accounts directory answers, not the exchanges."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Rows that can be judged, all rows, and what is missing in words (None if something can be judged)."""

    evaluable_rows: int
    total_rows: int
    missing: str | None


def measure_coverage(connection: duckdb.DuckDBPyConnection, heuristics: Iterable[Heuristic]) -> dict[str, Coverage]:
    """Return heuristic id -> coverage, with one pass over the exchanges that are no duplicates."""
    chosen = list(heuristics)
    conjunctions = sorted({_exchange_needs(heuristic) for heuristic in chosen})
    single = sorted({need for needs in conjunctions for need in needs})
    counts = _count(connection, [*conjunctions, *((need,) for need in single)])
    directory = _count_directory(connection, chosen)
    return {heuristic.id: _coverage(heuristic, counts, directory) for heuristic in chosen}


def _exchange_needs(heuristic: Heuristic) -> tuple[str, ...]:
    return tuple(need for need in heuristic.needs if not need.startswith(DIRECTORY))


def _is_present(need: str) -> str:
    return "(" + " or ".join(f"{column} is not null" for column in need.split("|")) + ")"


def _count(connection: duckdb.DuckDBPyConnection, conjunctions: list[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    conditions = [" and ".join(map(_is_present, needs)) or "true" for needs in conjunctions]
    columns = ", ".join(f"count(*) filter (where {condition})" for condition in ["true", *conditions])
    row = connection.execute(
        f"select {columns} from exchanges as e anti join duplicates as d on d.record_id = e.record_id"
    ).fetchone()
    assert row is not None
    return {("*",): int(row[0])} | {needs: int(n) for needs, n in zip(conjunctions, row[1:], strict=True)}


def _count_directory(connection: duckdb.DuckDBPyConnection, heuristics: list[Heuristic]) -> dict[str, int]:
    needs = sorted({need for heuristic in heuristics for need in heuristic.needs if need.startswith(DIRECTORY)})
    counts = {}
    for need in needs:
        columns = [column.removeprefix(DIRECTORY) for column in need.split("|")]
        row = connection.execute(
            f"select count(*) from accounts_directory where {_is_present('|'.join(columns))}"
        ).fetchone()
        counts[need] = int(row[0]) if row else 0
    return counts


def _coverage(heuristic: Heuristic, counts: dict[tuple[str, ...], int], directory: dict[str, int]) -> Coverage:
    needs = _exchange_needs(heuristic)
    total, evaluable = counts["*",], counts[needs]
    absent = [need for need in needs if not counts[need,]]
    absent_directory = [need for need in heuristic.needs if need in directory and not directory[need]]
    missing = None
    if absent:
        names = ", ".join(need.replace("|", " or ") for need in absent)
        missing = f"no exchange carries {names}"
    elif not evaluable:
        missing = f"no exchange carries all of {', '.join(need.replace('|', ' or ') for need in needs)}"
    elif absent_directory:
        missing = (
            f"no accounts directory carries {', '.join(need.removeprefix(DIRECTORY) for need in absent_directory)}"
        )
        evaluable = 0
    return Coverage(evaluable, total, missing)
