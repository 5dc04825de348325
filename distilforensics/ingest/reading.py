"""Reads the files of a batch in order and yields units of records; decides for every file whether it is a log, and of which format."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import InputRefusedError
from distilforensics.ingest.decoding import DecodedStream
from distilforensics.ingest.framing import frame_lines
from distilforensics.ingest.pooling import Framed, Pool, weight
from distilforensics.ingest.projection import FORMATS_MODULE
from distilforensics.ingest.raw import HashThreads, RawFile
from distilforensics.ingest.records import CHUNK_BYTES, Unit
from distilforensics.ingest.sniffing import Sniffed, is_beside_logs, sniff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distilforensics.ingest.options import IngestOptions
    from distilforensics.ingest.sources import Source


@dataclass(slots=True)
class Reading:
    """What reading a batch needs and what it finds out."""

    sources: list[Source]
    options: IngestOptions
    known: dict[str, str]
    """SHA-256 -> path of sources with the size of one of these files, and of those read so far."""
    hashing: HashThreads
    tell_bytes: Callable[[int], None]
    tell_file: Callable[[int], None]
    formats_module: str = FORMATS_MODULE
    hashes: dict[int, RawFile] = field(default_factory=dict)
    """Sources whose SHA-256 is still being computed."""
    directory_rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def formats(self) -> Any:  # noqa: ANN401
        """The module of formats."""
        return importlib.import_module(self.formats_module)

    def sha256(self, source: int) -> str:
        """Return the SHA-256 of a source, waiting for it if necessary."""
        raw = self.hashes.pop(source, None)
        if raw is not None:
            self.sources[source].sha256 = raw.sha256
        return self.sources[source].sha256 or ""


def read_units(reading: Reading) -> Iterator[Unit]:
    """Yield the records of all files of a batch, in order; small files are put together."""
    pool = Pool()
    for i, source in enumerate(reading.sources):
        reading.tell_file(i)
        if source.role != "log":
            continue
        try:
            yield from _read_source(reading, i, pool)
        except InputRefusedError as e:
            source.refuse("refused", e.message)
    if not pool.is_empty:
        yield pool.take()


def _read_source(reading: Reading, i: int, pool: Pool) -> Iterator[Unit]:
    source = reading.sources[i]
    raw = RawFile(Path(source.path), reading.hashing, reading.tell_bytes)
    try:
        source.n_bytes = raw.size
        if _is_known(reading, i, raw):
            return
        stream = DecodedStream(raw, reading.options)
        source.compression, source.encoding = stream.compression, stream.encoding
        sniffed = _recognise(reading, source, raw, stream)
        if source.role == "log":
            framed = frame(stream, i, (source.format or "").split("/")[0], sniffed, reading.options)
            yield from _pooled(framed, i, pool)
        raw.finish()
        source.n_bytes_decoded = stream.n_decoded
    finally:
        raw.close()
        source.sha512 = raw.sha512
        reading.sha256(i)


def _is_known(reading: Reading, i: int, raw: RawFile) -> bool:
    """Tell whether the bytes are those of another source; a large file is only hashed for it if another one has its size."""
    source = reading.sources[i]
    if not raw.is_small and not reading.known:
        reading.hashes[i] = raw
        return False
    source.sha256 = raw.sha256
    twin = reading.known.get(source.sha256)
    if twin is None:
        reading.known[source.sha256] = source.path
        return False
    raw.finish()
    source.refuse("duplicate_file", f"same bytes as {twin}")
    return True


def _recognise(reading: Reading, source: Source, raw: RawFile, stream: DecodedStream) -> Sniffed:
    """Find out what a source is, and note its role and format."""
    formats, options = reading.formats, reading.options
    name = Path(source.path).name

    def is_known(records: Sequence[Any]) -> bool:
        sample = formats.Sample(name=name, records=records)
        return any(candidate.confidence == "high" for candidate in formats.detect(sample))

    sniffed = sniff(raw, stream, is_known, is_forced=options.format is not None)
    if sniffed.kind in ("ignored", "refused"):
        source.refuse(sniffed.kind, sniffed.reason or "")
    elif options.format is not None:
        _take_format(formats, source, options.format, "given")
    else:
        _detect(formats, source, name, sniffed)
    return sniffed


def _take_format(formats: Any, source: Source, format_id: str, confidence: str) -> None:  # noqa: ANN401
    source.format = formats.load_formats()[format_id].name
    source.format_confidence = confidence


def _detect(formats: Any, source: Source, name: str, sniffed: Sniffed) -> None:  # noqa: ANN401
    candidates = formats.detect(formats.Sample(name=name, records=sniffed.records))
    if len(candidates) == 1 and candidates[0].confidence != "low":
        _take_format(formats, source, candidates[0].format, candidates[0].confidence)
    elif not candidates and is_beside_logs(name):
        source.refuse("ignored", "accompanies logs by its name, and its content fits no log format")
    elif not candidates:
        source.refuse("refused", "unknown log format; name it with --format or describe it with --mapping")
    else:
        names = "; ".join(f"{candidate.format} ({candidate.confidence}: {candidate.reason})" for candidate in candidates)
        why = "ambiguous format" if len(candidates) > 1 else "doubtful format"
        source.refuse("refused", f"{why}, choose with --format: {names}")


def frame(stream: DecodedStream, source: int, format_id: str, sniffed: Sniffed, options: IngestOptions) -> Iterator[Framed]:
    """Return the records of a stream in chunks."""
    return frame_lines(stream, source, format_id, sniffed, options.max_line_bytes)


def _pooled(framed: Iterator[Framed], source: int, pool: Pool) -> Iterator[Unit]:
    """Yield units of a source; what fits beside others goes into the pool."""
    for item in framed:
        heavy = item.chunk is not None and weight(item.chunk) >= CHUNK_BYTES // 2
        if heavy and not pool.is_empty:
            yield pool.take()
        pool.add(source, item)
        if pool.is_full or heavy:
            yield pool.take()
