"""Parquet logs as JSON objects, one per row, read in batches in the worker process; the line is the row number.

Objects are put together column by column. Where every column holds plain values, they are given to the projection as columns of text as well.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from distilforensics.core.errors import InputRefusedError
from distilforensics.core.text import show
from distilforensics.ingest.framing.pooling import Framed
from distilforensics.ingest.framing.records import CHUNK_BYTES, Chunk, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from distilforensics.ingest.evidence.raw import RawFile
    from distilforensics.ingest.framing.records import Reader

BATCH_ROWS = 8192
"""Rows decoded at once, if they are short."""

BATCH_BYTES = 8 << 20
"""Bytes of decoded values at once; rows that are longer than others on average come in smaller batches."""

SAMPLE_ROWS = 64

_ERRORS = (
    pa.ArrowException, OSError, ValueError, TypeError, OverflowError, ArithmeticError, KeyError, AssertionError, RecursionError,
)  # fmt: skip
"""What a damaged file makes Arrow and the conversion of its values raise."""


def open_parquet(raw: RawFile) -> pq.ParquetFile:
    """Return the file opened by Arrow.

    Raises:
        InputRefusedError: it cannot be read.
    """
    try:
        if raw.is_small:
            return pq.ParquetFile(io.BytesIO(raw.peek(raw.size)), page_checksum_verification=True)
        return pq.ParquetFile(pa.OSFile(str(raw.path), "rb"), page_checksum_verification=True)
    except _ERRORS as e:
        raise InputRefusedError(f"Parquet file cannot be read: {_first_line(e)}", where=str(raw.path)) from e


def _first_line(error: Exception) -> str:
    return show((str(error).splitlines() or [type(error).__name__])[0])[:300]


def sample_of(raw: RawFile, file: pq.ParquetFile) -> list[dict[str, Any]]:
    """Return the first rows as objects.

    Raises:
        InputRefusedError: the first page is damaged.
    """
    try:
        for batch in file.iter_batches(SAMPLE_ROWS):
            return [orjson.loads(_text(row)) for row in batch.to_pylist()]
    except _ERRORS as e:
        raise InputRefusedError(f"Parquet file is damaged: {_first_line(e)}", where=str(raw.path)) from e
    return []


def frame_parquet(
    raw: RawFile, file: pq.ParquetFile, source: int, reader: Reader, *, as_cells: bool = False
) -> Iterator[Framed]:
    """Yield the rows of a file in chunks; `as_cells` if they may be given as columns of text.

    Raises:
        InputRefusedError: a page is damaged; nothing of the file is used then, since Parquet has no way to go on.
    """
    gathered, first = _Rows(), 1
    try:
        for batch in file.iter_batches(
            _batch_rows(file), use_threads=False
        ):  # on small batches, threads double the time
            gathered.add(batch, as_cells=as_cells)
            if gathered.n_bytes >= CHUNK_BYTES:
                yield _framed(gathered, first, source, reader)
                first, gathered = first + gathered.n, _Rows()
    except _ERRORS as e:
        raise InputRefusedError(f"Parquet file is damaged: {_first_line(e)}", where=str(raw.path)) from e
    yield _framed(gathered, first, source, reader)


def _batch_rows(file: pq.ParquetFile) -> int:
    metadata = file.metadata
    n_rows: int = metadata.num_rows
    n_bytes: int = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    return max(64, min(BATCH_ROWS, BATCH_BYTES * n_rows // max(1, n_bytes)))


@dataclass(slots=True)
class _Rows:
    """Rows on their way into a chunk."""

    texts: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    lengths: list[npt.NDArray[np.int64]] = field(default_factory=list)
    """Bytes of each row."""
    cells: list[pa.Table] = field(default_factory=list)
    """Empty if they cannot be given as columns of text."""
    n: int = 0
    n_bytes: int = 0
    are_cells: bool = True

    def add(self, batch: pa.RecordBatch, *, as_cells: bool) -> None:
        """Add the rows of a batch."""
        columns, cells = _columns_of(batch)
        text, lengths = _joined([_text(row) for row in batch.to_pylist()] if columns is None else _objects(columns))
        self.texts.append(text)
        self.lengths.append(lengths)
        self.n += batch.num_rows
        self.n_bytes += len(text)
        self.are_cells = self.are_cells and as_cells and cells is not None
        if self.are_cells and cells is not None:
            self.cells.append(pa.table(cells))


def _framed(rows: _Rows, first: int, source: int, reader: Reader) -> Framed:
    cells = pa.concat_tables(rows.cells) if rows.are_cells and rows.cells else None
    lengths = np.concatenate([np.empty(0, np.int64), *rows.lengths])
    ends = np.cumsum(lengths)
    starts = ends - lengths
    buffer = np.concatenate([np.empty(0, np.uint8), *rows.texts]).data
    chunk = Chunk(
        reader=reader,
        buffer=buffer,
        starts=starts,
        ends=ends,
        sources=column(source, rows.n),
        lines=np.arange(first, first + rows.n),
        offsets=column(-1, rows.n),
        are_lines=False,
        texts=None
        if cells is not None
        else [bytes(buffer[start:end]) for start, end in zip(starts, ends, strict=True)],
        cells=cells,
    )
    return Framed(chunk, rows.n)


_NEEDS_ESCAPE = '[\\x00-\\x1f"\\\\]'
"""Characters that JSON does not hold as they are."""

_IS_ESCAPED = np.isin(np.arange(256), [*range(0x20), *b'"\\'])
"""The same as bytes."""

_SIGNED = (
    pa.types.is_int8,
    pa.types.is_int16,
    pa.types.is_int32,
    pa.types.is_int64,
    pa.types.is_uint8,
    pa.types.is_uint16,
    pa.types.is_uint32,
)
_UTC = ("UTC", "Etc/UTC", "GMT", "+00:00")


@dataclass(frozen=True, slots=True)
class _Written:
    """The values of a column as JSON."""

    values: pa.Array
    """Without the quotes of texts; NULL where there is no value."""
    quote: str
    text: pa.Array | None
    """What a reader of this JSON gets as text; None if the values are no plain ones."""


def _columns_of(batch: pa.RecordBatch) -> tuple[dict[str, _Written] | None, dict[str, pa.Array] | None]:
    """Return each column as JSON and as text; None for both if names repeat or there are none, None for the texts if a column has none."""
    names = batch.schema.names
    if len(set(names)) < len(names) or not names:
        return None, None
    written = {name: _written(values) for name, values in zip(names, batch.columns, strict=True)}
    texts = {
        name: of_name.text.cast(pa.large_string()) for name, of_name in written.items() if of_name.text is not None
    }
    return written, texts if len(texts) == len(written) else None


def _written(column: pa.Array) -> _Written:
    """Return a column as JSON, with the same bytes as `_text` writes."""
    kind = column.type
    if pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type):
        column, kind = column.dictionary_decode(), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _written_texts(column)
    if any(is_one(kind) for is_one in _SIGNED) or pa.types.is_boolean(kind):
        text = column.cast(pa.large_string())
        return _Written(text, "", text)
    if pa.types.is_float64(kind) or pa.types.is_float32(kind):
        return _written_numbers(column)
    if pa.types.is_timestamp(kind) and kind.unit != "ns" and (kind.tz is None or kind.tz in _UTC):
        return _written_times(column)
    if pa.types.is_null(kind):
        return _Written(column.cast(pa.large_string()), "", column.cast(pa.large_string()))
    values = [
        None if value is None else orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS)
        for value in column.to_pylist()
    ]
    return _Written(pa.array(values, pa.large_binary()).view(pa.large_string()), "", None)


def _written_texts(column: pa.Array) -> _Written:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        column.to_pylist()  # raises, and says which byte it is
    column = column.cast(pa.large_string())
    content = column.buffers()[2]
    if content is None or not _IS_ESCAPED[np.frombuffer(content, np.uint8)].any():
        return _Written(column, '"', column)
    is_escaped = pc.fill_null(pc.match_substring_regex(column, _NEEDS_ESCAPE), fill_value=False)
    escaped = [orjson.dumps(value)[1:-1] for value in column.filter(is_escaped).to_pylist()]
    replaced = pa.array(escaped, pa.large_binary()).view(pa.large_string())
    has_nul = any(b"\\u00" in value for value in escaped)
    return _Written(pc.replace_with_mask(column, is_escaped, replaced), '"', None if has_nul else column)


def _scalar(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


_NOTHING, _END, _EMPTY = _scalar(""), _scalar("}"), _scalar(",}")


def _written_numbers(column: pa.Array) -> _Written:
    """Return real numbers as they are written; readers write very large and very small ones in other ways."""
    present = column.drop_null().to_pylist()
    if not present:
        nothing = pa.nulls(len(column), pa.large_string())
        return _Written(nothing, "", nothing)
    texts = pa.array(orjson.dumps(present)[1:-1].decode().split(","), pa.large_string())
    position = pc.subtract(pc.cumulative_sum(column.is_valid().cast(pa.int64())), 1)
    written = texts.take(pc.if_else(column.is_valid(), position, None))
    sizes = np.abs(np.array(present))
    is_simple = bool(((sizes == 0) | ((sizes >= 1e-3) & (sizes < 1e15))).all())
    return _Written(written, "", written if is_simple else None)


def _written_times(column: pa.Array) -> _Written:
    """Return times in ISO notation; those of years that Python does not know raise as they do there."""
    instants = column.cast(pa.timestamp("us", column.type.tz)).cast(pa.int64())
    if (
        len(instants.drop_null())
        and not _FIRST_YEAR <= pc.min(instants).as_py() <= pc.max(instants).as_py() <= _LAST_YEAR
    ):
        column.to_pylist()
    values = np.asarray(pc.fill_null(instants, 0)).astype("datetime64[us]")
    texts = pa.array(np.datetime_as_string(values, unit="us"), pa.large_string())
    texts = pc.replace_substring_regex(texts, r"\.000000$", "")
    if column.type.tz is not None:
        texts = pc.binary_join_element_wise(texts, _scalar("Z"), _NOTHING)
    texts = pc.if_else(column.is_valid(), texts, None)
    return _Written(texts, '"', texts)


_FIRST_YEAR, _LAST_YEAR = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Microseconds of the first and the last moment of years that Python knows."""


