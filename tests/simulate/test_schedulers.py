"""How a pool spreads its calls over accounts."""

import itertools
from collections import Counter
from random import Random

import pytest

from distilforensics.simulate.schedulers import KINDS, make_scheduler

ACCOUNTS = range(40)


def picks(kind, n_calls, *, skip_share=0.0, candidates=ACCOUNTS):
    """Return the accounts of `n_calls` calls."""
    scheduler = make_scheduler(
        kind, Random("test"), skip_share=skip_share, weights=[1 + index % 3 for index in ACCOUNTS]
    )
    return [scheduler.pick(list(candidates)) for _ in range(n_calls)]


def dispersion(chosen):
    """Return variance over mean of the calls per account."""
    counts = Counter(chosen)
    values = [counts[account] for account in ACCOUNTS]
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values) / len(values) / mean


def test_round_robin_goes_in_a_circle():
    """Each account follows the same one, and all have the same load."""
    chosen = picks("round_robin", 400)
    assert chosen == [index % 40 for index in range(400)]


def test_round_robin_goes_on_after_an_account_that_is_gone():
    """A missing account is passed over, the circle continues behind it."""
    scheduler = make_scheduler("round_robin", Random(1))
    assert [scheduler.pick(alive) for alive in ([0, 1, 2, 3], [0, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2])] == [
        0,
        2,
        3,
        0,
        1,
    ]


def test_least_recently_used_without_skips_is_a_rotation():
    """With nobody busy the longest rested account is the next one of the circle."""
    assert picks("least_recently_used", 120) == [index % 40 for index in range(120)]


def test_least_recently_used_with_skips_stays_near_equal():
    """A tenth of skips breaks the order a little and leaves loads far more equal than chance would."""
    chosen = picks("least_recently_used", 4000, skip_share=0.1)
    followers = Counter(itertools.pairwise(chosen))
    most_frequent = sum(max(followers[a, b] for b in ACCOUNTS) for a in ACCOUNTS) / len(chosen)
    assert dispersion(chosen) < 0.3
    assert 0.05 < most_frequent < 1.0


def test_weighted_choice_follows_its_weights():
    """Accounts with three times the weight have about three times the load."""
    counts = Counter(picks("weighted", 12_000))
    light, heavy = (sum(counts[index] for index in ACCOUNTS if index % 3 == rest) for rest in (0, 2))
    assert 2.4 < heavy / light * (14 / 13) < 3.6


def test_random_choice_is_as_uneven_as_chance():
    """Variance over mean of a multinomial is near one."""
    assert 0.5 < dispersion(picks("random", 8000)) < 1.7


def test_sticky_stays_until_limited_and_then_hands_over():
    """One account works until a limit error, then the longest rested takes over."""
    scheduler = make_scheduler("sticky", Random(1))
    chosen = []
    for call in range(1, 31):
        index = scheduler.pick([0, 1, 2])
        chosen.append(index)
        if call % 10 == 0:
            scheduler.limited(index)
    assert chosen == [0] * 10 + [1] * 10 + [2] * 10


def test_sticky_leaves_an_account_that_is_gone():
    """An account that cools down or has ended is no candidate any more."""
    scheduler = make_scheduler("sticky", Random(1))
    assert [scheduler.pick(alive) for alive in ([0, 1], [0, 1], [1], [0, 1])] == [0, 0, 1, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_every_scheduler_uses_candidates_only(kind):
    """Accounts outside of the candidates are never called."""
    assert set(picks(kind, 200, skip_share=0.3, candidates=[3, 5, 8])) <= {3, 5, 8}


def test_an_unknown_scheduler_is_refused():
    """The message lists the known ones."""
    with pytest.raises(ValueError, match="round_robin, least_recently_used, random, sticky"):
        make_scheduler("fair", Random(1))
