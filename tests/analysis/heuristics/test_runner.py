"""One heuristic run: states with their reasons, checked columns, plain values, order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.heuristics.coverage import Coverage
from distilforensics.analysis.heuristics.order import log_tie_share
from distilforensics.analysis.heuristics.runner import run_heuristic
from distilforensics.core.errors import HeuristicError
from distilforensics.core.finding import State

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic

    Fill = Callable[[dict[str, list[dict[str, Any]]]], duckdb.DuckDBPyConnection]
    Make = Callable[..., Heuristic]

ROW = (
    "select {entity} as entity_id, {fired} as is_fired, {value} as value, null::double as baseline, 1.0::double as threshold, "
    "1::bigint as n_exchanges, 1::bigint as n_accounts{more} order by entity_id"
)


def row(entity: str = "'log'", fired: str = "true", value: str = "1.0::double", more: str = "") -> str:
    """Return a query that gives one row."""
    return ROW.format(entity=entity, fired=fired, value=value, more=more)


def example(make: Make, body: str, **changes: Any) -> Heuristic:
    """Return a heuristic about the log without parameters."""
    return make(body, **{"entity": "log", "params": {}, "sees": "a log", "volume": "a log", "reads": []} | changes)


def group(n_accounts: int, per_account: int, **values: Any) -> dict[str, list[dict[str, Any]]]:
    """Return exchanges of one prefix group in rotation, a second apart."""
    template = {
        "repeat": n_accounts * per_account,
        "accounts": n_accounts,
        "every": "1s",
        "prefix_template": "prefix:f",
    }
    return {"exchange_features": [template | values]}


def test_a_group_over_the_threshold_fires(make_heuristic: Make, tables: Fill) -> None:
    """The observation carries value, threshold and counts."""
    outcome = run_heuristic(tables(group(20, 5)), make_heuristic())
    assert outcome.state is State.FIRED
    assert outcome.reason is None
    assert outcome.observations == [
        {"entity_id": "prefix:f", "is_fired": True, "value": 100.0, "baseline": None, "threshold": 50.0, "n_exchanges": 100, "n_accounts": 20, "details": "{}"}
    ]  # fmt: skip


def test_a_group_below_the_threshold_leaves_the_heuristic_silent(make_heuristic: Make, tables: Fill) -> None:
    """Silent means judged and not fired."""
    outcome = run_heuristic(tables(group(20, 5)), make_heuristic(), overrides={"min_exchanges": 101})
    assert (outcome.state, outcome.fired, len(outcome.observations)) == (State.SILENT, [], 1)


def test_without_volume_the_heuristic_is_inconclusive_and_says_what_is_needed(
    make_heuristic: Make, tables: Fill
) -> None:
    """The reason takes the values of the run."""
    outcome = run_heuristic(tables(group(20, 5)), make_heuristic(), overrides={"min_accounts": 21})
    assert outcome.state is State.INCONCLUSIVE
    assert outcome.reason == "not enough volume; needed is a group of 21 accounts"


def test_a_missing_column_means_not_evaluated(make_heuristic: Make, tables: Fill) -> None:
    """The query is not even run."""
    coverage = Coverage(0, 100, "no exchange carries account_id")
    outcome = run_heuristic(tables(group(20, 5)), make_heuristic(), coverage)
    assert (outcome.state, outcome.reason, outcome.observations) == (
        State.NOT_EVALUATED,
        "no exchange carries account_id",
        [],
    )


def test_a_failing_query_names_the_heuristic_and_shows_its_sql(make_heuristic: Make, tables: Fill) -> None:
    """What the examiner needs to report the fault is in the message."""
    with pytest.raises(HeuristicError) as caught:
        run_heuristic(tables({}), example(make_heuristic, row(value="no_such_column")))
    assert str(caught.value).startswith("structure.example: the query failed: ")
    assert "no_such_column as value" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (row(value="1"), r"first columns are .*\('value', 'INTEGER'\)"),
        (row(more=", 2 as extra"), r"further columns are \['extra'\], the header declares \[\]"),
        (row(entity="null::varchar"), "entity_id or is_fired is NULL"),
        (row(value="'inf'::double"), "not a finite number"),
        (f"({row()}) union all ({row()}) order by entity_id", "entity 'log' is returned twice"),
    ],
)
def test_rows_that_break_the_contract_are_refused(make_heuristic: Make, tables: Fill, body: str, message: str) -> None:
    """A wrong column, a missing or repeated entity and an infinite value stop the run."""
    with pytest.raises(HeuristicError, match=message):
        run_heuristic(tables({}), example(make_heuristic, body))


def test_further_columns_become_details_with_sorted_keys_and_rounded_doubles(
    make_heuristic: Make, tables: Fill
) -> None:
    """Times become text, doubles six digits, minus zero plain zero."""
    more = ", 1 / 3 as third, [0.1234567, 2.0]::double[] as listed, timestamp '2026-03-02 09:00:00' as at, {'b': 2, 'a': -0.0::double} as pair"
    output = {name: {"unit": "x", "meaning": "y"} for name in ("third", "listed", "at", "pair")}
    outcome = run_heuristic(tables({}), example(make_heuristic, row(more=more), output=output))
    details = outcome.observations[0]["details"]
    assert json.loads(details) == {
        "at": "2026-03-02 09:00:00",
        "listed": [0.123457, 2.0],
        "pair": {"a": 0.0, "b": 2},
        "third": 0.333333,
    }
    assert details.index('"at"') < details.index('"listed"') < details.index('"pair"') < details.index('"third"')


def test_a_group_whose_clock_is_too_coarse_for_order_is_not_judged(make_heuristic: Make, tables: Fill) -> None:
    """One group with ties in whole seconds drops out; another one of the same log stays."""
    given = {
        "exchange_features": [
            {"repeat": 100, "accounts": 20, "started_at": "2026-03-02 09:00:00 + {i // 2}s", "prefix_template": "prefix:tied"},
            {"repeat": 100, "accounts": 20, "every": "3s", "prefix_template": "prefix:clear"},
        ]
    }  # fmt: skip
    outcome = run_heuristic(tables(given), make_heuristic(requires_order=True))
    assert outcome.fired == ["prefix:clear"]


def test_if_no_group_has_an_order_the_heuristic_is_inconclusive(make_heuristic: Make, tables: Fill) -> None:
    """Four of five exchanges share their second with an earlier one."""
    given = group(20, 5, every="0s", started_at="2026-03-02 09:00:00 + {i // 5}s", time_resolution_us=1_000_000)
    outcome = run_heuristic(tables(given), make_heuristic(requires_order=True))
    assert outcome.state is State.INCONCLUSIVE
    assert "the order of exchanges cannot be resolved in any of 1 judged entities" in (outcome.reason or "")


def test_ties_of_a_fine_clock_do_not_count(make_heuristic: Make, tables: Fill) -> None:
    """Two exchanges in the same microsecond are simultaneous, not unordered."""
    given = group(20, 5, every="0s", started_at="2026-03-02 09:00:00 + {i // 5}s", time_resolution_us=1)
    assert run_heuristic(tables(given), make_heuristic(requires_order=True)).state is State.FIRED


def test_for_the_log_as_a_whole_the_ties_of_the_log_decide(make_heuristic: Make, tables: Fill) -> None:
    """A heuristic about the log has no group to look at."""
    connection = tables(group(20, 5, every="0s", started_at="2026-03-02 09:00:00 + {i // 2}s"))
    assert log_tie_share(connection) == pytest.approx(50 / 99, abs=1e-6)
    outcome = run_heuristic(connection, example(make_heuristic, row(), requires_order=True))
    assert outcome.state is State.INCONCLUSIVE


def sampled(step: int, n: int = 20) -> dict[str, list[dict[str, Any]]]:
    """Return a group of which n accounts show every turn (step 2) or fewer of their conversations."""
    given = group(20, 5)
    turns = {"session_id": f"s{{i % {n}}}", "n_turns": f"{{1 + {step} * (i // {n})}}"}
    given["exchange_features"].append({"repeat": 10 * n, "accounts": n} | turns)
    return given


@pytest.mark.parametrize(
    ("given", "state"),
    [
        (sampled(4), State.INCONCLUSIVE),
        (sampled(2), State.FIRED),
        (sampled(4, 9), State.FIRED),
        (group(20, 5), State.FIRED),
    ],
    ids=["long steps", "whole log", "too few accounts to tell", "no conversations"],
)
def test_a_log_that_seems_to_be_a_sample_is_inconclusive_for_what_needs_every_exchange(
    make_heuristic: Make, tables: Fill, given: dict[str, list[dict[str, Any]]], state: State
) -> None:
    """Only heuristics that ask for it, and only where conversations tell."""
    outcome = run_heuristic(tables(given), make_heuristic(requires_complete=True))
    assert outcome.state is state
    reason = "the log seems to be a sample: the exchange before is logged for 0% of the turns"
    assert (reason in (outcome.reason or "")) == (state is State.INCONCLUSIVE)
    assert run_heuristic(tables(given), make_heuristic()).state is not State.INCONCLUSIVE
