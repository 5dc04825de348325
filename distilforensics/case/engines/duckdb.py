"""The only place that opens DuckDB for analysis: offline, locked, able to read and spill inside one case folder.

The engine reads Parquet that this program wrote itself; it never sees a path of the evidence.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import psutil

from distilforensics.case.damage import damage_told, unreadable_table
from distilforensics.core.errors import CaseError, HeuristicError, UsageError
from distilforensics.core.schema import TABLES
from distilforensics.core.text import show
from distilforensics.core.trouble import machine_trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from duckdb.sqltypes import DuckDBPyType

    from distilforensics.case.layout import Case
    from distilforensics.core.sqlfile import SqlFile


OUTSIDE_ENGINE_BYTES = 250_000_000
"""Bytes of the interpreter, the libraries and the tables that are handed to them, as measured."""

UNCOUNTED_SHARE = 1 / 8
"""Share of the rest that the engine takes beyond its own limit, as measured at limits of 1 and 4 GB."""

LEAST_BYTES_FOR_THREADS = 512_000_000
"""Bytes of all processes below which two threads of the engine run out of memory, as measured."""

LEAST_ENGINE_BYTES = 128_000_000
"""Bytes with which the engine can still sort a row group."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run: memory in bytes, of all its processes together, and threads. They change speed, never results."""

    memory_bytes: int
    threads: int
    master: str | None = None
    """Spark master whose workers share the work; this machine alone if None."""

    @property
    def engine_bytes(self) -> int:
        """Bytes that the engine may use: what the rest of the process leaves it."""
        return max(LEAST_ENGINE_BYTES, int((self.memory_bytes - OUTSIDE_ENGINE_BYTES) * (1 - UNCOUNTED_SHARE)))

    @property
    def engine_threads(self) -> int:
        """Threads of the engine: one where there is little memory, since each needs its own."""
        return self.threads if self.memory_bytes >= LEAST_BYTES_FOR_THREADS else 1

    @classmethod
    def of_this_machine(cls) -> Limits:
        """Return 60 % of the available memory (at least 512 MB) and all cores that this process may use."""
        memory = max(512_000_000, int(psutil.virtual_memory().available * 0.6))
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
        return cls(memory_bytes=memory, threads=cores)


def quote(value: str | Path) -> str:
    """Return a SQL string literal; paths cannot be bound in SET and CREATE VIEW."""
    return "'" + str(value).replace("'", "''") + "'"


def _free_for_engine(limits: Limits) -> int:
    """Return the bytes that the engine may use beside what this process holds already, if that is more than is usual."""
    held = psutil.Process().memory_info().rss
    return max(LEAST_ENGINE_BYTES, limits.engine_bytes - max(0, held - OUTSIDE_ENGINE_BYTES))


def _configuration(case: Case, limits: Limits, spill: Path | None) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "threads": limits.engine_threads,
        "memory_limit": f"{_free_for_engine(limits)}B",
        "temp_directory": str(spill or case.temporary / "duckdb"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_unsigned_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
        "python_scan_all_frames": False,
        "preserve_insertion_order": True,
        "default_null_order": "nulls_last",
    }


