"""Computing a case again from its evidence, elsewhere, and comparing every byte: whoever holds both need not trust whoever made the case.

The evidence is found by its recorded hashes and laid out under its recorded names, so that it may lie anywhere. Options, statements, own
heuristics and calibration are those of the case.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from distilforensics.case import custody
from distilforensics.case.archives import SEPARATOR
from distilforensics.case.evidence import find_source, name_on_disk
from distilforensics.case.layout import CASE_FILE, create_case, read_json
from distilforensics.case.stages import file_sha256
from distilforensics.core.errors import IntegrityError, UsageError
from distilforensics.core.text import show
from distilforensics.ingest.evidence.inputs import InputFile
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest.stage import batches_of
from distilforensics.pipeline.comparison import CAUSES, compare_cases
from distilforensics.pipeline.own_catalog import check_and_put, with_own_formats
from distilforensics.pipeline.power.stage import STAGE as POWER
from distilforensics.pipeline.record import write_record
from distilforensics.pipeline.steps import STEPS, ingest, report_step, with_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.pipeline.comparison import Difference
    from distilforensics.pipeline.steps import Step

Row = dict[str, Any]
"""Row of table `sources`, as the record of a batch has it."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of computing a case again."""

    results: tuple[Difference, ...]
    """Tables, files, campaigns and accounts that came out otherwise: first as the case has it, second as computed."""
    explanations: tuple[Difference, ...]
    """Recorded things that differ between the two runs and may explain the results, such as a version."""
    causes: tuple[str, ...]
    """The same in words; that nothing recorded explains it, if so."""
    n_tables: int
    n_files: int
    """Files of findings and report besides tables."""
    n_sources: int
    """Evidence files read."""
    has_power: bool
    """A measurement of power was taken over and not repeated."""

    @property
    def is_equal(self) -> bool:
        """Every byte of every table, finding and page came out the same."""
        return not self.results


def replay(
    case: Case,
    limits: Limits,
    progress: Progress,
    *,
    evidence_root: Path | None = None,
    mappings: Sequence[Path] = (),
    secret_key: str | None = None,
) -> Replay:
    """Return what differs if a case is computed again in a temporary folder; the case is only read.

    Args:
        case: The case.
        limits: Memory and threads.
        progress: Where progress is reported.
        evidence_root: Folder below which the evidence lies now; by default it is looked for where the runs were started.
        mappings: Mapping files of the case, which it holds without their comments; they are told by their hashes.
        secret_key: Secret of the case, if it was made with one.

    Raises:
        UsageError: evidence, a mapping file or the secret is not at hand.
        IntegrityError: the records of the case cannot be read.
    """
    batches = _batches(case)
    options = _options(batches[0]["parameters"], mappings, secret_key)
    rounds = _rounds([batch["sources"] for batch in batches])
    with tempfile.TemporaryDirectory(prefix="distilforensics-replay-") as work:
        again = create_case(Path(work) / "case")
        _take_over(case, again)
        again = create_case(again.root)  # with the statements of the case
        started_at = custody.now()
        folders = [Path(work) / f"evidence-{number}" for number in range(len(rounds))]
        n_sources = _lay_out(case, rounds, folders, evidence_root)
        for rows, folder in zip(rounds, folders, strict=True):
            named = dataclasses.replace(options, input_root=str(folder), usage=_named_usage(rows, folder))
            ingest(again, [str(folder)], with_own_formats(again, named), limits, progress)
        for step in with_report(STEPS, _report_of(case)):
            if (case.stages / f"{step.name}.json").is_file():
                step.work(again, limits, progress)
        write_record(
            again, command="replay", started_at=started_at, limits=limits, inputs=(), options=options.parameters(), timings=()
        )  # fmt: skip
        compared = compare_cases(case, again)
        return Replay(
            results=tuple(d for d in compared.differences if d.kind not in CAUSES),
            explanations=tuple(d for d in compared.differences if d.kind in CAUSES),
            causes=compared.causes,
            n_tables=sum(1 for _ in again.existing_tables()),
            n_files=sum(1 for path in _results(again) if path.suffix != ".parquet"),
            n_sources=n_sources,
            has_power=bool(again.table_files(POWER)),
        )


