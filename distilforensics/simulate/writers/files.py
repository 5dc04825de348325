"""Log files that are the same bytes every time: no file name, no modification time in compressed headers."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, BinaryIO, Self, cast

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

COMPRESSIONS = ("none", "gz", "zst")
_ZSTD_LEVEL = 12


class LogFile:
    """A log file opened for writing; the suffix of the compression is added to its name."""

    def __init__(self, path: Path, compression: str = "none") -> None:
        """Create the file and its folders."""
        self.path = path if compression == "none" else path.with_name(f"{path.name}.{compression}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = self.path.open("xb")
        self._stream = _stream(self._raw, compression)

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._stream.write(data)

    def close(self) -> None:
        """Finish the compressed stream and the file."""
        if self._stream is not self._raw:
            self._stream.close()
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _stream(raw: BinaryIO, compression: str) -> BinaryIO:
    if compression == "gz":
        return cast("BinaryIO", gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0))
    if compression == "zst":
        import zstandard

        return cast("BinaryIO", zstandard.ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(raw, closefd=False))
    return raw
