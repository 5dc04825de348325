"""The frame of the report: case, seals, sizes, sources, and the fixed texts."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import tomllib
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from distilforensics import __version__
from distilforensics.accuracy.power import HOW, NOT_MEASURED, reaches
from distilforensics.case.layout import CASE_FILE
from distilforensics.case.stages import package_sha256, tables_sha256
from distilforensics.core.errors import UsageError
from distilforensics.core.schema import SCHEMA_VERSION
from distilforensics.core.text import shown
from distilforensics.report.annexes import checksum_lines
from distilforensics.report.context import CaseHeader, Check, Power, Rules, Seals, Totals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from distilforensics.case.layout import Case
    from distilforensics.report.chapters.work import Work
    from distilforensics.report.context import DataTable, Heuristic


def header(case: Case) -> CaseHeader:
    """Return what the examiner states about the case.

    Raises:
        UsageError: the time zone of display is unknown.
    """
    settings = case.settings
    zone = str(settings.get("display_time_zone") or "UTC")
    try:
        if zone != "UTC":
            ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as e:
        raise UsageError(
            f"display_time_zone is {shown(zone)}, expected a name such as Europe/Berlin or UTC",
            where=CASE_FILE,
            hint=f"correct it in {CASE_FILE} and run: distilforensics report --case DIR",
        ) from e
    propositions = settings.get("propositions", {})
    return CaseHeader(
        number=str(settings.get("number", "")),
        title=str(settings.get("title", "")) or "Examination of API access logs",
        examiner=str(settings.get("examiner", "")),
        organization=str(settings.get("organization", "")),
        h1=str(propositions.get("h1", "")),
        h2=str(propositions.get("h2", "")),
        display_time_zone=zone,
        version=__version__,
        schema_version=SCHEMA_VERSION,
    )


def seals(work: Work, reads: Iterable[str], heuristics: Iterable[Heuristic]) -> Seals:
    """Return the hashes of evidence, tables and method, and write the files from which they can be computed again."""
    logs = sorted({row["source_sha256"] for row in work.rows("sources") if row["role"] == "log"})
    evidence = "".join(f"{digest}\n" for digest in logs)
    tables = checksum_lines((digest, path) for path, digest in sorted(tables_sha256(work.case, reads).items()))
    stages = stage_records(work.case)
    method = {
        "program": __version__,
        "report": package_sha256("distilforensics.report"),
        "stages": stages,
        "heuristics": [_identity(heuristic) for heuristic in heuristics],
    }
    text = json.dumps(method, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
    work.annexes.text("tables-sha256.txt", "Hashes of the tables that the report reads, for sha256sum -c", tables)
    work.annexes.text("method.json", "Code versions and parameters of all stages, and the heuristics that ran", text)
    return Seals(evidence=_sha256(evidence), tables=_sha256(tables), method=_sha256(text), stages=stages)


def _identity(heuristic: Heuristic) -> dict[str, Any]:
    parameters = {parameter["name"]: parameter["value"] for parameter in heuristic.parameters}
    return {
        "id": heuristic.heuristic_id,
        "version": heuristic.version,
        "sha256": heuristic.sha256,
        "parameters": parameters,
    }


def stage_records(case: Case) -> list[dict[str, Any]]:
    """Return stage, code hash and parameters of every stage that ran before the report, ordered by stage."""
    paths = [path for path in sorted(case.stages.glob("*.json")) if path.stem != "report"]
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return [{key: record.get(key) for key in ("stage", "code", "parameters")} for record in records]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def totals(work: Work) -> Totals:
    """Return the size of the log and the accounts by outcome."""
    names = {"log": "totals", "balance": "balance_total", "accounts": "account_counts", "hours": "silent_hours"}
    return Totals(**{key: work.rows(query)[0] for key, query in names.items()})


def models(work: Work) -> DataTable:
    """Return exchanges by model."""
    return work.table("models", work.rows("models"), anchor="models", exhibit="models")


def left_out(work: Work) -> DataTable:
    """Return the accounts that were in a group on which heuristics fired and are in no campaign."""
    rows = work.rows("accounts_left_out")
    return work.table("accounts_left_out", rows, anchor="accounts-left-out", exhibit="accounts-left-out")


def sources(work: Work) -> DataTable:
    """Return all input files with their hashes."""
    return work.source_table("sources", anchor="sources-table", exhibit="sources")


def linkage(work: Work) -> DataTable:
    """Return what linkage compared and what it left out."""
    return work.table("link_coverage", work.rows("link_coverage"), anchor="methods-linkage")


def checks(work: Work) -> list[Check]:
    """Return the totals that were computed twice."""
    return [Check(**row) for row in work.rows("checks")]


def findings(case: Case) -> dict[str, Any]:
    """Return the content of findings.json; empty if there is none."""
    path = case.findings / "findings.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return content


def power(work: Work) -> Power:
    """Return how small a campaign would have been found."""
    if not work.case.table_files("power"):
        return Power(statements=(), n_innocents=0, planted=None, reason=NOT_MEASURED, how=HOW)
    rows = work.rows("power")
    return Power(
        statements=tuple(reach.sentence() for reach in reaches(rows)),
        n_innocents=sum(row["n_innocents"] for row in rows),
        planted=work.table("power", rows, anchor="power-planted", exhibit="power"),
        reason="",
        how=HOW,
    )


def rules(case: Case) -> Rules:
    """Return the rules by which the assessment graded."""
    written = findings(case).get("assessment") or {}
    parameters = tuple(_flat("", written.get("parameters") or {}))
    return Rules(parameters=parameters, explanations=tuple(written.get("confounders") or ()))


def _flat(prefix: str, value: object) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), value[key])
    elif isinstance(value, list) and any(isinstance(part, (dict, list)) for part in value):
        for place, part in enumerate(value, start=1):
            yield from _flat(f"{prefix} {place}", part)
    else:
        yield prefix, value


def fixed_text(name: str) -> Any:  # noqa: ANN401 - a list or a table, as the file is
    """Return the content of a file in texts/: sentences that do not depend on the log."""
    text = (importlib.resources.files("distilforensics.report") / "texts" / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)[name]


def explanations(case: Case) -> dict[str, str]:
    """Return the words for the ids of benign explanations: titles of the checks, and what is fixed."""
    fixed: dict[str, str] = fixed_text("explanations")
    return fixed | {entry["id"]: entry["title"] for entry in rules(case).explanations}
