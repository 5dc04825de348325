"""Runs the assessment: candidates, members, benign explanations, grades, and the tables and files in findings/."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any

from distilforensics.assessment.candidates import Candidate, attached_groups, find_candidates
from distilforensics.assessment.confounding import Check, check_confounders, load_confounders, parameters_of
from distilforensics.assessment.evidence import evidence_rows, fired_heuristics, silent_observations
from distilforensics.assessment.examined import Examined
from distilforensics.assessment.findings import write_findings
from distilforensics.assessment.grades import grade_campaign
from distilforensics.assessment.material import Material, kind_of, load_material
from distilforensics.assessment.members import Load, Membership, decide_members
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.assessment.rows import account_rows, campaign_row, explained_row
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.stages import StageOutcome, run_stage
from distilforensics.case.tables import write_rows
from distilforensics.core.sqlfile import read_sql_file

if TYPE_CHECKING:
    import duckdb

    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

READS = (
    "sources", "exchanges", "accounts_directory", "exchange_features", "templates", "template_exchanges", "account_profiles", "account_days",
    "account_attributes", "populations", "links", "clusters", "cluster_members", "observations", "heuristic_states", "observation_stability",
)  # fmt: skip
WRITES = ("campaigns", "campaign_evidence", "explained_groups", "accounts")


def assess(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    """Write campaigns, their evidence, explained groups, accounts and findings.json, and return what was done.

    Raises:
        CaseError: an earlier stage has not run.
        HeuristicError: the check of a benign explanation fails.
    """
    checks = {file.header["id"]: parameters_of(file) for file in load_confounders()}
    return run_stage(
        case,
        stage="assessment",
        reads=READS,
        writes=WRITES,
        folder=case.findings,
        parameters={"rules": PARAMETERS.as_dict(), "confounders": checks},
        work=lambda: _write_all(case, limits, progress),
    )


def _write_all(case: Case, limits: Limits, progress: Progress) -> dict[str, int]:
    progress.begin("assessment", "Weighing candidates", total_steps=3)
    with connect(case, limits=limits, tables=READS) as connection:
        material = load_material(case, connection)
        candidates = find_candidates(material, PARAMETERS)
        progress.advance(steps=1, item="candidates")
        examined = _examine(connection, candidates, material)
        progress.advance(steps=1, item="benign explanations")
        n_rows = _write_tables(case, connection, examined, material)
    write_findings(case)
    progress.advance(steps=1, item="findings")
    progress.end(f"{n_rows['campaigns']} campaigns, {n_rows['explained_groups']} groups examined and not reported")
    return n_rows


def _examine(connection: duckdb.DuckDBPyConnection, candidates: list[Candidate], material: Material) -> list[Examined]:
    pairs = [(c.candidate_id, template) for c in candidates for template in c.templates]
    _table(connection, "candidate_templates", ("candidate_id", "template_id"), pairs)
    loads: dict[str, dict[str, Load]] = {candidate.candidate_id: {} for candidate in candidates}
    for candidate_id, account, n_exchanges, n_days in connection.execute(_sql("candidate_loads")).fetchall():
        loads[candidate_id][account] = Load(n_exchanges, n_days)
    members = {c.candidate_id: decide_members(c, loads[c.candidate_id], material, PARAMETERS) for c in candidates}
    _table(
        connection, "candidate_members", ("candidate_id", "account_id"),
        [(candidate, account) for candidate, membership in members.items() for account in membership.members],
    )  # fmt: skip
    connection.execute(f"create temp table candidate_exchanges as {_sql('candidate_exchanges')}")
    populated = [c for c in candidates if members[c.candidate_id].members]
    checks = check_confounders(connection, [c.candidate_id for c in populated])
    relation = connection.sql(_sql("candidate_totals"))
    totals = {row[0]: dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()}
    return [
        _examined(c, members[c.candidate_id], checks[c.candidate_id], totals[c.candidate_id], material)
        for c in populated
    ]


def _examined(
    candidate: Candidate, membership: Membership, checks: list[Check], totals: dict[str, Any], material: Material
) -> Examined:
    accounts = frozenset(membership.members)
    groups = candidate.seeds + attached_groups(accounts, candidate.seeds, material, PARAMETERS)
    fired = fired_heuristics(groups, material)
    verdict = grade_campaign(
        {heuristic: found.observation.family for heuristic, found in fired.items()},
        {heuristic: found.observation.family for heuristic, found in fired.items() if found.is_stable},
        n_accounts=len(accounts),
        partly_explained=tuple(check.confounder_id for check in checks if check.verdict == "partly"),
        parameters=PARAMETERS,
    )
    return Examined(candidate, membership, groups, fired, checks, verdict, totals)


def _write_tables(
    case: Case, connection: duckdb.DuckDBPyConnection, examined: list[Examined], material: Material
) -> dict[str, int]:
    order = sorted(examined, key=lambda e: (-e.verdict.grade.rank, -len(e.membership.members), e.candidate.seeds))
    campaigns = {f"C-{number:02d}": e for number, e in enumerate([e for e in order if e.is_campaign], start=1)}
    explained = {f"X-{number:02d}": e for number, e in enumerate([e for e in order if not e.is_campaign], start=1)}
    records = _records(connection, examined)
    evidence = [
        row
        for campaign_id, e in (campaigns | explained).items()
        for row in evidence_rows(
            campaign_id, e.fired, silent_observations(e.groups, e.fired, material), e.checks,
            records.get(e.candidate.candidate_id, {}), material,
        )
    ]  # fmt: skip
    return {
        "campaigns": write_rows(case, "campaigns", [campaign_row(name, e, material) for name, e in campaigns.items()]),
        "campaign_evidence": write_rows(case, "campaign_evidence", evidence),
        "explained_groups": write_rows(
            case, "explained_groups", [explained_row(name, e) for name, e in explained.items()]
        ),
        "accounts": write_rows(case, "accounts", account_rows(case, campaigns, material)),
    }


def _records(connection: duckdb.DuckDBPyConnection, examined: list[Examined]) -> dict[str, dict[str, list[str]]]:
    wanted = [(e.candidate.candidate_id, group) for e in examined for group in e.groups if kind_of(group) != "account"]
    _table(connection, "wanted_groups", ("candidate_id", "group_id"), wanted)
    found: dict[str, dict[str, list[str]]] = {}
    rows = connection.execute(_sql("group_records"), {"n_records": PARAMETERS.exhibit_records}).fetchall()
    for candidate_id, group, record_ids in rows:
        found.setdefault(candidate_id, {})[group] = record_ids
    return found


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, str], rows: list[tuple[str, str]]
) -> None:
    first, second = columns
    connection.execute(
        f"create or replace temp table {name} as select unnest($first::varchar[]) as {first}, unnest($second::varchar[]) as {second}",
        {"first": [row[0] for row in rows], "second": [row[1] for row in rows]},
    )


def _sql(name: str) -> str:
    return read_sql_file(importlib.resources.files(__package__) / f"{name}.sql").body