def _results(case: Case) -> Iterator[Path]:
    return (path for folder in (case.findings, case.report) for path in folder.rglob("*") if path.is_file())


def _batches(case: Case) -> list[dict[str, Any]]:
    """Return the records of the batches that were read, in order.

    Raises:
        IntegrityError: there is none, or one is no record.
    """
    found = []
    for path in sorted((case.stages / "ingest").glob("[0-9]*/batch.json")):
        record = read_json(path)
        try:
            rows = [_row(source["row"]) for source in record["sources"]]
        except (KeyError, TypeError) as e:
            raise IntegrityError("is no record of what was read", where=show(case.name_of(path))) from e
        found.append({"parameters": record.get("parameters"), "sources": rows})
    if not found:
        raise IntegrityError("has no record of what was read", where=show(case.root))
    return found


def _row(stored: Mapping[str, Any]) -> Row:
    row = {key: stored[key] for key in ("path", "role", "source_sha256", "n_bytes")}
    kinds: tuple[Any, ...] = (str, str, (str, type(None)), (int, type(None)))
    if not all(isinstance(value, kind) for value, kind in zip(row.values(), kinds, strict=True)):
        raise TypeError
    return row


def _options(recorded: object, mappings: Sequence[Path], secret_key: str | None) -> IngestOptions:
    """Return the options with which a case was read.

    Raises:
        UsageError: a mapping file or the secret is missing or another one.
        IntegrityError: they are no options.
    """
    known: dict[str, Any] = recorded if isinstance(recorded, dict) else {}
    by_hash = {file_sha256(path): path for path in mappings}
    try:
        stated = [(str(mapping["name"]), str(mapping["sha256"])) for mapping in known["mappings"]]
        options = IngestOptions(
            format=known["format"],
            account_field=known["account_field"],
            assume_time_zone=known["assume_time_zone"],
            log_began=None if known["log_began"] is None else datetime.fromisoformat(known["log_began"]),
            is_content_free=known["content_free"],
            secret_key=secret_key if known["secret_key_sha256"] else None,
            mappings=tuple(by_hash.get(sha256, Path(name)) for name, sha256 in stated),
            max_line_bytes=known["max_line_bytes"],
            max_ratio=known["max_ratio"],
            max_decoded_bytes=known["max_decoded_bytes"],
            max_malformed=1.0,
        )
    except (KeyError, TypeError, ValueError) as e:
        raise IntegrityError("the recorded options cannot be read") from e
    for name, sha256 in stated:
        if sha256 not in by_hash:
            message = f"the mapping file {show(name)} with SHA-256 {show(sha256)} is needed"
            raise UsageError(message, hint="name it with --mapping FILE")
    if options.parameters()["secret_key_sha256"] != known["secret_key_sha256"]:
        raise UsageError("the secret with which the logs were read is needed", hint="--secret-file FILE")
    return options


def _named_usage(rows: Sequence[Row], folder: Path) -> tuple[str, ...]:
    """Return the usage exports that the examiner had to name, since no format knows them."""
    return tuple(str(folder / row["path"]) for row in rows if row["role"] == "usage" and row["format"] is None)


def _rounds(batches: Sequence[Sequence[Row]]) -> list[list[Row]]:
    """Return the sources in as few ingests as give the same batches: logs that were added later were read in a round of their own."""
    rounds: list[list[Sequence[Row]]] = []
    for batch in batches:
        if rounds and _gives([*rounds[-1], batch]):
            rounds[-1].append(batch)
        else:
            rounds.append([batch])
    return [[row for batch in batches_read for row in batch] for batches_read in rounds]


