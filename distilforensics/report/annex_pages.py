"""What stands in the annexes: evidence, exhibits, accounts, sources, tests, groups beyond the first, and every query."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from distilforensics.report import catalogue
from distilforensics.report.annexes import FOLDER, safe_name
from distilforensics.report.browsing import browsing_page
from distilforensics.report.factors import as_json, calendar_of, place
from distilforensics.report.render import page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from distilforensics.core.sqlfile import SqlFile
    from distilforensics.report.annexes import Annexes
    from distilforensics.report.browsing import Table
    from distilforensics.report.figures import Figure
    from distilforensics.report.language import Language
    from distilforensics.report.ledger import Ledger, Row
    from distilforensics.report.result import Campaign, Result

_Part = tuple[str, str, "Sequence[Row]", "Sequence[tuple[str, str, str]]"]
"""Title of a table, its CSV file, its rows, and key, heading and class of the columns shown."""

HTML_ROWS = 200
"""Rows of a table in a readable annex; the CSV beside it has all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A record in the annex of exhibits."""

    anchor: str
    label: str
    shows: str
    row: Row
    texts: Sequence[tuple[str, str, int]]
    command: str


def write_annexes(
    ledger: Ledger,
    annexes: Annexes,
    result: Result,
    drawn: Mapping[str, Mapping[str, Figure]],
    tests: Mapping[str, SqlFile],
    *,
    language: Language,
    has_mappings: bool = False,
) -> None:
    """Write everything beside the main document."""
    annexes.write("method.json", "code versions and parameters of all stages", result.seals["method_text"].encode())
    annexes.write(
        "tables-sha256.txt",
        "hashes of the tables, for sha256sum -c in the case folder",
        result.seals["table_lines"].encode(),
    )
    running = result.header["title"]
    for campaign in result.campaigns[1:]:
        html = page(
            "group.html.j2",
            language,
            c=campaign,
            figures=_beside(drawn[campaign.campaign_id]),
            log=result.log,
            running=running,
        )
        annexes.write(f"group-{safe_name(campaign.campaign_id)}.html", f"group {campaign.campaign_id}", html)
    exhibits = _exhibits(ledger, result.campaigns)
    every = list({id(x): x for shown in exhibits.values() for x in shown}.values())
    annexes.json_lines(
        "exhibits.jsonl", "texts and facts of the exhibits, exact", [dict(x.row) | {"label": x.label} for x in every]
    )
    annexes.write(
        "exhibits.html",
        "exhibits",
        page("exhibits.html.j2", language, exhibits=every, title="Exhibits", running=running),
    )
    annexes.csv("evidence.csv", "evidence, all rows", ledger.rows("evidence", is_drawn=True))
    annexes.csv("campaigns.csv", "campaigns, all rows", result.listed)
    membership = ledger.rows("membership", is_drawn=True)
    annexes.csv("membership.csv", "why each account is in its campaign", membership)
    annexes.csv("candidates.csv", "what a campaign can begin with", ledger.rows("candidates", is_drawn=True))
    steps = ledger.rows("all_steps", is_drawn=True)
    annexes.csv("steps.csv", "how the accounts of each group were found, step by step", steps)
    for name in [*(c.campaign_id for c in result.campaigns), *(g.row["group_id"] for g in result.explained)][:10]:
        ledger.note("rivals", campaign_id=name)
        ledger.note("steps", campaign_id=name)
    ledger.note("checks")
    html = page(
        "evidence.html.j2", language, campaigns=result.campaigns, exhibits=exhibits, explained=result.explained,
        title="Evidence, statement by statement", running=running,
    )  # fmt: skip
    annexes.write("evidence.html", "evidence, statement by statement", html)
    _write_frameworks(ledger, annexes, result, language)
    if result.notes:
        _write_notes(annexes, result, language)
    _write_tables(ledger, annexes, result, language, has_mappings=has_mappings)
    _write_queries(ledger, annexes, result, tests)


def _write_frameworks(ledger: Ledger, annexes: Annexes, result: Result, language: Language) -> None:
    """Write the facts under the factors of published frameworks: a page, and the same as JSON."""
    releases = calendar_of(ledger.case)
    placements = place(ledger, result.campaigns, result.log, releases)
    text = json.dumps(as_json(placements, releases), indent=1, sort_keys=True) + "\n"
    annexes.write("frameworks.json", "facts under the factors of frameworks, as data", text.encode())
    html = page(
        "frameworks.html.j2",
        language,
        placements=placements,
        releases=releases,
        title="Facts under the factors of frameworks",
        running=result.header["title"],
    )
    annexes.write("frameworks.html", "facts under the factors of frameworks", html)


def _write_notes(annexes: Annexes, result: Result, language: Language) -> None:
    """Write all notes: a page, and the same as CSV."""
    columns = (
        ("time", "when (UTC)", ""), ("by", "by", ""), ("kind", "about", ""), ("target", "id", "long"), ("status", "status", ""),
        ("about", "result", ""), ("text", "note", "long"),
    )  # fmt: skip
    annexes.csv("notes.csv", "notes, in full", result.notes)
    part = {"title": "Notes", "file": "notes.csv", "n_hidden": 0, "columns": columns, "rows": result.notes[-HTML_ROWS:]}
    about = (
        "What people said of this case after they read it. The program takes no part in it and draws nothing from it."
    )
    running = result.header["title"]
    html = page("annex.html.j2", language, title="Notes and sign-off", running=running, about=about, parts=[part])
    annexes.write("notes.html", "notes and sign-off", html)


def _beside(drawn: Mapping[str, Figure]) -> dict[str, Figure]:
    """Return figures with their files as seen from the folder of the annexes."""
    return {name: replace(figure, exhibit=figure.exhibit.removeprefix(f"{FOLDER}/")) for name, figure in drawn.items()}


def _write_tables(ledger: Ledger, annexes: Annexes, result: Result, language: Language, *, has_mappings: bool) -> None:
    """Write the annexes that are tables: a short page each, and all rows as CSV."""
    running = result.header["title"]
    accounts, sources = ledger.rows("accounts", is_drawn=True), ledger.rows("sources", is_drawn=True)
    plan: dict[str, tuple[str, str, list[_Part]]] = {
        "accounts": (
            "Accounts", "accounts", [("Accounts", "accounts.csv", accounts, (
                ("account_id", "account", "long"), ("campaign_id", "group", ""), ("n_requests", "requests", "num"),
                ("n_campaign_requests", "of this kind", "num"), ("output_tokens", "answer tokens", "num"), ("first_seen", "first", ""),
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
    plan["sources"][2].extend(_further_tables(ledger, result, has_mappings=has_mappings))
    tables: list[Table] = [(title, file, rows) for _, _, parts in plan.values() for title, file, rows, _ in parts]
    evidence = [
        ("Evidence", "evidence.csv", ledger.rows("evidence", is_drawn=True)),
        ("Campaigns", "campaigns.csv", result.listed),
    ]
    annexes.write(
        "browse.html", "tables to sort and filter in a browser", browsing_page([*tables, *evidence], running, language)
    )
    for name, (title, short, parts) in plan.items():
        shown = []
        for part, file, rows, columns in parts:
            annexes.csv(file, f"{part.lower()}, all rows", rows)
            first = [{**row, **_as_words(row, language)} for row in rows[:HTML_ROWS]]
            hidden = {"n_hidden": len(rows) - len(first), "n_rows": len(rows)}
            shown.append({"title": part, "file": file, "columns": columns, "rows": first} | hidden)
        html = page("annex.html.j2", language, title=title, running=running, about="", parts=shown)
        annexes.write(f"{name}.html", short, html)


def _further_tables(ledger: Ledger, result: Result, *, has_mappings: bool) -> Iterator[_Part]:
    """Yield what stands in the annex on sources if the case has it."""
    if has_mappings and (fields := ledger.rows("field_mappings", is_drawn=True)):
        yield ("Fields and columns", "fields.csv", fields, (
            ("path", "file", "long"), ("column_name", "column", ""), ("field", "field", "long"), ("mapping", "mapping", ""),
            ("mapping_sha256", "SHA-256 of the mapping", "long"),
        ))  # fmt: skip
    if result.log.n_health:
        yield ("State of the log", "health.csv", ledger.rows("health_all", is_drawn=True), (
            ("verdict", "verdict", ""), ("title", "what was looked for", ""), ("part", "in", ""), ("n_affected", "affected", "num"), ("n_checked", "of", "num"),
            ("detail", "detail", "long"), ("facts", "facts that are harder to show", ""), ("tests", "tests that suffer", "long"), ("costs", "cost", ""),
        ))  # fmt: skip
    if result.log.usage:
        yield ("Usage exports beside the log", "usage.csv", ledger.rows("reconciliation", is_drawn=True), (
            ("verdict", "the log has", ""), ("series", "export", "long"), ("period_start", "from", ""), ("key", "key", "long"), ("model", "model", ""),
            ("stated_requests", "requests stated", "num"), ("log_requests", "in the log", "num"), ("stated_output_tokens", "answer tokens stated", "num"),
            ("log_output_tokens", "in the log", "num"),
        ))  # fmt: skip


def _as_words(row: Row, language: Language) -> dict[str, str]:
    """Return what a row says in this program's words, and the parameters of a test one after the other."""
    words = {key: language.text(row[key]) for key in ("title", "state", "verdict") if row.get(key)}
    given = json.loads(row.get("parameters") or "{}")
    return words | ({"parameters": "; ".join(f"{name} = {value}" for name, value in given.items())} if given else {})


