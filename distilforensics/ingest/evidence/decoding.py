"""The decoded stream of a source: compression told by content and undone with caps, other encodings turned into UTF-8.

Damage never raises: the stream ends early, what was decoded until then is kept, and `damage` says what happened.
"""

from __future__ import annotations

import bz2
import codecs
import io
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from distilforensics.core.units import size
from distilforensics.ingest.evidence.raw import BLOCK_BYTES
from distilforensics.ingest.evidence.rescue import Rescue
from distilforensics.ingest.options import RATIO_FREE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.ingest.evidence.raw import RawFile
    from distilforensics.ingest.options import IngestOptions

igzip_lib: Any
try:
    from isal import igzip_lib
except ImportError:  # pragma: no cover - platforms without isal
    igzip_lib = None

MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}

MAX_WINDOW_BYTES = 128 << 20
"""Memory that a compressed stream may demand from its reader; the default limit of the zstd tools."""

_DECODER_ERRORS: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)
if igzip_lib is not None:
    _DECODER_ERRORS = (*_DECODER_ERRORS, igzip_lib.IsalError)


@dataclass(frozen=True, slots=True)
class Damage:
    """Why a stream ended before its end."""

    reason: str
    detail: str


class ByteStream(Protocol):
    """What gives decoded bytes."""

    def read(self, n: int) -> bytes:
        """Return at most `n` bytes, empty at the end."""


def compression_of(head: bytes) -> str:
    """Return the compression that a file's first bytes show: none, gzip, zstd, bzip2 or xz."""
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "none")


