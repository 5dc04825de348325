"""The bytes of one record, read again from its source: what a citation shows."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from distilforensics.ingest.evidence.decoding import DecodedStream
from distilforensics.ingest.evidence.raw import HashThreads, RawFile
from distilforensics.ingest.framing.parquet_records import _text, open_parquet
from distilforensics.ingest.options import IngestOptions

if TYPE_CHECKING:
    from pathlib import Path

_SKIP_BYTES = 1 << 20


def read_record(path: Path, line: int, offset: int | None, length: int | None) -> bytes:
    """Return the bytes that the ingest hashed as `raw_sha256`; fewer or none if the source ends before.

    Args:
        path: The source, which is opened read-only.
        line: Physical line, or row number for Parquet.
        offset: Byte offset in the decompressed stream; None for Parquet, whose rows are canonical JSON.
        length: Bytes of the record; None for Parquet.

    Raises:
        InputRefusedError: the source cannot be read.
    """
    threads = HashThreads()
    raw = RawFile(path, threads, lambda _: None)
    try:
        if offset is None or length is None:
            return _row(raw, line)
        return _bytes(DecodedStream(raw, IngestOptions()), offset, length)
    finally:
        raw.close()
        threads.shutdown()


def _bytes(stream: DecodedStream, offset: int, length: int) -> bytes:
    left = offset
    while left:
        skipped = stream.readinto(memoryview(bytearray(min(left, _SKIP_BYTES))))
        if not skipped:
            return b""
        left -= skipped
    buffer = bytearray(length)
    return bytes(buffer[: stream.readinto(memoryview(buffer))])


def _row(raw: RawFile, number: int) -> bytes:
    file = open_parquet(raw)
    first = 1
    for group in range(file.num_row_groups):
        n_rows = file.metadata.row_group(group).num_rows
        if first <= number < first + n_rows:
            rows = (row for batch in file.iter_batches(1024, row_groups=[group]) for row in batch.to_pylist())
            return next((_text(row) for row in islice(rows, number - first, None)), b"")
        first += n_rows
    return b""
