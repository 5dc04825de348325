"""Asks every question about every candidate: who belongs to it, what fired on it, what else explains it, how much that weighs."""

from __future__ import annotations

import importlib.resources
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from distilforensics.assessment.candidates import Candidate, attached_groups, find_candidates, jaccard
from distilforensics.assessment.confounding import Check, check_confounders, with_heuristics
from distilforensics.assessment.evidence import FiredHeuristic, fired_heuristics
from distilforensics.assessment.examined import Examined
from distilforensics.assessment.grades import Standing, grade_campaign
from distilforensics.assessment.lifts import account_observations
from distilforensics.assessment.members import Load, Membership, decide_members
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.core.finding import Family
from distilforensics.core.sqlfile import read_sql_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import duckdb

    from distilforensics.assessment.material import Material

Templates = tuple[str, ...]
Populated = tuple[Candidate, Membership]


def examine(connection: duckdb.DuckDBPyConnection, material: Material) -> list[Examined]:
    """Return all candidates with their answers, campaigns first, the strongest first; no account is in two campaigns."""
    candidates = find_candidates(material, PARAMETERS)
    without = {
        heuristic: find_candidates(material, PARAMETERS, heuristic) for heuristic in _coordination_that_fired(material)
    }
    everything = [*candidates, *(candidate for found in without.values() for candidate in found)]
    loads = _loads(connection, {candidate.templates for candidate in everything})

    def populated(found: Iterable[Candidate]) -> list[Populated]:
        pairs = [(c, decide_members(c, loads.get(c.templates, {}), material, PARAMETERS)) for c in found]
        return [(candidate, membership) for candidate, membership in pairs if membership.members]

    variants = {
        heuristic: [membership.bearing for _, membership in populated(found)] for heuristic, found in without.items()
    }
    examined = _answers(connection, populated(candidates), variants, material)
    return _without_common_accounts(connection, examined, variants, material)


def _coordination_that_fired(material: Material) -> list[str]:
    found = {
        row.heuristic_id for group in material.observations for row in material.fired(group, family=Family.COORDINATION)
    }
    return sorted(found)


def _loads(connection: duckdb.DuckDBPyConnection, wanted: set[Templates]) -> dict[Templates, dict[str, Load]]:
    """Return, for each set of templates, what every account sent with them."""
    numbered = {str(number): templates for number, templates in enumerate(sorted(wanted))}
    pairs = [(number, template) for number, templates in numbered.items() for template in templates]
    write_pairs(connection, "candidate_templates", ("candidate_id", "template_id"), pairs)
    few = {"min_member_exchanges": PARAMETERS.min_member_exchanges}
    support = {
        (number, account): millibits / 1000
        for number, account, millibits in connection.execute(sql("candidate_support"), few).fetchall()
    }
    found: dict[Templates, dict[str, Load]] = {templates: {} for templates in wanted}
    for number, account, n_exchanges, n_all, n_days, n_hours, by_kind in connection.execute(
        sql("candidate_loads")
    ).fetchall():
        ties = support.get((number, account), 0.0)
        found[numbered[number]][account] = Load(n_exchanges, n_days, n_hours, by_kind, ties, n_exchanges / n_all)
    return found


def _answers(
    connection: duckdb.DuckDBPyConnection,
    pairs: Sequence[Populated],
    variants: dict[str, list[frozenset[str]]],
    material: Material,
) -> list[Examined]:
    """Return the candidates with what fired on them, the benign explanations and the grade."""
    templates = [(c.candidate_id, template) for c, _ in pairs for template in c.templates]
    members = [(c.candidate_id, account) for c, membership in pairs for account in membership.members]
    write_pairs(connection, "candidate_templates", ("candidate_id", "template_id"), templates)
    write_pairs(connection, "candidate_members", ("candidate_id", "account_id"), members)
    connection.execute(f"create or replace temp table candidate_exchanges as {sql('candidate_exchanges')}")
    checks = check_confounders(connection, [c.candidate_id for c, _ in pairs])
    relation = connection.sql(sql("candidate_totals"))
    totals = {row[0]: dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()}
    n_tests = max(1, len(pairs) * len(account_observations(material.observations)))
    return [
        _answer(pair, checks[pair[0].candidate_id], totals[pair[0].candidate_id], variants, n_tests, material)
        for pair in pairs
    ]


