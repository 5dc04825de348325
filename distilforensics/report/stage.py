"""Writes the report: runs the queries, draws the figures, renders one HTML file and its annexes.

The report is a function of the case's tables, of case.toml, of findings.json and of the program; it carries no wall-clock
time and no path of this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.layout import CASE_FILE, write_file
from distilforensics.case.stages import StageOutcome, file_sha256, run_stage
from distilforensics.core.schema import FINDINGS_TABLES
from distilforensics.report import queries
from distilforensics.report.annexes import Annexes
from distilforensics.report.chapters import campaigns, error_rates, evidence, health, heuristics, overview
from distilforensics.report.chapters.work import Work
from distilforensics.report.context import Report
from distilforensics.report.render import page

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.core.sqlfile import SqlFile

READS = (
    "exchanges", "sources", "quarantine", "duplicates", "out_of_scope", "exchange_features", "templates", "template_exchanges",
    "account_profiles", "links", "link_coverage", "clusters", "cluster_members", "observations", "heuristic_states", "observation_stability",
    "threshold_stability",
    *sorted(FINDINGS_TABLES),
)  # fmt: skip
OPTIONAL = ("power",)
"""Tables that are there if they were asked for."""

REPORT_FILE = "report.html"


def render_report(case: Case, limits: Limits, progress: Progress, catalogue: Traversable | None = None) -> StageOutcome:
    """Write CASE/report/report.html and CASE/report/exhibits/ and return what was done.

    Args:
        case: The case, with all stages before the report done.
        limits: Memory and threads.
        progress: Receiver of progress.
        catalogue: Folder of heuristics whose texts and queries are printed; the installed one if omitted.

    Raises:
        CaseError: an earlier stage has not run.
        UsageError: the time zone of display in case.toml is unknown.
    """
    files = heuristics.read_catalogue(catalogue or heuristics.installed_catalogue())
    if case.catalog.is_dir():
        files = heuristics.read_catalogue(case.catalog) | files
    return run_stage(
        case,
        stage="report",
        reads=(*READS, *OPTIONAL),
        writes=(),
        parameters=_parameters(case, files),
        work=lambda: _write(case, limits, progress, files),
        folder=case.report,
    )


def _parameters(case: Case, catalogue: dict[str, SqlFile]) -> dict[str, Any]:
    """Return what shapes the report besides tables and code."""
    findings = case.findings / "findings.json"
    return {
        CASE_FILE: file_sha256(case.root / CASE_FILE),
        "findings.json": file_sha256(findings) if findings.is_file() else None,
        "stages": overview.stage_records(case),
        "catalogue": {name: file.sha256 for name, file in sorted(catalogue.items())},
    }


def _write(case: Case, limits: Limits, progress: Progress, catalogue: dict[str, SqlFile]) -> dict[str, int]:
    progress.begin("report", "Writing the report")
    annexes = Annexes(case.report)
    tables = (*READS, *(name for name in OPTIONAL if case.table_files(name)))
    with connect(case, limits=limits, tables=tables) as connection:
        report = _collect(Work(case, connection, annexes, catalogue), progress)
    annexes.finish()
    text = page(report, annexes.listed(), lambda title: progress.advance(steps=1, item=title))
    encoded = text.encode("utf-8", "backslashreplace")
    write_file(case.report / REPORT_FILE, encoded)
    progress.end(f"report/{REPORT_FILE}, {len(encoded) / 1e6:.1f} MB, {len(annexes.written)} annexes")
    return {REPORT_FILE: encoded.count(b"\n"), "exhibits": len(annexes.written)}


def _collect(work: Work, progress: Progress) -> Report:
    queries.keep(work.connection, "campaign_hours")
    catalogue = heuristics.collect(work)
    progress.advance(steps=1, item="heuristics")
    work.titles.update({heuristic.heuristic_id: heuristic.title for heuristic in catalogue})
    words = overview.explanations(work.case)
    weighed = evidence.collect(work, words)
    found = campaigns.collect(work, weighed)
    progress.advance(steps=1, item="campaigns")
    sources = overview.sources(work)
    texts = queries.load_all()
    for query in texts:
        work.annexes.text(f"queries/{query.name}.sql", f"Query of the report: {query.title}", f"{query.sql}\n")
    return Report(
        case=overview.header(work.case),
        seals=overview.seals(work, (*READS, *OPTIONAL), catalogue),
        totals=overview.totals(work),
        models=overview.models(work),
        campaigns=found,
        explained=evidence.explained(work, weighed, words),
        left_out=overview.left_out(work),
        heuristics=catalogue,
        health=health.collect(work, catalogue),
        sources=sources,
        linkage=overview.linkage(work),
        rules=overview.rules(work.case),
        error_rates=error_rates.collect(work),
        power=overview.power(work),
        checks=overview.checks(work),
        queries=texts,
        limits=overview.fixed_text("limits"),
        glossary=overview.fixed_text("glossary"),
        references=overview.fixed_text("references"),
    )
