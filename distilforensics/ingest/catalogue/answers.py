"""Answers of programs that name things in their own way, streamed ones and those in envelopes, said in a shape that the queries know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from distilforensics.ingest.catalogue.python_values import python_value

_Path = tuple[str | int, ...]

_PRINTED = re.compile(r"\{'|\[\{'|[A-Z]\w+\(\w+=")
"""How a value begins that a Python program printed."""

_EVENT = re.compile(r"^data: ?(\{.*\})\s*$", re.MULTILINE)
_ENVELOPES = ("body", "data", "response", "result", "output")
_SIGNS = frozenset({"choices", "candidates", "generated_text"})
"""Keys that an answer has and an envelope has not."""

_PARTS = frozenset({"text", "output_text", "thinking", "redacted_thinking", "tool_use"})
_PLACES: tuple[_Path, ...] = (
    ("results", 0, "outputText"), ("results", 0, "generated_text"), ("completions", 0, "data", "text"),
    ("predictions", 0, "candidates", 0, "content"), ("predictions", 0, "content"), ("generations", 0, 0, "text"),
)  # fmt: skip
"""Where a text can only be the answer of a model."""

_PLACES_WITH_SIGN: tuple[tuple[_Path, _Path], ...] = (
    (("outputs", 0, "stop_reason"), ("outputs", 0, "text")), (("lc",), ("kwargs", "content")), (("success",), ("result", "response")),
    (("generation_id",), ("text",)), (("done",), ("response",)), (("usage",), ("output", "text")), (("usage",), ("result",)),
)  # fmt: skip
"""Where JSON that a model was asked to write could have a text as well: another place must hold something."""

_ENDS: tuple[_Path, ...] = (
    ("finish_reason",), ("finishReason",), ("stopReason",), ("output", "finish_reason"), ("results", 0, "completionReason"),
    ("results", 0, "stop_reason"), ("outputs", 0, "stop_reason"), ("completions", 0, "finishReason", "reason"), ("done_reason",),
)  # fmt: skip
_PICTURES: tuple[_Path, ...] = (
    ("data", 0, "b64_json"),
    ("data", 0, "revised_prompt"),
    ("data", 0, "embedding"),
    ("results", 0, "flagged"),
)
"""What answers without text have."""


def plain_answer(written: str) -> str | None:
    """Return an answer as JSON of a message or of choices; None if it is none, such as JSON that a model was asked to write."""
    try:
        events = "[" + ",".join(_EVENT.findall(written)) + "]" if written.startswith(("data:", "event:")) else written
        answer = python_value(events) if _PRINTED.match(events) else orjson.loads(events)
        found = (
            _of_list(answer) if isinstance(answer, list) else _of_object(answer) if isinstance(answer, dict) else None
        )
        if found is None and isinstance(answer, dict) and _PRINTED.match(events) and _is_known(answer):
            found = answer
        return None if found is None else orjson.dumps(found).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None


def _is_known(answer: Mapping[str, Any]) -> bool:
    """Tell whether a printed value is an answer that the queries know, and not what a model was asked to write."""
    return bool(answer.keys() & {"choices", "candidates", "stop_reason"}) or answer.get("role") == "assistant"


def _at(value: Any, path: _Path) -> Any:  # noqa: ANN401
    """Return what stands at a place, None if nothing does."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, Mapping) else None
        else:
            value = value[step] if isinstance(value, list) and value else None
    return value


def _message(text: object, answer: Mapping[str, Any]) -> dict[str, Any]:
    end = next((end for path in _ENDS if isinstance(end := _at(answer, path), str)), None)
    usage = answer.get("usage") or _at(answer, ("meta", "billed_units")) or {}
    return {"role": "assistant", "id": answer.get("id"), "content": text, "stop_reason": end, "usage": usage}


def _of_object(answer: dict[str, Any]) -> dict[str, Any] | None:
    if answer.keys() == {"type", "value"} and answer["type"] in ("text", "raw", "chat_messages"):
        value = answer["value"]
        return {"role": "assistant", "content": value} if isinstance(value, str) else _of_messages(value)
    for name in _ENVELOPES:
        inner = answer.get(name)
        if isinstance(inner, dict) and (inner.keys() & _SIGNS or _at(inner, ("content", 0, "type"))):
            return answer | inner
    parts = _at(answer, ("output", "message", "content")) or _at(answer, ("message", "content"))
    if isinstance(parts, list):
        return _message(parts, answer)
    if answer.get("role") == "assistant" and (answer.get("tool_calls") or answer.get("refusal")):
        return {"choices": [{"message": answer}]}
    if re.fullmatch(r"[45]\d\d", str(answer.get("statusCode"))):
        return {"error": {"type": str(answer["statusCode"])}}
    if any(_at(answer, path) is not None for path in _PICTURES):
        return {"usage": answer.get("usage") or {}, "model": answer.get("model")}
    text = _text(answer)
    return None if text is None else _message(text, answer)


def _of_messages(messages: object) -> dict[str, Any] | None:
    """Return the last of some messages if the model wrote it."""
    last = messages[-1] if isinstance(messages, list) and messages else None
    return last if isinstance(last, dict) and last.get("role") == "assistant" else None


def _text(answer: Mapping[str, Any]) -> str | None:
    for path in _PLACES:
        if isinstance(text := _at(answer, path), str):
            return text
    for sign, path in _PLACES_WITH_SIGN:
        if _at(answer, sign) is not None and isinstance(text := _at(answer, path), str):
            return text
    output = answer.get("output")
    if answer.get("status") == "succeeded" and output:
        pieces = output if isinstance(output, list) else [output]
        return "".join(pieces) if all(isinstance(piece, str) for piece in pieces) else None
    return None


def _of_list(answers: list[Any]) -> dict[str, Any] | None:
    if not answers or not all(isinstance(one, dict) for one in answers):
        return None
    first, last = answers[0], answers[-1]
    if isinstance(_at(last, ("response", "output")), list):
        return dict(last["response"])
    if any(
        _at(one, ("choices", 0, "delta")) or one.get("candidates") or "done" in one or "delta" in one for one in answers
    ):
        return _of_pieces(answers)
    if first.get("generated_text"):
        return dict(first)
    if isinstance(first.get("message"), dict):
        return {"choices": answers}
    return {"role": "assistant", "content": answers} if first.get("type") in _PARTS else None


def _of_pieces(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the message of a streamed answer."""
    texts: list[str] = []
    message: dict[str, Any] = {"role": "assistant", "id": None, "stop_reason": None, "usage": {}}
    for piece in pieces:
        parts = _at(piece, ("candidates", 0, "content", "parts"))
        texts += [
            text
            for text in (
                _at(piece, ("choices", 0, "delta", "content")), _at(piece, ("delta", "text")), _at(piece, ("message", "content")), piece.get("response"),
                *(part.get("text") for part in parts or () if isinstance(part, dict) and not part.get("thought")),
            )
            if isinstance(text, str)
        ]  # fmt: skip
        ends = (
            ("choices", 0, "finish_reason"),
            ("delta", "stop_reason"),
            ("candidates", 0, "finishReason"),
            ("done_reason",),
        )
        message["stop_reason"] = next((end for path in ends if (end := _at(piece, path))), message["stop_reason"])
        message["id"] = message["id"] or piece.get("id") or _at(piece, ("message", "id")) or piece.get("responseId")
        for usage in (_at(piece, ("message", "usage")), piece.get("usage"), piece.get("usageMetadata")):
            message["usage"] |= usage if isinstance(usage, dict) else {}
    return message | {"content": "".join(texts) or None}