def _objects(columns: dict[str, _Written]) -> pa.Array:
    """Return objects of columns that are JSON: sorted keys, absent fields left out."""
    pieces: list[pa.Array | pa.Scalar] = []
    for name, of_name in sorted(columns.items()):
        piece = (_scalar(f",{orjson.dumps(name).decode()}:{of_name.quote}"), of_name.values, _scalar(of_name.quote))
        pieces += [pc.binary_join_element_wise(*piece, _NOTHING)] if of_name.values.null_count else piece
    rows = pc.binary_join_element_wise(*pieces, _END, _NOTHING, null_handling="replace", null_replacement="")
    return pc.if_else(pc.equal(rows, _END), _EMPTY, rows)


def _joined(objects: pa.Array | list[bytes]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the bytes of objects one after the other and the length of each; `_objects` leaves a comma where each begins."""
    rows = objects if isinstance(objects, pa.Array) else pa.array(objects, pa.large_binary())
    offsets = np.frombuffer(rows.buffers()[1], np.int64)[: len(rows) + 1]
    text = np.frombuffer(rows.buffers()[2], np.uint8)[: int(offsets[-1])].copy()
    text[offsets[:-1]] = ord("{")
    return text, np.diff(offsets)


def _text(row: dict[str, Any]) -> bytes:
    """Return a row as canonical JSON: sorted keys, absent fields left out."""
    present = {key: _plain(value) for key, value in row.items() if value is not None}
    return orjson.dumps(present, option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return a value that JSON has; times as ISO text in UTC, maps as objects, bytes as text or base64."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        if value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
            return {str(key): _plain(item) for key, item in value}
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return _bytes_as_text(value)
    if isinstance(value, dt.datetime):
        return _time(value)
    if isinstance(value, dt.date | dt.time | decimal.Decimal):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return str(value)
    return value


def _bytes_as_text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _time(value: dt.datetime) -> str:
    """Return an ISO time; with a Z if the column has a zone, naive otherwise."""
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat() + "Z"
