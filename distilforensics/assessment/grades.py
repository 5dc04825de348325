"""The rule of grades, in one place. See docs/grades.md.

- moderate: a telling fact of coordination with another telling fact: a second one of coordination, one of identity, or a text that is worded
  anew for every call.
- strong: the same with a fact of purpose and with identity or a second telling fact of coordination; it does not fall below weak without
  any one fact, the largest customer, or the account with most ties.
- weak: a telling fact of coordination alone.
- one operator, purpose unknown: facts of coordination, where the accounts may be one operator's own or one product's; or two telling facts
  of identity alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.assessment.fact import Fact, Kind
from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping


RESTING_ON_HANDOVERS = frozenset({"takeover", "manner"})
"""Facts that are read off hand-overs."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade with the rule that gave it, and what it does not depend on."""

    grade: Grade
    reason: str
    without: Mapping[str, Grade]
    """What is left out (a fact, the largest customer, the account with most ties) to the grade that is left."""


def grade_facts(facts: Iterable[Fact]) -> Grade:
    """Return the grade that facts support if the accounts are not one operator's own."""
    counted = [fact for fact in facts if fact.is_counted]
    telling = {kind: [fact for fact in counted if fact.kind is kind and fact.is_telling] for kind in Kind}
    # What goes over with refused calls, and in whose manner, rests on these calls: it tells a pool from a cache, and bears nothing without them,
    # and no strong grade.
    beside_handovers = [fact for fact in counted if fact.fact_id in RESTING_ON_HANDOVERS]
    coordination = [fact for fact in telling[Kind.COORDINATION] if fact not in beside_handovers]
    identity = telling[Kind.IDENTITY]
    is_bound = bool(identity) or len(coordination) > 1
    if coordination and (is_bound or telling[Kind.CONTENT] or beside_handovers):
        has_purpose = any(fact.kind is Kind.PURPOSE for fact in counted)
        return Grade.STRONG if has_purpose and is_bound else Grade.MODERATE
    return Grade.WEAK if coordination else Grade.INCONCLUSIVE


def decide(
    facts: Collection[Fact], *, may_be_one_operator: bool, left_out: Mapping[str, Callable[[], Collection[Fact]]]
) -> Verdict:
    """Return the grade of a candidate.

    Args:
        facts: Its facts.
        may_be_one_operator: Whether an explanation by which the accounts are one operator's own fits, or stays open.
        left_out: What is left out, and a function that returns the facts that remain then.
    """
    grade = grade_facts(facts)
    is_coordinated = any(fact.kind is Kind.COORDINATION for fact in facts)
    is_opened_together = sum(fact.kind is Kind.IDENTITY and fact.is_telling and fact.is_counted for fact in facts) > 1
    if may_be_one_operator or grade is Grade.INCONCLUSIVE:
        grade = Grade.ONE_OPERATOR if is_coordinated or is_opened_together else Grade.INCONCLUSIVE
        if not is_coordinated:
            reason = "the accounts have two kinds of identity in common, as one operator's own and those of a class or a firm have"
        elif may_be_one_operator:
            reason = "the facts connect the accounts, and one operator, one product or people who know each other may explain it"
        else:
            reason = "the facts show one scheduler, which products, vendors and fleets have as well"
        return Verdict(grade, reason, {})
    counted = [fact for fact in facts if fact.is_counted]
    without = {
        f"fact {fact.fact_id}": grade_facts([other for other in facts if other is not fact]) for fact in counted
    } | {name: grade_facts(rest()) for name, rest in sorted(left_out.items())}
    lowest = min((found.rank for found in without.values()), default=0)
    if grade is Grade.STRONG and lowest < Grade.WEAK.rank:
        carried_by = sorted(name for name, found in without.items() if found.rank < Grade.WEAK.rank)
        return Verdict(Grade.MODERATE, f"strong, but for {', '.join(carried_by)} that carries it", without)
    return Verdict(grade, _reason(grade, counted), without)


def _reason(grade: Grade, counted: Collection[Fact]) -> str:
    names = {kind: [fact.fact_id for fact in counted if fact.kind is kind] for kind in Kind}
    parts = [f"{kind}: {', '.join(found)}" for kind, found in names.items() if found and kind is not Kind.CONTENT]
    return f"{grade.value} by {'; '.join(parts)}"
