"""What differs between two cases, and which recorded difference in how they came about explains it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet

from distilforensics.case.damage import unreadable_table
from distilforensics.case.layout import read_json
from distilforensics.case.stages import contradictions, file_sha256, folder_sha256, tables_sha256
from distilforensics.case.tables import read_rows
from distilforensics.core.schema import TABLES
from distilforensics.core.trouble import machine_trouble
from distilforensics.pipeline.record import read_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from distilforensics.case.layout import Case

CAUSES = {
    "source": "other inputs",
    "option": "other options of reading",
    "parameter": "other parameters or thresholds",
    "program": "another version of the program, of its code or of what it needs",
    "catalog": "other heuristics of the examiner's own",
    "calibration": "other files for calibration",
    "statement": "other statements of the examiner: case.toml or notes",
    "altered": "files that are not what the stages recorded: they were changed after they were written",
}
"""Kinds of differences that explain others, in the words in which they are told."""

UNEXPLAINED = "nothing that is recorded explains it"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same in both cases; None where a case does not have it."""

    kind: str
    what: str
    first: Any
    second: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, causes first, and what may explain the results that differ."""

    differences: tuple[Difference, ...]
    causes: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def compare_cases(first: Case, second: Case) -> Comparison:
    """Return what differs; when and where the cases were made is not compared.

    Raises:
        IntegrityError: a table cannot be read.
    """
    differences: list[Difference] = []
    for kind, read in (
        ("source", _sources),
        ("option", lambda case: _flat(read_record(case).get("options", {}))),
        ("parameter", _parameters),
        ("program", _program),
        ("catalog", lambda case: folder_sha256(case, case.catalog)),
        ("calibration", lambda case: folder_sha256(case, case.calibration)),
        ("statement", _statements),
        ("altered", lambda case: dict(contradictions(case))),
        ("table", _tables),
        ("file", _files),
    ):
        differences += _between(kind, read(first), read(second))
    differences += _campaigns(first, second)
    grades = [{name: grade for name, (_, grade) in _accounts(case).items()} for case in (first, second)]
    differences += _between("account", *grades)
    kinds = {difference.kind for difference in differences}
    causes = [text for kind, text in CAUSES.items() if kind in kinds]
    return Comparison(tuple(differences), tuple(causes or [UNEXPLAINED] * bool(kinds)))


def _between(kind: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    return [
        Difference(kind, name, first.get(name), second.get(name))
        for name in sorted(first.keys() | second.keys())
        if first.get(name) != second.get(name)
    ]


def _flat(value: object, name: str = "") -> dict[str, Any]:
    """Return the leaves of nested objects by their dotted names."""
    if not isinstance(value, dict):
        return {name: value}
    return {
        key: leaf
        for part, inner in value.items()
        for key, leaf in _flat(inner, f"{name}.{part}" if name else part).items()
    }


def _statements(case: Case) -> dict[str, Any]:
    notes = {case.notes.name: file_sha256(case.notes)} if case.notes.is_file() else {}
    return _flat(case.settings) | notes


def _sources(case: Case) -> dict[str, str]:
    """Return the names of the sources by their hash; those that have none by their name."""
    rows = read_rows(case, "sources", ["source_sha256", "path"]) if case.table_files("sources") else []
    return {row["source_sha256"] or row["path"]: row["path"] for row in rows}


def _stage_records(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((path.stem, read_json(path)) for path in sorted(case.stages.glob("*.json")))


def _parameters(case: Case) -> dict[str, Any]:
    """Return what the stages were told; hashes of case.toml and catalogue are compared by themselves."""
    found: dict[str, Any] = {"ingest.batches": read_json(case.stages / "ingest" / "tables.json").get("batches")}
    for stage, record in _stage_records(case):
        parameters = record.get("parameters")
        told = parameters if isinstance(parameters, dict) else {}
        found |= _flat({key: told[key] for key in told if key not in {"case.toml", "catalogue"}}, stage)
    return found


def _program(case: Case) -> dict[str, Any]:
    code = {stage: record.get("code") for stage, record in _stage_records(case)}
    tool = read_record(case).get("tool")
    return _flat({"code": code, "tool": tool})


def _tables(case: Case) -> dict[str, Any]:
    return {
        name: {
            "n_rows": _count(case, name),
            "sha256": sorted(tables_sha256(case, [name]).values()),
        }
        for name in TABLES
        if case.table_files(name)
    }


def _count(case: Case, name: str) -> int:
    try:
        return sum(parquet.read_metadata(path).num_rows for path in case.table_files(name))
    except pa.ArrowException as e:
        if machine_trouble(e) is not None:
            raise
        raise unreadable_table(name, case, e) from e


def _files(case: Case) -> dict[str, str]:
    """Return the hashes of what lies beside the tables in findings/ and report/."""
    files = sorted(path for folder in (case.findings, case.report) for path in folder.rglob("*") if path.is_file())
    return {case.name_of(path): file_sha256(path) for path in files if path.suffix != ".parquet"}


def _accounts(case: Case) -> dict[str, tuple[str | None, str | None]]:
    columns = ["account_id", "campaign_id", "grade"]
    rows = read_rows(case, "accounts", columns) if case.table_files("accounts") else []
    return {row["account_id"]: (row["campaign_id"], row["grade"]) for row in rows}


def _graded(case: Case) -> dict[str, str]:
    rows = read_rows(case, "campaigns", ["campaign_id", "grade"]) if case.table_files("campaigns") else []
    return {row["campaign_id"]: row["grade"] for row in rows}


def _campaigns(first: Case, second: Case) -> list[Difference]:
    """Match campaigns by the accounts they share, most first, and return those that differ or have no counterpart."""
    grades, members = (_graded(first), _graded(second)), (_accounts(first), _accounts(second))
    sizes = [Counter(campaign for campaign, _ in side.values()) for side in members]
    shared = Counter(
        (campaign, members[1][name][0])
        for name, (campaign, _) in members[0].items()
        if name in members[1] and campaign in grades[0] and members[1][name][0] in grades[1]
    )
    left = [dict(side) for side in grades]
    found = []
    for (a, b), n_shared in sorted(shared.items(), key=lambda item: (-item[1], str(item[0]))):
        if a in left[0] and b in left[1]:
            states = [
                {"id": name, "grade": left[side].pop(name), "n_accounts": sizes[side][name], "n_shared": n_shared}
                for side, name in enumerate((a, b))
            ]
            found += [Difference("campaign", str(a), *states)] * (states[0] != states[1])
    found += [Difference("campaign", name, {"id": name, "grade": grade}, None) for name, grade in left[0].items()]
    found += [Difference("campaign", name, None, {"id": name, "grade": grade}) for name, grade in left[1].items()]
    return found
