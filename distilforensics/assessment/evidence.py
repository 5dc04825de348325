"""The evidence of one candidate, for and against, as sentences with their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.assessment.lifts import account_observations, lift_of, survives_without_tenths
from distilforensics.assessment.material import Observation
from distilforensics.core import units
from distilforensics.core.finding import LEAD, Claim, Family, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.confounding import Check
    from distilforensics.assessment.examined import Examined
    from distilforensics.assessment.lifts import Lift
    from distilforensics.assessment.material import Material
    from distilforensics.assessment.parameters import Parameters


@dataclass(frozen=True, slots=True)
class FiredHeuristic:
    """One heuristic that fired on a candidate, with the observation that shows it best and what it counts for."""

    observation: Observation
    coverage: float
    """Share of the members in the groups on which it fired, or on whom it fired."""
    bears: bool
    """Whether it counts for the grade."""
    bears_stably: bool
    """Whether it still does with only what fires in every repetition with a tenth of the accounts left out."""
    statement: str


def fired_heuristics(
    groups: tuple[str, ...],
    templates: tuple[str, ...],
    members: frozenset[str],
    material: Material,
    n_tests: int,
    parameters: Parameters,
) -> dict[str, FiredHeuristic]:
    """Return heuristic id to what fired on the groups of a candidate and, far more often than elsewhere, on its members.

    Args:
        groups: Groups whose traffic is the members'.
        templates: Templates that define the candidate; where several groups show the same, one of them is shown.
        members: Members of the candidate.
        material: Observations.
        n_tests: Tests on single accounts in this assessment, for their correction.
        parameters: Rules.
    """
    found: dict[str, list[Observation]] = {}
    for group in groups:
        for observation in material.fired(group):
            found.setdefault(observation.heuristic_id, []).append(observation)
    result = {
        heuristic: _on_groups(rows, templates, members, material, parameters) for heuristic, rows in found.items()
    }
    for heuristic, rows in account_observations(material.observations).items():
        lift = lift_of(rows, members)
        if lift.counts(n_tests, parameters):
            is_stable = survives_without_tenths(rows, members, n_tests, parameters)
            result[heuristic] = _on_accounts(rows, lift, members, is_stable=is_stable, material=material)
    return dict(sorted(result.items()))


def _best(
    rows: Iterable[Observation], templates: tuple[str, ...], members: frozenset[str], material: Material
) -> Observation:
    """Return the observation on most members; among equals on a template that defines the candidate, then on fewest others."""

    def rank(row: Observation) -> tuple[int, bool, int, int, str]:
        n_common = len(material.group_accounts[row.entity_id] & members)
        return (-n_common, row.entity_id not in templates, row.n_accounts, -row.n_exchanges, row.entity_id)

    return min(rows, key=rank)


def _on_groups(
    rows: list[Observation],
    templates: tuple[str, ...],
    members: frozenset[str],
    material: Material,
    parameters: Parameters,
) -> FiredHeuristic:
    def coverage(chosen: Iterable[Observation]) -> float:
        covered = (material.group_accounts[row.entity_id] & members for row in chosen)
        return len(frozenset().union(*covered)) / len(members)

    best = _best(rows, templates, members, material)
    needed = parameters.min_coverage
    if best.family == Family.COORDINATION:
        needed = parameters.min_coordination_coverage
    is_lead = material.levels[best.heuristic_id] == LEAD
    covered, stably = coverage(rows), coverage(row for row in rows if row.is_stable)
    statement = group_statement(best, material)
    if is_lead:
        statement += " It is a lead and bears no grade."
    elif covered < needed:
        statement += f" It concerns {units.share(covered, 1)} of the members and bears no grade."
    return FiredHeuristic(
        observation=best,
        coverage=covered,
        bears=not is_lead and covered >= needed,
        bears_stably=not is_lead and stably >= needed,
        statement=statement,
    )


def _on_accounts(
    rows: list[Observation], lift: Lift, members: frozenset[str], *, is_stable: bool, material: Material
) -> FiredHeuristic:
    first = next(row for row in rows if row.is_fired and row.entity_id in members)
    fired = [row for row in rows if row.is_fired and row.entity_id in members]
    bears = material.levels[first.heuristic_id] != LEAD
    statement = (
        f"{material.titles[first.heuristic_id]}: on {lift.n_fired_inside} of {lift.n_inside} members that could be judged, "
        f"on {lift.n_fired_outside} of {lift.n_outside} other accounts; one-sided Fisher probability {lift.probability:.1e}."
    )
    observation = Observation(
        heuristic_id=first.heuristic_id,
        family=first.family,
        entity_type=first.entity_type,
        entity_id=first.entity_id,
        is_fired=True,
        value=round(lift.n_fired_inside / lift.n_inside, 6),
        baseline=round(lift.n_fired_outside / lift.n_outside, 6) if lift.n_outside else None,
        threshold=None,
        n_exchanges=sum(row.n_exchanges for row in fired),
        n_accounts=len(fired),
        is_stable=is_stable,
    )
    return FiredHeuristic(observation, lift.n_fired_inside / len(members), bears, bears and is_stable, statement)


def group_statement(observation: Observation, material: Material) -> str:
    """Return one sentence with the numbers of an observation on a group; the side of the threshold follows from whether it fired."""
    value, threshold = observation.value, observation.threshold
    parts = [f"{_number(value)} ({material.units[observation.heuristic_id]})"]
    if observation.baseline is not None:
        parts.append(f"for comparison {_number(observation.baseline)}")
    if value is not None and threshold is not None:
        is_upper = (value >= threshold) == observation.is_fired
        parts.append(f"it fires {'from' if is_upper else 'up to'} {_number(threshold)}")
    title = material.titles[observation.heuristic_id]
    where = f"{units.count(observation.n_exchanges)} exchanges of {units.count(observation.n_accounts)} accounts"
    return f"{title}: {'; '.join(parts)}. Over {where}."


def _number(value: float | None) -> str:
    """Return a number with three significant digits and no exponent for what people count."""
    if value is None:
        return "n/a"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def silent_observations(examined: Examined, material: Material) -> list[Observation]:
    """Return, for heuristics that judged a group of the candidate and fired on none, the observation on most of its members."""
    found: dict[str, list[Observation]] = {}
    for group in examined.groups:
        for row in material.observations.get(group, ()):
            if row.heuristic_id not in examined.fired:
                found.setdefault(row.heuristic_id, []).append(row)
    templates, members = examined.candidate.templates, examined.members
    return [_best(rows, templates, members, material) for _, rows in sorted(found.items())]


def heuristic_rows(
    campaign_id: str, examined: Examined, records: Mapping[str, list[str]], material: Material
) -> list[dict[str, Any]]:
    """Return the evidence rows of heuristics: those that fired, those that stayed silent, those that could not judge."""
    rows = [
        _observation_row(campaign_id, "for", found.observation, found.statement, records)
        for found in examined.fired.values()
    ]
    silent = silent_observations(examined, material)
    rows += [
        _observation_row(campaign_id, "against", row, f"Did not fire. {group_statement(row, material)}", records)
        for row in silent
    ]
    rows += [
        fact_row(campaign_id, heuristic_id, f"{material.titles[heuristic_id]}; this could not be judged: {reason}.")
        for heuristic_id, (state, reason) in sorted(material.states.items())
        if state in {State.NOT_EVALUATED, State.INCONCLUSIVE}
    ]
    return rows


def _observation_row(
    campaign_id: str, side: str, observation: Observation, statement: str, records: Mapping[str, list[str]]
) -> dict[str, Any]:
    return {
        "campaign_id": campaign_id,
        "side": side,
        "claim": Claim.COMPUTED.value,
        "source": observation.heuristic_id,
        "entity_id": observation.entity_id,
        "statement": statement,
        "value": observation.value,
        "baseline": observation.baseline,
        "n_exchanges": observation.n_exchanges,
        "n_accounts": observation.n_accounts,
        "is_rebutted": None,
        "record_ids": records.get(observation.entity_id, []),
    }


def fact_row(
    campaign_id: str, source: str, statement: str, *, side: str = "neutral", **numbers: float | None
) -> dict[str, Any]:
    """Return the row of something that can be counted in the log and weighs on neither side unless said otherwise."""
    return {
        "campaign_id": campaign_id,
        "side": side,
        "claim": Claim.OBSERVED.value,
        "source": source,
        "entity_id": None,
        "statement": statement,
        "record_ids": [],
        **numbers,
    }


def check_row(campaign_id: str, check: Check) -> dict[str, Any]:
    """Return the row of a benign explanation; one that holds speaks against the campaign, one that fails is no evidence for it."""
    side = {"rebutted": "neutral", "applies": "against", "partly": "against", "not_checkable": "neutral"}[check.verdict]
    return {
        "campaign_id": campaign_id,
        "side": side,
        "claim": Claim.INFERRED.value,
        "source": check.confounder_id,
        "entity_id": None,
        "statement": check.statement,
        "value": check.value,
        "baseline": check.baseline,
        "n_exchanges": check.n_exchanges,
        "n_accounts": check.n_accounts,
        "is_rebutted": None if check.verdict == "not_checkable" else check.verdict == "rebutted",
        "record_ids": [],
    }


def in_order(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return evidence rows in the order of their table."""
    return sorted(rows, key=lambda row: (row["campaign_id"], row["side"], row["source"], row["entity_id"] or ""))
