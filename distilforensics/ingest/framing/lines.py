"""Physical lines of a decoded stream, found block by block: a line ends at LF and nowhere else.

Blocks are cut at fixed amounts of decoded bytes, so that the same stream gives the same blocks on every machine.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from distilforensics.core.units import size
from distilforensics.ingest.framing.records import CHUNK_BYTES, PREFIX_BYTES, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from distilforensics.ingest.evidence.decoding import DecodedStream
    from distilforensics.ingest.framing.records import Buffer

_SCAN_BYTES = 1 << 18
"""Bytes scanned at once; fits into the second-level cache."""

LF, CR, NUL = 10, 13, 0


def pair_positions(buffer: Buffer, n: int, pair: bytes) -> npt.NDArray[np.int64]:
    """Return the positions of two bytes that follow each other; cheaper than `positions` where the pair is rare."""
    wanted = int.from_bytes(pair, sys.byteorder)
    found = []
    for shift in (0, 1):
        words = np.frombuffer(buffer, np.uint16, count=max(0, n - shift) // 2, offset=shift)
        for i in range(0, len(words), _SCAN_BYTES // 2):
            is_pair = words[i : i + _SCAN_BYTES // 2] == wanted
            if is_pair.any():
                found.append((np.flatnonzero(is_pair) + i) * 2 + shift)
    return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)


def positions(buffer: Buffer, n: int, byte: int) -> npt.NDArray[np.int64]:
    """Return the positions of a byte in the first `n` bytes of a buffer."""
    array = np.frombuffer(buffer, np.uint8, count=n) if n else np.empty(0, np.uint8)
    found = [np.flatnonzero(array[i : i + _SCAN_BYTES] == byte) + i for i in range(0, n, _SCAN_BYTES)]
    return np.concatenate(found) if found else np.empty(0, np.int64)


@dataclass(slots=True)
class LineBlock:
    """Consecutive lines: positions in the buffer without the LF, their numbers, and lines that were too long to load."""

    buffer: Buffer
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    offset: int
    """Position of the buffer's first byte in the stream."""
    n_lines: int = 0
    """Physical lines that end in this block, too long ones included."""
    has_nul_run: bool = False
    """NULs before the first line were skipped."""
    refusals: list[Refusal] = field(default_factory=list)
    is_last: bool = False
    """The stream ends here."""
    is_unfinished: bool = False
    """The last line, here or among the refusals, has no line end."""
    next_number: int = 0
    """Number of the line after the last one."""
    n_bytes: int = 0
    """Bytes of the buffer that belong to the stream."""


class LineReader:
    """Iterates over the lines of a stream in blocks."""

    def __init__(self, stream: DecodedStream, source: int, max_line_bytes: int) -> None:
        """Begin at the stream's position.

        Args:
            stream: The decoded stream.
            source: Index of the source, for refusals.
            max_line_bytes: Longer lines are hashed and refused without being loaded.
        """
        self._stream = stream
        self._source = source
        self._limit = max_line_bytes
        self._carry = b""
        self._offset = 0
        self._number = 1
        self._has_nul_run = False
        self._is_open = False
        """Bytes of an unfinished line were seen, even if the carry is empty because they were NULs."""

    def __iter__(self) -> Iterator[LineBlock]:
        while True:
            carry = self._carry
            buffer = np.empty(len(carry) + self._stream.room_for_rest(CHUNK_BYTES), np.uint8).data
            buffer[: len(carry)] = carry
            n = len(carry) + self._stream.readinto(buffer[len(carry) :])
            is_last = n < len(buffer)
            yield self._block(buffer, n, is_last)
            if is_last:
                return
            if len(self._carry) > self._limit:
                block = self._skip_long_line()
                yield block
                if block.is_last:
                    return

    def _block(self, buffer: Buffer, n: int, is_last: bool) -> LineBlock:  # noqa: FBT001
        ends = positions(buffer, n, LF)
        n_whole = int(ends[-1]) + 1 if len(ends) else 0
        if n_whole:
            self._is_open = False
        rest = n - n_whole
        is_unfinished = is_last and bool(rest or self._is_open)
        if is_unfinished:
            ends = np.append(ends, n)
            n_whole = n
        starts = np.empty_like(ends)
        if len(ends):
            starts[0] = 0
            starts[1:] = ends[:-1] + 1
        block = LineBlock(
            buffer, starts, ends, self._number + np.arange(len(ends)), self._offset, len(ends), self._has_nul_run
        )
        if len(ends):
            self._has_nul_run = False
        self._keep(bytes(memoryview(buffer)[n_whole:n]), self._offset + n_whole, self._number + len(ends))
        block.is_last, block.is_unfinished = is_last, is_unfinished
        block.next_number, block.n_bytes = self._number, n
        self._refuse_long(block)
        return block

    def _keep(self, carry: bytes, offset: int, number: int) -> None:
        """Keep an unfinished line; a run of NULs before it is dropped, since logrotate leaves runs of hundreds of MB."""
        self._is_open = self._is_open or bool(carry)
        kept = carry.lstrip(b"\0")
        self._has_nul_run = self._has_nul_run or len(kept) < len(carry)
        self._carry, self._offset, self._number = kept, offset + len(carry) - len(kept), number

    def _refuse_long(self, block: LineBlock) -> None:
        is_long = block.ends - block.starts > self._limit
        if not is_long.any():
            return
        view = memoryview(block.buffer)
        for i in np.flatnonzero(is_long).tolist():
            start, end = int(block.starts[i]), int(block.ends[i])
            place = (self._source, int(block.numbers[i]), block.offset + start)
            block.refusals.append(Refusal.of(view[start:end], place, self._too_long(end - start)))
        block.starts, block.ends, block.numbers = (a[~is_long] for a in (block.starts, block.ends, block.numbers))

    def _too_long(self, n: int) -> tuple[str, str]:
        return (
            "line_too_long",
            f"{size(n)}, expected at most {size(self._limit)}; raise the limit with --max-line",
        )

    def _skip_long_line(self) -> LineBlock:
        """Return an empty block with the refusal of the line that the carry begins, read to its end without keeping it."""
        digest = hashlib.sha256(self._carry)
        prefix, n, offset = self._carry[:PREFIX_BYTES], len(self._carry), self._offset
        self._carry = b""
        buffer = bytearray(1 << 20)
        while n_fresh := self._stream.readinto(memoryview(buffer)):
            end = buffer.find(b"\n", 0, n_fresh)
            taken = n_fresh if end < 0 else end
            digest.update(memoryview(buffer)[:taken])
            prefix += bytes(memoryview(buffer)[: min(taken, PREFIX_BYTES - len(prefix))])
            n += taken
            if end >= 0:
                self._carry = bytes(memoryview(buffer)[end + 1 : n_fresh])
                break
        refusal = Refusal(self._source, self._number, offset, n, *self._too_long(n), prefix, digest.hexdigest())
        has_end = n_fresh > 0
        self._is_open = bool(self._carry)
        self._offset, self._number = offset + n + has_end, self._number + 1
        empty = np.empty(0, np.int64)
        return LineBlock(
            bytearray(),
            empty,
            empty,
            empty,
            self._offset,
            1,
            refusals=[refusal],
            is_last=not has_end,
            is_unfinished=not has_end,
            next_number=self._number,
        )
