"""Records inside of other records: log events of collectors that carry a record as text, batches of them, and traces with their spans.

A wrapped record keeps the place and the bytes of what it was wrapped in; several in one are told apart by `sub_index`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from distilforensics.ingest.pooling import Framed
from distilforensics.ingest.records import Chunk
from distilforensics.ingest.repair import repair
from distilforensics.ingest.sorting import sort_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TEXT_FIELDS = ("message", "@message", "log", "textPayload", "_raw", "MESSAGE", "line", "msg", "body")
"""Fields in which collectors keep the line that a program wrote."""

OBJECT_FIELDS = ("jsonPayload", "_source", "_doc", "@message", "message", "log", "_raw", "result")
"""Likewise, as an object; a cell of a table that holds JSON is one."""

TIME_FIELDS = ("timestamp", "@timestamp", "time", "_time")
"""Fields in which collectors keep the time of a record; it is that of an object that has none itself."""

_PREFIX = re.compile(rb"[^{}]{1,300}?(?=\{\")")
_NUMBERED = re.compile(r"(llm\.(?:input|output)_messages)\.(\d+)\.message\.(role|content)")


def inner_records(record: Mapping[str, Any]) -> list[Any] | None:
    """Return the records that a record wraps, as objects or as JSON text; None if it wraps none, an empty list if it is a mere control message."""
    if isinstance(record.get("logEvents"), list) and "messageType" in record:
        found = [_object_in_text(event.get("message")) for event in record["logEvents"] if isinstance(event, dict)]
        return [one for one in found if one is not None] if record["messageType"] == "DATA_MESSAGE" else []
    if isinstance(record.get("resourceSpans"), list) or isinstance(record.get("resourceLogs"), list):
        return list(_spans(record))
    for name in TEXT_FIELDS:
        found_text = _object_in_text(record.get(name))
        if found_text is not None:
            return [found_text]
    for name in OBJECT_FIELDS:
        value = record.get(name)
        if isinstance(value, dict) and value and "role" not in value:
            outer = (
                {}
                if value.keys() & set(TIME_FIELDS)
                else {time: record[time] for time in TIME_FIELDS if time in record}
            )
            return [outer | value]
    return None


def _object_in_text(text: object) -> bytes | None:
    """Return the bytes of the object that a text is, None if it is no object."""
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return None
    raw = text.strip().encode("utf-8", "replace")
    try:
        return raw if isinstance(orjson.loads(raw), dict) else None
    except orjson.JSONDecodeError:
        return None


def after_prefix(line: bytes) -> bytes | None:
    """Return the object at the end of a line of text, such as a collector writes after the time; None if there is none."""
    match = _PREFIX.match(line)
    if match is None or not line.rstrip().endswith(b"}"):
        return None
    try:
        return line[match.end() :] if isinstance(orjson.loads(line[match.end() :]), dict) else None
    except orjson.JSONDecodeError:
        return None


def unwrapped_sample(records: list[Any]) -> list[Any] | None:
    """Return the records that at least half of the sampled ones wrap; None if fewer do."""
    inner = [_inner_of_sample(record) for record in records]
    n_wrapping = sum(found is not None for found in inner)
    if not records or 2 * n_wrapping < len(records):
        return None
    return [orjson.loads(one) if isinstance(one, bytes) else one for found in inner if found for one in found]


def _inner_of_sample(record: Any) -> list[Any] | None:  # noqa: ANN401
    if isinstance(record, dict):
        return inner_records(record)
    found = after_prefix(str(record).encode("utf-8", "replace"))
    return None if found is None else [found]


def unwrap(framed: Iterator[Framed]) -> Iterator[Framed]:
    """Yield what stands in the records of a source in their place; a record that wraps none stays as it is."""
    for item in framed:
        if item.chunk is None or not len(item.chunk):
            yield item
            continue
        lines = sort_lines(item.chunk)
        n_blank = item.n_blank + int(lines.is_blank.sum())
        yield Framed(
            _unwrapped(item.chunk, lines.starts, lines.ends, lines.is_blank), item.n_lines, item.refusals, n_blank
        )


def _unwrapped(chunk: Chunk, starts: Any, ends: Any, is_blank: Any) -> Chunk:  # noqa: ANN401
    rows: list[int] = []
    texts: list[bytes] = []
    view = memoryview(chunk.buffer)
    for row in np.flatnonzero(~is_blank).tolist():
        raw = chunk.texts[row] if chunk.texts is not None else bytes(view[int(starts[row]) : int(ends[row])])
        found = _texts_in(raw)
        rows += [row] * len(found)
        texts += found
    index = np.array(rows, np.int64)
    return Chunk(
        reader=chunk.reader,
        buffer=chunk.buffer,
        starts=starts[index],
        ends=ends[index],
        sources=chunk.sources[index],
        lines=chunk.lines[index],
        offsets=np.where(chunk.offsets[index] < 0, -1, chunk.offsets[index] + starts[index] - chunk.starts[index]),
        are_lines=False,
        flags={new: list(chunk.flags[row]) for new, row in enumerate(rows) if row in chunk.flags},
        texts=texts,
        digests=None if chunk.digests is None else [chunk.digests[row] for row in rows],
        refusals=chunk.refusals,
    )


def _texts_in(raw: bytes) -> list[bytes]:
    """Return the records in the bytes of one; the bytes themselves if there are none."""
    text = raw.rstrip(b", \t\r")
    if text[:1] != b"{":
        found = after_prefix(text)
        return [text if found is None else found]
    try:
        record = orjson.loads(text)
    except orjson.JSONDecodeError:
        pieces = repair(text)
        if len(pieces) < 2 or any(piece.text is None for piece in pieces):
            return [text]
        return [one for piece in pieces for one in _texts_in(piece.text or b"")]
    inner = inner_records(record) if isinstance(record, dict) else None
    if inner is None:
        return [text]
    return [one if isinstance(one, bytes) else orjson.dumps(one) for one in inner]


def _spans(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the spans and log records of an OTLP export, with attributes as an object and those of the resource beside them."""
    groups = (("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords"))
    for outer, middle, inner in groups:
        for resource in _objects(record.get(outer)):
            of_resource = _attributes((resource.get("resource") or {}).get("attributes"))
            for scope in _objects(resource.get(middle)):
                for span in _objects(scope.get(inner)):
                    events = {
                        str(e.get("name")): _attributes(e.get("attributes")) for e in _objects(span.get("events"))
                    }
                    yield {
                        **{key: value for key, value in span.items() if key not in ("attributes", "events", "body")},
                        "attributes": _gathered(_attributes(span.get("attributes"))),
                        "resource": of_resource,
                        "otlp": {"kind": inner, "events": events, "body": _value(span.get("body"))},
                    }


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _attributes(items: object) -> dict[str, Any]:
    return {str(item.get("key")): _value(item.get("value")) for item in _objects(items)}


def _value(value: object) -> Any:  # noqa: ANN401
    """Return a value of OTLP as plain JSON; integers stay texts, as they are written."""
    if not isinstance(value, dict):
        return value
    if "arrayValue" in value:
        return [_value(item) for item in (value["arrayValue"] or {}).get("values", [])]
    if "kvlistValue" in value:
        return _attributes((value["kvlistValue"] or {}).get("values"))
    return next(iter(value.values()), None)


def _gathered(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return attributes with the numbered messages of OpenInference as lists of messages."""
    lists: dict[str, dict[int, dict[str, Any]]] = {}
    for key, value in attributes.items():
        match = _NUMBERED.fullmatch(key)
        if match is not None:
            lists.setdefault(match[1], {}).setdefault(int(match[2]), {})[match[3]] = value
    return attributes | {name: [messages[i] for i in sorted(messages)] for name, messages in lists.items()}
