"""From a decoded stream to chunks of records, for every kind of framing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.ingest.framing.lines import LineBlock, LineReader
from distilforensics.ingest.framing.pooling import Framed
from distilforensics.ingest.framing.records import Chunk, Refusal, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.ingest.evidence.decoding import Damage, DecodedStream
    from distilforensics.ingest.framing.records import Reader, Sniffed


def frame_lines(
    stream: DecodedStream, source: int, reader: Reader, sniffed: Sniffed, max_line_bytes: int
) -> Iterator[Framed]:
    """Yield the physical lines of a stream in chunks; of a damaged stream the unfinished last line is refused."""
    for block in LineReader(stream, source, max_line_bytes):
        if block.is_last and stream.damage is not None:
            note_damage(block, source, stream.damage)
        n = len(block.starts)
        flags: dict[int, list[str]] = {0: ["nul_stripped"]} if block.has_nul_run and n else {}
        if stream.flags:
            flags = {row: [*flags.get(row, []), *stream.flags] for row in range(n)}
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
        yield Framed(chunk, block.n_lines, block.refusals)


def note_damage(block: LineBlock, source: int, damage: Damage) -> None:
    """Refuse the line at which a damaged stream breaks off instead of reading it; if it breaks off between two lines, the missing one."""
    why = (damage.reason, damage.detail)
    if not block.is_unfinished:
        place = (source, block.next_number, block.offset + block.n_bytes)
        block.refusals.append(Refusal.of(b"", place, why))
        block.n_lines += 1
    elif len(block.starts) and int(block.numbers[-1]) == block.next_number - 1:
        start = int(block.starts[-1])
        raw = memoryview(block.buffer)[start : block.n_bytes]
        block.starts, block.ends, block.numbers = block.starts[:-1], block.ends[:-1], block.numbers[:-1]
        block.refusals.append(Refusal.of(raw, (source, block.next_number - 1, block.offset + start), why))
    else:  # the unfinished line was too long to load and is refused already
        block.refusals[-1].reason, block.refusals[-1].detail = why
