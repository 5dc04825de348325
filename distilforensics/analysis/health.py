"""Evidence health: what is wrong with the log itself, and what that costs. One query per question in `health/`, one table of answers.

A query yields one row per part of its question: `part`, `n_affected` of `n_checked`, `detail`, `example` (a record, if one shows it) and
`columns` (those that suffer; the ones of its header if NULL). Its header says from which share on it costs something, and what.
"""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from distilforensics.analysis.graph import Node
from distilforensics.case.engines.duckdb import select
from distilforensics.core.finding import State
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic

CHECKS = "health_checks"
COSTS = "health_costs"
ABSENCES = frozenset({"fill_over_time", "missing_columns", "tokens_and_texts"})
"""Checks of what is not there; the others find what is damaged."""
ORDER, COMPLETE = "order", "complete"
"""What a check may concern besides columns: the order of calls, and that all of them are there."""

_FACTS = {
    "account_id": ("handover", "conversation", "answer", "payment", "signup", "network", "mail", "frame", "scheduler", "synchrony"),
    "started_at": ("handover", "conversation", "answer", "scheduler", "synchrony"),
    "session_id": ("conversation",),
    "client_ip": ("network",),
    "prompt_text": ("handover", "conversation", "answer", "frame", "rewording", "purpose"),
    "response_text": ("answer",),
    "messages_json": ("conversation",),
    "status": ("handover",),
    "accounts_directory.payment_fingerprint": ("payment",),
    "accounts_directory.created_at": ("signup",),
    "accounts_directory.email_domain": ("mail",),
}  # fmt: skip
"""Column -> facts that rest on it, where a check does not state its own."""


def health_files() -> list[SqlFile]:
    """Return the queries, by name."""
    return read_folder(importlib.resources.files(__package__) / "health")


def health_node() -> Node:
    """Return the node that makes the table of answers."""
    files = health_files()
    return Node(
        CHECKS,
        tuple(sorted({table for file in files for table in file.reads})),
        make=_create,
        parameters={file.name: {"header": file.header, "sha256": file.sha256} for file in files},
    )


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [row for file in health_files() for row in answers(connection, file)]
    connection.register("rows_made", pa.Table.from_pylist(rows, schema=TABLES[CHECKS].arrow))
    connection.execute(f"CREATE TABLE {CHECKS} AS SELECT * FROM rows_made")
    connection.unregister("rows_made")


def answers(connection: duckdb.DuckDBPyConnection, file: SqlFile) -> Iterator[dict[str, Any]]:
    """Yield the rows of `health_checks` that come of one query."""
    header = file.header
    names, found = select(connection, file, file.defaults)
    for values in found:
        row = dict(zip((name for name, _ in names), values, strict=True))
        columns = header["columns"] if row["columns"] is None else row["columns"]
        facts = header["facts"] or dict.fromkeys(fact for name in columns for fact in _FACTS.get(name, ()))
        yield row | {
            "check_id": file.name,
            "title": header["title"],
            "verdict": _verdict(row["n_affected"], row["n_checked"], header["costs_from"]),
            "columns": list(columns),
            "facts": list(facts),
            "concerns": header.get("concerns"),
            "costs": header["costs"],
        }


def _verdict(n_affected: int, n_checked: int, costs_from: float) -> str:
    if not n_checked:
        return "cannot tell"
    if not n_affected:
        return "fine"
    return "costs" if n_affected >= costs_from * n_checked else "noticed"


def costs_of(
    checks: Sequence[Mapping[str, Any]], heuristics: Iterable[Heuristic], states: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the rows of `health_costs`: which heuristics are switched off or see less because of what costs something."""
    costing = [check for check in checks if check["verdict"] == "costs"]
    lacking = {name for check in costing if check["n_affected"] == check["n_checked"] for name in check["columns"]}
    rows = [
        {
            "check_id": check["check_id"],
            "part": check["part"],
            "heuristic_id": heuristic.id,
            "effect": "is switched off" if _is_off(states[heuristic.id], check) else "sees less",
        }
        for check in costing
        for heuristic in heuristics
        if _suffers(heuristic, check, lacking)
    ]
    return sorted(rows, key=lambda row: (row["check_id"], row["part"], row["heuristic_id"]))


def _is_off(state: str, check: Mapping[str, Any]) -> bool:
    """Tell whether it is this that keeps a heuristic from saying anything; too few calls have other reasons."""
    return state == State.NOT_EVALUATED or (state == State.INCONCLUSIVE and check["concerns"] is not None)


def _suffers(heuristic: Heuristic, check: Mapping[str, Any], lacking: set[str]) -> bool:
    if check["concerns"] == ORDER and heuristic.requires_order:
        return True
    if check["concerns"] == COMPLETE and heuristic.requires_complete:
        return True
    own = set(check["columns"])
    alternatives = [set(need.split("|")) for need in heuristic.needs]
    if check["check_id"] not in ABSENCES:
        return any(need & own for need in alternatives)
    # Of several columns that do, one that is there is enough.
    return any(need & own and need <= own | lacking for need in alternatives)
