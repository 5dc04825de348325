"""P-values from ranks keep their promise whatever the scores look like, and say when a reference is too small."""

from __future__ import annotations

import numpy as np
import pytest

from distilforensics.accuracy.proportion import chance_of_at_least
from distilforensics.assessment import conformal


def p_values(scores: list[int], reference: list[int]) -> list[float]:
    """Return the p-value of each score."""
    return [conformal.p_value(n, len(reference)) for n in conformal.n_as_high(scores, reference)]


def test_a_score_above_the_whole_reference_has_the_smallest_p_value_there_is() -> None:
    """One over the size of the reference plus one; ties count against the tested."""
    assert p_values([9, 3, 0], [1, 2, 3]) == [1 / 4, 2 / 4, 1.0]


def test_without_a_reference_nothing_is_rare() -> None:
    """The p-value is 1."""
    assert p_values([5], []) == [1.0]


@pytest.mark.parametrize("n_values", [3, 1000])
def test_p_values_of_ordinary_entities_are_not_too_small(n_values: int) -> None:
    """Over 2,000 draws the share of p-values up to t does not lie above t, with many ties and with hardly any."""
    chance = np.random.default_rng(20261125)
    for limit in (0.05, 0.1, 0.2, 0.5):
        n_low = 0
        for _ in range(2000):
            drawn = chance.integers(0, n_values, 40).tolist()
            n_low += p_values(drawn[:1], drawn[1:])[0] <= limit
        assert chance_of_at_least(n_low, 2000, limit) > 0.001


def test_the_adjustment_is_that_of_benjamini_and_hochberg() -> None:
    """Known values: p times n over rank, from the largest down never rising; the order of the input is kept."""
    assert conformal.adjusted([0.04, 0.01, 0.03]) == pytest.approx([0.04, 0.03, 0.04])
    assert conformal.adjusted([]) == []


def marked_logs(n_logs: int, *, is_by_account: bool) -> int:
    """Return in how many ordinary logs anything is marked, if forty accounts of a class share one score."""
    chance, n_marked = np.random.default_rng(7), 0
    for _ in range(n_logs):
        own, other = (chance.integers(1, 10_000, 12).tolist() for _ in range(2))
        size = 40 if is_by_account else 1
        adjusted = conformal.adjusted(p_values(np.repeat(own, size).tolist(), np.repeat(other, size).tolist()))
        n_marked += min(adjusted) <= conformal.ALPHA
    return n_marked


def test_accounts_that_share_their_fate_must_not_be_counted_as_trials() -> None:
    """Tested by account, half of all ordinary logs would have somebody marked; tested by set, none of so small a log can."""
    assert marked_logs(400, is_by_account=True) > 0.3 * 400
    assert marked_logs(400, is_by_account=False) == 0


def test_sets_are_rarely_marked_in_ordinary_logs_even_with_a_large_reference() -> None:
    """With twelve sets against 600, the share of logs with anything marked does not lie above five per cent."""
    chance, n_marked = np.random.default_rng(11), 0
    for _ in range(2000):
        drawn = chance.integers(1, 10_000, 612).tolist()
        n_marked += min(conformal.adjusted(p_values(drawn[:12], drawn[12:]))) <= conformal.ALPHA
    assert chance_of_at_least(n_marked, 2000, conformal.ALPHA) > 0.001


def test_an_unknown_campaign_in_the_reference_makes_it_more_careful() -> None:
    """High scores in the reference raise p and never lower it."""
    clean, dirty = [1, 1, 2, 3], [1, 1, 2, 9]
    assert all(b >= a for a, b in zip(p_values([2, 5, 8], clean), p_values([2, 5, 8], dirty), strict=True))


def test_a_reference_that_is_too_small_names_the_size_that_would_do() -> None:
    """For one among 6, 119 are needed: then 1 / 120 = 0.05 / 6. With 59 two have to stand out at once."""
    assert conformal.needed_reference(6) == 119
    assert conformal.smallest_number(6, 119) == 1
    assert conformal.smallest_number(6, 118) == 2
    assert conformal.smallest_number(6, 59) == 2
    assert conformal.needed_reference(6, 2) == 59
    assert min(conformal.adjusted(p_values([9, 1, 1, 1, 1, 1], [2] * 119))) == pytest.approx(conformal.ALPHA)
    assert conformal.needed_reference(0) == 0
