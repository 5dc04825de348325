"""Observations on single accounts, taken together: a heuristic counts for a campaign if it fires on members far more often than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distilforensics.core.finding import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.material import Observation
    from distilforensics.assessment.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Lift:
    """How often a heuristic fired on members and on other accounts, of those that it could judge."""

    n_inside: int
    n_fired_inside: int
    n_outside: int
    n_fired_outside: int

    @property
    def ratio(self) -> float:
        """Share inside over share outside; one more silent and half a fired account outside keep it finite."""
        outside = (self.n_fired_outside + 0.5) / (self.n_outside + 1)
        return self.n_fired_inside / self.n_inside / outside if self.n_inside else 0.0

    @property
    def probability(self) -> float:
        """Chance of so many fired members if membership and firing had nothing to do with each other (Fisher, one-sided)."""
        n_fired, n_silent = self.n_fired_inside + self.n_fired_outside, self.n_outside - self.n_fired_outside
        fewest = max(0, self.n_inside - (self.n_inside - self.n_fired_inside + n_silent))
        # How many ways there are for one fired member more, divided by those for as many as now; logarithms keep the products finite.
        n = np.arange(fewest, min(self.n_inside, n_fired), dtype=np.float64)
        ratios = (n_fired - n) * (self.n_inside - n) / ((n + 1) * (self.n_outside - n_fired + n + 1))
        ways = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
        ways = np.exp(ways - ways.max())
        return float(ways[self.n_fired_inside - fewest :].sum() / ways.sum())

    def counts(self, n_tests: int, parameters: Parameters) -> bool:
        """Tell whether the lift passes the floors of share, ratio and probability; the latter corrected for the number of tests."""
        return (
            self.n_inside > 0
            and self.n_fired_inside >= parameters.min_coverage * self.n_inside
            and self.ratio >= parameters.min_lift
            and self.probability * n_tests <= parameters.lift_probability
        )


def account_observations(observations: Mapping[str, Iterable[Observation]]) -> dict[str, list[Observation]]:
    """Return heuristic id to its observations on single accounts, in order of account."""
    found: dict[str, list[Observation]] = {}
    for entity in sorted(observations):
        for row in observations[entity]:
            if row.entity_type == EntityType.ACCOUNT:
                found.setdefault(row.heuristic_id, []).append(row)
    return found


def lift_of(rows: Iterable[Observation], members: frozenset[str]) -> Lift:
    """Return the lift of one heuristic for a set of members."""
    counts = {(True, True): 0, (True, False): 0, (False, True): 0, (False, False): 0}
    for row in rows:
        counts[row.entity_id in members, row.is_fired] += 1
    return Lift(
        n_inside=counts[True, True] + counts[True, False],
        n_fired_inside=counts[True, True],
        n_outside=counts[False, True] + counts[False, False],
        n_fired_outside=counts[False, True],
    )


def survives_without_tenths(
    rows: Iterable[Observation], members: frozenset[str], n_tests: int, parameters: Parameters
) -> bool:
    """Tell whether the lift counts in each of ten repetitions, each without another tenth of the members."""
    kept, ordered = list(rows), sorted(members)
    for tenth in range(10):
        left_out = frozenset(ordered[tenth::10])
        rest = [row for row in kept if row.entity_id not in left_out]
        if not lift_of(rest, members - left_out).counts(n_tests, parameters):
            return False
    return True
