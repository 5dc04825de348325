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


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        pytest.param([given("a"), quoting("b")], [("a", "b")], id="another account goes on"),
        pytest.param([given("a"), given("b"), quoting("c")], [("b", "c")], id="a task dealt out twice"),
        pytest.param([given("a"), given("b"), given("c"), quoting("d")], [], id="an answer of a product"),
        pytest.param([given("a"), given("b"), quoting("a")], [], id="one's own conversation, though another got the answer too"),
        pytest.param([quoting("b"), given("a")], [], id="quoted before it was given"),
        pytest.param([given("a", "Yes."), quoting("b", "Yes.")], [], id="an answer of one word"),
    ],
)  # fmt: skip
def test_a_conversation_goes_on_at_an_account_that_was_never_given_the_answer(
    featured: Callable[[list[dict[str, Any]]], Case], exchanges: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    """The last of at most two accounts that were given it is the other end."""
    case = featured(exchanges)
    link_accounts(case, Limits(500_000_000, 1), Silent())
    ties = [row for row in read_rows(case, "work_ties") if row["kind"] == "conversation"]
    assert [(row["account_id"], row["other_account_id"]) for row in ties] == expected