def _write_queries(ledger: Ledger, annexes: Annexes, result: Result, tests: Mapping[str, SqlFile]) -> None:
    """Write every query so that it runs as it stands: those of the report, of the tests, of the explanations."""
    for label in sorted(ledger.blocks):
        annexes.write(f"queries/{safe_name(label)}.sql", ledger.blocks[label].title, ledger.script(label).encode())
    for row in result.tests:
        file = tests.get(row["heuristic_id"])
        if file is not None and file.sha256 == row["sha256"]:
            text = catalogue.test_script(ledger, file, row)
            annexes.write(f"queries/tests/{safe_name(row['heuristic_id'])}.sql", row["title"], text.encode())
    for name, file in explanations(ledger).items():
        text = catalogue.explanation_script(ledger, file)
        annexes.write(
            f"queries/explanations/{safe_name(name.removeprefix('confounder.'))}.sql",
            file.header["title"],
            text.encode(),
        )
    title = "whether a group may be one operator's own: the explanations that cap the grade"
    annexes.write("queries/explanations/operators.sql", title, catalogue.operator_script(ledger).encode())


def explanations(ledger: Ledger) -> dict[str, SqlFile]:
    """Return the queries of all harmless explanations by id, with those of a catalogue of the user's own."""
    own = ledger.case.catalog / "explanations"
    installed = catalogue.read_files(catalogue.explanation_folder())
    return installed | (catalogue.read_files(own) if own.is_dir() else {})


