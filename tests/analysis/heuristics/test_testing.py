"""The harness says what differs from the expectation of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.catalogue.casefile import TestCase
from distilforensics.analysis.catalogue.testing import outcome_of_case, run_case, run_cases
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.analysis.catalogue.loader import Heuristic


def make_case(**changes: Any) -> TestCase:
    """Return a case about twenty accounts with five exchanges each."""
    given = {"exchange_features": [{"repeat": 100, "accounts": 20, "prefix_template": "prefix:f"}]}
    return TestCase(
        **({"heuristic_id": "structure.example", "name": "a case", "kind": "fires", "given": given} | changes)
    )


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"expect": [{"entity_id": "prefix:f", "value": 100, "is_fired": True}]}, None),
        ({"expect": [{"entity_id": "prefix:f", "value": 100.000002}]}, "prefix:f: value is 100.0, expected 100.000002"),
        ({"expect": [{"entity_id": "prefix:f", "colour": 1}]}, "prefix:f: no column colour"),
        ({"expect": [{"entity_id": "prefix:g"}]}, "no row for prefix:g, only ['prefix:f']"),
        ({"expect": []}, "fired on prefix:f, which the case does not name"),
        ({"expect_none_fired": True}, "fired on prefix:f, expected no firing"),
        ({"expect_state": "silent"}, "state is fired (None), expected silent"),
        ({"expect_state": "silent", "params": {"min_exchanges": 101}}, None),
        ({"expect": [], "given": {"exchange_features": [{"colour": 1}]}}, "unknown column 'colour'"),
        ({"expect": [], "given": {"colours": []}}, "given has unknown table colours"),
    ],
)
def test_a_case_says_what_differs(
    make_heuristic: Callable[..., Heuristic], changes: dict[str, Any], failure: str | None
) -> None:
    """An expectation that holds gives no failure; every other one is named."""
    result = run_case(make_heuristic(), make_case(**changes))
    assert result.is_passed == (failure is None)
    if failure is not None:
        assert failure in " ".join(result.failures)


def test_an_invalid_case_raises_when_asked_for_its_outcome(make_heuristic: Callable[..., Heuristic]) -> None:
    """The harness wraps it into a failure; a caller who wants the outcome gets the error."""
    with pytest.raises(HeuristicError, match="unknown table"):
        outcome_of_case(make_heuristic(), make_case(given={"colours": []}))


def test_cases_can_be_run_for_one_heuristic() -> None:
    """As `heuristics test ID` does."""
    results = run_cases(["structure.template_span"])
    assert {result.kind for result in results} == {"fires", "below", "benign"}
    assert all(result.is_passed for result in results)
