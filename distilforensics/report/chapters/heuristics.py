"""The chapter on heuristics: what each one could say about this log, what it would have seen, and its query."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.heuristics.loader import catalog_folder
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.report.annexes import safe_name
from distilforensics.report.chapters.work import sentence
from distilforensics.report.context import Heuristic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

    from distilforensics.report.chapters.work import Work

FAMILIES = ("structure", "harvest", "coordination", "infrastructure", "evasion")


def installed_catalogue() -> Traversable:
    """Return the folder of the heuristics that are installed with the program."""
    return catalog_folder()


def read_catalogue(folder: Traversable) -> dict[str, SqlFile]:
    """Return heuristic id -> file for all queries below a folder that carry an id."""
    found = [
        read_sql_file(path)
        for path in _sql_files(folder)
        if path.read_text(encoding="utf-8").lstrip().startswith("/*---")
    ]
    return {file.header["id"]: file for file in found if "id" in file.header}


def _sql_files(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _sql_files(entry)
        elif entry.name.endswith(".sql"):
            yield entry


def collect(work: Work) -> list[Heuristic]:
    """Return all heuristics by family and id, with the text of the installed file where it is the one that ran."""
    fired: dict[str, list[dict[str, Any]]] = {}
    for row in work.rows("fired_observations"):
        fired.setdefault(row["heuristic_id"], []).append(row)
    states = sorted(work.rows("heuristic_states"), key=lambda row: (_rank(row["family"]), row["heuristic_id"]))
    return [_heuristic(work, row, fired.get(row["heuristic_id"], [])) for row in states]


def _rank(family: str) -> int:
    return FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)


def _heuristic(work: Work, row: Mapping[str, Any], fired: list[dict[str, Any]]) -> Heuristic:
    name = row["heuristic_id"]
    file = work.catalogue.get(name)
    header = file.header if file else {}
    is_same = file is not None and file.sha256 == row["sha256"]
    values = _values(row["parameters"], header)
    exhibit = ""
    if file is not None and is_same:
        exhibit = work.annexes.text(
            f"heuristics/{safe_name(name)}.sql", f"Query of the heuristic {name}", f"{file.body}\n"
        )
    return Heuristic(
        heuristic_id=name,
        anchor=f"heuristic-{safe_name(name)}",
        code=row["code"] or "",
        title=row["title"] or name,
        family=row["family"],
        level=row["level"] or "",
        version=row["version"],
        sha256=row["sha256"] or "",
        state=row["state"],
        reason=row["reason"] or "",
        evaluable_rows=row["evaluable_rows"] or 0,
        total_rows=row["total_rows"] or 0,
        n_entities=row["n_entities"] or 0,
        n_fired=row["n_fired"] or 0,
        parameters=_parameters(row["parameters"], header),
        sql=file.body if file is not None and is_same else "",
        exhibit=exhibit,
        fired=fired,
        description=str(header.get("description", "")),
        value=_measure(header.get("value")),
        needs=[str(column) for column in header.get("needs", ())],
        sees=sentence(str(header.get("sees", "")), values),
        volume=sentence(str(header.get("volume", "")), values),
        falsepositives=_sentences(header, "falsepositives"),
        limitations=_sentences(header, "limitations"),
        references=_sentences(header, "references"),
    )


def _sentences(header: Mapping[str, Any], key: str) -> list[str]:
    return [sentence(str(text)) for text in header.get(key, ())]


def _values(used: str | None, header: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameter values: those used in this run, the header's defaults where none are written down."""
    defaults = {name: entry.get("default") for name, entry in header.get("params", {}).items()}
    return defaults | (json.loads(used) if used else {})


def _measure(value: object) -> str:
    """Return what the measure is with its unit; headers give a table of both."""
    if isinstance(value, dict):
        return f"{sentence(str(value.get('meaning', '')))} Unit: {value.get('unit', 'none')}."
    return sentence(str(value or ""))


def _parameters(used: str | None, header: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the values that were used, with unit and reason from the header; a value that differs from the header's default says so."""
    described = header.get("params", {})
    values = json.loads(used) if used else {}
    return [
        {
            "name": name,
            "value": value,
            "unit": described.get(name, {}).get("unit", ""),
            "why": described.get(name, {}).get("why", ""),
            "default": described.get(name, {}).get("default", value),
            "is_changed": described.get(name, {}).get("default", value) != value,
        }
        for name, value in sorted(values.items())
    ]
