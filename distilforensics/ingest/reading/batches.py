"""Reads one batch of files into one part: the reader, the projecting threads and the writer work at the same time, in order."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import InputRefusedError
from distilforensics.core.schema import ACCOUNTS_DIRECTORY, USAGE_SUMS
from distilforensics.ingest.evidence.raw import HashThreads, UnstableError, fingerprint
from distilforensics.ingest.evidence.sources import Source
from distilforensics.ingest.reading.framed_files import Reading, read_units
from distilforensics.ingest.reading.parts import PartWriter, write_rows
from distilforensics.ingest.reading.recogniser import Recogniser
from distilforensics.ingest.rows.processing import process
from distilforensics.ingest.rows.projection import Projector
from distilforensics.ingest.secrets import Secrets
from distilforensics.ingest.tables.directories import Directories
from distilforensics.ingest.tables.usage import UsageFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.ingest.batch import Batch, Settings
    from distilforensics.ingest.framing.records import Chunk, ChunkResult, Unit
    from distilforensics.ingest.rows.content_free import ContentFree

MIN_ENGINE_BYTES = 300_000_000
"""Memory that one projecting connection gets at least; a chunk with its rows needs about a third of it."""


class _Engines(threading.local):
    """One projector per thread, opened when the thread first needs it, with what takes texts out if they are not to be kept."""

    projector: Projector | None = None
    content_free: ContentFree | None = None


class BatchReader:
    """Threads and connections that are kept from batch to batch."""

    def __init__(
        self, settings: Settings, tell: Callable[[int, int, int], None], hashing: HashThreads | None = None
    ) -> None:
        """Start the threads.

        Args:
            settings: Options and limits.
            tell: Called with bytes read, rows written (both since the last call) and the index of the file, or -1.
            hashing: Threads that may be at work already.
        """
        self._settings = settings
        self._tell = tell
        self._projecting = ThreadPoolExecutor(settings.n_projecting, "project")
        self._writing = ThreadPoolExecutor(1, "write")
        self._engines = _Engines()
        self._hashing = hashing or HashThreads()
        self._recogniser = Recogniser(settings.options, settings.formats_module)

    def close(self) -> None:
        """End the threads."""
        self._projecting.shutdown(cancel_futures=True)
        self._writing.shutdown(cancel_futures=True)
        self._hashing.shutdown()

    def read(self, batch: Batch) -> list[dict[str, Any]]:
        """Read the files of a batch, write its part and its refused records, and return its sources, JSON-ready."""
        sources = _sources_of(batch)
        directories = Directories(self._projector, self._settings.options.assume_time_zone)
        usage = UsageFiles(self._projector)
        reading = Reading(
            sources,
            self._settings.options,
            dict(batch.known),
            self._hashing,
            self._recogniser,
            directories,
            usage,
            lambda n: self._tell(n, 0, -1),
            lambda i: self._tell(0, 0, i),
        )
        specs = self._recogniser.formats.load_formats().values()
        names = {spec.id: spec.name for spec in specs}
        writer = PartWriter(
            batch.folder,
            batch.part,
            sources,
            names,
            Secrets(self._settings.key),
            {spec.id: spec.join for spec in specs if spec.join is not None},
            may_quote=not self._settings.options.is_content_free,
        )
        try:
            self._run(reading, writer)
        except InputRefusedError as e:
            if len(sources) > 1:  # small files are held in memory, so this is a file that cannot be read to its end
                raise
            sources[0].refuse("refused", e.message)
            if isinstance(e, UnstableError):
                sources[0].forget_identity()
        for refusal in (*directories.refusals, *usage.refusals):
            writer.refuse(refusal)
        writer.close()
        if directories.rows:
            write_rows(batch.folder / "accounts_directory.parquet", ACCOUNTS_DIRECTORY, directories.table_rows())
        if usage.rows:
            write_rows(batch.folder / "usage_sums.parquet", USAGE_SUMS, usage.table_rows())
        return [source.as_json() for source in sources]

    def _run(self, reading: Reading, writer: PartWriter) -> None:
        """Keep every thread busy with units that are written in the order of reading."""
        projecting: deque[tuple[Unit, list[Future[ChunkResult]]]] = deque()
        writing: deque[Future[None]] = deque()
        try:
            self._pump(reading, writer, projecting, writing)
        finally:
            left: list[Future[Any]] = [*writing, *(future for _, futures in projecting for future in futures)]
            for future in left:
                future.cancel()
            wait(left)

    def _pump(
        self,
        reading: Reading,
        writer: PartWriter,
        projecting: deque[tuple[Unit, list[Future[ChunkResult]]]],
        writing: deque[Future[None]],
    ) -> None:
        is_roomy = self._settings.is_roomy
        n_ahead = self._settings.n_projecting - (not is_roomy)
        for unit in read_units(reading):
            projecting.append((unit, [self._projecting.submit(self._process, chunk) for chunk in unit.chunks]))
            while len(projecting) > n_ahead:
                writing.append(self._writing.submit(self._write, reading, writer, *projecting.popleft()))
            while len(writing) > is_roomy:
                writing.popleft().result()
        while projecting:
            writing.append(self._writing.submit(self._write, reading, writer, *projecting.popleft()))
        while writing:
            writing.popleft().result()

    def _process(self, chunk: Chunk) -> ChunkResult:
        projector = self._projector()
        return process(chunk, projector, self._engines.content_free)

    def _projector(self) -> Projector:
        """Return the calling thread's projector."""
        if self._engines.projector is None:
            settings = self._settings
            memory = max(MIN_ENGINE_BYTES, settings.memory_bytes // (settings.n_projecting + 1))
            self._engines.projector = Projector(
                settings.key, memory, settings.formats_module, is_roomy=settings.is_roomy
            )
            if settings.options.is_content_free:
                from distilforensics.ingest.rows.content_free import ContentFree

                self._engines.content_free = ContentFree(settings.key, memory)
        return self._engines.projector

    def _write(self, reading: Reading, writer: PartWriter, unit: Unit, results: list[Future[ChunkResult]]) -> None:
        done = [future.result() for future in results]
        for source in unit.n_lines:
            reading.sha256(source)
        self._tell(0, writer.add(unit, done), -1)


def _sources_of(batch: Batch) -> list[Source]:
    """Return the sources of a batch; what was settled or excluded before it is read is refused."""
    sources = [
        Source(path, name, is_named_usage=path in batch.usage)
        for path, name in zip(batch.paths, batch.names, strict=True)
    ]
    for source in sources:
        if source.path in batch.settled:
            source.refuse(*batch.settled[source.path])
            if source.role == "archive":
                _identify(source)
        if source.path in batch.excluded:
            source.refuse("refused", batch.excluded[source.path])
            _identify(source)
    return sources


def _identify(source: Source) -> None:
    """Hash a file that is not parsed, so that a later check can tell whether it is still the one that was refused."""
    try:
        found = fingerprint(Path(source.path))
    except InputRefusedError as e:
        source.reason = f"{source.reason}; not hashed: {e.message}"
    else:
        source.sha256, source.n_bytes = found.sha256, found.n_bytes