@contextmanager
def connect(
    case: Case,
    *,
    limits: Limits | None = None,
    tables: Iterable[str] | None = None,
    is_locked: bool = True,
    spill: Path | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB with one view per table of the case.

    Args:
        case: The case; its folder is the only one that the engine may touch.
        limits: Memory and threads; those of this machine if omitted.
        tables: Names of the tables that must exist; all existing ones if omitted.
        is_locked: Refuse any further change of settings. Only `False` for a caller that registers Arrow objects.
        spill: Folder for what does not fit into memory; one of the case if omitted. Two engines need two.

    Raises:
        CaseError: a required table is missing, so an earlier stage has not run.
        IntegrityError: a query failed, and a table of the case is damaged.
    """
    limits = limits or Limits.of_this_machine()
    with suppress(OSError):  # a case on a write-protected medium can be read; only a query that spills needs the folder
        case.temporary.mkdir(exist_ok=True)
    with duckdb.connect(":memory:", config=_configuration(case, limits, spill)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")  # it goes to stdout, which is for data
        connection.execute(f"SET allowed_directories = [{quote(case.root.resolve())}]")
        connection.execute("SET enable_external_access = false")
        if is_locked:
            connection.execute("SET lock_configuration = true")
        for name in tables if tables is not None else case.existing_tables():
            create_view(connection, case, name)
        with _interruptible(connection), damage_told(case):
            try:
                yield connection
            except duckdb.InvalidInputException as e:
                _raise_if_interrupted(e)
                raise


@contextmanager
def connect_empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB in which every table of a case is there and empty, for asking what a query would give."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        for name, table in TABLES.items():
            connection.register("given", table.arrow.empty_table())
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
            connection.unregister("given")
        yield connection


@contextmanager
def _interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let Ctrl-C end a running query: Python calls no signal handler while the engine works, so a thread waits for the signal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting, woken = socket.socketpair()
    is_over = threading.Event()
    woken.setblocking(False)
    before = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        while received := waiting.recv(1):
            while received[0] == signal.SIGINT and not is_over.wait(0.1):
                connection.interrupt()  # again and again, since a query that is about to start would forget it

    watcher = threading.Thread(target=watch, name="interrupt-engine", daemon=True)
    watcher.start()
    try:
        yield
    except (duckdb.InterruptException, RuntimeError) as e:
        if isinstance(e, duckdb.InterruptException) or "interrupted" in str(e):
            raise KeyboardInterrupt from e
        raise
    finally:
        signal.set_wakeup_fd(before)
        is_over.set()
        woken.close()
        watcher.join()
        waiting.close()


def _raise_if_interrupted(error: duckdb.Error) -> None:
    """Raise what Ctrl-C raises, if it came while the engine called a function of ours, and the engine made an error of it."""
    if str(error).startswith(_INTERRUPTED_FUNCTION):
        raise KeyboardInterrupt from error


_INTERRUPTED_FUNCTION = "Invalid Input Error: Python exception occurred while executing the UDF: KeyboardInterrupt"


def create_view(connection: duckdb.DuckDBPyConnection, case: Case, name: str) -> None:
    """Create the view `name` over the table's Parquet files.

    Raises:
        CaseError: the table has not been written.
        IntegrityError: its files are no tables of this program.
    """
    files = case.table_files(name)
    if not files:
        raise CaseError(
            f"table {name} is missing; stage {TABLES[name].stage} writes it",
            where=str(case.root),
            hint="run all stages with: distilforensics run LOGS... --case DIR",
        )
    paths = ", ".join(quote(path.resolve()) for path in files)
    try:
        connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet([{paths}])")
    except duckdb.Error as e:
        if machine_trouble(e) is not None:
            raise
        raise unreadable_table(name, case, e) from e


@contextmanager
def explained(file: SqlFile, values: Mapping[str, Any]) -> Iterator[None]:
    """Turn an error of the engine into one that names the query and its parameters.

    Raises:
        HeuristicError: the query failed.
        MachineError: the machine lacks what the query needs.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as e:
        _raise_if_interrupted(e)
        if (trouble := machine_trouble(e)) is not None:
            raise trouble from e
        given = f"\nwith {dict(values)}" if values else ""
        raise HeuristicError(
            f"the query failed: {e}\n{file.body}{given}", where=str(file.header.get("id", file.name))
        ) from e


def select(
    connection: duckdb.DuckDBPyConnection, file: SqlFile, values: Mapping[str, Any] | None = None
) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
    """Return the columns, as name and type, and the rows of a query.

    Raises:
        HeuristicError: the query failed.
    """
    values = file.defaults if values is None else values
    with explained(file, values):
        result = connection.execute(file.body, dict(values) or None)
        return [(name, _type_name(kind)) for name, kind, *_ in result.description or ()], result.fetchall()


def _type_name(kind: DuckDBPyType) -> str:
    """Return the name of a type; an enumeration is text, and its name would list every value."""
    return "VARCHAR" if kind.id == "enum" else str(kind)


def create(
    connection: duckdb.DuckDBPyConnection,
    file: SqlFile,
    values: Mapping[str, Any] | None = None,
    *,
    form: str = "TABLE",
    parts: Callable[[duckdb.DuckDBPyConnection], list[dict[str, Any]]] | None = None,
) -> None:
    """Keep the rows of a query in the engine as the table of its name, or (`form`) as a view or a temporary table; part after part if given.

    Raises:
        HeuristicError: the query failed.
    """
    values = file.defaults if values is None else values
    with explained(file, values):
        statement = f"CREATE OR REPLACE {form} {file.name} AS {file.body}"
        for part in parts(connection) if parts else ({},):
            connection.execute(statement, {**values, **part} or None)
            statement = f"INSERT INTO {file.name} {file.body}"


_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
"""Nodes of a parse tree that only read; the body of a WITH may also be a COPY, INSERT, UPDATE or DELETE."""


def require_select(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return the query if it is exactly one SELECT statement that only reads, at every depth.

    Raises:
        UsageError: it is empty, several statements, not a SELECT, holds a statement that writes, or does not parse.
    """
    try:
        statements = connection.extract_statements(query)
    except duckdb.Error as e:
        raise UsageError(f"not valid SQL: {e}") from e
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(
            "expected exactly one SELECT statement",
            hint="the case is read-only evidence; copy a table out to change it",
        )
    row = connection.execute("select json_serialize_sql($query::varchar)", {"query": query}).fetchone()
    tree = json.loads(row[0]) if row else {"error": True}
    writing = sorted(_node_types(tree) - _READING_NODES)
    if tree.get("error") or writing:
        found = ", ".join(writing) or str(tree.get("error_message"))
        raise UsageError(
            f"expected a SELECT that only reads, found {show(found)}",
            hint="the case is read-only evidence; WITH may hold SELECT only",
        )
    return query


def _node_types(tree: object) -> set[str]:
    """Return the types of all query nodes of a serialised parse tree."""
    found: set[str] = set()
    if isinstance(tree, dict):
        kind = tree.get("type")
        if isinstance(kind, str) and kind.endswith("_NODE"):
            found.add(kind)
        tree = list(tree.values())
    for branch in tree if isinstance(tree, list) else []:
        found |= _node_types(branch)
    return found
