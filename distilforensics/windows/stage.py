"""Tests every larger group of accounts against the reference population of its own log, without any labelled example."""

from __future__ import annotations

import hashlib
import importlib.resources
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.stages import StageOutcome, run_stage
from distilforensics.case.tables import write_rows
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.windows import parameters
from distilforensics.windows.judging import Group, judge, rank_among_tenants
from distilforensics.windows.windows import VIEWS, read_windows

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.windows.windows import Windows

READS = (
    "exchanges",
    "exchange_features",
    "templates",
    "account_profiles",
    "account_attributes",
    "clusters",
    "cluster_members",
)
WRITES = ("window_tests",)

_STEPS = ("tested_groups", "group_members", "read_accounts", "read_records")
_BATCH_ROWS = 2048


def compare_windows(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    """Write the window tests of the case and return what was done.

    Raises:
        CaseError: features or links have not been computed yet.
    """
    return run_stage(
        case,
        stage="windows",
        reads=READS,
        writes=WRITES,
        parameters=parameters.stated(),
        work=lambda: _write_all(case, limits, progress),
    )


def query(name: str) -> SqlFile:
    """Return a query file of this stage."""
    return read_sql_file(importlib.resources.files(__package__) / f"{name}.sql")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is read: the groups by number of account, which accounts are the reference, and the slots of templates."""

    groups: list[Group]
    reference: NDArray[np.int64]
    n_accounts: int
    slots: dict[str, NDArray[np.int64]]
    n_slots: int


def _write_all(case: Case, limits: Limits, progress: Progress) -> dict[str, int]:
    progress.begin("windows", "Comparing groups of accounts with the log", total_steps=len(_STEPS) + len(VIEWS) + 2)
    with connect(case, limits=limits, tables=READS) as connection:
        connection.execute((importlib.resources.files(__package__) / "macros.sql").read_text(encoding="utf-8"))
        for name in _STEPS:
            _create(connection, name)
            progress.advance(steps=1, item=name)
        _note_left_out(connection, progress)
        plan = _plan(connection)
        windows = _read(connection, plan) if plan.groups else {}
        progress.advance(steps=1, item="reading")
        rows: list[dict[str, Any]] = []
        for view, sums in windows.items():
            rows += judge(view, plan.groups, sums, plan.reference)
            progress.advance(steps=1, item=view)
        rank_among_tenants(rows)
        _name_what_differs(connection, rows)
    rows.sort(key=lambda row: (row["group_id"], row["view"]))
    n_rows = {"window_tests": write_rows(case, "window_tests", rows)}
    progress.end(f"{len(plan.groups)} groups compared")
    return n_rows


def _create(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Run a step and keep its rows as a temporary table of the same name."""
    file = query(name)
    connection.execute(f"create temp table {name} as {file.body}", _values(file) or None)


def _values(file: SqlFile) -> dict[str, int]:
    stated = parameters.section("groups") | parameters.section("texts") | parameters.section("test")
    stated |= {name: parameters.value("excess", name) for name in parameters.stated()["excess"] if name != "max_p"}
    return {name: stated[name] for name in file.header["params"]}


def _note_left_out(connection: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    rows = connection.execute(
        "select kind, count(*), max(n_accounts) from tested_groups where not is_tested group by kind order by kind"
    ).fetchall()
    for kind, n, n_accounts in rows:
        progress.note(f"{n} groups of kind {kind} with at most {n_accounts} accounts were not compared with the log")


def _plan(connection: duckdb.DuckDBPyConnection) -> _Plan:
    numbers = connection.execute("select account_no, is_reference from read_accounts order by account_no").fetchnumpy()
    members = connection.execute(
        "select m.group_id, g.kind, g.n_accounts, a.account_no, m.tenth, m.is_sampled from group_members as m "
        "join tested_groups as g on g.group_id = m.group_id join read_accounts as a on a.account_id = m.account_id "
        "order by m.group_id, a.account_no"
    ).fetchall()
    rows: defaultdict[tuple[str, str, int], list[tuple[int, int, bool]]] = defaultdict(list)
    for group_id, kind, n_accounts, *member in members:
        rows[group_id, kind, n_accounts].append(tuple(member))
    n_accounts, data_number = len(numbers["account_no"]), _data_number(connection)
    groups: list[Group] = []
    slots: dict[str, NDArray[np.int64]] = {}
    n_slots = 0
    for (group_id, kind, size), found in rows.items():
        accounts = np.array([account for account, _, is_sampled in found if is_sampled], dtype=np.int64)
        tenths = np.array([tenth for _, tenth, is_sampled in found if is_sampled], dtype=np.int64)
        own_slots = None
        if kind not in ("cluster", "tenant"):
            own_slots = np.arange(n_slots, n_slots + len(accounts))
            slots[group_id] = np.full(n_accounts, -1, dtype=np.int64)
            slots[group_id][accounts] = own_slots
            n_slots += len(accounts)
        everybody = np.array([account for account, _, _ in found], dtype=np.int64)
        groups.append(Group(group_id, kind, size, accounts, tenths, everybody, own_slots, _seed(group_id, data_number)))
    reference = np.flatnonzero(np.asarray(numbers["is_reference"], dtype=np.bool_))
    return _Plan(groups, reference, n_accounts, slots, n_slots)


def _seed(group_id: str, data_number: int) -> int:
    """Return the number from which a group's chain of chance follows."""
    return int.from_bytes(hashlib.sha256(f"{data_number}:{group_id}".encode()).digest()[:8], "big")


def _data_number(connection: duckdb.DuckDBPyConnection) -> int:
    """Return a number that follows from the records that are read, in whatever order."""
    [(number,)] = connection.execute(
        "select coalesce(bit_xor(md5_number_lower(record_id)), 0) from read_records"
    ).fetchall()
    return int(number)


def _read(connection: duckdb.DuckDBPyConnection, plan: _Plan) -> dict[str, Windows]:
    file = query("read_exchanges")
    relation = connection.sql(file.body, params=_values(file))
    return read_windows(relation.to_arrow_reader(_BATCH_ROWS), plan.n_accounts, plan.slots, plan.n_slots)


def _name_what_differs(connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    """Add to the rows of groups that differ which words or properties of the call their accounts share and others do not."""
    max_p = parameters.share("excess", "max_p")
    differing = {(row["group_id"], row["view"]): row for row in rows if row.get("p_value", 1) <= max_p}
    if not differing:
        return
    connection.execute("create temp table differing (group_id varchar, view varchar)")
    connection.executemany("insert into differing values (?, ?)", [list(key) for key in sorted(differing)])
    _create(connection, "compared_accounts")
    connection.execute(
        "delete from read_records where place > $n or account_no not in (select account_no from compared_accounts)",
        {"n": parameters.value("excess", "piece_exchanges")},
    )
    _create(connection, "read_exchanges")
    file = query("pieces")
    found = connection.execute(file.body, _values(file)).fetchall()
    for group_id, view, piece, n_inside, n_group, n_outside, n_rest in found:
        row = differing[group_id, view]
        named = f"'{piece}': {n_inside} of {n_group} accounts, elsewhere {n_outside} of {n_rest}"
        row["excess"] = [*(row["excess"] or []), named]