def _answer(
    pair: Populated,
    checks: list[Check],
    totals: dict[str, Any],
    variants: dict[str, list[frozenset[str]]],
    n_tests: int,
    material: Material,
) -> Examined:
    candidate, membership = pair
    members = membership.bearing
    groups = attached_groups(members, material.group_accounts, material, PARAMETERS)
    fired = fired_heuristics(groups, candidate.templates, members, material, n_tests, PARAMETERS)
    if not candidate.is_coordinated:
        fired = {heuristic: _without_coordination(found) for heuristic, found in fired.items()}
    bearing = {heuristic: found.observation.family for heuristic, found in fired.items() if found.bears}
    checks_alone, checks = checks, with_heuristics(checks, bearing)
    standing = Standing(
        fired=bearing,
        stable={heuristic: found.observation.family for heuristic, found in fired.items() if found.bears_stably},
        n_accounts=len(members),
        lost=[heuristic for heuristic, found in variants.items() if not _is_among(members, found)],
        partly=tuple(check.confounder_id for check in checks if check.verdict == "partly"),
        open_questions=tuple(check.confounder_id for check in checks if check.verdict == "not_checkable"),
    )
    verdict = grade_campaign(standing, PARAMETERS)
    return Examined(candidate, membership, groups, fired, checks, verdict, totals, standing, checks_alone)


def _without_coordination(found: FiredHeuristic) -> FiredHeuristic:
    """Return what fired as it counts for a candidate that no coordination made: what members coordinate elsewhere is not about it."""
    is_coordination = found.observation.family == Family.COORDINATION
    return replace(found, bears=False, bears_stably=False) if is_coordination else found


def _is_among(members: frozenset[str], found: Iterable[frozenset[str]]) -> bool:
    return any(jaccard(members, other) >= PARAMETERS.same_members for other in found)


def _without_common_accounts(
    connection: duckdb.DuckDBPyConnection,
    examined: list[Examined],
    variants: dict[str, list[frozenset[str]]],
    material: Material,
) -> list[Examined]:
    """Drop candidates that are a part of a stronger campaign; others lose the accounts that they have in common with one.

    Candidates without coordination that come to nothing are dropped as well: every popular text with a few common cards is one.
    """
    result: list[Examined] = []
    taken: frozenset[str] = frozenset()
    for entry in sorted(examined, key=lambda e: e.strength):
        if not (entry.is_campaign or entry.explanations or entry.candidate.is_coordinated):
            continue
        common = len(entry.members & taken)
        if common >= PARAMETERS.max_overlap_of_campaigns * len(entry.members) and not entry.explanations:
            continue
        if entry.is_campaign and common:
            rest = _less(entry.membership, taken)
            entry = _answers(connection, [(entry.candidate, rest)], variants, material)[0]
        if entry.is_campaign:
            taken |= entry.members
        result.append(entry)
    return sorted(result, key=lambda e: e.strength)


def _less(membership: Membership, taken: frozenset[str]) -> Membership:
    members = {account: n for account, n in membership.members.items() if account not in taken}
    left_out = dict.fromkeys(
        sorted(taken & frozenset(membership.members)), "member of a campaign with stronger evidence"
    )
    return Membership(members, {**membership.left_out, **left_out})


def write_pairs(
    connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, str], rows: Sequence[tuple[str, str]]
) -> None:
    """Create a temporary table of two text columns."""
    first, second = columns
    connection.execute(
        f"create or replace temp table {name} as select unnest($first::varchar[]) as {first}, unnest($second::varchar[]) as {second}",
        {"first": [row[0] for row in rows], "second": [row[1] for row in rows]},
    )


def sql(name: str) -> str:
    """Return the body of a query file of this stage."""
    return read_sql_file(importlib.resources.files(__package__) / f"{name}.sql").body
