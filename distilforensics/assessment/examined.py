"""A candidate after all questions were asked: what the tables of findings are written from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from distilforensics.assessment.candidates import Candidate
    from distilforensics.assessment.confounding import Check
    from distilforensics.assessment.evidence import FiredHeuristic
    from distilforensics.assessment.grades import Verdict
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

    @property
    def explanations(self) -> tuple[str, ...]:
        """Benign explanations that account for it as a whole."""
        return tuple(check.confounder_id for check in self.checks if check.verdict == "applies")

    @property
    def is_campaign(self) -> bool:
        """Whether it is reported as a campaign."""
        return not self.explanations and self.verdict.grade is not Grade.INCONCLUSIVE
