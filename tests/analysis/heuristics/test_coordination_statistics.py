"""The expectations that the coordination heuristics state in closed form, checked against simulation and against invariances."""

from __future__ import annotations

import json
import math
import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from distilforensics.analysis.catalogue.loader import load_catalog, load_heuristic
from distilforensics.analysis.catalogue.testing import create_tables, scratch_connection
from distilforensics.analysis.heuristics.runner import run_heuristic
from distilforensics.analysis.heuristics.views import tables_needed

START = datetime(2026, 3, 2)
FRAME = "prefix:frame"


def _observation(
    heuristic_id: str, rows: list[dict[str, Any]], others: list[dict[str, Any]] | None = None
) -> dict[str, Any] | None:
    """Return what a heuristic says about the one frame of some exchanges, details unfolded."""
    heuristic = load_heuristic(heuristic_id)
    given = {"exchange_features": [{"prefix_template": FRAME} | row for row in rows] + (others or [])}
    with scratch_connection() as connection:
        create_tables(connection, given, tables_needed([heuristic]))
        outcome = run_heuristic(connection, heuristic)
    found = [row | json.loads(row["details"]) for row in outcome.observations if row["entity_id"] == FRAME]
    return found[0] if found else None


def _sequence(accounts: list[str], seconds: int = 613) -> list[dict[str, Any]]:
    """Return exchanges of these accounts in this order, evenly spaced."""
    return [
        {"record_id": f"r{i:06d}", "account_id": account, "started_at": START + timedelta(seconds=i * seconds)}
        for i, account in enumerate(accounts)
    ]


