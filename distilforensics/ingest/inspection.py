"""What files are and what could be tested with them, told from their beginning through the same reading path as an ingest; nothing is stored."""

from __future__ import annotations

import tempfile
from collections import Counter
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from distilforensics.core.errors import InputRefusedError
from distilforensics.core.schema import EXCHANGES
from distilforensics.core.text import show
from distilforensics.ingest.catalogue.columns import ENGINE_COLUMNS
from distilforensics.ingest.evidence.decoding import DecodedStream
from distilforensics.ingest.evidence.inputs import InputFile, expand
from distilforensics.ingest.evidence.members import with_members
from distilforensics.ingest.evidence.raw import HashThreads, RawFile
from distilforensics.ingest.evidence.sources import Source
from distilforensics.ingest.framing.sniffing import sniff
from distilforensics.ingest.reading.framed_files import frame_records
from distilforensics.ingest.reading.recogniser import Recogniser
from distilforensics.ingest.rows.processing import process
from distilforensics.ingest.rows.projection import Projector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import pyarrow as pa

    from distilforensics.ingest.framing.pooling import Framed
    from distilforensics.ingest.framing.records import Chunk, Reader, Refusal, Sniffed
    from distilforensics.ingest.options import IngestOptions

SAMPLE_ROWS = 5
"""Rows shown of every log."""

SAMPLE_COLUMNS = (
    "started_at", "account_id", "client_ip", "model_requested", "operation", "input_tokens", "output_tokens", "status", "prompt_text",
)  # fmt: skip
"""Columns shown of these rows."""

SAMPLE_TEXT_CHARS = 120
"""Characters shown of a text."""

SHOWN_REFUSALS = 5
"""Refused records shown."""

MEMORY_BYTES = 1_000_000_000
"""Limit of the engine; the beginning of a file needs a fraction of it."""

_NO_CASE = Path("/.no-case")


@dataclass(frozen=True, slots=True)
class Evaluability:
    """Whether a heuristic could be evaluated on a log, as far as its beginning tells."""

    heuristic_id: str
    share: float
    """Share of the sampled exchanges that carry every needed column."""
    missing: tuple[str, ...]
    """Needed columns that no sampled exchange carries; alternatives are joined by `|`."""


@dataclass(slots=True)
class Inspection:
    """What one file is."""

    path: str
    role: str = "log"
    """As in table `sources`: log, accounts_directory, archive (its members follow), ignored, refused."""
    reason: str | None = None
    n_bytes: int = 0
    compression: str | None = None
    encoding: str | None = None
    format: str | None = None
    confidence: str | None = None
    account: str | None = None
    """What the account is in this format, in words."""
    missing: tuple[str, ...] = ()
    """What the format cannot carry, in words."""
    n_sampled: int = 0
    """Records read from the beginning of the file: kept, refused and out of scope."""
    n_refused: int = 0
    n_out_of_scope: int = 0
    record_bytes: float | None = None
    """Mean bytes of a sampled record with its line end, after decompression; None where records have no place in a stream of bytes."""
    refusals: list[dict[str, Any]] = field(default_factory=list)
    flags: dict[str, int] = field(default_factory=dict)
    """Parse flag -> exchanges in the sample."""
    first_started_at: datetime | None = None
    """Earliest start in the sample."""
    last_started_at: datetime | None = None
    fill: dict[str, float] = field(default_factory=dict)
    """Column of `exchanges` -> share of the sampled exchanges that carry it."""
    unknown_keys: tuple[str, ...] = ()
    sample: list[dict[str, Any]] = field(default_factory=list)
    heuristics: list[Evaluability] = field(default_factory=list)
    suggested_mapping: str | None = None
    """A mapping file to edit, for records without a known format."""

    def as_dict(self) -> dict[str, Any]:
        """Return the inspection as data for JSON; times are still times."""
        return asdict(self)


def inspect_sources(
    inputs: Sequence[str], options: IngestOptions, needs: Mapping[str, Sequence[str]] | None = None
) -> list[Inspection]:
    """Return what every file is, in order of path.

    Args:
        inputs: Files, folders and patterns.
        options: The examiner's choices, as for an ingest.
        needs: Heuristic id -> needed columns of `exchanges`, or of `accounts_directory` as `accounts_directory.COLUMN`; `a|b` means either.

    Raises:
        UsageError: an input names nothing, or an option cannot be used.
    """
    recogniser = Recogniser(options)
    projector = Projector(b"", MEMORY_BYTES)
    hashing = IdleHashing()
    try:
        with tempfile.TemporaryDirectory(prefix="distilforensics-") as copies:
            found = [
                _Inspector(file, options, recogniser, projector, hashing, needs or {}).inspect()
                for file in with_members(expand(inputs, _NO_CASE), Path(copies))
            ]
    finally:
        projector.close()
    directory_columns = {
        f"accounts_directory.{column}" for inspector in found for column in inspector.directory_columns
    }
    for inspector in found:
        if inspector.rows is not None:
            inspector.result.heuristics = [
                _evaluability(heuristic_id, columns, inspector.rows, directory_columns)
                for heuristic_id, columns in sorted((needs or {}).items())
            ]
    return [inspector.result for inspector in found]


