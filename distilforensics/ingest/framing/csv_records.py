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
import pyarrow as pa

from distilforensics.core.text import has_raw_bytes, is_utf8, without_raw_bytes
from distilforensics.ingest.catalogue.aliases import normalised, target_of
from distilforensics.ingest.evidence.code_pages import as_text
from distilforensics.ingest.framing.line_chunks import note_damage
from distilforensics.ingest.framing.lines import LineReader
from distilforensics.ingest.framing.plain_rows import plain_rows
from distilforensics.ingest.framing.pooling import Framed
from distilforensics.ingest.framing.records import CHUNK_BYTES, Chunk, Refusal, column
from distilforensics.ingest.framing.sniffing import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from distilforensics.ingest.evidence.decoding import DecodedStream
    from distilforensics.ingest.framing.lines import LineBlock
    from distilforensics.ingest.framing.plain_rows import PlainRows
    from distilforensics.ingest.framing.records import Reader, Sniffed

_GUARDED = re.compile(r"'(?:[=+\-@\t\r]|\d+$)")
_BOM = b"\xef\xbb\xbf"

_AHEAD_BYTES = 1 << 21
"""Bytes whose plain rows are found at once."""

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
    plain: list[_Plain] = field(default_factory=list)
    n_bytes: int = 0
    n_lines: int = 0
    n_blank: int = 0


@dataclass(frozen=True, slots=True)
class _Plain:
    """Plain rows that follow each other."""

    raw: bytes
    starts: npt.NDArray[np.int64]
    """Positions in `raw`."""
    ends: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    cells: pa.Table


@dataclass(slots=True)
class _Ahead:
    """What is known of the next lines of a block."""

    header: tuple[str, ...]
    first: int
    rows: PlainRows
    n_before: npt.NDArray[np.int64]
    """Plain rows before each line."""


class _LineSource:
    """Physical lines for the CSV parser, which takes as many as a row needs; they can be given back."""

    def __init__(self, reader: LineReader, gathered: CsvReader) -> None:
        self._blocks = iter(reader)
        self._block: LineBlock | None = None
        self._next = 0
        """Number of the next line in the block."""
        self._returned: deque[_Line] = deque()
        self._owner = gathered
        self._ahead: _Ahead | None = None
        self.taken: list[_Line] = []

    def __iter__(self) -> _LineSource:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else self._line()
        self.taken.append(line)
        if len(self.taken) > MAX_ROW_LINES or sum(map(len, (line.raw,))) > self._owner.limit:
            raise csv.Error("the row does not end")
        return as_text(line.raw, self._owner.code_page)

    def _line(self) -> _Line:
        block = self._load()
        if block is None:
            raise StopIteration
        i, self._next = self._next, self._next + 1
        start, end = int(block.starts[i]), min(int(block.ends[i]) + 1, block.n_bytes)
        return _Line(int(block.numbers[i]), block.offset + start, bytes(memoryview(block.buffer)[start:end]))

    def _load(self) -> LineBlock | None:
        """Return the block with the next line, None at the end."""
        while self._block is None or self._next >= len(self._block.starts):
            self._block, self._next, self._ahead = next(self._blocks, None), 0, None
            if self._block is None:
                return None
            self._owner.note_block(self._block)
        return self._block

    def plain(self, header: tuple[str, ...], delimiter: str) -> _Plain | None:
        """Return the plain rows that come next, taken; None if the next line is none."""
        block = None if self._returned else self._load()
        if block is None:
            return None
        ahead = self._ahead
        if ahead is None or ahead.header is not header or self._next >= ahead.first + len(ahead.rows.is_plain):
            ahead = self._ahead = self._look_ahead(block, header, delimiter)
        at = self._next - ahead.first
        if not ahead.rows.is_plain[at]:
            return None
        n = int(np.argmin(ahead.rows.is_plain[at:])) or len(ahead.rows.is_plain) - at
        first, self._next = self._next, self._next + n
        starts, ends = block.starts[first : first + n], ahead.rows.ends[at : at + n]
        begin = int(starts[0])
        return _Plain(
            bytes(memoryview(block.buffer)[begin : int(ends[-1])]),
            starts - begin,
            ends - begin,
            block.numbers[first : first + n],
            block.offset + starts,
            ahead.rows.cells.slice(int(ahead.n_before[at]), n),
        )

    def _look_ahead(self, block: LineBlock, header: tuple[str, ...], delimiter: str) -> _Ahead:
        first = self._next
        last = max(first + 1, int(np.searchsorted(block.ends, block.starts[first] + _AHEAD_BYTES)))
        rows = plain_rows(block.buffer, block.starts[first:last], block.ends[first:last], header, delimiter)
        return _Ahead(header, first, rows, np.cumsum(rows.is_plain) - rows.is_plain)

    def give_back(self, lines: list[_Line]) -> None:
        """Put lines back in front."""
        self._returned.extendleft(reversed(lines))


