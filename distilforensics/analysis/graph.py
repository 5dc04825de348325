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
class Partition:
    """How a table can be made in parts by many machines, each with the rows that share a key."""

    by: Mapping[str, tuple[str, ...]]
    """Table that is read -> columns by which its rows are dealt out. The other tables are given whole to every part."""
    order: str
    """Columns of the table in which its rows stand, as SQL."""


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
    partition: Partition | None = field(default=None, compare=False)
    """None for a table that one machine makes of all rows."""
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


def sql_node(
    file: SqlFile,
    parameters: Mapping[str, Any] | None = None,
    parts: Parts | None = None,
    partition: Partition | None = None,
) -> Node:
    """Return the node of a query file."""
    return Node(
        file.name,
        file.reads,
        file,
        parameters=file.defaults | dict(parameters or {}),
        is_view=file.header.get("form") == "view",
        partition=partition,
        parts=parts,
    )


def partition_of(file: SqlFile) -> Partition | None:
    """Return how the header says that the table is made in parts: `partition.TABLE = "COLUMNS"` with `order = "COLUMNS"`, or `driver = "WHY"`.

    Raises:
        HeuristicError: it says neither or both, or deals out what the query does not read.
    """
    header = file.header
    by, order, why = header.get("partition"), header.get("order"), header.get("driver")
    if header.get("form") == "view" and by is order is why is None:
        return None  # each row for itself, wherever it is read
    if (by is None) == (why is None) or (by is None) != (order is None):
        raise HeuristicError(
            "expected `partition` with `order`, or `driver` with the reason why one machine makes it", where=file.name
        )
    if by is None:
        return None
    if unread := sorted(set(by) - set(file.reads)):
        raise HeuristicError(f"partition names {unread}, which it does not read", where=file.name)
    columns = {table: tuple(name.strip() for name in str(names).split(",")) for table, names in by.items()}
    if len({len(names) for names in columns.values()}) != 1:
        raise HeuristicError("partition needs as many columns of each table", where=file.name)
    return Partition(columns, str(order))


def read_nodes(folder: Traversable) -> list[Node]:
    """Return the nodes of all query files in a folder."""
    return [sql_node(file) for file in read_folder(folder)]
