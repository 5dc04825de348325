"""Runs the assessment and writes the tables and files in findings/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.accuracy.measured_rates import method_sha256
from distilforensics.assessment.calibration import calibrate
from distilforensics.assessment.candidate_search import find_candidates
from distilforensics.assessment.confounding import OWN_EXPLANATIONS, load_confounders
from distilforensics.assessment.error_rates import error_rate_rows, load_measurement
from distilforensics.assessment.examination import examine
from distilforensics.assessment.findings import error_rates_json, write_findings
from distilforensics.assessment.log import load_log
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.assessment.rows import (
    account_rows,
    campaign_row,
    evidence_rows,
    explained_row,
    explanation_rows,
    fact_rows,
    step_rows,
)
from distilforensics.assessment.tie_weights import RATES
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.stages import StageOutcome, file_sha256, package_sha256, run_stage
from distilforensics.case.tables import read_rows, write_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from distilforensics.assessment.error_rates import Measurement
    from distilforensics.assessment.examined import Examined
    from distilforensics.assessment.log import Log
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

READS = (
    "sources", "exchanges", "duplicates", "customers", "exchange_features", "templates", "template_exchanges", "account_profiles", "links", "link_coverage",
    "account_calls", "group_loads", "work_ties", "tie_groups", "tie_surroundings", "shared_values",
    "observations", "heuristic_states",
)  # fmt: skip
WRITES = (
    "campaigns", "campaign_facts", "campaign_explanations", "campaign_evidence", "explained_groups", "candidate_steps", "accounts", "calibration",
    "error_rates",
)  # fmt: skip


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
        parameters=_rules(case) | {"calibration": supplied},
        work=lambda: _write_all(case, limits, progress),
    )


def _rules(case: Case) -> dict[str, Any]:
    """Return everything beside the code that decides a grade."""
    checks = {file.header["id"]: file.defaults for file in load_confounders(case.catalog)}
    own = {
        file.header["id"]: file.sha256
        for file in load_confounders(case.catalog)
        if (case.catalog / OWN_EXPLANATIONS / f"{file.name}.sql").is_file()
    }
    return {"rules": PARAMETERS.as_dict(), "rates": RATES, "confounders": checks} | (
        {"own explanations": own} if own else {}
    )


def _write_all(case: Case, limits: Limits, progress: Progress) -> dict[str, int]:
    progress.begin("assessment", "Weighing candidates", total_steps=3)
    # Before the engine is there, which gets what memory this leaves.
    log = load_log(case)
    progress.advance(steps=1, item="ties between accounts")
    candidates = find_candidates(log, PARAMETERS)
    with connect(case, limits=limits, tables=READS) as connection:
        examined = examine(connection, log, candidates, case.catalog)
        progress.advance(steps=1, item="facts and explanations")
        campaigns = {f"C-{number:02d}": e for number, e in enumerate([e for e in examined if e.is_campaign], start=1)}
        others = {f"X-{number:02d}": e for number, e in enumerate([e for e in examined if not e.is_campaign], start=1)}
        n_rows = _write_tables(case, connection, campaigns, others, log)
        rows = step_rows(candidates, campaigns | others)
        n_rows |= {"candidate_steps": write_rows(case, "candidate_steps", rows)}
    calibration = calibrate(case, log)
    measurement = _measurement(case)
    n_rows |= {
        "calibration": write_rows(case, "calibration", calibration.rows),
        "error_rates": write_rows(case, "error_rates", error_rate_rows(measurement, calibration, campaigns)),
    }
    write_findings(case, error_rates_json(case, measurement, calibration))
    progress.advance(steps=1, item="findings")
    n_campaigns, n_groups = n_rows["campaigns"], n_rows["explained_groups"]
    progress.end(
        f"{n_campaigns} campaign{'s'[: n_campaigns != 1]}, {n_groups} group{'s'[: n_groups != 1]} examined and not reported"
    )
    return n_rows


def _measurement(case: Case) -> Measurement:
    states = read_rows(case, "heuristic_states", ["heuristic_id", "version", "sha256", "parameters", "state"])
    code = package_sha256("distilforensics.assessment")
    return load_measurement(case, method_sha256(__version__, states, code, _rules(case)), states)


def _write_tables(
    case: Case,
    connection: duckdb.DuckDBPyConnection,
    campaigns: Mapping[str, Examined],
    others: Mapping[str, Examined],
    log: Log,
) -> dict[str, int]:
    everything = (*campaigns.items(), *others.items())
    rows = {
        "campaigns": [campaign_row(name, e, log) for name, e in campaigns.items()],
        "campaign_facts": [row for name, e in everything for row in fact_rows(name, e.facts)],
        "campaign_explanations": [
            row for name, e in everything for row in explanation_rows(name, e.operators, e.checks)
        ],
        "campaign_evidence": [row for name, e in everything for row in evidence_rows(name, e, log)],
        "explained_groups": [explained_row(name, e, log) for name, e in others.items()],
        "accounts": account_rows(connection, campaigns, others, log),
    }
    return {name: write_rows(case, name, found) for name, found in rows.items()}
