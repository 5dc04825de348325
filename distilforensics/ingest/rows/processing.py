"""Turns a chunk into rows of `exchanges`, refusals and counts. Stateless, so that chunks can be worked on in any order by any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa

from distilforensics.ingest.framing.records import Records, lines_array
from distilforensics.ingest.framing.repair import repair
from distilforensics.ingest.framing.sorting import sort_lines
from distilforensics.ingest.rows.hiding import hide_secrets
from distilforensics.ingest.rows.placing import Placing, refusal_of
from distilforensics.ingest.rows.projection import LINES

if TYPE_CHECKING:
    import numpy.typing as npt

    from distilforensics.ingest.framing.records import Chunk, ChunkResult, Refusal
    from distilforensics.ingest.framing.sorting import Sorted
    from distilforensics.ingest.rows.content_free import ContentFree
    from distilforensics.ingest.rows.projection import Projected, Projector

ORDER_STEP = 1 << 20
"""Distance between the order keys of two lines: no line within the limits holds more records."""

KEYS_SAMPLE = 64
"""Records per chunk whose top-level keys are compared with those that the format knows."""


@dataclass(frozen=True, slots=True)
class _Repaired:
    row: int
    start: int
    end: int
    order: int
    text: bytes
    flags: list[str]


def process(chunk: Chunk, projector: Projector, content_free: ContentFree | None = None) -> ChunkResult:
    """Return everything that a chunk holds, as rows of `exchanges` and refusals."""
    lines = sort_lines(chunk)
    refusals = list(chunk.refusals)
    records = _good_records(chunk, lines)
    repaired = _repaired(chunk, lines, np.flatnonzero(~lines.is_good & ~lines.is_blank), refusals)
    projected = projector.project(chunk.reader, np.arange(len(records)), records.text, chunk.cells)
    repaired += _repaired(chunk, lines, records.row[projected.not_json], refusals)
    _flag_doubled_keys(chunk, records, projector)
    table, failing = projected.table, projected.failing
    if repaired or len(projected.not_json):
        table, failing = _project_repaired(chunk, projector, records, projected, repaired)
        records = _with_repaired(records, repaired, projected.not_json)
    result = Placing(chunk, records, table, failing, refusals).result()
    result.n_blank = _counts(chunk.sources[lines.is_blank])
    result.unknown_keys = _unknown_keys(chunk, lines, projector.known_keys(chunk.reader))
    chunk.release()
    hide_secrets(result, projector.secrets)
    if content_free is not None:
        result.rows = content_free.without_texts(result.rows)
    return result


def collect(chunk: Chunk, projector: Projector) -> tuple[Records, dict[int, int], list[Refusal]]:
    """Return the JSON objects of a chunk, blank lines per source, and refusals, without projecting anything."""
    lines = sort_lines(chunk)
    refusals = list(chunk.refusals)
    records = _good_records(chunk, lines)
    is_valid = projector.valid(
        pa.table({"row_index": pa.array(np.arange(len(records))), "line": records.text}, schema=LINES)
    )
    suspects = np.concatenate([np.flatnonzero(~lines.is_good & ~lines.is_blank), records.row[~is_valid]])
    repaired = _repaired(chunk, lines, suspects, refusals)
    records = _with_repaired(records, repaired, np.flatnonzero(~is_valid))
    keep = np.flatnonzero(records.order >= 0)
    text = pa.chunked_array([*records.text.chunks, _texts(repaired)], pa.large_string())
    flags = {new: records.flags[old] for new, old in enumerate(keep.tolist()) if old in records.flags}
    found = Records(
        records.row[keep], records.start[keep], records.end[keep], records.order[keep], text.take(pa.array(keep)), flags
    )
    return found, _counts(chunk.sources[lines.is_blank]), refusals


def _texts(repaired: list[_Repaired]) -> pa.Array:
    return pa.array([item.text for item in repaired], pa.large_binary()).view(pa.large_string())


def _counts(sources: npt.NDArray[np.int64]) -> dict[int, int]:
    values, counts = np.unique(sources, return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def _good_records(chunk: Chunk, lines: Sorted) -> Records:
    """Return the records that can be projected from the buffer as they stand, or from texts made before."""
    rows = np.flatnonzero(lines.is_good)
    starts, ends = lines.starts[rows], lines.ends[rows]
    if chunk.cells is not None:
        text = pa.chunked_array([pa.nulls(len(rows), pa.large_string())])
    elif chunk.texts is not None:
        texts = [chunk.texts[row] for row in rows.tolist()]
        text = pa.chunked_array([pa.array(texts, pa.large_binary()).view(pa.large_string())])
    else:
        text = pa.chunked_array([lines_array(chunk.buffer, starts, ends, is_exact=chunk.is_text)])
    flags = {i: lines.flags[row] for i, row in enumerate(rows.tolist()) if row in lines.flags} if lines.flags else {}
    if chunk.is_text:
        text = _as_utf8(text, flags)
    return Records(rows, starts, ends, (rows + 1) * ORDER_STEP, text, flags)


def _as_utf8(text: pa.ChunkedArray, flags: dict[int, list[str]]) -> pa.ChunkedArray:
    r"""Return lines of text with bytes that are no UTF-8 written as `\\xff`."""
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


def _repaired(chunk: Chunk, lines: Sorted, rows: npt.NDArray[np.int64], refusals: list[Refusal]) -> list[_Repaired]:
    """Return the records that repairs find in damaged lines; what stays unreadable is added to the refusals."""
    found: list[_Repaired] = []
    view = memoryview(chunk.buffer)
    for row in rows.tolist():
        start = int(lines.starts[row])
        raw = bytes(view[start : int(lines.ends[row])])
        for k, piece in enumerate(repair(raw, chunk.beginnings)):
            order = (row + 1) * ORDER_STEP + k
            span = (start + piece.start, start + piece.end)
            if piece.text is None:
                refusals.append(refusal_of(chunk, row, span, (piece.reason, piece.detail), order))
            else:
                flags = [*lines.flags.get(row, []), *piece.flags]
                found.append(_Repaired(row, *span, order, piece.text, flags))
    return found


def _with_repaired(good: Records, repaired: list[_Repaired], lost: npt.NDArray[np.int64]) -> Records:
    """Return the records as they stood and the repaired ones after them; `lost` are records that were no JSON after all."""
    n = len(good)
    order = good.order.copy()
    order[lost] = -1
    return Records(
        np.concatenate([good.row, np.array([item.row for item in repaired], np.int64)]),
        np.concatenate([good.start, np.array([item.start for item in repaired], np.int64)]),
        np.concatenate([good.end, np.array([item.end for item in repaired], np.int64)]),
        np.concatenate([order, np.array([item.order for item in repaired], np.int64)]),
        good.text,
        good.flags | {n + i: item.flags for i, item in enumerate(repaired) if item.flags},
    )


def _project_repaired(
    chunk: Chunk,
    projector: Projector,
    good: Records,
    projected: Projected,
    repaired: list[_Repaired],
) -> tuple[pa.Table, dict[int, str]]:
    """Return the rows of all records, those as they stood and those repaired, and the records on which the projection fails."""
    n = len(good)
    more = projector.project(chunk.reader, np.arange(n, n + len(repaired)), pa.chunked_array([_texts(repaired)]))
    failing = dict.fromkeys(more.not_json.tolist(), "the readers disagree whether the repaired record is JSON")
    return pa.concat_tables([projected.table, more.table]), projected.failing | more.failing | failing


def _flag_doubled_keys(chunk: Chunk, records: Records, projector: Projector) -> None:
    """Flag records in which a top-level key occurs twice.

    A writer that doubles keys does so always, so the first records of a chunk decide whether all are looked at. Where it is not known
    which keys belong there, a value may have been written into a record by a caller, and all records are looked at in any case.
    """
    if chunk.is_text or chunk.texts is not None or chunk.cells is not None or not len(records):
        return
    keys = projector.known_keys(chunk.reader)
    if keys and not projector.with_doubled_keys(records.text.slice(0, KEYS_SAMPLE)):
        return
    for i in projector.with_doubled_keys(records.text):
        records.flags[i] = [*records.flags.get(i, []), "dup_key"]


def _unknown_keys(chunk: Chunk, lines: Sorted, known: frozenset[str]) -> dict[int, set[str]]:
    """Return top-level keys that the format does not know, from the first records of the chunk."""
    unknown: dict[int, set[str]] = {}
    if not known or chunk.is_text:
        return unknown
    if chunk.cells is not None:
        return _unknown_columns(chunk, chunk.cells, known)
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


def _unknown_columns(chunk: Chunk, cells: pa.Table, known: frozenset[str]) -> dict[int, set[str]]:
    """Return columns that the format does not know and that are not empty in the first records of the chunk."""
    unknown: dict[int, set[str]] = {}
    for name in set(cells.column_names) - known:
        has_value = cells[name].slice(0, KEYS_SAMPLE).is_valid().to_numpy()
        for source in np.unique(chunk.sources[:KEYS_SAMPLE][has_value]).tolist():
            unknown.setdefault(source, set()).add(name)
    return unknown
