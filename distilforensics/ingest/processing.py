"""Turns a chunk into rows of `exchanges`, refusals and counts. Stateless, so that chunks can be worked on in any order by any thread."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa

from distilforensics.ingest.projection import PROJECTED, lines_array
from distilforensics.ingest.records import Refusal
from distilforensics.ingest.repair import Piece, repair
from distilforensics.ingest.sorting import sort_lines

if TYPE_CHECKING:
    import numpy.typing as npt

    from distilforensics.ingest.projection import Projected, Projector
    from distilforensics.ingest.records import Chunk
    from distilforensics.ingest.sorting import Sorted

ORDER_STEP = 1 << 20
"""Distance between the order keys of two lines: no line within the limits holds more records."""

KEYS_SAMPLE = 64
"""Records per chunk whose top-level keys are compared with those that the format knows."""

PLACE = pa.schema(
    [
        pa.field("parse_flags", pa.list_(pa.string())),
        pa.field("raw_sha256", pa.string()),
        pa.field("source", pa.int64()),
        pa.field("line", pa.int64()),
        pa.field("offset", pa.int64()),
        pa.field("length", pa.int64()),
        pa.field("sub_index", pa.int64()),
        pa.field("order", pa.int64()),
    ]
)
"""Columns that travel beside the projected ones until the part is written."""

ROWS = pa.schema([*PROJECTED, *PLACE])


@dataclass(slots=True)
class ChunkResult:
    """What a chunk held; `rows` and `refusals` are in order."""

    format: str
    rows: pa.Table
    refusals: list[Refusal]
    out_of_scope: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)
    """(source, reason) -> number of records and line of the first."""
    n_blank: dict[int, int] = field(default_factory=dict)
    unknown_keys: dict[int, set[str]] = field(default_factory=dict)
    first: tuple[int, int] = (-1, -1)
    """Source and line of the first record."""
    last: tuple[int, int, int] = (-1, -1, 0)
    """Source and line of the last record, and how many records that line has in this chunk."""


@dataclass(slots=True)
class _Records:
    """The records found in the lines of a chunk; parallel lists and arrays."""

    row: npt.NDArray[np.int64]
    """Line of the chunk."""
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    text: pa.ChunkedArray
    flags: dict[int, list[str]]

    def __len__(self) -> int:
        return len(self.row)


def process(chunk: Chunk, projector: Projector) -> ChunkResult:
    """Return everything that a chunk holds."""
    lines = sort_lines(chunk)
    refusals = list(chunk.refusals)
    records = _good_records(chunk, lines, refusals)
    suspects = np.flatnonzero(~lines.is_good & ~lines.is_blank)
    repaired = _repaired(chunk, lines, suspects, refusals)
    projected = projector.project(chunk.format, np.arange(len(records)), records.text)
    torn = _repaired(chunk, lines, records.row[projected.not_json], refusals)
    table = _project_repaired(chunk, projector, records, projected, [*repaired, *torn], refusals)
    result = _Assembly(chunk, *table, refusals).result()
    result.n_blank = _counts(chunk.sources[lines.is_blank])
    result.unknown_keys = _unknown_keys(chunk, lines, projector.known_keys(chunk.format))
    return result


def _counts(sources: npt.NDArray[np.int64]) -> dict[int, int]:
    values, counts = np.unique(sources, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _good_records(chunk: Chunk, lines: Sorted, refusals: list[Refusal]) -> _Records:
    """Return the records that can be projected from the buffer as they stand, or from texts made before."""
    rows = np.flatnonzero(lines.is_good)
    starts, ends = lines.starts[rows], lines.ends[rows]
    if chunk.texts is not None:
        text = pa.chunked_array([pa.array([chunk.texts[row] for row in rows.tolist()], pa.large_binary()).view(pa.large_string())])
    else:
        text = pa.chunked_array([lines_array(chunk.buffer, starts, ends, is_exact=chunk.is_text)])
    flags = {i: lines.flags[row] for i, row in enumerate(rows.tolist()) if row in lines.flags} if lines.flags else {}
    if chunk.is_text:
        text = _as_utf8(text, flags)
    return _Records(rows, starts, ends, (rows + 1) * ORDER_STEP, text, flags)


def _as_utf8(text: pa.ChunkedArray, flags: dict[int, list[str]]) -> pa.ChunkedArray:
    """Return lines of text with bytes that are no UTF-8 written as `\\xff`."""
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        pass
    else:
        return text
    fixed = []
    for i, raw in enumerate(text.cast(pa.large_binary()).to_pylist()):
        try:
            fixed.append(raw.decode())
        except UnicodeDecodeError:
            fixed.append(raw.decode("utf-8", "backslashreplace"))
            flags[i] = [*flags.get(i, []), "invalid_utf8"]
    return pa.chunked_array([pa.array(fixed, pa.large_string())])


@dataclass(frozen=True, slots=True)
class _Repaired:
    row: int
    start: int
    end: int
    order: int
    text: bytes
    flags: list[str]


def _repaired(chunk: Chunk, lines: Sorted, rows: npt.NDArray[np.int64], refusals: list[Refusal]) -> list[_Repaired]:
    """Return the records that repairs find in damaged lines; what stays unreadable is added to the refusals."""
    found: list[_Repaired] = []
    view = memoryview(chunk.buffer)
    for row in rows.tolist():
        start = int(lines.starts[row])
        raw = bytes(view[start : int(lines.ends[row])])
        for k, piece in enumerate(repair(raw, chunk.beginnings)):
            order = (row + 1) * ORDER_STEP + k
            if piece.text is None:
                refusals.append(_refusal(chunk, row, start, piece, order))
            else:
                flags = [*lines.flags.get(row, []), *piece.flags]
                found.append(_Repaired(row, start + piece.start, start + piece.end, order, piece.text, flags))
    return found


def _refusal(chunk: Chunk, row: int, start: int, piece: Piece, order: int) -> Refusal:
    begin, end = start + piece.start, start + piece.end
    offset = int(chunk.offsets[row])
    offset_there = offset + begin - int(chunk.starts[row]) if offset >= 0 else None
    place = (int(chunk.sources[row]), int(chunk.lines[row]), offset_there)
    return Refusal.of(memoryview(chunk.buffer)[begin:end], place, (piece.reason, piece.detail), order)


def _project_repaired(
    chunk: Chunk, projector: Projector, good: _Records, projected: Projected, repaired: list[_Repaired], refusals: list[Refusal]
) -> tuple[_Records, pa.Table, dict[int, str]]:
    """Return all records of the chunk, their projected rows and those on which the projection fails."""
    if not repaired and not len(projected.not_json):
        return good, projected.table, projected.failing
    n = len(good)
    texts = pa.array([item.text for item in repaired], pa.large_binary()).view(pa.large_string())
    more = projector.project(chunk.format, np.arange(n, n + len(repaired)), pa.chunked_array([texts]))
    for i in more.not_json.tolist():
        item = repaired[i - n]
        piece = Piece(0, item.end - item.start, None, (), "not_json", "the readers disagree whether the repaired line is JSON")
        refusals.append(_refusal(chunk, item.row, item.start, piece, item.order))
    records = _Records(
        np.concatenate([good.row, np.array([item.row for item in repaired], np.int64)]),
        np.concatenate([good.start, np.array([item.start for item in repaired], np.int64)]),
        np.concatenate([good.end, np.array([item.end for item in repaired], np.int64)]),
        np.concatenate([good.order, np.array([item.order for item in repaired], np.int64)]),
        good.text,
        good.flags | {n + i: item.flags for i, item in enumerate(repaired)},
    )
    lost = np.union1d(projected.not_json, more.not_json)
    records.order[lost] = -1
    return records, pa.concat_tables([projected.table, more.table]), projected.failing | more.failing


def _unknown_keys(chunk: Chunk, lines: Sorted, known: frozenset[str]) -> dict[int, set[str]]:
    """Return top-level keys that the format does not know, from the first records of the chunk."""
    unknown: dict[int, set[str]] = {}
    if not known or chunk.is_text:
        return unknown
    view = memoryview(chunk.buffer)
    for row in np.flatnonzero(lines.is_good)[:KEYS_SAMPLE].tolist():
        raw = chunk.texts[row] if chunk.texts is not None else view[int(lines.starts[row]) : int(lines.ends[row])]
        try:
            keys = orjson.loads(raw).keys() - known
        except orjson.JSONDecodeError:
            continue
        if keys:
            unknown.setdefault(int(chunk.sources[row]), set()).update(keys)
    return unknown


@dataclass(slots=True)
class _Assembly:
    """Joins what the projection said with where the records stand."""

    chunk: Chunk
    records: _Records
    table: pa.Table
    failing: dict[int, str]
    refusals: list[Refusal]
    """Those found before the projection; the projection's own are added."""
    scope: dict[tuple[int, str], tuple[int, int]] = field(default_factory=dict)

    def result(self) -> ChunkResult:
        """Return rows, refusals and counts."""
        table = self._in_order()
        index = table.column("row_index").to_numpy()
        is_refused = table.column("refusal_reason").is_valid().to_numpy()
        is_outside = table.column("out_of_scope").is_valid().to_numpy() & ~is_refused
        is_kept = ~is_refused & ~is_outside
        self._count_outside(table, index, is_outside)
        before = [*self.refusals, *self._failing_refusals()]
        refused = self._table_refusals(table, index, is_refused)
        subs, first, last = self._sub_indexes(index, before)
        for refusal, sub_index in zip(refused, subs[: len(index)][is_refused].tolist(), strict=True):
            refusal.sub_index = sub_index
        kept = table if is_kept.all() else table.filter(pa.array(is_kept))
        rows = self._placed(kept, index[is_kept], subs[: len(index)][is_kept])
        refusals = sorted([*before, *refused], key=lambda refusal: (refusal.order, refusal.sub_index))
        return ChunkResult(self.chunk.format, rows, refusals, self.scope, first=first, last=last)

    def _in_order(self) -> pa.Table:
        order = self.records.order[self.table.column("row_index").to_numpy()]
        if len(order) > 1 and not (np.diff(order) >= 0).all():
            return self.table.take(pa.array(np.argsort(order, kind="stable")))
        return self.table

    def _count_outside(self, table: pa.Table, index: npt.NDArray[np.int64], is_outside: npt.NDArray[np.bool_]) -> None:
        """Count rows out of scope, and records for which the projection yields no row at all."""
        reasons = table.column("out_of_scope").filter(pa.array(is_outside)).to_pylist()
        outside = list(zip(index[is_outside].tolist(), reasons, strict=True))
        is_seen = self.records.order < 0
        is_seen[index] = True
        is_seen[list(self.failing)] = True
        outside += [(i, "no_exchange_in_record") for i in np.flatnonzero(~is_seen).tolist()]
        for i, reason in sorted(outside, key=lambda item: int(self.records.order[item[0]])):
            row = self.records.row[i]
            key = (int(self.chunk.sources[row]), reason)
            n, first = self.scope.get(key, (0, int(self.chunk.lines[row])))
            self.scope[key] = (n + 1, first)

    def _failing_refusals(self) -> list[Refusal]:
        return [self._refusal(i, "projection_failed", detail) for i, detail in sorted(self.failing.items())]

    def _table_refusals(self, table: pa.Table, index: npt.NDArray[np.int64], is_refused: npt.NDArray[np.bool_]) -> list[Refusal]:
        why = table.select(["refusal_reason", "refusal_detail"]).filter(pa.array(is_refused)).to_pylist()
        return [
            self._refusal(i, item["refusal_reason"], item["refusal_detail"] or "")
            for i, item in zip(index[is_refused].tolist(), why, strict=True)
        ]

    def _refusal(self, i: int, reason: str, detail: str) -> Refusal:
        records, row = self.records, int(self.records.row[i])
        start = int(records.start[i])
        piece = Piece(0, int(records.end[i]) - start, None, (), reason, detail)
        refusal = _refusal(self.chunk, row, start, piece, int(records.order[i]))
        if self.chunk.digests is not None:
            refusal.sha256 = self.chunk.digests[row]
        if refusal.offset is None:
            refusal.length = None
        return refusal

    def _sub_indexes(
        self, index: npt.NDArray[np.int64], refusals: list[Refusal]
    ) -> tuple[npt.NDArray[np.int64], tuple[int, int], tuple[int, int, int]]:
        """Number the records that share a line: rows of the projection, kept or not, and the refusals found before it.

        Returns the numbers of the rows, then of the refusals, which are also set; and the place of the first and of the last record
        with the number of records in that line, so that a line which goes on in the next chunk can be continued.
        """
        rows = self.records.row[index]
        placed = [refusal for refusal in refusals if refusal.order >= 0]
        order = np.concatenate([self.records.order[index], np.array([r.order for r in placed], np.int64)])
        sources = np.concatenate([self.chunk.sources[rows], np.array([r.source for r in placed], np.int64)])
        lines = np.concatenate([self.chunk.lines[rows], np.array([r.line for r in placed], np.int64)])
        n = len(order)
        if not n:
            return np.empty(0, np.int64), (-1, -1), (-1, -1, 0)
        by = np.argsort(order, kind="stable")
        is_new = np.ones(n, np.bool_)
        is_new[1:] = (np.diff(sources[by]) != 0) | (np.diff(lines[by]) != 0)
        counter = np.arange(n)
        subs = np.empty(n, np.int64)
        subs[by] = counter - np.maximum.accumulate(np.where(is_new, counter, 0))
        for refusal, sub_index in zip(placed, subs[len(index) :].tolist(), strict=True):
            refusal.sub_index = sub_index
        head, tail = by[0], by[-1]
        return subs, (int(sources[head]), int(lines[head])), (int(sources[tail]), int(lines[tail]), int(subs[tail]) + 1)

    def _placed(self, table: pa.Table, index: npt.NDArray[np.int64], subs: npt.NDArray[np.int64]) -> pa.Table:
        """Return the kept rows with the columns of `PLACE`."""
        records, chunk = self.records, self.chunk
        row, start, end = records.row[index], records.start[index], records.end[index]
        offset = chunk.offsets[row]
        has_place = offset >= 0
        offset = np.where(has_place, offset + start - chunk.starts[row], 0)
        columns = [
            self._flags(table.column("flags"), index),
            self._digests(index),
            pa.array(chunk.sources[row]),
            pa.array(chunk.lines[row]),
            pa.array(offset, mask=~has_place),
            pa.array(end - start, mask=~has_place),
            pa.array(subs),
            pa.array(records.order[index]),
        ]
        return pa.table([*table.select(PROJECTED.names).columns, *columns], schema=ROWS)

    def _flags(self, projected: pa.ChunkedArray, index: npt.NDArray[np.int64]) -> pa.ChunkedArray | pa.Array:
        if not self.records.flags:
            return projected
        lists = projected.to_pylist()
        for i, record in enumerate(index.tolist()):
            if record in self.records.flags:
                lists[i] = [*dict.fromkeys([*self.records.flags[record], *(lists[i] or [])])]
        return pa.array(lists, pa.list_(pa.string()))

    def _digests(self, index: npt.NDArray[np.int64]) -> pa.Array:
        """Return the SHA-256 of each record's bytes as hex."""
        if self.chunk.digests is not None:
            return pa.array([self.chunk.digests[row] for row in self.records.row[index].tolist()], pa.string())
        view, sha256 = memoryview(self.chunk.buffer), hashlib.sha256
        spans = zip(self.records.start[index].tolist(), self.records.end[index].tolist(), strict=True)
        digests = b"".join([sha256(view[start:end]).digest() for start, end in spans]).hex().encode()
        offsets = np.arange(0, 64 * len(index) + 1, 64, dtype=np.int32)
        return pa.StringArray.from_buffers(len(index), pa.py_buffer(offsets), pa.py_buffer(digests))
