"""Checks the benign explanations: one SQL file each, run on all candidates at once."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from distilforensics.core.errors import HeuristicError
from distilforensics.core.sqlfile import SqlFile, read_sql_file

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = ("candidate_id", "verdict", "value", "baseline", "n_exchanges", "n_accounts", "statement")
"""What every check returns, one row per candidate."""

VERDICTS = ("applies", "partly", "rebutted", "not_checkable")
"""applies: it accounts for what was seen; partly: it caps the grade; rebutted: the numbers speak against it."""


LIBRARY = ("candidate_features", "candidate_carriers", "candidate_tenancy")
"""Relations that several checks read, in order of dependency; each is the query of that name in `confounders/lib`."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one benign explanation for one candidate."""

    confounder_id: str
    title: str
    priority: int
    """Order among explanations that stand: 1 is the most specific."""
    verdict: str
    value: float | None
    baseline: float | None
    n_exchanges: int | None
    n_accounts: int | None
    statement: str


def create_library(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the relations that the checks share, from `candidate_members`, `candidate_templates` and `candidate_exchanges`."""
    folder = importlib.resources.files(__package__) / "confounders" / "lib"
    for name in LIBRARY:
        connection.execute(f"create or replace temp table {name} as {read_sql_file(folder / f'{name}.sql').body}")


def load_confounders() -> list[SqlFile]:
    """Return the files of all benign explanations, sorted by name."""
    folder = importlib.resources.files(__package__) / "confounders"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return [read_sql_file(entry) for entry in files]


def parameters_of(file: SqlFile) -> dict[str, object]:
    """Return the defaults of a check's parameters."""
    return {name: entry["default"] for name, entry in file.header.get("params", {}).items()}


def check_confounders(connection: duckdb.DuckDBPyConnection, candidates: list[str]) -> Mapping[str, list[Check]]:
    """Return candidate id to the results of all checks, in order of their ids.

    Args:
        connection: A connection with `candidate_members`, `candidate_templates` and `candidate_exchanges`.
        candidates: Ids of all candidates; each check must answer for each of them.

    Raises:
        HeuristicError: a check fails, returns other columns or an unknown verdict, or leaves a candidate out.
    """
    create_library(connection)
    results: dict[str, list[Check]] = {candidate: [] for candidate in candidates}
    for file in load_confounders() if candidates else ():
        for candidate, *fields in _rows(connection, file):
            results[candidate].append(Check(file.header["id"], file.header["title"], file.header["priority"], *fields))
        missing = [
            candidate
            for candidate, checks in results.items()
            if not checks or checks[-1].confounder_id != file.header["id"]
        ]
        if missing:
            raise HeuristicError(f"no answer for {', '.join(missing)}", where=file.header["id"])
    return results


def _rows(connection: duckdb.DuckDBPyConnection, file: SqlFile) -> list[tuple[Any, ...]]:
    values = parameters_of(file)
    try:
        relation = connection.sql(file.body, params=values) if values else connection.sql(file.body)
        columns, rows = tuple(relation.columns), relation.fetchall()
    except duckdb.Error as e:
        raise HeuristicError(f"the query failed: {e}\n{file.body}", where=file.header["id"]) from e
    if columns != COLUMNS:
        raise HeuristicError(f"columns are {list(columns)}, expected {list(COLUMNS)}", where=file.header["id"])
    unknown = sorted({str(row[1]) for row in rows} - set(VERDICTS))
    if unknown:
        raise HeuristicError(f"unknown verdicts {unknown}, expected some of {list(VERDICTS)}", where=file.header["id"])
    return rows
