"""Candidates after all questions were asked: what the tables of findings are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distilforensics.assessment.candidate import Candidate
    from distilforensics.assessment.confounding import Check
    from distilforensics.assessment.fact import Fact
    from distilforensics.assessment.grades import Verdict
    from distilforensics.assessment.operators import Explanation


@dataclass(frozen=True, slots=True)
class Examined:
    """A candidate after all questions were asked."""

    candidate: Candidate
    facts: tuple[Fact, ...]
    operators: tuple[Explanation, ...]
    """The explanations by which it is one operator's own; they cap the grade."""
    checks: tuple[Check, ...]
    """The other innocent explanations, with their numbers."""
    verdict: Verdict
    totals: dict[str, Any]
    n_own: dict[str, int]
    """Member to its exchanges that are the candidate's own."""

    @property
    def members(self) -> frozenset[str]:
        """Members."""
        return self.candidate.accounts

    @property
    def is_campaign(self) -> bool:
        """Whether it is reported as a campaign."""
        return self.verdict.grade.rank > 0

    @property
    def explanations(self) -> tuple[str, ...]:
        """Explanations by which it is one operator's own, that fit or stay open."""
        return tuple(explanation.explanation_id for explanation in self.operators if explanation.caps)

    @property
    def strength(self) -> tuple[bool, int, float, int, str]:
        """Sort key: campaigns first, the strongest first, then the heaviest, then the largest."""
        bits = sum(fact.bits for fact in self.facts if fact.is_counted)
        return not self.is_campaign, -self.verdict.grade.rank, -bits, -len(self.members), min(self.members)
