"""Weights grow with what is seen, fall with strangers, and are zero where chance explains it."""

import math

import pytest

from distilforensics.assessment import weights


def test_a_share_weighs_its_log_likelihood_ratio() -> None:
    """Three of four against one in a thousand: 3 log2(750) + log2(0.25 / 0.999)."""
    assert weights.of_share(3, 4, 0.001) == pytest.approx(3 * math.log2(750) + math.log2(0.25 / 0.999))
    assert weights.of_share(4, 4, 0.001) == pytest.approx(4 * math.log2(1000))


@pytest.mark.parametrize(("count", "n"), [(0, 10), (1, 1000), (2, 1000)])
def test_what_chance_gives_weighs_nothing(count: int, n: int) -> None:
    """At or below the rate."""
    assert weights.of_share(count, n, 0.002) == 0
    assert weights.of_count(count, 2.0) == 0


def test_strangers_make_a_set_lighter() -> None:
    """Thirty of sixty failed calls moved; forty more that went nowhere weigh against it."""
    assert weights.of_share(30, 60, 0.002) > weights.of_share(30, 100, 0.002) > weights.of_share(30, 1000, 0.002)


def test_a_count_weighs_its_log_likelihood_ratio() -> None:
    """Twenty where five are expected."""
    assert weights.of_count(20, 5.0) == pytest.approx(20 * 2 - 15 / math.log(2))
