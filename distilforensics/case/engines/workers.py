"""Who runs a job in buckets: the workers of a Spark master, or this process, one bucket after the other."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from distilforensics.case.engines.buckets import compute, deal

if TYPE_CHECKING:
    from distilforensics.case.engines.buckets import Job
    from distilforensics.case.engines.duckdb import Limits


class Workers(Protocol):
    """Runs jobs."""

    n_at_once: int
    """Buckets that are computed at the same time."""
    memory_bytes: int
    """Memory of the engine of one bucket."""

    def run(self, job: Job) -> None:
        """Run the query of a job in all buckets; each writes its rows into the folder of the job."""


def workers_for(limits: Limits) -> Workers | None:
    """Return the workers of the master that the limits name, or None if this machine does everything.

    Raises:
        UsageError: Spark cannot be used here as asked.
        MachineError: the master cannot be reached.
    """
    if limits.master is None:
        return None
    from distilforensics.case.engines.spark import SparkWorkers

    return SparkWorkers(limits)


class ThisProcess:
    """Runs every bucket here, one after the other: what a partition does to a table can be seen without any cluster."""

    def __init__(self, n_buckets: int, memory_bytes: int = 512_000_000) -> None:
        """Deal out into as many buckets at least."""
        self.n_at_once, self.memory_bytes = n_buckets, memory_bytes

    def run(self, job: Job) -> None:
        """Run the query of a job in all buckets."""
        with tempfile.TemporaryDirectory(prefix="distilforensics-") as folder:
            spill = Path(folder)
            pieces: dict[int, list[tuple[str, bytes]]] = {}
            for unit in job.units():
                for bucket, table, piece in deal(job, unit, spill):
                    pieces.setdefault(bucket, []).append((table, piece))
            for bucket in sorted(pieces):
                compute(job, bucket, pieces.pop(bucket), spill)
