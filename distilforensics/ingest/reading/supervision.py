"""Runs the worker process: hands it batches, tells the progress, starts it again after a crash and finds the file that caused it.

A process can end for reasons that lie in no file: somebody kills it, the machine runs out of memory. So a batch is tried again first,
and a file is blamed only if the process ended `TRIES` times in a row while it read this file alone.
"""

from __future__ import annotations

import multiprocessing
import shutil
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any, Self

import psutil

from distilforensics.core.errors import InputRefusedError, MachineError
from distilforensics.core.units import duration
from distilforensics.ingest.reading.worker import BYTES, FILE, ROWS, work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.context import SpawnProcess
    from types import TracebackType

    from distilforensics.core.progress import Progress
    from distilforensics.ingest.batch import Batch, Settings

POLL_SECONDS = 0.1
"""Time between two looks at the counters."""

STOP_SECONDS = 5.0
"""Time that the worker gets to end by itself."""


TRIES = 3
"""Times that a process may end in a row on the same files before they are blamed."""

HANG_SECONDS = 600.0
"""Time without a byte read, a row written or work of the processor after which the worker counts as hanging."""

IDLE_CPU_SECONDS = 1.0
"""Processor time within `HANG_SECONDS` that is no work: the worker looks after its parent twice a second."""


class _CrashError(Exception):
    """The worker ended, or gave up on a batch."""

    def __init__(self, reason: str, *, is_certain: bool) -> None:
        """Keep the reason and whether the same files would end the same way again, so that there is no use in trying."""
        super().__init__(reason)
        self.is_certain = is_certain


