"""The conjunction rule and its resistance, as docs/grades.md states them."""

from __future__ import annotations

import pytest

from distilforensics.assessment.grades import Verdict, base_grade, grade_campaign
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
    partly: tuple[str, ...] = (),
) -> Verdict:
    """Grade with everything stable unless said otherwise."""
    stable = fired if stable is None else stable
    return grade_campaign(fired, stable, n_accounts=n_accounts, partly_explained=partly, parameters=PARAMETERS)


@pytest.mark.parametrize(
    ("fired", "expected"),
    [
        ({}, Grade.INCONCLUSIVE),
        (LOAD, Grade.INCONCLUSIVE),
        (LOAD | ROTATION, Grade.INCONCLUSIVE),
        (SPAN | RATIO | LINKS | CLOCK, Grade.INCONCLUSIVE),
        (LOAD | SPAN, Grade.WEAK),
        (LOAD | CLOCK, Grade.WEAK),
        (LOAD | SPAN | RATIO, Grade.MODERATE),
        (LOAD | LINKS | CLOCK, Grade.MODERATE),
        (LOAD | SPAN | LINKS, Grade.STRONG),
        (LOAD | RATIO | CLOCK, Grade.STRONG),
    ],
)
def test_the_conjunction_over_families_makes_the_grade(fired: dict[str, str], expected: Grade) -> None:
    """Nothing without coordination, nothing from one heuristic alone."""
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
    assert "leaving out any one heuristic" in verdict.reason


def test_strong_needs_heuristics_that_fire_on_nine_tenths_of_the_accounts_too() -> None:
    """What fires only on the whole group may rest on a few accounts."""
    verdict = grade(FULL, LOAD | ROTATION | SPAN | RATIO)

    assert (Grade.MODERATE, False) == (verdict.grade, verdict.is_stable_without_accounts)


def test_an_unstable_moderate_grade_becomes_weak() -> None:
    """The same resistance one step lower."""
    assert Grade.WEAK is grade(LOAD | SPAN | RATIO, LOAD | SPAN).grade


@pytest.mark.parametrize(("n_accounts", "expected"), [(19, Grade.INCONCLUSIVE), (20, Grade.STRONG)])
def test_fewer_than_twenty_accounts_are_not_graded(n_accounts: int, expected: Grade) -> None:
    """Personal pools end here."""
    assert expected is grade(FULL, n_accounts=n_accounts).grade


def test_an_explanation_that_holds_in_part_caps_at_weak() -> None:
    """The reason names it."""
    verdict = grade(FULL, partly=("confounder.class",))

    assert Grade.WEAK is verdict.grade
    assert "confounder.class" in verdict.reason
