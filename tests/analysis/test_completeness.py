"""How much of conversations is in the log: whole logs and logs of which every third exchange is left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.heuristics.order import MIN_COMPLETENESS, log_completeness
from distilforensics.case.engines.duckdb import connect
from distilforensics.case.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.case.layout import Case

    Make = Callable[[list[dict[str, Any]]], Case]

N_CALLS = 15


def conversation(account: int, *, is_text_in_parts: bool = False, n_calls: int = N_CALLS) -> list[dict[str, Any]]:
    """Return the exchanges of one conversation; every request repeats what was said before."""
    messages: list[dict[str, Any]] = []
    exchanges = []
    for call in range(n_calls):
        asked = f"question {call} of account {account}"
        messages.append({"role": "user", "content": [{"type": "text", "text": asked}] if is_text_in_parts else asked})
        written = json.dumps(messages) if call else None
        exchanges.append(
            {
                "account_id": f"acct_{account}", "session_id": f"s{account}", "n_turns": 2 * call + 1,
                "prompt_text": asked, "messages_json": written,
            }
        )  # fmt: skip
        messages.append({"role": "assistant", "content": "an answer"})
    return exchanges


def completeness(case: Case) -> dict[str, float]:
    """Return the medians of both measures."""
    return {
        row["measure"]: row["median"]
        for row in read_rows(case, "populations")
        if row["measure"].startswith("conversation")
    }


@pytest.mark.parametrize("is_text_in_parts", [False, True])
def test_a_whole_log_is_complete(featured: Make, is_text_in_parts: bool) -> None:
    """Each turn follows the one before, and each earlier question is an exchange."""
    rows = [row for account in range(12) for row in conversation(account, is_text_in_parts=is_text_in_parts)]
    assert {"conversation_predecessors": 1.0, "conversation_steps": 1.0} == completeness(featured(rows))


def test_a_sampled_log_is_not(featured: Make) -> None:
    """Of every three exchanges one is left."""
    rows = [row for account in range(36) for row in conversation(account)]
    found = completeness(featured([row for i, row in enumerate(rows) if i * 7 % 3 == 0]))
    assert {"conversation_predecessors": 0.0, "conversation_steps": 0.0} == found


def judged(case: Case) -> float | None:
    """Return what the heuristics are told."""
    with connect(case, tables=["populations"]) as connection:
        return log_completeness(connection)


def made_up(account: int) -> list[dict[str, Any]]:
    """Return exchanges with histories that nobody sent, of growing length."""
    rows = []
    for call in range(1, 9):
        messages = [
            {"role": role, "content": f"made up {account} {call} {i}"}
            for i in range(6 * call)
            for role in ("user", "assistant")
        ]
        messages.append({"role": "user", "content": f"task {account} {call}"})
        rows.append(
            {
                "account_id": f"pool_{account}", "session_id": f"p{account}", "n_turns": len(messages),
                "prompt_text": f"task {account} {call}", "messages_json": json.dumps(messages),
            }
        )  # fmt: skip
    return rows


def test_made_up_histories_do_not_make_a_whole_log_look_sampled(featured: Make) -> None:
    """Nine accounts in ten write them; ten others have long conversations without a gap."""
    honest = [row for account in range(10) for row in conversation(account, n_calls=45)]
    case = featured(honest + [row for account in range(90) for row in made_up(account)])
    assert completeness(case)["conversation_steps"] == 0.0
    assert judged(case) == 1.0


def test_long_conversations_do_not_make_a_sampled_log_look_whole(featured: Make) -> None:
    """Two of three exchanges are left."""
    rows = [row for account in range(30) for row in conversation(account, n_calls=70)]
    share = judged(featured([row for i, row in enumerate(rows) if i * 7 % 3]))
    assert share is not None
    assert share < MIN_COMPLETENESS


def test_examples_tool_results_and_broken_messages_tell_nothing(featured: Make) -> None:
    """Calls with a fixed number of turns are no conversations; a tool result is no prompt; what cannot be read is left out."""
    examples = [
        {"role": "user", "content": "example"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "q"},
    ]
    result = [{"role": "user", "content": [{"type": "tool_result", "content": "42"}]}, {"role": "user", "content": "q"}]
    rows: list[dict[str, Any]] = [
        {"n_turns": 3, "prompt_text": f"q{i}", "messages_json": json.dumps(examples)} for i in range(9)
    ]
    rows += [{"account_id": "agent", "n_turns": 3 + i, "messages_json": json.dumps(result)} for i in range(9)]
    rows += [
        {"account_id": "odd", "n_turns": 3 + i, "messages_json": text}
        for i, text in enumerate(["{", "7", "[1, null]", "{}"])
    ]
    assert {} == completeness(featured(rows))
