"""The contract files for other programs: findings.json and CSV annexes beside the Parquet tables."""

from __future__ import annotations

import csv
import importlib.resources
import io
import json
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.accuracy.power import HOW, NOT_MEASURED, statements
from distilforensics.assessment.confounding import load_confounders
from distilforensics.assessment.error_rates import VERBAL_SCALE, calibration_summary
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.case.layout import Case, write_file, write_json
from distilforensics.case.tables import read_rows
from distilforensics.core.finding import Grade, State
from distilforensics.core.schema import SCHEMA_VERSION, TABLES
from distilforensics.core.text import csv_cell, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.accuracy.measured_rates import MeasuredRates
    from distilforensics.assessment.calibration import Calibration
    from distilforensics.assessment.error_rates import Measurement

ANNEXES = (
    "accounts",
    "campaigns",
    "campaign_facts",
    "campaign_explanations",
    "campaign_evidence",
    "explained_groups",
    "error_rates",
)
"""Tables that are also written as CSV; cells are guarded against formulas, exact values are in Parquet."""

_LIMITS = (
    "A log cannot show that outputs were used for training, who controls an account, or intent.",
    "Grades order the strength of evidence by stated rules; they are not probabilities.",
    "Heuristics that are not evaluated or inconclusive say nothing, neither for nor against.",
    "Rarity is measured in this log: if it holds little besides one campaign, nothing in it is rare.",
)

_NOT_MEASURED = "a false-accusation rate of this log needs labelled accounts of the same service; none were given"

_UNKNOWN_SHARES = (
    "share of innocent accounts that are accused, and of campaign accounts that are missed",
    "share of benign groups of each kind that would be graded",
)

_BALANCE = ("n_read", "n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")


SCHEMA_FILE = "findings.schema.json"
"""JSON Schema of findings.json, written beside it."""


def findings_schema() -> bytes:
    """Return the JSON Schema of findings.json."""
    return (importlib.resources.files(__package__) / SCHEMA_FILE).read_bytes()


def write_findings(case: Case, error_rates: Mapping[str, Any]) -> None:
    """Write findings.json and the CSV annexes from the tables of the case.

    Args:
        case: The case with its tables.
        error_rates: What `error_rates_json` returns.
    """
    campaigns = read_rows(case, "campaigns")
    write_json(
        case.findings / "findings.json",
        {
            "schema_version": SCHEMA_VERSION,
            "program": {"name": "distilforensics", "version": __version__},
            "balance": _balance(case),
            "heuristics": [
                row | {"parameters": json.loads(row["parameters"])} for row in read_rows(case, "heuristic_states")
            ],
            "campaigns": [_plain(row) for row in campaigns],
            "n_campaigns_by_grade": {
                grade.value: sum(row["grade"] == grade.value for row in campaigns)
                for grade in (Grade.STRONG, Grade.MODERATE, Grade.WEAK)
            },
            "facts": [_plain(row) for row in read_rows(case, "campaign_facts")],
            "explanations": [_plain(row) for row in read_rows(case, "campaign_explanations")],
            "explained_groups": [_plain(row) for row in read_rows(case, "explained_groups")],
            "accounts": _account_counts(case),
            "assessment": {
                "parameters": PARAMETERS.as_dict(),
                "confounders": [
                    {
                        "id": file.header["id"],
                        "title": file.header["title"],
                        "sha256": file.sha256,
                        "parameters": file.defaults,
                    }
                    for file in load_confounders(case.catalog)
                ],
            },
            "error_rates": error_rates,
            "power": _power(case),
            "limits": [*_LIMITS, *_limits_of_this_log(case)],
        },
    )
    write_file(case.findings / SCHEMA_FILE, findings_schema())
    for name in ANNEXES:
        write_file(case.findings / f"{name}.csv", _csv(case, name))


