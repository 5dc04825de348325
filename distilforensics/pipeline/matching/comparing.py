"""Compares the groups of two cases by their marks: what is in common, how rare it is on both sides, and whether it is more than one thing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from distilforensics.pipeline.matching.marks import KINDS, SETS, Group, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FAMILIES = {
    "frame": "content",
    "passage": "content",
    "prompt": "content",
    "program": "program",
    "parameters": "program",
    "payment": "payment",
    "reasoning": "reasoning",
}
"""Kinds of one family say one thing twice: a published set of tasks comes with its frame, a published program with its parameters."""

RARE_BITS = 3.0
"""From here on a value counts, as in linkage: eight times less common among others than among the members."""

MATCH_BITS = 8.0
"""Sum of the families from which on two groups match, the floor of strong links."""

MIN_COMMON_PROMPTS = 3
"""Fewer whole prompts in common are chance."""


@dataclass(frozen=True, slots=True)
class Common:
    """What two groups have in common, of one kind."""

    kind: str
    bits: float
    """The lesser of both sides: log2 of the share of members over the share of others that hold it."""
    n: int
    """Values in common."""
    share_a: float
    share_b: float
    """Of the members that hold the heaviest value; of the values of each side, where members have values of their own."""
    hashes: tuple[str, ...]
    """The values, the heaviest first."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups with something rare in common."""

    a: Group
    b: Group
    common: tuple[Common, ...]
    """Heaviest first; of a family the first one counts."""

    @property
    def families(self) -> dict[str, float]:
        """Bits of each family."""
        found: dict[str, float] = {}
        for common in self.common:
            found.setdefault(FAMILIES[common.kind], common.bits)
        return found

    @property
    def bits(self) -> float:
        """Sum over the families."""
        return round(sum(self.families.values()), 1)

    @property
    def is_match(self) -> bool:
        """Whether one hand is indicated: two families that are rare on both sides and heavy together."""
        return len(self.families) > 1 and self.bits >= MATCH_BITS

    @property
    def cannot_tell(self) -> tuple[str, ...]:
        """Families that one side has no mark of."""
        sides = [{FAMILIES[kind] for kind, marks in group.marks.items() if marks} for group in (self.a, self.b)]
        return tuple(sorted(set(FAMILIES.values()) - (sides[0] & sides[1])))


def compare(first: Sequence[Group], second: Sequence[Group]) -> list[Pair]:
    """Return all pairs of groups with something rare in common, matches first, then by weight."""
    pairs = [pair for a in first for b in second if (pair := _pair(a, b)).common]
    return sorted(pairs, key=lambda pair: (not pair.is_match, -pair.bits, pair.a.name, pair.b.name))


def _pair(a: Group, b: Group) -> Pair:
    found = (
        _set_in_common(kind, a, b)
        if kind in SETS
        else _mark_in_common(kind, a.marks.get(kind, {}), b.marks.get(kind, {}))
        for kind in KINDS
    )
    rare = [common for common in found if common is not None and common.bits >= RARE_BITS]
    return Pair(a, b, tuple(sorted(rare, key=lambda common: (-common.bits, common.kind))))


def _mark_in_common(kind: str, one: dict[str, Mark], other: dict[str, Mark]) -> Common | None:
    weighed = sorted((-min(_bits(one[value]), _bits(other[value])), value) for value in one.keys() & other.keys())
    if not weighed:
        return None
    value = weighed[0][1]
    hashes = tuple(name for _, name in weighed)
    return Common(kind, round(-weighed[0][0], 1), len(weighed), one[value].share, other[value].share, hashes)


def _bits(mark: Mark) -> float:
    return math.log2(mark.share) + mark.rarity if mark.share else 0.0


def _set_in_common(kind: str, a: Group, b: Group) -> Common | None:
    """Compare values of which every member has its own: by the part of the smaller set that is in common, and how rare these are."""
    one, other = _comparable(kind, a, b)
    shared = sorted(one.keys() & other.keys())
    if len(shared) < (MIN_COMMON_PROMPTS if kind == "prompt" else 1):
        return None
    rarity = min(median(side[value].rarity for value in shared) for side in (one, other))
    bits = math.log2(len(shared) / min(len(one), len(other))) + rarity
    return Common(kind, round(bits, 1), len(shared), len(shared) / len(one), len(shared) / len(other), tuple(shared))


def _comparable(kind: str, a: Group, b: Group) -> tuple[dict[str, Mark], dict[str, Mark]]:
    """Return the values of both sides up to the largest hash that both would have written."""
    sides = [group.marks.get(kind, {}) for group in (a, b)]
    ends = [max(marks, default="") for group, marks in zip((a, b), sides, strict=True) if kind in group.is_cut]
    last = min(ends, default=None)
    one, other = (dict(_up_to(marks, last)) for marks in sides)
    return one, other


def _up_to(marks: dict[str, Mark], last: str | None) -> Iterator[tuple[str, Mark]]:
    return ((value, mark) for value, mark in marks.items() if last is None or value <= last)


@dataclass(frozen=True, slots=True)
class Sighting:
    """An account of a log that holds rare marks of another side's group, of two families at least."""

    group: str
    account_id: str
    kinds: tuple[str, ...]
    n_values: int


def sightings(
    groups: Sequence[Group], holders: Mapping[tuple[str, str], Sequence[str]], n_accounts: int
) -> list[Sighting]:
    """Return the accounts that hold marks of each group, those with most kinds first.

    Args:
        groups: Groups of the other side.
        holders: Accounts that hold a mark, by kind and keyed hash.
        n_accounts: Accounts of the log; a mark that more than one in eight of them holds says nothing.
    """
    found = []
    for group in groups:
        held: dict[str, list[str]] = {}
        for kind, values in group.marks.items():
            for value in values:
                accounts = holders.get((kind, value), ())
                if len(accounts) * 2**RARE_BITS <= n_accounts:
                    for account in accounts:
                        held.setdefault(account, []).append(kind)
        found += [
            Sighting(group.name, account, tuple(sorted(set(kinds))), len(kinds))
            for account, kinds in held.items()
            if len({FAMILIES[kind] for kind in kinds}) > 1
        ]
    return sorted(found, key=lambda s: (s.group, -len(s.kinds), -s.n_values, s.account_id))
