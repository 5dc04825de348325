"""Joins what a projection says about records with where they stand: provenance, flags, numbers within a line, refusals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from distilforensics.ingest.framing.records import ChunkResult, Refusal
from distilforensics.ingest.rows.projection import JOINING, PROJECTED, VERDICTS

if TYPE_CHECKING:
    import numpy.typing as npt

    from distilforensics.ingest.framing.records import Chunk, Records

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
        *(VERDICTS.field(name) for name in JOINING),
    ]
)
"""Columns that travel beside the projected ones until the part is written."""

ROWS = pa.schema([*PROJECTED, *PLACE])


def refusal_of(chunk: Chunk, row: int, span: tuple[int, int], why: tuple[str, str], order: int = -1) -> Refusal:
    """Return the refusal of the bytes `span` of a chunk's buffer, which belong to its line `row`, for `why` (reason, detail)."""
    start, end = span
    offset = int(chunk.offsets[row])
    offset_there = offset + start - int(chunk.starts[row]) if offset >= 0 else None
    place = (int(chunk.sources[row]), int(chunk.lines[row]), offset_there)
    refusal = Refusal.of(memoryview(chunk.buffer)[start:end], place, why, order)
    if offset_there is None:
        refusal.length = None
    return refusal


@dataclass(slots=True)
class Placing:
    """The records of one chunk and their projected rows, on the way to a `ChunkResult`."""

    chunk: Chunk
    records: Records
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
        return ChunkResult(self.chunk.reader.format, rows, refusals, self.scope, first=first, last=last)

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

    def _table_refusals(
        self, table: pa.Table, index: npt.NDArray[np.int64], is_refused: npt.NDArray[np.bool_]
    ) -> list[Refusal]:
        why = table.select(["refusal_reason", "refusal_detail"]).filter(pa.array(is_refused)).to_pylist()
        return [
            self._refusal(i, item["refusal_reason"], item["refusal_detail"] or "")
            for i, item in zip(index[is_refused].tolist(), why, strict=True)
        ]

    def _refusal(self, i: int, reason: str, detail: str) -> Refusal:
        records = self.records
        span = (int(records.start[i]), int(records.end[i]))
        return refusal_of(self.chunk, int(records.row[i]), span, (reason, detail), int(records.order[i]))

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
            *table.select(JOINING).columns,
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
        view, sha256 = memoryview(self.chunk.buffer), hashlib.sha256
        spans = zip(self.records.start[index].tolist(), self.records.end[index].tolist(), strict=True)
        digests = b"".join([sha256(view[start:end]).digest() for start, end in spans]).hex().encode()
        offsets = np.arange(0, 64 * len(index) + 1, 64, dtype=np.int32)
        return pa.StringArray.from_buffers(len(index), pa.py_buffer(offsets), pa.py_buffer(digests))
