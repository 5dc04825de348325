"""Clusters: what holds them together, what does not, and how they are described."""

from __future__ import annotations

from itertools import combinations, pairwise
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from distilforensics.analysis import link_parameters as parameters
from distilforensics.analysis.account_graph import Links, bridges, components, cut_accounts, in_triangle
from distilforensics.analysis.clusters import cluster_id, cluster_rows
from distilforensics.analysis.link_parameters import Thresholds

if TYPE_CHECKING:
    from collections.abc import Iterable

N_ACCOUNTS = 256
STRONG = 8000
"""Strong threshold in thousandths of a bit for 256 accounts."""
IDS = [f"acct_{i:03d}" for i in range(N_ACCOUNTS)]

Pair = tuple[int, int]


def links(
    pairs: Iterable[Pair], weight: int = 2 * STRONG - 1000, n_attributes: int = 2, in_tenant: bool = False
) -> Links:
    """Return links of one weight."""
    ordered = sorted({(min(pair), max(pair)) for pair in pairs})
    n = len(ordered)
    a, b = (np.array([pair[side] for pair in ordered], dtype=np.int64) for side in (0, 1))
    whole = [np.full(n, value, dtype=np.int64) for value in (weight, n_attributes, 0b11)]
    return Links(a, b, *whole, np.full(n, in_tenant, dtype=np.bool_))


def joined(*parts: Links) -> Links:
    """Return all links of all parts."""
    columns = ("a", "b", "weight", "n_attributes", "families", "is_in_tenant")
    return Links(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))


def clique(*accounts: int) -> list[Pair]:
    """Return all pairs."""
    return list(combinations(accounts, 2))


def members(found: Links) -> list[list[str]]:
    """Return the member lists of the clusters, in order of their first member."""
    clusters, rows = cluster_rows(found, IDS)
    return sorted(
        [row["account_id"] for row in rows if row["cluster_id"] == cluster["cluster_id"]] for cluster in clusters
    )


def ids(*numbers: int) -> list[str]:
    """Return account ids."""
    return [IDS[number] for number in numbers]


def test_a_triangle_is_a_cluster_and_a_pair_is_none() -> None:
    """Three accounts that confirm each other; two that do not."""
    assert [ids(1, 2, 3)] == members(links(clique(1, 2, 3) + clique(7, 8)))


def test_one_link_does_not_join_two_groups() -> None:
    """A single coincidence between two dense groups is cut."""
    assert [ids(1, 2, 3, 4), ids(11, 12, 13, 14)] == members(
        links(clique(1, 2, 3, 4) + clique(11, 12, 13, 14) + [(4, 11)])
    )


def test_an_account_on_one_link_is_no_member() -> None:
    """An innocent account that shares two values with one member stays out."""
    assert [ids(1, 2, 3)] == members(links([*clique(1, 2, 3), (3, 9)]))


def test_a_link_too_heavy_for_coincidence_needs_no_third_account() -> None:
    """At twice the threshold a single link joins, and is shown as the weakest bridge."""
    found = joined(links(clique(1, 2, 3)), links([(3, 9)], weight=2 * STRONG))
    clusters, _ = cluster_rows(found, IDS)

    assert [ids(1, 2, 3, 9)] == members(found)
    assert [(16.0, ids(3, 9))] == [(row["weakest_bridge_weight"], row["weakest_bridge"]) for row in clusters]


def test_a_link_on_one_family_never_makes_a_cluster() -> None:
    """However heavy: one shared value has one innocent explanation."""
    assert [] == members(links(clique(1, 2, 3), weight=4 * STRONG, n_attributes=1))


def test_a_weak_link_never_makes_a_cluster() -> None:
    """Below the threshold links are kept but not clustered."""
    assert [] == members(links(clique(1, 2, 3), weight=STRONG - 1))


def test_an_account_between_two_groups_belongs_to_the_one_it_is_tied_to_more() -> None:
    """An account used by two parties does not make them one."""
    left, right = [1, 2, 3, 4], [11, 12, 13]
    found = links(clique(*left, 50) + clique(*right, 50))

    assert [ids(*left, 50), ids(*right)] == members(found)


