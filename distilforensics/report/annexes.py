"""The files beside the main document, each hashed in one list that `sha256sum -c` reads.

A CSV cell that a spreadsheet would take for a formula gets an apostrophe in front; exact values live in the tables of the case.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from distilforensics.case.layout import write_file
from distilforensics.core.text import csv_cell, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

FOLDER = "annexes"
LIST = f"{FOLDER}/SHA256SUMS"
N_WRITERS = 4


@dataclass(frozen=True, slots=True)
class Annex:
    """One file below report/annexes."""

    path: str
    title: str
    sha256: str


@dataclass(slots=True)
class Annexes:
    """Writes the files and remembers them for the list. Disks take longer to confirm many small files than it takes to make them."""

    report: Path
    written: list[Annex] = field(default_factory=list)
    _writers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(N_WRITERS, "annexes"))
    _pending: dict[str, Future[None]] = field(default_factory=dict)

    def csv(self, name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
        """Write rows as CSV and return the path below report/."""
        sink = io.StringIO(newline="")
        writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n")
        if rows:
            writer.writerow(list(rows[0]))
        for row in rows:
            writer.writerow([_cell(value) for value in row.values()])
        return self.write(name, title, sink.getvalue().encode("utf-8", "backslashreplace"))

    def json_lines(self, name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
        """Write one JSON object per line, with exact values in ASCII, and return the path below report/."""
        lines = (json.dumps(row, sort_keys=True, default=_plain, allow_nan=False) for row in rows)
        return self.write(name, title, "".join(f"{line}\n" for line in lines).encode("ascii"))

    def write(self, name: str, title: str, content: bytes) -> str:
        """Let a file be written and return its path below report/; `finish` waits for it."""
        path = f"{FOLDER}/{name}"
        if path in self._pending:
            self._pending[path].result()
        self._pending[path] = self._writers.submit(write_file, self.report / path, content)
        self.written.append(Annex(path, title, hashlib.sha256(content).hexdigest()))
        return path

    def finish(self) -> str:
        """Wait for all files, write the list of hashes, remove what an earlier run left in the folder, and return the hash of the list.

        Raises:
            OSError: a file could not be written.
        """
        for file in self._pending.values():
            file.result()
        self._writers.shutdown()
        lines = checksum_lines((annex.sha256, annex.path.removeprefix(f"{FOLDER}/")) for annex in self.listed())
        write_file(self.report / LIST, lines.encode())
        known = {LIST, *(annex.path for annex in self.written)}
        for path in sorted((self.report / FOLDER).rglob("*")):
            if path.is_file() and path.relative_to(self.report).as_posix() not in known:
                path.unlink()
        return hashlib.sha256(lines.encode()).hexdigest()

    def listed(self) -> list[Annex]:
        """Return the files ordered by path."""
        return sorted(self.written, key=lambda annex: annex.path)


def safe_name(text: str) -> str:
    """Return a text as part of a file name: letters, digits, dot, hyphen and underscore alone."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return _text_cell(value)
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (datetime, date)):
        return _plain(value)
    return _text_cell("; ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value))


@lru_cache(4096)
def _text_cell(text: str) -> str:
    """Return a text as a cell; most stand in many rows."""
    return csv_cell(show(csv_cell(text)))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


def checksum_lines(hashes: Iterable[tuple[str, str]]) -> str:
    """Return `hash  path` lines as `sha256sum -c` reads them, paths with line ends or backslashes escaped in its way."""
    return "".join(f"{_checksum_line(digest, path)}\n" for digest, path in hashes)


def _checksum_line(digest: str, path: str) -> str:
    if not any(character in path for character in "\\\n\r"):
        return f"{digest}  {path}"
    escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"\\{digest}  {escaped}"
