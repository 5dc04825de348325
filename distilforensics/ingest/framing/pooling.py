"""Puts the chunks of many small sources together, so that 10,000 files of one record each become a few row groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from distilforensics.ingest.framing.records import CHUNK_BYTES, Chunk, Refusal, Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


@dataclass(slots=True)
class Framed:
    """What a framer found in a stretch of a source."""

    chunk: Chunk | None
    n_lines: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    n_blank: int = 0
    """Lines that hold no record, beyond those that are found to be blank later."""
    beside: Chunk | None = None
    """Records between those of the chunk that are read in another way."""


@dataclass(slots=True)
class Pool:
    """Chunks that wait for company. Full at `CHUNK_BYTES`, an amount that the content alone decides."""

    chunks: dict[tuple[str, bool, bool, bool, bool, bool], list[Chunk]] = field(default_factory=dict)
    n_lines: dict[int, int] = field(default_factory=dict)
    n_blank: dict[int, int] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    n_bytes: int = 0

    def add(self, source: int, framed: Framed) -> None:
        """Add what was found in a source."""
        self.n_lines[source] = self.n_lines.get(source, 0) + framed.n_lines
        self.n_blank[source] = self.n_blank.get(source, 0) + framed.n_blank
        self.refusals += framed.refusals
        for chunk in (framed.chunk, framed.beside):
            if chunk is not None and len(chunk):
                self.chunks.setdefault(_kind(chunk), []).append(chunk)
                self.n_bytes += weight(chunk)

    @property
    def is_full(self) -> bool:
        """Enough for a row group."""
        return self.n_bytes >= CHUNK_BYTES

    @property
    def is_empty(self) -> bool:
        """Nothing was added since the last `take`."""
        return not (self.n_lines or self.refusals)

    def take(self) -> Unit:
        """Return everything as one unit and begin again."""
        unit = Unit(
            [merge(chunks) for _, chunks in sorted(self.chunks.items())], self.n_lines, self.n_blank, self.refusals
        )
        self.chunks, self.n_lines, self.n_blank, self.refusals, self.n_bytes = {}, {}, {}, [], 0
        return unit


def _kind(chunk: Chunk) -> tuple[str, bool, bool, bool, bool, bool]:
    """Return what chunks must have in common to become one."""
    has_texts, has_cells = chunk.texts is not None, chunk.cells is not None
    return chunk.reader.key, chunk.is_text, chunk.is_array, chunk.are_lines, has_texts, has_cells


def weight(chunk: Chunk) -> int:
    """Return the bytes that a chunk counts for in a unit."""
    return int(chunk.ends[-1] - chunk.starts[0]) if len(chunk) else 0


def merge(chunks: Sequence[Chunk]) -> Chunk:
    """Return one chunk with the records of several of the same kind."""
    if len(chunks) == 1:
        return chunks[0]
    buffer = bytearray()
    bases: list[int] = []
    flags: dict[int, list[str]] = {}
    n = 0
    for chunk in chunks:
        first, last = int(chunk.starts[0]), int(chunk.ends[-1])
        bases.append(len(buffer) - first)
        buffer += memoryview(chunk.buffer)[first:last]
        buffer += b"\n"
        flags |= {row + n: names for row, names in chunk.flags.items()}
        n += len(chunk)
    head = chunks[0]
    return Chunk(
        reader=head.reader,
        buffer=buffer,
        starts=np.concatenate([chunk.starts + base for chunk, base in zip(chunks, bases, strict=True)]),
        ends=np.concatenate([chunk.ends + base for chunk, base in zip(chunks, bases, strict=True)]),
        sources=np.concatenate([chunk.sources for chunk in chunks]),
        lines=np.concatenate([chunk.lines for chunk in chunks]),
        offsets=np.concatenate([chunk.offsets for chunk in chunks]),
        are_lines=head.are_lines,
        is_suspect=None if head.are_lines else np.concatenate([suspects_of(chunk) for chunk in chunks]),
        is_text=head.is_text,
        is_array=head.is_array,
        flags=flags,
        texts=[text for chunk in chunks for text in chunk.texts or ()] if head.texts is not None else None,
        cells=_joined_cells(chunks),
        refusals=[refusal for chunk in chunks for refusal in chunk.refusals],
        beginnings=tuple(sorted({b for chunk in chunks for b in chunk.beginnings})[:8]),
    )


def _joined_cells(chunks: Sequence[Chunk]) -> pa.Table | None:
    """Return the cells of several chunks; tables may have different columns."""
    found = [chunk.cells for chunk in chunks if chunk.cells is not None]
    return pa.concat_tables(found, promote_options="permissive") if found else None


def suspects_of(chunk: Chunk) -> npt.NDArray[np.bool_]:
    """Return which records of a chunk are no objects for sure."""
    return np.zeros(len(chunk), np.bool_) if chunk.is_suspect is None else chunk.is_suspect
