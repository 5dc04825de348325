"""What the assessment reasons about, loaded once: observations, groups with their accounts, clusters, links and profiles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from distilforensics.case.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from distilforensics.case.layout import Case

REASONING_MARKS = frozenset({"mark:cot_elicitation", "mark:encoded_block", "mark:replayed_reasoning"})
"""Groups of exchanges that ask for reasoning: in words, by handing over what was encoded, by replaying signatures."""

_MAX_OF_ONE_HOLDER = 6
"""Accounts that one person has; a card of more may be a voucher or a prepaid one that strangers use."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One row of the observations table, with how often it still fired when accounts were left out."""

    heuristic_id: str
    family: str
    entity_type: str
    entity_id: str
    is_fired: bool
    value: float | None
    baseline: float | None
    threshold: float | None
    n_exchanges: int
    n_accounts: int
    is_stable: bool


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that candidates are made from."""

    observations: Mapping[str, tuple[Observation, ...]]
    """By entity id, in order of heuristic id."""
    group_loads: Mapping[str, Mapping[str, int]]
    """Group id to account id to its exchanges in the group, for every group on which a heuristic fired and every cluster."""
    group_accounts: Mapping[str, frozenset[str]]
    """The accounts of these groups."""
    titles: Mapping[str, str]
    """Heuristic id to title."""
    units: Mapping[str, str]
    """Heuristic id to the unit of its value."""
    levels: Mapping[str, str]
    """Heuristic id to level, from lead to critical."""
    states: Mapping[str, tuple[str, str | None]]
    """Heuristic id to its state on this log and the reason."""
    profiles: Mapping[str, Mapping[str, Any]]
    """Account id to its profile."""
    cluster_links: Mapping[str, Mapping[str, int]]
    """Cluster id to account id to number of links within the cluster."""
    payers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Account id to the accounts with which it shares a payment method or key that only a few accounts have."""
    made_together: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Account id to the accounts that were made in the same few minutes and have something else in common with it."""
    neighbours: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Account id to the accounts with which it shares a rare address or network."""

    def fired(self, entity_id: str, *, family: str | None = None, without: str | None = None) -> list[Observation]:
        """Return the observations that fired on an entity, of one family if named, as if one heuristic did not exist."""
        found = self.observations.get(entity_id, ())
        return [row for row in found if row.is_fired and family in {None, row.family} and row.heuristic_id != without]

    def core_accounts(self, group_id: str, share: float) -> frozenset[str]:
        """Return the accounts that carry a group: those with at least `share` of its typical load."""
        loads = self.group_loads[group_id]
        floor = share * typical(loads.values())
        return frozenset(account for account, load in loads.items() if load >= floor)


def typical(loads: Iterable[float]) -> float:
    """Return the load of the account that has the middle exchange, so that many occasional users do not set it; 0 for none."""
    ordered = sorted(loads)
    middle, running = sum(ordered) / 2, 0.0
    for load in ordered:
        running += load
        if running >= middle:
            return load
    return 0.0


def load_material(case: Case, connection: duckdb.DuckDBPyConnection) -> Material:
    """Read the small tables and the accounts of the groups that matter."""
    observations = _observations(case)
    states = read_rows(case, "heuristic_states", ["heuristic_id", "title", "value_unit", "level", "state", "reason"])
    profiles = {row["account_id"]: row for row in read_rows(case, "account_profiles")}
    cluster_links: dict[str, dict[str, int]] = defaultdict(dict)
    for row in read_rows(case, "cluster_members", ["cluster_id", "account_id", "n_links"]):
        cluster_links[row["cluster_id"]][row["account_id"]] = row["n_links"]
    fired = sorted(entity for entity, rows in observations.items() if any(row.is_fired for row in rows))
    loads: dict[str, dict[str, int]] = _template_loads(connection, fired) | {
        cluster: {account: profiles[account]["n_exchanges"] for account in sorted(accounts)}
        for cluster, accounts in cluster_links.items()
    }
    return Material(
        observations=observations,
        group_loads=loads,
        group_accounts={group: frozenset(accounts) for group, accounts in loads.items()},
        titles={row["heuristic_id"]: row["title"] for row in states},
        units={row["heuristic_id"]: row["value_unit"] for row in states},
        levels={row["heuristic_id"]: row["level"] for row in states},
        states={row["heuristic_id"]: (row["state"], row["reason"]) for row in states},
        profiles=profiles,
        cluster_links=cluster_links,
        payers=_partners(connection, ["payment", "api_key"], max_accounts=_MAX_OF_ONE_HOLDER),
        made_together=_partners(connection, ["signup"]),
        neighbours=_partners(connection, ["ip", "ip_prefix"]),
    )


def _observations(case: Case) -> dict[str, tuple[Observation, ...]]:
    stability = {
        (row["heuristic_id"], row["entity_id"]): row["n_fired"] == row["n_repetitions"]
        for row in read_rows(case, "observation_stability")
    }
    found: dict[str, list[Observation]] = defaultdict(list)
    names = [name for name in Observation.__slots__ if name != "is_stable"]
    for row in read_rows(case, "observations", names):
        is_stable = stability.get((row["heuristic_id"], row["entity_id"]), row["entity_type"] != "group")
        found[row["entity_id"]].append(Observation(**row, is_stable=is_stable))
    return {entity: tuple(rows) for entity, rows in found.items()}


def _partners(
    connection: duckdb.DuckDBPyConnection, attributes: list[str], max_accounts: int | None = None
) -> dict[str, frozenset[str]]:
    """Return account to the accounts to which a link leads that rests on one of the attributes, on a value of at most `max_accounts`."""
    rows = connection.execute(
        "select account_a, account_b from links"
        " where not list_contains(list_transform(attributes, lambda x: x.attribute), 'tenant')"
        " and len(list_filter(attributes, lambda x: list_contains($attributes::varchar[], x.attribute) and x.weight > 0"
        " and ($max_accounts::bigint is null or x.n_accounts <= $max_accounts))) > 0",
        {"attributes": attributes, "max_accounts": max_accounts},
    ).fetchall()
    found: dict[str, set[str]] = defaultdict(set)
    for a, b in rows:
        found[a].add(b)
        found[b].add(a)
    return {account: frozenset(partners) for account, partners in found.items()}


def _template_loads(connection: duckdb.DuckDBPyConnection, templates: list[str]) -> dict[str, dict[str, int]]:
    rows = connection.execute(
        "select value, account_id, n_exchanges from account_attributes"
        " where value in (select unnest($templates::varchar[])) and n_exchanges is not null order by value, account_id",
        {"templates": templates},
    ).fetchall()
    loads: dict[str, dict[str, int]] = {}
    for value, account, n_exchanges in rows:
        loads.setdefault(value, {})[account] = n_exchanges
    return loads