class _LateRefusalError(Exception):
    """Files turned out to be unreadable after some of their records had been written."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


class Worker:
    """The worker process, started when the first batch comes. A context manager: leaving it ends the process."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._context = multiprocessing.get_context("spawn")
        self._counters = self._context.Array("Q", 3, lock=False)
        self._told = [0, 0]
        self._process: SpawnProcess | None = None
        self._connection: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(is_urgent=kind is not None)

    def read(self, batch: Batch) -> list[dict[str, Any]]:
        """Return the sources of a batch after its files have been written; files on which the parser crashes are refused.

        Raises:
            DistilForensicsError: the options cannot be used.
            MachineError: the machine lacks room or memory, or the worker is ended again and again whatever it reads.
        """
        n_crashes = 0
        while True:
            try:
                return self._ask(batch)
            except _LateRefusalError as e:
                batch = replace(batch, excluded={**batch.excluded, **e.reasons})
            except _CrashError as e:
                n_crashes += 1
                if n_crashes == 1 and not e.is_certain:
                    self._progress.note(f"the process that reads logs ended ({e}); its files are read again")
                    continue
                culprits = self._culprits(batch, e)
                batch = replace(batch, excluded={**batch.excluded, **culprits})
                if not culprits:
                    _require_hope(batch, e, n_crashes)

    def _culprits(self, batch: Batch, crash: _CrashError) -> dict[str, str]:
        """Return the files on which the parser crashes, found by trying; none if it does on no file alone.

        The file that was read last is tried first, then the batch is halved.
        """
        left = [path for path in batch.paths if path not in batch.excluded]
        if len(left) <= 1:
            return self._confirmed(batch, left, crash)
        last = batch.paths[min(int(self._counters[FILE]), len(batch.paths) - 1)]
        if last in left and (found := self._try(batch, [last])):
            return found
        middle = len(left) // 2
        return self._try(batch, left[:middle]) | self._try(batch, left[middle:])

    def _confirmed(self, batch: Batch, left: list[str], crash: _CrashError) -> dict[str, str]:
        """Return the only file of a batch with the reason if the worker ends on it every time."""
        n_tries = 1
        while not crash.is_certain and n_tries < TRIES:
            n_tries += 1
            try:
                self._ask(batch)
            except _LateRefusalError as e:
                return e.reasons
            except _CrashError as e:
                crash = e
            else:
                return {}
        return dict.fromkeys(left, str(crash) if crash.is_certain else f"{crash}, {n_tries} times when read alone")

    def _try(self, batch: Batch, paths: list[str]) -> dict[str, str]:
        """Return the culprits among some files of a batch."""
        names = dict(zip(batch.paths, batch.names, strict=True))
        trial = replace(batch, paths=tuple(paths), names=tuple(names[path] for path in paths), excluded={})
        try:
            self._ask(trial)
        except _LateRefusalError as e:
            return e.reasons
        except _CrashError as e:
            return self._culprits(trial, e)
        return {}

    def _ask(self, batch: Batch) -> list[dict[str, Any]]:
        shutil.rmtree(batch.folder, ignore_errors=True)
        batch.folder.mkdir(parents=True)
        if self._process is None:
            self._start()
        try:
            self._connection.send(batch)
            self._wait(batch)
            kind, value = self._connection.recv()
        except (EOFError, OSError) as e:
            self._tell(batch)
            code = self._exit()
            raise _CrashError(f"parser crashed ({code})", is_certain=code == _OUT_OF_TIME) from e
        self._tell(batch)
        if kind == "error":
            raise value
        if kind == "refused":
            raise _LateRefusalError(value)
        if kind == "failed":
            raise _CrashError(f"parser failed: {value}", is_certain=True)
        if kind == "memory":
            raise _CrashError(f"parser failed: {value}", is_certain=False)
        sources: list[dict[str, Any]] = value
        return sources

    def _wait(self, batch: Batch) -> None:
        """Wait for the answer and tell the progress meanwhile; a worker that does nothing any more is ended."""
        since, used = time.monotonic(), self._cpu_seconds()
        while not self._connection.poll(POLL_SECONDS):
            if self._tell(batch):
                since, used = time.monotonic(), self._cpu_seconds()
            elif time.monotonic() - since > HANG_SECONDS:
                if self._cpu_seconds() - used < IDLE_CPU_SECONDS:
                    self.stop(is_urgent=True)
                    raise _CrashError(f"parser hung: nothing happened for {duration(HANG_SECONDS)}", is_certain=False)
                since, used = time.monotonic(), self._cpu_seconds()

    def _cpu_seconds(self) -> float:
        """Return the processor time of the worker so far; 0 if it has ended."""
        try:
            times = psutil.Process(self._process.pid).cpu_times() if self._process else None
        except psutil.Error:
            return 0.0
        return times.user + times.system if times else 0.0

    def _start(self) -> None:
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=work, args=(theirs, self._settings, self._counters), daemon=True)
        with _interrupts_held():
            self._process.start()
        theirs.close()

    def _tell(self, batch: Batch) -> bool:
        """Tell what has been read since the last time, and return whether it is anything."""
        now = [int(self._counters[BYTES]), int(self._counters[ROWS])]
        n_bytes, n_rows = (new - old for new, old in zip(now, self._told, strict=True))
        if n_bytes or n_rows:
            item = batch.paths[min(int(self._counters[FILE]), len(batch.paths) - 1)]
            self._progress.advance(rows=n_rows, n_bytes=n_bytes, item=item)
        self._told = now
        return bool(n_bytes or n_rows)

    def _exit(self) -> str:
        """Wait for the process that ended and say how."""
        process, self._process = self._process, None
        self._connection.close()
        if process is None:
            return "not started"
        process.join(STOP_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
        code = process.exitcode or 0
        process.close()
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def stop(self, *, is_urgent: bool = False) -> None:
        """End the process; at once if its work is not wanted any more."""
        if self._process is None:
            return
        if is_urgent:
            self._process.kill()
        else:
            self._connection.send(None)
        self._exit()


_OUT_OF_TIME = f"signal {int(getattr(signal, 'SIGXCPU', 24))}"


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while a process is started, so that it is not left half started; a terminal sends it to the new process as well."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    resource_tracker.ensure_running()  # whose start would end the hold
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    has_masks = hasattr(signal, "pthread_sigmask")
    mask = (
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if has_masks else None
    )  # the new process inherits it
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if came and callable(handler):
        handler(signal.SIGINT, None)


def _require_hope(batch: Batch, crash: _CrashError, n_crashes: int) -> None:
    """Give up if the worker ends again and again though it ends on no file alone, or on no file at all."""
    if crash.is_certain and all(path in batch.excluded for path in batch.paths):
        raise InputRefusedError(f"the parser does not work at all: {crash}", where=batch.part)
    if n_crashes >= TRIES:
        raise MachineError(
            f"the process that reads logs was ended {n_crashes} times, and by no file alone: {crash}",
            hint="most often memory ran out: use --threads 1 or another --memory-limit; the same command goes on where it was",
        )
