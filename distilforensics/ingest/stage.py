"""The ingest: from files to the tables `exchanges`, `sources`, `quarantine`, `duplicates`, `out_of_scope`, `accounts_directory` and `usage_sums`."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from distilforensics.case.archives import SEPARATOR
from distilforensics.case.evidence import places
from distilforensics.core.errors import CaseError, InputRefusedError, PartialEvidenceError
from distilforensics.core.text import show
from distilforensics.core.units import count
from distilforensics.ingest.batch import FORMATS_MODULE, Batch, Settings
from distilforensics.ingest.evidence.inputs import InputFile, expand, not_read
from distilforensics.ingest.evidence.members import with_members
from distilforensics.ingest.evidence.raw import SMALL_FILE_BYTES, fingerprint
from distilforensics.ingest.evidence.sources import printable
from distilforensics.ingest.reading import assembly
from distilforensics.ingest.reading.journal import Journal, part_name
from distilforensics.ingest.reading.supervision import Worker
from distilforensics.ingest.secrets import Secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.ingest.options import IngestOptions, IngestSummary

MAX_BATCH_FILES = 4096
"""Small files per part, so that a crash or an interruption loses little."""


def ingest(
    case: Case,
    inputs: Sequence[str],
    options: IngestOptions,
    limits: Limits,
    progress: Progress,
    *,
    formats_module: str = FORMATS_MODULE,
) -> IngestSummary:
    """Read logs into the case and return what became of every file and every record.

    Sources that the case holds already are not read again. After an interruption the next call goes on with the missing batches and the
    result has the same bytes as that of an uninterrupted run.

    Args:
        case: The case; the caller holds its lock.
        inputs: Files, folders and patterns.
        options: The examiner's choices.
        limits: Memory and threads; they change speed, never results.
        progress: Is told rows, bytes and files.
        formats_module: Module of the log formats.

    Raises:
        UsageError: an input names nothing, or an option cannot be used.
        CaseError: the case was read with other options and these inputs do not cover its sources.
        InputRefusedError: not a single log could be read.
        PartialEvidenceError: the record balance does not close.
    """
    copies = case.temporary / "members"
    shutil.rmtree(copies, ignore_errors=True)
    try:
        files = with_members(expand(inputs, case.root, options.input_root), copies)
        return _ingest(case, inputs, files, options, limits, progress, formats_module)
    finally:
        shutil.rmtree(copies, ignore_errors=True)


def _ingest(
    case: Case,
    inputs: Sequence[str],
    files: Sequence[InputFile],
    options: IngestOptions,
    limits: Limits,
    progress: Progress,
    formats_module: str,
) -> IngestSummary:
    start = time.perf_counter()
    for name in not_read(inputs):
        progress.note(
            f"{show(name)} is not read: a link to a folder, a pipe, a device or a dangling link; name it itself to read it"
        )
    journal = Journal(case, options)
    _require_same_choices(case, journal, files, progress)
    journal.clean()
    shutil.rmtree(case.temporary / "ingest", ignore_errors=True)
    usage = _named_usage(files, options.usage)
    fresh, known = _unknown_files(case, files, journal, usage)
    n_before = len(journal.batches)
    key = case_key(case, options)
    settings = Settings(options, key, limits.threads, limits.memory_bytes, formats_module)
    if fresh:
        _read_batches(case, fresh, settings, journal, progress, usage)
    n_rows = assembly.assemble(case, journal, limits, Secrets(key), progress)
    summary = assembly.summarise(case, journal.batches[n_before:], known, options, n_rows, time.perf_counter() - start)
    _require_sound(summary)
    return summary


def case_key(case: Case, options: IngestOptions) -> bytes:
    """Return the key of the hashes that replace raw API keys: the same case number and secret give the same hashes."""
    number = str(case.settings.get("number", ""))
    return hmac.new((options.secret_key or "").encode(), f"distilforensics\0{number}".encode(), hashlib.sha256).digest()


def _require_same_choices(case: Case, journal: Journal, files: Sequence[InputFile], progress: Progress) -> None:
    """Rebuild everything if it was read with other options or another version; refuse if sources would be lost."""
    if not journal.outdated:
        return
    paths = {file.name for file in files} | {_absolute(file.origin) for file in files}
    stated = {row["path"] for batch in journal.outdated for row in batch.rows()}
    missing = sorted(path for path in stated if paths.isdisjoint({path, *map(_absolute, places(case, path))}))
    if missing:
        raise CaseError(
            f"was read with other options or another version, and {count(len(missing))} of its sources are not among the inputs, "
            f"such as {show(missing[0])}",
            hint="name all sources again, or begin a new case",
        )
    progress.note("options or program have changed since this case was read: all sources are read again")
    journal.batches = []
    journal.forget_assembled()


def _absolute(path: str | Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - links stay as the examiner sees them


def _named_usage(files: Sequence[InputFile], named: Sequence[str]) -> frozenset[str]:
    """Return the paths of the files that the examiner named as usage exports, members of archives and files of folders included."""
    roots = [_absolute(path) for path in named]

    def is_below(file: InputFile) -> bool:
        origin = _absolute(file.origin)
        return any(origin == root or origin.startswith((f"{root}/", f"{root}{SEPARATOR}")) for root in roots)

    return frozenset(file.path for file in files if is_below(file))


def _unknown_files(
    case: Case, files: Sequence[InputFile], journal: Journal, usage: frozenset[str]
) -> tuple[list[InputFile], list[str]]:
    """Return the files that have to be read, and the paths of those whose bytes the case holds under the same name or from the same place.

    Refused files are read again: what was in the way may be gone.

    Raises:
        CaseError: a file that is named as a usage export has been read as something else.
    """
    roles = {(row["path"], row["source_sha256"]): row["role"] for batch in journal.batches for row in batch.rows()}
    held: dict[tuple[int, str], set[str]] = {}
    for row in (row for batch in journal.batches for row in batch.rows() if row["role"] != "refused"):
        held.setdefault((row["n_bytes"], row["source_sha256"]), set()).add(row["path"])
    sizes = {n_bytes for n_bytes, _ in held}
    fresh, known = [], []
    for file in files:
        sha256 = _hash_of(file) if file.n_bytes in sizes else ""
        names = held.get((file.n_bytes, sha256), set())
        if file.name in names or any(
            _absolute(file.origin) in map(_absolute, places(case, name)) for name in sorted(names)
        ):
            role = roles[min(names), sha256]
            if file.path in usage and role not in ("usage", "duplicate_file"):
                raise CaseError(
                    f"has been read as {role} already, and is named as a usage export now",
                    where=show(file.origin),
                    hint="read all sources again with: distilforensics run LOGS... --case DIR --force",
                )
            known.append(file.origin)
        else:
            fresh.append(file)
    return fresh, known


def _hash_of(file: InputFile) -> str:
    """Return the hash of a file; of one that cannot be read none, so that it is read, refused and named."""
    try:
        return fingerprint(Path(file.path)).sha256
    except InputRefusedError:
        return ""


def batches_of(files: Sequence[InputFile]) -> Iterator[list[InputFile]]:
    """Yield the files in groups that become one part: every large file alone, small ones together up to the size of a large one."""
    group: list[InputFile] = []
    n_bytes = 0
    for file in files:
        is_large = file.n_bytes > SMALL_FILE_BYTES
        if group and (is_large or n_bytes + file.n_bytes > SMALL_FILE_BYTES or len(group) >= MAX_BATCH_FILES):
            yield group
            group, n_bytes = [], 0
        group.append(file)
        n_bytes += file.n_bytes
        if is_large:
            yield group
            group, n_bytes = [], 0
    if group:
        yield group


@dataclass(slots=True)
class _Hashes:
    """The hashes of the sources read so far, to find copies and pairs that share the beginning of their hash."""

    by_size: dict[int, dict[str, str]] = field(default_factory=dict)
    by_prefix: dict[str, str] = field(default_factory=dict)

    def add(self, row: dict[str, object]) -> None:
        sha256, path = str(row["source_sha256"]), str(row["path"])
        if row["source_sha256"] is None or row["role"] == "refused":
            return
        other = self.by_prefix.setdefault(sha256[:16], sha256)
        if other != sha256:
            raise InputRefusedError(
                f"its SHA-256 begins with the same 16 digits as another source's ({sha256[:16]}), so record ids would not be unique",
                where=path,
                hint="examine this file in a case of its own",
            )
        self.by_size.setdefault(int(str(row["n_bytes"])), {}).setdefault(sha256, path)

    def of_sizes(self, files: Sequence[InputFile]) -> dict[str, str]:
        """Return hash -> path of the sources that have the size of one of these files."""
        return {
            sha256: path
            for size in {file.n_bytes for file in files}
            for sha256, path in self.by_size.get(size, {}).items()
        }


def _read_batches(
    case: Case,
    files: Sequence[InputFile],
    settings: Settings,
    journal: Journal,
    progress: Progress,
    usage: frozenset[str],
) -> None:
    hashes = _Hashes()
    for committed in journal.batches:
        for row in committed.rows():
            hashes.add(row)
    progress.begin("ingest", "Reading logs", total_bytes=sum(file.n_bytes for file in files))
    n_read = 0
    try:
        with Worker(settings, progress) as worker:
            for group in batches_of(files):
                number = journal.next_number
                folder = case.temporary / "ingest" / f"{number:06d}"
                paths, names = tuple(file.path for file in group), tuple(printable(file.name) for file in group)
                batch = Batch(
                    part_name(number),
                    folder,
                    paths,
                    names,
                    hashes.of_sizes(group),
                    usage=usage.intersection(paths),
                    settled=_settled(group),
                )
                sources = worker.read(batch)
                for stored in sources:
                    hashes.add(stored["row"])
                    n_read += stored["row"]["n_read"]
                if not journal.holds(sources):
                    journal.forget_assembled()
                    journal.commit(number, folder, batch.part, sources)
    finally:
        shutil.rmtree(case.temporary / "ingest", ignore_errors=True)
    progress.end(f"{count(len(files))} files, {count(n_read)} records")


def _settled(group: Sequence[InputFile]) -> dict[str, tuple[str, str]]:
    return {file.path: (file.role, file.reason) for file in group if file.role != "log"}


def _require_sound(summary: IngestSummary) -> None:
    for source in summary.sources:
        if not source.balance.is_closed:
            raise PartialEvidenceError(f"the balance does not close: {source.balance}", where=show(source.path))
    if not summary.has_log:
        reasons = sorted({f"{show(source.path)}: {show(source.reason or source.role)}" for source in summary.sources})
        raise InputRefusedError(
            "no log could be read\n  " + "\n  ".join(reasons[:10] or ["the inputs hold no files"]),
            hint="see what the tool makes of a file with: distilforensics inspect FILE",
        )
