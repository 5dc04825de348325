"""The conjunction rule: which heuristics, in which families, under which resistance, make which grade. See docs/grades.md.

Pure functions over the heuristics that fired, so that leaving one out is the same calculation on a smaller set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.core.finding import Family, Grade

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.assessment.parameters import Parameters

_CONTENT = frozenset({Family.STRUCTURE, Family.HARVEST})
_SURROUNDINGS = frozenset({Family.INFRASTRUCTURE, Family.EVASION})


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade with the rule that gave it, and both resistance tests."""

    grade: Grade
    reason: str
    is_stable_without_any_heuristic: bool
    is_stable_without_accounts: bool


def base_grade(families: Mapping[str, str]) -> Grade:
    """Return the grade that a set of fired heuristics (id to family) supports by itself.

    strong: coordination, and structure or harvest, and infrastructure or evasion;
    moderate: coordination, and at least two more heuristics of other families;
    weak: coordination and one heuristic of another family; inconclusive otherwise.
    """
    present = {Family(family) for family in families.values()}
    others = [family for family in families.values() if family != Family.COORDINATION]
    if Family.COORDINATION not in present or not others:
        return Grade.INCONCLUSIVE
    if present & _CONTENT and present & _SURROUNDINGS:
        return Grade.STRONG
    return Grade.MODERATE if len(others) >= 2 else Grade.WEAK


def grade_campaign(
    fired: Mapping[str, str],
    stable: Mapping[str, str],
    *,
    n_accounts: int,
    partly_explained: tuple[str, ...],
    parameters: Parameters,
) -> Verdict:
    """Return the grade of a candidate whose benign explanations do not account for it as a whole.

    Args:
        fired: Heuristic id to family, of all that fired on the candidate.
        stable: The part of them that still fires in every repetition with a tenth of the accounts left out.
        n_accounts: Members.
        partly_explained: Benign explanations that hold in part; any of them caps the grade at weak.
        parameters: Rules.
    """
    base = base_grade(fired)
    reduced = [base_grade({h: family for h, family in fired.items() if h != left_out}) for left_out in fired]
    without_one = bool(reduced) and min(grade.rank for grade in reduced) >= Grade.MODERATE.rank
    without_accounts = base_grade(stable).rank >= base.rank
    grade, reason = base, _reason(base)
    if base is Grade.STRONG and not (without_one and without_accounts):
        grade = Grade.MODERATE
        reason += "; moderate, since it does not survive " + _lost(
            without_one=without_one, without_accounts=without_accounts
        )
    elif base is Grade.MODERATE and not without_accounts:
        grade = Grade.WEAK
        reason += "; weak, since it does not survive leaving out a tenth of the accounts"
    if n_accounts < parameters.min_accounts and grade is not Grade.INCONCLUSIVE:
        grade = Grade.INCONCLUSIVE
        reason = f"{n_accounts} accounts, fewer than the {parameters.min_accounts} from which on a campaign is graded"
    if partly_explained and grade.rank > Grade.WEAK.rank:
        grade = Grade.WEAK
        reason += "; weak, since a benign explanation holds in part: " + ", ".join(partly_explained)
    return Verdict(grade, reason, without_one, without_accounts)


def _lost(*, without_one: bool, without_accounts: bool) -> str:
    parts = [] if without_one else ["leaving out any one heuristic"]
    return " and ".join(parts + ([] if without_accounts else ["leaving out a tenth of the accounts"]))


def _reason(grade: Grade) -> str:
    return {
        Grade.STRONG: "coordination fired together with structure or harvest and with infrastructure or evasion",
        Grade.MODERATE: "coordination fired together with at least two heuristics of other families",
        Grade.WEAK: "coordination fired together with one heuristic of another family",
        Grade.INCONCLUSIVE: "coordination did not fire together with a heuristic of another family",
    }[grade]
