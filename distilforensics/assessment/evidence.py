"""The evidence of one candidate, for and against, as sentences with their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.core import units
from distilforensics.core.finding import Claim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.confounding import Check
    from distilforensics.assessment.material import Material, Observation


@dataclass(frozen=True, slots=True)
class FiredHeuristic:
    """One heuristic that fired on a candidate, with the observation that shows it best."""

    observation: Observation
    is_stable: bool
    statement: str


def fired_heuristics(groups: tuple[str, ...], material: Material) -> dict[str, FiredHeuristic]:
    """Return heuristic id to what fired on the groups of a candidate, each with its observation on most accounts."""
    found: dict[str, list[Observation]] = {}
    for group in groups:
        for observation in material.fired(group):
            found.setdefault(observation.heuristic_id, []).append(observation)
    result = {}
    for heuristic_id in sorted(found):
        observations = sorted(found[heuristic_id], key=lambda row: (-row.n_accounts, -row.n_exchanges, row.entity_id))
        statement = group_statement(observations[0], material)
        result[heuristic_id] = FiredHeuristic(observations[0], any(row.is_stable for row in observations), statement)
    return result


def group_statement(observation: Observation, material: Material) -> str:
    """Return one sentence with the numbers of an observation on a group; the side of the threshold follows from whether it fired."""
    value, threshold = observation.value, observation.threshold
    parts = [f"{_number(value)} ({material.units[observation.heuristic_id]})"]
    if observation.baseline is not None:
        parts.append(f"the rest of the log, or chance, gives {_number(observation.baseline)}")
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


def evidence_rows(
    campaign_id: str,
    fired: Mapping[str, FiredHeuristic],
    silent: Iterable[Observation],
    checks: Iterable[Check],
    records: Mapping[str, list[str]],
    material: Material,
) -> list[dict[str, Any]]:
    """Return the rows of campaign_evidence for one campaign, in the order of the table."""
    rows = [_row(campaign_id, "for", found.observation, found.statement, records) for _, found in sorted(fired.items())]
    rows += [
        _row(campaign_id, "against", row, f"Did not fire. {group_statement(row, material)}", records) for row in silent
    ]
    rows += [_check_row(campaign_id, check) for check in checks]
    return sorted(rows, key=lambda row: (row["campaign_id"], row["side"], row["source"], row["entity_id"] or ""))


def _row(
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


def _check_row(campaign_id: str, check: Check) -> dict[str, Any]:
    side = {"rebutted": "for", "applies": "against", "partly": "against", "not_checkable": "neutral"}[check.verdict]
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


def silent_observations(
    groups: tuple[str, ...], fired: Mapping[str, FiredHeuristic], material: Material
) -> list[Observation]:
    """Return, for heuristics that judged a group of the candidate and fired on none, the observation on the largest one."""
    found: dict[str, Observation] = {}
    for group in groups:
        for row in material.observations.get(group, ()):
            best = found.get(row.heuristic_id)
            if row.heuristic_id not in fired and (best is None or row.n_accounts > best.n_accounts):
                found[row.heuristic_id] = row
    return [found[heuristic_id] for heuristic_id in sorted(found)]
