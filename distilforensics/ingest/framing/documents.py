"""JSON documents that hold many records: whole-file arrays, pretty-printed objects one after the other, answers of interfaces.

The records are found by their brackets and keep their exact bytes; a document is never loaded as a whole. Damage costs the record it is
in: the next one is found where a line begins as the damaged record's own line did.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from distilforensics.core.units import size
from distilforensics.ingest.framing.pooling import Framed
from distilforensics.ingest.framing.records import CHUNK_BYTES, PREFIX_BYTES, Chunk, Refusal, column
from distilforensics.ingest.framing.structure import State, skeleton

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from distilforensics.ingest.evidence.decoding import DecodedStream
    from distilforensics.ingest.framing.records import Reader, Sniffed

PAGE_KEYS = (
    "data",
    "value",
    "result",
    "results",
    "Records",
    "records",
    "logs",
    "items",
    "activities",
    "events",
    "hits",
    "traces",
    "Events",
    "matches",
)
"""Keys under which interfaces hand out lists of records."""

NUMBERED_KEY = "content"
"""Likewise, if the answer numbers its pages beside it; a message has a list of that name as well."""

_PAGE_NUMBERS = frozenset({"page", "size", "total", "totalElements", "totalPages"})

OUTER_KEYS = ("hits", "data", "result")
"""Keys of objects in answers in which such a list stands."""

WINDOW_BYTES = 1 << 20
"""Bytes scanned at once; after damage at most that much is scanned again."""

KEY_BYTES = 256
"""Bytes before a list in which its key must stand."""

SAMPLE = 64
"""Records of a document that are sampled."""

_OBJECT, _LIST, _LF = ord("{"), ord("["), 10
_BETWEEN = b" \t\r\n,\0\x1e\xef\xbb\xbf"


def page_key(value: Mapping[str, Any]) -> str | None:
    """Return the key of the list of records if an object is an answer of an interface, after that of an object around it and a dot; else None."""
    for key in (*PAGE_KEYS, NUMBERED_KEY) if _PAGE_NUMBERS & value.keys() else PAGE_KEYS:
        items = value.get(key)
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items):
            return key
    for outer in OUTER_KEYS:
        inner = page_key(value[outer]) if isinstance(value.get(outer), dict) else None
        if inner is not None and "." not in inner:
            return f"{outer}.{inner}"
    return None


def depth_of(key: str | None) -> int:
    """Return how many brackets stand around a record of an answer with such a key."""
    return 0 if key is None else 2 + key.count(".")


@dataclass(frozen=True, slots=True)
class Span:
    """A record, or something between records that is none."""

    start: int
    end: int
    is_object: bool


@dataclass(slots=True)
class Scanner:
    """Finds the records in a buffer, window by window. Positions are those of the buffer."""

    page_key: str | None
    record_depth: int
    """0: objects one after the other, 1: elements of an array, 2: elements of a list in an answer, 3: of one in an object of an answer."""
    state: State = field(default_factory=State)
    position: int = 0
    record_start: int | None = None
    gap_start: int = 0
    """Where the bytes after the last record begin."""
    top_start: int | None = None
    """Where the present answer begins, if it is not known yet whether it has a list of records."""
    in_list: bool = False
    outer_start: int = 0
    """Where the bytes after the last array or answer begin."""
    spans: list[Span] = field(default_factory=list)

    def scan(self, buffer: bytearray, n: int) -> int | None:
        """Go on to position `n`; return where the text is broken, or None."""
        array = np.frombuffer(buffer, np.uint8, count=n)
        while self.position < n:
            begin, end = self.position, min(n, self.position + WINDOW_BYTES)
            found = skeleton(array[begin:end], self.state, self.record_depth)
            events = zip((found.positions + begin).tolist(), found.bytes.tolist(), found.depths.tolist(), strict=True)
            for position, byte, depth in events:
                if depth < 0:
                    return int(position)
                self._event(buffer, position, byte, depth)
            if found.broken_at is not None:
                return begin + found.broken_at
            self.position = end
        return None

    def _event(self, buffer: bytearray, position: int, byte: int, depth: int) -> None:
        is_open = byte in (_OBJECT, _LIST)
        if self.record_depth and depth < self.record_depth:
            self._envelope(buffer, position, depth, is_open=is_open)
        elif depth == self.record_depth and (self.in_list or not self.record_depth):
            if is_open:
                self.note_gap(buffer, self.gap_start, position)
                self.record_start = position
            elif self.record_start is not None:
                self.spans.append(Span(self.record_start, position + 1, buffer[self.record_start] == _OBJECT))
                self.record_start, self.gap_start = None, position + 1

    def _envelope(self, buffer: bytearray, position: int, depth: int, *, is_open: bool) -> None:
        """A bracket around the list of records."""
        if is_open and not depth:
            self.note_gap(buffer, self.outer_start, position)
        if is_open and depth == self.record_depth - 1:
            self.in_list = self.page_key is None or _has_key(buffer, position, self.page_key)
            if self.in_list:
                self.gap_start, self.top_start = position + 1, None
        elif is_open and not depth:
            self.top_start = position
        elif depth == self.record_depth - 1 and self.in_list:
            self.note_gap(buffer, self.gap_start, position)
            self.in_list = False
        elif not depth and self.top_start is not None:
            self.spans.append(Span(self.top_start, position + 1, is_object=True))
            self.top_start = None
        if not is_open and not depth:
            self.outer_start = position + 1

    def note_gap(self, buffer: bytearray, start: int, end: int) -> None:
        """Note what stands between two records if it is more than commas and white space."""
        raw = bytes(memoryview(buffer)[start:end])
        start += len(raw) - len(raw.lstrip(_BETWEEN))
        rest = raw.strip(_BETWEEN)
        if rest:
            self.spans.append(Span(start, start + len(rest), is_object=False))

    @property
    def open_start(self) -> int | None:
        """Where the record or answer begins that is not over yet."""
        return self.top_start if self.record_start is None else self.record_start

    @property
    def rest_start(self) -> int | None:
        """Where the bytes begin that follow the last record, list or answer; None inside an answer's other fields."""
        if self.in_list or not self.record_depth:
            return self.gap_start
        return None if self.state.depth else self.outer_start

    @property
    def keep_from(self) -> int:
        """Position before which nothing is needed any more."""
        for start in (self.open_start, self.rest_start):
            if start is not None:
                return start
        return max(0, self.position - KEY_BYTES)

    def shift(self, n: int) -> None:
        """Forget the first `n` bytes of the buffer."""
        self.position -= n
        self.gap_start = max(0, self.gap_start - n)
        self.outer_start = max(0, self.outer_start - n)
        self.record_start = None if self.record_start is None else self.record_start - n
        self.top_start = None if self.top_start is None else self.top_start - n

    def resume(self, position: int) -> None:
        """Begin again at a record's beginning after damage."""
        self.state = State(depth=self.record_depth)
        self.position = self.gap_start = self.outer_start = position
        self.record_start = self.top_start = None
        self.in_list = bool(self.record_depth)


