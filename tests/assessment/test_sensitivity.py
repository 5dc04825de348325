"""Grades at thresholds a quarter stricter and laxer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Names = Callable[[str, int], list[str]]


def plant(planted: Any, names: Names, fired: tuple[str, ...]) -> str:
    """Plant a pool on whose frame heuristics fired, and return the frame."""
    planted.pool(names("pool", 30), tenant_id=lambda i: f"pool_{i}")
    planted.people(names("person", 60), tenant_id=lambda i: f"tenant_{i}")
    planted.build()
    frame = str(planted.template("prefix"))
    planted.observe(frame, *fired)
    return frame


def test_a_grade_that_does_not_hang_by_a_hair_stays_the_same(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Everything still fires at stricter thresholds."""
    plant(planted, name_accounts, full)
    (campaign,) = planted.assess().campaigns

    assert ("strong", "strong", "strong") == tuple(campaign[key] for key in ("grade", "grade_stricter", "grade_laxer"))
    assert ([], []) == (campaign["heuristics_lost"], campaign["heuristics_gained"])


def test_what_barely_fires_is_lost_at_stricter_thresholds(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Without its ties the pool is no longer strong; the grade of the campaign itself does not change."""
    frame = plant(planted, name_accounts, full)
    ties = [heuristic for heuristic in full if heuristic.startswith("infrastructure")]
    planted.barely |= {(heuristic, frame) for heuristic in ties}
    (campaign,) = planted.assess().campaigns

    assert ("strong", "moderate") == (campaign["grade"], campaign["grade_stricter"])
    assert sorted(ties) == campaign["heuristics_lost"]


def test_without_coordination_at_stricter_thresholds_the_same_accounts_reach_weak_at_most(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Structure and ties are left."""
    frame = plant(planted, name_accounts, full)
    planted.barely |= {(heuristic, frame) for heuristic in full if heuristic.startswith("coordination")}

    assert "weak" == planted.assess().campaigns[0]["grade_stricter"]


def test_an_explanation_that_only_a_barely_fired_heuristic_rebuts_stands_again(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Accounts of one tenant are one customer unless something fired that a customer does not do."""
    planted.pool(name_accounts("pool", 30), tenant_id="one")
    planted.people(name_accounts("person", 60), tenant_id=lambda i: f"tenant_{i}")
    planted.build()
    planted.observe(planted.template("prefix"), *full)
    found = planted.assess()

    assert [] == found.campaigns
    assert ["confounder.one_tenant"] == [e.split(", ")[0] for e in found.explanations]


def test_heuristics_that_nearly_fire_are_named_and_do_not_count_as_stable(planted: Any, name_accounts: Names) -> None:
    """A weak campaign with a third family just below its threshold; the grade waits for repetitions that were not run."""
    fired = ("coordination.equal_load", "coordination.rotation", "structure.template_span", "structure.coverage_growth")
    frame = plant(planted, name_accounts, fired)
    planted.observe(frame, "infrastructure.signup_burst", is_fired=False)
    planted.nearly.add(("infrastructure.signup_burst", frame))
    (campaign,) = planted.assess().campaigns

    assert ["infrastructure.signup_burst"] == campaign["heuristics_gained"]
    assert campaign["grade"] == campaign["grade_laxer"]


def test_groups_that_are_nearly_coordinated_are_counted(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """One frame of people on which a coordination heuristic fires at laxer thresholds alone."""
    plant(planted, name_accounts, full)
    other = planted.template("parameters")
    planted.observe(other, "structure.template_span")
    planted.observe(other, "coordination.rotation", is_fired=False)
    planted.nearly.add(("coordination.rotation", other))
    planted.assess()
    written = json.loads((planted.case.findings / "findings.json").read_text(encoding="utf-8"))

    assert {"moved_by": 0.25, "n_groups_nearly_coordinated": 1} == written["threshold_stability"]
