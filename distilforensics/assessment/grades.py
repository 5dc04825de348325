"""The conjunction rule: which heuristics, in which families, under which resistance, make which grade. See docs/grades.md.

Pure functions over the heuristics that bear a grade, so that leaving one out is the same calculation on a smaller set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.core.finding import Family, Grade

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from distilforensics.assessment.parameters import Parameters

_CONTENT = frozenset({Family.STRUCTURE, Family.HARVEST})
_SURROUNDINGS = frozenset({Family.INFRASTRUCTURE, Family.EVASION})


IDENTITY = frozenset({"infrastructure.link_graph", "infrastructure.shared_payment", "infrastructure.signup_burst"})
"""Heuristics that tie the holders of accounts. A vendor that works with its customers' accounts shares a frame and exits, not these."""


_SAME_PROMPTS = frozenset({"coordination.failover_reissue", "coordination.handover_partner"})
RESTATED = {
    "coordination.equal_load": frozenset({"coordination.single_stream"}),
    "coordination.rotation": frozenset({"coordination.single_stream"}),
    **dict.fromkeys(_SAME_PROMPTS, _SAME_PROMPTS),
}
"""Heuristic to others that say the same of the same exchanges in another way, and are left out with it: one fact must not support itself."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade with the rule that gave it, and both resistance tests."""

    grade: Grade
    reason: str
    is_stable_without_any_heuristic: bool
    is_stable_without_accounts: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about a candidate when it is graded.

    `fired` and `stable` map heuristic ids to families; `stable` holds those that still fire in every repetition with a tenth of the
    accounts left out. `lost` names heuristics without which other accounts, or none, would have been found.
    `partly` and `open_questions` name benign explanations that hold in part, and those that the log cannot settle.
    """

    fired: Mapping[str, str]
    stable: Mapping[str, str]
    n_accounts: int
    lost: Collection[str] = ()
    partly: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()


def base_grade(families: Mapping[str, str]) -> Grade:
    """Return the grade that a set of fired heuristics (id to family) supports by itself.

    strong: coordination, and structure or harvest, and infrastructure or evasion;
    moderate: coordination, and at least two more heuristics of other families;
    weak: coordination and one heuristic of another family, or structure or harvest with infrastructure or evasion;
    inconclusive otherwise.
    """
    present = {Family(family) for family in families.values()}
    has_content, has_surroundings = bool(present & _CONTENT), bool(present & _SURROUNDINGS)
    n_others = sum(family != Family.COORDINATION for family in families.values())
    if Family.COORDINATION not in present:
        return Grade.WEAK if has_content and has_surroundings else Grade.INCONCLUSIVE
    if has_content and has_surroundings:
        return Grade.STRONG
    if n_others >= 2:
        return Grade.MODERATE
    return Grade.WEAK if n_others else Grade.INCONCLUSIVE


def grade_campaign(standing: Standing, parameters: Parameters) -> Verdict:
    """Return the highest grade that the conjunction supports and nothing speaks against.

    It is for candidates whose benign explanations do not account for them as a whole.
    """
    base, stable = base_grade(standing.fired), base_grade(standing.stable)
    reduced = {left_out: _without(standing.fired, left_out) for left_out in standing.fired}
    kept = [grade for left_out, grade in reduced.items() if left_out not in standing.lost]
    is_heuristic_stable = len(kept) == len(reduced) and _lowest(kept) >= Grade.MODERATE.rank
    is_account_stable = bool(standing.fired) and stable.rank >= base.rank
    reasons = [_reason(base)]
    for step in (Grade.STRONG, Grade.MODERATE, Grade.WEAK):
        objections = _objections(step, standing, stable, parameters)
        if step is not Grade.WEAK and standing.partly:
            objections.append(f"a benign explanation holds in part ({', '.join(standing.partly)})")
        if step is Grade.STRONG and not is_heuristic_stable:
            objections.append("without one of the heuristics it is not at least moderate with the same accounts")
        if step is Grade.MODERATE and _lowest(reduced.values()) < Grade.WEAK.rank:
            objections.append("without one of the heuristics it is not even weak")
        if base.rank >= step.rank and not objections:
            return Verdict(step, "; ".join(reasons), is_heuristic_stable, is_account_stable)
        if base.rank >= step.rank:
            reasons.append(f"not {step.value}, since {' and '.join(objections)}")
    return Verdict(Grade.INCONCLUSIVE, "; ".join(reasons), is_heuristic_stable, is_account_stable)


def _objections(step: Grade, standing: Standing, stable: Grade, parameters: Parameters) -> list[str]:
    """Return what speaks against any step in the same way."""
    found = []
    if stable.rank < step.rank:
        found.append("it does not survive leaving out a tenth of the accounts")
    if standing.n_accounts < parameters.min_accounts:
        found.append(f"it has {standing.n_accounts} accounts, fewer than {parameters.min_accounts}")
    if step is Grade.STRONG and not _has_purpose_or_identity(standing.stable):
        found.append("neither a harvest heuristic nor shared payments, sign-ups or links fired on it")
    if step is Grade.STRONG and standing.open_questions:
        found.append(f"the log cannot settle a benign explanation ({', '.join(standing.open_questions)})")
    return found


def _has_purpose_or_identity(families: Mapping[str, str]) -> bool:
    return any(family == Family.HARVEST or heuristic in IDENTITY for heuristic, family in families.items())


def _without(fired: Mapping[str, str], left_out: str) -> Grade:
    gone = {left_out} | RESTATED.get(left_out, frozenset())
    return base_grade({heuristic: family for heuristic, family in fired.items() if heuristic not in gone})


def _lowest(grades: Collection[Grade]) -> int:
    return min((grade.rank for grade in grades), default=Grade.INCONCLUSIVE.rank)


def _reason(grade: Grade) -> str:
    return {
        Grade.STRONG: "coordination fired together with structure or harvest and with infrastructure or evasion",
        Grade.MODERATE: "coordination fired together with at least two heuristics of other families",
        Grade.WEAK: (
            "coordination fired together with one heuristic of another family, or structure or harvest with strong ties of identity"
        ),
        Grade.INCONCLUSIVE: "what fired does not reach over two families",
    }[grade]
