"""Which groups are looked at together: seeds, merged where they consist of the same accounts.

One campaign shows in many groups (a frame, its end, its parameters, a cluster), so seeds have to be merged. A popular text carries the
campaign's accounts and many others, so it must not be: a larger group takes a smaller one in only if other seeds account for most of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from distilforensics.analysis.kinds import kind_of, kinds_by_rank, text_kinds
from distilforensics.assessment.material import REASONING_MARKS, Material
from distilforensics.core.finding import LEAD, Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.parameters import Parameters

_CONTENT = frozenset({Family.STRUCTURE, Family.HARVEST})
_LEVELS = (LEAD, "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Groups that are examined as one campaign, and all accounts that carry any of them."""

    candidate_id: str
    seeds: tuple[str, ...]
    accounts: frozenset[str]
    templates: tuple[str, ...] = ()
    """Seeds that define the campaign's own exchanges, of the most telling kind that there is; none for clusters alone."""
    doubtful: frozenset[str] = frozenset()
    """Accounts on which the seeds do not agree well enough where nothing but them tells members."""
    is_coordinated: bool = True
    """Whether a coordination heuristic fired on the seeds."""

    @property
    def has_text(self) -> bool:
        """Whether its own exchanges are told by what they say."""
        return any(kind_of(template) in {*text_kinds(), "mark"} for template in self.templates)

    @property
    def has_own_text(self) -> bool:
        """Whether they are told by more than a system prompt, which a product may have given to everybody who uses it."""
        return self.has_text and any(kind_of(template) != "system" for template in self.templates)


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
        _candidate(seeds, cores | uncoordinated, material, parameters, is_coordinated=is_coordinated)
        for sets, is_coordinated in ((merged, True), (merged_groups(uncoordinated, parameters), False))
        for seeds in sets
    ]
    found.sort(key=lambda candidate: (-len(candidate.accounts), candidate.seeds))
    return [replace(candidate, candidate_id=f"candidate-{number}") for number, candidate in enumerate(found, start=1)]


def _candidate(
    seeds: tuple[str, ...],
    cores: Mapping[str, frozenset[str]],
    material: Material,
    parameters: Parameters,
    *,
    is_coordinated: bool,
) -> Candidate:
    agreement = _agreement(seeds, cores, material)
    return Candidate(
        candidate_id="",
        seeds=seeds,
        accounts=frozenset().union(*(material.group_accounts[seed] for seed in seeds)),
        templates=_defining(seeds, agreement, material, parameters),
        doubtful=frozenset(account for account, share in agreement.items() if share <= parameters.min_votes),
        is_coordinated=is_coordinated,
    )


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


def _defining(
    seeds: tuple[str, ...], agreement: Mapping[str, float], material: Material, parameters: Parameters
) -> tuple[str, ...]:
    """Return the seeds that define the exchanges: of the first kinds of which some belong to the accounts that most seeds agree on.

    A campaign uses popular things as well, such as the prompt of an agent product; these are seeds, and define nothing.
    If no kind belongs to these accounts, the first kinds that there are define.
    """
    agreed = frozenset(account for account, share in agreement.items() if share >= parameters.majority)
    by_kinds = [tuple(seed for seed in seeds if kind_of(seed) in kinds) for kinds in kinds_by_rank()]
    own = [tuple(seed for seed in found if _is_of(seed, agreed, material, parameters)) for found in by_kinds]
    return _with_kindred(next(filter(None, own), next(filter(None, by_kinds), ())))


def _with_kindred(templates: tuple[str, ...]) -> tuple[str, ...]:
    """Return the templates with the other ways of asking for reasoning, if that is what defines: one campaign tries several."""
    return tuple(sorted({*templates, *REASONING_MARKS})) if REASONING_MARKS & set(templates) else templates


def _agreement(seeds: tuple[str, ...], cores: Mapping[str, frozenset[str]], material: Material) -> dict[str, float]:
    """Return account to its share of the votes: a seed has one for each coordination heuristic that fired on it, and each kind counts once, texts together.

    What a popular product sends alike has one or two, since the pool in it is diluted; what only the pool has in common has more.
    """
    votes: dict[str, dict[str, int]] = {}
    for seed in seeds:
        n_fired = 1 + len(material.fired(seed, family=Family.COORDINATION))
        kind = kind_of(seed)
        of_kind = votes.setdefault("text" if kind in text_kinds() else kind, {})
        of_kind |= {account: max(n_fired, of_kind.get(account, 0)) for account in cores[seed]}
    total = sum(max(of_kind.values(), default=0) for of_kind in votes.values())
    counted: Counter[str] = Counter()
    for of_kind in votes.values():
        counted.update(of_kind)
    return {account: n / total for account, n in counted.items()}


def _is_of(seed: str, accounts: frozenset[str], material: Material, parameters: Parameters) -> bool:
    """Tell whether the exchanges of a group are these accounts' almost without exception."""
    loads = material.group_loads[seed]
    own = sum(load for account, load in loads.items() if account in accounts)
    return own >= parameters.containment * sum(loads.values())


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