def test_density_types_and_tenant_links_are_counted() -> None:
    """What the table says about a cluster can be recounted."""
    found = joined(links(clique(1, 2, 3)), links([(1, 4), (2, 4)], in_tenant=True))
    clusters, rows = cluster_rows(found, IDS)

    assert [(4, 5, round(5 / 6, 6), 2, 2)] == [
        (row["n_accounts"], row["n_links"], row["density"], row["n_links_in_tenant"], row["n_attribute_types"])
        for row in clusters
    ]
    assert [parameters.families()[:2]] == [row["attribute_types"] for row in clusters]
    assert [3, 3, 2, 2] == [row["n_links"] for row in rows]
    assert cluster_id(ids(4, 3, 2, 1)) == clusters[0]["cluster_id"]


def test_stability_falls_when_a_higher_threshold_takes_members_away() -> None:
    """Two of four members are tied by links just above the threshold."""
    found = joined(links(clique(1, 2, 3, 4), weight=2 * STRONG), links([(1, 5), (2, 5), (1, 6), (2, 6)], weight=STRONG))
    clusters, rows = cluster_rows(found, IDS)

    assert [(1 + 4 / 6) / 2] == [row["stability"] for row in clusters]
    assert [True, True, True, True, False, False] == [row["stays_at_higher_threshold"] for row in rows]


def test_the_order_of_links_does_not_matter() -> None:
    """Rows come in any order from anywhere; the clusters are the same."""
    pairs = clique(*range(5)) + clique(*range(10, 16)) + [(4, 10), (3, 30), (4, 30)]
    found = links(pairs)
    shuffled = list(range(len(found)))
    Random(5).shuffle(shuffled)

    assert cluster_rows(found, IDS) == cluster_rows(found.where(np.array(shuffled)), IDS)


@pytest.mark.parametrize("seed", range(20))
def test_triangles_cut_accounts_and_bridges_agree_with_their_definitions(seed: int) -> None:
    """On random graphs: compared with removing every link and every account in turn."""
    rng, n = Random(seed), 14
    pairs = [pair for pair in combinations(range(n), 2) if rng.random() < (0.12, 0.2, 0.3)[seed % 3]]
    if not pairs:
        pairs = [(0, 1)]
    graph = links(pairs)
    neighbours = {account: {b if a == account else a for a, b in pairs if account in (a, b)} for account in range(n)}

    def sizes(kept: list[Pair], among: set[int]) -> list[int]:
        found = components(links(kept), n) if kept else np.arange(n)
        return sorted(int(size) for size in np.bincount([found[x] for x in sorted(among)]) if size)

    expected_cuts = []
    for account in range(n):
        whole = {x for x in range(n) if components(graph, n)[x] == components(graph, n)[account]} - {account}
        rest = sizes([pair for pair in pairs if account not in pair], whole) if whole else []
        if sum(size >= 3 for size in rest) >= 2:
            expected_cuts.append(account)
    everybody = set(range(n))
    whole_sizes = len(sizes(pairs, everybody))
    expected_bridges = [
        pair for pair in sorted(pairs) if len(sizes([p for p in pairs if p != pair], everybody)) > whole_sizes
    ]

    assert [bool(neighbours[a] & neighbours[b]) for a, b in sorted(pairs)] == in_triangle(graph, n).tolist()
    assert expected_cuts == cut_accounts(graph, n, 3)
    assert expected_bridges == bridges(graph, n)


def test_the_threshold_follows_the_number_of_accounts() -> None:
    """log2(accounts), never below the floor."""
    assert [Thresholds(8000, 16000), Thresholds(10000, 20000)] == [parameters.thresholds(n) for n in (10, 1024)]


@pytest.mark.parametrize("seed", range(20))
def test_components_are_what_can_be_reached_numbered_by_their_smallest_account(seed: int) -> None:
    """Compared with walking from account to account."""
    chance = Random(seed)
    n = chance.randint(2, 120)
    pairs = [tuple(chance.sample(range(n), 2)) for _ in range(chance.randint(0, n))]
    expected, number = [-1] * n, 0
    for start in range(n):
        waiting = [start] if expected[start] < 0 else []
        while waiting:
            account = waiting.pop()
            expected[account] = number
            waiting += [
                b if a == account else a for a, b in pairs if account in (a, b) and expected[a + b - account] < 0
            ]
        number += expected[start] == number
    assert expected == components(links(pairs), n).tolist()


def test_a_long_path_is_one_component() -> None:
    """Numbers along it are in no order, so that the smallest one has a long way."""
    order = np.random.default_rng(3).permutation(50_000).tolist()
    path = links(pairwise(order))
    assert 0 == components(path, len(order)).max()
