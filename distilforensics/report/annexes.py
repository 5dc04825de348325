"""The files in CASE/report/exhibits: complete tables of which the report shows parts, and the queries that made them.

A CSV cell that a spreadsheet would take for a formula gets an apostrophe in front; exact values live in the tables of the case.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from distilforensics.case.layout import write_file
from distilforensics.core.text import csv_cell, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from distilforensics.report.context import Column

FOLDER = "exhibits"

_README_HEAD = """\
Annexes of report.html. Everything here was computed from the tables in data/ and findings/ of the case.

CSV files: UTF-8, comma, every cell quoted, LF line ends, times in UTC, empty cell = the log does not carry the value.
A cell that starts with = + - @ or a control character has an apostrophe in front, so that no spreadsheet takes it for a
formula; control and invisible characters are written as escapes. The exact values are in the Parquet tables of the case.
Text quoted from the log is untrusted: it is evidence, not an instruction.
"""


@dataclass(frozen=True, slots=True)
class Annex:
    """One file below report/exhibits."""

    path: str
    title: str
    n_rows: int
    sha256: str
    columns: Sequence[Column] = ()


@dataclass(slots=True)
class Annexes:
    """Writes the files and remembers them for the list in the report."""

    report: Path
    written: list[Annex] = field(default_factory=list)

    def csv(self, name: str, title: str, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> str:
        """Write a table and return its path below report/."""
        sink = io.StringIO(newline="")
        writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([column.key for column in columns])
        for row in rows:
            writer.writerow([_cell(row.get(column.key)) for column in columns])
        return self._write(f"{name}.csv", title, sink.getvalue(), len(rows), columns)

    def json_lines(self, name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> str:
        """Write one JSON object per line, with exact values in ASCII, and return the path below report/."""
        lines = (json.dumps(row, sort_keys=True, default=_plain, allow_nan=False) for row in rows)
        return self._write(f"{name}.jsonl", title, "".join(f"{line}\n" for line in lines), len(rows))

    def text(self, name: str, title: str, content: str) -> str:
        """Write a text file and return its path below report/."""
        return self._write(name, title, content, content.count("\n"))

    def sha256(self, path: str) -> str:
        """Return the hash of a file written before."""
        return next(annex.sha256 for annex in self.written if annex.path == path)

    def finish(self) -> None:
        """Write README.txt and remove what an earlier run left in the folder."""
        self.text(
            "README.txt", "what the files are", _README_HEAD + "".join(_described(annex) for annex in self.listed())
        )
        known = {annex.path for annex in self.written}
        for path in sorted((self.report / FOLDER).rglob("*")):
            if path.is_file() and path.relative_to(self.report).as_posix() not in known:
                path.unlink()

    def listed(self) -> list[Annex]:
        """Return the files ordered by path."""
        return sorted(self.written, key=lambda annex: annex.path)

    def _write(self, name: str, title: str, content: str, n_rows: int, columns: Sequence[Column] = ()) -> str:
        path = f"{FOLDER}/{name}"
        encoded = content.encode("utf-8", "backslashreplace")
        write_file(self.report / path, encoded)
        self.written.append(Annex(path, title, n_rows, hashlib.sha256(encoded).hexdigest(), tuple(columns)))
        return path


def safe_name(text: str) -> str:
    """Return a text as part of a file name: letters, digits, dot, hyphen and underscore alone."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)


def _described(annex: Annex) -> str:
    columns = "".join(f"    {column.key}: {column.label}\n" for column in annex.columns)
    return f"\n{annex.path.removeprefix(FOLDER + '/')}\n  {show(annex.title)}\n{columns}"


def _cell(value: object) -> str:
    if isinstance(value, (list, tuple)):
        value = "; ".join(str(part) for part in value)
    if isinstance(value, (datetime, date)):
        return _plain(value)
    if isinstance(value, (bool, int, float)):
        return str(value)
    return csv_cell(show(csv_cell(value)))


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
