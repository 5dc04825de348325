"""Writes the report: runs the queries, draws the figures, renders the main document, its annexes and the script that checks them.

The report is a function of the case's tables, of case.toml, of findings.json and of the program; it carries no wall-clock
time and no path of this machine.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.layout import CASE_FILE, write_file
from distilforensics.case.stages import StageOutcome, file_sha256, package_sha256, run_stage, tables_sha256
from distilforensics.core.schema import FINDINGS_TABLES, SCHEMA_VERSION
from distilforensics.report import catalogue, figures
from distilforensics.report.annexes import FOLDER, Annexes, checksum_lines, safe_name
from distilforensics.report.figures import Figure
from distilforensics.report.ledger import Ledger, query_file, query_names
from distilforensics.report.render import TIE_WORDS, page
from distilforensics.report.result import Campaign, Result, explanation_titles, read_campaign, read_log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.report.ledger import Row
    from distilforensics.report.svg import Drawing

READS = (
    "exchanges", "sources", "quarantine", "duplicates", "out_of_scope", "exchange_features", "templates", "template_exchanges",
    "account_profiles", "account_attributes", "links", "clusters", "cluster_members", "observations", "heuristic_states",
    "observation_stability", *sorted(FINDINGS_TABLES),
)  # fmt: skip
OPTIONAL = ("power",)
"""Tables that are there if they were asked for."""

REPORT_FILE = "report.html"
RECOMPUTE_FILE = "recompute.sql"
MOST_CAMPAIGNS = 10
"""Campaigns with pages of their own; further ones stand in the table of all and in the annexes."""
HTML_ROWS = 200
"""Rows of a table in a readable annex; the CSV beside it has all."""

_VERDICTS = {
    ("strong", True): "were, on this log’s evidence, run as one to collect model answers",
    ("strong", False): "were, on this log’s evidence, run as one",
    ("moderate", True): "were probably run as one to collect model answers",
    ("moderate", False): "were probably run as one",
    ("weak", True): "may have been run as one; the evidence is weak",
    ("weak", False): "may have been run as one; the evidence is weak",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A record in the annex of exhibits."""

    anchor: str
    label: str
    shows: str
    row: Row
    texts: Sequence[tuple[str, str, int]]
    command: str


def render_report(case: Case, limits: Limits, progress: Progress, folder: Traversable | None = None) -> StageOutcome:
    """Write CASE/report/report.html, CASE/report/recompute.sql and CASE/report/annexes/ and return what was done.

    Args:
        case: The case, with all stages before the report done.
        limits: Memory and threads.
        progress: Receiver of progress.
        folder: Folder of the tests whose queries are printed; the installed one if omitted.

    Raises:
        CaseError: an earlier stage has not run.
    """
    folder = folder or catalogue.catalogue_folder()
    return run_stage(
        case,
        stage="report",
        reads=(*READS, *OPTIONAL),
        writes=(),
        parameters=_parameters(case, folder),
        work=lambda: _write(case, limits, progress, folder),
        folder=case.report,
    )


def _parameters(case: Case, folder: Traversable) -> dict[str, Any]:
    """Return what shapes the report besides tables and code."""
    findings = case.findings / "findings.json"
    return {
        CASE_FILE: file_sha256(case.root / CASE_FILE),
        "findings.json": file_sha256(findings) if findings.is_file() else None,
        "stages": _stage_records(case),
        "catalogue": {name: file.sha256 for name, file in sorted(catalogue.read_files(folder).items())},
    }


def _stage_records(case: Case) -> list[dict[str, Any]]:
    paths = [path for path in sorted(case.stages.glob("*.json")) if path.stem != "report"]
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return [{key: record.get(key) for key in ("stage", "code", "parameters")} for record in records]


