"""Looks into a query through the engine's own parser: which tables, functions and divisions it holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

Node = dict[str, Any]


def parse(connection: duckdb.DuckDBPyConnection, query: str, where: str) -> Node:
    """Return the syntax tree of a query that is exactly one SELECT.

    Raises:
        HeuristicError: it does not parse, is no SELECT or is more than one statement.
    """
    ((serialized,),) = connection.execute("select json_serialize_sql($1::varchar)", [query]).fetchall()
    tree: Node = json.loads(serialized)
    if tree.get("error", True):
        raise HeuristicError(f"not a SELECT: {tree.get('error_message', 'no tree')}", where=where)
    if len(tree["statements"]) != 1:
        raise HeuristicError(f"{len(tree['statements'])} statements, expected exactly one SELECT", where=where)
    node: Node = tree["statements"][0]["node"]
    return node


def nodes(tree: object) -> Iterator[Node]:
    """Yield every object of the tree, outer ones first."""
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for item in tree:
            yield from nodes(item)


def base_tables(tree: Node) -> set[str]:
    """Return the tables that the query reads, without the names that it defines itself by WITH."""
    defined = {
        entry["key"]
        for node in nodes(tree)
        if isinstance(node.get("cte_map"), dict)
        for entry in node["cte_map"]["map"]
    }
    named = {str(node["table_name"]) for node in nodes(tree) if node.get("type") == "BASE_TABLE"}
    return named - defined


def functions(tree: Node) -> Iterator[Node]:
    """Yield every call of a function or operator, aggregates and windows included."""
    return (node for node in nodes(tree) if "function_name" in node and node.get("class") in ("FUNCTION", "WINDOW"))


def table_functions(tree: Node) -> set[str]:
    """Return the names of functions that stand where a table stands, such as read_parquet."""
    return {
        str(node["function"].get("function_name", "?"))
        for node in nodes(tree)
        if node.get("type") == "TABLE_FUNCTION" and isinstance(node.get("function"), dict)
    }


def arguments(call: Node) -> list[Node]:
    """Return the argument expressions of a call."""
    return [argument.get("expression", argument) for argument in call.get("arguments") or call.get("children") or []]


def source_text(query: str, node: Node) -> str:
    """Return the piece of the query that a node stands for, on one line and cut to 60 characters."""
    start = int(node.get("query_location") or 0)
    text = " ".join(query[start : start + int(node.get("query_location_length") or 0)].split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def order_columns(tree: Node) -> list[str]:
    """Return the plain column names of the outermost ORDER BY."""
    names = []
    for modifier in tree.get("modifiers", []):
        if modifier.get("type") == "ORDER_MODIFIER":
            for order in modifier["orders"]:
                names += order["expression"].get("column_names", [])[-1:]
    return names


def selects_star(tree: Node) -> bool:
    """Tell whether the outermost projection holds a `*`."""
    return any(item.get("class") == "STAR" for item in tree.get("select_list", []))
