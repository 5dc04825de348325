"""Tries every heuristic on its cases, in tests of this project and on the examiner's own machine alike."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.catalogue.casefile import TestCase, read_cases, unfold
from distilforensics.analysis.catalogue.loader import Heuristic, load_catalog, load_heuristic
from distilforensics.analysis.heuristics.runner import Outcome, run_heuristic
from distilforensics.analysis.heuristics.views import create_empty_tables, create_library, tables_needed
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.analysis.shared_content import offer_functions
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.layout import Case
from distilforensics.core.errors import HeuristicError
from distilforensics.core.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    import duckdb

LIMITS = Limits(memory_bytes=512_000_000, threads=1)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case of one heuristic and what differed from its expectation; empty if nothing did."""

    heuristic_id: str
    name: str
    kind: str
    failures: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """Nothing differed."""
        return not self.failures


def run_cases(only: Iterable[str] = (), own: Path | None = None) -> list[CaseResult]:
    """Return the result of every case of the catalogue, or of the named heuristics or families; of the user's own catalogue alone if there is one.

    Raises:
        HeuristicError: a heuristic or its cases file is invalid, or a name in `only` is unknown.
    """
    return [
        run_case(heuristic, case)
        for heuristic in load_catalog(only, own)
        if own is None or heuristic.is_own
        for case in read_cases(heuristic)
    ]


def all_cases() -> list[TestCase]:
    """Return all cases of the catalogue in order of heuristic and file."""
    return [case for heuristic in load_catalog() for case in read_cases(heuristic)]


def run_case(heuristic: Heuristic, case: TestCase) -> CaseResult:
    """Return how one case ends: its tables are made, the heuristic runs, and the outcome is compared."""
    try:
        outcome = outcome_of_case(heuristic, case)
        failures = tuple(_differences(case, outcome))
    except HeuristicError as e:
        failures = (str(e),)
    return CaseResult(heuristic.id, case.name, case.kind, failures)


def run_case_by_id(case: TestCase) -> CaseResult:
    """Return how one case ends, finding its heuristic by id."""
    return run_case(load_heuristic(case.heuristic_id), case)


def outcome_of_case(heuristic: Heuristic, case: TestCase) -> Outcome:
    """Return what the heuristic says about the tables of a case.

    Raises:
        HeuristicError: the case gives an unknown table or column, or the query fails.
    """
    if unknown := sorted(set(case.given) - set(TABLES)):
        raise HeuristicError(f"case {case.name}: given has unknown table {unknown[0]}", where=heuristic.id)
    with scratch_connection() as connection:
        create_tables(connection, case.given, tables_needed([heuristic]))
        return run_heuristic(connection, heuristic, None, case.params)


@contextmanager
def scratch_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the analysis engine without a case; its folder is temporary."""
    with (
        tempfile.TemporaryDirectory(prefix="distilforensics-") as folder,
        connect(Case(Path(folder)), limits=LIMITS, tables=()) as connection,
    ):
        yield connection


def create_tables(
    connection: duckdb.DuckDBPyConnection,
    given: dict[str, list[dict[str, Any]]],
    needed: Collection[str] | None = None,
) -> None:
    """Create all tables that heuristics read: given ones unfolded, those that follow from them made by their own queries, others empty.

    What linkage writes is given or empty, so that a case says which accounts are linked.

    Args:
        connection: An engine without tables.
        given: Row templates by table.
        needed: Tables that will be read; every table of a case is made if omitted.
    """
    graph = analysis_graph()
    if needed is None:
        needed = tables_needed(load_catalog()) | graph.maker.keys() & TABLES.keys()
    empty = graph.sources | {table for table in graph.maker if table in TABLES and TABLES[table].stage == "linkage"}
    create_empty_tables(connection, sorted(empty | set(given)))
    for table, templates in given.items():
        connection.register("unfolded", unfold(table, templates))
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM unfolded")
        connection.unregister("unfolded")
    offer_functions(connection)
    create_library(connection, needed, given={*empty, *given})


def _differences(case: TestCase, outcome: Outcome) -> Iterator[str]:
    """Yield what differs, in words: a state, an entity that must be there, a value, or a firing that was not expected."""
    if case.expect_state is not None and outcome.state.value != case.expect_state:
        yield f"state is {outcome.state.value} ({outcome.reason}), expected {case.expect_state}"
    if case.expect_none_fired and outcome.fired:
        yield f"fired on {', '.join(outcome.fired)}, expected no firing"
    if case.expect is None:
        return
    found = {row["entity_id"]: row | json.loads(row["details"]) for row in outcome.observations}
    for expected in case.expect:
        row = found.get(expected["entity_id"])
        if row is None:
            yield f"no row for {expected['entity_id']}, only {sorted(found)} ({outcome.reason})"
            continue
        for column, value in expected.items():
            if column not in row:
                yield f"{expected['entity_id']}: no column {column}; there are {sorted(row)}"
            elif not _is_equal(row[column], value):
                yield f"{expected['entity_id']}: {column} is {row[column]!r}, expected {value!r}"
    named = {row["entity_id"] for row in case.expect}
    if unexpected := sorted(set(outcome.fired) - named):
        yield f"fired on {', '.join(unexpected)}, which the case does not name"


def _is_equal(found: object, expected: object) -> bool:
    if isinstance(found, float) and isinstance(expected, int | float) and not isinstance(expected, bool):
        return abs(found - expected) < 1e-6
    return found == expected
