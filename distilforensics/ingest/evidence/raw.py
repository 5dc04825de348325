"""Bytes of evidence files as received: opened read-only, hashed while they are read, and watched for change."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from distilforensics.core.errors import InputRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

try:
    from isal.isal_zlib import crc32
except ImportError:  # pragma: no cover - platforms without isal
    from zlib import crc32

BLOCK_BYTES = 1 << 20
"""Bytes per read; large enough that hashing releases the interpreter lock most of the time."""

_OUT_OF_HANDLES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})

SMALL_FILE_BYTES = 32 << 20
"""Files up to this size are read once and kept in memory; larger ones are read twice, for the hash and for the records."""


class UnstableError(InputRefusedError):
    """The file changed while it was read, so no hash stands for it."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies the bytes of a file; the CRC ties a second pass over the file to the first."""

    sha256: str
    n_bytes: int
    crc: int


def open_evidence(path: Path) -> IO[bytes]:
    """Return the file opened for reading, unbuffered.

    Raises:
        InputRefusedError: it cannot be opened.
        OSError: the machine is out of file handles or memory, which is no fault of the file.
    """
    try:
        return path.open("rb", buffering=0)
    except OSError as e:
        if e.errno in _OUT_OF_HANDLES:
            raise
        raise InputRefusedError(f"cannot be opened: {e.strerror}", where=str(path)) from e


def fingerprint(path: Path, advance: Callable[[int], None] | None = None) -> Fingerprint:
    """Return the SHA-256 of a file, read in one pass."""
    digest, crc, n_bytes = hashlib.sha256(), 0, 0
    buffer = bytearray(BLOCK_BYTES)
    view = memoryview(buffer)
    with open_evidence(path) as stream:
        while n := _read_into(stream, view, path):
            digest.update(view[:n])
            crc = crc32(view[:n], crc)
            n_bytes += n
            if advance is not None:
                advance(n)
    return Fingerprint(digest.hexdigest(), n_bytes, crc)


def _read_into(stream: IO[bytes], view: memoryview, path: Path) -> int:
    try:
        return stream.readinto(view) or 0  # type: ignore[attr-defined]
    except OSError as e:
        raise InputRefusedError(f"cannot be read: {e.strerror}", where=str(path)) from e


class HashThreads:
    """A thread beside the reader that runs ahead for the hash of the file, which stands in every row."""

    def __init__(self) -> None:
        self.ahead = ThreadPoolExecutor(1, "hash-ahead")
        self._begun: dict[Path, Future[Fingerprint]] = {}

    def begin(self, path: Path) -> None:
        """Begin to hash a large file that will be read soon, while the reader is still being loaded."""
        if path.is_file() and path.stat().st_size > SMALL_FILE_BYTES:
            self._begun[path] = self.ahead.submit(fingerprint, path)

    def fingerprint(self, path: Path) -> Future[Fingerprint]:
        """Return the fingerprint of a file, which may be still in the making."""
        return self._begun.pop(path, None) or self.ahead.submit(fingerprint, path)

    def shutdown(self) -> None:
        """Wait for it and end it."""
        self.ahead.shutdown()


class RawFile:
    """One pass over an evidence file."""

    def __init__(self, path: Path, hashing: HashThreads, advance: Callable[[int], None]) -> None:
        """Open the file; a small one is read and hashed at once.

        Args:
            path: The file.
            hashing: Threads for the hashes of a large file.
            advance: Called with the number of bytes read so far that were not told yet.
        """
        self.path = path
        self._advance = advance
        self._stream: IO[bytes] = open_evidence(path)
        before = os.fstat(self._stream.fileno())
        self._stat = (before.st_size, before.st_mtime_ns)
        self.n_bytes = 0
        self._crc = 0
        self.is_small = before.st_size <= SMALL_FILE_BYTES
        if self.is_small:
            self._first_pass = self._hold_in_memory()
            self._require_unchanged(path.stat(), self._first_pass.result().n_bytes)
        else:
            self._first_pass = hashing.fingerprint(path)

    def _hold_in_memory(self) -> Future[Fingerprint]:
        with self._stream:
            try:
                content = self._stream.read()
            except OSError as e:
                raise InputRefusedError(f"cannot be read: {e.strerror}", where=str(self.path)) from e
        self._stream = io.BytesIO(content)
        held: Future[Fingerprint] = Future()
        held.set_result(Fingerprint(hashlib.sha256(content).hexdigest(), len(content), crc32(content)))
        return held

    @property
    def sha256(self) -> str:
        """SHA-256 of the whole file; waits for the hashing thread."""
        return self._first_pass.result().sha256

    def peek(self, n: int) -> bytes:
        """Return up to `n` bytes from the beginning without moving the position."""
        position = self._stream.tell()
        self._stream.seek(0)
        content = self._stream.read(n)
        self._stream.seek(position)
        return content

    def peek_at(self, position: int, n: int) -> bytes:
        """Return up to `n` bytes from `position` without moving the current position."""
        here = self._stream.tell()
        self._stream.seek(position)
        content = self._stream.read(n)
        self._stream.seek(here)
        return content

    @property
    def size(self) -> int:
        """Bytes of the file when it was opened."""
        return self._stat[0]

    def readinto(self, view: memoryview) -> int:
        """Fill `view` from the file and return the number of bytes, 0 at the end."""
        n = _read_into(self._stream, view[:BLOCK_BYTES], self.path)
        if n:
            self._count(n)
            if not self.is_small:
                self._crc = crc32(view[:n], self._crc)
        return n

    def _count(self, n: int) -> None:
        self.n_bytes += n
        self._advance(n)

    def read(self, n: int = -1) -> bytes:
        """Return up to `n` bytes, empty at the end."""
        if self.is_small:
            content = self._stream.read(n)
            self._count(len(content))
            return content
        buffer = bytearray(BLOCK_BYTES if n < 0 else min(n, BLOCK_BYTES))
        return bytes(memoryview(buffer)[: self.readinto(memoryview(buffer))])

    def finish(self) -> None:
        """Read what is left, so that hashes cover the whole file, and check that the file did not change meanwhile.

        Raises:
            UnstableError: size, time of change or content differ between the beginning and the end.
        """
        if self.is_small:
            self._count(self.size - self.n_bytes)
            return
        while self.readinto(memoryview(bytearray(BLOCK_BYTES))):
            pass
        first = self._first_pass.result()
        is_same = (first.n_bytes, first.crc) == (self.n_bytes, self._crc)
        self._require_unchanged(os.fstat(self._stream.fileno()), self.n_bytes if is_same else -1)

    def _require_unchanged(self, after: os.stat_result, n_read: int) -> None:
        if (after.st_size, after.st_mtime_ns) != self._stat or n_read != after.st_size:
            raise UnstableError(
                f"changed while it was read: {self._stat[0]} bytes before, {after.st_size} after",
                where=str(self.path),
                hint="copy the log first and examine the copy",
            )

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
