"""Writes the report: runs the queries, draws the figures, renders the main document, its annexes and the script that checks them.

The report is a function of the case's tables, of case.toml, of notes and of the program; it carries no wall-clock
time but that of notes, and no path of this machine.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from distilforensics import __version__
from distilforensics.analysis.kinds import text_kinds
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.layout import CASE_FILE, write_file
from distilforensics.case.notes import latest, note_rows, read_notes
from distilforensics.case.stages import StageOutcome, file_sha256, package_sha256, read_record, run_stage, tables_sha256
from distilforensics.core.errors import UsageError
from distilforensics.core.schema import FINDINGS_TABLES, SCHEMA_VERSION
from distilforensics.core.text import shown
from distilforensics.report import catalogue
from distilforensics.report.annex_pages import explanations, write_annexes
from distilforensics.report.annexes import FOLDER, LIST, Annexes, checksum_lines
from distilforensics.report.editions import disclosed, disclosed_findings, main_page
from distilforensics.report.language import ENGLISH, language_of
from distilforensics.report.ledger import Ledger
from distilforensics.report.pdf import Attached, pdf_of
from distilforensics.report.pictures import campaign_figures
from distilforensics.report.releases import RELEASES_FILE
from distilforensics.report.result import Result, read_campaign, read_group, read_log

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from datetime import datetime
    from importlib.resources.abc import Traversable

    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.core.sqlfile import SqlFile
    from distilforensics.report.language import Language
    from distilforensics.report.ledger import Row

READS = (
    "exchanges", "sources", "quarantine", "duplicates", "out_of_scope", "exchange_features", "templates", "template_exchanges",
    "account_profiles", "account_attributes", "links", "clusters", "cluster_members", "work_ties", "shared_values", "observations",
    "heuristic_states", *sorted(FINDINGS_TABLES),
)  # fmt: skip
OPTIONAL = (
    "power", "field_mappings", "health_checks", "health_costs", "reconciliation", "reconciliation_totals", "account_calls",
    "group_loads", "tie_groups",
)  # fmt: skip
"""Tables that are there if they were asked for, or if there was something to write into them."""

REPORT_FILE = "report.html"
RECOMPUTE_FILE = "recompute.sql"
EDITIONS = "editions"
"""Folder of the letter and of the edition for disclosure."""
PAGES = {"full": "report", "letter": f"{EDITIONS}/letter", "disclosure": f"{EDITIONS}/disclosure"}
"""Edition to its file below report/, without the ending."""
MOST_CAMPAIGNS = 10
"""Campaigns with pages of their own; further ones stand in the table of all and in the annexes."""


def render_report(
    case: Case,
    limits: Limits,
    progress: Progress,
    folder: Traversable | None = None,
    *,
    is_with_pdf: bool | None = None,
    language: str | None = None,
    is_redacted: bool | None = None,
) -> StageOutcome:
    """Write the report with its annexes, its editions and the script that checks it below CASE/report, and return what was done.

    Args:
        case: The case, with all stages before the report done.
        limits: Memory and threads.
        progress: Receiver of progress.
        folder: Folder of the tests whose queries are printed; the installed one if omitted.
        is_with_pdf: Write each edition as PDF too; as the last time if omitted.
        language: Code of the language of the editions; as the last time if omitted, English at first.
        is_redacted: Write the edition with pseudonyms in place of the report and nothing else; as the last time if omitted.

    Raises:
        CaseError: an earlier stage has not run.
        UsageError: the time zone of display in case.toml is unknown, or the library that PDF needs is not installed.
    """
    files = catalogue.read_files(folder or catalogue.catalogue_folder())
    if (case.catalog / "heuristics").is_dir():
        files = catalogue.read_files(case.catalog / "heuristics") | files
    last = read_record(case, "report").get("parameters") or {}
    is_with_pdf = bool(last.get("pdf")) if is_with_pdf is None else is_with_pdf
    is_redacted = bool(last.get("redacted")) if is_redacted is None else is_redacted
    language = language or last.get("language") or ENGLISH
    return run_stage(
        case,
        stage="report",
        reads=(*READS, *OPTIONAL),
        writes=(),
        parameters=_parameters(case, files) | {"pdf": is_with_pdf, "language": language, "redacted": is_redacted},
        work=lambda: _write(
            case, limits, progress, files, language_of(language), is_with_pdf=is_with_pdf, is_redacted=is_redacted
        ),
        folder=case.report,
    )


def _parameters(case: Case, files: Mapping[str, SqlFile]) -> dict[str, Any]:
    """Return what shapes the report besides tables, code and choices."""
    calendar = case.calibration / RELEASES_FILE
    notes = (
        {"notes": {"n_notes": n_notes, "sha256": file_sha256(case.notes)}} if (n_notes := len(read_notes(case))) else {}
    )
    return notes | {
        "releases": file_sha256(calendar) if calendar.is_file() else None,
        CASE_FILE: file_sha256(case.root / CASE_FILE),
        "stages": _stage_records(case),
        "catalogue": {name: file.sha256 for name, file in sorted(files.items())},
    }


def _assessment_rules(case: Case) -> dict[str, Any]:
    """Return the numbers by which the assessment looked for candidates, as queries name them."""
    last = read_record(case, "assessment").get("parameters") or {}
    rates = {f"rate_{kind}": rate for kind, rate in last.get("rates", {}).items()}
    return dict(last.get("rules", {})) | rates | {"text_kinds": sorted(text_kinds())}


def _stage_records(case: Case) -> list[dict[str, Any]]:
    paths = [path for path in sorted(case.stages.glob("*.json")) if path.stem != "report"]
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return [{key: record.get(key) for key in ("stage", "code", "parameters")} for record in records]


def _write(
    case: Case,
    limits: Limits,
    progress: Progress,
    files: Mapping[str, SqlFile],
    language: Language,
    *,
    is_with_pdf: bool,
    is_redacted: bool,
) -> dict[str, int]:
    progress.begin("report", "Writing the report")
    # The seals of a redacted report are those of the full one, so its annexes are made as well.
    folder = case.temporary / "report" if is_redacted else case.report
    annexes = Annexes(folder)
    tables = case_tables(case)
    with connect(case, limits=limits, tables=tables) as connection:
        ledger = Ledger(case, connection, _assessment_rules(case))
        result = read_result(case, ledger, tables)
        progress.advance(steps=1, item="findings")
        drawn = {c.campaign_id: campaign_figures(ledger, annexes, c, language) for c in result.campaigns}
        progress.advance(steps=1, item="figures")
        write_annexes(ledger, annexes, result, drawn, files, language=language, has_mappings="field_mappings" in tables)
        hidden = disclosed(result, _sha256(f"disclosure\n{result.seals['table_lines']}"), annexes)
        drawn_hidden = {c.campaign_id: campaign_figures(ledger, None, c, language) for c in hidden.campaigns[:1]}
    seal = annexes.finish()
    pages = {PAGES["disclosure"]: main_page(hidden, drawn_hidden, (), seal, "disclosure", language)}
    written = {f"{PAGES['full']}.pdf"} if is_with_pdf else set()
    if is_redacted:
        shutil.rmtree(folder)
        pages = {PAGES["full"]: pages[PAGES["disclosure"]]}
    else:
        pages[PAGES["full"]] = main_page(result, drawn, annexes.listed(), seal, "full", language)
        pages[PAGES["letter"]] = main_page(result, drawn, (), seal, "letter", language)
        checks = [ledger.checks(), catalogue.explanation_checks(ledger, explanations(ledger))]
        write_file(case.report / RECOMPUTE_FILE, ledger.recompute(checks).encode("utf-8", "backslashreplace"))
        written |= {RECOMPUTE_FILE, FOLDER, EDITIONS}
    progress.advance(steps=1, item="pages")
    for name, html in pages.items():
        is_full = name == PAGES["full"] and not is_redacted
        inside = _attached(case, None if is_full else hidden, result) if is_with_pdf else None
        _write_page(case, name, html, inside, result.log.totals["last_seen"])
    _remove_others(case, {REPORT_FILE, *written})
    n_annexes = 0 if is_redacted else len(annexes.written)
    page = pages[PAGES["full"]]
    progress.end(f"report/{REPORT_FILE}, {len(page) / 1e6:.1f} MB, {n_annexes} annexes")
    return {REPORT_FILE: page.count(b"\n"), FOLDER: n_annexes}


def _write_page(case: Case, name: str, html: bytes, inside: list[Attached] | None, moment: datetime | None) -> None:
    """Write a page, and as PDF with the files that go into it; None for no PDF, which removes an older one."""
    write_file(case.report / f"{name}.html", html)
    path = case.report / f"{name}.pdf"
    if inside is None:
        path.unlink(missing_ok=True)
    else:
        write_file(path, pdf_of(html, inside, moment))


def _attached(case: Case, hidden: Result | None, result: Result) -> list[Attached]:
    """Return the files inside of a PDF: findings and the lists of hashes; for others than the holder of the case without identifiers."""
    if hidden is not None:
        text = json.dumps(disclosed_findings(hidden), sort_keys=True, indent=1, default=str) + "\n"
        return [Attached("findings.json", text, "application/json", "What this edition says, for other programs")]
    findings = (case.findings / "findings.json").read_text(encoding="utf-8")
    return [
        Attached("findings.json", findings, "application/json", "findings/findings.json of the case"),
        Attached("SHA256SUMS", (case.report / LIST).read_text("utf-8"), "text/plain", "Hashes of the annexes"),
        Attached("tables-sha256.txt", result.seals["table_lines"], "text/plain", "Hashes of the tables of the case"),
        Attached("method.json", result.seals["method_text"], "application/json", "Code and parameters of all stages"),
    ]


def _remove_others(case: Case, written: Container[str]) -> None:
    """Remove what another version or another choice left in the folder of the report."""
    for path in sorted(case.report.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.relative_to(case.report).parts[0] not in written:
            path.unlink()


def case_tables(case: Case) -> tuple[str, ...]:
    """Return the names of the tables that the report reads."""
    return (*READS, *(name for name in OPTIONAL if case.table_files(name)))


def read_result(case: Case, ledger: Ledger, tables: Sequence[str]) -> Result:
    """Return what the report of a case says.

    Raises:
        UsageError: the time zone of display in case.toml is unknown.
    """
    prices = _prices(case.settings)
    listed, notes = ledger.rows("campaigns"), note_rows(case)
    settings = case.settings
    header = {
        key: str(settings.get(key, "")) for key in ("number", "title", "examiner", "organization", "confidentiality")
    }
    has_power = bool(case.table_files("power"))
    return Result(
        header=header
        | {
            "title": header["title"] or "Examination of API access logs",
            "version": __version__,
            "local": _local_window(ledger.one("log_totals"), str(settings.get("display_time_zone") or "UTC")),
        },
        seals=_seals(case, ledger, tables),
        log=read_log(ledger, has_health="health_costs" in tables, has_usage="reconciliation_totals" in tables),
        totals=ledger.one("campaign_totals"),
        campaigns=[read_campaign(ledger, row, prices) for row in listed[:MOST_CAMPAIGNS]],
        listed=listed,
        explained=[read_group(ledger, row) for row in ledger.rows("explained")],
        explained_totals=ledger.one("explained_totals"),
        power=ledger.rows("power_reach") if has_power else (),
        power_totals=ledger.one("power_totals") if has_power else None,
        error_rates=ledger.rows("error_rates"),
        tests=ledger.rows("tests", is_drawn=True),
        notes=notes,
        review=latest(notes),
    )


def _local_window(totals: Row, zone: str) -> str:
    """Return first and last request in the zone in which the examiner wants times beside UTC; empty for UTC.

    Raises:
        UsageError: the zone is unknown.
    """
    try:
        there = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as e:
        raise UsageError(
            f"display_time_zone is {shown(zone)}, expected a name such as Europe/Berlin or UTC",
            where=CASE_FILE,
            hint=f"correct it in {CASE_FILE} and run: distilforensics report --case DIR",
        ) from e
    if zone == "UTC" or totals["first_seen"] is None:
        return ""
    first, last = (totals[key].replace(tzinfo=UTC).astimezone(there) for key in ("first_seen", "last_seen"))
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} {zone}"


def _prices(settings: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return model -> price per million tokens, as `[prices]` in case.toml has it: "model" = { input = 3.0, output = 15.0 }."""
    given = settings.get("prices") or {}
    return {
        str(model): {key: float(entry.get(key, 0)) for key in ("input", "output")}
        for model, entry in given.items()
        if isinstance(entry, dict)
    }


def _seals(case: Case, ledger: Ledger, tables: Sequence[str]) -> dict[str, str]:
    """Return the hashes that bind the report to its evidence, tables and method."""
    files = sorted({row["source_sha256"] for row in ledger.rows("sources", is_drawn=True) if row["source_sha256"]})
    method = {
        "program": __version__,
        "schema": SCHEMA_VERSION,
        "report": package_sha256("distilforensics.report"),
        "stages": _stage_records(case),
    }
    table_lines = _table_lines(case, tables)
    return {
        "evidence": _sha256("".join(f"{digest}\n" for digest in files)),
        "tables": _sha256(table_lines),
        "method": _sha256(_method_text(method)),
        "method_text": _method_text(method),
        "table_lines": table_lines,
    }


def _table_lines(case: Case, tables: Sequence[str]) -> str:
    return checksum_lines((digest, path) for path, digest in sorted(tables_sha256(case, tables).items()))


def _method_text(method: Mapping[str, Any]) -> str:
    return json.dumps(method, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
