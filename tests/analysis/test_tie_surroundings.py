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
    assert datetime(1970, 1, 1) + timedelta(microseconds=row["at_us"]) == START


def test_failed_calls_that_an_account_sends_again_itself_are_counted(
    featured: Callable[[list[dict[str, Any]]], Case],
) -> None:
    """Within an hour, by the same account, with the same prompt; however often."""
    exchanges = [
        call("a", 0, "a question that fails twice", "limited"),
        call("a", 5, "a question that fails twice", "error"),
        call("a", 9, "a question that fails twice"),
        call("a", 20, "a question that goes elsewhere", "limited"),
        call("b", 21, "a question that goes elsewhere"),
        call("b", 30, "a question for tomorrow", "limited"),
        call("b", 95, "a question for tomorrow"),
    ]
    case = featured(exchanges)
    link_accounts(case, Limits(500_000_000, 1), Silent())
    rows = {row["account_id"]: row for row in read_rows(case, "account_calls")}
    assert {name: (row["n_failed"], row["n_retried"]) for name, row in rows.items()} == {"a": (3, 2), "b": (1, 0)}


def test_keys_of_one_customer_have_no_row(featured: Callable[[list[dict[str, Any]]], Case]) -> None:
    """What one customer does with keys of their own says nothing."""
    exchanges = [call("a", 0, "the question that is refused", "limited"), call("b", 1, "the question that is refused")]
    case = featured([exchange | {"tenant_id": "t"} for exchange in exchanges])
    link_accounts(case, Limits(500_000_000, 1), Silent())
    assert len(read_rows(case, "work_ties")) == 1
    assert read_rows(case, "tie_surroundings") == []