def _uneven_loads(rng: random.Random) -> list[str]:
    """Return accounts with loads from 4 to 40 in random order."""
    accounts = [f"acct_{index}" for index in range(30) for _ in range(4 + index * index // 25)]
    rng.shuffle(accounts)
    return accounts


def test_the_stated_spread_of_a_random_order_is_the_mean_over_shuffled_orders() -> None:
    """Unequal loads in random order: the squared values average to the squared baselines."""
    rng = random.Random(1)
    found = [_observation("coordination.rotation", _sequence(_uneven_loads(rng))) for _ in range(12)]
    values = [row["value"] ** 2 for row in found if row]
    baselines = [row["baseline"] ** 2 for row in found if row]
    assert len(values) == 12
    assert sum(baselines) / 12 == pytest.approx(sum(values) / 12, rel=0.05)


def test_no_random_order_of_uneven_loads_counts_as_rotation() -> None:
    """Chance stays far above the threshold of rotation."""
    rng = random.Random(2)
    found = [_observation("coordination.rotation", _sequence(_uneven_loads(rng))) for _ in range(4)]
    assert all(row and row["value"] > 1.3 * row["threshold"] for row in found)


def test_the_modal_successor_bound_holds_for_a_circle_broken_at_random() -> None:
    """A circle with a tenth of its turns skipped still fires, and its successor share exceeds the bound for chance."""
    rng = random.Random(3)
    last_use = {f"acct_{index}": -1 for index in range(24)}
    accounts = []
    for turn in range(600):
        rested = sorted(last_use, key=lambda account: (last_use[account], account))
        chosen = next((account for account in rested if rng.random() > 0.1), rested[-1])
        last_use[chosen] = turn
        accounts.append(chosen)
    row = _observation("coordination.rotation", _sequence(accounts))
    assert row is not None
    assert row["is_fired"]
    assert row["modal_successor_share"] > row["modal_successor_share_bound"]


def test_the_baseline_of_equal_load_is_the_dispersion_of_a_zero_truncated_poisson() -> None:
    """The fixed point in the query gives 1 + rate - mean with mean = rate / (1 - exp(-rate))."""
    row = _observation("coordination.equal_load", _sequence([f"acct_{i % 20}" for i in range(2000)], seconds=600))
    assert row is not None
    mean = row["mean_load"]
    low, high = 0.0, mean
    for _ in range(100):
        rate = (low + high) / 2
        low, high = (rate, high) if rate / (1 - math.exp(-rate)) < mean else (low, rate)
    assert 1 + low - mean == pytest.approx(row["baseline"], abs=1e-6)


@pytest.mark.parametrize(("spread", "is_fired"), [(0.0, True), (0.15, True), (0.6, False), (1.0, False)])
def test_equal_load_tells_rate_spreads_below_a_quarter_from_those_of_people(spread: float, is_fired: bool) -> None:
    """Poisson counts of accounts with log-normal rates of a given coefficient of variation."""
    rng = random.Random(4)
    sigma = math.sqrt(math.log(1 + spread**2))
    rates = [rng.lognormvariate(-(sigma**2) / 2, sigma) for _ in range(40)]
    chosen = rng.choices([f"acct_{index}" for index in range(40)], weights=rates, k=6000)
    row = _observation("coordination.equal_load", _sequence(chosen, seconds=144))
    assert row is not None
    assert row["is_fired"] is is_fired


def test_a_random_scheduler_has_the_dispersion_that_equal_load_states_as_its_baseline() -> None:
    """One common rate, drawn independently: the dispersion lies within four standard errors of the baseline."""
    rng = random.Random(5)
    chosen = [f"acct_{rng.randrange(40)}" for _ in range(8000)]
    row = _observation("coordination.equal_load", _sequence(chosen, seconds=108))
    assert row is not None
    error = math.sqrt(2 / row["n_account_periods"])
    assert row["baseline"] == pytest.approx(row["value"], abs=4 * error)


def test_synchrony_of_people_with_one_daily_rhythm_is_near_one() -> None:
    """Independent accounts with one profile of hours and a rise of interest: the highest shift is no lower than the day itself."""
    rng = random.Random(7)
    hours = (1, 1, 1, 1, 1, 2, 4, 8, 12, 12, 11, 10, 9, 10, 11, 10, 9, 7, 6, 6, 5, 4, 3, 2)
    rows = [
        {
            "account_id": f"acct_{account}",
            "started_at": START
            + timedelta(
                days=int(21 * math.sqrt(rng.random())),
                hours=rng.choices(range(24), hours)[0],
                seconds=rng.randrange(3600),
            ),
        }
        for account in range(60)
        for _ in range(60)
    ]
    row = _observation("coordination.synchrony", rows)
    assert row is not None
    assert 0.85 < row["value"] < 1.25


@pytest.mark.parametrize(
    "heuristic_id",
    ["coordination.equal_load", "coordination.rotation", "coordination.synchrony"],
)
def test_renaming_accounts_and_shuffling_rows_changes_nothing(heuristic_id: str) -> None:
    """Names and the order of rows in a table carry no information; times and record ids do."""
    rng = random.Random(8)
    accounts = [f"acct_{i // 2 % 25}" if i % 7 else f"acct_{rng.randrange(25)}" for i in range(5000)]
    rows = _sequence(accounts, seconds=180)
    renamed = [row | {"account_id": f"x{int(row['account_id'][5:]) * 7 % 25}y"} for row in rows]
    rng.shuffle(renamed)
    expected = _observation(heuristic_id, rows)
    assert expected is not None
    assert expected == _observation(heuristic_id, renamed)


def _person(rng: random.Random, group: int, account: int) -> list[dict[str, Any]]:
    """Return two weeks of one person: sessions at the hours of an office or of leisure, in an own time zone and at an own rate."""
    rate, zone = rng.lognormvariate(math.log(0.8), 0.8), rng.randrange(-8, 10)
    rows = []
    for day in range(14):
        for _ in range(sum(rng.random() < rate / 20 for _ in range(20))):
            moment = START + timedelta(days=day, hours=rng.choice(range(8, 23)) - zone, seconds=rng.randrange(3600))
            for _ in range(rng.randrange(1, 6)):
                rows.append({"account_id": f"acct_{group}_{account}", "started_at": moment, "status": "ok"})
                moment += timedelta(seconds=rng.lognormvariate(4.3, 1))
    return rows


def test_no_coordination_heuristic_fires_on_groups_of_independent_people() -> None:
    """Eight templates of 30 people each are judged and found uncoordinated; nothing here was tuned on them."""
    rng = random.Random(9)
    rows = [
        {"prefix_template": f"prefix:{group}", "prompt_hash": f"p{group}_{account}_{index}"} | row
        for group in range(8)
        for account in range(30)
        for index, row in enumerate(_person(rng, group, account))
    ]
    with scratch_connection() as connection:
        create_tables(connection, {"exchange_features": rows})
        outcomes = {h.id: run_heuristic(connection, h) for h in load_catalog(["coordination"])}
    assert not {name for name, outcome in outcomes.items() if outcome.fired}
    assert len(outcomes["coordination.rotation"].observations) == 8


def _people(rng: random.Random) -> list[dict[str, Any]]:
    """Return the exchanges of fifty people, each with sessions of eight calls at hours of their own."""
    rows = []
    for person in range(50):
        for session in range(6):
            begin = START + timedelta(days=session, hours=(person * 7) % 20 + rng.random() * 2)
            rows += [
                {
                    "record_id": f"p{person:02d}_{session}_{i}",
                    "account_id": f"person_{person}",
                    "started_at": begin + timedelta(minutes=4 * i),
                }
                for i in range(8)
            ]
    return rows


def test_a_stream_that_is_dealt_out_by_lot_shows_a_ratio_of_one_whatever_the_loads() -> None:
    """The expectation is that of random orders: the values average to 1, and nearly all stay below the threshold."""
    rng = random.Random(5)
    people = _people(rng)
    found = [_observation("coordination.single_stream", _sequence(_uneven_loads(rng), 1100), people) for _ in range(8)]
    values = [row["value"] for row in found if row]
    assert len(values) == 8
    assert sum(values) / 8 == pytest.approx(1.0, abs=0.1)
    assert all(row["log_ratio"] > 1.6 for row in found if row)


def test_people_who_share_a_frame_are_far_from_a_lot() -> None:
    """Sessions put calls of one account together several times as often."""
    rng = random.Random(6)
    row = _observation("coordination.single_stream", _people(rng), _people(rng))
    assert row is not None
    assert row["value"] > 2
    assert not row["is_fired"]