def _has_key(buffer: bytearray, position: int, key: str) -> bool:
    before = bytes(memoryview(buffer)[max(0, position - KEY_BYTES) : position])
    last = key.rpartition(".")[2].encode()
    return re.search(rb'"' + re.escape(last) + rb'"\s*:\s*\Z', before) is not None


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the records of a document are, and the first of them."""

    page_key: str | None
    sample: list[Any]


def shape_of_document(body: bytes) -> Shape | None:
    """Return the shape of a document that begins with `body`; None if it has no records or is no document."""
    buffer = bytearray(body)
    if body[:1] == b"[":
        return _shape(buffer, None, 1)
    whole = _shape(buffer, None, 0)
    if whole is not None:
        key = page_key(whole.sample[0])
        return whole if key is None else _shape(buffer, key, depth_of(key))
    numbered = [NUMBERED_KEY] if any(f'"{name}"'.encode() in body[:KEY_BYTES] for name in _PAGE_NUMBERS) else []
    for key in (*PAGE_KEYS, *numbered, *(f"{outer}.{key}" for outer in OUTER_KEYS for key in PAGE_KEYS)):
        names = [b'"' + name.encode() + b'"' for name in key.split(".")]
        if all(name in body for name in names) and (shape := _shape(buffer, key, depth_of(key))):
            return shape
    return None


def _shape(buffer: bytearray, key: str | None, depth: int) -> Shape | None:
    scanner = Scanner(key, depth)
    scanner.scan(buffer, len(buffer))
    sample = []
    for span in scanner.spans[:SAMPLE]:
        try:
            value = orjson.loads(memoryview(buffer)[span.start : span.end])
        except orjson.JSONDecodeError:
            continue
        if isinstance(value, dict):
            sample.append(value)
    return Shape(key, sample) if sample else None


def frame_document(
    stream: DecodedStream, source: int, reader: Reader, sniffed: Sniffed, max_record_bytes: int
) -> Iterator[Framed]:
    """Yield the records of a document in chunks."""
    return _DocumentReader(stream, source, reader, sniffed, max_record_bytes).framed()


class _DocumentReader:
    def __init__(self, stream: DecodedStream, source: int, reader: Reader, sniffed: Sniffed, limit: int) -> None:
        self._stream = stream
        self._source = source
        self._reader = reader
        self._sniffed = sniffed
        self._limit = limit
        depth = depth_of(sniffed.page_key) or int(sniffed.is_array)
        self._scanner = Scanner(sniffed.page_key, depth)
        self._offset = 0
        self._line = 1
        self._refusals: list[Refusal] = []

    def framed(self) -> Iterator[Framed]:
        carry = b""
        is_last = False
        while not is_last:
            buffer = bytearray(len(carry) + self._stream.room_for_rest(CHUNK_BYTES))
            buffer[: len(carry)] = carry
            n = len(carry) + self._stream.readinto(memoryview(buffer)[len(carry) :])
            is_last = n < len(buffer)
            self._scan(buffer, n, is_last=is_last)
            keep = n if is_last else self._scanner.keep_from
            extra_lines = 0
            if n - keep > self._limit:
                extra_lines = self._swallow(buffer, keep, n)
                keep, is_last = n, True
            yield self._chunk(buffer, n, keep, is_last=is_last, extra_lines=extra_lines)
            carry = bytes(memoryview(buffer)[keep:n])
            self._scanner.shift(keep)

    def _scan(self, buffer: bytearray, n: int, *, is_last: bool) -> None:
        """Scan what is new; whenever the text is broken, refuse the record it is broken in and go on with the next."""
        scanner = self._scanner
        while True:
            broken_at = scanner.scan(buffer, n)
            if broken_at is None:
                if is_last:
                    self._end(buffer, n)
                return
            start = scanner.open_start
            start = scanner.rest_start if start is None else start
            start = broken_at if start is None else start
            following = _next_record(buffer, n, start, broken_at)
            end = n if following is None else following
            scanner.note_gap(buffer, start, end)
            scanner.resume(end)

    def _end(self, buffer: bytearray, n: int) -> None:
        """The stream is over: a record that is not, or text after the last record, is refused."""
        scanner, damage = self._scanner, self._stream.damage
        start = scanner.open_start
        if start is None:
            start = n
            if scanner.rest_start is not None:
                scanner.note_gap(buffer, scanner.rest_start, n)
        if damage is not None or start < n or scanner.state.depth:
            why = (
                (damage.reason, damage.detail) if damage else ("torn_document", "the document ends before it is closed")
            )
            place = (self._source, self._line_at(buffer, start), self._offset + start)
            self._refusals.append(Refusal.of(memoryview(buffer)[start:n], place, why))
        scanner.record_start = scanner.top_start = None
        scanner.state = State()

    def _line_at(self, buffer: bytearray, position: int) -> int:
        return self._line + buffer.count(b"\n", 0, position)

    def _swallow(self, buffer: bytearray, start: int, n: int) -> int:
        """Refuse the rest of a stream in which a record exceeds the limit; return its line ends beyond the buffer."""
        raw = memoryview(buffer)[start:n]
        prefix = bytes(raw[:PREFIX_BYTES])
        digest, length, n_lines = hashlib.sha256(raw), n - start, 0
        block = bytearray(1 << 20)
        while n_fresh := self._stream.readinto(memoryview(block)):
            digest.update(memoryview(block)[:n_fresh])
            prefix += bytes(memoryview(block)[: min(n_fresh, PREFIX_BYTES - len(prefix))])
            length += n_fresh
            n_lines += block.count(b"\n", 0, n_fresh)
        detail = f"{size(length)} to the end of the document, expected at most {size(self._limit)}; raise the limit with --max-line"
        place = (self._source, self._line_at(buffer, start), self._offset + start)
        refusal = Refusal(*place, length, "line_too_long", detail, prefix, digest.hexdigest())
        self._refusals.append(refusal)
        return n_lines

    def _chunk(self, buffer: bytearray, n: int, keep: int, *, is_last: bool, extra_lines: int) -> Framed:
        """Return the records found since the last chunk, and move on to `keep`."""
        ends_of_lines = np.flatnonzero(np.frombuffer(buffer, np.uint8, count=n) == _LF)
        spans, self._scanner.spans = self._scanner.spans, []
        starts = np.array([span.start for span in spans], np.int64)
        ends = np.array([span.end for span in spans], np.int64)
        lines = self._line + np.searchsorted(ends_of_lines, starts)
        n_lines = int(np.searchsorted(ends_of_lines, keep))
        has_open_line = is_last and n > 0 and buffer[n - 1] != _LF
        chunk = Chunk(
            reader=self._reader,
            buffer=buffer,
            starts=starts,
            ends=ends,
            sources=column(self._source, len(spans)),
            lines=lines,
            offsets=starts + self._offset,
            are_lines=False,
            is_suspect=np.array([not span.is_object for span in spans], np.bool_),
            flags={row: list(self._stream.flags) for row in range(len(spans))} if self._stream.flags else {},
        )
        refusals, self._refusals = self._refusals, []
        self._offset += keep
        self._line += n_lines
        return Framed(chunk, n_lines + has_open_line + extra_lines, refusals)


def _next_record(buffer: bytearray, n: int, start: int, broken_at: int) -> int | None:
    """Return where the next record begins after damage: on a line that begins as the damaged record's line does; None if there is none."""
    line_start = buffer.rfind(b"\n", 0, start) + 1
    indent = bytes(memoryview(buffer)[line_start:start])
    if indent.strip():
        indent = b""
    found = buffer.find(b"\n" + indent + b"{", broken_at, n)
    return None if found < 0 else found + 1 + len(indent)
