"""Reads the files of a batch in order and yields units of records; decides for every file whether it is a log, and of which format."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from distilforensics.core.errors import InputRefusedError
from distilforensics.ingest.evidence.decoding import DecodedStream
from distilforensics.ingest.evidence.raw import HashThreads, RawFile, UnstableError
from distilforensics.ingest.framing.bodies import frame_body
from distilforensics.ingest.framing.csv_records import frame_csv
from distilforensics.ingest.framing.documents import frame_document
from distilforensics.ingest.framing.line_chunks import frame_lines
from distilforensics.ingest.framing.listed_fields import ListedFields
from distilforensics.ingest.framing.parquet_records import frame_parquet
from distilforensics.ingest.framing.pooling import Framed, Pool, weight
from distilforensics.ingest.framing.records import CHUNK_BYTES, Unit
from distilforensics.ingest.framing.sniffing import sniff
from distilforensics.ingest.framing.wrappers import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distilforensics.ingest.evidence.sources import Source
    from distilforensics.ingest.framing.records import Reader, Sniffed
    from distilforensics.ingest.options import IngestOptions
    from distilforensics.ingest.reading.recogniser import Recogniser
    from distilforensics.ingest.tables.directories import Directories
    from distilforensics.ingest.tables.usage import UsageFiles


@dataclass(slots=True)
class Reading:
    """What reading a batch needs and what it finds out."""

    sources: list[Source]
    options: IngestOptions
    known: dict[str, str]
    """SHA-256 -> path of sources with the size of one of these files, and of those read so far."""
    hashing: HashThreads
    recogniser: Recogniser
    directories: Directories
    usage: UsageFiles
    tell_bytes: Callable[[int], None]
    tell_file: Callable[[int], None]
    hashes: dict[int, RawFile] = field(default_factory=dict)
    """Sources whose SHA-256 is still being computed."""

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
            source.refuse("refused", f"{e.message}; {e.hint}" if e.hint else e.message)
            if isinstance(e, UnstableError):
                source.forget_identity()
    if not pool.is_empty:
        yield pool.take()


def _read_source(reading: Reading, i: int, pool: Pool) -> Iterator[Unit]:
    source = reading.sources[i]
    raw = RawFile(Path(source.path), reading.hashing, reading.tell_bytes)
    try:
        source.n_bytes = raw.size
        if not _is_known(reading, i, raw):
            yield from _read_fresh(reading, i, raw, pool)
    finally:
        raw.close()
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
        reading.known[source.sha256] = source.name
        return False
    raw.finish()
    source.refuse("duplicate_file", f"same bytes as {twin}")
    return True


def _read_fresh(reading: Reading, i: int, raw: RawFile, pool: Pool) -> Iterator[Unit]:
    source, recogniser = reading.sources[i], reading.recogniser
    name = Path(source.path).name
    stream = DecodedStream(raw, reading.options)
    source.compression, source.encoding = stream.compression, stream.encoding
    judge = recogniser.judge(name, is_usage=source.is_named_usage)
    sniffed = sniff(raw, stream, judge)
    recognised = recogniser.recognise(name, sniffed, source)
    if recognised is not None:
        cells = recogniser.takes_cells(recognised) and not sniffed.is_wrapped
        framed = frame_records(raw, stream, i, recognised, sniffed, reading.options, as_cells=cells)
        if source.role == "accounts_directory":
            reading.directories.read(framed, source)
        elif source.role == "usage":
            reading.usage.read(framed, source)
        else:
            yield from _pooled(framed, i, pool)
    raw.finish()
    if source.role == "log" and "checksum_failed" in stream.flags:
        source.reason = "a checksum of the compressed file is wrong; what could be decoded is kept and flagged"
    source.n_bytes_decoded = raw.size if sniffed.table is not None else stream.n_decoded


def frame_records(
    raw: RawFile,
    stream: DecodedStream,
    source: int,
    reader: Reader,
    sniffed: Sniffed,
    options: IngestOptions,
    *,
    as_cells: bool = False,
) -> Iterator[Framed]:
    """Return the records of a source in chunks; `as_cells` if those of tables may be columns of text."""
    framers = {"document": frame_document, "body": frame_body}
    if sniffed.table is not None:
        framed = frame_parquet(raw, sniffed.table, source, reader, as_cells=as_cells)
    elif sniffed.kind == "csv":
        framed = frame_csv(stream, source, reader, sniffed, options.max_line_bytes, as_cells=as_cells)
    else:
        framed = framers.get(sniffed.kind, frame_lines)(stream, source, reader, sniffed, options.max_line_bytes)
    return unwrap(framed, ListedFields() if sniffed.has_listed_fields else None) if sniffed.is_wrapped else framed


def _pooled(framed: Iterator[Framed], source: int, pool: Pool) -> Iterator[Unit]:
    """Yield units of a source; what fits beside others goes into the pool."""
    for item in framed:
        is_heavy = sum(weight(chunk) for chunk in (item.chunk, item.beside) if chunk is not None) >= CHUNK_BYTES // 2
        if is_heavy and not pool.is_empty:
            yield pool.take()
        pool.add(source, item)
        if pool.is_full or is_heavy:
            yield pool.take()
