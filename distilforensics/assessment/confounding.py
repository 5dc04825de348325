"""Checks the benign explanations: one SQL file each, run on all candidates at once."""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.graph import Graph, read_nodes
from distilforensics.case.engines.duckdb import create, select
from distilforensics.core.errors import HeuristicError
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import duckdb

COLUMNS = ("candidate_id", "verdict", "value", "baseline", "n_exchanges", "n_accounts", "statement")
"""What every check returns, one row per candidate."""

VERDICTS = ("applies", "partly", "rebutted", "not_checkable")
"""applies: it accounts for what was seen; partly: it caps the grade; rebutted: the numbers speak against it."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one benign explanation for one candidate."""

    confounder_id: str
    title: str
    verdict: str
    value: float | None
    baseline: float | None
    n_exchanges: int | None
    n_accounts: int | None
    statement: str


def _library() -> Graph:
    """Return the relations that the checks share, which come from `candidate_members`, `candidate_templates` and `candidate_exchanges`."""
    given = ("candidate_members", "candidate_templates", "candidate_exchanges")
    folder = importlib.resources.files(__package__) / "confounders" / "lib"
    return Graph(read_nodes(folder), {*TABLES, *given})


def tables_read(file: SqlFile) -> frozenset[str]:
    """Return the tables of a case that a check reads, itself or through what the checks share."""
    shared = _library().upstream(file.reads)
    return frozenset({*file.reads, *(name for node in shared for name in node.reads)} & TABLES.keys())


def create_library(connection: duckdb.DuckDBPyConnection, files: Iterable[SqlFile], asked: Iterable[SqlFile]) -> None:
    """Create the relations that the checks share.

    Args:
        connection: A connection with what they come from.
        files: All checks; of the features of exchanges only columns that one of them names are kept, a third of the memory.
        asked: The checks that will be asked.
    """
    words = {"record_id", "account_id", *re.findall(r"\w+", " ".join(file.body for file in files))}
    named = [f"e.{column.name}" for column in TABLES["exchange_features"].columns if column.name in words]
    for node in _library().upstream({name for file in asked for name in file.reads}):
        if node.file is not None:
            file = replace(node.file, body=node.file.body.replace("e.*", ", ".join(named)))
            create(connection, file, form="TEMP TABLE")


OWN_EXPLANATIONS = "explanations"
"""Folder for explanations in a catalogue of the user's own."""


def load_confounders(catalog: Path | None = None) -> list[SqlFile]:
    """Return the files of all benign explanations, sorted by name; those of a catalogue of the user's own behind the others.

    Raises:
        HeuristicError: an own one has another id than its name, or one that is taken.
    """
    files = read_folder(importlib.resources.files(__package__) / "confounders")
    return [*files, *(_own(catalog / OWN_EXPLANATIONS, files) if catalog is not None else ())]


def _own(folder: Path, known: list[SqlFile]) -> list[SqlFile]:
    if not folder.is_dir():
        return []
    files = read_folder(folder)
    for file in files:
        if missing := sorted({"id", "title", "question", "reads", "version"} - set(file.header)):
            raise HeuristicError(f"the header lacks {', '.join(missing)}", where=file.name)
        if file.header["id"] != f"confounder.{file.name}":
            raise HeuristicError(f"id is {file.header['id']}, expected confounder.{file.name}", where=file.name)
        if file.name in {one.name for one in known}:
            raise HeuristicError("id is taken by an explanation of the program", where=file.header["id"])
    return files


def check_confounders(
    connection: duckdb.DuckDBPyConnection, candidates: list[str], catalog: Path | None = None, only: str | None = None
) -> Mapping[str, list[Check]]:
    """Return candidate id to the results of all checks, in order of their ids.

    Args:
        connection: A connection with `candidate_members`, `candidate_templates` and `candidate_exchanges`.
        candidates: Ids of all candidates; each check must answer for each of them.
        catalog: Catalogue of the user's own, if there is one.
        only: Id of the one check that is asked; all if omitted.

    Raises:
        HeuristicError: a check fails, returns other columns or an unknown verdict, or leaves a candidate out.
    """
    files = load_confounders(catalog) if candidates else []
    asked = [file for file in files if only in (None, file.header["id"])]
    create_library(connection, files, asked)
    results: dict[str, list[Check]] = {candidate: [] for candidate in candidates}
    for file in asked:
        for candidate, *fields in _rows(connection, file):
            results[candidate].append(Check(file.header["id"], file.header["title"], *fields))
        missing = [
            candidate
            for candidate, checks in results.items()
            if not checks or checks[-1].confounder_id != file.header["id"]
        ]
        if missing:
            raise HeuristicError(f"no answer for {', '.join(missing)}", where=file.header["id"])
    return results


def _rows(connection: duckdb.DuckDBPyConnection, file: SqlFile) -> list[tuple[Any, ...]]:
    described, rows = select(connection, file)
    columns = tuple(name for name, _ in described)
    if columns != COLUMNS:
        raise HeuristicError(f"columns are {list(columns)}, expected {list(COLUMNS)}", where=file.header["id"])
    unknown = sorted({str(row[1]) for row in rows} - set(VERDICTS))
    if unknown:
        raise HeuristicError(f"unknown verdicts {unknown}, expected some of {list(VERDICTS)}", where=file.header["id"])
    return rows
