"""Candidates after all questions were asked: what the tables of findings are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from distilforensics.assessment.candidates import Candidate
    from distilforensics.assessment.confounding import Check
    from distilforensics.assessment.evidence import FiredHeuristic
    from distilforensics.assessment.grades import Standing, Verdict
    from distilforensics.assessment.members import Membership


@dataclass(frozen=True, slots=True)
class Examined:
    """A candidate after all questions were asked."""

    candidate: Candidate
    membership: Membership
    groups: tuple[str, ...]
    fired: dict[str, FiredHeuristic]
    checks: list[Check]
    verdict: Verdict
    totals: dict[str, Any]
    standing: Standing
    """What the grade was given on."""
    checks_alone: list[Check]
    """The benign explanations before the heuristics that fired rebutted any."""

    @property
    def members(self) -> frozenset[str]:
        """Members."""
        return frozenset(self.membership.members)

    @property
    def explanations(self) -> tuple[str, ...]:
        """Benign explanations that account for it as a whole, the most specific one first."""
        found = sorted((check for check in self.checks if check.verdict == "applies"), key=lambda check: check.priority)
        return tuple(check.confounder_id for check in found)

    @property
    def is_campaign(self) -> bool:
        """Whether it is reported as a campaign."""
        return not self.explanations and self.verdict.grade is not Grade.INCONCLUSIVE

    @property
    def bearing(self) -> tuple[str, ...]:
        """Heuristics that bear the grade, sorted."""
        return tuple(sorted(heuristic for heuristic, found in self.fired.items() if found.bears))

    @property
    def strength(self) -> tuple[bool, int, int, int, tuple[str, ...]]:
        """Sort key: campaigns first, the strongest first, then the largest."""
        return (
            not self.is_campaign,
            -self.verdict.grade.rank,
            -len(self.bearing),
            -len(self.members),
            self.candidate.seeds,
        )
