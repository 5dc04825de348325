"""Brackets of JSON text outside of strings, with their depth, found by array operations: the skeleton of a document of any size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_QUOTE, _BACKSLASH, _LF = ord('"'), ord("\\"), ord("\n")
_OPEN = (ord("{"), ord("["))
_CLOSE = (ord("}"), ord("]"))


@dataclass(slots=True)
class State:
    """Where a scan stands: inside a string or not, after an odd number of backslashes or not, and how deep."""

    in_string: bool = False
    is_escaped: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Skeleton:
    """Brackets up to a depth: their positions, bytes, and the depth outside of each."""

    positions: npt.NDArray[np.int64]
    bytes: npt.NDArray[np.uint8]
    depths: npt.NDArray[np.int64]
    broken_at: int | None
    """Position of the first line end inside a string, which JSON does not have; None if there is none."""


def skeleton(block: npt.NDArray[np.uint8], state: State, max_depth: int) -> Skeleton:
    """Return the brackets of a block that stand at most `max_depth` deep, and move the state to the block's end.

    If the block is broken, only what stands before the break is returned and the state must be set anew by the caller.
    """
    quotes = _real_quotes(block, state)
    line_ends = np.flatnonzero(block == _LF)
    is_inside = _is_inside(quotes, line_ends, starts_inside=state.in_string)
    broken_at = int(line_ends[is_inside][0]) if is_inside.any() else None
    brackets = np.flatnonzero(np.isin(block, (*_OPEN, *_CLOSE)))
    brackets = brackets[~_is_inside(quotes, brackets, starts_inside=state.in_string)]
    if broken_at is not None:
        brackets = brackets[brackets < broken_at]
    values = block[brackets]
    is_open = np.isin(values, _OPEN)
    after = state.depth + np.cumsum(np.where(is_open, 1, -1))
    outside = np.where(is_open, after - 1, after)
    keep = outside <= max_depth
    state.depth = int(after[-1]) if len(after) else state.depth
    state.in_string ^= bool(len(quotes) % 2)
    return Skeleton(brackets[keep], values[keep], outside[keep], broken_at)


def _real_quotes(block: npt.NDArray[np.uint8], state: State) -> npt.NDArray[np.int64]:
    """Return the quotes that no backslash escapes; outside of strings backslashes do not occur in JSON."""
    quotes = np.flatnonzero(block == _QUOTE)
    suspects = np.flatnonzero(block[np.maximum(quotes - 1, 0)] == _BACKSLASH)
    if len(quotes) and quotes[0] == 0 and not len(suspects[suspects == 0]):
        suspects = np.append(0, suspects)
    keep = np.ones(len(quotes), np.bool_)
    if len(suspects):
        others = np.flatnonzero(block != _BACKSLASH)
        at = np.searchsorted(others, quotes[suspects])
        last = np.where(at > 0, others[np.maximum(at - 1, 0)], -1)
        n_backslashes = quotes[suspects] - last - 1 + np.where(last < 0, state.is_escaped, 0)
        keep[suspects] = n_backslashes % 2 == 0
    trailing = 0
    while trailing < len(block) and block[-1 - trailing] == _BACKSLASH:
        trailing += 1
    state.is_escaped = bool((trailing + (state.is_escaped if trailing == len(block) else 0)) % 2)
    return quotes[keep]


def _is_inside(
    quotes: npt.NDArray[np.int64], positions: npt.NDArray[np.int64], *, starts_inside: bool
) -> npt.NDArray[np.bool_]:
    is_odd: npt.NDArray[np.bool_] = np.searchsorted(quotes, positions) % 2 == 1
    return ~is_odd if starts_inside else is_odd
