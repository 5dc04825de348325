"""Reasoning signatures in requests: found in every shape that clients send, and placed in their conversation."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from distilforensics.case.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.case.layout import Case

    Make = Callable[[list[dict[str, Any]]], Case]

SIGNATURE = "EqQBCkgI" * 12
SHA256 = hashlib.sha256(SIGNATURE.encode()).hexdigest()
ASK = {"role": "user", "content": "first question"}
GO_ON = {"role": "user", "content": [{"type": "text", "text": "and then?"}]}


def thinking(block: Any) -> dict[str, Any]:
    """Return an assistant's turn with one content block."""
    return {"role": "assistant", "content": [block, {"type": "text", "text": "an answer"}]}


BEARERS = [
        thinking({"type": "thinking", "thinking": "", "signature": SIGNATURE}),
        thinking({"type": "redacted_thinking", "data": SIGNATURE}),
        thinking({"reasoningContent": {"reasoningText": {"text": "t", "signature": SIGNATURE}}}),
        thinking({"reasoningContent": {"redactedContent": SIGNATURE}}),
        {"role": "assistant", "content": "an answer", "thinking_blocks": [{"type": "thinking", "signature": SIGNATURE}]},
        {"role": "assistant", "content": None, "reasoning_details": [{"type": "reasoning.encrypted", "data": SIGNATURE}]},
        {"type": "reasoning", "summary": [], "encrypted_content": SIGNATURE},
        thinking({"text": "an answer", "thoughtSignature": SIGNATURE}),
]  # fmt: skip


def test_a_signature_is_found_in_every_shape(featured: Make) -> None:
    """The formats of several providers and gateways give the same row, each for its own signature."""
    signatures = [f"{SIGNATURE[:-1]}{number}" for number in range(len(BEARERS))]
    requests = [
        json.dumps([ASK, bearer, GO_ON]).replace(SIGNATURE, signature)
        for bearer, signature in zip(BEARERS, signatures, strict=True)
    ]
    rows = read_rows(featured([{"messages_json": request} for request in requests]), "reasoning_uses")

    assert {hashlib.sha256(signature.encode()).hexdigest() for signature in signatures} == {
        row["signature_sha256"] for row in rows
    }
    assert len(rows) == len(BEARERS)
    assert all(row["opening_hash"] == row["preceding_hash"] and not row["is_answer"] for row in rows)


NO_SIGNATURES: list[Any] = [
    [ASK, thinking({"type": "tool_use", "name": "verify", "input": {"signature": SIGNATURE}}), GO_ON],
    [ASK, thinking({"type": "image", "source_type": "base64", "data": SIGNATURE}), {"signature": SIGNATURE}],
    [{"role": "user", "content": f'the text "signature": "{SIGNATURE}" is quoted'}, thinking({"type": "text"})],
    [ASK, thinking({"type": "thinking", "signature": "skip_thought_signature_validator"}), GO_ON],
    {"signature": SIGNATURE},
    f'[{{"signature": "{SIGNATURE}"',
    [None, 7, "signature", ["signature"], {"role": ["signature"], "content": {"signature": SIGNATURE}}],
]


def test_what_is_no_signature_of_reasoning_gives_no_row(featured: Make) -> None:
    """Arguments of tools, images, quoted text, placeholders and broken JSON."""
    written = [messages if isinstance(messages, str) else json.dumps(messages) for messages in NO_SIGNATURES]

    assert [] == read_rows(featured([{"messages_json": messages} for messages in written]), "reasoning_uses")


def test_a_continued_conversation_has_the_place_of_the_answer(featured: Make) -> None:
    """The answer's exchange and the next request agree on opening and preceding turn; noise of writing does not matter."""
    bearer = thinking({"type": "thinking", "thinking": "", "signature": SIGNATURE})
    rows = [
        {"prompt_text": "First  question", "reasoning_signature_sha256": SHA256},
        {"prompt_text": "and then?", "messages_json": json.dumps([ASK, bearer, GO_ON])},
        {"prompt_text": "go on", "messages_json": json.dumps([ASK, bearer, GO_ON, bearer, ASK])},
    ]
    found = read_rows(featured(rows), "reasoning_uses")

    assert [1, 1, 2] == sorted(row["n_exchanges"] for row in found)
    assert 1 == sum(row["is_answer"] for row in found)
    assert 1 == len({row["opening_hash"] for row in found})
    assert 2 == len({row["preceding_hash"] for row in found})


def test_the_place_of_an_answer_in_a_longer_conversation_is_after_its_last_turn(featured: Make) -> None:
    """A tool result is the turn that the reasoning follows."""
    result = {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "42 rows"}]}]}
    bearer = thinking({"type": "thinking", "thinking": "", "signature": SIGNATURE})
    rows = [
        {"messages_json": json.dumps([ASK, result]), "reasoning_signature_sha256": SHA256},
        {"messages_json": json.dumps([ASK, result, bearer, GO_ON])},
    ]
    first, second = read_rows(featured(rows), "reasoning_uses")

    assert {True, False} == {first["is_answer"], second["is_answer"]}
    assert first["preceding_hash"] == second["preceding_hash"] != first["opening_hash"]
    assert first["opening_hash"] == second["opening_hash"]
