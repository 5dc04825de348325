"""Makes tables of the graph: in the engine, for whoever reads them next, and in the case, where the schema lists them."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from distilforensics import __version__
from distilforensics.analysis.distribution import Sharing
from distilforensics.analysis.shared_content import offer_functions
from distilforensics.case.engines.duckdb import connect, create, create_view
from distilforensics.case.engines.workers import workers_for
from distilforensics.case.stages import (
    StageOutcome,
    StageRecord,
    read_record,
    stage_sha256,
    store_record,
    tables_sha256,
)
from distilforensics.case.tables import write_query
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import duckdb

    from distilforensics.analysis.graph import Graph, Node
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.engines.workers import Workers
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress


def make(connection: duckdb.DuckDBPyConnection, node: Node) -> None:
    """Create the tables of a node in the engine; what it reads must be there."""
    if node.make is not None:
        node.make(connection)
    elif node.file is not None:
        # A view cannot hold parameters, so that only queries without any are views.
        create(connection, node.file, node.parameters, form="VIEW" if node.is_view else "TABLE", parts=node.parts)


class Build:
    """One run over the tables of a stage: each is made again only if its query, parameters or inputs have changed."""

    def __init__(
        self,
        case: Case,
        limits: Limits,
        progress: Progress,
        graph: Graph,
        stage: str,
        title: str,
        workers: Workers | None = None,
    ) -> None:
        """Plan the stage.

        Args:
            case: The case.
            limits: Memory and threads.
            progress: Who is told.
            graph: The graph that makes the tables.
            stage: Name of the stage, as the schema gives it to its tables.
            title: What is done, for the progress.
            workers: Who makes the tables that can be made in parts; if None those of the master that the limits name, or this machine.
        """
        self._case, self._limits, self._progress, self._graph = case, limits, progress, graph
        self._stage, self._title = stage, title
        own = [table for table in graph.maker if table in TABLES and TABLES[table].stage == stage]
        elsewhere = frozenset(table for table in TABLES if TABLES[table].stage != stage)
        self._plan = graph.upstream(own, given=elsewhere)
        self._writes = tuple(table for node in self._plan if node.is_kept for table in node.tables)
        self._inputs = sorted({table for node in self._plan for table in node.reads} & elsewhere)
        inputs = {table: tables_sha256(case, [table]) for table in self._inputs}
        self._record = StageRecord(
            stage,
            stage_sha256(stage),
            {path: digest for files in inputs.values() for path, digest in files.items()},
            {node.name: dict(node.parameters) for node in self._plan if node.parameters},
        )
        before = read_record(case, stage)
        self._keys: dict[str, str] = dict(before.get("tables", {}))
        """Node to the key with which its tables were made."""
        self._outputs: dict[str, str] = dict(before.get("outputs", {}))
        """File to its hash."""
        self._digests = {table: json.dumps(files, sort_keys=True) for table, files in inputs.items()}
        """Table to a hash of its rows, or of what they depend on."""
        self._workers = workers
        self._sharing: Sharing | None = None
        self._passed: set[str] = set()
        """Nodes whose turn is over."""
        self._offered: set[str] = set()
        """Tables that the engine holds or sees."""

    def run(self, closing: Callable[[Mapping[str, int]], str]) -> StageOutcome:
        """Make what has to be made, write the record of the stage and return what was done.

        Raises:
            CaseError: a table of an earlier stage is missing.
            HeuristicError: a query failed.
        """
        start, code = time.perf_counter(), code_sha256()
        connection: duckdb.DuckDBPyConnection | None = None
        with ExitStack() as stack:
            for node in self._plan:
                key = node.key(self._digests, code)
                # What is not kept is made when somebody needs it, and known by what it depends on.
                digests = dict.fromkeys(node.tables, key)
                if node.is_kept:
                    files = {table: tables_sha256(self._case, [table]) for table in node.tables}
                    if not self._is_current(node, key, files):
                        connection = connection or self._open(stack)
                        self._write(connection, node)
                        files = {table: tables_sha256(self._case, [table]) for table in node.tables}
                        self._note(node, key, files)
                    digests = {table: json.dumps(found, sort_keys=True) for table, found in files.items()}
                self._digests |= digests
                self._passed.add(node.name)
                if connection is not None:
                    self._drop_unneeded(connection)
                    self._progress.advance(steps=1, item=node.name)
        self._store(self._record)
        if connection is None:
            return StageOutcome(self._stage, is_skipped=True)
        n_rows = {table: pq.read_metadata(self._case.table_path(table)).num_rows for table in self._writes}
        self._progress.end(closing(n_rows))
        return StageOutcome(self._stage, is_skipped=False, n_rows=n_rows, seconds=time.perf_counter() - start)

    def _is_current(self, node: Node, key: str, files: Mapping[str, Mapping[str, str]]) -> bool:
        """Tell whether the tables of a node were made from the same, and nobody has changed them since."""
        return self._keys.get(node.name) == key and all(
            found and found.items() <= self._outputs.items() for found in files.values()
        )

    def _note(self, node: Node, key: str, files: Mapping[str, Mapping[str, str]]) -> None:
        """Store what is done so far, so that an interrupted run goes on here."""
        self._keys[node.name] = key
        for found in files.values():
            self._outputs |= found
        # Without its code the record says that the stage as a whole is not done.
        self._store(replace(self._record, code=""), is_done=False)

    def _store(self, record: StageRecord, *, is_done: bool = True) -> None:
        kept = {node.name for node in self._plan if node.is_kept}
        keys = {name: key for name, key in self._keys.items() if name in kept}
        store_record(self._case, record, {"outputs": self._outputs, "tables": keys}, is_done=is_done)

    def _open(self, stack: ExitStack) -> duckdb.DuckDBPyConnection:
        self._progress.begin(self._stage, self._title, total_steps=len(self._plan) - len(self._passed))
        if (workers := self._workers or workers_for(self._limits)) is not None:
            self._sharing = stack.enter_context(Sharing(self._case, self._graph, workers))
        connection = stack.enter_context(connect(self._case, limits=self._limits, tables=self._inputs))
        offer_functions(connection)
        self._offered.update(self._inputs)
        return connection

    def _share(self, connection: duckdb.DuckDBPyConnection, node: Node) -> bool:
        """Have the workers make the table of a node, and tell whether it is one that they can make."""
        if self._sharing is None or node.partition is None:
            return False
        for table in self._sharing.needs_in_engine(node):
            self._offer(connection, table)
        self._sharing.make(connection, node)
        return True

    def _write(self, connection: duckdb.DuckDBPyConnection, node: Node) -> None:
        if self._share(connection, node):
            return
        for table in node.reads:
            self._offer(connection, table)
        if node.file is not None:
            parts = node.parts(connection) if node.parts else ({},)
            write_query(self._case, connection, node.file, node.parameters, parts)
        else:
            make(connection, node)
            for table in node.tables:
                write_query(self._case, connection, SqlFile(table, {}, f"SELECT * FROM {table}"))
                connection.execute(f"DROP TABLE {table}")

    def _offer(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Let the engine have a table: as a view of what is in the case, or made here with all that it needs."""
        if table in self._offered:
            return
        node = self._graph.maker[table]
        if node.is_kept:
            create_view(connection, self._case, table)
            self._offered.add(table)
            return
        if not self._share(connection, node):
            for needed in node.reads:
                self._offer(connection, needed)
            make(connection, node)
        self._offered.update(node.tables)

    def _drop_unneeded(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Free what was made in the engine and has no reader left."""
        for node in self._plan:
            is_made = not node.is_kept and not node.is_view and self._offered.issuperset(node.tables)
            if is_made and all(self._is_over(reader) for reader in self._readers(node)):
                for table in node.tables:
                    if self._sharing is not None:
                        self._sharing.drop(connection, table)
                    else:
                        connection.execute(f"DROP TABLE IF EXISTS {table}")
                self._offered.difference_update(node.tables)

    def _is_over(self, node: Node) -> bool:
        """Tell whether a node will read nothing any more."""
        if node.name not in self._passed:
            return False
        is_made = not node.is_view and self._offered.issuperset(node.tables)
        return node.is_kept or is_made or all(self._is_over(reader) for reader in self._readers(node))

    def _readers(self, node: Node) -> list[Node]:
        return [reader for reader in self._plan if set(node.tables) & set(reader.reads)]


@cache
def code_sha256() -> str:
    """Return a hash of the code and the macros that every table depends on; queries are told apart one by one."""
    digest = hashlib.sha256(__version__.encode())
    folder = importlib.resources.files(__package__)
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith((".py", ".sql")):
            digest.update(f"{entry.name}\0".encode() + hashlib.sha256(entry.read_bytes()).digest())
    return digest.hexdigest()
