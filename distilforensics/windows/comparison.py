"""The two-sample test of one group: squared mean discrepancy over pairs of accounts, against groups of chance of the same make-up.

The unit is the account. Pairs of exchanges of one account do not count, since every account resembles itself; what counts is whether
*different* accounts of the group resemble each other more than the accounts of the log do. Everything is added in whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distilforensics.windows.sketch import DIMENSIONS, mixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from distilforensics.windows.windows import Sums

N_TENTHS = 10
"""Parts of a group that stability runs leave out one by one."""

PRECISION = 1024
"""Steps per standard deviation of a coordinate: fine enough that the mean of thousands of accounts can be taken off in whole steps."""

FARTHEST = 1 << 24
"""Largest deviation of one account in steps; a hundred of them stay within 32 bits."""

_CHUNK = 50
"""Groups of chance that are added at a time; bounds memory, changes nothing else."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean of the log's exchanges and typical deviation of its accounts, per coordinate."""

    total: NDArray[np.int64]
    n: int
    factor: NDArray[np.float64]

    @classmethod
    def of(cls, sums: Sums, reference: NDArray[np.int64]) -> Scale:
        """Return the scale of the reference accounts."""
        vectors, n = sums.vectors[reference].astype(np.int64), sums.n[reference]
        total, count = vectors.sum(axis=0), max(1, int(n.sum()))
        deviations = np.rint(vectors - n[:, None] * (total / count)).astype(np.int64)
        spread = np.sqrt(np.square(deviations).sum(axis=0) / max(1, int(np.square(n).sum())))
        return cls(total, count, PRECISION / np.maximum(spread, 1.0))

    def apply(self, sums: Sums) -> NDArray[np.int32]:
        """Return, per row, the deviation from the mean summed over its exchanges, in steps of `1 / PRECISION` deviations."""
        deviations = sums.vectors - sums.n[:, None] * (self.total / self.n)
        return _in_steps(deviations * self.factor)


@dataclass(frozen=True, slots=True)
class Sample:
    """Accounts as scaled vectors with the number of exchanges behind each."""

    vectors: NDArray[np.int32]
    n: NDArray[np.int64]

    @property
    def strata(self) -> NDArray[np.int64]:
        """Powers of two of the number of exchanges: accounts of one stratum are exchanged for each other."""
        return np.frexp(self.n.astype(np.float64))[1].astype(np.int64)

    def at(self, places: NDArray[np.int64]) -> Sample:
        """Return the accounts at the places."""
        return Sample(self.vectors[places], self.n[places])


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the test says: the statistic, the groups of chance, and p-values of the whole group and without each of its tenths."""

    statistic: float
    null: NDArray[np.float64]
    p_value: float
    p_without_tenth: list[float]


def compare(group: Sample, tenths: NDArray[np.int64], rest: Sample, *, seed: int, n_null: int) -> Comparison:
    """Return how far a group lies from groups of chance that are drawn from it and the rest, stratum by stratum.

    Under the hypothesis that the group is a random part of both, its statistic is exchangeable with those of the groups of
    chance, so that p = (1 + groups of chance at least as far) / (1 + groups of chance) is valid at any sample size.

    Args:
        group: The accounts of the group.
        tenths: Part of each account, 0 to 9.
        rest: Other accounts of the log, at least one per stratum of the group.
        seed: Number of the chain of chance.
        n_null: Groups of chance.
    """
    order = np.lexsort((np.arange(len(tenths)), tenths))
    group, tenths = group.at(order), tenths[order]
    pool = _centred(np.concatenate([group.vectors, rest.vectors]), np.concatenate([group.n, rest.n]))
    drawn = _draws(group.strata, pool.strata, seed, n_null)
    observed = _statistics(pool, np.arange(len(tenths))[None, :], tenths)
    null = np.concatenate([_statistics(pool, part, tenths) for part in np.array_split(drawn, -(-n_null // _CHUNK))])
    ranks = (1 + (null >= observed).sum(axis=0)) / (1 + n_null)
    return Comparison(float(observed[0, -1]), null[:, -1], float(ranks[-1]), [float(rank) for rank in ranks[:-1]])


def _in_steps(deviations: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return deviations as whole steps."""
    return np.clip(np.rint(deviations), -FARTHEST, FARTHEST).astype(np.int32)


def _centred(vectors: NDArray[np.int32], n: NDArray[np.int64]) -> Sample:
    """Return accounts as deviations from their own common mean, which does not depend on who is in the group."""
    mean = vectors.sum(axis=0, dtype=np.int64) / max(1, int(n.sum()))
    return Sample(_in_steps(vectors - n[:, None] * mean), n)


def _draws(wanted: NDArray[np.int64], available: NDArray[np.int64], seed: int, n_draws: int) -> NDArray[np.int64]:
    """Return, per draw, a place in the pool for every account of the group, of its own stratum and without repetition."""
    drawn = np.empty((n_draws, len(wanted)), dtype=np.int64)
    starts = mixed(np.arange(1, n_draws + 1, dtype=np.uint64) ^ mixed(np.array([seed], dtype=np.uint64)))
    for stratum in np.unique(wanted):
        pool, targets = np.flatnonzero(available == stratum), np.flatnonzero(wanted == stratum)
        keys = mixed(starts[:, None] ^ pool.astype(np.uint64)[None, :])
        drawn[:, targets] = pool[np.argsort(keys, axis=1)[:, : len(targets)]]
    return drawn


def _statistics(pool: Sample, places: NDArray[np.int64], tenths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return, per row of places, the statistic without each tenth and, last, of all.

    The statistic is the mean product of deviations over pairs of exchanges of different accounts, per coordinate.

    Source: A. Gretton et al., A kernel two-sample test, JMLR 13 (2012), lemma 6, with accounts in the place of single points.
    """
    shape = (len(places), N_TENTHS + 1)
    sums = np.zeros((*shape, DIMENSIONS))
    squares, n, n_squares = (np.zeros(shape, dtype=kind) for kind in (np.float64, np.int64, np.int64))
    own = np.einsum("ad,ad->a", pool.vectors, pool.vectors, dtype=np.float64)
    for tenth in np.unique(tenths):
        part = places[:, tenths == tenth]
        sums[:, tenth] = pool.vectors[part].sum(axis=1, dtype=np.int32)
        squares[:, tenth] = own[part].sum(axis=1)
        n[:, tenth] = pool.n[part].sum(axis=1)
        n_squares[:, tenth] = np.square(pool.n)[part].sum(axis=1)
    for parts in (sums, squares, n, n_squares):  # the last of the eleven is empty, so without it there is all
        np.subtract(parts.sum(axis=1, keepdims=True), parts, out=parts)
    products = np.einsum("ktd,ktd->kt", sums, sums) - squares
    pairs = np.maximum(1, np.square(n) - n_squares)
    return np.asarray(products / (pairs * float(DIMENSIONS * PRECISION**2)), dtype=np.float64)
