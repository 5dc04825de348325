"""From a decoded stream to chunks of records, for every kind of framing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.ingest.lines import LineBlock, LineReader
from distilforensics.ingest.pooling import Framed
from distilforensics.ingest.records import Chunk, Refusal, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.ingest.decoding import Damage, DecodedStream
    from distilforensics.ingest.projection import Reader
    from distilforensics.ingest.sniffing import Sniffed


def frame_lines(
    stream: DecodedStream, source: int, reader: Reader, sniffed: Sniffed, max_line_bytes: int
) -> Iterator[Framed]:
    """Yield the physical lines of a stream in chunks; of a damaged stream the unfinished last line is refused."""
    for block in LineReader(stream, source, max_line_bytes):
        refusals, n_lines = block.too_long, block.n_lines
        if block.is_last and stream.damage is not None:
            n_before = len(block.starts)
            refusals = [*refusals, damaged_line(block, source, stream.damage)]
            n_lines += len(block.starts) == n_before
        n = len(block.starts)
        flags: dict[int, list[str]] = {0: ["nul_stripped"]} if block.has_nul_run and n else {}
        if stream.encoding != "utf-8":
            flags = {row: [*flags.get(row, []), "transcoded"] for row in range(n)}
        chunk = Chunk(
            reader=reader,
            buffer=block.buffer,
            starts=block.starts,
            ends=block.ends,
            sources=column(source, n),
            lines=block.numbers,
            offsets=block.starts + block.offset,
            is_text=sniffed.kind == "text",
            is_array=sniffed.is_array,
            flags=flags,
            beginnings=sniffed.beginnings,
        )
        yield Framed(chunk, n_lines, refusals)


def damaged_line(block: LineBlock, source: int, damage: Damage) -> Refusal:
    """Return the refusal of the line at which a damaged stream breaks off, and take that line out of the block."""
    number, start = block.next_number, block.n_bytes
    if block.is_unfinished and len(block.starts) and int(block.numbers[-1]) == number - 1:
        number, start = number - 1, int(block.starts[-1])
        block.starts, block.ends, block.numbers = block.starts[:-1], block.ends[:-1], block.numbers[:-1]
    raw = memoryview(block.buffer)[start : block.n_bytes]
    return Refusal.of(raw, (source, number, block.offset + start), (damage.reason, damage.detail))
