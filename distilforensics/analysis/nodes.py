"""All nodes of the graph: the query files in `tables/`, the queries that follow from the kinds of groups, and the tables that Python makes."""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from dataclasses import asdict, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from distilforensics.analysis import kinds, link_parameters
from distilforensics.analysis.account_graph import Links
from distilforensics.analysis.clusters import cluster_rows
from distilforensics.analysis.graph import Graph, Node, partition_of, sql_node
from distilforensics.analysis.health import health_node
from distilforensics.analysis.shared_content import create_shared_content, frame_rules
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, common_parameters, read_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb


PATTERNS_AT_ONCE = 8
"""Patterns of one alternation. One automaton of 41 patterns outgrows the memory that RE2 gives it and reads 1.4 MB a second; six of up to eight
read 45, one for each pattern 10."""

SLICE_ROWS = 500_000
"""Exchanges whose features, or uses of templates, are computed and sorted at once, where memory allows."""

SLICE_ROW_BYTES = 3000
"""Memory of the engine for every exchange whose features are computed at once, as measured: two kilobytes, and a third of it to spare."""


@cache
def analysis_graph() -> Graph:
    """Return the graph of all tables between ingest and heuristics."""
    queries = [*read_folder(importlib.resources.files(__package__) / "tables"), *_queries_of_kinds()]
    nodes = [
        sql_node(*with_lexicon(file), _PARTS.get(str(file.header.get("parts"))), partition_of(file)) for file in queries
    ]
    sources = [name for name, table in TABLES.items() if table.stage == "ingest"]
    return Graph([*nodes, *_made_nodes()], sources)


def _queries_of_kinds() -> list[SqlFile]:
    header = {"reads": ["exchange_features"], "form": "view"}
    return [
        SqlFile("template_uses", header, kinds.template_uses()),
        SqlFile("carried_exchanges", header, kinds.carried_exchanges()),
    ]


@cache
def lexicon() -> dict[str, list[str]]:
    """Return mark -> RE2 alternations over the patterns of the harvest lexicon, `PATTERNS_AT_ONCE` in each."""
    text = (importlib.resources.files(__package__) / "lexicon.toml").read_text(encoding="utf-8")
    patterns = {mark: [f"(?:{entry['pattern']})" for entry in entries] for mark, entries in tomllib.loads(text).items()}
    return {
        mark: ["|".join(found[i : i + PATTERNS_AT_ONCE]) for i in range(0, len(found), PATTERNS_AT_ONCE)]
        for mark, found in patterns.items()
    }


_MARK_USE = re.compile(r"regexp_matches\((?P<text>(?:[^()]|\([^()]*\))+), \$(?P<mark>\w+)\)")


def with_lexicon(file: SqlFile) -> tuple[SqlFile, dict[str, str]]:
    """Return a query with every `regexp_matches(TEXT, $MARK)` written out for the alternations of the mark, and their parameters."""
    parameters: dict[str, str] = {}

    def written_out(use: re.Match[str]) -> str:
        if use["mark"] not in lexicon():
            return use[0]
        names = {f"{use['mark']}_{number}": pattern for number, pattern in enumerate(lexicon()[use["mark"]], start=1)}
        parameters.update(names)
        text = use["text"]
        return f"({' or '.join(f'regexp_matches({text}, ${name})' for name in names)})"

    return replace(file, body=_MARK_USE.sub(written_out, file.body)), parameters


