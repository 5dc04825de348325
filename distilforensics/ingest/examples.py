"""Reads the sample of a format as an ingest would read it, with no option but the beginning of the log, and compares the rows with those expected."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import InputRefusedError, UsageError
from distilforensics.ingest.evidence.decoding import DecodedStream
from distilforensics.ingest.evidence.raw import RawFile
from distilforensics.ingest.evidence.sources import Source
from distilforensics.ingest.framing.pooling import Framed
from distilforensics.ingest.framing.sniffing import sniff
from distilforensics.ingest.inspection import IdleHashing
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest.reading.framed_files import frame_records
from distilforensics.ingest.reading.recogniser import Recogniser
from distilforensics.ingest.rows.processing import process
from distilforensics.ingest.rows.projection import PROJECTED, Projector
from distilforensics.ingest.tables.usage import UsageFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.ingest.catalogue.specification import Example
    from distilforensics.ingest.formats import FormatSpec
    from distilforensics.ingest.framing.records import Chunk

MEMORY_BYTES = 1_000_000_000

OPTIONS = IngestOptions(log_began=datetime(2026, 5, 4))  # noqa: DTZ001 - naive UTC, as everywhere in the tables
"""How samples are read; the beginning is only used where times lack something."""


class ExampleReader:
    """Reads samples; opens one engine for all of them."""

    def __init__(self, catalog: Path | None = None) -> None:
        """Open the engine."""
        self._recogniser = Recogniser(replace(OPTIONS, own_catalog=catalog))
        self.projector = Projector(b"key of the samples", MEMORY_BYTES)

    def close(self) -> None:
        """Close the engine."""
        self.projector.close()

    def rows(self, example: Example) -> list[dict[str, Any]]:
        """Return what a sample comes to: kept rows by their line, then refused records, then counts of records out of scope.

        Raises:
            InputRefusedError: the file as a whole is no log that can be read.
        """
        found: list[dict[str, Any]] = []
        refused: list[dict[str, Any]] = []
        outside: dict[str, int] = {}
        source, usage = Source(example.name), UsageFiles(lambda: self.projector)
        for chunk in self._chunks(example, refused, source):
            if source.role == "usage":
                usage.read(iter([Framed(chunk)]), source)
                continue
            result = process(chunk, self.projector)
            found += map(_written, result.rows.to_pylist())
            refused += [{"line": r.line, "refused": r.reason, "detail": r.detail} for r in result.refusals]
            for (_, reason), (n, _) in result.out_of_scope.items():
                outside[reason] = outside.get(reason, 0) + n
        found += [_written_sum(row) for _, row in usage.rows]
        refused += [{"line": r.line, "refused": r.reason, "detail": r.detail} for r in usage.refusals]
        for reason, (n, _) in source.out_of_scope.items():
            outside[reason] = n
        return [*found, *refused, *({"out_of_scope": reason, "n": n} for reason, n in sorted(outside.items()))]

    def records(self, example: Example) -> tuple[str, list[str]]:
        """Return the format of a sample and its records as the format's query gets them."""
        texts: list[str] = []
        name = ""
        for chunk in self._chunks(example, [], Source(example.name)):
            name = chunk.reader.format
            spans = zip(chunk.starts.tolist(), chunk.ends.tolist(), strict=True)
            raws = chunk.texts or [bytes(memoryview(chunk.buffer)[start:end]) for start, end in spans]
            texts += [raw.decode("utf-8", "replace").strip("\r\n, ") for raw in raws]
        return name, texts

    def _chunks(self, example: Example, refused: list[dict[str, Any]], source: Source) -> Iterator[Chunk]:
        with tempfile.TemporaryDirectory(prefix="distilforensics-") as folder:
            path = Path(folder, example.name)
            path.write_bytes(example.sample)
            raw = RawFile(path, IdleHashing(), lambda _: None)
            try:
                stream = DecodedStream(raw, OPTIONS)
                sniffed = sniff(raw, stream, self._recogniser.judge(example.name))
                reader = self._recogniser.recognise(example.name, sniffed, source)
                if reader is None:
                    raise InputRefusedError(f"{source.role}: {source.reason}", where=example.name)
                for item in frame_records(raw, stream, 0, reader, sniffed, OPTIONS):
                    refused += [{"line": r.line, "refused": r.reason, "detail": r.detail} for r in item.refusals]
                    if item.chunk is not None and len(item.chunk):
                        yield item.chunk
            finally:
                raw.close()


def _written_sum(row: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a sum that hold something, JSON-ready."""
    named = {"line": row["source_line"], **row}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in named.items()
        if value is not None and name not in ("source_line", "row_sha256")
    }


def _written(row: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a kept row that hold something, JSON-ready."""
    names = ("line", "sub_index", "parse_flags", *PROJECTED.names)
    kept = {name: row[name] for name in names if row[name] not in (None, [])}
    if not kept["sub_index"]:
        del kept["sub_index"]
    return {
        name: value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value
        for name, value in kept.items()
    }


def differences(spec: FormatSpec, example: Example, reader: ExampleReader) -> list[str]:
    """Return how the rows of a sample differ from those expected, in words; empty if they do not.

    Raises:
        UsageError: the expected rows are no lines of JSON.
    """
    rows = _rows_of(example, reader)
    try:
        expected = [json.loads(line) for line in example.expected.splitlines()]
    except ValueError as e:
        hint = f"print the rows with: distilforensics formats test {spec.id} --rows"
        raise UsageError(f"is no lines of JSON: {e}", where=f"{spec.id}/{example.expected_file.name}", hint=hint) from e
    found = [] if len(rows) == len(expected) else [f"{len(rows)} rows, expected {len(expected)}"]
    for row, wanted in zip(rows, expected, strict=False):
        found += [
            f"line {row.get('line', '?')}: {name} is {row.get(name)!r}, expected {wanted.get(name)!r}"
            for name in sorted({*row, *wanted})
            if row.get(name) != wanted.get(name)
        ]
    return [f"{spec.id}/{example.name}: {text}" for text in found]


def expected_text(example: Example, reader: ExampleReader) -> str:
    """Return the rows of a sample as they are kept beside it, for review."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows_of(example, reader))


def _rows_of(example: Example, reader: ExampleReader) -> list[dict[str, Any]]:
    try:
        return reader.rows(example)
    except InputRefusedError as e:
        return [{"whole_file": e.message}]
