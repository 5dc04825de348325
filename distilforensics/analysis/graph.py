"""The graph of tables: a table is made by one query in one file, and whoever needs it names it in `reads`.

A file `tables/NAME.sql` is a header and one SELECT; its rows are the table NAME. Tables that Python makes stand in `made.py` and are nodes like
the others. A table that `core.schema` lists is kept in the case, any other lives in the engine while somebody needs it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import HeuristicError
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from importlib.resources.abc import Traversable

    import duckdb

    Make = Callable[[duckdb.DuckDBPyConnection], None]
    Parts = Callable[[duckdb.DuckDBPyConnection], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Node:
    """What makes one table, or several at once: a query, or a function that creates them in the engine."""

    name: str
    reads: tuple[str, ...]
    file: SqlFile | None = None
    make: Make | None = field(default=None, compare=False)
    writes: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    is_view: bool = False
    """Kept as a view, because its rows would take more room than computing them takes time."""
    parts: Parts | None = field(default=None, compare=False)
    """Gives the parameters of the parts in which the rows of a long table are made, in order, so that never all of them are sorted at once."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it makes."""
        return self.writes or (self.name,)

    @property
    def is_kept(self) -> bool:
        """Whether its tables are stored in the case."""
        return self.name in TABLES

    def key(self, inputs: Mapping[str, str], code: str) -> str:
        """Return a hash of all that the rows depend on: query, parameters, inputs, and the code that runs them."""
        query = self.file.sha256 if self.file else ""
        depends = [self.name, query, dict(self.parameters), {name: inputs[name] for name in self.reads}, code]
        return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()


class Graph:
    """Nodes in order of dependency."""

    def __init__(self, nodes: Iterable[Node], sources: Collection[str]) -> None:
        """Check and order the nodes.

        Raises:
            HeuristicError: a node reads a table that nobody makes, two make the same one, or some read each other in a circle.
        """
        self.sources = frozenset(sources)
        self.nodes = tuple(sorted(nodes, key=lambda node: node.name))
        self.maker: dict[str, Node] = {}
        for node in self.nodes:
            for table in node.tables:
                if table in self.maker or table in self.sources:
                    raise HeuristicError(f"makes {table}, which is made elsewhere already", where=node.name)
                self.maker[table] = node
        for node in self.nodes:
            for table in node.reads:
                if table not in self.maker and table not in self.sources:
                    raise HeuristicError(f"reads {table}, which no query makes", where=node.name)
        self.order = self._ordered(self.maker, frozenset())

    def upstream(self, tables: Iterable[str], given: Collection[str] = ()) -> tuple[Node, ...]:
        """Return the nodes that make the tables and all that they need, in order; nothing that only a given table needs."""
        return self._ordered(tables, frozenset(given))

    def _ordered(self, tables: Iterable[str], given: frozenset[str]) -> tuple[Node, ...]:
        done: dict[str, Node] = {}

        def visit(table: str, path: tuple[str, ...]) -> None:
            node = self.maker.get(table)
            if node is None or table in given or node.name in done:
                return
            if node.name in path:
                circle = [*path[path.index(node.name) :], node.name]
                raise HeuristicError(f"reads itself: {' reads '.join(circle)}", where=node.name)
            for needed in sorted(node.reads):
                visit(needed, (*path, node.name))
            done[node.name] = node

        for table in sorted(tables):
            visit(table, ())
        return tuple(done.values())


def sql_node(file: SqlFile, parameters: Mapping[str, Any] | None = None, parts: Parts | None = None) -> Node:
    """Return the node of a query file."""
    return Node(
        file.name,
        file.reads,
        file,
        parameters=file.defaults | dict(parameters or {}),
        is_view=file.header.get("form") == "view",
        parts=parts,
    )


def read_nodes(folder: Traversable) -> list[Node]:
    """Return the nodes of all query files in a folder."""
    return [sql_node(file) for file in read_folder(folder)]
