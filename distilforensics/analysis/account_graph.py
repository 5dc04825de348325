"""Clusters of a link graph that hang on more than one link and more than one account.

Connected components alone chain unrelated groups together: one coincidence, or one account with two holders, is enough.
So a link counts only if a third account confirms it (a triangle) or if it is too heavy for any coincidence, and an account
that alone holds two groups together belongs to one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from distilforensics.analysis.link_parameters import Thresholds

    Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Links:
    """Links as parallel arrays: two account numbers a < b, the weight in thousandths of a bit, and what it rests on.

    `families` is a mask of attribute families, `n_attributes` their number, `is_in_tenant` whether both accounts are of one tenant.
    """

    a: Numbers
    b: Numbers
    weight: Numbers
    n_attributes: Numbers
    families: Numbers
    is_in_tenant: NDArray[np.bool_]

    def where(self, chosen: NDArray[np.bool_] | Numbers) -> Links:
        """Return the links chosen by a mask or by their positions."""
        return Links(
            a=self.a[chosen],
            b=self.b[chosen],
            weight=self.weight[chosen],
            n_attributes=self.n_attributes[chosen],
            families=self.families[chosen],
            is_in_tenant=self.is_in_tenant[chosen],
        )

    def __len__(self) -> int:
        return len(self.a)


@dataclass(frozen=True, slots=True)
class Adjacency:
    """Neighbours of every account in ascending order, as one array with offsets."""

    offsets: Numbers
    neighbours: Numbers

    @classmethod
    def of(cls, links: Links, n_accounts: int) -> Adjacency:
        """Return the adjacency of undirected links."""
        ends = np.concatenate([links.a, links.b])
        others = np.concatenate([links.b, links.a])
        order = np.lexsort((others, ends))
        offsets = np.zeros(n_accounts + 1, dtype=np.int64)
        np.cumsum(np.bincount(ends, minlength=n_accounts), out=offsets[1:])
        return cls(offsets, others[order])

    @property
    def degrees(self) -> Numbers:
        """Number of neighbours of every account."""
        return np.diff(self.offsets)


def in_triangle(links: Links, n_accounts: int) -> NDArray[np.bool_]:
    """Tell for every link whether some third account is linked to both of its ends.

    The neighbours of the end with fewer of them are tried one after the other; in dense groups the first ones settle it.
    """
    adjacency = Adjacency.of(links, n_accounts)
    known = np.sort(links.a * n_accounts + links.b)
    degrees = adjacency.degrees
    is_a_smaller = degrees[links.a] <= degrees[links.b]
    near = np.where(is_a_smaller, links.a, links.b)
    far = np.where(is_a_smaller, links.b, links.a)
    confirmed = np.zeros(len(links), dtype=np.bool_)
    open_links, position = np.arange(len(links)), 0
    while len(open_links):
        third = adjacency.neighbours[adjacency.offsets[near[open_links]] + position]
        other = far[open_links]
        key = np.minimum(third, other) * n_accounts + np.maximum(third, other)
        found = np.searchsorted(known, key)
        is_known = (third != other) & (known[np.minimum(found, len(known) - 1)] == key)
        confirmed[open_links[is_known]] = True
        position += 1
        open_links = open_links[~is_known & (position < degrees[near[open_links]])]
    return confirmed


def confirmed_links(links: Links, n_accounts: int, alone: int) -> Links:
    """Return the links that lie in a triangle of such links, or weigh at least `alone`."""
    while True:
        keep = in_triangle(links, n_accounts) | (links.weight >= alone)
        if keep.all():
            return links
        links = links.where(keep)


def components(links: Links, n_accounts: int) -> Numbers:
    """Return the component number of every account, numbered by their smallest account.

    Every account points to a smaller one of its component or to itself. Each round the ends of a link agree on the smaller target, and
    all pointers are followed to their end, so that the number of rounds grows with the logarithm of the longest path.
    """
    target = np.arange(n_accounts, dtype=np.int64)
    while True:
        a, b = target[links.a], target[links.b]
        if (a == b).all():
            return np.unique(target, return_inverse=True)[1].astype(np.int64)
        np.minimum.at(target, np.maximum(a, b), np.minimum(a, b))
        while (target != (further := target[target])).any():
            target = further


def cluster_numbers(
    links: Links, n_accounts: int, limits: Thresholds, min_attributes: int, min_accounts: int
) -> Numbers:
    """Return the cluster of every account, -1 for none; clusters are numbered by their smallest account."""
    strong = links.where((links.weight >= limits.strong) & (links.n_attributes >= min_attributes))
    used = confirmed_links(strong, n_accounts, limits.alone)
    between = cut_accounts(used, n_accounts, min_accounts)
    is_between = np.zeros(n_accounts, dtype=np.bool_)
    is_between[between] = True
    found = components(used.where(~is_between[used.a] & ~is_between[used.b]), n_accounts)
    found[between] = -1
    found = _only_large(found, min_accounts)
    return _numbered(_with_between(found, used, between))


def _only_large(found: Numbers, min_accounts: int) -> Numbers:
    sizes = np.bincount(found[found >= 0], minlength=1)
    return np.where((found >= 0) & (sizes[found] >= min_accounts), found, -1)


def _with_between(found: Numbers, used: Links, between: list[int]) -> Numbers:
    """Put every account between two clusters into the one that it is linked to most heavily, if by two links at least."""
    result = found.copy()
    for account in between:
        mask = (used.a == account) | (used.b == account)
        others = np.where(used.a[mask] == account, used.b[mask], used.a[mask])
        weight = {int(c): 0 for c in found[others] if c >= 0}
        count = dict.fromkeys(weight, 0)
        for cluster, bits in zip(found[others].tolist(), used.weight[mask].tolist(), strict=True):
            if cluster >= 0:
                weight[cluster] += bits
                count[cluster] += 1
        choices = [(-bits, cluster) for cluster, bits in weight.items() if count[cluster] >= 2]
        if choices:
            result[account] = min(choices)[1]
    return result


def _numbered(found: Numbers) -> Numbers:
    members = np.flatnonzero(found >= 0)
    _, first, inverse = np.unique(found[members], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    result = np.full(len(found), -1, dtype=np.int64)
    result[members] = rank[inverse]
    return result


@dataclass(slots=True)
class _Visit:
    """State of one account in the depth-first walk."""

    parent: int
    discovered: int
    low: int
    position: int
    size: int = 1
    n_cut_off: int = 0
    n_cut_parts: int = 0


def cut_accounts(links: Links, n_accounts: int, min_accounts: int) -> list[int]:
    """Return the accounts without which some component falls into two or more parts of at least `min_accounts` each."""
    return sorted(account for account, n_parts in _walk(links, n_accounts, min_accounts)[0].items() if n_parts >= 2)


def bridges(links: Links, n_accounts: int) -> list[tuple[int, int]]:
    """Return the links whose removal splits a component, as sorted pairs."""
    return sorted(_walk(links, n_accounts, 1)[1])


def _walk(links: Links, n_accounts: int, min_accounts: int) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Walk depth first (Tarjan 1972) and return the large parts beyond every account, and the bridges."""
    adjacency = Adjacency.of(links, n_accounts)
    offsets, neighbours = adjacency.offsets.tolist(), adjacency.neighbours.tolist()
    visits: dict[int, _Visit] = {}
    parts: dict[int, int] = {}
    found_bridges: list[tuple[int, int]] = []
    for root in np.unique(links.a).tolist():
        if root in visits:
            continue
        walked = _walk_from(root, offsets, neighbours, visits, min_accounts, found_bridges)
        n_component = visits[root].size
        for account in walked:
            visit = visits[account]
            rest = n_component - 1 - visit.n_cut_off
            n_parts = visit.n_cut_parts + (account != root and rest >= min_accounts)
            if n_parts:
                parts[account] = n_parts
    return parts, found_bridges


