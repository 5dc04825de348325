"""Ties of work by conversation: an answer that others were given, and the account that quotes it never was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.stage import link_accounts
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.case.layout import Case

ANSWER = (
    "The tide follows the moon, and the sun adds to it or takes from it, so that it is highest at new and full moon."
)


def given(account: str, answer: str = ANSWER) -> dict[str, Any]:
    """Return a call that is answered."""
    prompt = f"What makes the tide, asks {account}?"
    return {"account_id": account, "prompt_text": prompt, "response_text": answer, "response_chars": len(answer)}


def quoting(account: str, answer: str = ANSWER) -> dict[str, Any]:
    """Return a call that goes on after an answer."""
    turns = f'[{{"role":"user","content":"q"}},{{"role":"assistant","content":"{answer}"}},{{"role":"user","content":"And at {account}?"}}]'
    return {"account_id": account, "prompt_text": f"And at {account}, how high is it?", "messages_json": turns}


CONVERSATIONS = {
    "another account goes on": ((given, "a"), (quoting, "b"), "ab"),
    "a task dealt out twice": ((given, "a"), (given, "b"), (quoting, "c"), "bc"),
    "an answer of a product": ((given, "a"), (given, "b"), (given, "c"), (quoting, "d"), None),
    "one's own conversation, though another got the answer too": ((given, "a"), (given, "b"), (quoting, "a"), None),
    "quoted before it was given": ((quoting, "b"), (given, "a"), None),
    "an answer of one word": ((given, "a"), (quoting, "b"), None),
}
"""Calls in order of time, each with the last letter of its account; then the tie, from the one that was answered to the one that goes on."""


def test_a_conversation_goes_on_at_an_account_that_was_never_given_the_answer(
    featured: Callable[[list[dict[str, Any]]], Case],
) -> None:
    """The last of at most two accounts that were given it is the other end. Each conversation has accounts and an answer of its own."""
    exchanges, expected = [], {}
    for name, (*calls, tie) in CONVERSATIONS.items():
        answer = "Yes." if name == "an answer of one word" else f"{ANSWER} That is {name}."
        exchanges += [call(f"{name} {letter}", answer) for call, letter in calls]
        expected |= {f"{name} {tie[0]}": f"{name} {tie[1]}"} if tie else {}
    case = featured(exchanges)
    link_accounts(case, Limits(500_000_000, 1), Silent())
    ties = [row for row in read_rows(case, "work_ties") if row["kind"] == "conversation"]
    assert {row["account_id"]: row["other_account_id"] for row in ties} == expected
    assert len(ties) == len(expected)


TASK = (
    "A ferry leaves the harbour every forty minutes and carries ninety bicycles, and a bridge takes two hundred of them in an hour. "
    "How many bicycles reach the island between seven and eleven, if the first ferry is late by a quarter of an hour?"
)


def sent(account: str, prompt: str = TASK, status: str = "ok") -> dict[str, Any]:
    """Return a call."""
    return {"account_id": account, "prompt_text": prompt, "prompt_chars": len(prompt), "status": status}


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        pytest.param([sent("a", status="limited"), sent("b")], [("a", "b")], id="as it was"),
        pytest.param([sent("a", status="limited"), sent("b", f"{TASK} Torvaba")], [("a", "b")], id="with another word"),
        pytest.param([sent("a", status="limited"), sent("a", f"{TASK} Again"), sent("b", f"{TASK} Torvaba")], [], id="first by oneself"),
        pytest.param([sent("a", status="limited"), sent("b", f"{TASK} {TASK[::-1]}")], [], id="with as much again"),
        pytest.param([sent("a"), sent("b", f"{TASK} Torvaba")], [], id="nothing was refused"),
        pytest.param(
            [sent("a", status="limited"), *(sent(name, f"{TASK} {name}") for name in "bcdefgh")], [], id="what many ask"
        ),
    ],
)  # fmt: skip
def test_a_refused_call_goes_on_though_a_word_was_changed(
    featured: Callable[[list[dict[str, Any]]], Case], exchanges: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    """What matters is the next call that is nearly the same, whoever sends it."""
    case = featured(exchanges)
    link_accounts(case, Limits(500_000_000, 1), Silent())
    ties = [row for row in read_rows(case, "work_ties") if row["kind"] == "handover"]
    assert [(row["account_id"], row["other_account_id"]) for row in ties] == expected


def test_answered_calls_are_counted_with_whether_their_work_goes_on_elsewhere(
    featured: Callable[[list[dict[str, Any]]], Case],
) -> None:
    """Only work that was refused somewhere, so that the two shares can be compared."""
    calls = [sent("a", status="limited"), sent("b"), sent("c"), sent("a", f"{TASK[::-1]}"), sent("b", f"{TASK[::-1]}")]
    case = featured(calls)
    link_accounts(case, Limits(500_000_000, 1), Silent())
    found = {
        row["account_id"]: (row["n_answered"], row["n_answered_again"]) for row in read_rows(case, "account_calls")
    }
    assert found == {"a": (0, 0), "b": (1, 1), "c": (1, 0)}
