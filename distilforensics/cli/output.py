"""Everything that is written to stdout: tables for people, JSON lines and CSV for programs. Nothing from a log gets there unescaped."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import textwrap
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.core.text import csv_cell, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

CELL_LIMIT = 60
"""Characters of a cell in a table; JSON and CSV have all of them."""

NARROWEST = 32
"""Characters of a cell that stay on a terminal for which the table is too wide: as many as names of accounts, records and tests mostly have."""

_LEAST_ROOM = 40
"""Columns below which nothing is wrapped for a terminal, whatever it says of itself."""


@dataclass(frozen=True, slots=True)
class Output:
    """How the user wants results printed: the options that every command has."""

    is_json: bool = False
    is_quiet: bool = False
    may_color: bool = True

    def has_color(self, stream: TextIO) -> bool:
        """Return whether a stream may get colours."""
        return self.may_color and not os.environ.get("NO_COLOR") and is_terminal(stream)

    def heading(self, text: str, stream: TextIO) -> str:
        """Return text in bold where that is possible."""
        return f"\x1b[1m{text}\x1b[0m" if self.has_color(stream) else text

    def line(self, text: str = "") -> None:
        """Write one line; the caller has passed untrusted parts through `core.text.show`."""
        sys.stdout.write(f"{text}\n")

    def paragraph(self, text: str, indent: str) -> None:
        """Write a sentence; on a terminal in lines that fit, elsewhere in one that programs find whole."""
        if is_terminal(sys.stdout):
            room = max(_LEAST_ROOM, shutil.get_terminal_size((80, 24)).columns)
            lines = textwrap.wrap(
                text, room, subsequent_indent=indent[: room // 2], break_on_hyphens=False, break_long_words=False
            )
            text = "\n".join(lines)
        self.line(text)

    def record(self, value: Mapping[str, Any]) -> None:
        """Write one line of JSON. Everything outside of ASCII is escaped, so that a terminal is safe as well."""
        self.line(json_text(value))

    def rows(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Write rows as JSON lines or as a table and return their number."""
        if not self.is_json:
            return self.table(columns, rows)
        n_rows = 0
        for row in rows:
            self.record(dict(zip(columns, row, strict=True)))
            n_rows += 1
        return n_rows

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, is_last_whole: bool = False) -> int:
        """Write an aligned table and return its number of rows."""
        last = plain if is_last_whole else cell
        body = [[*map(cell, row[:-1]), *map(last, row[-1:])] for row in rows]
        if is_terminal(sys.stdout) and not is_last_whole:
            body = _fitting(columns, body, shutil.get_terminal_size((80, 24)).columns)
        numeric = [bool(body) and all(_is_number(row[index]) for row in body) for index in range(len(columns))]
        widths = [max(map(width, column)) for column in zip(columns, *body, strict=True)] if columns else []
        for number, row in enumerate([list(columns), *body]):
            gaps = [" " * (wide - width(text)) for text, wide in zip(row, widths, strict=True)]
            cells = [gap + text if right else text + gap for text, gap, right in zip(row, gaps, numeric, strict=True)]
            line = "  ".join(cells).rstrip()
            if number == 0:
                self.line(self.heading(line, sys.stdout))
            elif is_last_whole:
                self.paragraph(line, " " * sum(wide + 2 for wide in widths[:-1]))
            else:
                self.line(line)
        return len(body)

    def csv(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Write CSV in which no spreadsheet finds a formula, and return the number of rows; JSON keeps exact values."""
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        n_rows = 0
        for row in rows:
            writer.writerow([csv_cell(plain(value)) for value in row])
            n_rows += 1
        return n_rows


def is_terminal(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def cell(value: object) -> str:
    """Return a value as one safe, short line."""
    text = plain(value)
    return f"{text[: CELL_LIMIT - 1]}…" if len(text) > CELL_LIMIT else text


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes; characters of East Asian scripts take two."""
    return len(text) if text.isascii() else sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def plain(value: object) -> str:
    """Return a value as one safe line of any length."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return show(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, (list, tuple, dict)):
        return show(json.dumps(value, ensure_ascii=False, default=str))
    return show(value)


def _fitting(columns: Sequence[str], body: list[list[str]], room: int) -> list[list[str]]:
    """Return the cells of a table cut so that its rows fit, the widest column first; none below `NARROWEST`."""
    widths = [max(map(width, column)) for column in zip(columns, *body, strict=True)]
    least = [min(wide, max(NARROWEST, width(column))) for wide, column in zip(widths, columns, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > room and widths != least:
        widest = max(range(len(widths)), key=lambda i: (widths[i] > least[i], widths[i]))
        widths[widest] -= 1
    return [[_cut(text, wide) for text, wide in zip(row, widths, strict=True)] for row in body]


def _cut(text: str, room: int) -> str:
    """Return a text in as many columns of a terminal; where it goes on, dots say so."""
    if width(text) <= room:
        return text
    while width(text) > room - 1:
        text = text[:-1]
    return f"{text}…"


def _is_number(text: str) -> bool:
    return not text or text.lstrip("-").replace(".", "", 1).isdigit()


def json_text(value: object) -> str:
    """Return one line of JSON in ASCII; times as text, bytes as text with escapes."""
    return json.dumps(value, default=_json_default).replace("\x7f", "\\u007f")


def _json_default(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