def error_rates_json(case: Case, measurement: Measurement, calibration: Calibration) -> dict[str, Any]:
    """Return what is known of the rate of errors, with the reason where nothing is."""
    reason = "what was supplied does not apply to this log" if measurement.refused else _NOT_MEASURED
    return {
        "is_measured_for_this_log": bool(measurement.used),
        "reason": None if measurement.used else reason,
        "how": "distilforensics evaluate CASE --labels FILE --save FILE --about TEXT; distilforensics assess --case DIR --error-rates FILE",
        "not_measured": [] if measurement.used else list(_UNKNOWN_SHARES),
        "measured_on": [_measured_on(rates) for rates in measurement.used],
        "not_used": [{"about": rates.about, "reason": why} for rates, why in measurement.refused],
        "block_accounts": measurement.pooled.block_accounts if measurement.pooled else None,
        "rows": [_plain(row) for row in read_rows(case, "error_rates")],
        "calibration": calibration_summary(calibration),
        "verbal_scale": {
            "source": "ENFSI, Guideline for evaluative reporting in forensic science, version 3.0, 2015",
            "steps": [{"from": least, "words": words} for least, words in VERBAL_SCALE],
        },
    }


def _measured_on(rates: MeasuredRates) -> dict[str, Any]:
    return {
        "about": rates.about,
        "n_campaign_accounts": sum(rates.campaign_accounts.values()),
        "n_known_campaigns": rates.n_known_campaigns,
        "n_innocent_accounts": sum(rates.innocent_accounts.values()),
        "findings_sha256": rates.findings_sha256,
        "labels_sha256": rates.labels_sha256,
    }


def _limits_of_this_log(case: Case) -> list[str]:
    """Return what this log could not be asked, and what was left out of the comparison."""
    states = read_rows(case, "heuristic_states", ["heuristic_id", "state", "reason"])
    found = [
        f"{row['heuristic_id']} says nothing: {row['reason']}."
        for row in states
        if row["state"] in {State.NOT_EVALUATED, State.INCONCLUSIVE}
    ]
    found += [
        f"Linkage left out {row['n_values_capped']} values of {row['attribute']} that too many accounts share; "
        "they count only for pairs that a rarer value has found."
        for row in read_rows(case, "link_coverage", ["attribute", "n_values_capped"])
        if row["n_values_capped"]
    ]
    unchecked = {
        row["source"]
        for row in read_rows(case, "campaign_evidence", ["source", "is_rebutted"])
        if row["source"].startswith("confounder.") and row["is_rebutted"] is None
    }
    found += [f"{source} could not be settled for every candidate." for source in sorted(unchecked)]
    return found


def _power(case: Case) -> dict[str, Any]:
    """Return what planted campaigns say about how much silence is worth."""
    if not case.table_files("power"):
        return {"is_measured": False, "reason": NOT_MEASURED, "how": HOW}
    planted = read_rows(case, "power")
    return {
        "is_measured": True,
        "statements": statements(planted),
        "planted": planted,
    }


def _balance(case: Case) -> dict[str, Any]:
    sources = read_rows(case, "sources", ["source_sha256", "path", "role", *_BALANCE])
    per_source = [row for row in sources if row["role"] == "log"]
    return {
        "rule": "n_read = n_kept + n_quarantined + n_duplicate + n_out_of_scope",
        "total": {key: sum(row[key] or 0 for row in per_source) for key in _BALANCE},
        "sources": per_source,
        "n_sources_refused": sum(row["role"] == "refused" for row in sources),
    }


def _account_counts(case: Case) -> dict[str, int]:
    rows = read_rows(case, "accounts", ["campaign_id"])
    n_in_campaigns = sum(row["campaign_id"] is not None for row in rows)
    return {"n_examined": len(rows), "n_in_campaigns": n_in_campaigns, "n_in_no_campaign": len(rows) - n_in_campaigns}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if hasattr(value, "isoformat") else value for key, value in row.items()}


def _csv(case: Case, name: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(TABLES[name].arrow.names)
    for row in read_rows(case, name):
        writer.writerow(
            [show(csv_cell(" ".join(value) if isinstance(value, list) else value)) for value in row.values()]
        )
    return text.getvalue().encode()
