"""Records inside of other records: log events of collectors that carry a record as text, batches of them, and traces with their spans.

A wrapped record keeps the place and the bytes of what it was wrapped in; several in one are told apart by `sub_index`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from distilforensics.ingest.catalogue.aliases import target_of
from distilforensics.ingest.framing.documents import page_key
from distilforensics.ingest.framing.pooling import Framed
from distilforensics.ingest.framing.records import Chunk
from distilforensics.ingest.framing.repair import repair
from distilforensics.ingest.framing.sorting import Sorted, sort_lines
from distilforensics.ingest.framing.spans import spans_of
from distilforensics.ingest.framing.tables_in_objects import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from distilforensics.ingest.framing.listed_fields import ListedFields

_TEXT_FIELDS = ("message", "log", "textpayload", "raw", "line", "msg", "body", "cloudtrailevent", "value")
"""Fields, in lower case, in which collectors keep the line that a program wrote, the likelier ones first."""

_OBJECT_FIELDS = (
    "jsonpayload", "message", "log", "raw", "result", "event", "cloudtrailevent", "airbyte_data", "attributes", "textpayload", "line", "msg",
    "body", "source", "doc", "value",
)  # fmt: skip
"""Likewise, as an object; a cell of a table that holds JSON is one."""

_OF_QUEUES = frozenset({"topic", "partition", "offset"})
"""Fields of messages of queues, whose value is a record; elsewhere it may be that of a setting."""

_TIME_FIELDS = ("timestamp", "@timestamp", "time", "_time", "date", "Date", "_airbyte_extracted_at")
"""Fields in which collectors keep the time of a record; it is that of an object that has none itself."""

_PREFIX = re.compile(rb"[^{}]{1,300}?(?=\{\")")
_TIME_IN_PREFIX = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?")
_PAIR = re.compile(rb'([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"=]*)(?:\s+|$)')
_FEWEST_PAIRS = 4


def inner_records(record: Mapping[str, Any]) -> list[Any] | None:
    """Return the records that a record wraps, as objects or as JSON text; None if it wraps none, an empty list if it is a mere control message."""
    if isinstance(record.get("logEvents"), list) and "messageType" in record:
        found = [_object_in_text(event.get("message")) for event in record["logEvents"] if isinstance(event, dict)]
        return [one for one in found if one is not None] if record["messageType"] == "DATA_MESSAGE" else []
    for read in (spans_of, rows_of, _of_stream, _of_page):
        several = read(record)
        if several is not None:
            return several
    is_queued = not _OF_QUEUES.isdisjoint(record)
    names = [
        (plain, name)
        for name in sorted(record)
        if (plain := name.lower().lstrip("@_")) in _OBJECT_FIELDS and (plain != "value" or is_queued)
    ]
    for name in (name for field in _TEXT_FIELDS for plain, name in names if plain == field):
        found_text = _object_in_text(record[name], record)
        if found_text is not None:
            return [found_text]
    for name in (name for field in _OBJECT_FIELDS for plain, name in names if plain == field):
        value = record[name]
        if isinstance(value, dict) and value and "role" not in value:
            return [_innermost(value, record)]
    return _of_typed_values(record)


def _innermost(value: Mapping[str, Any], outer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with the time of its wrapper if it has none; attributes inside of attributes are one wrapper more."""
    timed = {**_time_of(outer, value), **value}
    deeper = value.get("attributes")
    return _innermost(deeper, timed) if isinstance(deeper, dict) and deeper else timed


