"""Tables that are made in buckets: the same bytes as on one machine, on every sample, and only if the header deals out by the right columns."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.building import Build, make
from distilforensics.analysis.catalogue.loader import _require_groups
from distilforensics.analysis.catalogue.testing import scratch_connection
from distilforensics.analysis.distribution import Sharing
from distilforensics.analysis.graph import Graph, Partition, partition_of
from distilforensics.analysis.heuristics.stage import scan
from distilforensics.analysis.heuristics.views import create_empty_tables
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.analysis.shared_content import offer_functions
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.engines.workers import ThisProcess
from distilforensics.case.layout import Case, open_case
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import HeuristicError
from distilforensics.core.progress import Silent
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMITS = Limits(1_000_000_000, 1)
STAGES = ("features", "linkage", "heuristics")
SHARED = [node.name for node in analysis_graph().nodes if node.partition is not None]


@pytest.fixture(params=["pool", "benign", "metadata_only"])
def finished(request: pytest.FixtureRequest, sample_case: Callable[[str], Path]) -> Case:
    """The case of a sample."""
    return open_case(sample_case(request.param))


def thinking(block: dict[str, Any]) -> dict[str, Any]:
    """Return an assistant's turn with one block of reasoning."""
    return {"role": "assistant", "content": [block, {"type": "text", "text": "an answer"}]}


def remade(finished: Case, root: Path, graph: Graph, n_buckets: int, stages: tuple[str, ...] = STAGES) -> Case:
    """Return a copy of what was ingested with the tables of the analysis made in buckets."""
    shutil.copytree(finished.root, root)
    case = open_case(root)
    for name, table in TABLES.items():
        if table.stage in stages:
            case.table_path(name).unlink()
    workers = ThisProcess(n_buckets)
    for stage in stages:
        (case.stages / f"{stage}.json").unlink()
        if stage == "heuristics":
            scan(case, LIMITS, Silent(), workers=workers)
        else:
            Build(case, LIMITS, Silent(), graph, stage, "", workers).run(lambda rows: "")
    return case


def differing(one: Case, other: Case) -> list[str]:
    """Return the tables of the analysis and the records of its stages that are not the same bytes."""
    tables = [name for name, table in TABLES.items() if table.stage in STAGES]
    names = [(one.table_path(name).relative_to(one.root)).as_posix() for name in tables]
    names += [f"stages/{stage}.json" for stage in STAGES]
    return [name for name in names if (one.root / name).read_bytes() != (other.root / name).read_bytes()]


def test_buckets_give_the_bytes_of_one_machine(finished: Case, tmp_path: Path) -> None:
    """Every table and the record of its stage, whoever makes it; nothing is left lying about."""
    case = remade(finished, tmp_path / "case", analysis_graph(), 7)

    assert [] == differing(finished, case)
    assert not (case.temporary / "buckets").exists()


@pytest.fixture
def signed(featured: Callable[[list[dict[str, Any]]], Case]) -> Case:
    """A case in which accounts send reasoning that others were given, and some records lack account or time."""
    rows: list[dict[str, Any]] = []
    for i in range(60):
        turns = [
            {"role": "user", "content": f"question {i % 7}"},
            thinking({"type": "thinking", "signature": f"{i % 11:02d}" * 40}),
        ]
        messages = json.dumps([*turns, {"role": "user", "content": f"and {i % 3}?"}])
        row = {
            "account_id": f"acct_{i % 5}",
            "session_id": f"s{i % 13}",
            "messages_json": messages,
            "prompt_text": f"and {i % 3}?",
        }
        rows.append(row | ({"account_id": None} if i % 17 == 0 else {}) | ({"started_at": None} if i % 19 == 0 else {}))
    return featured(rows)


def test_reasoning_is_traced_in_buckets_as_on_one_machine(signed: Case, tmp_path: Path) -> None:
    """The samples have none; records without account or time are in no bucket and in no table."""
    tables = [name for name, table in TABLES.items() if table.stage == "features"]
    case = remade(signed, tmp_path / "shared", analysis_graph(), 7, ("features",))

    assert read_rows(signed, "reasoning_places")
    assert [] == [name for name in tables if case.table_path(name).read_bytes() != signed.table_path(name).read_bytes()]


