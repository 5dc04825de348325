"""Usage exports beside the log: what is compared with what, and what a difference is called."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.analysis.building import make
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.analysis.shared_content import offer_functions
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.layout import create_case
from distilforensics.case.tables import write_rows
from distilforensics.core.schema import EXCHANGES

DAY = datetime(2026, 3, 2)


def call(day: int, hour: float, **values: Any) -> dict[str, Any]:
    """Return a call of key_1 to m-1 at an hour of a day."""
    started_at = DAY + timedelta(days=day, hours=hour)
    return {
        "account_id": "a",
        "api_key_id": "key_1",
        "model_served": "m-1",
        "status": "ok",
        "started_at": started_at,
    } | values


def stated(day: int, **values: Any) -> dict[str, Any]:
    """Return a sum of a day."""
    start = DAY + timedelta(days=day)
    number = len(str(values)) + day
    return {
        "source_sha256": "f", "source_format": "openai_usage/1", "row_sha256": f"{day} {sorted(values.items())} {number}", "period_start": start,
        "period_end": start + timedelta(days=1), "api_key_id": "key_1", "model": "m-1",
    } | values  # fmt: skip


LOG = [call(0, 0.5), call(0, 12), call(1, 3), call(1, 4), call(2, 23.5)]


@pytest.fixture
def reconciled(tmp_path):
    """Return a function that compares sums with calls and returns rows and totals."""

    def run(sums, calls=LOG, duplicates=(), threads=1):
        case = create_case(tmp_path / f"case{threads}")
        write_rows(case, "duplicates", [{"record_id": name} for name in duplicates])
        write_rows(case, "usage_sums", sums)
        case.table_path("exchanges").mkdir(parents=True)
        rows = [{"record_id": f"r{number:03d}"} | row for number, row in enumerate(calls)]
        pq.write_table(
            pa.Table.from_pylist(rows, schema=EXCHANGES.arrow), case.table_path("exchanges") / "part.parquet"
        )
        with connect(
            case, limits=Limits(500_000_000, threads), tables=("exchanges", "duplicates", "usage_sums")
        ) as engine:
            offer_functions(engine)
            for node in analysis_graph().upstream(["reconciliation_totals"]):
                make(engine, node)
            return tuple(
                engine.sql(f"from {name}").to_arrow_table().to_pylist()
                for name in ("reconciliation", "reconciliation_totals")
            )

    return run


def verdicts(rows):
    """Return day, key and verdict of each row."""
    return [((row["period_start"] - DAY).days, row["key"], row["verdict"]) for row in rows]


def test_equal_fewer_and_more(reconciled):
    """Per day; both directions have their number."""
    rows, (totals,) = reconciled([stated(0, n_requests=2), stated(1, n_requests=5), stated(2, n_requests=0)])
    assert verdicts(rows) == [(0, "key_1", "equal"), (1, "key_1", "fewer in the log"), (2, "key_1", "more in the log")]
    assert (totals["stated_requests"], totals["log_requests"], totals["n_missing"], totals["n_more"]) == (7, 5, 3, 1)
    assert (totals["n_equal"], totals["n_different"]) == (1, 2)


def test_failed_calls_may_be_counted_or_not(reconciled):
    """Some exports count only what was answered."""
    calls = [*LOG, call(1, 5, status="limited")]
    for n_requests in (2, 3):
        rows, _ = reconciled([stated(1, n_requests=n_requests)], calls, threads=n_requests)
        assert verdicts(rows) == [(1, "key_1", "equal")]


def test_duplicates_are_no_calls(reconciled):
    """The log without its repetitions is compared."""
    rows, _ = reconciled([stated(1, n_requests=1)], duplicates=["r003"])
    assert rows[0]["log_requests"] == 1


def test_times_outside_of_the_log_are_no_difference(reconciled):
    """They are counted apart, and so is what the log has only in part."""
    calls = [call(0, 12), call(1, 3), call(2, 12)]
    sums = [stated(-3, n_requests=9), stated(0, n_requests=4), stated(1, n_requests=1), stated(2, n_requests=1)]
    rows, (totals,) = reconciled(sums, calls)
    assert [row["coverage"] for row in rows] == ["outside", "edge", "inside", "edge"]
    assert (totals["n_outside"], totals["outside_requests"]) == (1, 9)
    assert (totals["n_missing"], totals["n_missing_at_edge"]) == (3, 3)


def test_days_of_which_the_export_says_nothing_are_compared_with_nothing_stated(reconciled):
    """Between its first and last day."""
    rows, (totals,) = reconciled([stated(0, n_requests=2), stated(2, n_requests=1)])
    assert verdicts(rows) == [(0, "key_1", "equal"), (1, "key_1", "only in the log"), (2, "key_1", "equal")]
    assert totals["n_more"] == 2


def test_keys_are_compared_where_both_name_them(reconciled):
    """Else the sums of all keys; a column of another name is found by its values."""
    rows, (totals,) = reconciled([stated(0, n_requests=2, api_key_id="Closer App")])
    assert (verdicts(rows), totals["key_column"]) == ([(0, None, "equal")], None)
    rows, (totals,) = reconciled([stated(0, n_requests=2, api_key_id="a")], threads=2)
    assert (verdicts(rows), totals["key_column"]) == ([(0, "a", "equal")], "account_id")


def test_a_key_that_the_log_lacks_is_missing(reconciled):
    """The others tell that keys can be compared."""
    rows, (totals,) = reconciled([stated(0, n_requests=2), stated(0, n_requests=7, api_key_id="key_2")])
    assert verdicts(rows) == [(0, "key_1", "equal"), (0, "key_2", "only in the export")]
    assert totals["n_missing"] == 7


def test_names_of_one_model_are_one(reconciled):
    """As clouds, gateways and bills write them; without any common model, all models together."""
    calls = [row | {"model_served": "us.anthropic.claude-3-sonnet-20240229-v1:0"} for row in LOG]
    rows, (totals,) = reconciled([stated(0, n_requests=2, model="Claude 3 Sonnet")], calls)
    assert (verdicts(rows), totals["is_by_model"]) == ([(0, "key_1", "equal")], True)
    rows, (totals,) = reconciled([stated(0, n_requests=2, model="tier 1")], calls, threads=2)
    assert (verdicts(rows), totals["is_by_model"]) == ([(0, "key_1", "equal")], False)


def test_a_model_under_another_name_is_not_missing_in_the_totals(reconciled):
    """Its rows differ; the sums over all models do not."""
    calls = [*LOG, call(1, 6, model_served="m-new")]
    rows, (totals,) = reconciled([stated(1, n_requests=2), stated(1, n_requests=1, model="renamed")], calls)
    assert sorted(verdict for _, _, verdict in verdicts(rows)) == ["equal", "only in the export", "only in the log"]
    assert (totals["n_missing"], totals["n_more"]) == (0, 0)


def test_tokens_alone_can_be_compared(reconciled):
    """Up to rounding; without tokens in the log nobody can tell."""
    calls = [row | {"output_tokens": 1000} for row in LOG]
    rows, (totals,) = reconciled([stated(0, output_tokens=2010), stated(1, output_tokens=2100)], calls)
    assert verdicts(rows) == [(0, "key_1", "equal"), (1, "key_1", "other tokens")]
    assert (totals["stated_requests"], totals["n_missing"]) == (None, None)
    rows, _ = reconciled([stated(0, output_tokens=2010)], threads=2)
    assert verdicts(rows) == [(0, "key_1", "cannot tell")]


def test_equal_requests_with_other_tokens_are_told(reconciled):
    """A prompt that was cut at the gateway, or cached tokens that one side leaves out."""
    calls = [row | {"input_tokens": 10} for row in LOG]
    rows, _ = reconciled([stated(0, n_requests=2, input_tokens=500)], calls)
    assert verdicts(rows) == [(0, "key_1", "other tokens")]


def test_two_overlapping_exports_state_a_sum_once(reconciled):
    """Within one export equal rows are several sums."""
    row = stated(0, n_requests=1)
    _, (totals,) = reconciled([row, row, row | {"source_sha256": "g"}])
    assert totals["stated_requests"] == 2


def test_sums_per_team_and_per_user_are_not_added(reconciled):
    """They state the same calls."""
    user = stated(0, n_requests=2, account_id="a") | {"source_format": "litellm_daily_spend/1"}
    team = stated(0, n_requests=2, tenant_id="t") | {"source_format": "litellm_daily_spend/1", "source_sha256": "g"}
    rows, totals = reconciled([user, team])
    assert [row["series"] for row in totals] == ["litellm_daily_spend", "litellm_daily_spend per team"]
    assert [row["verdict"] for row in rows] == ["equal", "equal"]


def test_longer_and_shorter_periods(reconciled):
    """Hours are taken together to days; a month is compared as a whole, days of another zone as they are."""
    hours = [
        stated(0, n_requests=1) | {"period_start": DAY + timedelta(hours=h), "period_end": DAY + timedelta(hours=h + 1)}
        for h in (0, 12)
    ]
    rows, _ = reconciled(hours)
    assert verdicts(rows) == [(0, "key_1", "equal")]
    rows, _ = reconciled([stated(0, n_requests=5) | {"period_end": DAY + timedelta(days=30)}], threads=2)
    assert verdicts(rows) == [(0, "key_1", "equal")]
    shifted = stated(0, n_requests=3) | {
        "period_start": DAY + timedelta(hours=8),
        "period_end": DAY + timedelta(hours=32),
    }
    rows, _ = reconciled([shifted], threads=3)
    assert [row["verdict"] for row in rows] == ["equal"]


def test_costs_alone_are_a_series_of_their_own(reconciled):
    """They are not compared with numbers of requests."""
    calls = [row | {"cost_usd": 0.5} for row in LOG]
    rows, totals = reconciled([stated(0, n_requests=2), stated(0, cost_usd=1.0), stated(1, cost_usd=3.0)], calls)
    assert [row["series"] for row in totals] == ["openai_usage", "openai_usage (costs)"]
    assert [row["verdict"] for row in rows] == ["equal", "equal", "other cost"]


def test_without_an_export_nothing_is_compared(reconciled):
    """No row, no line anywhere."""
    assert reconciled([]) == ([], [])
