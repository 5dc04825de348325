"""Observations on single accounts, taken together."""

from __future__ import annotations

import dataclasses

import pytest

from distilforensics.assessment.lifts import Lift, account_observations, lift_of, survives_without_tenths
from distilforensics.assessment.material import Observation
from distilforensics.assessment.parameters import PARAMETERS

MEMBERS = frozenset(f"acct_{number:03d}" for number in range(40))


def rows(n_fired_inside: int, n_fired_outside: int, n_outside: int = 200) -> list[Observation]:
    """Return one observation per account, members first."""
    accounts = [(f"acct_{i:03d}", i < n_fired_inside) for i in range(40)]
    accounts += [(f"other_{i:03d}", i < n_fired_outside) for i in range(n_outside)]
    return [
        Observation("evasion.x", "evasion", "account", name, is_fired, 1.0, None, None, 10, 1, True)
        for name, is_fired in accounts
    ]


def test_members_and_others_are_counted_apart() -> None:
    """Only those that the heuristic could judge."""
    assert Lift(40, 20, 200, 3) == lift_of(rows(20, 3), MEMBERS)
    assert Lift(0, 0, 40, 20) == lift_of(rows(20, 0, 0), frozenset())


@pytest.mark.parametrize(
    ("n_fired_inside", "n_fired_outside", "expected"),
    [(40, 0, True), (20, 3, True), (9, 0, False), (12, 20, False), (40, 200, False), (0, 0, False)],
)
def test_a_lift_needs_share_ratio_and_probability(n_fired_inside: int, n_fired_outside: int, expected: bool) -> None:
    """A quarter of the members, three times as often as elsewhere, less than one in a thousand by chance."""
    lift = lift_of(rows(n_fired_inside, n_fired_outside), MEMBERS)

    assert expected is lift.counts(1, PARAMETERS)


def test_many_tests_ask_for_more() -> None:
    """The probability is multiplied by the number of tests."""
    lift = Lift(20, 6, 200, 8)

    assert 0.0001 < lift.probability < 0.001
    assert (True, False) == (lift.counts(1, PARAMETERS), lift.counts(10, PARAMETERS))


@pytest.mark.parametrize(
    ("n_inside", "n_fired_inside", "n_outside", "n_fired_outside", "expected"),
    [
        (10, 8, 6, 1, 0.024475524475524483),
        (10, 3, 90, 10, 0.1203804219264694),
        (10, 10, 90, 0, 5.776904234533874e-14),
        (40, 40, 100_003, 3, 9.97501707162966e-149),
        (40, 25, 100_000, 4000, 2.70895925601086e-25),
        (1000, 300, 999_000, 20_000, 8.204256076094945e-252),
        (10, 1, 100, 30, 0.9692803155965793),
        (10, 0, 90, 0, 1.0),
        (5, 5, 5, 5, 1.0),
    ],
)
def test_the_probability_is_that_of_fisher(
    n_inside: int, n_fired_inside: int, n_outside: int, n_fired_outside: int, expected: float
) -> None:
    """Values of scipy.stats.fisher_exact, alternative greater."""
    probability = Lift(n_inside, n_fired_inside, n_outside, n_fired_outside).probability
    assert probability == pytest.approx(expected, rel=1e-9)


def test_a_lift_on_the_edge_does_not_survive_leaving_members_out() -> None:
    """Twelve of forty are a little more than three times as many as elsewhere; without two of them they are not."""
    on_the_edge = rows(12, 185, 2000)

    assert lift_of(on_the_edge, MEMBERS).counts(1, PARAMETERS)
    assert not survives_without_tenths(on_the_edge, MEMBERS, 1, PARAMETERS)
    assert survives_without_tenths(rows(20, 0), MEMBERS, 1, PARAMETERS)


def test_observations_on_groups_are_no_observations_on_accounts() -> None:
    """They are told apart by their entity type."""
    on_account = rows(1, 0, 0)[0]
    on_group = dataclasses.replace(on_account, entity_type="group", entity_id="prefix:a")

    assert {"evasion.x": [on_account]} == account_observations({"prefix:a": (on_group,), "acct_000": (on_account,)})
