"""Members of zip and tar archives, read one after the other without trusting anything that the archive says about itself.

A member is named `ARCHIVE!MEMBER`, with the name as the archive spells it. What could hurt or mislead is not read, member by member, with the
reason: links, encrypted members, names that lead out of the archive, names that stand twice, archives inside of archives, bombs.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

import zstandard

from distilforensics.core.units import count, size

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

SEPARATOR = "!"
MAX_MEMBERS = 100_000
"""Members after which the rest of an archive is refused as one."""

MAX_DIRECTORY_BYTES = 64 << 20
"""Directory of a zip archive, and headers of one member of a tar archive: they are held in memory."""

MAX_RATIO = 1100.0
"""Bytes of all members per byte of the archive; deflate cannot exceed 1032. Below `FREE_BYTES` nothing is judged."""

FREE_BYTES = 256 << 20

_BLOCK_BYTES = 1 << 20
_HEAD_BYTES = 512
_WINDOW_BYTES = 128 << 20
_OPENERS: dict[bytes, tuple[str, Callable[[Any], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda stream: gzip.GzipFile(fileobj=stream)),
    b"\x28\xb5\x2f\xfd": (
        "zstd",
        lambda stream: zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).stream_reader(
            stream, read_across_frames=True
        ),
    ),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lambda stream: io.BufferedReader(_Xz(stream))),
}
_BROKEN = (
    OSError, EOFError, ValueError, RuntimeError, NotImplementedError, OverflowError, IndexError, tarfile.TarError, zipfile.BadZipFile, zlib.error,
    lzma.LZMAError, zstandard.ZstdError,
)  # fmt: skip
"""What the readers of archives raise when bytes are not what they should be."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive: its bytes, or why it is not read."""

    name: str
    blocks: Iterator[bytes]
    """To be used before the next member is asked for. Raises `BrokenMemberError`."""
    reason: str = ""
    """Why it is refused; empty if it can be read."""


class BrokenMemberError(Exception):
    """The bytes of a member cannot be read, or are more than an honest one has."""


class _Xz(io.RawIOBase):
    """An xz stream that may not demand more memory than its reader allows."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._inner = self._fresh()

    @staticmethod
    def _fresh() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=2 * _WINDOW_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        while True:
            if self._inner.eof:
                rest = self._inner.unused_data.lstrip(b"\0") or self._stream.read(_BLOCK_BYTES)
                if not rest:
                    return 0
                self._inner = self._fresh()
            else:
                rest = self._stream.read(_BLOCK_BYTES) if self._inner.needs_input else b""
                if self._inner.needs_input and not rest:
                    raise EOFError("the xz stream ends too early")
            content = self._inner.decompress(rest, len(buffer))
            if content:
                buffer[: len(content)] = content
                return len(content)


def kind_of(path: Path) -> str | None:
    """Return what kind of archive a file is by its content: zip, tar, tar of gzip, zstd, bzip2 or xz; None if it is none.

    Spreadsheets and other documents that are zip archives inside are none.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            if head.startswith(b"PK\x03\x04"):
                return None if head[30:].startswith((b"[Content_Types].xml", b"mimetype")) else "zip"
            found = _unpacked(head)
            if found is None:
                return "tar" if _is_tar(head) else None
            stream.seek(0)
            return f"tar of {found[0]}" if _is_tar(_read(found[1](stream), _HEAD_BYTES)) else None
    except _BROKEN:
        return None


def _unpacked(head: bytes) -> tuple[str, Callable[[Any], Any]] | None:
    return next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)


def _read(stream: IO[bytes], n: int) -> bytes:
    """Return `n` bytes, fewer only at the end."""
    content = b""
    while len(content) < n and (block := stream.read(n - len(content))):
        content += block
    return content