WRONG = {
    "account_traits": ("exchanges", "record_id"),
    "account_profiles": ("exchange_features", "record_id"),
    "account_days": ("exchange_features", "started_at"),
    "account_calls": ("exchange_features", "record_id"),
    "next_prompts": ("exchange_features", "account_id"),
    "account_attributes": ("account_values", "account_id, attribute"),
    "exchange_features": ("shared_content", "near_template"),
}


def dealt_wrongly(finished: Case, folder: Path, name: str, table: str, columns: str) -> Case:
    """Return a copy of a case in which one table was made in buckets by the wrong columns."""
    known = analysis_graph()
    right = known.maker[name].partition
    assert right is not None
    wrong = Partition({**right.by, table: tuple(columns.split(", "))}, right.order)
    shutil.copytree(finished.root, folder)
    case = open_case(folder)
    with connect(case, limits=LIMITS) as connection:
        offer_functions(connection)
        for other in known.upstream(known.maker[name].reads, given=frozenset(TABLES)):
            make(connection, other)
        with Sharing(case, known, ThisProcess(7)) as sharing:
            sharing.make(connection, replace(known.maker[name], partition=wrong))
    return case


def test_a_table_that_is_dealt_out_by_the_wrong_column_is_another(
    sample_case: Callable[[str], Path], signed: Case, tmp_path: Path
) -> None:
    """So that the comparison with one machine shows every header that is wrong: each of these is, and each is seen."""
    finished = open_case(sample_case("pool"))
    for name, (table, columns) in WRONG.items():
        case = dealt_wrongly(finished, tmp_path / name, name, table, columns)
        assert case.table_path(name).read_bytes() != finished.table_path(name).read_bytes(), name
        shutil.rmtree(case.root)
    case = dealt_wrongly(signed, tmp_path / "places", "reasoning_places", "reasoning_uses", "account_id")
    assert case.table_path("reasoning_places").read_bytes() != signed.table_path("reasoning_places").read_bytes()


def test_every_query_says_how_it_is_made_in_parts_or_why_not() -> None:
    """The columns by which rows are dealt out are columns of the tables, and the order is one of the table."""
    with scratch_connection() as connection:
        create_empty_tables(connection, sorted(analysis_graph().sources))
        offer_functions(connection)
        for node in analysis_graph().order:
            make(connection, node)
        for node in analysis_graph().nodes:
            for table, columns in node.partition.by.items() if node.partition else ():
                connection.execute(f"SELECT {', '.join(columns)} FROM {table}")
            if node.partition:
                connection.execute(f"SELECT * FROM {node.name} ORDER BY {node.partition.order}")
    assert len(SHARED) >= 12


def test_a_heuristic_that_sees_the_rest_of_the_log_is_not_dealt_out_by_group() -> None:
    """Nor one of accounts, nor by anything else than the group."""
    header = {"partition": "group", "entity": "group", "reads": ["group_exchanges", "customers"]}
    _require_groups(header, "right")
    for change in (
        {"reads": ["group_exchanges", "exchange_features"]},
        {"entity": "account"},
        {"partition": "account"},
        {"reads": ["customers"]},
    ):
        with pytest.raises(HeuristicError, match="partition is only ever"):
            _require_groups(header | change, "wrong")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({}, "expected `partition` with `order`, or `driver`"),
        ({"driver": "small", "partition": {"a": "x"}, "order": "x"}, "expected `partition` with `order`, or `driver`"),
        ({"partition": {"a": "x"}}, "expected `partition` with `order`, or `driver`"),
        ({"partition": {"b": "x"}, "order": "x"}, "names \\['b'\\], which it does not read"),
        ({"partition": {"a": "x", "c": "x, y"}, "order": "x"}, "as many columns of each table"),
    ],
)
def test_a_header_without_a_valid_partition_is_refused(header: dict[str, Any], message: str) -> None:
    """When the graph is loaded, so that no table is forgotten."""
    with pytest.raises(HeuristicError, match=message):
        partition_of(SqlFile("t", {"reads": ["a", "c"], **header}, "select 1"))
