"""The conjunction rule and its resistance, as docs/grades.md states them."""

from __future__ import annotations

import pytest

from distilforensics.assessment.grades import Standing, Verdict, base_grade, grade_campaign
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.core.finding import Grade

LOAD = {"coordination.equal_load": "coordination"}
ROTATION = {"coordination.rotation": "coordination"}
SPAN = {"structure.template_span": "structure"}
RATIO = {"harvest.output_harvest_ratio": "harvest"}
LINKS = {"infrastructure.link_graph": "infrastructure"}
CLOCK = {"evasion.flat_clock": "evasion"}
FULL = LOAD | ROTATION | SPAN | RATIO | LINKS | CLOCK


def grade(
    fired: dict[str, str],
    stable: dict[str, str] | None = None,
    *,
    n_accounts: int = 40,
    lost: tuple[str, ...] = (),
    partly: tuple[str, ...] = (),
    open_questions: tuple[str, ...] = (),
) -> Verdict:
    """Grade with everything stable unless said otherwise."""
    stable = fired if stable is None else stable
    return grade_campaign(Standing(fired, stable, n_accounts, lost, partly, open_questions), PARAMETERS)


@pytest.mark.parametrize(
    ("fired", "expected"),
    [
        ({}, Grade.INCONCLUSIVE),
        (LOAD, Grade.INCONCLUSIVE),
        (LOAD | ROTATION, Grade.INCONCLUSIVE),
        (SPAN | RATIO, Grade.INCONCLUSIVE),
        (SPAN | LINKS, Grade.WEAK),
        (SPAN | RATIO | LINKS | CLOCK, Grade.WEAK),
        (LOAD | SPAN, Grade.WEAK),
        (LOAD | CLOCK, Grade.WEAK),
        (LOAD | SPAN | RATIO, Grade.MODERATE),
        (LOAD | LINKS | CLOCK, Grade.MODERATE),
        (LOAD | SPAN | LINKS, Grade.STRONG),
        (LOAD | RATIO | CLOCK, Grade.STRONG),
    ],
)
def test_the_conjunction_over_families_makes_the_grade(fired: dict[str, str], expected: Grade) -> None:
    """Nothing from one heuristic alone, at most weak without coordination."""
    assert expected is base_grade(fired)


def test_a_full_and_resistant_conjunction_is_strong() -> None:
    """Both resistance tests hold."""
    verdict = grade(FULL)

    assert (Grade.STRONG, True, True) == (
        verdict.grade,
        verdict.is_stable_without_any_heuristic,
        verdict.is_stable_without_accounts,
    )


def test_strong_needs_to_survive_the_loss_of_any_one_heuristic() -> None:
    """With a single coordination heuristic, leaving it out leaves nothing."""
    verdict = grade(LOAD | SPAN | LINKS)

    assert Grade.MODERATE is verdict.grade
    assert "not at least moderate with the same accounts" in verdict.reason


def test_strong_needs_the_same_accounts_without_any_one_heuristic() -> None:
    """The conjunction holds without it, but it would have been made of other accounts."""
    assert Grade.MODERATE is grade(FULL, lost=("coordination.rotation",)).grade


def test_moderate_needs_to_be_weak_at_least_without_any_one_heuristic() -> None:
    """One coordination heuristic and two of structure: without the first, nothing is left."""
    assert [Grade.WEAK, Grade.MODERATE] == [
        grade(LOAD | SPAN | RATIO).grade,
        grade(LOAD | ROTATION | SPAN | RATIO).grade,
    ]


def test_strong_needs_heuristics_that_fire_on_nine_tenths_of_the_accounts_too() -> None:
    """What fires only on the whole group may rest on a few accounts."""
    verdict = grade(FULL, LOAD | ROTATION | SPAN | RATIO)

    assert (Grade.MODERATE, False) == (verdict.grade, verdict.is_stable_without_accounts)


def test_an_unstable_moderate_grade_becomes_weak() -> None:
    """The same resistance one step lower."""
    fired = LOAD | ROTATION | SPAN | RATIO

    assert [Grade.MODERATE, Grade.WEAK] == [grade(fired).grade, grade(fired, LOAD | SPAN).grade]


def test_what_is_not_stable_at_all_gets_no_grade() -> None:
    """Not even a weak grade rests on the whole set of accounts only."""
    assert Grade.INCONCLUSIVE is grade(FULL, LOAD).grade


def test_an_explanation_that_the_log_cannot_settle_forbids_strong() -> None:
    """It is not rebutted, and the reason names it."""
    verdict = grade(FULL, open_questions=("confounder.one_tenant",))

    assert Grade.MODERATE is verdict.grade
    assert "confounder.one_tenant" in verdict.reason


@pytest.mark.parametrize(("n_accounts", "expected"), [(19, Grade.INCONCLUSIVE), (20, Grade.STRONG)])
def test_fewer_than_twenty_accounts_are_not_graded(n_accounts: int, expected: Grade) -> None:
    """Personal pools end here."""
    assert expected is grade(FULL, n_accounts=n_accounts).grade


def test_an_explanation_that_holds_in_part_caps_at_weak() -> None:
    """The reason names it."""
    verdict = grade(FULL, partly=("confounder.class",))

    assert Grade.WEAK is verdict.grade
    assert "confounder.class" in verdict.reason


def test_strong_needs_a_harvest_or_ties_of_identity() -> None:
    """A frame, equal loads and common exits are also what a vendor with its customers' accounts shows."""
    exits = {"infrastructure.fan_in_out": "infrastructure"}

    assert Grade.MODERATE is grade(LOAD | ROTATION | SPAN | exits | CLOCK).grade
    assert Grade.STRONG is grade(LOAD | ROTATION | SPAN | LINKS | CLOCK).grade


def test_one_fact_said_twice_does_not_support_itself() -> None:
    """A stream dealt out by lot follows from equal loads, and two heuristics see the same prompts move on; the times at which calls fail are another fact."""
    stream = {"coordination.single_stream": "coordination"}
    prompts = {
        "coordination.failover_reissue": "coordination",
        "coordination.handover_partner": "coordination",
    }
    times = {"coordination.limit_handover": "coordination"}

    assert Grade.WEAK is grade(LOAD | stream | SPAN | RATIO).grade
    assert Grade.WEAK is grade(prompts | SPAN | RATIO).grade
    assert Grade.MODERATE is grade(prompts | stream | SPAN | RATIO).grade
    assert Grade.MODERATE is grade(prompts | times | SPAN | RATIO).grade
