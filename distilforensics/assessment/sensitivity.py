"""What becomes of a grade if all firing thresholds are 25 % stricter, or 25 % laxer, with the same members and the same rules.

All thresholds move at once, which is harder than any single one. Repetitions without accounts were run at the stated thresholds only:
at stricter ones a heuristic counts as stable if it was stable before, and what fires at laxer ones alone counts as not stable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from distilforensics.assessment.confounding import with_heuristics
from distilforensics.assessment.evidence import fired_heuristics
from distilforensics.assessment.grades import grade_campaign
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.case.tables import read_rows
from distilforensics.core.finding import EntityType, Family, Grade

if TYPE_CHECKING:
    from distilforensics.assessment.evidence import FiredHeuristic
    from distilforensics.assessment.examined import Examined
    from distilforensics.assessment.material import Material, Observation
    from distilforensics.case.layout import Case


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A campaign at moved thresholds."""

    stricter: Grade
    laxer: Grade
    lost: tuple[str, ...]
    """Heuristics that bear the grade and would not at stricter thresholds."""
    gained: tuple[str, ...]
    """Heuristics that would bear it at laxer ones alone."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The observations at moved thresholds."""

    stricter: Material
    laxer: Material
    n_nearly_coordinated: int
    """Groups on which a coordination heuristic fires at laxer thresholds alone, and none at the stated ones."""


def load_moved(case: Case, material: Material) -> Moved:
    """Return the material at stricter and at laxer thresholds. What was not tried again is left as it is."""
    rows = read_rows(case, "threshold_stability")
    stricter = {(row["heuristic_id"], row["entity_id"]): row["fires_stricter"] for row in rows}
    laxer = {(row["heuristic_id"], row["entity_id"]): row["fires_laxer"] for row in rows}
    nearly = {
        row["entity_id"]
        for row in rows
        if row["heuristic_id"].startswith(f"{Family.COORDINATION.value}.") and not row["is_fired"]
    }
    return Moved(
        _with(material, stricter),
        _with(material, laxer),
        sum(not material.fired(group, family=Family.COORDINATION) for group in nearly),
    )


def _with(material: Material, fires: dict[tuple[str, str], bool]) -> Material:
    def moved(row: Observation) -> Observation:
        is_fired = fires.get((row.heuristic_id, row.entity_id), row.is_fired)
        return row if is_fired == row.is_fired else replace(row, is_fired=is_fired)

    found = {entity: tuple(moved(row) for row in rows) for entity, rows in material.observations.items()}
    return replace(material, observations=found)


def sensitivity(examined: Examined, moved: Moved) -> Sensitivity:
    """Return what becomes of a campaign at moved thresholds."""
    stricter, kept = _grade(examined, moved.stricter)
    laxer, more = _grade(examined, moved.laxer)
    bearing = frozenset(examined.bearing)
    return Sensitivity(stricter, laxer, tuple(sorted(bearing - kept)), tuple(sorted(more - bearing)))


def _grade(examined: Examined, material: Material) -> tuple[Grade, frozenset[str]]:
    found = _on_single_accounts(examined)
    on_groups = replace(
        material, observations={group: material.observations.get(group, ()) for group in examined.groups}
    )
    found |= fired_heuristics(
        examined.groups, examined.candidate.templates, examined.membership.bearing, on_groups, 1, PARAMETERS
    )
    bearing = {heuristic: entry.observation.family for heuristic, entry in found.items() if entry.bears}
    checks = with_heuristics(examined.checks_alone, bearing)
    if any(check.verdict == "applies" for check in checks):
        return Grade.INCONCLUSIVE, frozenset(bearing)
    standing = replace(
        examined.standing,
        fired=bearing,
        stable={heuristic: entry.observation.family for heuristic, entry in found.items() if entry.bears_stably},
        partly=tuple(check.confounder_id for check in checks if check.verdict == "partly"),
        open_questions=tuple(check.confounder_id for check in checks if check.verdict == "not_checkable"),
    )
    return grade_campaign(standing, PARAMETERS).grade, frozenset(bearing)


def _on_single_accounts(examined: Examined) -> dict[str, FiredHeuristic]:
    """Return the heuristics on single accounts; they count by their lift, which has a probability and no threshold to move."""
    return {
        heuristic: entry
        for heuristic, entry in examined.fired.items()
        if entry.observation.entity_type == EntityType.ACCOUNT
    }
