"""What a provider states: safety cases as machines exchange them, lists and letters."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_BYTES = 256_000_000
"""An accusation is read whole; a larger file is no accusation."""

_ID_COLUMNS = ("item_id", "message_id", "msg_id", "response_id", "request_id", "id")
_ID_IN_TEXT = re.compile(
    r"(?<![\w-])(?:[A-Za-z]{2,16}[_-][A-Za-z0-9_-]{8,}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?![\w-])"
)
"""Ids as letters quote them: a prefix, a separator and a tail with a digit; or a UUID."""


@dataclass(frozen=True, slots=True)
class Message:
    """One call that an accusation names, with whatever it states of it."""

    message_id: str
    model: str | None = None
    at: datetime | None = None
    """UTC, without a zone."""
    api_key_id: str | None = None
    request: str | None = None
    response: str | None = None


@dataclass(frozen=True, slots=True)
class Accusation:
    """What is stated as a whole, and its messages in the order of the file, each id once."""

    name: str
    case_ids: tuple[str, ...]
    categories: tuple[str, ...]
    messages: tuple[Message, ...]


def read_accusation(path: Path) -> Accusation:
    """Return what a file states.

    JSON and JSON lines are searched for objects with `item_id`, or with `id` and `details` (the review cases and items of Anthropic's
    compliance API); a CSV needs a column with ids; of any other text the ids are taken.

    Raises:
        UsageError: no id of a message is found, or the file is too large.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(
            f"is larger than {MAX_BYTES:,} bytes", where=show(str(path)), hint="name the list of messages alone"
        )
    text = path.read_bytes().decode("utf-8-sig", "replace")
    found: dict[str, Message] = {}
    cases: dict[str, None] = {}
    categories: dict[str, None] = {}
    for item in _objects(text):
        if "item_id" not in item and str(item.get("id", "")).startswith("rvc_"):
            cases[str(item["id"])] = None
        categories |= dict.fromkeys(str(name) for name in item.get("policy_categories") or ())
        if (message := _message(item)) is not None:
            known = found.get(message.message_id)
            found[message.message_id] = message if known is None else _joined(known, message)
    if not found:
        found = {message.message_id: message for message in _listed(text)}
    if not found:
        raise UsageError(
            "names no message",
            where=show(str(path)),
            hint="expected JSON with item_id, a CSV with a column message_id or request_id, or a text with ids such as msg_01ABCDEF23",
        )
    return Accusation(path.name, tuple(cases), tuple(categories), tuple(found.values()))


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield every object of a JSON document, or of JSON lines, the outer ones first."""
    try:
        documents = [json.loads(text)]
    except (ValueError, RecursionError):
        documents = []
        for line in text.splitlines():
            try:
                documents.append(json.loads(line))
            except (ValueError, RecursionError):
                continue
    waiting = documents[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting += list(value.values())[::-1]
        elif isinstance(value, list):
            waiting += value[::-1]


def _message(item: Mapping[str, Any]) -> Message | None:
    name = item.get("item_id") or (item.get("id") if isinstance(item.get("details"), dict) else None)
    if not isinstance(name, str) or not name:
        return None
    details = _part(item, "details") or item
    content = _part(details, "content") or details
    actor = _part(item, "actor")
    actor = _part(actor, "api_actor") or actor
    return Message(
        name,
        _text(details.get("model")),
        _time(item.get("created_at")),
        _text(actor.get("api_key_id") or item.get("api_key_id")),
        _text(content.get("request")),
        _text(content.get("response")),
    )


def _part(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def _joined(one: Message, other: Message) -> Message:
    """Return what two places state of one message; the first one counts where both state something."""
    values = {name: getattr(one, name) or getattr(other, name) for name in Message.__slots__}
    return Message(**values)


def _listed(text: str) -> list[Message]:
    """Return the messages of a CSV with a column of ids; else the ids in a text."""
    lines = text.splitlines()
    head = next(csv.reader(io.StringIO(lines[0][:10_000])), []) if lines else []
    columns = {name.strip().lower(): name for name in head}
    column = next((columns[name] for name in _ID_COLUMNS if name in columns), None)
    if column is not None:
        rows = csv.DictReader(io.StringIO(text))
        return [
            Message(
                row[column].strip(),
                _text(row.get(columns.get("model", ""))),
                _time(row.get(columns.get("created_at", ""))),
                _text(row.get(columns.get("api_key_id", ""))),
            )
            for row in rows
            if (row.get(column) or "").strip()
        ]
    found = [word for word in _ID_IN_TEXT.findall(text) if any(sign.isdigit() for sign in word)]
    alone = [line.strip() for line in lines if re.fullmatch(r"\s*[\w.:-]{6,}\s*", line)]
    return [Message(name) for name in dict.fromkeys([*found, *alone])]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _time(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