class CsvReader:
    """Turns a CSV stream into chunks."""

    def __init__(
        self,
        stream: DecodedStream,
        source: int,
        reader: Reader,
        sniffed: Sniffed,
        max_row_bytes: int,
        *,
        as_cells: bool = False,
    ) -> None:
        """Begin at the stream's position; arguments as for `frame_csv`."""
        csv.field_size_limit(max(max_row_bytes, 131_072))
        self.limit = max_row_bytes
        self.code_page = sniffed.code_page
        self._stream = stream
        self._source = source
        self._reader = reader
        self._sniffed = sniffed
        self._lines = _LineSource(LineReader(stream, source, max_row_bytes), self)
        self._now = _Gathered()
        self._header = sniffed.header
        self._names = _by_meaning(sniffed.header)
        self._n_preamble = sniffed.n_preamble
        is_cut_only = not (sniffed.is_copy_text or sniffed.is_padded) and sniffed.delimiter.isascii()
        self._as_cells = as_cells and is_cut_only

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
            is_over = not self._take_plain() and self._row()
            if self._now.n_bytes >= CHUNK_BYTES or is_over:
                yield self._take()

    def _take_plain(self) -> bool:
        """Take the plain rows that come next and tell whether there were any."""
        header = self._header
        is_clear = all(header) and len(set(header)) == len(header)
        if not self._as_cells or self._n_preamble > 0 or not is_clear:
            return False
        found = self._lines.plain(header, self._sniffed.delimiter)
        if found is not None:
            self._now.plain.append(found)
            self._now.n_bytes += len(found.raw)
        return found is not None

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
        stripped = tuple(without_raw_bytes(cell.strip().lstrip("\ufeff")) for cell in cells)
        if not any(stripped) or named(stripped) == self._sniffed.header == self._header:
            self._now.n_blank += len(taken)
        elif _is_header(stripped, self._names):
            self._header = tuple(map(self._name, stripped))
            self._now.n_blank += len(taken)
        elif len(cells) != len(self._header):
            self._refuse(taken, "ragged_row", f"{len(cells)} cells, expected {len(self._header)}")
        else:
            self._keep(cells, taken)

    def _name(self, cell: str) -> str:
        """Return the name of a column of a joined table as the first header calls what it means, by which the mapping knows it."""
        return cell if cell in self._sniffed.header else self._names.get(_meaning(cell), cell)

    def _keep(self, cells: list[str], taken: list[_Line]) -> None:
        raw = b"".join([line.raw for line in taken])
        flags = ["transcoded"] if self.code_page and not is_utf8(raw) else []
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
        return Framed(chunk, now.n_lines, now.refusals, now.n_blank, self._plain_chunk(now.plain))

    def _plain_chunk(self, found: list[_Plain]) -> Chunk | None:
        if not found:
            return None
        bases = np.cumsum([0, *(len(rows.raw) for rows in found)])[:-1]
        n = sum(len(rows.starts) for rows in found)
        return Chunk(
            reader=self._reader,
            buffer=b"".join([rows.raw for rows in found]),
            starts=np.concatenate([rows.starts + base for rows, base in zip(found, bases, strict=True)]),
            ends=np.concatenate([rows.ends + base for rows, base in zip(found, bases, strict=True)]),
            sources=column(self._source, n),
            lines=np.concatenate([rows.lines for rows in found]),
            offsets=np.concatenate([rows.offsets for rows in found]),
            are_lines=False,
            flags={row: list(self._stream.flags) for row in range(n)} if self._stream.flags else {},
            cells=pa.concat_tables([rows.cells for rows in found], promote_options="default"),
        )


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
    if cell and not cell.isascii() and has_raw_bytes(cell):
        flags.append("invalid_utf8")
        cell = without_raw_bytes(cell)
    if cell[:1] in ("{", "["):
        return _embedded(cell, flags)
    return cell


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
    stream: DecodedStream, source: int, reader: Reader, sniffed: Sniffed, max_row_bytes: int, *, as_cells: bool = False
) -> Iterator[Framed]:
    """Yield the rows of a CSV stream in chunks; with `as_cells` plain rows may be given as columns of text."""
    return CsvReader(stream, source, reader, sniffed, max_row_bytes, as_cells=as_cells).framed()
