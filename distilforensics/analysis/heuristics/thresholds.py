"""Judges groups once more with the firing thresholds moved by a quarter, so that a reader sees what hangs by a hair.

A header names the parameters that make its threshold and which way is stricter: `stricter = { min_share = "higher" }`. Conditions of
volume stay as they are: they say what can be judged, not what is found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.analysis.heuristics.runner import run_query
from distilforensics.analysis.heuristics.views import columns_read, show_all_groups, show_groups
from distilforensics.core.finding import EntityType

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from distilforensics.analysis.heuristics.loader import Heuristic, Parameter

STEP = 0.25
"""Share by which a threshold is moved; linkage tries its own threshold by the same share."""


def moved_thresholds(heuristic: Heuristic, *, is_stricter: bool) -> dict[str, Any]:
    """Return the parameters that make the firing threshold with their moved values; empty if the header names none."""
    parameters = {parameter.name: parameter for parameter in heuristic.parameters}
    return {
        name: moved(parameters[name], is_up=(direction == "higher") == is_stricter)
        for name, direction in heuristic.stricter.items()
    }


def moved(parameter: Parameter, *, is_up: bool) -> float:
    """Return a parameter's default a quarter higher or lower.

    A share moves by a quarter of itself or of what is missing to 1, whichever is less, so that it stays a share and 0.95 means something.
    """
    value, factor = float(parameter.default), 1 + STEP if is_up else 1 - STEP
    if not parameter.unit.startswith("share"):
        return round(value * factor, 9)
    from_one = 1 - (1 - value) * (2 - factor)
    return round(min(value * factor, from_one) if is_up else max(value * factor, from_one), 9)


def judge_moved(
    connection: duckdb.DuckDBPyConnection,
    heuristic: Heuristic,
    judged: Collection[str],
    fired: Collection[str],
    wanted: Collection[str],
) -> list[dict[str, Any]]:
    """Return, for groups on which the heuristic fired and others where it nearly did, whether it fires at moved thresholds.

    Args:
        connection: A connection on which `views.create_library` has been called.
        heuristic: The heuristic.
        judged: Groups that it could judge at the stated threshold; others are never judged here.
        fired: Those of them on which it fired.
        wanted: Groups that matter: on the rest nothing fired that could count.
    """
    groups = sorted(frozenset(wanted) & frozenset(judged) | frozenset(fired))
    if heuristic.entity is not EntityType.GROUP or not heuristic.stricter or not groups:
        return []
    try:
        show_groups(connection, groups, columns_read(connection, heuristic))
        # Whatever fires at the stated threshold fires at a laxer one.
        laxer = (
            _fires(connection, heuristic, is_stricter=False) if frozenset(groups) - frozenset(fired) else frozenset()
        )
        stricter = _fires(connection, heuristic, is_stricter=True) if fired else frozenset()
    finally:
        show_all_groups(connection)
    return [
        {
            "heuristic_id": heuristic.id,
            "entity_id": group,
            "is_fired": group in fired,
            "fires_stricter": group in fired and group in stricter,
            "fires_laxer": group in fired or group in laxer,
        }
        for group in groups
        if group in fired or group in laxer
    ]


def _fires(connection: duckdb.DuckDBPyConnection, heuristic: Heuristic, *, is_stricter: bool) -> frozenset[str]:
    values = heuristic.defaults(moved_thresholds(heuristic, is_stricter=is_stricter))
    return frozenset(row["entity_id"] for row in run_query(connection, heuristic, values) if row["is_fired"])
