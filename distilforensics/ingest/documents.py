"""JSON documents that hold many records: whole-file arrays, pretty-printed objects and answers of interfaces with a list of records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PAGE_KEYS = ("data", "value", "result", "results", "Records", "records", "logs", "items", "activities", "events")
"""Keys under which interfaces hand out lists of records."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the records of a document are."""

    page_key: str | None
    sample: list[Any]


def page_key(value: dict[str, Any]) -> str | None:
    """Return the key of the list of records if an object is an answer of an interface, else None."""
    for key in PAGE_KEYS:
        items = value.get(key)
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items):
            return key
    return None


def shape_of_document(body: bytes, *, is_whole: bool) -> Shape | None:
    return None
