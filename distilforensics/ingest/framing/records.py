"""What travels from framing to the parts: records with their place in the source, and records that could not be read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pyarrow.parquet as pq

    from distilforensics.ingest.formats import Options

Buffer = bytearray | bytes | memoryview
"""Bytes of records; never changed after they have been filled."""

CHUNK_BYTES = 32 << 20
"""Decoded bytes that become one row group. Part of the output's identity: another value gives other bytes."""

QUARANTINE_BYTES = 4096
"""Bytes of a refused record that the quarantine keeps."""

PREFIX_BYTES = QUARANTINE_BYTES + 512
"""Bytes of a refused record that are searched for secrets, so that one which the quarantine would cut is still whole."""


@dataclass(slots=True)
class Refusal:
    """A record that could not be read, as the quarantine keeps it."""

    source: int
    """Index of the source in its batch."""
    line: int
    offset: int | None
    length: int | None
    reason: str
    detail: str
    prefix: bytes
    sha256: str
    order: int = -1
    """Place among the records of its chunk; -1 before them all."""
    sub_index: int = 0

    @classmethod
    def of(
        cls, raw: bytes | memoryview, place: tuple[int, int, int | None], why: tuple[str, str], order: int = -1
    ) -> Refusal:
        """Return the refusal of the bytes `raw` at `place` (source, line, offset) for `why` (reason, detail)."""
        source, line, offset = place
        digest = hashlib.sha256(raw).hexdigest()
        return cls(source, line, offset, len(raw), *why, bytes(raw[:PREFIX_BYTES]), digest, order)


@dataclass(frozen=True, slots=True)
class Reader:
    """How the records of a source become rows: a format, and the examiner's choices for it."""

    format: str
    choices: Options

    @property
    def key(self) -> str:
        """Equal for sources that one projection can read together; letters, digits and underscores."""
        mapping = self.choices.mapping
        if mapping is None:
            return self.format
        return f"{self.format}_{hashlib.sha256(json.dumps(mapping.as_parameters(), sort_keys=True).encode()).hexdigest()[:16]}"


@dataclass(slots=True)
class Sniffed:
    """How a source is framed and what its records look like."""

    kind: str
    """lines, document, csv, text, parquet, body; or refused, ignored."""
    reason: str | None = None
    records: list[Any] = field(default_factory=list)
    """Sampled records: objects, or text of lines that are none."""
    is_array: bool = False
    """Lines are elements of one JSON array."""
    page_key: str | None = None
    """Key of the list of records in a document that is one answer of an interface."""
    delimiter: str = ","
    header: tuple[str, ...] = ()
    beginnings: tuple[bytes, ...] = ()
    n_preamble: int = 0
    """Lines before the header of a table that are no rows, such as a title or `sep=;`."""
    is_wrapped: bool = False
    """The records stand inside of others, as text or in a list; the sampled ones are the inner ones."""
    has_listed_fields: bool = False
    """A line before the records lists their fields; so may later ones."""
    body_name: str = ""
    """Name by which a record refers to the file, if the file is a body that was stored apart."""
    is_copy_text: bool = False
    """Tab-separated text as PostgreSQL's COPY writes it: no quotes, escapes by backslash."""
    table: pq.ParquetFile | None = None
    """The opened file, if it is one of Parquet."""
    code_page: str | None = None
    """How lines of a table are written that are no UTF-8."""
    is_padded: bool = False
    """Cells have spaces around them, which belong to the table and not to the values."""


