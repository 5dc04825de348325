"""Runs every heuristic of the catalogue once over a case and writes observations and the state of every heuristic."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from distilforensics.analysis.catalogue.loader import Heuristic, load_catalog
from distilforensics.analysis.catalogue.own import catalog_identity
from distilforensics.analysis.health import CHECKS, COSTS, costs_of
from distilforensics.analysis.heuristics.coverage import Coverage, measure_coverage
from distilforensics.analysis.heuristics.runner import Outcome, conclude, refusal, run_heuristic
from distilforensics.analysis.heuristics.views import (
    MAX_HELD_ROWS,
    columns_read,
    create_empty_tables,
    create_library,
    hold_tables,
    source_tables,
    tables_needed,
)
from distilforensics.analysis.shared_content import offer_functions
from distilforensics.case.engines.duckdb import Limits, connect, quote
from distilforensics.case.engines.workers import workers_for
from distilforensics.case.stages import StageOutcome, run_stage
from distilforensics.case.tables import read_rows, write_batches, write_rows
from distilforensics.core.finding import LEAD, State
from distilforensics.core.schema import OBSERVATIONS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence

    from distilforensics.analysis.heuristics.distribution import Judged
    from distilforensics.case.engines.workers import Workers
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

REQUIRED = ("exchanges", "exchange_features", "templates", "account_profiles", "account_attributes")
"""Tables without which a scan makes no sense; all other missing tables count as empty."""

HELD = ("exchange_features",)
"""Tables of exchanges that most heuristics read."""

BYTES_PER_EXCHANGE = 2_000
"""Memory of the engine that has to be there for every exchange, if the exchanges of all groups (three rows of 400 bytes) are held in it."""

WRITES = ("observations", "heuristic_states", "health_costs")


def scan(
    case: Case, limits: Limits, progress: Progress, only: Iterable[str] = (), workers: Workers | None = None
) -> StageOutcome:
    """Run the catalogue, or the named heuristics or families, and return what was done.

    Args:
        case: The case.
        limits: Memory and threads.
        progress: Who is told.
        only: Ids or families; all if empty.
        workers: Who judges groups one by one; if None those of the master that the limits name, or this machine.

    Raises:
        CaseError: the features have not been built.
        HeuristicError: a heuristic is invalid, its query failed, or a name in `only` is unknown.
    """
    heuristics = load_catalog(only, case.catalog)
    own = {heuristic.id for heuristic in heuristics if heuristic.is_own}
    return run_stage(
        case,
        stage="heuristics",
        reads=(*source_tables(heuristics), CHECKS),
        writes=WRITES,
        parameters={heuristic.id: heuristic.defaults() for heuristic in heuristics}
        | ({"own catalogue": catalog_identity(case.catalog) | {"heuristics": sorted(own)}} if own else {}),
        work=lambda: _scan(case, limits, progress, heuristics, workers or workers_for(limits)),
    )


def _scan(
    case: Case, limits: Limits, progress: Progress, heuristics: list[Heuristic], workers: Workers | None
) -> dict[str, int]:
    reads = source_tables(heuristics)
    present = {name for name in reads if name in REQUIRED or case.table_files(name)}
    batches: list[pa.RecordBatch] = []
    states: list[dict[str, Any]] = []
    progress.begin("heuristics", "Running the catalogue", total_steps=len(heuristics))
    with connect(case, limits=limits, tables=[name for name in reads if name in present]) as connection:
        create_empty_tables(connection, [name for name in reads if name not in present])
        hold_tables(connection, [name for name in HELD if name in present])
        offer_functions(connection)
        place = _place(connection, case, limits)
        create_library(connection, tables_needed(heuristics), columns=columns_read(heuristics), place=place)
        coverages = measure_coverage(connection, heuristics)
        judged = _judged_elsewhere(case, connection, heuristics, coverages, workers) if workers else {}
        n_at_once = _n_at_once(connection, limits)
        with closing(_outcomes(connection, heuristics, coverages, judged, n_at_once)) as outcomes:
            for heuristic, outcome in outcomes:
                batches += _batches(heuristic, outcome)
                states.append(_state_row(heuristic, coverages[heuristic.id], outcome))
                progress.advance(steps=1, item=heuristic.id)
    checks = read_rows(case, CHECKS) if case.table_files(CHECKS) else []
    n_rows = {
        "observations": write_batches(case, "observations", batches),
        "heuristic_states": write_rows(case, "heuristic_states", states),
        COSTS: write_rows(
            case, COSTS, costs_of(checks, heuristics, {row["heuristic_id"]: row["state"] for row in states})
        ),
    }
    progress.end(_counted(states))
    return n_rows


def _judged_elsewhere(
    case: Case,
    connection: duckdb.DuckDBPyConnection,
    heuristics: Iterable[Heuristic],
    coverages: Mapping[str, Coverage],
    workers: Workers,
) -> dict[str, Judged]:
    """Return what the heuristics say that judge every group by itself, as far as this log can be asked."""
    from distilforensics.analysis.heuristics.distribution import judge_groups

    chosen = [
        heuristic
        for heuristic in heuristics
        if heuristic.is_by_group and refusal(connection, heuristic, coverages[heuristic.id]) is None
    ]
    return judge_groups(case, connection, chosen, workers) if chosen else {}


def _outcomes(
    connection: duckdb.DuckDBPyConnection,
    heuristics: Sequence[Heuristic],
    coverages: Mapping[str, Coverage],
    judged: Mapping[str, Judged],
    n_at_once: int,
) -> Generator[tuple[Heuristic, Outcome], None, None]:
    """Yield what each heuristic says, in order; on a short log, where planning a query takes longer than running it, several at once."""

    def outcome(on: duckdb.DuckDBPyConnection, heuristic: Heuristic) -> Outcome:
        if heuristic.id in judged:
            return conclude(heuristic, heuristic.defaults(), *judged[heuristic.id])
        return run_heuristic(on, heuristic, coverages[heuristic.id])

    running: set[duckdb.DuckDBPyConnection] = set()

    def on_its_own(heuristic: Heuristic) -> Outcome:
        with connection.cursor() as own:
            running.add(own)
            try:
                return outcome(own, heuristic)
            finally:
                running.discard(own)

    if n_at_once == 1:  # on the connection itself, whose queries can be interrupted
        yield from ((heuristic, outcome(connection, heuristic)) for heuristic in heuristics)
        return
    with ThreadPoolExecutor(n_at_once, "heuristics") as pool:
        futures = [pool.submit(on_its_own, heuristic) for heuristic in heuristics]
        try:
            for heuristic, future in zip(heuristics, futures, strict=True):
                # polars takes Ctrl-C in a way that wakes nobody who waits without an end.
                while not wait([future], timeout=0.2).done:
                    pass
                yield heuristic, future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            # Again and again: a heuristic is several queries, and one that is about to start forgets an interrupt.
            while left := [future for future in futures if not future.done()]:
                for own in tuple(running):
                    with suppress(duckdb.Error):  # closed in this moment
                        own.interrupt()
                wait(left, timeout=0.1)
            raise


def _n_at_once(connection: duckdb.DuckDBPyConnection, limits: Limits) -> int:
    """Return how many queries may run beside each other: as many as threads on a short log that leaves memory for more than one."""
    n_rows = _n_rows(connection)
    is_short = n_rows <= MAX_HELD_ROWS and 2 * n_rows * BYTES_PER_EXCHANGE <= limits.engine_bytes
    return limits.engine_threads if is_short else 1


def _n_rows(connection: duckdb.DuckDBPyConnection) -> int:
    ((n_rows,),) = connection.execute("SELECT count(*) FROM exchange_features").fetchall()
    return int(n_rows)


def _place(connection: duckdb.DuckDBPyConnection, case: Case, limits: Limits) -> str:
    """Return the database for the exchanges of groups: the engine's memory, or for long logs a file, which is compressed and need not be in memory."""
    if _n_rows(connection) * BYTES_PER_EXCHANGE <= limits.engine_bytes:
        return "memory"
    path = case.temporary / "groups.duckdb"
    for leftover in case.temporary.glob("groups.duckdb*"):
        leftover.unlink()
    connection.execute(f"ATTACH {quote(path.resolve())} AS groups_on_disk")
    return "groups_on_disk"


