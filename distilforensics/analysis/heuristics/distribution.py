"""Heuristics that judge every group by itself, run by many machines: the exchanges of groups are dealt out by group.

Ids are text there and enumerations on one machine; both compare and sort alike.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from distilforensics.analysis.distribution import run_job
from distilforensics.analysis.heuristics.runner import judge
from distilforensics.analysis.heuristics.views import GROUP_VIEWS, OWN_COLUMNS, query
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.analysis.shared_content import offer_functions
from distilforensics.case.engines.buckets import Input
from distilforensics.case.engines.duckdb import create, quote
from distilforensics.core.schema import OBSERVATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic
    from distilforensics.case.engines.workers import Workers
    from distilforensics.case.layout import Case

    Judged = tuple[list[dict[str, Any]], int]
    """Rows of the groups whose order can be told, and the number of all that were judged."""

_N_JUDGED = pa.field("n_judged", pa.int64())
_COLUMNS = (
    "heuristic_id",
    "entity_id",
    "is_fired",
    "value",
    "baseline",
    "threshold",
    "n_exchanges",
    "n_accounts",
    "details",
)
_SCHEMA = pa.schema([*(OBSERVATIONS.arrow.field(name).with_nullable(True) for name in _COLUMNS), _N_JUDGED])


@dataclass(frozen=True, slots=True)
class Judging:
    """Runs heuristics over the groups of one bucket; one row per judged group, and one per heuristic with the number that it judged."""

    heuristics: tuple[Heuristic, ...]

    @property
    def name(self) -> str:
        """What it makes."""
        return "observations"

    @property
    def text(self) -> str:
        """SQL that names every column that is read."""
        own = [heuristic.body for heuristic in self.heuristics]
        return "\n".join(
            [*own, *OWN_COLUMNS, *(query(name).body for name in ("groups", "group_conversations", "group_ties"))]
        )

    def rows(self, connection: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
        """Yield the rows.

        Raises:
            HeuristicError: a query failed or does not return what its header declares.
        """
        offer_functions(connection)
        create(connection, query("groups"))
        create(connection, query("group_conversations"), form="VIEW")
        for heuristic in self.heuristics:
            found, n_judged = judge(connection, heuristic, heuristic.defaults())
            rows = [{"heuristic_id": heuristic.id} | row for row in found]
            rows.append({"heuristic_id": heuristic.id, "n_judged": n_judged})
            yield from pa.Table.from_pylist(rows, schema=_SCHEMA).to_batches()


def judge_groups(
    case: Case, connection: duckdb.DuckDBPyConnection, heuristics: Iterable[Heuristic], workers: Workers
) -> dict[str, Judged]:
    """Return, by id, what `runner.judge` gives for the heuristics that judge every group by itself.

    Args:
        case: The case.
        connection: An engine with the library of heuristics.
        heuristics: Those whose header says `partition = "group"`.
        workers: Who runs them.

    Raises:
        HeuristicError: a query failed.
    """
    chosen = tuple(heuristics)
    folder = (case.temporary / "buckets").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        members = folder / "accounts_of_groups.parquet"
        connection.execute(f"COPY accounts_of_groups TO {quote(members)} (FORMAT parquet)")
        job = run_job(case, workers, Judging(chosen), _inputs(case, chosen, members))
        return _joined(chosen, job.files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _joined(heuristics: Iterable[Heuristic], files: Iterable[Path]) -> dict[str, Judged]:
    rows: dict[str, list[dict[str, Any]]] = {heuristic.id: [] for heuristic in heuristics}
    n_judged = dict.fromkeys(rows, 0)
    for row in (row for path in files for row in pq.read_table(path).to_pylist()):
        heuristic_id, n = row.pop("heuristic_id"), row.pop("n_judged")
        if n is None:
            rows[heuristic_id].append(row)
        else:
            n_judged[heuristic_id] += n
    return {name: (sorted(found, key=lambda row: row["entity_id"]), n_judged[name]) for name, found in rows.items()}


def _inputs(case: Case, heuristics: Iterable[Heuristic], members: Path) -> tuple[Input, ...]:
    """Return the exchanges and accounts of groups by group, and everything else that is read whole."""
    of_graph = [analysis_graph().maker[name].file for name in ("carried_exchanges", "stored_group_exchanges")]
    views = [(file.name, file.body) for file in of_graph if file is not None]
    exchanges = Input(
        "group_exchanges", _files(case, "exchange_features"), ("group_id",), "exchange_features",
        (*views, ("group_exchanges", "SELECT * FROM stored_group_exchanges")), (("accounts_of_groups", (members,)),),
    )  # fmt: skip
    accounts = Input(
        "group_accounts", (members,), ("group_id",), "accounts_of_groups",
        (("group_accounts", "SELECT group_id, account_id, n_exchanges FROM accounts_of_groups"),),
    )  # fmt: skip
    others = sorted({table for heuristic in heuristics for table in heuristic.reads} - set(GROUP_VIEWS))
    return exchanges, accounts, *(Input(table, _files(case, table)) for table in others)


def _files(case: Case, table: str) -> tuple[Path, ...]:
    return tuple(path.resolve() for path in case.table_files(table))
