"""The catalogue proves itself: every case of every heuristic, as `heuristics test` does on the examiner's machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from distilforensics.analysis.catalogue.testing import all_cases, run_case_by_id

if TYPE_CHECKING:
    from distilforensics.analysis.catalogue.casefile import TestCase


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: f"{case.heuristic_id}: {case.name}")
def test_every_case_of_every_heuristic_ends_as_it_states(case: TestCase) -> None:
    """The outcome of each case equals its expectation to six digits."""
    assert run_case_by_id(case).failures == ()
