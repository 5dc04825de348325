"""Rows of a table that are one line each and need nothing but cutting, found with array operations.

Whatever is not plain for sure is left to the CSV parser, row by row: rows of several lines, escapes, control characters, cells that exporters guarded
or that hold JSON, rows that may be a header, that have too few or too many cells, or that are no UTF-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from distilforensics.ingest.framing.lines import CR, LF
from distilforensics.ingest.framing.records import lines_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from distilforensics.ingest.framing.records import Buffer

_QUOTE, _BACKSLASH, _BOM_BEGIN, _ZERO, _NINE = 0x22, 0x5C, 0xEF, 0x30, 0x39
_NEEDS_CARE = np.isin(np.arange(256), list(b"'{[="))
"""First bytes of cells that hold JSON, or that a spreadsheet export guarded."""


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Which of some consecutive lines are plain rows, and the cells of those."""

    is_plain: npt.NDArray[np.bool_]
    ends: npt.NDArray[np.int64]
    """Positions after the last byte of each line, without its line end."""
    cells: pa.Table
    """One row per plain line, one column of text per name; empty cells are NULL."""


def plain_rows(
    buffer: Buffer, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], header: Sequence[str], delimiter: str
) -> PlainRows:
    """Return the plain rows among consecutive lines.

    Args:
        buffer: The bytes.
        starts: Positions of the first byte of each line.
        ends: Positions of their line ends.
        header: Names of the columns, all different.
        delimiter: What stands between cells, one ASCII character.
    """
    base = int(starts[0])
    text = np.frombuffer(buffer, np.uint8, count=int(ends[-1]) - base, offset=base)
    table = _Table(text, starts - base, ends - base, len(header), ord(delimiter))
    table.find_cells()
    table.leave_out_headers(header)
    return PlainRows(table.is_plain, table.ends + base, table.columns(header))


class _Table:
    """The lines of a table on the way to cells; positions count from the first line."""

    def __init__(
        self,
        text: npt.NDArray[np.uint8],
        starts: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
        n_columns: int,
        delimiter: int,
    ) -> None:
        self._text, self._starts, self._n_columns, self._delimiter = text, starts, n_columns, delimiter
        has_cr = (ends > starts) & (text[np.maximum(ends - 1, 0)] == CR)
        self.ends = ends - has_cr
        self.is_plain = self.ends > starts
        self._leave_out_odd_bytes()
        self._has_doubled_quotes = False

    def _lines_of(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the line of each of some ascending positions; there are far more of them than lines."""
        n_until = np.append(np.searchsorted(positions, self._starts), len(positions))
        return np.repeat(np.arange(len(self._starts)), np.diff(n_until))

    def _leave_out_odd_bytes(self) -> None:
        text = self._text
        is_odd = np.arange(256) < 0x20
        is_odd[[LF, self._delimiter]] = False
        is_odd[_BACKSLASH] = True
        odd = np.flatnonzero(is_odd[text])
        lines = self._lines_of(odd)
        self.is_plain[lines[odd < self.ends[lines]]] = False
        if len(text) and text.max() >= 0x80:
            try:
                str(text.data, "utf-8")
            except UnicodeDecodeError:
                self.is_plain[self._lines_of(np.flatnonzero(text >= 0x80))] = False

    def _quotes(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the positions of quotes and the number of the first one of each line; lines with quotes in odd places are no plain rows."""
        text, delimiter = self._text, self._delimiter
        quotes = np.flatnonzero(text == _QUOTE)
        first = np.searchsorted(quotes, self._starts)
        if not len(quotes):
            return quotes, first
        lines = self._lines_of(quotes)
        is_closing = ((np.arange(len(quotes)) - first[lines]) & 1).astype(np.bool_)
        self.is_plain &= np.bincount(lines, minlength=len(self._starts)) % 2 == 0
        before, after = text[np.maximum(quotes - 1, 0)], text[np.minimum(quotes + 1, len(text) - 1)]
        is_first, is_last = quotes == self._starts[lines], quotes + 1 >= self.ends[lines]
        is_good = np.where(
            is_closing,
            is_last | (after == delimiter) | (after == _QUOTE),
            is_first | (before == delimiter) | (before == _QUOTE),
        )
        self.is_plain[lines[~is_good]] = False
        self._has_doubled_quotes = bool((is_closing & ~is_last & (after == _QUOTE)).any())
        return quotes, first

    def find_cells(self) -> None:
        """Cut the lines at their delimiters outside of quotes."""
        text = self._text
        quotes, first_quote = self._quotes()
        cuts = np.flatnonzero(text == self._delimiter)
        lines = self._lines_of(cuts)
        if len(quotes):
            is_outside = np.ones(len(cuts), np.bool_)
            near = np.flatnonzero(np.diff(first_quote, append=len(quotes))[lines])  # in lines with quotes
            is_outside[near] = (np.searchsorted(quotes, cuts[near]) - first_quote[lines[near]]) % 2 == 0
            cuts, lines = cuts[is_outside], lines[is_outside]
        self.is_plain &= np.bincount(lines, minlength=len(self._starts)) == self._n_columns - 1
        rows = np.flatnonzero(self.is_plain)
        inner = cuts[self.is_plain[lines]].reshape(len(rows), self._n_columns - 1)
        self._begin = np.concatenate([self._starts[rows][:, None], inner + 1], axis=1)
        self._end = np.concatenate([inner, self.ends[rows][:, None]], axis=1)
        if len(quotes):
            is_quoted = (self._end > self._begin) & (self._byte(self._begin) == _QUOTE)
            self._begin += is_quoted
            self._end -= is_quoted
        first, is_there = self._byte(self._begin), self._end > self._begin
        is_fine = (is_there & (first > 0x20) & (first < 0x7F)).any(axis=1)
        is_fine &= ~(is_there & _NEEDS_CARE[first]).any(axis=1) & (first[:, 0] != _BOM_BEGIN)
        self._keep(is_fine)

    def leave_out_headers(self, header: Sequence[str]) -> None:
        """Leave out rows that may be headers: no cell is empty or begins with a digit, or all are as long and begin as the names of the columns."""
        length = self._end - self._begin
        first = self._byte(self._begin)
        is_data = ((length <= 0) | ((first >= _ZERO) & (first <= _NINE))).any(axis=1)
        # The first name may have been added to a header that lacks it.
        names = [name.encode() for name in header[1:]]
        is_like = length[:, 1:] == np.array([len(name) for name in names], np.int64)
        is_like &= first[:, 1:] == np.frombuffer(b"".join(name[:1] for name in names), np.uint8)
        self._keep(is_data & ~is_like.all(axis=1))

    def _byte(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        return self._text[np.clip(positions, 0, len(self._text) - 1)]

    def _keep(self, is_kept: npt.NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(self.is_plain)
        self.is_plain[rows[~is_kept]] = False
        self._begin, self._end = self._begin[is_kept], self._end[is_kept]

    def columns(self, header: Sequence[str]) -> pa.Table:
        """Return the cells of the plain rows."""
        data = self._text.data
        return pa.table({name: self._column(data, j) for j, name in enumerate(header)})

    def _column(self, data: memoryview, j: int) -> pa.Array:
        begin, end = np.ascontiguousarray(self._begin[:, j]), np.ascontiguousarray(self._end[:, j])
        is_empty = end <= begin
        if is_empty.all():
            return pa.nulls(len(begin), pa.large_string())
        cells = lines_array(data, begin, end, is_exact=True)
        if self._has_doubled_quotes:
            cells = pc.replace_substring(cells, '""', '"')
        return pc.if_else(pa.array(~is_empty), cells, None) if is_empty.any() else cells
