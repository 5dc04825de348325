"""Finds runs of records that occur a second time in the same order: a copied file, or a log that rotation wrote twice.

Two equal lines of a web server may be two requests of one client in one second, so a single equal line says nothing. A whole run of
different lines in the same order does not come twice by chance, unless clients take turns within one tick of the clock: a run spans two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

RUN = 8
"""Consecutive records that must repeat in order."""

MIN_DISTINCT = 4
"""Different records in a run; a burst of one repeated request is no run."""

_PRIME = np.uint64(1_099_511_628_211)


@dataclass(frozen=True, slots=True)
class Runs:
    """Repeated records by their index in the order of all records, and what they repeat."""

    rows: npt.NDArray[np.int64]
    originals: npt.NDArray[np.int64]
    n_repeated: dict[int, int]
    """Source -> records equal to an earlier one of the same source that are in no run."""


def repeated_runs(
    hashes: npt.NDArray[np.uint64], sources: npt.NDArray[np.uint64], times: npt.NDArray[np.int64]
) -> Runs:
    """Return the records that repeat a run of earlier ones."""
    n = len(hashes)
    original = np.full(n, n, np.int64)
    for start, earlier in _matching_windows(hashes, sources, times):
        for step in range(RUN):
            np.minimum.at(original, start + step, earlier + step)
    rows = np.flatnonzero(original < n)
    return Runs(rows, _roots(original, rows), _left_over(hashes, sources, original == n))


def _matching_windows(
    hashes: npt.NDArray[np.uint64], sources: npt.NDArray[np.uint64], times: npt.NDArray[np.int64]
) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Return where runs start and where the same run started first; at most one pair of arrays."""
    n_windows = len(hashes) - RUN + 1
    if n_windows < 2:
        return []
    combined = np.zeros(n_windows, np.uint64)
    for step in range(RUN):
        combined = combined * _PRIME + hashes[step : step + n_windows]
    starts = np.flatnonzero(sources[:n_windows] == sources[RUN - 1 :])
    order = starts[np.argsort(combined[starts], kind="stable")]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = np.diff(combined[order]) != 0
    first = order[np.maximum.accumulate(np.where(is_new, np.arange(len(order)), 0))]
    later, first = order[~is_new], first[~is_new]
    is_apart = first + RUN <= later
    later, first = later[is_apart], first[is_apart]
    windows = np.lib.stride_tricks.sliding_window_view(hashes, RUN)
    is_equal = (windows[later] == windows[first]).all(axis=1)
    distinct = 1 + np.count_nonzero(np.diff(np.sort(windows[later], axis=1), axis=1), axis=1)
    ticks = np.lib.stride_tricks.sliding_window_view(times, RUN)[later]
    keep = is_equal & (distinct >= MIN_DISTINCT) & (ticks.max(axis=1) > ticks.min(axis=1))
    return [(later[keep], first[keep])] if keep.any() else []


def _roots(original: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Follow records that repeat a record which itself repeats one, to the beginning."""
    n = len(original)
    found = original[rows]
    while len(found) and (original[found] < n).any():
        found = np.where(original[found] < n, original[found], found)
    return found


def _left_over(
    hashes: npt.NDArray[np.uint64], sources: npt.NDArray[np.uint64], is_kept: npt.NDArray[np.bool_]
) -> dict[int, int]:
    """Count per source the kept records that equal an earlier kept one."""
    counts: dict[int, int] = {}
    for source in np.unique(sources[is_kept]).tolist():
        own = hashes[is_kept & (sources == source)]
        n = len(own) - len(np.unique(own))
        if n:
            counts[source] = n
    return counts
