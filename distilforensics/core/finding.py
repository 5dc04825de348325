"""The closed vocabularies of findings: families, states, grades, claim types and the match between them."""

from __future__ import annotations

from enum import StrEnum


class Family(StrEnum):
    """Families of the heuristic catalogue; a grade needs a conjunction over them."""

    STRUCTURE = "structure"
    HARVEST = "harvest"
    COORDINATION = "coordination"
    INFRASTRUCTURE = "infrastructure"
    EVASION = "evasion"


LEAD = "lead"
"""Level of a heuristic that is shown to the investigator and bears no grade: innocent traffic shows the same too often."""


class State(StrEnum):
    """What a heuristic can say about a log. Silence is never read as innocence: it has three distinct reasons."""

    FIRED = "fired"
    SILENT = "silent"
    NOT_EVALUATED = "not_evaluated"
    INCONCLUSIVE = "inconclusive"


class Grade(StrEnum):
    """How strongly the log supports that a campaign is a coordinated harvest; defined in docs/grades.md."""

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"
    ONE_OPERATOR = "one operator, purpose unknown"
    INCONCLUSIVE = "inconclusive"

    @property
    def rank(self) -> int:
        """Order of strength: strong 3, moderate 2, weak 1; the others accuse nobody and have 0."""
        return {Grade.STRONG: 3, Grade.MODERATE: 2, Grade.WEAK: 1}.get(self, 0)


class Claim(StrEnum):
    """The type of every sentence in a report."""

    OBSERVED = "observed"
    COMPUTED = "computed"
    INFERRED = "inferred"


class EntityType(StrEnum):
    """What a row of the observations table is about."""

    ACCOUNT = "account"
    GROUP = "group"
    LOG = "log"


REVIEWS = ("reviewed", "disputed", "accepted")
"""What a note can make of its target; `accepted` is the sign-off."""
