"""Which groups are looked at together: seeds, merged where they consist of the same accounts.

One campaign shows in many groups (a frame, its end, its parameters, a cluster), so seeds have to be merged. A popular text carries the
campaign's accounts and many others, so it must not be: a larger group takes a smaller one in only if other seeds account for most of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.assessment.material import TEXT_KINDS, Material, kind_of
from distilforensics.core.finding import Family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from distilforensics.assessment.parameters import Parameters

_CONTENT = frozenset({Family.STRUCTURE, Family.HARVEST})
_LEVELS = ("informational", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Groups that are examined as one campaign, and all accounts that carry any of them."""

    candidate_id: str
    seeds: tuple[str, ...]
    accounts: frozenset[str]
    is_coordinated: bool = True
    """Whether a coordination heuristic fired on the seeds."""

    @property
    def templates(self) -> tuple[str, ...]:
        """Templates that define the campaign's own exchanges: texts if there are any, else parameters; none for clusters alone."""
        texts = tuple(group for group in self.seeds if kind_of(group) in TEXT_KINDS)
        return texts or tuple(group for group in self.seeds if kind_of(group) == "parameters")


def find_candidates(material: Material, parameters: Parameters, without: str | None = None) -> list[Candidate]:
    """Return candidates in a fixed order, numbered `candidate-1` and on.

    Args:
        material: Groups and observations.
        parameters: Rules of merging.
        without: A heuristic that is treated as if it did not exist.
    """
    groups = [group for group in sorted(material.observations) if group in material.group_accounts]
    coordinated = [group for group in groups if material.fired(group, family=Family.COORDINATION, without=without)]
    cores = {group: material.core_accounts(group, parameters.core_share) for group in coordinated}
    merged = merged_groups(cores, parameters)
    known = frozenset().union(*cores.values())
    uncoordinated = {
        group: core
        for group in groups
        if group not in cores and _is_tied_harvest(group, material, without)
        for core in [material.core_accounts(group, parameters.core_share)]
        if len(core & known) < parameters.merge_overlap * len(core)
    }
    found = [
        (seeds, frozenset().union(*(material.group_accounts[seed] for seed in seeds)), is_coordinated)
        for sets, is_coordinated in ((merged, True), (merged_groups(uncoordinated, parameters), False))
        for seeds in sets
    ]
    found.sort(key=lambda entry: (-len(entry[1]), entry[0]))
    return [Candidate(f"candidate-{number}", *entry) for number, entry in enumerate(found, start=1)]


def _is_tied_harvest(group: str, material: Material, without: str | None) -> bool:
    """Tell whether a group without coordination is worth a weak grade: a harvest's structure and strong ties of identity, both stable."""
    rows = [row for row in material.fired(group, without=without) if row.is_stable]
    content = [row for row in rows if row.family in _CONTENT and _reaches(material, row.heuristic_id, "medium")]
    ties = [row for row in rows if row.family == Family.INFRASTRUCTURE and _reaches(material, row.heuristic_id, "high")]
    return bool(content and ties)


def _reaches(material: Material, heuristic_id: str, level: str) -> bool:
    return _LEVELS.index(material.levels[heuristic_id]) >= _LEVELS.index(level)


def merged_groups(cores: dict[str, frozenset[str]], parameters: Parameters) -> list[tuple[str, ...]]:
    """Return groups, given with their core accounts, in merged sets, each sorted."""
    homes = {seed: seed for seed in cores}

    def home(seed: str) -> str:
        while homes[seed] != seed:
            seed = homes[seed]
        return seed

    ordered = sorted(cores, key=lambda seed: (len(cores[seed]), seed))
    supported = {seed: _supported_share(seed, cores, parameters) for seed in ordered}
    for position, smaller in enumerate(ordered):
        for larger in ordered[position + 1 :]:
            is_same = jaccard(cores[smaller], cores[larger]) >= parameters.merge_jaccard
            is_part = (
                overlap(cores[smaller], cores[larger]) >= parameters.merge_overlap
                and supported[larger] >= parameters.supported_share
            )
            if is_same or is_part:
                first, second = sorted((home(smaller), home(larger)))
                homes[second] = first
    sets: dict[str, list[str]] = {}
    for seed in sorted(cores):
        sets.setdefault(home(seed), []).append(seed)
    return [tuple(sets[first]) for first in sorted(sets)]


def _supported_share(seed: str, cores: dict[str, frozenset[str]], parameters: Parameters) -> float:
    """Return the share of a seed's accounts that other, clearly smaller seeds inside of it account for."""
    own = cores[seed]
    parts = [
        other
        for name, other in cores.items()
        if name != seed
        and jaccard(own, other) < parameters.merge_jaccard
        and len(own & other) >= parameters.merge_overlap * len(other)
    ]
    return len(own & frozenset().union(*parts)) / len(own) if own else 0.0


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the common accounts as a share of the smaller set, 0 for an empty one."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the common accounts as a share of all accounts of both, 0 for two empty sets."""
    whole = len(one | other)
    return len(one & other) / whole if whole else 0.0


def attached_groups(
    members: frozenset[str], groups: Iterable[str], material: Material, parameters: Parameters
) -> tuple[str, ...]:
    """Return the groups on which something fired and whose traffic is the members' almost without exception, sorted.

    Args:
        members: Members of a candidate.
        groups: Groups to look at; usually all of `material.group_accounts`.
        material: Groups with the load of every account.
        parameters: Rules.
    """
    found = []
    for group in groups:
        loads = material.group_loads.get(group, {})
        common = [load for account, load in loads.items() if account in members]
        if (
            len(common) >= max(parameters.min_contained_accounts, parameters.min_contained_share * len(loads))
            and sum(common) >= parameters.containment * sum(loads.values())
            and material.fired(group)
        ):
            found.append(group)
    return tuple(sorted(found))
