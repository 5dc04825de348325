"""Runs one heuristic: its query, the check of what comes back, and the state that follows from it."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.catalogue.loader import STANDARD_COLUMNS, Heuristic
from distilforensics.analysis.heuristics.order import MIN_COMPLETENESS, log_completeness, unresolved_entities
from distilforensics.case.engines.duckdb import select
from distilforensics.core.errors import HeuristicError
from distilforensics.core.finding import State
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from distilforensics.analysis.heuristics.coverage import Coverage

DECIMALS = 6
"""Digits after the point of every double in the results; below them lies rounding noise of sums."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a heuristic said about a log: one row per judged entity, and its state with the reason."""

    observations: list[dict[str, Any]]
    state: State
    reason: str | None

    @property
    def fired(self) -> list[str]:
        """Entities on which the heuristic fired, sorted."""
        return [row["entity_id"] for row in self.observations if row["is_fired"]]


def run_heuristic(
    connection: duckdb.DuckDBPyConnection,
    heuristic: Heuristic,
    coverage: Coverage | None = None,
    overrides: dict[str, Any] | None = None,
) -> Outcome:
    """Run a heuristic and return its observations, state and reason.

    Args:
        connection: A connection on which `views.create_library` has been called.
        heuristic: The heuristic.
        coverage: How many rows carry the needed columns; taken as complete if omitted.
        overrides: Parameter values that replace the defaults.

    Raises:
        HeuristicError: the query fails or does not return what its header declares.
    """
    if (refused := refusal(connection, heuristic, coverage)) is not None:
        return refused
    values = heuristic.defaults(overrides)
    return conclude(heuristic, values, *judge(connection, heuristic, values))


def refusal(
    connection: duckdb.DuckDBPyConnection, heuristic: Heuristic, coverage: Coverage | None = None
) -> Outcome | None:
    """Return the outcome of a heuristic that this log cannot be asked, or None."""
    if coverage is not None and coverage.missing:
        return Outcome([], State.NOT_EVALUATED, coverage.missing)
    if heuristic.requires_complete and (share := log_completeness(connection)) is not None and share < MIN_COMPLETENESS:
        return Outcome([], State.INCONCLUSIVE, _reason_for_sample(share))
    return None


def judge(
    connection: duckdb.DuckDBPyConnection, heuristic: Heuristic, values: dict[str, Any]
) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of a heuristic's query without the entities whose order cannot be told, and the number of all rows."""
    rows = run_query(connection, heuristic, values)
    n_judged = len(rows)
    if heuristic.requires_order and rows:
        unresolved = unresolved_entities(connection, heuristic, [row["entity_id"] for row in rows])
        rows = [row for row in rows if row["entity_id"] not in unresolved]
    return rows, n_judged


def conclude(heuristic: Heuristic, values: dict[str, Any], rows: list[dict[str, Any]], n_judged: int) -> Outcome:
    """Return the outcome that follows from what `judge` gave."""
    if not rows:
        return Outcome([], State.INCONCLUSIVE, _reason_for_no_rows(heuristic, values, n_judged))
    is_fired = any(row["is_fired"] for row in rows)
    return Outcome(rows, State.FIRED if is_fired else State.SILENT, None)


def _reason_for_no_rows(heuristic: Heuristic, values: dict[str, Any], n_unresolved: int) -> str:
    if n_unresolved:
        return (
            f"the order of exchanges cannot be resolved in any of {n_unresolved} judged entities: more than 20 % of their "
            "consecutive exchanges share a start time that is written in whole seconds or coarser"
        )
    return f"not enough volume; needed is {heuristic.sentence('volume', values).rstrip('.')}"


def _reason_for_sample(share: float) -> str:
    return (
        f"the log seems to be a sample: the exchange before is logged for {share:.0%} of the turns of conversations (median account), "
        f"needed is {MIN_COMPLETENESS:.0%}; order and repetition of exchanges are lost in a sample"
    )


def run_query(
    connection: duckdb.DuckDBPyConnection, heuristic: Heuristic, values: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the rows of a heuristic's query as observations without the heuristic's own columns, sorted by entity.

    Raises:
        HeuristicError: the query fails, its columns are not those of the header, or an entity is missing or repeated.
    """
    columns, found = select(connection, heuristic.file, values)
    _require_columns(heuristic, columns)
    names = [name for name, _ in columns]
    rows = sorted(
        (_observation(heuristic, dict(zip(names, row, strict=True))) for row in found),
        key=lambda row: str(row["entity_id"]),
    )
    for previous, row in itertools.pairwise(rows):
        if previous["entity_id"] == row["entity_id"]:
            raise HeuristicError(
                f"entity {shown(row['entity_id'])} is returned twice, expected one row", where=heuristic.id
            )
    return rows


def _require_columns(heuristic: Heuristic, columns: Sequence[tuple[str, str]]) -> None:
    standard = tuple(columns[: len(STANDARD_COLUMNS)])
    if standard != STANDARD_COLUMNS:
        raise HeuristicError(
            f"the query's first columns are {list(standard)}, expected {list(STANDARD_COLUMNS)}", where=heuristic.id
        )
    further = [name for name, _ in columns[len(STANDARD_COLUMNS) :]]
    declared = [output.name for output in heuristic.outputs]
    if further != declared:
        raise HeuristicError(
            f"the query's further columns are {further}, the header declares {declared}", where=heuristic.id
        )


def _observation(heuristic: Heuristic, row: dict[str, Any]) -> dict[str, Any]:
    if row["entity_id"] is None or row["is_fired"] is None:
        raise HeuristicError(f"entity_id or is_fired is NULL in {shown(row)}", where=heuristic.id)
    standard = {name: _plain(heuristic, row[name]) for name, _ in STANDARD_COLUMNS}
    details = {output.name: _plain(heuristic, row[output.name]) for output in heuristic.outputs}
    return standard | {"details": json.dumps(details, sort_keys=True, ensure_ascii=False, allow_nan=False)}


def _plain(heuristic: Heuristic, value: object) -> object:
    """Return a value as JSON can hold it: doubles rounded, times as text."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise HeuristicError("a value is not a finite number; guard divisions and logarithms", where=heuristic.id)
        return round(value, DECIMALS) + 0.0  # turns -0.0 into 0.0
    if isinstance(value, list):
        return [_plain(heuristic, item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(heuristic, item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool | int | str) else str(value)
