"""The process that parses: limited in memory and time, without core dumps, so that a hostile log can at worst end this process."""

from __future__ import annotations

import ctypes
import math
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import DistilForensicsError
from distilforensics.core.libraries import leave_out_pandas

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from distilforensics.ingest.batch import Batch, Settings
    from distilforensics.ingest.reading.batches import BatchReader

try:
    import resource
except ImportError:  # pragma: no cover - Windows
    resource = None  # type: ignore[assignment]

ADDRESS_SPACE_EXTRA = 12 << 30
"""Address space beyond the memory limit: allocators reserve far more than they use."""

CPU_SECONDS_MIN = 300
"""Processor time that every batch gets whatever its size."""

CPU_SECONDS_PER_MB = 4.0
"""Some hundred times what a megabyte of ordinary log takes, and more than one of records that all have to be tried alone."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Names of glibc's malloc.h."""

BYTES, ROWS, FILE = range(3)
"""Slots of the shared counters: bytes read, rows written, index of the file that is read."""


def work(connection: Connection, settings: Settings, counters: Any) -> None:  # noqa: ANN401
    """Read batches until the connection closes; every answer is (kind, value).

    Args:
        connection: Batches come in, `("done", sources)`, `("refused", reasons)`, `("failed", reason)`,
            `("memory", reason)` or `("error", DistilForensicsError)` go out.
        settings: What stays the same for all batches.
        counters: Shared array of unsigned integers, see `BYTES`, `ROWS` and `FILE`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_out_pandas()
    is_short_of_memory = _limit(settings)
    if settings.is_roomy:
        _keep_freed_memory()
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    reader = _LazyReader(settings, _teller(counters), is_short_of_memory=is_short_of_memory)
    try:
        while True:
            batch: Batch | None = connection.recv()
            if batch is None:
                os._exit(0)  # everything is written; taking engines and threads apart would take longer than this
            counters[FILE] = 0
            connection.send(_answer(reader, batch))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    finally:
        reader.close()


class _LazyReader:
    """The reader of batches, made when the first batch comes, so that an error in the options is an answer and no crash."""

    def __init__(
        self, settings: Settings, tell: Callable[[int, int, int], None], *, is_short_of_memory: bool = False
    ) -> None:
        self.is_short_of_memory = is_short_of_memory
        """Somebody else limits this process to less than a log may need: a lack of memory says nothing about the log."""
        self._settings = settings
        self._tell = tell
        self._reader: BatchReader | None = None

    def read(self, batch: Batch) -> list[dict[str, Any]]:
        if self._reader is None:
            self._reader = self._load(Path(batch.paths[0]))
        _allow_time(batch)
        return self._reader.read(batch)

    def _load(self, first: Path) -> BatchReader:
        """Return the reader; loading it takes a third of a second, in which the first large file can be hashed."""
        from distilforensics.ingest.evidence.raw import HashThreads

        hashing = HashThreads()
        hashing.begin(first)
        import pyarrow as pa

        from distilforensics.ingest.reading.batches import BatchReader

        if self._settings.is_roomy:
            pa.set_memory_pool(pa.system_memory_pool())  # its own does not keep what it frees
        return BatchReader(self._settings, self._tell, hashing)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()


_PROVOKED = (
    ArithmeticError, AssertionError, AttributeError, BufferError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What a hostile file can provoke; it costs this file, and no traceback. What the engine and Arrow raise is named where they are loaded."""


def _answer(reader: _LazyReader, batch: Batch) -> tuple[str, Any]:
    import duckdb
    import pyarrow as pa

    from distilforensics.core.text import show
    from distilforensics.core.trouble import machine_trouble
    from distilforensics.ingest.reading.parts import LateRefusalError
    from distilforensics.ingest.rows.projection import ProjectionError

    try:
        return "done", reader.read(batch)
    except LateRefusalError as e:
        return "refused", e.reasons
    except DistilForensicsError as e:
        return "error", e
    except ProjectionError as e:
        return "failed", str(e)
    except MemoryError as e:
        if reader.is_short_of_memory:
            return "error", machine_trouble(e)
        return "memory", "the parser ran out of memory"
    except (*_PROVOKED, duckdb.Error, pa.ArrowException) as e:
        trouble = machine_trouble(e)
        if trouble is not None:
            return "error", trouble
        return "failed", f"{type(e).__name__}: {show(str(e))[:300]}"


def _teller(counters: Any) -> Callable[[int, int, int], None]:  # noqa: ANN401
    lock = threading.Lock()

    def tell(n_bytes: int, n_rows: int, file: int) -> None:
        with lock:
            counters[BYTES] += n_bytes
            counters[ROWS] += n_rows
            if file >= 0:
                counters[FILE] = file

    return tell


def _limit(settings: Settings) -> bool:
    """Set what the process may use; generous, since a limit that an honest log meets would be a defect.

    Returns whether the process was limited to less already.
    """
    if resource is None:  # pragma: no cover - Windows
        return False
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = settings.memory_bytes * 3 + ADDRESS_SPACE_EXTRA
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
        return False
    return True


def _keep_freed_memory() -> None:
    """Let the allocator of glibc keep the large blocks that are freed for the next ones, and all threads share them.

    Giving them back and getting them anew, cleared by the kernel, costs 5 to 15 %; blocks of each thread for itself cost a fifth of the memory.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # pragma: no cover - not glibc
        return
    mallopt(_M_MMAP_THRESHOLD, 1 << 30)
    mallopt(_M_TRIM_THRESHOLD, 1 << 30)
    mallopt(_M_ARENA_MAX, 1)


def _allow_time(batch: Batch) -> None:
    """Set the processor time until which this batch must be done; the kernel then ends the process."""
    if resource is None:  # pragma: no cover - Windows
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    n_bytes = sum(os.stat(path).st_size for path in batch.paths if os.path.exists(path))  # noqa: PTH110, PTH116
    allowed = CPU_SECONDS_MIN + CPU_SECONDS_PER_MB * n_bytes / 1e6
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = math.ceil(used.ru_utime + used.ru_stime + allowed)
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (wanted, hard))


def _end_with_parent(parent: int) -> None:
    """End the process when its parent is gone, so that no orphan writes into a case that a new run uses."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
