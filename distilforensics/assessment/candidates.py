"""Which groups are looked at together: groups on which a coordination heuristic fired, merged where their accounts overlap.

Texts and clusters come first. Call parameters are shared with everybody who uses the same client, so a group of them makes a
candidate of its own only for accounts that no text and no cluster has explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.assessment.material import TEXT_KINDS, Material, kind_of
from distilforensics.core.finding import Family

if TYPE_CHECKING:
    from collections.abc import Iterable

    from distilforensics.assessment.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Candidate:
    """Groups that are examined as one campaign: seeds show coordination, attached groups lie within its accounts."""

    candidate_id: str
    seeds: tuple[str, ...]
    accounts: frozenset[str]

    @property
    def templates(self) -> tuple[str, ...]:
        """Templates that define the campaign's own exchanges: texts if there are any, else parameters; none for clusters alone."""
        texts = tuple(group for group in self.seeds if kind_of(group) in TEXT_KINDS)
        return texts or tuple(group for group in self.seeds if kind_of(group) == "parameters")


def find_candidates(material: Material, parameters: Parameters) -> list[Candidate]:
    """Return candidates in a fixed order, numbered `candidate-1` and on.

    A seed joins an earlier candidate if at least `merge_overlap` of the smaller of both account sets is common to both;
    candidates that a seed brings together become one.
    """
    seeds = [group for group in sorted(material.observations) if material.fired(group, family=Family.COORDINATION)]
    seeds = [group for group in seeds if group in material.group_accounts]
    specific = [group for group in seeds if kind_of(group) != "parameters"]
    merged = _merge(
        sorted(specific, key=lambda group: (-len(material.group_accounts[group]), group)), material, parameters
    )
    covered = frozenset().union(*(accounts for _, accounts in merged))
    general = [
        group
        for group in seeds
        if kind_of(group) == "parameters" and len(material.group_accounts[group] & covered) == 0
    ]
    merged += _merge(
        sorted(general, key=lambda group: (-len(material.group_accounts[group]), group)), material, parameters
    )
    ordered = sorted(merged, key=lambda entry: (-len(entry[1]), entry[0]))
    return [
        Candidate(f"candidate-{number}", groups, accounts) for number, (groups, accounts) in enumerate(ordered, start=1)
    ]


def _merge(
    groups: Iterable[str], material: Material, parameters: Parameters
) -> list[tuple[tuple[str, ...], frozenset[str]]]:
    sets: list[tuple[list[str], frozenset[str]]] = []
    for group in groups:
        accounts = material.group_accounts[group]
        names = [group]
        apart = []
        for other_names, other_accounts in sets:
            if overlap(accounts, other_accounts) >= parameters.merge_overlap:
                names += other_names
                accounts |= other_accounts
            else:
                apart.append((other_names, other_accounts))
        sets = [*apart, (names, accounts)]
    return [(tuple(sorted(names)), accounts) for names, accounts in sets]


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the common accounts as a share of the smaller set, 0 for an empty one."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def attached_groups(
    members: frozenset[str], seeds: tuple[str, ...], material: Material, parameters: Parameters
) -> tuple[str, ...]:
    """Return further groups on which something fired and whose accounts are members almost without exception, sorted."""
    found = []
    for group, accounts in material.group_accounts.items():
        common = len(accounts & members)
        if group in seeds or common < parameters.min_contained_accounts or not material.fired(group):
            continue
        if common >= parameters.containment * len(accounts):
            found.append(group)
    return tuple(sorted(found))