def _counted(states: Iterable[Mapping[str, Any]]) -> str:
    """Return how many heuristics fired in words, leads apart."""
    leads = [row["state"] == State.FIRED.value for row in states if row["level"] == LEAD]
    others = [row["state"] == State.FIRED.value for row in states if row["level"] != LEAD]
    words = f"{sum(others)} of {len(others)} heuristics fired"
    return f"{words}, {sum(leads)} of {len(leads)} leads" if leads else words


def _batches(heuristic: Heuristic, outcome: Outcome) -> list[pa.RecordBatch]:
    """Return the observations as Arrow, which is a tenth of the size of dictionaries."""
    own = {
        "heuristic_id": heuristic.id,
        "version": heuristic.version,
        "sha256": heuristic.sha256,
        "family": heuristic.family.value,
        "entity_type": heuristic.entity.value,
    }
    rows = [own | row for row in outcome.observations]
    batches: list[pa.RecordBatch] = pa.Table.from_pylist(rows, schema=OBSERVATIONS.arrow).to_batches()
    return batches


def _state_row(heuristic: Heuristic, coverage: Coverage, outcome: Outcome) -> dict[str, Any]:
    return {
        "heuristic_id": heuristic.id,
        "code": heuristic.code,
        "title": heuristic.title,
        "family": heuristic.family.value,
        "level": heuristic.level,
        "version": heuristic.version,
        "sha256": heuristic.sha256,
        "parameters": json.dumps(heuristic.defaults(), sort_keys=True, ensure_ascii=False, allow_nan=False),
        "state": outcome.state.value,
        "reason": outcome.reason,
        "evaluable_rows": coverage.evaluable_rows,
        "total_rows": coverage.total_rows,
        "n_entities": len(outcome.observations),
        "n_fired": len(outcome.fired),
        "value_unit": heuristic.file.header["value"]["unit"],
        "value_meaning": heuristic.file.header["value"]["meaning"],
    }