def _time_slices(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return `since` and `before` of consecutive stretches of whole hours with as many exchanges each as there is memory for; one for a short log."""
    ((memory,),) = connection.execute("select parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
    most = min(SLICE_ROWS, memory // SLICE_ROW_BYTES)
    hours = connection.execute(
        "select date_trunc('hour', started_at) as hour, count(*) from exchanges where started_at is not null group by hour order by hour"
    ).fetchall()
    edges, n_rows = ["-infinity"], 0
    for hour, n in hours:
        if n_rows and n_rows + n > most:
            edges.append(hour.isoformat())
            n_rows = 0
        n_rows += n
    return [{"since": since, "before": before} for since, before in pairwise([*edges, "infinity"])]


def _kinds_in_order(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the kinds of groups in the order in which ids of templates sort: each by itself, or all at once for a short log."""
    names = kinds.group_kinds()
    ((n_rows,),) = connection.execute("select count(*) from template_uses").fetchall()
    return [{"kinds": names}] if n_rows <= SLICE_ROWS else [{"kinds": [name]} for name in names]


_PARTS = {"time": _time_slices, "kind": _kinds_in_order}
"""What may stand as `parts` in the header of a query."""


def _made_nodes() -> list[Node]:
    stated = {"limits": link_parameters.stated()["limits"]}
    return [
        Node(
            "shared_content",
            ("fingerprints", "sampled_prompts", "shared_passages", "shared_wording"),
            make=create_shared_content,
            parameters=asdict(frame_rules()),
        ),
        Node(
            "comparisons",
            ("account_profiles",),
            make=_create_comparisons,
            parameters={"comparisons": [asdict(comparison) for comparison in link_parameters.comparisons()]},
        ),
        health_node(),
        Node("link_thresholds", ("account_numbers",), make=_create_thresholds, parameters=stated),
        Node(
            "clusters",
            ("account_numbers", "pair_totals"),
            make=_create_clusters,
            parameters=stated,
            writes=("clusters", "cluster_members"),
        ),
    ]


def _create_comparisons(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `comparisons`: how agreement on each attribute is weighed in a log of this length."""
    [(span_s,)] = connection.execute(
        "select coalesce(epoch_us(max(last_seen)) - epoch_us(min(first_seen)), 0) / 1000000 from account_profiles"
    ).fetchall()
    numbers = {family: number for number, family in enumerate(link_parameters.families())}
    rows = [
        {
            "attribute": entry.attribute,
            "family": entry.family,
            "family_no": numbers[entry.family],
            "m": entry.m,
            "window_millibits": entry.window_millibits(span_s),
            "millibits_against": entry.millibits_against,
            "pairs": entry.pairs,
        }
        for entry in link_parameters.comparisons()
    ]
    _create(connection, "comparisons", rows)


def _create_thresholds(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `link_thresholds`: one row with the weights, in thousandths of a bit, at which something happens in a log of this size."""
    [(n_accounts,)] = connection.execute("select count(*) from account_numbers").fetchall()
    row = {
        "keep_millibits": round(
            link_parameters.thresholds(n_accounts).strong * (1 - link_parameters.limit("stability_share"))
        ),
        "rare_millibits": round(1000 * common_parameters()["rare_bits"]["default"]),
        "max_pairs_per_attribute": int(link_parameters.limit("max_pairs_per_attribute")),
    }
    _create(connection, "link_thresholds", [row])


def _create_clusters(connection: duckdb.DuckDBPyConnection) -> None:
    columns = connection.execute(
        "select a, b, millibits, n_attributes::bigint as n, families, tenant_id is not null as is_in_tenant "
        "from pair_totals order by a, b"
    ).fetchnumpy()
    whole = {name: np.asarray(column, dtype=np.int64) for name, column in columns.items() if name != "is_in_tenant"}
    links = Links(
        a=whole["a"],
        b=whole["b"],
        weight=whole["millibits"],
        n_attributes=whole["n"],
        families=whole["families"],
        is_in_tenant=np.asarray(columns["is_in_tenant"], dtype=np.bool_),
    )
    ids = connection.execute("select account_id from account_numbers order by account_no").fetchall()
    clusters, members = cluster_rows(links, [row[0] for row in ids])
    _create(connection, "clusters", clusters)
    _create(connection, "cluster_members", members)


def _create(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Create a table from rows in their order; columns and types are those of the schema if it knows the table."""
    table = pa.Table.from_pylist(list(rows), schema=TABLES[name].arrow if name in TABLES else None)
    connection.register("rows_made", table)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM rows_made")
    connection.unregister("rows_made")