_KINDS = {
    "handover": ("failed on one account", "sent next by another"),
    "conversation": ("a conversation of one account", "it goes on at another"),
    "answer": ("an answer to one account", "it stands in a prompt of another"),
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
        records = {
            row["record_id"]: row for row in ledger.rows("exhibits", is_drawn=True, campaign_id=name, record_ids=ids)
        }
        known: dict[str, Shown] = {}
        for row in cited:
            if row["record_id"] not in records:
                continue
            if row["record_id"] not in known:
                record, number = records[row["record_id"]], len(known) + 1
                shows = _KINDS[row["kind"]][row["place"] - 1]
                anchor = f"exhibit-{safe_name(name)}-{number}"
                known[row["record_id"]] = Shown(
                    anchor, f"{name}/E{number}", shows, record, _texts(record), _command(record)
                )
            found.setdefault((name, row["kind"]), []).append(known[row["record_id"]])
    return found


def _texts(row: Row) -> list[tuple[str, str, int]]:
    names = {"system": "system prompt", "prompt": "prompt", "response": "answer"}
    return [(word, row[f"{key}_text"], row[f"{key}_length"]) for key, word in names.items() if row[f"{key}_text"]]


_READERS = {"none": "cat", "gzip": "gzip -dc", "zstd": "zstd -dc", "bzip2": "bzip2 -dc", "xz": "xz -dc"}


def _typed(name: str, otherwise: str) -> str:
    """Return a name as a shell takes it without quotes; a word in its place if it cannot."""
    return name if re.fullmatch(r"[A-Za-z0-9._/+][A-Za-z0-9._/+-]*", name) else otherwise


def _command(row: Row) -> str:
    """Return the command that hashes the bytes of a record again; empty where a record has no place in bytes."""
    reader = _READERS.get(row["compression"] or "")
    if reader is None or row["source_offset"] is None or row["source_length"] is None:
        return ""
    archive, separator, member = (row["path"] or "").partition("!")
    path = _typed(archive, "FILE")
    source = f"{reader} {path}"
    if separator:
        member = _typed(member, "MEMBER")
        unpacking = f"unzip -p {path} {member}" if archive.lower().endswith(".zip") else f"tar -xOf {path} {member}"
        source = unpacking if reader == "cat" else f"{unpacking} | {reader}"
    return f"{source} | tail -c +{row['source_offset'] + 1} | head -c {row['source_length']} | sha256sum"
