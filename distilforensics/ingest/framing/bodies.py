"""Bodies that a gateway stored apart from its records: each file is one record, whatever stands in it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

from distilforensics.core.units import size
from distilforensics.ingest.framing.pooling import Framed
from distilforensics.ingest.framing.records import CHUNK_BYTES, PREFIX_BYTES, Chunk, Refusal, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.ingest.evidence.decoding import DecodedStream
    from distilforensics.ingest.framing.records import Reader, Sniffed


def frame_body(
    stream: DecodedStream, source: int, reader: Reader, sniffed: Sniffed, max_line_bytes: int
) -> Iterator[Framed]:
    """Yield a whole stream as one record, in the place where its record would have had it; a damaged or too long one is refused."""
    raw, refusal = _whole(stream, source, max_line_bytes)
    n_lines = raw.count(b"\n") + (not raw.endswith(b"\n"))
    if refusal is not None:
        yield Framed(None, n_lines, [refusal])
        return
    side = "input" if "_input." in sniffed.body_name else "output"
    place = f'{{"bodyName":{orjson.dumps(sniffed.body_name).decode()},"{side}":{{"{side}BodyJson":'
    chunk = Chunk(
        reader=reader,
        buffer=raw,
        starts=column(0, 1),
        ends=column(len(raw.rstrip()), 1),
        sources=column(source, 1),
        lines=column(1, 1),
        offsets=column(0, 1),
        are_lines=False,
        flags={0: stream.flags} if stream.flags else {},
        texts=[place.encode() + raw.removeprefix(b"\xef\xbb\xbf") + b"}}"],
    )
    yield Framed(chunk, n_lines)


def _whole(stream: DecodedStream, source: int, limit: int) -> tuple[bytes, Refusal | None]:
    """Return the bytes of a stream, or why they are not read; of a stream beyond the limit no more than its beginning is kept."""
    digest, kept, n = hashlib.sha256(), bytearray(), 0
    block = memoryview(bytearray(CHUNK_BYTES // 8))
    while filled := stream.readinto(block):
        digest.update(block[:filled])
        n += filled
        kept += block[: filled if n <= limit else max(0, PREFIX_BYTES - len(kept))]
    raw = bytes(kept)
    if n > limit:
        why = ("line_too_long", f"{size(n)}, expected at most {size(limit)}; raise the limit with --max-line-bytes")
        return b"", Refusal(source, 1, 0, n, *why, raw[:PREFIX_BYTES], digest.hexdigest())
    if stream.damage is not None:
        return raw, Refusal.of(raw, (source, 1, 0), (stream.damage.reason, stream.damage.detail))
    return raw, None
