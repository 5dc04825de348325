"""Conformal p-values with control of the false-discovery rate: rank tests that assume nothing of the shape of a distribution.

The p-value of a tested entity is (1 + reference entities with at least its score) / (1 + reference entities). If the tested entity is an
ordinary one, drawn as the reference was, every rank is equally likely and P(p <= t) <= t. What does not belong into the reference, such
as an unknown campaign, can only raise p.

Source: Bates, Candes, Lei, Romano and Sesia, Testing for outliers with conformal p-values, Annals of Statistics 51 (2023), who show that
the procedure of Benjamini and Hochberg keeps its promise for p-values that share one reference.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

ALPHA = 0.05
"""False-discovery rate: of the entities that are marked, at most this share is expected to be ordinary ones."""


def n_as_high(scores: Sequence[int], reference: Sequence[int]) -> list[int]:
    """Return for each score how many reference scores are at least as high; ties count against the tested entity."""
    ordered = np.sort(np.asarray(reference, dtype=np.int64))
    below = np.searchsorted(ordered, np.asarray(scores, dtype=np.int64), side="left")
    return [int(n) for n in len(ordered) - below]


def p_value(n_higher: int, n_reference: int) -> float:
    """Return the conformal p-value."""
    return (1 + n_higher) / (1 + n_reference)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted by Benjamini and Hochberg, in the given order; those of at most alpha are marked."""
    n = len(p_values)
    result, lowest = [1.0] * n, 1.0
    order = sorted(range(n), key=lambda place: p_values[place])
    for rank in range(n, 0, -1):
        place = order[rank - 1]
        lowest = min(lowest, p_values[place] * n / rank)
        result[place] = lowest
    return result


def smallest_number(n_tested: int, n_reference: int) -> int:
    """Return how many entities above the whole reference are needed before any can be marked: 1 / (n + 1) <= alpha * k / m."""
    return math.ceil(round(n_tested / (ALPHA * (n_reference + 1)), 9))


def needed_reference(n_tested: int, n_marked: int = 1) -> int:
    """Return the size of a reference with which so many entities above all of it can be marked among all tested ones."""
    return max(0, math.ceil(round(n_tested / (ALPHA * n_marked), 9)) - 1)
