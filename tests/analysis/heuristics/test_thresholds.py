"""Groups judged again at thresholds a quarter stricter and laxer: what is moved, in which direction, and on which groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.heuristics.loader import Parameter, load_catalog
from distilforensics.analysis.heuristics.runner import run_heuristic
from distilforensics.analysis.heuristics.stage import scan
from distilforensics.analysis.heuristics.thresholds import judge_moved, moved, moved_thresholds
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from distilforensics.analysis.heuristics.loader import Heuristic
    from distilforensics.case.layout import Case

    Fill = Callable[[dict[str, list[dict[str, Any]]]], duckdb.DuckDBPyConnection]
    Make = Callable[..., Heuristic]


def sized(**sizes: int) -> dict[str, list[dict[str, Any]]]:
    """Return groups of twenty accounts with so many exchanges each."""
    rows = [
        {"repeat": n, "account_id": name + "_{i % 20}", "every": "1s", "prefix_template": f"prefix:{name}"}
        for name, n in sizes.items()
    ]
    return {"exchange_features": rows}


def judge(connection: duckdb.DuckDBPyConnection, heuristic: Heuristic, wanted: set[str]) -> dict[str, tuple[bool, ...]]:
    """Return group to whether it fires as stated, stricter and laxer."""
    outcome = run_heuristic(connection, heuristic)
    judged = [row["entity_id"] for row in outcome.observations]
    rows = judge_moved(connection, heuristic, judged, outcome.fired, wanted)
    keys = ("is_fired", "fires_stricter", "fires_laxer")
    return {row["entity_id"].removeprefix("prefix:"): tuple(row[key] for key in keys) for row in rows}


def test_a_group_near_the_threshold_falls_at_the_stricter_one_and_one_below_fires_at_the_laxer_one(
    make_heuristic: Make, tables: Fill
) -> None:
    """The threshold is 100 exchanges; 125 and 75 are the moved ones, and 70 is out of reach."""
    connection = tables(sized(far=140, near=110, below=80, out=70))
    heuristic = make_heuristic(params={**COUNTS, "min_exchanges": {"default": 100, "unit": "exchanges", "why": "x"}})
    found = judge(connection, heuristic, {f"prefix:{name}" for name in ("far", "near", "below", "out")})
    assert found == {"far": (True, True, True), "near": (True, False, True), "below": (False, False, True)}


COUNTS = {"min_accounts": {"default": 10, "unit": "accounts", "why": "x"}}


def test_groups_on_which_nothing_else_fired_are_not_tried(make_heuristic: Make, tables: Fill) -> None:
    """Only those that are named, and those that fired."""
    heuristic = make_heuristic(params={**COUNTS, "min_exchanges": {"default": 100, "unit": "exchanges", "why": "x"}})
    connection = tables(sized(near=110, below=80))
    before = run_heuristic(connection, heuristic)
    assert judge(connection, heuristic, set()) == {"near": (True, False, True)}
    assert run_heuristic(connection, heuristic) == before


def test_a_group_that_could_not_be_judged_is_not_judged_here(make_heuristic: Make, tables: Fill) -> None:
    """A clock too coarse for order stays one at any threshold."""
    assert judge_moved(tables(sized(near=110)), make_heuristic(), [], [], ["prefix:near"]) == []


def test_heuristics_without_a_named_threshold_and_on_accounts_are_left_out(make_heuristic: Make, tables: Fill) -> None:
    """The linter asks for the former; accounts count by their lift."""
    connection = tables(sized(near=110))
    for heuristic in (make_heuristic(stricter=None), make_heuristic(entity="account")):
        assert judge_moved(connection, heuristic, ["prefix:near"], ["prefix:near"], []) == []


@pytest.mark.parametrize(
    ("default", "unit", "up", "down"),
    [
        (4, "bits", 5.0, 3.0),
        (0.25, "coefficient of variation", 0.3125, 0.1875),
        (0.5, "share of accounts", 0.625, 0.375),
        (0.1, "share", 0.125, 0.075),
        (0.95, "share of accounts", 0.9625, 0.9375),
    ],
)
def test_a_threshold_moves_by_a_quarter_and_a_share_stays_a_share(
    default: float, unit: str, up: float, down: float
) -> None:
    """0.95 would become 1.19; a quarter of what is missing to 1 keeps its meaning."""
    parameter = Parameter("x", default, unit, "because")
    assert (moved(parameter, is_up=True), moved(parameter, is_up=False)) == (up, down)


def test_lower_is_stricter_where_the_header_says_so(make_heuristic: Make) -> None:
    """A largest spread is moved down to be stricter."""
    heuristic = make_heuristic(stricter={"min_exchanges": "lower"})
    assert moved_thresholds(heuristic, is_stricter=True) == {"min_exchanges": 37.5}
    assert moved_thresholds(heuristic, is_stricter=False) == {"min_exchanges": 62.5}


def test_every_heuristic_of_the_catalogue_names_its_threshold_in_a_way_that_can_be_moved() -> None:
    """Moved values differ from the default, and shares stay within 0 and 1."""
    for heuristic in load_catalog():
        defaults = heuristic.defaults()
        assert heuristic.stricter, heuristic.id
        for is_stricter in (True, False):
            for name, value in moved_thresholds(heuristic, is_stricter=is_stricter).items():
                is_up = (heuristic.stricter[name] == "higher") == is_stricter
                assert value > defaults[name] if is_up else value < defaults[name], (heuristic.id, name)
                unit = next(parameter.unit for parameter in heuristic.parameters if parameter.name == name)
                assert not unit.startswith("share") or 0 < value < 1, (heuristic.id, name)


def test_a_scan_writes_what_fires_at_moved_thresholds_and_leaves_leads_out(
    make_case: Callable[..., Case],
) -> None:
    """Thirty accounts fill a frame with 600 contents in equal loads, far from both thresholds; its diversity is a lead."""
    given = {
        "exchange_features": [
            {"repeat": 600, "accounts": 30, "every": "60s", "prefix_template": "prefix:frame", "prompt_hash": "p{i}"},
            {"repeat": 400, "account_id": "other_{noise(i, 60)}", "every": "97s", "prompt_hash": "o{i}"},
        ],
        "exchanges": [{"repeat": 600, "account_id": "a", "prompt_text": "text"}],
    }
    case = make_case("case", given)
    scan(case, Limits(500_000_000, 2), Silent(), ["structure", "coordination.equal_load"])
    rows = {(row["heuristic_id"], row["entity_id"]): row for row in read_rows(case, "threshold_stability")}
    for heuristic in ("structure.template_span", "coordination.equal_load"):
        frame = rows[heuristic, "prefix:frame"]
        assert (frame["is_fired"], frame["fires_stricter"], frame["fires_laxer"]) == (True, True, True)
    assert not any(heuristic == "structure.prompt_diversity" for heuristic, _ in rows)
