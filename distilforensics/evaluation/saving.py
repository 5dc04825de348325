"""Counts of a labelled case in the form in which the assessment of another case takes them in."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import polars as pl

from distilforensics import __version__
from distilforensics.accuracy.measured_rates import OUTCOMES, MeasuredRates, method_sha256, rules_of
from distilforensics.case.layout import Case
from distilforensics.case.stages import file_sha256, tables_sha256
from distilforensics.case.tables import read_rows, read_table
from distilforensics.core.errors import CaseError
from distilforensics.core.finding import Grade, State
from distilforensics.evaluation.labels import read_labels

if TYPE_CHECKING:
    from pathlib import Path


def measure(root: Path, labels: Path, *, about: str = "") -> MeasuredRates:
    """Return the counts of a case whose accounts are labelled.

    Raises:
        CaseError: the assessment has not run.
        UsageError: the labels cannot be read.
    """
    case, known = Case(root), read_labels(labels)
    record = case.stages / "assessment.json"
    if not record.is_file():
        raise CaseError("the assessment has not run", where=str(root), hint="distilforensics run LOGS... --case DIR")
    stage = json.loads(record.read_bytes())
    states = read_rows(case, "heuristic_states", ["heuristic_id", "version", "sha256", "parameters", "state"])
    sources = read_rows(case, "sources", ["source_sha256", "role"])
    examined = read_rows(case, "explained_groups", ["n_accounts"])
    accounts = pl.DataFrame(read_table(case, "accounts", ["account_id", "grade"])).join(known, on="account_id")
    grade, is_known = pl.col("grade").fill_null(Grade.INCONCLUSIVE.value), pl.col("campaign_id").is_not_null()
    counts = {tuple(key): n for *key, n in accounts.group_by(is_known.alias("is_known"), grade).len().rows()}
    findings = json.dumps(tables_sha256(case, ("accounts", "campaigns")), sort_keys=True)
    return MeasuredRates(
        about=about,
        program=__version__,
        method_sha256=method_sha256(__version__, states, stage["code"], rules_of(stage["parameters"])),
        findings_sha256=hashlib.sha256(findings.encode()).hexdigest(),
        labels_sha256=file_sha256(labels),
        sources=tuple(sorted(row["source_sha256"] for row in sources if row["role"] == "log")),
        not_evaluated=tuple(row["heuristic_id"] for row in states if row["state"] == State.NOT_EVALUATED),
        campaign_accounts={grade.value: counts.get((True, grade.value), 0) for grade in OUTCOMES},
        innocent_accounts={grade.value: counts.get((False, grade.value), 0) for grade in OUTCOMES},
        n_known_campaigns=accounts["campaign_id"].drop_nulls().n_unique(),
        n_examined_groups=len(examined),
        n_examined_accounts=sum(row["n_accounts"] for row in examined),
    )
