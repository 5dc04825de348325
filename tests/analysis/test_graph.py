"""The graph: a table is made by one query, which names what it reads; order, errors and what has to be made again follow from that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import distilforensics
from distilforensics.analysis.building import Build, make
from distilforensics.analysis.catalogue.sqltree import base_tables, parse
from distilforensics.analysis.catalogue.testing import scratch_connection
from distilforensics.analysis.graph import Graph, Node, sql_node
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.case.engines.duckdb import Limits
from distilforensics.core.errors import HeuristicError
from distilforensics.core.progress import Silent
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.case.layout import Case

LIMITS = Limits(500_000_000, 1)
PACKAGE = Path(distilforensics.__file__).parent


def node(name: str, *reads: str) -> Node:
    """Return a node without work."""
    return Node(name, reads)


def test_tables_are_made_after_what_they_read() -> None:
    """Whatever the order in which they are given."""
    graph = Graph([node("a", "b", "c"), node("c", "b"), node("b", "source")], ["source"])

    assert ["b", "c", "a"] == [found.name for found in graph.order]
    assert ["b", "c"] == [found.name for found in graph.upstream(["c"])]
    assert ["c"] == [found.name for found in graph.upstream(["c"], given=["b"])]


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([node("a", "b"), node("b", "c"), node("c", "b")], "reads itself: b reads c reads b"),
        ([node("a", "nowhere")], "reads nowhere, which no query makes"),
        ([node("a"), Node("b", (), writes=("a",))], "makes a, which is made elsewhere already"),
        ([node("source")], "makes source, which is made elsewhere already"),
    ],
)
def test_a_graph_without_an_order_is_refused(nodes: list[Node], message: str) -> None:
    """Circles, unknown names and two makers of one table."""
    with pytest.raises(HeuristicError, match=message):
        Graph(nodes, ["source"])


def test_every_query_states_what_it_reads_and_what_it_is_given() -> None:
    """`reads` and parameters of every file with a header, of tables, tests, explanations, assessment and report: no name more, and none twice."""
    of_parts = {"time": {"since", "before"}, "kind": {"kinds"}}
    made = {node.name: node for node in analysis_graph().nodes}
    headed = [path for path in sorted(PACKAGE.rglob("*.sql")) if path.read_text(encoding="utf-8").startswith("/*---")]
    with scratch_connection() as connection:
        for path in headed:
            node = made[path.stem] if path.parent.name == "tables" else None
            file = node.file if node else read_sql_file(path)
            given = {*node.parameters, *of_parts.get(file.header.get("parts"), ())} if node else set(file.defaults)
            named = set(connection.extract_statements(file.body)[0].named_parameters)
            assert sorted(base_tables(parse(connection, file.body, file.name))) == sorted(file.reads), path
            assert (given == named) if node else (given <= named), path
    assert len(headed) > 150


def test_every_table_of_a_stage_has_a_query() -> None:
    """The schema promises no table that nobody makes."""
    promised = {name for name, table in TABLES.items() if table.stage in ("features", "linkage")}

    assert promised == {name for name in analysis_graph().maker if name in TABLES}


def test_an_error_names_query_and_parameters() -> None:
    """So that it can be tried in a DuckDB shell."""
    broken = sql_node(SqlFile("broken", {"params": {"n": {"default": 7}}}, "select no_such_column + $n"))
    with scratch_connection() as connection, pytest.raises(HeuristicError) as caught:
        make(connection, broken)

    assert caught.value.where == "broken"
    assert "select no_such_column + $n\nwith {'n': 7}" in str(caught.value)


def changed(name: str, **changes: Any) -> Graph:
    """Return the graph with another query or other parameters for one table."""
    nodes = []
    for found in analysis_graph().nodes:
        if found.name == name and found.file is not None:
            body = changes.get("body", found.file.body)
            parameters = {**found.parameters, **changes.get("parameters", {})}
            found = Node(name, found.reads, SqlFile(name, found.file.header, body), parameters=parameters)
        nodes.append(found)
    return Graph(nodes, analysis_graph().sources)


def written(case: Case, graph: Graph) -> set[str]:
    """Return the feature tables that a run over an unchanged log writes again."""
    before = {path: path.stat().st_mtime_ns for path in case.data.glob("*.parquet")}
    Build(case, LIMITS, Silent(), graph, "features", "").run(lambda rows: "")
    return {path.stem for path in case.data.glob("*.parquet") if path.stat().st_mtime_ns != before.get(path)}


def test_only_what_depends_on_a_change_is_made_again(featured: Callable[[list[dict[str, Any]]], Case]) -> None:
    """A changed query, a changed parameter; tables whose inputs come out equal are left alone."""
    case = featured(
        [{"account_id": f"acct_{i % 5}", "prompt_text": f"a prompt about the thing {i}"} for i in range(40)]
    )
    query = next(found.file for found in analysis_graph().nodes if found.name == "account_days")
    assert query is not None

    assert written(case, analysis_graph()) == set()
    assert written(case, changed("account_days", body=f"select * from ({query.body}) order by all")) == {"account_days"}
    assert written(case, changed("templates", parameters={"text_chars": 10})) == {"account_days", "templates"}
    assert written(case, analysis_graph()) == {"templates"}
    assert json.loads((case.stages / "features.json").read_bytes())["tables"].keys() == {
        name for name, table in TABLES.items() if table.stage == "features"
    }


def test_a_table_that_somebody_changed_is_made_again(featured: Callable[[list[dict[str, Any]]], Case]) -> None:
    """The record holds the hash of what was written."""
    case = featured([{"account_id": f"acct_{i % 5}"} for i in range(20)])
    path = case.table_path("account_days")
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-1])

    assert written(case, analysis_graph()) == {"account_days"}
    assert content == path.read_bytes()
