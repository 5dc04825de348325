"""How much a count weighs: bits by which it is likelier at its own rate than at the rate of accounts that have nothing to do with each other.

Weights are not cut off, so that sets of accounts can be compared: a set that takes strangers in has a lower rate, and weighs less.
"""

from __future__ import annotations

import math


def of_share(count: int, n: int, rate: float) -> float:
    """Return the log2 likelihood ratio of `count` in `n` trials at their own share against `rate`; 0 if they are not above it."""
    if count == 0 or count <= n * rate:
        return 0.0
    bits = count * math.log2(count / n / rate)
    if count < n:
        bits += (n - count) * math.log2((1 - count / n) / (1 - rate))
    return bits


def between_rates(count: int, n: int, rate: float, other: float) -> float:
    """Return the log2 likelihood ratio of `count` in `n` trials at one rate against another."""
    return count * math.log2(rate / other) + (n - count) * math.log2((1 - rate) / (1 - other))


def of_count(count: int, expected: float) -> float:
    """Return the log2 likelihood ratio of a Poisson count at its own mean against `expected`; 0 if it is not above it."""
    if count <= expected:
        return 0.0
    return count * math.log2(count / expected) - (count - expected) / math.log(2)
