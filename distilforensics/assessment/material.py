"""What the assessment reasons about, loaded once: observations, groups with their accounts, clusters, links and profiles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.case.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from distilforensics.case.layout import Case

TEXT_KINDS = frozenset({"prefix", "suffix", "system", "prompt"})
"""Kinds of templates that rest on text; parameters are the content-free rest."""


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
    group_accounts: Mapping[str, frozenset[str]]
    """Accounts of every group on which a heuristic fired, and of every cluster."""
    titles: Mapping[str, str]
    """Heuristic id to title."""
    units: Mapping[str, str]
    """Heuristic id to the unit of its value."""
    profiles: Mapping[str, Mapping[str, Any]]
    """Account id to its profile."""
    cluster_links: Mapping[str, Mapping[str, int]]
    """Cluster id to account id to number of links within the cluster."""

    def fired(self, entity_id: str, *, family: str | None = None) -> list[Observation]:
        """Return the observations that fired on an entity, of one family if named."""
        found = self.observations.get(entity_id, ())
        return [row for row in found if row.is_fired and family in {None, row.family}]


def kind_of(group_id: str) -> str:
    """Return the kind of a group: system, prefix, suffix, prompt, parameters or cluster."""
    return group_id.split(":", 1)[0]


def load_material(case: Case, connection: duckdb.DuckDBPyConnection) -> Material:
    """Read the small tables and the accounts of the groups that matter."""
    stability = {
        (row["heuristic_id"], row["entity_id"]): row["n_fired"] == row["n_repetitions"]
        for row in read_rows(case, "observation_stability")
    }
    observations: dict[str, list[Observation]] = defaultdict(list)
    for row in read_rows(case, "observations"):
        key = (row["heuristic_id"], row["entity_id"])
        names = [name for name in Observation.__slots__ if name != "is_stable"]
        observations[row["entity_id"]].append(
            Observation(
                **{name: row[name] for name in names}, is_stable=stability.get(key, row["entity_type"] != "group")
            )
        )
    states = read_rows(case, "heuristic_states", ["heuristic_id", "title", "value_unit"])
    members = read_rows(case, "cluster_members", ["cluster_id", "account_id", "n_links"])
    cluster_links: dict[str, dict[str, int]] = defaultdict(dict)
    for row in members:
        cluster_links[row["cluster_id"]][row["account_id"]] = row["n_links"]
    fired = sorted(entity for entity, rows in observations.items() if any(row.is_fired for row in rows))
    return Material(
        observations={entity: tuple(rows) for entity, rows in observations.items()},
        group_accounts=_template_accounts(connection, fired)
        | {cluster: frozenset(accounts) for cluster, accounts in cluster_links.items()},
        titles={row["heuristic_id"]: row["title"] for row in states},
        units={row["heuristic_id"]: row["value_unit"] for row in states},
        profiles={row["account_id"]: row for row in read_rows(case, "account_profiles")},
        cluster_links=cluster_links,
    )


def _template_accounts(connection: duckdb.DuckDBPyConnection, templates: list[str]) -> dict[str, frozenset[str]]:
    rows = connection.execute(
        "select value, list(account_id order by account_id) from account_attributes"
        " where value in (select unnest($templates::varchar[])) group by value order by value",
        {"templates": templates},
    ).fetchall()
    return {value: frozenset(accounts) for value, accounts in rows}