def _write(case: Case, limits: Limits, progress: Progress, folder: Traversable) -> dict[str, int]:
    progress.begin("report", "Writing the report")
    annexes = Annexes(case.report)
    tables = (*READS, *(name for name in OPTIONAL if case.table_files(name)))
    with connect(case, limits=limits, tables=tables) as connection:
        ledger = Ledger(case, connection)
        result = _result(case, ledger, tables)
        progress.advance(steps=1, item="findings")
        drawn = {campaign.campaign_id: _figures(ledger, annexes, campaign) for campaign in result.campaigns}
        progress.advance(steps=1, item="figures")
        _write_annexes(ledger, annexes, result, drawn, folder)
    seal = annexes.finish()
    html = _main_page(result, drawn, annexes, seal)
    write_file(case.report / REPORT_FILE, html)
    write_file(case.report / RECOMPUTE_FILE, ledger.recompute().encode("utf-8", "backslashreplace"))
    _remove_others(case)
    progress.end(f"report/{REPORT_FILE}, {len(html) / 1e6:.1f} MB, {len(annexes.written)} annexes")
    return {REPORT_FILE: html.count(b"\n"), FOLDER: len(annexes.written)}


def _remove_others(case: Case) -> None:
    """Remove what another version left in the folder of the report."""
    for path in sorted(case.report.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.relative_to(case.report).parts[0] not in (REPORT_FILE, RECOMPUTE_FILE, FOLDER):
            path.unlink()


def _result(case: Case, ledger: Ledger, tables: Sequence[str]) -> Result:
    titles, prices = explanation_titles(case), _prices(case.settings)
    listed = ledger.rows("campaigns")
    settings = case.settings
    header = {key: str(settings.get(key, "")) for key in ("number", "title", "examiner", "organization", "confidentiality")}
    has_power = bool(case.table_files("power"))
    return Result(
        header=header | {"title": header["title"] or "Examination of API access logs", "version": __version__},
        seals=_seals(case, ledger, tables),
        log=read_log(ledger),
        totals=ledger.one("campaign_totals"),
        campaigns=[read_campaign(ledger, row, titles, prices) for row in listed[:MOST_CAMPAIGNS]],
        listed=listed,
        explained=ledger.rows("explained"),
        power=ledger.rows("power_reach") if has_power else (),
        power_totals=ledger.one("power_totals") if has_power else None,
        error_rates=ledger.rows("error_rates"),
        tests=ledger.rows("tests", is_drawn=True),
    )


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
    method = {"program": __version__, "schema": SCHEMA_VERSION, "report": package_sha256("distilforensics.report"), "stages": _stage_records(case)}
    return {
        "evidence": _sha256("".join(f"{digest}\n" for digest in files)),
        "tables": _sha256(_table_lines(case, tables)),
        "method": _sha256(_method_text(method)),
        "method_text": _method_text(method),
        "table_lines": _table_lines(case, tables),
    }


def _table_lines(case: Case, tables: Sequence[str]) -> str:
    return checksum_lines((digest, path) for path, digest in sorted(tables_sha256(case, tables).items()))


def _method_text(method: Mapping[str, Any]) -> str:
    return json.dumps(method, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _figures(ledger: Ledger, annexes: Annexes, c: Campaign) -> dict[str, Figure | None]:
    """Return the figures of a campaign by name; none where there is nothing to draw."""
    name, numbers = c.campaign_id, list[str]()

    def rows(query: str) -> list[Row]:
        return ledger.rows(query, is_drawn=True, campaign_id=name)

    def figure(key: str, query: str, drawing: Drawing, caption: str, description: str) -> Figure:
        anchor = f"figure-{key}-{name}"
        numbers.append(key)
        exhibit = annexes.csv(f"figures/{query}.{safe_name(name)}.csv", f"rows of the figure: {caption}", rows(query))
        return Figure(anchor, caption, description, drawing.markup(anchor, caption, description), ledger.digest(query, campaign_id=name), len(numbers), exhibit)

    ticks, load_rows, day_rows, matrix = rows("strip_ticks"), rows("loads"), rows("load_days"), rows("handover_matrix")
    values, parts = rows("tie_values"), c.tie_pair
    days = sorted({row["day"] for row in ledger.rows("log_days")})
    found: dict[str, Figure | None] = dict.fromkeys(("matrix", "load_days", "network", "waterfall", "repetitions"))
    pattern = "with the common text" if c.has_text_frame else "made in the group’s way"
    found["strips"] = figure(
        "strips", "strip_ticks", figures.strips(c.strip, ticks, days, c.names), "Every request, account by account.",
        f"Dark: a request {pattern}. Red: limited or failed. Grey: other traffic. Accounts are drawn by lot; names are cut to their last characters.",
    )  # fmt: skip
    if matrix:
        found["matrix"] = figure(
            "matrix", "handover_matrix", figures.matrix(matrix, c.names), "Who hands to whom.",
            "Each dot is a pair: a request failed on the row’s account, and the column’s account sent it again. One person with two accounts would fill two places.",
        )  # fmt: skip
    found["loads"] = figure(
        "loads", "loads", figures.loads(load_rows, c.load), "Requests per account.",
        "One dot per account (bars where there are many), on a scale in which each step is a multiple. The band holds what chance would do.",
    )  # fmt: skip
    if day_rows and len({row["day"] for row in day_rows}) <= figures.MOST_DAYS:
        found["load_days"] = figure(
            "load-days", "load_days", figures.load_days(day_rows, c.answer["n_senders"]), "Requests per account and day.",
            "One dot per account of the group. The band of a day holds what chance would do with the requests of that day.",
        )  # fmt: skip
    if values:
        found["network"] = figure(
            "network", "tie_values", figures.network(ledger.rows("tie_members", campaign_id=name), values, c.names), "What the accounts share.",
            "Accounts on the circle; inside, each value that two to twelve of them share, by colour, shape and line. At most 60 accounts and 60 values are drawn.",
        )  # fmt: skip
    if parts:
        found["waterfall"] = figure(
            "waterfall", "tie_pair", figures.waterfall(rows("tie_pair"), TIE_WORDS), "What ties one pair: the pair in the middle of all linked pairs.",
            "Each shared value adds bits, the more the rarer it is in this log. Differences take bits away.",
        )  # fmt: skip
    if c.stability:
        found["repetitions"] = figure(
            "repetitions", "stability", figures.repetitions(c.stability), "Leaving out a tenth of the accounts, ten times.",
            "Full squares: the test fired again. Tests on single accounts are not in the figure.",
        )  # fmt: skip
    return found


def _main_page(result: Result, drawn: Mapping[str, Mapping[str, Figure | None]], annexes: Annexes, seal: str) -> bytes:
    result = replace(result, seals={**result.seals, "annexes": seal})
    log, t, header = result.log, result.log.totals, result.header
    campaign = result.campaigns[0] if result.campaigns else None
    is_about_answers = log.has_text and campaign is not None and campaign.answer["output_tokens"] is not None
    verdict = _VERDICTS[campaign.row["grade"], is_about_answers] if campaign else ""
    head = [f"Case {header['number']}" if header["number"] else header["title"], header["organization"], header["examiner"], header["confidentiality"]]
    title = f"{result.totals['n_members']:,} accounts {verdict}" if campaign else "No group of accounts was found that acts as one"
    listed = [(a.path, a.title) for a in annexes.listed() if a.path.endswith(".html")]
    reach = [row for row in result.power if not row["is_careful"] and not row["diluted_percent"]]
    return page(
        "report.html.j2", r=result, title=title, verdict=verdict, running=". ".join(part for part in head if part),
        figures=drawn[campaign.campaign_id] if campaign else {}, 
        open=[x for x in campaign.explanations if x.outcome != "excluded"] if campaign else [],
        missing=[row["name"] for row in log.columns if not row["n_filled"] and not (log.has_text and row["name"] == "prompt hash")],
        balanced=(t["n_kept"], t["n_quarantined"], t["n_duplicate"]) == (t["n_kept_rows"], t["n_quarantined_rows"], t["n_duplicate_rows"]),
        strongest_power=next((row for row in reach if row["found_from"] is not None), reach[0] if reach else None),
        annexes=listed, t=t, log=log,
    )  # fmt: skip


def _write_annexes(
    ledger: Ledger,
    annexes: Annexes,
    result: Result,
    drawn: Mapping[str, Mapping[str, Figure | None]],
    folder: Traversable,
) -> None:
    annexes.write("method.json", "code versions and parameters of all stages", result.seals["method_text"].encode())
    annexes.write("tables-sha256.txt", "hashes of the tables, for sha256sum -c in the case folder", result.seals["table_lines"].encode())
    running = result.header["title"]
    for campaign in result.campaigns[1:]:
        title = f"{campaign.campaign_id}: {campaign.answer['n_accounts']:,} accounts, {campaign.row['grade']}"
        html = page(
            "group.html.j2", c=campaign, figures=_beside(drawn[campaign.campaign_id]), log=result.log, title=title, running=running
        )
        annexes.write(f"group-{safe_name(campaign.campaign_id)}.html", f"group {campaign.campaign_id}", html)
    exhibits = _exhibits(ledger, result.campaigns)
    every = list({id(x): x for shown in exhibits.values() for x in shown}.values())
    annexes.json_lines("exhibits.jsonl", "texts and facts of the exhibits, exact", [dict(x.row) | {"label": x.label} for x in every])
    annexes.write("exhibits.html", "exhibits", page("exhibits.html.j2", exhibits=every, title="Exhibits", running=running))
    facts = [{"campaign_id": c.campaign_id, **f.row} for c in result.campaigns for f in c.facts]
    annexes.csv("evidence.csv", "evidence, all rows", facts)
    html = page(
        "evidence.html.j2", campaigns=result.campaigns, exhibits=exhibits, explained=result.explained,
        title="Evidence, statement by statement", running=running,
    )  # fmt: skip
    annexes.write("evidence.html", "evidence, statement by statement", html)
    _write_tables(ledger, annexes, result, running)
    _write_queries(ledger, annexes, result, folder)


def _beside(drawn: Mapping[str, Figure | None]) -> dict[str, Figure | None]:
    """Return figures with their files as seen from the folder of the annexes."""
    return {
        name: replace(figure, exhibit=figure.exhibit.removeprefix(f"{FOLDER}/")) if figure else None
        for name, figure in drawn.items()
    }


def _write_tables(ledger: Ledger, annexes: Annexes, result: Result, running: str) -> None:
    """Write the annexes that are tables: a short page each, and all rows as CSV."""
    accounts, sources = ledger.rows("accounts", is_drawn=True), ledger.rows("sources", is_drawn=True)
    plan = {
        "accounts": (
            "Accounts", "accounts", [("Accounts", "accounts.csv", accounts, (
                ("account_id", "account", "long"), ("campaign_id", "group", ""), ("n_requests", "requests", "num"),
                ("n_campaign_requests", "of the group’s kind", "num"), ("output_tokens", "answer tokens", "num"), ("first_seen", "first", ""),
                ("last_seen", "last", ""), ("tenant_id", "customer", "long"), ("reason_not_in_campaign", "why not in a group", ""),
            ))],
        ),
        "sources": (
            "Sources", "sources and columns", [
                ("Input files", "sources.csv", sources, (
                    ("path", "file", "long"), ("role", "role", ""), ("format", "format", ""), ("n_read", "read", "num"),
                    ("n_kept", "kept", "num"), ("n_quarantined", "unreadable", "num"), ("source_sha256", "SHA-256", "long"),
                )),
                ("Records that could not be read", "unreadable.csv", ledger.rows("quarantined"), (
                    ("reason", "reason", ""), ("n_records", "records", "num"), ("source_line", "line of one", "num"), ("detail", "detail", "long"),
                )),
                ("Columns", "columns.csv", ledger.rows("log_columns"), (
                    ("name", "column", ""), ("n_filled", "records that carry it", "num"), ("n_records", "records", "num"),
                )),
            ],
        ),
        "tests": (
            "Tests", "tests with parameters", [("Tests", "tests.csv", result.tests, (
                ("code", "code", ""), ("heuristic_id", "test", "long"), ("title", "what it looks for", ""), ("state", "state", ""),
                ("reason", "reason", ""), ("n_fired", "groups or accounts on which it fired", "num"), ("parameters", "parameters", "long"),
            ))],
        ),
    }  # fmt: skip
    for name, (title, short, parts) in plan.items():
        shown = []
        for part, file, rows, columns in parts:
            annexes.csv(file, f"{part.lower()}, all rows", rows)
            text = f"The first {HTML_ROWS} of {len(rows):,} rows." if len(rows) > HTML_ROWS else ""
            shown.append({"title": part, "file": file, "text": text, "columns": columns, "rows": rows[:HTML_ROWS]})
        html = page("annex.html.j2", title=title, running=running, about="", parts=shown)
        annexes.write(f"{name}.html", short, html)


def _write_queries(ledger: Ledger, annexes: Annexes, result: Result, folder: Traversable) -> None:
    """Write every query so that it runs as it stands: those of the report, of the tests, of the explanations."""
    for label in sorted(ledger.blocks):
        annexes.write(f"queries/{safe_name(label)}.sql", ledger.blocks[label].title, ledger.script(label).encode())
    files = catalogue.read_files(folder)
    for row in result.tests:
        file = files.get(row["heuristic_id"])
        if file is not None and file.sha256 == row["sha256"]:
            text = catalogue.test_script(ledger, file, row)
            annexes.write(f"queries/tests/{safe_name(row['heuristic_id'])}.sql", row["title"], text.encode())
    for name, file in catalogue.read_files(catalogue.explanation_folder()).items():
        text = catalogue.explanation_script(ledger, file)
        annexes.write(f"queries/explanations/{safe_name(name.removeprefix('confounder.'))}.sql", file.header["title"], text.encode())


_KINDS = {
    "reissue": ("failed on one account", "sent again by another"),
    "succession": ("failed on one account", "the group’s next request"),
    "frame": ("a request of the group", ""),
    "model": ("one of the first requests to the model that was used last", ""),
    "output": ("much answer for little question", ""),
}


def _exhibits(ledger: Ledger, campaigns: Sequence[Campaign]) -> dict[tuple[str, str], list[Shown]]:
    """Return campaign and kind of statement to the records that show it."""
    found: dict[tuple[str, str], list[Shown]] = {}
    for campaign in campaigns:
        name = campaign.campaign_id
        cited = ledger.rows("shown_by", is_drawn=True, campaign_id=name)
        ids = sorted({row["record_id"] for row in cited})
        records = {row["record_id"]: row for row in ledger.rows("exhibits", is_drawn=True, campaign_id=name, record_ids=ids)}
        known: dict[str, Shown] = {}
        for row in cited:
            if row["record_id"] not in records:
                continue
            if row["record_id"] not in known:
                record, number = records[row["record_id"]], len(known) + 1
                shows = _KINDS[row["kind"]][row["place"] - 1]
                anchor = f"exhibit-{safe_name(name)}-{number}"
                known[row["record_id"]] = Shown(anchor, f"{name}/E{number}", shows, record, _texts(record), _command(record))
            found.setdefault((name, row["kind"]), []).append(known[row["record_id"]])
    return found


def _texts(row: Row) -> list[tuple[str, str, int]]:
    names = {"system": "system prompt", "prompt": "prompt", "response": "answer"}
    return [(word, row[f"{key}_text"], row[f"{key}_length"]) for key, word in names.items() if row[f"{key}_text"]]


_READERS = {"none": "cat", "gzip": "gzip -dc", "zstd": "zstd -dc", "bzip2": "bzip2 -dc", "xz": "xz -dc"}


def _command(row: Row) -> str:
    """Return the command that hashes the bytes of a record again; empty where a record has no place in bytes."""
    reader = _READERS.get(row["compression"] or "")
    if reader is None or row["source_offset"] is None or row["source_length"] is None:
        return ""
    path = row["path"] if re.fullmatch(r"[A-Za-z0-9._/+-]+", row["path"] or "") and not row["path"].startswith("-") else "FILE"
    return f"{reader} {path} | tail -c +{row['source_offset'] + 1} | head -c {row['source_length']} | sha256sum"
