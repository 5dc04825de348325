"""Sorts the physical lines of a chunk into blank ones, plain JSON objects, and those that need a closer look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import orjson

from distilforensics.ingest.framing.lines import CR, pair_positions

if TYPE_CHECKING:
    import numpy.typing as npt

    from distilforensics.ingest.framing.records import Chunk

_SPACE = b" \t\r"
_BOM = b"\xef\xbb\xbf"
_OPEN, _CLOSE, _HASH = (ord(character) for character in "{}#")


@dataclass(slots=True)
class Sorted:
    """The lines of a chunk: where each record really starts and ends, and what it is."""

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    is_blank: npt.NDArray[np.bool_]
    is_good: npt.NDArray[np.bool_]
    """Begins and ends like a record; whether it is one is for the projection to find out."""
    flags: dict[int, list[str]] = field(default_factory=dict)

    def flag(self, row: int, name: str) -> None:
        """Add a flag to a line."""
        self.flags.setdefault(row, []).append(name)


def sort_lines(chunk: Chunk) -> Sorted:
    """Return the lines of a chunk, sorted."""
    n = len(chunk)
    if not chunk.are_lines or not n:
        is_good = np.ones(n, np.bool_) if chunk.is_suspect is None else ~chunk.is_suspect
        found = Sorted(chunk.starts, chunk.ends, np.zeros(n, np.bool_), is_good, dict(chunk.flags))
        if n and chunk.texts is None and chunk.cells is None:
            _sort_out_nan(chunk, found)
        return found
    starts, ends = chunk.starts.copy(), chunk.ends.copy()
    array = np.frombuffer(chunk.buffer, np.uint8)
    is_empty = ends <= starts
    ends -= ~is_empty & (array[np.maximum(ends - 1, 0)] == CR)
    is_empty = ends <= starts
    first = np.where(is_empty, 0, array[np.minimum(starts, len(array) - 1)])
    last = np.where(is_empty, 0, array[np.maximum(ends - 1, 0)])
    lines = Sorted(starts, ends, is_empty, ~is_empty, {row: list(names) for row, names in chunk.flags.items()})
    if chunk.is_text:
        _sort_text(chunk, lines, first)
        return lines
    lines.is_good &= (first == _OPEN) & (last == _CLOSE)
    for row in np.flatnonzero(~lines.is_good & ~is_empty).tolist():
        _strip(chunk, lines, row)
    _sort_out_nan(chunk, lines)
    return lines


def _sort_text(chunk: Chunk, lines: Sorted, first: npt.NDArray[np.uint8]) -> None:
    """Comments and lines of white space are no records."""
    view = memoryview(chunk.buffer)
    for row in np.flatnonzero(lines.is_good & ((first <= 32) | (first == _HASH))).tolist():
        line = bytes(view[int(lines.starts[row]) : int(lines.ends[row])])
        if first[row] == _HASH or not line.strip():
            lines.is_blank[row], lines.is_good[row] = True, False
        elif line[0] == 0:
            rest = line.lstrip(b"\0")
            lines.starts[row] += len(line) - len(rest)
            lines.flag(row, "nul_stripped")


def _strip(chunk: Chunk, lines: Sorted, row: int) -> None:
    """Drop what exporters and log rotation put around a record: NULs, byte order marks, record separators, array brackets, commas."""
    start, end = int(lines.starts[row]), int(lines.ends[row])
    line = bytes(memoryview(chunk.buffer)[start:end])
    rest, flags = _without_prefix(line)
    begin = len(line) - len(rest)
    if chunk.is_array:
        rest = rest.rstrip(_SPACE)
        if rest.startswith(b"["):
            begin += len(rest) - len(rest[1:].lstrip(_SPACE))
            rest = rest[1:].lstrip(_SPACE)
        rest = rest[:-1] if rest.endswith(b"]") else rest
    rest = rest.rstrip(_SPACE + b"\0,") if not chunk.is_array else rest.rstrip(_SPACE + b",")
    lines.is_blank[row] = not rest or rest in (b"[", b"]")
    lines.is_good[row] = rest[:1] == b"{" and rest[-1:] == b"}"
    if rest:
        lines.starts[row], lines.ends[row] = start + begin, start + begin + len(rest)
    if not lines.is_blank[row]:
        for flag in flags:
            lines.flag(row, flag)


def _without_prefix(line: bytes) -> tuple[bytes, list[str]]:
    flags: list[str] = []
    while True:
        if line[:1] == b"\0":
            line = line.lstrip(b"\0")
            flags.append("nul_stripped")
        elif line.startswith(_BOM):
            line = line[len(_BOM) :]
            flags.append("bom")
        elif line[:1] in (b" ", b"\t", b"\r", b"\x1e"):
            line = line.lstrip(b" \t\r\x1e")
        else:
            return line, list(dict.fromkeys(flags))


def _sort_out_nan(chunk: Chunk, lines: Sorted) -> None:
    """Find lines with NaN or Infinity as a value, which DuckDB takes for JSON: they go to the repairs, which flag them."""
    array = np.frombuffer(chunk.buffer, np.uint8)
    found = []
    for word in (b"NaN", b"Infinity"):
        at = pair_positions(chunk.buffer, len(array), word[:2])
        for i, byte in enumerate(word[2:], 2):
            at = at[at + i < len(array)]
            at = at[array[at + i] == byte]
        found.append(at)
    at = np.concatenate(found)
    if not len(at):
        return
    rows = np.unique(np.searchsorted(lines.starts, at, side="right") - 1)
    view = memoryview(chunk.buffer)
    for row in rows[rows >= 0].tolist():
        if lines.is_good[row]:
            try:
                orjson.loads(view[int(lines.starts[row]) : int(lines.ends[row])])
            except orjson.JSONDecodeError:
                lines.is_good[row] = False
