"""Shares with exact intervals."""

import pytest

from distilforensics.evaluation import Proportion


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