def _is_tar(head: bytes) -> bool:
    """Tell whether the first block is a header with the right sum; an empty archive is none."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def split(stated: str) -> Iterator[tuple[str, str]]:
    """Yield every reading of a name as archive and member: either may hold the separator itself."""
    parts = stated.split(SEPARATOR)
    for i in range(1, len(parts)):
        yield SEPARATOR.join(parts[:i]), SEPARATOR.join(parts[i:])


def read_members(path: Path) -> Generator[Member]:
    """Yield the members of an archive in their order, folders left out.

    Raises:
        BrokenMemberError: the archive cannot be read, from here on.
    """
    seen: set[str] = set()
    n_left = max(FREE_BYTES, int(path.stat().st_size * MAX_RATIO))
    for n, member in enumerate(_members(path, n_left)):
        if n >= MAX_MEMBERS:
            raise BrokenMemberError(f"has more than {count(MAX_MEMBERS)} members; unpack it and give the folder")
        reason = member.reason or _reason(member.name, seen)
        seen.add(member.name)
        if reason:
            yield Member(member.name, iter(()), reason)
            continue
        counted = _Counted(member.blocks, n_left)
        yield Member(member.name, counted.blocks())
        n_left -= counted.n_bytes
        if n_left < 0:
            raise BrokenMemberError(
                "the rest was not read: its members have more bytes than those of an honest archive"
            )


class _Counted:
    """Blocks of a member up to a limit."""

    def __init__(self, blocks: Iterator[bytes], limit: int) -> None:
        self._blocks, self._limit, self.n_bytes = blocks, limit, 0

    def blocks(self) -> Iterator[bytes]:
        try:
            for block in self._blocks:
                self.n_bytes += len(block)
                if self.n_bytes > self._limit:
                    raise BrokenMemberError(f"has more than {size(self._limit)}, as only bombs have")
                yield block
        except _BROKEN as e:
            raise BrokenMemberError(f"cannot be read to its end: {e or type(e).__name__}") from e


def _reason(name: str, seen: set[str]) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name or name[1:2] == ":":
        return "its name leads out of the archive"
    return "an earlier member has the same name" if name in seen else ""


def _members(path: Path, limit: int) -> Iterator[Member]:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            stream.seek(0)
            if head.startswith(b"PK\x03\x04"):
                yield from _of_zip(stream)
            else:
                found = _unpacked(head)
                yield from _of_tar(found[1](stream) if found else stream, limit)
    except _BROKEN as e:
        raise BrokenMemberError(f"cannot be read to its end: {e or type(e).__name__}") from e


def _of_zip(stream: IO[bytes]) -> Iterator[Member]:
    _require_small_directory(stream)
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            reason = ""
            if info.flag_bits & 1:
                reason = "it is encrypted"
            elif info.external_attr >> 28 == 0xA:
                reason = "it is a link"
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
                reason = f"its compression has the number {info.compress_type}, which is not read; unpack it"
            yield Member(info.orig_filename, _blocks_of_zip(archive, info), reason)


def _require_small_directory(stream: IO[bytes]) -> None:
    """Refuse a directory that would not fit into memory before it is read."""
    end = stream.seek(0, io.SEEK_END)
    start = max(0, end - (1 << 16) - 22)
    stream.seek(start)
    tail = stream.read()
    place = tail.rfind(b"PK\x05\x06")
    stream.seek(0)
    if place < 0:
        raise BrokenMemberError("has no directory at its end: it was cut off")
    stated = int.from_bytes(tail[place + 12 : place + 16], "little")
    if (locator := tail.rfind(b"PK\x06\x07")) >= 0:
        stream.seek(min(end, int.from_bytes(tail[locator + 8 : locator + 16], "little")))
        stated = max(stated % 0xFFFFFFFF, int.from_bytes(stream.read(48)[40:48], "little"))
        stream.seek(0)
    if stated > MAX_DIRECTORY_BYTES:
        raise BrokenMemberError(f"has a directory of more than {size(MAX_DIRECTORY_BYTES)}")


def _blocks_of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as stream:
        while block := stream.read(_BLOCK_BYTES):
            yield block


class _Limited(io.RawIOBase):
    """A stream whose headers may only have so many bytes, and whose whole may only have so many."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.n_left = 0

    def read(self, n: int = -1) -> bytes:
        block = self._stream.read(min(n, _BLOCK_BYTES) if n >= 0 else _BLOCK_BYTES)
        self.n_left -= len(block)
        if self.n_left < 0:
            raise ValueError("more bytes than an honest archive has")
        return block


def _of_tar(stream: IO[bytes], limit: int) -> Iterator[Member]:
    limited = _Limited(stream)
    limited.n_left = MAX_DIRECTORY_BYTES
    with tarfile.open(fileobj=limited, mode="r|", encoding="utf-8", errors="surrogateescape", errorlevel=2) as archive:
        while (info := archive.next()) is not None:
            vars(archive)["members"].clear()  # nothing is looked up, and millions of them would fill the memory
            limited.n_left = limit + MAX_DIRECTORY_BYTES
            content = _Content(archive, info)
            if not info.isdir():
                yield Member(info.name, content.blocks(), _reason_of_tar(info))
            content.skip()
            limited.n_left = MAX_DIRECTORY_BYTES


def _reason_of_tar(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "it is a link"
    if info.issparse():
        return "it is a file with holes; unpack it"
    return "" if info.isreg() else "it is no file"


class _Content:
    """The bytes of one member of a tar stream, which have to be passed whether they are wanted or not."""

    def __init__(self, archive: tarfile.TarFile, info: tarfile.TarInfo) -> None:
        is_plain = info.isreg() and not info.issparse()
        self._stream = archive.extractfile(info) if is_plain else None
        self._expected = info.size if is_plain else 0

    def blocks(self) -> Iterator[bytes]:
        while self._stream is not None and self._expected and (block := self._stream.read(_BLOCK_BYTES)):
            self._expected -= len(block)
            yield block
        if self._expected:
            raise tarfile.ReadError("the archive ends inside of it")

    def skip(self) -> None:
        """Pass what nobody read."""
        for _ in self.blocks():
            pass


def member_sha256(path: Path, name: str) -> str | None:
    """Return the SHA-256 of a member, nothing being written; None if there is no such member that can be read."""
    with _member(path, name) as blocks:
        if blocks is None:
            return None
        digest = hashlib.sha256()
        try:
            for block in blocks:
                digest.update(block)
        except BrokenMemberError:
            return None
        return digest.hexdigest()


def unpack_member(path: Path, name: str, target: Path) -> bool:
    """Write the bytes of a member to a new file; False if there is no such member that can be read."""
    with _member(path, name) as blocks:
        return blocks is not None and not write_blocks(blocks, target)


def write_blocks(blocks: Iterator[bytes], target: Path) -> str:
    """Write the bytes of a member to a new file and return why they are not complete; then no file is left."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as stream:
            for block in blocks:
                stream.write(block)
    except BrokenMemberError as e:
        target.unlink()
        return str(e)
    return ""


@contextmanager
def _member(path: Path, name: str) -> Iterator[Iterator[bytes] | None]:
    if not path.is_file() or kind_of(path) is None:
        yield None
        return
    members = read_members(path)  # stays open while the member is read
    found = None
    try:
        for member in members:
            if member.name == name and not member.reason:
                found = member.blocks
                break
    except BrokenMemberError:
        found = None
    yield found
    members.close()