def draft_of_file(path: Path, options: IngestOptions, needs: Mapping[str, Sequence[str]]) -> str:
    """Return a mapping file to begin with for the records of a file, see `draft_mapping`.

    Raises:
        InputRefusedError: the file cannot be read, or its records have no fields.
    """
    file = InputFile(path.name, path.as_posix(), 0)
    return _Inspector(file, options, Recogniser(options), None, IdleHashing(), needs).draft()


class IdleHashing(HashThreads):
    """Nothing is hashed: an inspection identifies no evidence and must not read whole files for it."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = _Idle()  # type: ignore[assignment]

    def shutdown(self) -> None:
        """There are no threads."""


class _Idle:
    def submit(self, _function: Callable[..., object], *_arguments: object) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done


class _Inspector:
    """Looks at one file."""

    def __init__(
        self,
        file: InputFile,
        options: IngestOptions,
        recogniser: Recogniser,
        projector: Projector | None,
        hashing: HashThreads,
        needs: Mapping[str, Sequence[str]],
    ) -> None:
        self._path = file.where
        self._file = file
        self._needs = needs
        self._options = options
        self._recogniser = recogniser
        self._projector = projector
        self._hashing = hashing
        self.result = Inspection(file.origin)
        self.rows: pa.Table | None = None
        self.directory_columns: frozenset[str] = frozenset()

    def inspect(self) -> _Inspector:
        """Fill in the result; a file that cannot be read is told as refused."""
        source = Source(self.result.path)
        if self._file.role != "log":
            source.refuse(self._file.role, self._file.reason)
            self.result.n_bytes = self._file.n_bytes
            self._describe(source)
            return self
        try:
            raw = RawFile(self._path, self._hashing, lambda _: None)
        except InputRefusedError as e:
            source.refuse("refused", e.message)
            self._describe(source)
            return self
        try:
            self._look(raw, source)
        except InputRefusedError as e:
            source.refuse("refused", f"{e.message}; {e.hint}" if e.hint else e.message)
        finally:
            self.result.n_bytes = raw.size
            raw.close()
        self._describe(source)
        return self

    def _look(self, raw: RawFile, source: Source) -> None:
        stream = DecodedStream(raw, self._options)
        self.result.compression, self.result.encoding = stream.compression, stream.encoding
        sniffed = sniff(raw, stream, self._recogniser.judge(self._path.name))
        self._suggest(self.records_of(raw, stream, sniffed))
        reader = self._recogniser.recognise(self._path.name, sniffed, source)
        if reader is None or source.role in ("accounts_directory", "usage"):
            return
        self._sample(frame_records(raw, stream, 0, reader, sniffed, self._options), reader)

    def _suggest(self, records: list[Any]) -> None:
        formats = self._recogniser.formats
        sample = self._recogniser.sample(self._path.name, records)
        candidates = formats.detect(sample)
        is_object = any(not isinstance(record, str) for record in records)
        is_other = formats.other_content(sample) or formats.match_accounts_directory(sample)
        if is_object and not is_other and all(candidate.format == "generic" for candidate in candidates):
            self.result.suggested_mapping = formats.draft_mapping(sample, self._needs)

    def draft(self) -> str:
        """Return a mapping file to begin with, whatever the format.

        Raises:
            InputRefusedError: the file cannot be read, or its records have no fields.
        """
        raw = RawFile(self._path, self._hashing, lambda _: None)
        try:
            stream = DecodedStream(raw, self._options)
            sniffed = sniff(raw, stream, self._recogniser.judge(self._path.name))
            records = self.records_of(raw, stream, sniffed)
        finally:
            raw.close()
        if not any(isinstance(record, dict) for record in records):
            raise InputRefusedError(
                sniffed.reason or "its records have no fields, expected a table, JSON or Parquet",
                where=show(self._path.as_posix()),
            )
        formats = self._recogniser.formats
        text: str = formats.draft_mapping(self._recogniser.sample(self._path.name, records), self._needs)
        return text

    def records_of(self, raw: RawFile, stream: DecodedStream, sniffed: Sniffed) -> list[Any]:
        """Return sampled records; lines of an unknown kind that could be a table are taken for one."""
        if sniffed.kind == "text" and sniffed.header:
            return sniff(raw, stream, replace(self._recogniser.judge(self._path.name), takes_any_csv=True)).records
        return sniffed.records

    def _sample(self, framed: Iterator[Framed], reader: Reader) -> None:
        """Project the first chunk that holds records."""
        early: list[Refusal] = []
        for item in framed:
            early += item.refusals
            if item.chunk is not None and len(item.chunk):
                self._tell_chunk(item.chunk, early)
                break
        else:
            self._tell_refusals(early)
        spec = self._recogniser.formats.load_formats()[reader.format]
        self.result.account, self.result.missing = spec.account, spec.missing

    def _tell_chunk(self, chunk: Chunk, early: list[Refusal]) -> None:
        assert self._projector is not None  # only a draft does without
        if chunk.offsets[0] >= 0:
            self.result.record_bytes = float((chunk.ends - chunk.starts).mean()) + 1
        found = process(chunk, self._projector)
        self._tell_refusals([*early, *found.refusals])
        self.result.n_out_of_scope = sum(n for n, _ in found.out_of_scope.values())
        self.result.n_sampled = found.rows.num_rows + self.result.n_refused + self.result.n_out_of_scope
        self.result.unknown_keys = tuple(sorted({key for keys in found.unknown_keys.values() for key in keys}))
        self._tell_rows(found.rows)

    def _tell_refusals(self, refusals: list[Refusal]) -> None:
        self.result.n_sampled = self.result.n_refused = len(refusals)
        self.result.refusals = [
            {"line": refusal.line, "reason": refusal.reason, "detail": show(refusal.detail)}
            for refusal in refusals[:SHOWN_REFUSALS]
        ]

    def _tell_rows(self, rows: pa.Table) -> None:
        self.rows = rows
        result = self.result
        flags = Counter(flag for row in rows.column("parse_flags").to_pylist() for flag in row or ())
        result.flags = dict(sorted(flags.items()))
        if not rows.num_rows:
            return
        result.fill = {
            column.name: _share(rows, column.name) for column in EXCHANGES.columns if column.name not in ENGINE_COLUMNS
        }
        bounds = pc.min_max(rows.column("started_at"))
        result.first_started_at, result.last_started_at = bounds["min"].as_py(), bounds["max"].as_py()
        shown = rows.select(list(SAMPLE_COLUMNS)).slice(0, SAMPLE_ROWS).to_pylist()
        result.sample = [{name: _cut(value) for name, value in row.items()} for row in shown]

    def _describe(self, source: Source) -> None:
        result = self.result
        result.role, result.reason = source.role, source.reason
        result.format, result.confidence = source.format, source.format_confidence
        if source.role == "accounts_directory" and source.directory is not None:
            columns = set(source.directory.columns)
            self.directory_columns = frozenset({"email_domain" if name == "email" else name for name in columns})


def _cut(value: object) -> object:
    is_long = isinstance(value, str) and len(value) > SAMPLE_TEXT_CHARS
    return f"{value[:SAMPLE_TEXT_CHARS]}…" if isinstance(value, str) and is_long else value


def _share(rows: pa.Table, name: str) -> float:
    column = rows.column(name)
    return round(1 - int(column.null_count) / len(column), 6)


def _evaluability(heuristic_id: str, needs: Sequence[str], rows: pa.Table, directory_columns: set[str]) -> Evaluability:
    """Return how many sampled exchanges carry every needed column; what a directory holds counts for all of them."""
    carried = None
    missing = []
    for need in needs:
        alternatives = need.split("|")
        if directory_columns & set(alternatives):
            continue
        present = [rows.column(name).is_valid() for name in alternatives if name in rows.column_names]
        if not present:
            missing.append(need)
            continue
        either = present[0]
        for other in present[1:]:
            either = pc.or_(either, other)
        if not pc.any(either).as_py():
            missing.append(need)
        carried = either if carried is None else pc.and_(carried, either)
    if missing or not rows.num_rows:
        return Evaluability(heuristic_id, 0.0, tuple(missing))
    share = 1.0 if carried is None else (pc.sum(carried).as_py() or 0) / rows.num_rows
    return Evaluability(heuristic_id, round(share, 6), ())
