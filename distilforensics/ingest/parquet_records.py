"""Parquet logs as JSON objects, one per row, read in batches in the worker process; the line is the row number."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import hashlib
import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from distilforensics.core.errors import InputRefusedError
from distilforensics.core.text import show
from distilforensics.ingest.pooling import Framed
from distilforensics.ingest.records import CHUNK_BYTES, Chunk, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.ingest.raw import RawFile
    from distilforensics.ingest.records import Reader

BATCH_ROWS = 1024
"""Rows decoded at once."""

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


def frame_parquet(raw: RawFile, file: pq.ParquetFile, source: int, reader: Reader) -> Iterator[Framed]:
    """Yield the rows of a file in chunks.

    Raises:
        InputRefusedError: a page is damaged; nothing of the file is used then, since Parquet has no way to go on.
    """
    texts: list[bytes] = []
    n_bytes, first = 0, 1
    try:
        for batch in file.iter_batches(BATCH_ROWS):
            for row in batch.to_pylist():
                texts.append(_text(row))
                n_bytes += len(texts[-1])
            if n_bytes >= CHUNK_BYTES:
                yield _framed(texts, first, source, reader)
                first, texts, n_bytes = first + len(texts), [], 0
    except _ERRORS as e:
        raise InputRefusedError(f"Parquet file is damaged: {_first_line(e)}", where=str(raw.path)) from e
    yield _framed(texts, first, source, reader)


def _framed(texts: list[bytes], first: int, source: int, reader: Reader) -> Framed:
    n = len(texts)
    lengths = np.array([len(text) for text in texts], np.int64)
    ends = np.cumsum(lengths)
    chunk = Chunk(
        reader=reader,
        buffer=b"".join(texts),
        starts=ends - lengths,
        ends=ends,
        sources=column(source, n),
        lines=np.arange(first, first + n),
        offsets=column(-1, n),
        are_lines=False,
        texts=texts,
        digests=[hashlib.sha256(text).hexdigest() for text in texts],
    )
    return Framed(chunk, n)


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
