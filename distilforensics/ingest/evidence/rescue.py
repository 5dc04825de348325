"""What is left in a compressed stream when its decoder gives up: every block is decoded by itself, and checksums are not asked.

A decoder that finds a wrong checksum withholds what it had in hand. The records in it may be whole, so they are kept and flagged.
"""

from __future__ import annotations

import io
import zlib
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.ingest.evidence.raw import RawFile

READ_BYTES = 1 << 18
"""Compressed bytes decoded at once."""

_GZIP = b"\x1f\x8b"
_FEXTRA, _FNAME, _FCOMMENT, _FHCRC = 4, 8, 16, 2
_ZSTD = b"\x28\xb5\x2f\xfd"
_HAS_CHECKSUM = 4


class Rescue:
    """Decoded bytes of a file from a member or frame on, read anew. `is_whole` tells at the end whether only checksums were wrong."""

    def __init__(self, raw: RawFile, compression: str, start: int, n_delivered: int, max_window_bytes: int) -> None:
        """Open the file a second time."""
        self._stream: IO[bytes] = io.BytesIO(raw.peek(raw.size)) if raw.is_small else raw.path.open("rb")
        self._stream.seek(start)
        self._left_out = n_delivered
        self._window = max_window_bytes
        self._blocks = self._gzip() if compression == "gzip" else self._zstd()
        self._held = b""
        self.is_whole = False

    def read(self, n: int) -> bytes:
        """Return at most `n` decoded bytes, empty at the end."""
        while not self._held:
            block = next(self._blocks, None)
            if block is None:
                self._stream.close()
                return b""
            skipped = min(self._left_out, len(block))
            self._left_out -= skipped
            self._held = block[skipped:]
        found, self._held = self._held[:n], self._held[n:]
        return found

    def _gzip(self) -> Iterator[bytes]:
        after = b""
        while True:
            member = self._next_member(after)
            if member is None:
                self.is_whole = True
                return
            rest = member
            inflater = zlib.decompressobj(-15)
            try:
                while not inflater.eof:
                    fresh = rest or self._stream.read(READ_BYTES)
                    if not fresh:
                        return
                    rest = b""
                    yield inflater.decompress(fresh)
            except zlib.error:
                return
            after = self._without(inflater.unused_data, 8)

    def _without(self, rest: bytes, n: int) -> bytes:
        """Return what follows the next `n` bytes."""
        return rest[n:] if len(rest) >= n else self._stream.read(n - len(rest))[:0]

    def _next_member(self, rest: bytes) -> bytes | None:
        """Return what follows the header of the next member, None at the end or where none begins."""
        rest = rest.lstrip(b"\0")
        while len(rest) < READ_BYTES and (fresh := self._stream.read(READ_BYTES)):
            rest = (rest + fresh).lstrip(b"\0")
        if not rest.startswith(_GZIP) or len(rest) < 10:
            return None
        flags, position = rest[3], 10
        if flags & _FEXTRA:
            position += 2 + int.from_bytes(rest[position : position + 2], "little")
        for flag in (_FNAME, _FCOMMENT):
            if flags & flag:
                position = rest.find(b"\0", position) + 1
        return rest[position + 2 * bool(flags & _FHCRC) :]

    def _zstd(self) -> Iterator[bytes]:
        import zstandard

        try:
            while header := self._frame_header():
                inflater = zstandard.ZstdDecompressor(max_window_size=self._window).decompressobj()
                yield inflater.decompress(header[0])
                is_last = False
                while not is_last:
                    head = self._stream.read(3)
                    number = int.from_bytes(head, "little")
                    is_last, n = bool(number & 1), 1 if number >> 1 & 3 == 1 else number >> 3
                    body = self._stream.read(n)
                    if len(head) < 3 or len(body) < n:
                        return
                    yield inflater.decompress(head + body)
                self._stream.read(4 * header[1])
        except zstandard.ZstdError:
            return
        self.is_whole = True

    def _frame_header(self) -> tuple[bytes, bool] | None:
        """Return the header of the next frame without its mark for a checksum, and whether it had one; frames to be skipped are skipped."""
        import zstandard

        magic = self._stream.read(4)
        while len(magic) == 4 and magic[1:] == b"\x2a\x4d\x18" and magic[0] >> 4 == 5:
            self._stream.seek(int.from_bytes(self._stream.read(4), "little"), io.SEEK_CUR)
            magic = self._stream.read(4)
        if not magic:
            return None
        if magic != _ZSTD or not (first := self._stream.read(1)):
            raise zstandard.ZstdError("no frame begins here, or not all of its header is there")
        descriptor = first[0]
        is_single = bool(descriptor & 32)
        n_dictionary = (0, 1, 2, 4)[descriptor & 3]
        n_content = (1 if is_single else 0, 2, 4, 8)[descriptor >> 6]
        rest = self._stream.read((not is_single) + n_dictionary + n_content)
        has_checksum = bool(descriptor & _HAS_CHECKSUM)
        return magic + bytes([descriptor & ~_HAS_CHECKSUM]) + rest, has_checksum
