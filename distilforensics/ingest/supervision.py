"""Runs the worker process: hands it batches, tells the progress, starts it again after a crash and finds the file that caused it."""

from __future__ import annotations

import multiprocessing
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from distilforensics.core.errors import InputRefusedError
from distilforensics.ingest.worker import BYTES, FILE, ROWS, work

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess
    from types import TracebackType

    from distilforensics.core.progress import Progress
    from distilforensics.ingest.batches import Batch, Settings

POLL_SECONDS = 0.1
"""Time between two looks at the counters."""

STOP_SECONDS = 5.0
"""Time that the worker gets to end by itself."""


class _CrashError(Exception):
    """The worker ended, or gave up on a batch."""


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
        """
        while True:
            try:
                return self._ask(batch)
            except _LateRefusalError as e:
                batch = replace(batch, excluded={**batch.excluded, **e.reasons})
            except _CrashError as e:
                culprits = self._culprits(batch, str(e))
                if not culprits:
                    raise InputRefusedError(f"the parser does not work at all: {e}", where=batch.part) from e
                batch = replace(batch, excluded={**batch.excluded, **culprits})

    def _culprits(self, batch: Batch, reason: str) -> dict[str, str]:
        """Return the files on which the parser crashes, found by trying; all of them if none does alone.

        The file that was read last is tried first, then the batch is halved.
        """
        left = [path for path in batch.paths if path not in batch.excluded]
        if len(left) <= 1:
            return dict.fromkeys(left, reason)
        last = batch.paths[min(int(self._counters[FILE]), len(batch.paths) - 1)]
        if last in left and (found := self._try(batch, [last])):
            return found
        middle = len(left) // 2
        found = self._try(batch, left[:middle]) | self._try(batch, left[middle:])
        return found or dict.fromkeys(left, reason)

    def _try(self, batch: Batch, paths: list[str]) -> dict[str, str]:
        """Return the culprits among some files of a batch."""
        trial = replace(batch, paths=tuple(paths), excluded={})
        try:
            self._ask(trial)
        except _LateRefusalError as e:
            return e.reasons
        except _CrashError as e:
            return self._culprits(trial, str(e))
        return {}

    def _ask(self, batch: Batch) -> list[dict[str, Any]]:
        shutil.rmtree(batch.folder, ignore_errors=True)
        batch.folder.mkdir(parents=True)
        if self._process is None:
            self._start()
        try:
            self._connection.send(batch)
            while not self._connection.poll(POLL_SECONDS):
                self._tell(batch)
            kind, value = self._connection.recv()
        except (EOFError, OSError) as e:
            self._tell(batch)
            raise _CrashError(f"parser crashed ({self._exit()})") from e
        self._tell(batch)
        if kind == "error":
            raise value
        if kind == "refused":
            raise _LateRefusalError(value)
        if kind == "failed":
            raise _CrashError(f"parser failed: {value}")
        sources: list[dict[str, Any]] = value
        return sources

    def _start(self) -> None:
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=work, args=(theirs, self._settings, self._counters), daemon=True)
        self._process.start()
        theirs.close()

    def _tell(self, batch: Batch) -> None:
        now = [int(self._counters[BYTES]), int(self._counters[ROWS])]
        n_bytes, n_rows = (new - old for new, old in zip(now, self._told, strict=True))
        if n_bytes or n_rows:
            item = batch.paths[min(int(self._counters[FILE]), len(batch.paths) - 1)]
            self._progress.advance(rows=n_rows, n_bytes=n_bytes, item=item)
        self._told = now

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
