"""CSV exports as JSON objects, one per row, so that a table exported by psql looks like the same table exported as JSON lines.

Cells stay text, whatever they look like; an empty cell is an absent field; a cell that holds a JSON object or array is embedded as such.
A row that cannot be read costs its first physical line: reading goes on with the next line, even from within an open quote.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import orjson

from distilforensics.ingest.formats.aliases import normalised, target_of
from distilforensics.ingest.framing import note_damage
from distilforensics.ingest.lines import LineReader
from distilforensics.ingest.pooling import Framed
from distilforensics.ingest.records import CHUNK_BYTES, Chunk, Refusal, column
from distilforensics.ingest.sniffing import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from distilforensics.ingest.decoding import DecodedStream
    from distilforensics.ingest.lines import LineBlock
    from distilforensics.ingest.projection import Reader
    from distilforensics.ingest.sniffing import Sniffed

_GUARDED = re.compile(r"'(?:[=+\-@\t\r]|\d+$)")
_RAW_BYTE = re.compile("[\udc80-\udcff]")
_BOM = b"\xef\xbb\xbf"

MAX_ROW_LINES = 50_000
"""Physical lines of one row; an open quote is given up after that."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    offset: int
    raw: bytes
    """With its line end."""


@dataclass(slots=True)
class _Gathered:
    """Rows on their way into a chunk."""

    raws: list[bytes] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    flags: dict[int, list[str]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    n_bytes: int = 0
    n_lines: int = 0
    n_blank: int = 0


class _LineSource:
    """Physical lines for the CSV parser, which takes as many as a row needs; they can be given back."""

    def __init__(self, reader: LineReader, gathered: CsvReader) -> None:
        self._blocks = iter(reader)
        self._ready: deque[_Line] = deque()
        self._owner = gathered
        self.taken: list[_Line] = []

    def __iter__(self) -> _LineSource:
        return self

    def __next__(self) -> str:
        if not self._ready and not self._load():
            raise StopIteration
        line = self._ready.popleft()
        self.taken.append(line)
        if len(self.taken) > MAX_ROW_LINES or sum(map(len, (line.raw,))) > self._owner.limit:
            raise csv.Error("the row does not end")
        return line.raw.decode("utf-8", "surrogateescape")

    def _load(self) -> bool:
        for block in self._blocks:
            self._owner.note_block(block)
            view, last = memoryview(block.buffer), block.n_bytes
            spans = zip(block.starts.tolist(), block.ends.tolist(), block.numbers.tolist(), strict=True)
            self._ready.extend(
                _Line(number, block.offset + start, bytes(view[start : min(end + 1, last)]))
                for start, end, number in spans
            )
            if self._ready:
                return True
        return False

    def give_back(self, lines: list[_Line]) -> None:
        """Put lines back in front."""
        self._ready.extendleft(reversed(lines))


class CsvReader:
    """Turns a CSV stream into chunks."""

    def __init__(
        self, stream: DecodedStream, source: int, reader: Reader, sniffed: Sniffed, max_row_bytes: int
    ) -> None:
        """Begin at the stream's position; arguments as for `frame_csv`."""
        csv.field_size_limit(max(max_row_bytes, 131_072))
        self.limit = max_row_bytes
        self._stream = stream
        self._source = source
        self._reader = reader
        self._sniffed = sniffed
        self._lines = _LineSource(LineReader(stream, source, max_row_bytes), self)
        self._now = _Gathered()
        self._header = sniffed.header
        self._names = _by_meaning(sniffed.header)
        self._n_preamble = sniffed.n_preamble

    def note_block(self, block: LineBlock) -> None:
        """Account for the lines of a block before they are parsed."""
        if block.is_last and self._stream.damage is not None:
            note_damage(block, self._source, self._stream.damage)
        self._now.n_lines += block.n_lines
        self._now.refusals += block.refusals

    def framed(self) -> Iterator[Framed]:
        """Yield the rows in chunks."""
        is_over = False
        while not is_over:
            is_over = self._row()
            if self._now.n_bytes >= CHUNK_BYTES or is_over:
                yield self._take()

    def _row(self) -> bool:
        """Read one row and return whether the stream is over."""
        self._lines.taken = []
        if self._n_preamble > 0:
            self._n_preamble -= 1
            self._now.n_blank += next(self._lines, None) is not None
            return False
        try:
            cells = self._cells()
        except csv.Error as e:
            first, *others = self._lines.taken
            self._lines.give_back(others)
            self._refuse([first], "csv_malformed", f"{e}; expected {len(self._header)} cells")
            return False
        if cells is None:
            return True
        self._sort(cells, self._lines.taken)
        return False

    def _cells(self) -> list[str] | None:
        """Return the cells of the next row, None at the end."""
        if not self._sniffed.is_copy_text:
            padded = self._sniffed.is_padded
            rows = csv.reader(self._lines, delimiter=self._sniffed.delimiter, strict=True, skipinitialspace=padded)
            cells = next(rows, None)
            return [cell.strip() for cell in cells] if padded and cells else cells
        line = next(self._lines, None)
        return None if line is None else [_copied(cell) for cell in line.rstrip("\r\n").split("\t")]

    def _sort(self, cells: list[str], taken: list[_Line]) -> None:
        """Decide what a row is."""
        stripped = tuple(cell.strip().lstrip("\ufeff") for cell in cells)
        if not any(stripped) or named(stripped) == self._sniffed.header == self._header:
            self._now.n_blank += len(taken)
        elif _is_header(stripped, self._names):
            self._header = tuple(self._name(_readable(cell)) for cell in stripped)
            self._now.n_blank += len(taken)
        elif len(cells) != len(self._header):
            self._refuse(taken, "ragged_row", f"{len(cells)} cells, expected {len(self._header)}")
        else:
            self._keep(cells, taken)

    def _name(self, cell: str) -> str:
        """Return the name of a column of a joined table as the first header calls what it means, by which the mapping knows it."""
        return cell if cell in self._sniffed.header else self._names.get(_meaning(cell), cell)

    def _keep(self, cells: list[str], taken: list[_Line]) -> None:
        flags: list[str] = []
        raw = b"".join([line.raw for line in taken])
        record = {}
        for name, cell in zip(self._header, cells, strict=True):
            if cell:
                record[name] = _value(cell, flags)
        now = self._now
        row = len(now.raws)
        start = _bom_length(raw)
        now.raws.append(raw[start:].rstrip(b"\r\n"))
        now.texts.append(orjson.dumps(record))
        now.lines.append(taken[0].number)
        now.offsets.append(taken[0].offset + start)
        now.n_bytes += len(raw)
        flags = [*self._stream.flags, *flags]
        if flags:
            now.flags[row] = list(dict.fromkeys(flags))

    def _refuse(self, taken: list[_Line], reason: str, detail: str) -> None:
        raw = b"".join([line.raw for line in taken]).rstrip(b"\r\n")
        place = (self._source, taken[0].number, taken[0].offset)
        self._now.refusals.append(Refusal.of(raw, place, (reason, detail)))

    def _take(self) -> Framed:
        now, self._now = self._now, _Gathered()
        lengths = np.array([len(raw) for raw in now.raws], np.int64)
        ends = np.cumsum(lengths)
        chunk = Chunk(
            reader=self._reader,
            buffer=b"".join(now.raws),
            starts=ends - lengths,
            ends=ends,
            sources=column(self._source, len(now.raws)),
            lines=column(now.lines, len(now.raws)),
            offsets=column(now.offsets, len(now.raws)),
            are_lines=False,
            flags=now.flags,
            texts=now.texts,
        )
        return Framed(chunk, now.n_lines, now.refusals, now.n_blank)


_COPIED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_COPY_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def _copied(cell: str) -> str:
    """Return a cell that PostgreSQL's COPY wrote as text; a NULL is empty."""
    return "" if cell == "\\N" else _COPY_ESCAPE.sub(lambda match: _COPIED.get(match[1], match[1]), cell)


def _meaning(name: str) -> str:
    """Return the column that a name says, or the name without capitals and separators."""
    return target_of(name) or normalised(name)


def _by_meaning(header: tuple[str, ...]) -> dict[str, str]:
    """Return the names of a header by their meaning, without those that share one."""
    meanings = [_meaning(name) for name in header]
    return {meaning: name for meaning, name in zip(meanings, header, strict=True) if meanings.count(meaning) == 1}


def _is_header(cells: tuple[str, ...], names: Mapping[str, str]) -> bool:
    """Tell whether a row is the header of another table that was joined to this one: most of its names mean the same as those of the first."""
    if not all(cells) or any(cell[0].isdigit() for cell in cells) or len(set(cells)) < len(cells):
        return False
    n_common = len({_meaning(cell) for cell in cells} & names.keys())
    return n_common > 1 and 2 * n_common > min(len(cells), len(names))


def _bom_length(raw: bytes) -> int:
    return len(_BOM) if raw.startswith(_BOM) else 0


def _value(cell: str, flags: list[str]) -> str | orjson.Fragment:
    """Return a cell as JSON-ready value; what exporters did to it is undone and flagged."""
    if cell[0] == "'" and _GUARDED.match(cell):
        flags.append("csv_apostrophe")
        cell = cell[1:]
    elif cell[:2] == '="' and cell[-1] == '"':
        flags.append("csv_apostrophe")
        cell = cell[2:-1]
    if cell and not cell.isascii() and _has_raw_bytes(cell):
        flags.append("invalid_utf8")
        cell = _readable(cell)
    if cell[:1] in ("{", "["):
        return _embedded(cell, flags)
    return cell


def _readable(cell: str) -> str:
    r"""Return a cell with bytes that are no UTF-8 written as `\\xff`."""
    return cell if cell.isascii() else _RAW_BYTE.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", cell)


def _has_raw_bytes(cell: str) -> bool:
    return _RAW_BYTE.search(cell) is not None


def _embedded(cell: str, flags: list[str]) -> str | orjson.Fragment:
    """Return JSON in a cell as JSON, also if its quotes were doubled twice; other text as it is."""
    for text, name in ((cell, None), (cell.replace('""', '"'), "double_escaped")):
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if name:
            flags.append(name)
        return orjson.Fragment(text)
    return cell


def frame_csv(
    stream: DecodedStream, source: int, reader: Reader, sniffed: Sniffed, max_row_bytes: int
) -> Iterator[Framed]:
    """Yield the rows of a CSV stream in chunks.

    Args:
        stream: The decoded stream, at its beginning.
        source: Index of the source.
        reader: How its rows are projected.
        sniffed: Delimiter and header.
        max_row_bytes: Limit of a physical line.
    """
    return CsvReader(stream, source, reader, sniffed, max_row_bytes).framed()