@dataclass(slots=True)
class Chunk:
    """Records of one format in order, with the buffer that holds their bytes; rows of one unit become one row group.

    `starts` and `ends` are positions in `buffer`; `offsets` are positions in the decoded stream, -1 where there are none.
    """

    reader: Reader
    buffer: Buffer
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    sources: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    are_lines: bool = True
    """Each record is a physical line with whatever surrounds it; otherwise exactly one record."""
    is_text: bool = False
    """Lines of text, not of JSON."""
    is_array: bool = False
    """The lines are elements of one JSON array: brackets and commas around them are no damage."""
    is_suspect: npt.NDArray[np.bool_] | None = None
    """Records that are no objects for sure and go to the repairs; only if they are no lines."""
    flags: dict[int, list[str]] = field(default_factory=dict)
    texts: list[bytes] | None = None
    """JSON texts to read instead of the bytes in the buffer (CSV)."""
    cells: pa.Table | None = None
    """Columns of text to read instead of the bytes in the buffer, if the records were cut into cells already."""
    refusals: list[Refusal] = field(default_factory=list)

    beginnings: tuple[bytes, ...] = ()
    """How records of these sources begin, for the search in torn lines."""

    def __len__(self) -> int:
        return len(self.starts)

    def release(self) -> None:
        """Give the bytes back as soon as rows have been made of them, before the rows are written."""
        self.buffer, self.texts, self.cells = b"", None, None


@dataclass(slots=True)
class Unit:
    """Chunks of several formats that together become one row group, ordered by source and position."""

    chunks: list[Chunk]
    n_lines: dict[int, int] = field(default_factory=dict)
    """Physical lines per source that this unit accounts for."""
    n_blank: dict[int, int] = field(default_factory=dict)
    """Lines per source without a record, such as headers, that are known before the lines are sorted."""
    refusals: list[Refusal] = field(default_factory=list)
    """Refusals outside of any chunk, such as damage of the stream."""


def column(value: int | Sequence[int] | npt.NDArray[Any], n: int) -> npt.NDArray[np.int64]:
    """Return an integer array of length `n`, repeating a single value."""
    if isinstance(value, int):
        return np.full(n, value, dtype=np.int64)
    return np.asarray(value, dtype=np.int64)


@dataclass(slots=True)
class Records:
    """The records found in the lines of a chunk; parallel arrays, with flags by index."""

    row: npt.NDArray[np.int64]
    """Line of the chunk."""
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    """Place among all records of the chunk; -1 if it turned out to be none."""
    text: pa.ChunkedArray
    flags: dict[int, list[str]]

    def __len__(self) -> int:
        return len(self.row)


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
    secrets: dict[tuple[int, str], int] = field(default_factory=dict)
    """(source, field) -> values in which raw secrets were replaced by keyed hashes."""
    first: tuple[int, int] = (-1, -1)
    """Source and line of the first record."""
    last: tuple[int, int, int] = (-1, -1, 0)
    """Source and line of the last record, and how many records that line has in this chunk."""


def lines_array(
    buffer: Buffer, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], *, is_exact: bool
) -> pa.LargeStringArray:
    """Return the lines of a buffer as Arrow strings without copying them, if they follow each other.

    Args:
        buffer: The bytes; must not change while the array lives.
        starts: Positions of the first bytes, ascending.
        ends: Positions after the last bytes.
        is_exact: Leave out what stands between the lines, such as line ends; JSON does not mind one LF or CR LF.
    """
    n = len(starts)
    data = pa.py_buffer(buffer)
    if not n:
        return pa.array([], pa.large_string())
    if not is_exact and _are_adjacent(buffer, starts, ends):
        offsets = np.append(starts, ends[-1])
        return pa.LargeStringArray.from_buffers(n, pa.py_buffer(offsets), data)
    offsets = np.empty(2 * n, np.int64)
    offsets[0::2] = starts
    offsets[1::2] = ends
    with_gaps = pa.LargeStringArray.from_buffers(2 * n - 1, pa.py_buffer(offsets), data)
    return with_gaps.take(pa.array(np.arange(0, 2 * n - 1, 2)))


def _are_adjacent(buffer: Buffer, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> bool:
    gaps = starts[1:] - ends[:-1]
    if len(gaps) and (gaps.min() < 0 or gaps.max() > 2):
        return False
    array = np.frombuffer(buffer, np.uint8)
    between = np.concatenate(
        [array[ends[:-1][gaps == 1]], array[ends[:-1][gaps == 2]], array[ends[:-1][gaps == 2] + 1]]
    )
    return bool(np.isin(between, (10, 13, 32)).all())
