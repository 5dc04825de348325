"""Shares with exact intervals."""

import math

import pytest

from distilforensics.accuracy.proportion import Proportion, chance_of_at_least


@pytest.mark.parametrize(
    ("n_of", "n_total", "low", "high"),
    [
        (0, 10, 0.0, 0.3085),
        (1, 10, 0.0025, 0.4450),
        (5, 10, 0.1871, 0.8129),
        (10, 10, 0.6915, 1.0),
        (0, 600, 0.0, 0.0061),
    ],
)
def test_the_interval_is_the_published_clopper_pearson_interval(n_of, n_total, low, high):
    """Values of printed tables, four digits."""
    assert Proportion(n_of, n_total).interval == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("n_of", "n_total", "low", "high"),
    [
        (3, 20, 0.03207093718554477, 0.37892682654529564),
        (35, 16182, 0.001506985247559476, 0.0030067947489088895),
        (6586, 6715, 0.9772151107557335, 0.9839367697525491),
        (499_999, 1_000_000, 0.49901851919820994, 0.5009794808075826),
        (1, 1_000_000, 2.5317805139113815e-08, 5.571630655512304e-06),
        (1, 1, 0.025, 1.0),
        (0, 1, 0.0, 0.975),
    ],
)
def test_the_interval_is_that_of_other_programs(n_of, n_total, low, high):
    """Values of scipy.stats.binomtest, method exact, whose search stops at 2e-12."""
    assert Proportion(n_of, n_total).interval == pytest.approx((low, high), rel=1e-9, abs=4e-12)


@pytest.mark.parametrize(("n_of", "n_total", "rate"), [(1, 7, 0.2), (4, 9, 0.35), (9, 9, 0.8), (12, 40, 0.5)])
def test_the_chance_is_the_sum_over_all_outcomes(n_of, n_total, rate):
    """Added up outcome by outcome."""
    outcomes = [math.comb(n_total, k) * rate**k * (1 - rate) ** (n_total - k) for k in range(n_of, n_total + 1)]
    assert chance_of_at_least(n_of, n_total, rate) == pytest.approx(sum(outcomes), rel=1e-12)


def test_the_upper_bound_at_zero_is_the_closed_form():
    """For 0 of n the upper bound is 1 - 0.025^(1/n)."""
    assert Proportion(0, 571).interval[1] == pytest.approx(1 - 0.025 ** (1 / 571), rel=1e-12)


def test_zero_is_told_by_its_upper_bound_and_never_as_0_percent():
    """No number of innocents makes the rate 0 %."""
    texts = [str(Proportion(0, n)) for n in (1, 10, 600, 10_000_000)]
    assert texts == [
        "0 of 1 (at most 97.5 %)",
        "0 of 10 (at most 30.9 %)",
        "0 of 600 (at most 0.613 %)",
        "0 of 10,000,000 (at most 0.0000369 %)",
    ]
    assert all("0 %" not in text.split("most ")[0] for text in texts)


def test_all_is_told_by_its_lower_bound_and_never_as_100_percent():
    """A complete success has a lower bound too."""
    assert str(Proportion(80, 80)) == "80 of 80 (at least 95.4 %)"


@pytest.mark.parametrize(("n_of", "n_total"), [(1, 10_000_000), (9_999_999, 10_000_000), (1, 3), (599, 600)])
def test_bounds_are_never_rounded_to_certainty(n_of, n_total):
    """Rounding goes outwards and keeps the digits that differ from 0 and 100."""
    text = str(Proportion(n_of, n_total))
    assert " 0 %" not in text
    assert "100 %" not in text
    assert "(0 %" not in text


def test_without_a_total_there_is_no_rate_and_no_bound():
    """Nothing to judge is neither good nor bad."""
    nothing = Proportion(0, 0)
    assert nothing.as_dict() == {"n_of": 0, "n_total": 0, "rate": None, "ci95_low": None, "ci95_high": None}
    assert str(nothing) == "none to judge"