def _gives(batches: Sequence[Sequence[Row]]) -> bool:
    """Tell whether one ingest of all these sources would put them into these batches."""
    files = [InputFile(row["path"], row["path"], row["n_bytes"] or 0) for batch in batches for row in batch]
    if len({file.name for file in files}) < len(files):
        return False
    stated = [sorted(row["path"] for row in batch) for batch in batches]
    return stated == [[file.name for file in group] for group in batches_of(sorted(files))]


def _lay_out(case: Case, rounds: Sequence[Sequence[Row]], folders: Sequence[Path], evidence_root: Path | None) -> int:
    """Put links to the evidence of each round under its recorded names into a folder, and return their number.

    Raises:
        UsageError: evidence is not at hand, or its recorded name leads out of the folder.
    """
    placed, absent = 0, []
    for row, folder in _files(rounds, folders):
        name = PurePosixPath(name_on_disk(row["path"]))
        if name.is_absolute() or ".." in name.parts:
            raise UsageError("lies outside of the folder of the evidence", where=show(row["path"]))
        found = find_source(case, row, evidence_root)
        if found is None:
            absent.append(show(row["path"]))
        else:
            _place(found, folder / name, row["n_bytes"])
            placed += 1
    if absent:
        all_files = f"{len(absent)} of {placed + len(absent)} evidence files"
        raise UsageError(
            f"{all_files} are not at hand with their recorded bytes, such as {absent[0]}",
            hint="name the folder in which they lie: --logs DIR",
        )
    return placed


def _files(rounds: Sequence[Sequence[Row]], folders: Sequence[Path]) -> Iterator[tuple[Row, Path]]:
    """Yield the sources that are files with a known hash; members are read from their archives."""
    for rows, folder in zip(rounds, folders, strict=True):
        archives = {f"{row['path']}{SEPARATOR}" for row in rows if row["role"] == "archive"}
        folder.mkdir()
        for row in rows:
            if row["source_sha256"] is not None and not any(row["path"].startswith(archive) for archive in archives):
                yield row, folder


def _place(found: Path, target: Path, n_bytes: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if found.stat().st_size == n_bytes:
        target.symlink_to(found.resolve())
        return
    shutil.copyfile(found, target)  # it has grown since: what was read of it
    os.truncate(target, n_bytes)


def _take_over(case: Case, again: Case) -> None:
    """Copy what the examiner put into the case, and a measurement of power, which is work of its own."""
    if case.notes.is_file():  # those that the report knew; later ones are in no page
        known = _parameters(case, "report").get("notes")
        n_known = known.get("n_notes") if isinstance(known, dict) else 0
        lines = case.notes.read_bytes().splitlines(keepends=True)
        again.notes.write_bytes(b"".join(lines[:n_known] if isinstance(n_known, int) else []))
    shutil.copyfile(case.root / CASE_FILE, again.root / CASE_FILE)
    if case.calibration.is_dir():
        shutil.copytree(case.calibration, again.calibration)
    if case.catalog.is_dir():
        check_and_put(again, case.catalog)
        shutil.copyfile(case.catalog / "catalog.json", again.catalog / "catalog.json")
    for path in (case.table_path(POWER), case.stages / f"{POWER}.json"):
        if path.is_file():
            (again.root / case.name_of(path)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, again.root / case.name_of(path))


def _report_of(case: Case) -> Step:
    """Return the step that writes the report as the case has it."""
    known = _parameters(case, "report")
    return report_step(
        is_with_pdf=bool(known.get("pdf")),
        language=str(known.get("language") or "") or None,
        is_redacted=bool(known.get("redacted")),
    )


def _parameters(case: Case, stage: str) -> dict[str, Any]:
    parameters = read_json(case.stages / f"{stage}.json").get("parameters")
    return parameters if isinstance(parameters, dict) else {}
