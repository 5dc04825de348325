"""Every query in the annexes runs as it stands in stock DuckDB over the tables of the case, and gives what the case states."""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb
import pytest

from distilforensics.case.tables import read_rows


def run(case, path):
    """Return columns and rows of the last statement of a query."""
    before = Path.cwd()
    os.chdir(case.root)
    try:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            for statement in connection.extract_statements(path.read_text(encoding="utf-8")):
                cursor = connection.execute(statement)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        os.chdir(before)


def queries(report, folder):
    return sorted((report.case.report / "annexes" / "queries" / folder).glob("*.sql"))


@pytest.mark.parametrize("name", ["pool", "benign", "metadata_only"])
def test_queries_of_the_report_run(sample, name):
    """Parameters are bound, views and relations included."""
    report = sample(name)
    paths = queries(report, ".")

    assert 15 < len(paths)
    for path in paths:
        assert "$" not in path.read_text(encoding="utf-8").replace("'$'", "")
        run(report.case, path)


def test_queries_of_tests_give_the_observations_of_the_case(sample):
    """Entity, whether it fired, and the value."""
    report = sample("pool")
    stated = {}
    for row in read_rows(report.case, "observations"):
        stated.setdefault(row["heuristic_id"], {})[row["entity_id"]] = (row["is_fired"], row["value"])
    paths = queries(report, "tests")

    assert {row["heuristic_id"] for row in read_rows(report.case, "heuristic_states")} == {p.stem for p in paths}
    for path in paths:
        rows = run(report.case, path)
        found = {
            row["entity_id"]: (row["is_fired"], row["value"] if row["value"] is None else round(row["value"], 6))
            for row in rows
        }
        assert stated.get(path.stem, {}).items() <= found.items(), path.stem


def test_queries_of_explanations_give_the_statements_of_the_case(sample):
    """The sentence with its numbers, for each campaign."""
    report = sample("pool")
    stated = {
        row["source"]: row["statement"]
        for row in read_rows(report.case, "campaign_evidence")
        if row["source"].startswith("confounder.")
    }

    assert 10 < len(stated)
    for path in queries(report, "explanations"):
        said = {row["candidate_id"]: row["statement"] for row in run(report.case, path)}
        assert stated[f"confounder.{path.stem}"].startswith(said["C-01"].removesuffix(".")), path.stem


def test_parameters_of_tests_are_those_that_were_used(sample):
    """Each parameter stands in the query as its value."""
    report = sample("pool")
    row = next(
        r for r in read_rows(report.case, "heuristic_states") if r["heuristic_id"] == "coordination.failover_reissue"
    )
    text = (report.case.report / "annexes/queries/tests/coordination.failover_reissue.sql").read_text(encoding="utf-8")

    assert f"<= {json.loads(row['parameters'])['window_s']} * 1000000" in text
