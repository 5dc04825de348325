"""How busy both accounts of a handed-over call are around it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.stage import link_accounts
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.case.layout import Case

START = datetime(2026, 3, 2, 9)


def call(account: str, minute: float, prompt: str, status: str = "ok") -> dict[str, Any]:
    """Return a call."""
    return {
        "account_id": account,
        "started_at": START + timedelta(minutes=minute),
        "prompt_text": prompt,
        "status": status,
    }


def test_calls_within_an_hour_before_and_after_are_counted_per_account(
    featured: Callable[[list[dict[str, Any]]], Case],
) -> None:
    """The refused account stops, the other one begins; neither the calls themselves nor those of earlier hours count."""
    own = [call("a", minute, f"question number {minute}") for minute in (-100, -30, -20, -10)]
    taken = [call("b", minute, f"question number {minute}") for minute in (-61, 10, 20, 30, 61, 300)]
    moved = [call("a", 0, "the question that is refused", "limited"), call("b", 1, "the question that is refused")]
    strangers = [call("c", minute, f"question number {minute}") for minute in (-5, 5)]
    case = featured([*own, *taken, *moved, *strangers])
    link_accounts(case, Limits(500_000_000, 1), Silent())
    [row] = read_rows(case, "tie_surroundings")
    assert (row["n_before"], row["n_after"], row["n_other_before"], row["n_other_after"]) == (3, 0, 0, 4)


def test_calls_in_the_manner_of_the_one_that_goes_on_are_counted_per_account(
    featured: Callable[[list[dict[str, Any]]], Case],
) -> None:
    """A call that b takes over from a with the program of a; what b was given by others is not b's manner."""
    own = [call("a", n, f"question number {n}") | {"user_agent": "alpha/1"} for n in range(3)]
    others = [
        call("b", n, f"question number {n}") | {"user_agent": "beta/1" if n % 2 else "alpha/1"} for n in range(10, 15)
    ]
    moved = [
        call(name, 100 + number, "the question that is refused", status) | {"user_agent": "alpha/1"}
        for number, (name, status) in enumerate((("a", "limited"), ("b", "limited"), ("c", "ok")))
    ]
    case = featured([*own, *others, *moved])
    link_accounts(case, Limits(500_000_000, 1), Silent())
    rows = [
        tuple(row[name] for name in ("n_own", "n_alike", "n_other_own", "n_other_alike"))
        for row in read_rows(case, "tie_surroundings")
    ]
    # From a to b, and from b to c, who has no call of its own.
    assert rows == [(3, 3, 5, 3), (5, 3, 0, 0)]


def test_keys_of_one_customer_have_no_row(featured: Callable[[list[dict[str, Any]]], Case]) -> None:
    """What one customer does with keys of their own says nothing."""
    exchanges = [call("a", 0, "the question that is refused", "limited"), call("b", 1, "the question that is refused")]
    case = featured([exchange | {"tenant_id": "t"} for exchange in exchanges])
    link_accounts(case, Limits(500_000_000, 1), Silent())
    assert len(read_rows(case, "work_ties")) == 1
    assert read_rows(case, "tie_surroundings") == []
