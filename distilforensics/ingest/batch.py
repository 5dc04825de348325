"""What the process that parses is told: files that become one part, and what stays the same for all of them.

Apart from the reading itself, so that nobody loads libraries by being told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.ingest.options import IngestOptions

FORMATS_MODULE = "distilforensics.ingest.formats"
"""Module whose formats are recognised."""

PARENT_BYTES = 100_000_000
"""Memory of the process that starts the worker."""

WORKER_BYTES = 200_000_000
"""Memory of the worker besides its projecting threads: libraries, the unit that is read, the part that is written."""

THREAD_BYTES = 180_000_000
"""Memory of a projecting thread with its chunk and rows."""

ROOMY_BYTES = 1_000_000_000
"""Memory from which units are read ahead and freed memory is kept."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What stays the same for all batches of a run."""

    options: IngestOptions
    key: bytes
    threads: int
    memory_bytes: int
    formats_module: str = FORMATS_MODULE

    @property
    def n_projecting(self) -> int:
        """Projecting threads for which there is memory; at least one."""
        n = (self.memory_bytes - PARENT_BYTES - WORKER_BYTES) // THREAD_BYTES
        return max(1, min(self.threads, n))

    @property
    def is_roomy(self) -> bool:
        """There is memory for speed."""
        return self.memory_bytes >= ROOMY_BYTES


@dataclass(frozen=True, slots=True)
class Batch:
    """Files that become one part."""

    part: str
    folder: Path
    """Where the files of the batch are written, empty at the beginning."""
    paths: tuple[str, ...]
    names: tuple[str, ...]
    """What tables call them."""
    known: dict[str, str]
    """SHA-256 -> path of sources that have the size of one of these files."""
    excluded: dict[str, str] = field(default_factory=dict)
    """Path -> reason for files on which the parser crashed."""
    usage: frozenset[str] = frozenset()
    """Paths of files that the examiner named as usage exports."""
    settled: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Path -> role and reason of archives, and of their members that are not read."""