class _Inflater(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _ZlibInflater:
    """`zlib` with the interface of the other decompressors, for platforms without isal."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail and not self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _gzip() -> _Inflater:
    if igzip_lib is None:
        return _ZlibInflater()
    inflater: _Inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    return inflater


_INFLATERS: dict[str, Callable[[], Any]] = {
    "gzip": _gzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_WINDOW_BYTES * 2),
}


class Inflated:
    """Decoded bytes of a gzip, bzip2 or xz stream of any number of members, with NUL padding allowed after each."""

    def __init__(self, raw: RawFile, compression: str) -> None:
        self._raw = raw
        self._new: Callable[[], _Inflater] = _INFLATERS[compression]
        self._magic = next(magic for magic, name in MAGIC.items() if name == compression)
        self._compression = compression
        self._inflater: _Inflater | None = self._new()
        self._input = b""
        self._member_start = self._n_of_member = 0
        self._rescue: Rescue | None = None
        self.damage: Damage | None = None
        self.has_wrong_checksum = False

    def read(self, n: int) -> bytes:
        """Return at most `n` decoded bytes; empty at the end or at damage."""
        if self._rescue is not None:
            return self._read_rescued(n)
        while self._inflater is not None:
            if self._inflater.eof:
                self._next_member(self._inflater.unused_data)
                continue
            fresh = b""
            if self._inflater.needs_input:
                fresh, self._input = self._input or self._raw.read(BLOCK_BYTES), b""
                if not fresh:
                    self._stop("truncated_stream", f"{self._compression} stream ends inside a member")
                    break
            try:
                decoded = self._inflater.decompress(fresh, n)
            except _DECODER_ERRORS as e:
                self._stop("damaged_stream", f"{self._compression} stream cannot be decoded further: {e}")
                if self._compression == "gzip":
                    self._rescue = Rescue(self._raw, "gzip", self._member_start, self._n_of_member, MAX_WINDOW_BYTES)
                    return self._read_rescued(n)
                break
            if decoded:
                self._n_of_member += len(decoded)
                return decoded
        return b""

    def _read_rescued(self, n: int) -> bytes:
        """Return what is decoded without checksums; if that reaches the end, only checksums were wrong."""
        assert self._rescue is not None
        block = self._rescue.read(n)
        if not block and self._rescue.is_whole:
            self.damage, self.has_wrong_checksum = None, True
        return block

    def _next_member(self, rest: bytes) -> None:
        rest = rest.lstrip(b"\0")
        while not rest:
            rest = self._raw.read(BLOCK_BYTES)
            if not rest:
                self._inflater = None
                return
            rest = rest.lstrip(b"\0")
        if len(rest) < len(self._magic):
            rest += self._raw.read(BLOCK_BYTES)
        if not rest.startswith(self._magic):
            self._stop(
                "damaged_stream", f"{len(rest)} or more bytes after the last member that are no {self._compression}"
            )
            return
        self._inflater, self._input = self._new(), rest
        self._member_start, self._n_of_member = self._raw.n_bytes - len(rest), 0

    def _stop(self, reason: str, detail: str) -> None:
        self._inflater = None
        self.damage = Damage(reason, detail)


class Unzstd:
    """Decoded bytes of a zstd stream of any number of frames.

    Arrow's reader withholds the bytes before damage; those are then decoded block by block.
    """

    def __init__(self, raw: RawFile) -> None:
        import pyarrow as pa

        self._raw = raw
        self._inner = pa.CompressedInputStream(pa.PythonFile(_Readable(raw), mode="r"), "zstd")
        self._rescue: Rescue | None = None
        self._n_decoded = 0
        self.damage: Damage | None = None
        self.has_wrong_checksum = False

    def read(self, n: int) -> bytes:
        """Return at most `n` decoded bytes; empty at the end or at damage."""
        if self._rescue is None:
            try:
                decoded: bytes = self._inner.read(n)
            except OSError as e:
                reason = "truncated_stream" if "Truncated" in str(e) else "damaged_stream"
                self.damage = Damage(reason, f"zstd stream cannot be decoded further: {e}")
                self._rescue = Rescue(self._raw, "zstd", 0, self._n_decoded, MAX_WINDOW_BYTES)
            else:
                self._n_decoded += len(decoded)
                return decoded
        block = self._rescue.read(n)
        if not block and self._rescue.is_whole:
            self.damage, self.has_wrong_checksum = None, True
        return block


class _Readable(io.RawIOBase):
    """A file object for Arrow over the raw file."""

    def __init__(self, raw: RawFile) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def read(self, n: int = -1) -> bytes:
        return self._raw.read(n)


class Plain:
    """The file's own bytes."""

    has_wrong_checksum = False

    def __init__(self, raw: RawFile) -> None:
        self._raw = raw
        self.damage: Damage | None = None

    def read(self, n: int) -> bytes:
        """Return at most `n` bytes."""
        return self._raw.read(n)


class Transcoded:
    """A UTF-16 or UTF-32 stream as UTF-8; sequences that stand for no character become U+FFFD."""

    def __init__(self, inner: ByteStream, encoding: str) -> None:
        self._inner = inner
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._is_done = False

    def read(self, n: int) -> bytes:
        """Return some decoded bytes, empty at the end."""
        while not self._is_done:
            block = self._inner.read(max(n // 4, 4096))
            self._is_done = not block
            text = self._decoder.decode(block, final=self._is_done)
            if text:
                return text.encode()
        return b""


_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def encoding_of(head: bytes) -> str:
    """Return the encoding that a byte order mark, or the NULs beside the first two ASCII characters, show; else utf-8."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if len(head) >= 4 and head[1] == head[3] == 0 and head[0] and head[2]:
        return "utf-16-le"
    if len(head) >= 4 and head[0] == head[2] == 0 and head[1] and head[3]:
        return "utf-16-be"
    return "utf-8"


class DecodedStream:
    """A source's bytes after decompression and transcoding, with the caps applied."""

    def __init__(self, raw: RawFile, options: IngestOptions) -> None:
        """Look at the beginning of the file and set up the decoders."""
        self._raw = raw
        self._options = options
        self.compression = compression_of(raw.peek(8))
        if self.compression == "none":
            self._base: Plain | Inflated | Unzstd = Plain(raw)
        elif self.compression == "zstd":
            self._base = Unzstd(raw)
        else:
            self._base = Inflated(raw, self.compression)
        self._limit: Damage | None = None
        self._n_inflated = 0
        self.n_decoded = 0
        self._stream: ByteStream = _Counting(self)
        self._ahead = b""
        self._is_over = False
        """Nothing comes after the bytes ahead."""
        self._fill_ahead(4)
        self.encoding = encoding_of(self._ahead)
        if self.encoding != "utf-8":
            held = _Held(self._ahead, self._stream)
            self._stream, self._ahead, self._is_over = Transcoded(held, self.encoding), b"", False

    @property
    def damage(self) -> Damage | None:
        """Why the stream ended early, once it has ended; None if it is whole."""
        return self._limit or self._base.damage

    @property
    def flags(self) -> list[str]:
        """Flags of all records that come now: other encodings, and checksums found to be wrong so far."""
        return [
            *(["transcoded"] if self.encoding != "utf-8" else []),
            *(["checksum_failed"] if self._base.has_wrong_checksum else []),
        ]

    @property
    def is_direct(self) -> bool:
        """Bytes need no decoding, so that they may be read straight into a buffer."""
        return self.compression == "none" and self.encoding == "utf-8"

    def _fill_ahead(self, n: int) -> None:
        while len(self._ahead) < n and not self._is_over:
            block = self._stream.read(BLOCK_BYTES)
            self._ahead += block
            self._is_over = not block

    def peek(self, n: int) -> bytes:
        """Return up to `n` decoded bytes that `readinto` will give next."""
        self._fill_ahead(n)
        return self._ahead[:n]

    def room_for_rest(self, most: int) -> int:
        """Return how large a buffer must be to hold what is left, with one byte to spare, but at most `most`.

        Small files come by the thousand, so a whole block for each would exhaust the memory.
        """
        if self.is_direct:
            return min(most, len(self._ahead) + max(0, self._raw.size - self._raw.n_bytes) + 1)
        return min(most, len(self._ahead) + 1) if self._is_over else most

    def readinto(self, view: memoryview) -> int:
        """Fill as much of `view` as there are bytes and return their number; less than its length only at the end."""
        filled = min(len(self._ahead), len(view))
        view[:filled] = self._ahead[:filled]
        self._ahead = self._ahead[filled:]
        while filled < len(view):
            if self.is_direct:
                n = self._raw.readinto(view[filled:])
            else:
                block = self._stream.read(min(BLOCK_BYTES, len(view) - filled))
                n = min(len(block), len(view) - filled)
                view[filled : filled + n] = block[:n]
                self._ahead = block[n:]
            if not n:
                break
            filled += n
        self.n_decoded += filled
        return filled

    def read_base(self, n: int) -> bytes:
        """Return decompressed bytes, empty once a cap is exceeded."""
        if self._limit is not None:
            return b""
        if self.compression == "none":
            return self._base.read(n)
        left = self._options.max_decoded_bytes - self._n_inflated
        block = self._base.read(min(n, max(left, 1)))
        if block and left <= 0:
            self._stop(f"more than {size(self._options.max_decoded_bytes)} decoded")
            return b""
        self._n_inflated += len(block)
        ratio = self._n_inflated / max(1, self._raw.n_bytes)
        if self._n_inflated > RATIO_FREE_BYTES and ratio > self._options.max_ratio:
            self._stop(f"{ratio:.0f} bytes decoded per compressed byte, expected at most {self._options.max_ratio:.0f}")
        return block

    def _stop(self, what: str) -> None:
        self._limit = Damage("decompression_limit", what)


class _Counting:
    def __init__(self, stream: DecodedStream) -> None:
        self._stream = stream

    def read(self, n: int) -> bytes:
        return self._stream.read_base(n)


class _Held:
    """Bytes that were looked at already, then the rest of a stream."""

    def __init__(self, held: bytes, rest: ByteStream) -> None:
        self._held, self._rest = held, rest

    def read(self, n: int) -> bytes:
        if self._held:
            block, self._held = self._held[:n], self._held[n:]
            return block
        return self._rest.read(n)
