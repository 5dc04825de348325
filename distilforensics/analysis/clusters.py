"""Clusters as they are stored: members, measures, and how they change when the threshold moves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from distilforensics.analysis import link_parameters as parameters
from distilforensics.analysis.account_graph import Links, bridges, cluster_numbers, confirmed_links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distilforensics.analysis.account_graph import Numbers

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Partition:
    """Clusters at one threshold: cluster number per account, and members per cluster."""

    numbers: Numbers
    members: list[Numbers]

    @classmethod
    def at(cls, links: Links, n_accounts: int, factor: float) -> Partition:
        """Return the clusters at the strong threshold times `factor`."""
        limits = parameters.thresholds(n_accounts).times(factor)
        min_attributes = int(parameters.limit("min_strong_attributes"))
        numbers = cluster_numbers(
            links, n_accounts, limits, min_attributes, int(parameters.limit("min_cluster_accounts"))
        )
        order = np.argsort(numbers, kind="stable")
        order = order[numbers[order] >= 0]
        starts = np.searchsorted(numbers[order], np.arange(1, numbers.max(initial=-1) + 1))
        return cls(numbers, np.split(order, starts) if len(order) else [])

    def best_match(self, members: Numbers) -> tuple[float, int]:
        """Return the Jaccard similarity and number of the cluster here that is most like `members`, (0.0, -1) if none."""
        candidates = np.unique(self.numbers[members])
        best = (0.0, 0)
        for number in candidates[candidates >= 0].tolist():
            n_common = int(np.count_nonzero(self.numbers[members] == number))
            jaccard = n_common / (len(members) + len(self.members[number]) - n_common)
            best = max(best, (jaccard, -number))
        return (best[0], -best[1]) if best[0] else (0.0, -1)


def cluster_id(account_ids: Sequence[str]) -> str:
    """Return the id that the sorted members give a cluster."""
    return "cluster:" + hashlib.sha256("\n".join(sorted(account_ids)).encode()).hexdigest()[:16]


def cluster_rows(links: Links, account_ids: Sequence[str]) -> tuple[list[Row], list[Row]]:
    """Return the rows of `clusters` and `cluster_members`."""
    n_accounts = len(account_ids)
    share = parameters.limit("stability_share")
    base, lower, higher = (Partition.at(links, n_accounts, factor) for factor in (1.0, 1 - share, 1 + share))
    limits = parameters.thresholds(n_accounts)
    strong = links.where(
        (links.weight >= limits.strong) & (links.n_attributes >= int(parameters.limit("min_strong_attributes")))
    )
    inside = strong.where((base.numbers[strong.a] >= 0) & (base.numbers[strong.a] == base.numbers[strong.b]))
    clusters: list[Row] = []
    rows: list[Row] = []
    ids = [cluster_id([account_ids[member] for member in members]) for members in base.members]
    order = np.argsort(base.numbers[inside.a], kind="stable")
    starts = np.searchsorted(base.numbers[inside.a][order], np.arange(len(base.members) + 1))
    for number, members in enumerate(base.members):
        own = inside.where(order[starts[number] : starts[number + 1]])
        higher_match = higher.best_match(members)
        stability = (lower.best_match(members)[0] + higher_match[0]) / 2
        clusters.append(_cluster_row(ids[number], members, own, limits.alone, account_ids) | {"stability": stability})
        stays = higher.numbers[members] == higher_match[1] if higher_match[1] >= 0 else np.zeros(len(members), bool)
        rows.extend(_member_rows(ids[number], members, own, stays.tolist(), account_ids))
    clusters.sort(key=lambda row: str(row["cluster_id"]))
    rows.sort(key=lambda row: (str(row["cluster_id"]), str(row["account_id"])))
    return clusters, rows


def _cluster_row(name: str, members: Numbers, own: Links, alone: int, account_ids: Sequence[str]) -> Row:
    n_members = len(members)
    mask = int(np.bitwise_or.reduce(own.families, initial=0))
    types = [family for position, family in enumerate(parameters.families()) if mask >> position & 1]
    weakest = _weakest_bridge(members, own, alone)
    return {
        "cluster_id": name,
        "n_accounts": n_members,
        "n_links": len(own),
        "density": round(len(own) / (n_members * (n_members - 1) / 2), 6),
        "n_attribute_types": len(types),
        "weakest_bridge_weight": weakest[0] / 1000 if weakest else None,
        "weakest_bridge": [account_ids[weakest[1]], account_ids[weakest[2]]] if weakest else None,
        "attribute_types": types,
        "n_links_in_tenant": int(np.count_nonzero(own.is_in_tenant)),
    }


def _weakest_bridge(members: Numbers, own: Links, alone: int) -> tuple[int, int, int] | None:
    """Return weight and ends of the lightest link that alone holds the cluster together; such links weigh `alone` or more."""
    local = Links(
        np.searchsorted(members, own.a),
        np.searchsorted(members, own.b),
        own.weight,
        own.n_attributes,
        own.families,
        own.is_in_tenant,
    )
    used = confirmed_links(local, len(members), alone)
    weight = {(a, b): bits for a, b, bits in zip(used.a.tolist(), used.b.tolist(), used.weight.tolist(), strict=True)}
    found = [(weight[pair], int(members[pair[0]]), int(members[pair[1]])) for pair in bridges(used, len(members))]
    return min(found, default=None)


def _member_rows(
    name: str, members: Numbers, own: Links, stays: Sequence[bool], account_ids: Sequence[str]
) -> list[Row]:
    ends = np.searchsorted(members, np.concatenate([own.a, own.b]))
    n_links = np.bincount(ends, minlength=len(members))
    weight = np.zeros(len(members), dtype=np.int64)
    np.add.at(weight, ends, np.concatenate([own.weight, own.weight]))
    return [
        {
            "cluster_id": name,
            "account_id": account_ids[member],
            "n_links": links,
            "weight": bits / 1000,
            "stays_at_higher_threshold": is_kept,
        }
        for member, links, bits, is_kept in zip(members.tolist(), n_links.tolist(), weight.tolist(), stays, strict=True)
    ]
