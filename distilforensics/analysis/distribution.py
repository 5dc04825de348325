"""Tables that many machines make: what a node reads is dealt out as its header says, and its rows come back in buckets."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Self

from distilforensics.analysis.shared_content import offer_functions
from distilforensics.case.engines.buckets import Input, Job, Query, buckets_for, merged
from distilforensics.case.engines.duckdb import quote
from distilforensics.case.tables import write_batches

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from distilforensics.analysis.graph import Graph, Node
    from distilforensics.case.engines.buckets import Work
    from distilforensics.case.engines.workers import Workers
    from distilforensics.case.layout import Case


def run_job(case: Case, workers: Workers, work: Work, inputs: tuple[Input, ...]) -> Job:
    """Have the workers do some work in buckets, and return the job, in whose folder the rows lie."""
    n_buckets = buckets_for(inputs, workers.n_at_once)
    job = Job(case.root.resolve(), work, inputs, n_buckets, workers.memory_bytes)
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir(parents=True)
    workers.run(job)
    return job


class Sharing:
    """The nodes of one graph, made by workers. What lives in the engine alone is handed over in files of the case's folder for unfinished work."""

    def __init__(self, case: Case, graph: Graph, workers: Workers) -> None:
        """Use the workers for a case.

        Args:
            case: The case; every worker finds its folder under the same name.
            graph: The graph that makes the tables.
            workers: Who runs the queries.
        """
        self._case, self._graph, self._workers = case, graph, workers
        self._folder = case.temporary / "buckets"
        self._files: dict[str, tuple[Path, ...]] = {}
        """Table that the case does not keep -> files of its rows."""

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def needs_in_engine(self, node: Node) -> list[str]:
        """Return the tables that the engine has to hold before the node can be made, so that they can be handed over."""
        return [
            table
            for table in map(self._base, node.reads)
            if table in self._graph.maker and not self._lies_in_files(table)
        ]

    def make(self, connection: duckdb.DuckDBPyConnection, node: Node) -> None:
        """Make the table of a node: keep it in the case, or let the engine see its buckets.

        Raises:
            HeuristicError: the query failed.
            MachineError: the workers cannot be reached, or one died again and again.
        """
        assert node.file is not None
        assert node.partition is not None
        inputs = tuple(self._input(connection, table, node.partition.by.get(table, ())) for table in node.reads)
        job = run_job(
            self._case, self._workers, Query(node.file, dict(node.parameters), node.parts, offer_functions), inputs
        )
        if node.is_kept:
            write_batches(self._case, node.name, merged(connection, job, node.partition.order))
            shutil.rmtree(job.folder)
            return
        self._files[node.name] = tuple(job.files)
        listed = ", ".join(quote(path) for path in self._files[node.name])
        connection.execute(f"CREATE VIEW {node.name} AS SELECT * FROM read_parquet([{listed}])")

    def drop(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Remove a table that nobody reads any more from the engine and from the disk."""
        is_view = self._graph.maker[table].partition is not None
        connection.execute(f"DROP {'VIEW' if is_view else 'TABLE'} IF EXISTS {table}")
        for path in self._files.pop(table, ()):
            path.unlink()

    def _base(self, table: str) -> str:
        node = self._graph.maker.get(table)
        return node.reads[0] if node is not None and node.is_view else table

    def _lies_in_files(self, table: str) -> bool:
        return table in self._files or self._graph.maker[table].is_kept

    def _input(self, connection: duckdb.DuckDBPyConnection, table: str, by: tuple[str, ...]) -> Input:
        base = self._base(table)
        view = self._graph.maker[table].file if base != table else None
        return Input(table, self._files_of(connection, base), by, base, ((table, view.body),) if view else ())

    def _files_of(self, connection: duckdb.DuckDBPyConnection, table: str) -> tuple[Path, ...]:
        if table not in self._graph.maker or self._graph.maker[table].is_kept:
            return tuple(path.resolve() for path in self._case.table_files(table))
        if table not in self._files:
            path = (self._folder / f"{table}.parquet").resolve()
            path.parent.mkdir(parents=True, exist_ok=True)
            connection.execute(f"COPY {table} TO {quote(path)} (FORMAT parquet)")
            self._files[table] = (path,)
        return self._files[table]
