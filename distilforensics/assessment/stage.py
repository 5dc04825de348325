"""Runs the assessment and writes the tables and files in findings/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.assessment.calibration import calibrate
from distilforensics.assessment.confounding import load_confounders
from distilforensics.assessment.error_rates import error_rate_rows, load_measurement
from distilforensics.assessment.evidence import check_row, heuristic_rows, in_order
from distilforensics.assessment.examination import examine, sql, write_pairs
from distilforensics.assessment.findings import error_rates_json, write_findings
from distilforensics.assessment.material import load_material
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.assessment.rows import account_rows, campaign_row, explained_row, fact_rows
from distilforensics.assessment.sensitivity import load_moved
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.stages import StageOutcome, file_sha256, package_sha256, run_stage
from distilforensics.case.tables import read_rows, write_rows
from distilforensics.core.rates import method_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from distilforensics.assessment.error_rates import Measurement
    from distilforensics.assessment.examined import Examined
    from distilforensics.assessment.material import Material
    from distilforensics.assessment.sensitivity import Moved
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

READS = (
    "sources", "exchanges", "duplicates", "accounts_directory", "exchange_features", "templates", "template_exchanges", "account_profiles",
    "customers", "account_days", "account_attributes", "populations", "links", "link_coverage", "clusters", "cluster_members",
    "observations", "heuristic_states", "observation_stability", "threshold_stability",
)  # fmt: skip
WRITES = ("campaigns", "campaign_evidence", "explained_groups", "accounts", "calibration", "error_rates")


def assess(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    """Write campaigns, their evidence, explained groups, accounts and findings.json, and return what was done.

    Raises:
        CaseError: an earlier stage has not run.
        HeuristicError: the check of a benign explanation fails.
    """
    supplied = {path.name: file_sha256(path) for path in sorted(case.calibration.glob("*.json"))}
    return run_stage(
        case,
        stage="assessment",
        reads=(*READS, "power"),
        writes=WRITES,
        folder=case.findings,
        parameters=_rules() | {"calibration": supplied},
        work=lambda: _write_all(case, limits, progress),
    )


def _rules() -> dict[str, Any]:
    """Return everything beside the code that decides a grade."""
    checks = {file.header["id"]: file.defaults for file in load_confounders()}
    return {"rules": PARAMETERS.as_dict(), "confounders": checks}


def _write_all(case: Case, limits: Limits, progress: Progress) -> dict[str, int]:
    progress.begin("assessment", "Weighing candidates", total_steps=3)
    with connect(case, limits=limits, tables=READS) as connection:
        material = load_material(case, connection)
        progress.advance(steps=1, item="candidates")
        examined = examine(connection, material)
        progress.advance(steps=1, item="benign explanations")
        campaigns = {f"C-{number:02d}": e for number, e in enumerate([e for e in examined if e.is_campaign], start=1)}
        others = {f"X-{number:02d}": e for number, e in enumerate([e for e in examined if not e.is_campaign], start=1)}
        moved = load_moved(case, material)
        n_rows = _write_tables(case, connection, campaigns, others, moved, material)
    calibration = calibrate(case, material)
    measurement = _measurement(case)
    n_rows |= {
        "calibration": write_rows(case, "calibration", calibration.rows),
        "error_rates": write_rows(case, "error_rates", error_rate_rows(measurement, calibration, campaigns)),
    }
    write_findings(case, error_rates_json(case, measurement, calibration), moved.n_nearly_coordinated)
    progress.advance(steps=1, item="findings")
    progress.end(f"{n_rows['campaigns']} campaigns, {n_rows['explained_groups']} groups examined and not reported")
    return n_rows


def _measurement(case: Case) -> Measurement:
    states = read_rows(case, "heuristic_states", ["heuristic_id", "version", "sha256", "parameters", "state"])
    code = package_sha256("distilforensics.assessment")
    return load_measurement(case, method_sha256(__version__, states, code, _rules()), states)


def _write_tables(
    case: Case,
    connection: duckdb.DuckDBPyConnection,
    campaigns: Mapping[str, Examined],
    others: Mapping[str, Examined],
    moved: Moved,
    material: Material,
) -> dict[str, int]:
    records = _records(connection, {**campaigns, **others})
    evidence = [
        row
        for name, e in (*campaigns.items(), *others.items())
        for row in (
            *heuristic_rows(name, e, records.get(name, {}), material),
            *(check_row(name, check) for check in e.checks),
            *fact_rows(name, e, material),
        )
    ]
    rows = {
        "campaigns": [campaign_row(name, e, moved, material) for name, e in campaigns.items()],
        "campaign_evidence": in_order(evidence),
        "explained_groups": [explained_row(name, e) for name, e in others.items()],
        "accounts": account_rows(connection, campaigns, others, material),
    }
    return {name: write_rows(case, name, found) for name, found in rows.items()}


def _records(
    connection: duckdb.DuckDBPyConnection, examined: Mapping[str, Examined]
) -> dict[str, dict[str, list[str]]]:
    """Return campaign id and group id to records of members that show the group."""
    members = [(name, account) for name, e in examined.items() for account in sorted(e.members)]
    write_pairs(connection, "candidate_members", ("candidate_id", "account_id"), members)
    templates = [(name, template) for name, e in examined.items() for template in e.candidate.templates]
    write_pairs(connection, "candidate_templates", ("candidate_id", "template_id"), templates)
    connection.execute(f"create or replace temp table candidate_exchanges as {sql('candidate_exchanges')}")
    wanted = {(name, row.observation.entity_id) for name, e in examined.items() for row in e.fired.values()}
    wanted |= {(name, group) for name, e in examined.items() for group in e.groups}
    write_pairs(connection, "wanted_groups", ("candidate_id", "group_id"), sorted(wanted))
    found: dict[str, dict[str, list[str]]] = {}
    rows = connection.execute(sql("group_records"), {"n_records": PARAMETERS.exhibit_records}).fetchall()
    for name, group, record_ids in rows:
        found.setdefault(name, {})[group] = record_ids
    return found
