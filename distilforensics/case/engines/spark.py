"""Spark as the hands of a run: it carries pieces of rows from machine to machine and starts again what died; DuckDB computes.

Nothing of it is loaded, and no network is touched, unless a master is named.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa

from distilforensics import __version__
from distilforensics.case.engines.buckets import compute, deal
from distilforensics.core.errors import DistilForensicsError, HeuristicError, MachineError, UsageError
from distilforensics.core.libraries import allow_pandas
from distilforensics.core.text import show, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from distilforensics.case.engines.buckets import Job
    from distilforensics.case.engines.duckdb import Limits

WORKER_BYTES = 2_000_000_000
"""Memory of the engine of one bucket on a machine other than this one."""

REACHED_WITHIN_S = 10
"""Seconds within which a master has to answer."""

_PIECES = "bucket INT, name STRING, piece BINARY"
_OUTCOMES = "bucket BIGINT, error STRING"

_SETTINGS = {
    "spark.app.name": "distilforensics",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # As many tasks as there are buckets, each with one of them.
    "spark.sql.adaptive.enabled": "false",
    # Pieces are compressed already.
    "spark.shuffle.compress": "false",
    # A row is a piece of up to `UNIT_BYTES`.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "4",
}

_ON_THIS_MACHINE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
"""For a master `local[N]`: nothing but the loopback is used, and no name is asked of the network."""

_SAME_COMMAND = "then give the same command again, it goes on where it was"

_OWN_ERROR = re.compile(r"^distilforensics\.core\.errors\.(\w+): (.+?)(?:\n  hint: (.+))?$", re.MULTILINE)

_DIED = re.compile(r"exited unexpectedly|crashed|EOFException|ExecutorLost|Lost executor|Connection reset|Broken pipe")


class SparkWorkers:
    """The workers of a Spark master."""

    def __init__(self, limits: Limits) -> None:
        """Reach the master that the limits name.

        Raises:
            UsageError: the name is none that Spark knows, or pyspark or Java is missing.
            MachineError: the master cannot be reached.
        """
        assert limits.master is not None
        self._session = session(limits.master)
        self.n_at_once = max(1, int(self._session.sparkContext.defaultParallelism))
        here = limits.memory_bytes // (self.n_at_once + 1)
        self.memory_bytes = here if limits.master.startswith("local") else WORKER_BYTES

    def run(self, job: Job) -> None:
        """Run the query of a job in all buckets; each writes its rows into the folder of the job.

        Raises:
            HeuristicError: the query failed.
            MachineError: a worker died again and again, or does not see the case folder.
            UsageError: a worker has another version of this program.
        """
        from pyspark.sql import functions

        units, version = job.units(), versions()

        def dealt(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            require_same(version)
            with _own_folder() as spill:
                for number in (n for batch in batches for n in batch.column(0).to_pylist()):
                    yield from _batches(deal(job, units[number], spill))

        def computed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            rows = (
                row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
            )
            first = next(rows, None)
            if first is None:
                return
            error = None
            require_same(version)
            with _own_folder() as spill:
                try:
                    compute(job, first[0], ((table, piece) for _, table, piece in chain([first], rows)), spill)
                except HeuristicError as e:  # the same everywhere, so that trying again helps nobody
                    error = e.message
            yield pa.record_batch({"bucket": pa.array([first[0]], pa.int64()), "error": pa.array([error], pa.string())})

        if not units:
            return
        numbers = self._session.range(0, len(units), 1, len(units))
        buckets = numbers.mapInArrow(dealt, _PIECES).repartitionById(job.n_buckets, functions.col("bucket"))
        with _explained(f"making {job.work.name}"):
            outcomes = buckets.mapInArrow(computed, _OUTCOMES).collect()
        for outcome in outcomes:
            if outcome["error"] is not None:
                raise HeuristicError(outcome["error"], where=job.work.name)


def _batches(pieces: Iterable[tuple[int, str, bytes]]) -> Iterator[pa.RecordBatch]:
    for bucket, table, piece in pieces:
        yield pa.record_batch(
            {
                "bucket": pa.array([bucket], pa.int32()),
                "name": pa.array([table]),
                "piece": pa.array([piece], pa.binary()),
            }
        )


@contextmanager
def _own_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="distilforensics-") as folder:
        yield Path(folder)


def versions() -> dict[str, str]:
    """Return what has to be the same on every machine, or keys would land in other buckets."""
    import duckdb

    return {"distilforensics": __version__, "duckdb": duckdb.__version__}


def require_same(expected: dict[str, str]) -> None:
    """Check what is installed on the machine of a worker.

    Raises:
        UsageError: a version is another than on the machine that leads.
    """
    for name, version in versions().items():
        if version != expected[name]:
            raise UsageError(
                f"a worker has {name} {version}, expected {expected[name]}",
                hint="install the same release with the same constraints on every worker",
            )


@cache
def session(master: str) -> Any:  # noqa: ANN401 - pyspark is loaded only if it is asked for
    """Return the Spark session of this process; it ends with the process.

    Raises:
        UsageError: pyspark or Java is missing, or Spark does not know such a master.
        MachineError: the master cannot be reached.
    """
    try:
        allow_pandas()
        from pyspark.sql import SparkSession
    except ImportError as e:
        raise UsageError(
            f"--engine spark needs the package {e.name}, which is not installed",
            hint="install the extra: pip install 'distilforensics[spark]'",
        ) from e
    if java() is None:
        raise UsageError(
            "--engine spark needs Java 17 or later, and there is none",
            hint="install one, for example openjdk-17-jre-headless, or let JAVA_HOME name its folder",
        )
    require_reachable(master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = dict(_SETTINGS)
    if master.startswith("local"):
        settings |= _ON_THIS_MACHINE
        os.environ.update(SPARK_LOCAL_IP="127.0.0.1", SPARK_LOCAL_HOSTNAME="localhost")
    builder = SparkSession.builder.master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    with _messages_kept() as messages, _explained(f"starting at {shown(master)}", messages):
        found = builder.getOrCreate()
    atexit.register(found.stop)
    return found


def java() -> str | None:
    """Return the Java program that Spark would start: that of JAVA_HOME, else the first on the path; None if there is none."""
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin") if home else None)


def require_reachable(master: str) -> None:
    """Check that somebody answers at a master of the form spark://HOST:PORT[,HOST:PORT]; Spark itself would try for a minute and then say little.

    Raises:
        UsageError: the form is wrong.
        MachineError: nobody answers.
    """
    if not master.startswith("spark://"):
        return
    reasons = []
    for place in master.removeprefix("spark://").split(","):
        try:
            parts = urlsplit(f"//{place}")
            with socket.create_connection((parts.hostname or "", parts.port or 7077), timeout=REACHED_WITHIN_S):
                return
        except ValueError as e:
            raise UsageError(f"{shown(master)} is no master, expected spark://HOST:PORT", where="master") from e
        except OSError as e:
            reasons.append(e.strerror or str(e))
    raise MachineError(
        f"the Spark master does not answer ({', '.join(reasons)})",
        where=show(master),
        hint=f"start it, or see whether host, port and firewall are right; {_SAME_COMMAND}",
    )


@contextmanager
def _messages_kept() -> Iterator[Path]:
    """Let what Java writes to stderr, from now on until it ends, go to a file: it starts with this process's stderr, which is for this program."""
    folder = tempfile.mkdtemp(prefix="distilforensics-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path, own = Path(folder) / "spark.log", os.dup(2)
    with path.open("wb") as stream:
        sys.stderr.flush()
        os.dup2(stream.fileno(), 2)
    try:
        yield path
    finally:
        os.dup2(own, 2)
        os.close(own)


@contextmanager
def _explained(doing: str, messages: Path | None = None) -> Iterator[None]:
    """Turn what Spark raises into a sentence with what to do."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError, OSError) as e:
        written = messages.read_text(encoding="utf-8", errors="replace") if messages else ""
        raise _told(doing, f"{e}\n{written}") from e


def _told(doing: str, text: str) -> DistilForensicsError:
    if own := _OWN_ERROR.search(text):
        kind = {"HeuristicError": HeuristicError, "UsageError": UsageError}.get(own[1], MachineError)
        return kind(own[2], hint=own[3])
    if lacking := re.search(r"No module named '?([\w.]+)", text):
        return UsageError(
            f"the workers of Spark lack the Python package {lacking[1]}",
            hint="install the same distilforensics on every worker, and let PYSPARK_PYTHON name the Python that has it",
        )
    if "Could not parse Master URL" in text:
        return UsageError(
            f"Spark failed while {doing}: it knows no such master",
            hint="for example --master 'local[4]', spark://HOST:7077 or yarn",
        )
    if "FileNotFoundError" in text or "No such file or directory" in text:
        return UsageError(
            f"a worker does not find the case folder while {doing}",
            hint="put the case on a file system that every worker sees under the same name",
        )
    if _DIED.search(text):
        return MachineError(
            f"a worker of Spark died while {doing}, as often as Spark tries",
            hint="its machine may have been out of memory: give executors more (spark.executor.memoryOverhead) or fewer cores; "
            + _SAME_COMMAND,
        )
    last = next((line.strip() for line in text.splitlines() if re.search(r"Exception|Error", line)), text.strip())
    return MachineError(
        f"Spark failed while {doing}: {show(last)[:300]}", hint=f"see the log of Spark; {_SAME_COMMAND}"
    )