def _time_of(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the time of a wrapper as a field, none if what it wraps has a time itself."""
    if any(target_of(name) == "started_at" for name in inner):
        return {}
    names = (*_TIME_FIELDS, *(name for name in outer if target_of(name) == "started_at"))
    return next(({name: outer[name]} for name in names if outer.get(name)), {})


def _object_in_text(text: object, outer: Mapping[str, Any] | None = None) -> bytes | None:
    """Return the bytes of the object that a text is, with the time of its wrapper if it has none; None if it is no object."""
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return None
    raw = text.strip().encode("utf-8", "replace")
    try:
        inner = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(inner, dict):
        return None
    time = _time_of(outer, inner) if outer and inner else {}
    return orjson.dumps(time)[:-1] + b"," + raw[1:] if time else raw


def _of_stream(record: Mapping[str, Any]) -> list[Any] | None:
    """Return the lines of a stream of Loki, which are pairs of a time and a text."""
    pairs = record.get("values")
    if not isinstance(record.get("stream"), dict) or not isinstance(pairs, list):
        return None
    events = [{"time": pair[0], "line": pair[1]} for pair in pairs if isinstance(pair, list) and len(pair) > 1]
    found = (_object_in_text(event["line"], event) for event in events)
    return [one for one in found if one is not None] or None


def _of_page(record: Mapping[str, Any]) -> list[Any] | None:
    """Return the records of an answer of an interface that stands in another one."""
    key = page_key(record) if len(record) == 1 else None
    return None if key is None or "." in key else list(record[key])


_TYPED = {
    "S",
    "N",
    "BOOL",
    "NULL",
    "M",
    "L",
    "$oid",
    "$date",
    "$numberLong",
    "$numberInt",
    "$numberDouble",
    "$numberDecimal",
}


def _of_typed_values(record: Mapping[str, Any]) -> list[Any] | None:
    """Return a record of a database export whose values are objects that name their type, or lists of one value, as a plain one."""
    of_lists = record.get("fields")
    if isinstance(of_lists, dict) and all(isinstance(value, list) and len(value) == 1 for value in of_lists.values()):
        return [{key: value[0] for key, value in of_lists.items()}]
    inner = record.get("Item") or record.get("NewImage") or record
    plain = {key: _plain(value) for key, value in inner.items()} if isinstance(inner, dict) else inner
    return None if plain == inner else [plain]


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return what a value says whose type is named."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, inner),) = value.items()
    if kind not in _TYPED:
        return value
    if kind == "M" and isinstance(inner, dict):
        return {key: _plain(one) for key, one in inner.items()}
    if kind == "L" and isinstance(inner, list):
        return [_plain(one) for one in inner]
    return None if kind == "NULL" else _plain(inner) if kind == "$date" else inner


def after_prefix(line: bytes) -> bytes | None:
    """Return the object at the end of a line of text, such as a collector writes after the time, or that of its pairs of names and values; else None."""
    match = _PREFIX.match(line)
    if match is None or not line.rstrip().endswith(b"}"):
        return _of_pairs(line)
    time = _TIME_IN_PREFIX.search(match[0])
    return _object_in_text(line[match.end() :].decode("utf-8", "replace"), time and {"time": time[0].decode()})


def _of_pairs(line: bytes) -> bytes | None:
    """Return the object of a line that consists of pairs such as `time=2026-02-03T04:05:06Z model="x"`; None if it does not."""
    pairs, position = {}, 0
    while (pair := _PAIR.match(line, position)) is not None:
        name, value = (part.decode("utf-8", "backslashreplace") for part in pair.groups())
        pairs[name] = value[1:-1].replace('\\"', '"') if value[:1] == '"' else value
        position = pair.end()
    return orjson.dumps(pairs) if position == len(line) and len(pairs) >= _FEWEST_PAIRS else None


def unwrapped_sample(records: list[Any], *, only_spans: bool = False) -> list[Any] | None:
    """Return the records that at least half of the sampled ones wrap, or the spans that they are; None if fewer do."""
    inner = [_inner_of_sample(record, only_spans=only_spans) for record in records]
    n_wrapping = sum(found is not None for found in inner)
    if not records or 2 * n_wrapping < len(records):
        return None
    return [orjson.loads(one) if isinstance(one, bytes) else one for found in inner if found for one in found]


def _inner_of_sample(record: Any, *, only_spans: bool) -> list[Any] | None:  # noqa: ANN401
    if isinstance(record, dict):
        return spans_of(record) if only_spans else inner_records(record)
    found = None if only_spans else after_prefix(str(record).encode("utf-8", "replace"))
    return None if found is None else [found]


def unwrap(framed: Iterator[Framed], listed: ListedFields | None = None) -> Iterator[Framed]:
    """Yield what stands in the records of a source in their place; a record that wraps none stays as it is.

    Args:
        framed: The records.
        listed: Reads lines whose fields stand in a line before them, if they are such.
    """
    for item in framed:
        if item.chunk is None or not len(item.chunk):
            yield item
            continue
        lines = sort_lines(item.chunk) if listed is None else _without_comments(item.chunk, listed)
        n_blank = item.n_blank + int(lines.is_blank.sum())
        yield Framed(
            _unwrapped(item.chunk, lines.starts, lines.ends, lines.is_blank), item.n_lines, item.refusals, n_blank
        )


def _without_comments(chunk: Chunk, listed: ListedFields) -> Sorted:
    """Return the lines of a chunk, sorted, with the objects that they are as its texts."""
    lines = sort_lines(chunk)
    view = memoryview(chunk.buffer)
    raws = [bytes(view[int(start) : int(end)]) for start, end in zip(lines.starts, lines.ends, strict=True)]
    chunk.texts = [listed.of_line(raw) or raw for raw in raws]
    return lines


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