def _walk_from(
    root: int,
    offsets: list[int],
    neighbours: list[int],
    visits: dict[int, _Visit],
    min_accounts: int,
    found_bridges: list[tuple[int, int]],
) -> list[int]:
    clock = len(visits)
    visits[root] = _Visit(-1, clock, clock, offsets[root])
    walked, stack = [root], [root]
    while stack:
        account = stack[-1]
        visit = visits[account]
        if visit.position < offsets[account + 1]:
            other = neighbours[visit.position]
            visit.position += 1
            if other not in visits:
                clock += 1
                visits[other] = _Visit(account, clock, clock, offsets[other])
                walked.append(other)
                stack.append(other)
            elif other != visit.parent:
                visit.low = min(visit.low, visits[other].discovered)
            continue
        stack.pop()
        if visit.parent >= 0:
            _return_to(visits[visit.parent], account, visit, min_accounts, found_bridges)
    return walked


def _return_to(
    parent: _Visit, account: int, visit: _Visit, min_accounts: int, found_bridges: list[tuple[int, int]]
) -> None:
    parent.size += visit.size
    parent.low = min(parent.low, visit.low)
    if visit.low >= parent.discovered:
        parent.n_cut_off += visit.size
        parent.n_cut_parts += visit.size >= min_accounts
    if visit.low > parent.discovered:
        found_bridges.append((min(account, visit.parent), max(account, visit.parent)))
