"""One case of cases that were ingested apart, such as one per machine or per provider, sealed with the custody of each."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from distilforensics.case import custody, manifest
from distilforensics.case.layout import CASE_FILE, create_case, open_case
from distilforensics.case.locking import locked
from distilforensics.case.signature import SEAL_FILES
from distilforensics.case.stages import file_sha256, folder_sha256
from distilforensics.core.errors import CaseError
from distilforensics.core.text import show
from distilforensics.ingest.merging import merge_tables
from distilforensics.pipeline.power.stage import steps_with_power
from distilforensics.pipeline.record import Timing, write_record
from distilforensics.pipeline.run import recorded, run_steps, seal_timed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

ORIGINS = "origins"
"""Folder of a merged case with what says where each part comes from: custody log, run record, manifests, seal, statements, notes."""

_KEPT = (
    CASE_FILE,
    "run.json",
    "custody.jsonl",
    "notes.jsonl",
    manifest.PAYLOAD_MANIFEST,
    manifest.TAG_MANIFEST,
    *sorted(SEAL_FILES),
)


def merge_cases(
    roots: Sequence[Path], target: Path, limits: Limits, progress: Progress, secret_key: str | None = None
) -> Case:
    """Return the sealed case of all logs of several cases; these are only read.

    Raises:
        CaseError: the target exists; the cases were sealed over other files, read with other options or for other case numbers.
    """
    cases = [open_case(root) for root in roots]
    for case in cases:
        _require_sealed(case)
    _require_alike(cases)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CaseError("exists already", where=show(target), hint="choose a new folder with --out")
    merged = create_case(target)
    shutil.copyfile(cases[0].root / CASE_FILE, merged.root / CASE_FILE)
    merged = open_case(merged.root)
    with locked(merged, "case merge"), recorded(merged, "case merge", {"cases": [str(root) for root in roots]}):
        return _merge(cases, merged, limits, progress, secret_key)


def _merge(cases: Sequence[Case], merged: Case, limits: Limits, progress: Progress, secret_key: str | None) -> Case:
    started_at = custody.now()
    for folder in ("calibration", "catalog"):
        if (cases[0].root / folder).is_dir():
            shutil.copytree(cases[0].root / folder, merged.root / folder)
    for number, case in enumerate(cases, start=1):
        custody.append(merged, "case merged", _keep_origin(case, merged, number))
    tables = merge_tables(cases, merged, limits, progress, secret_key)
    shutil.rmtree(merged.temporary / "merge", ignore_errors=True)
    details = {"input_root": tables.root, "n_repeated_files": tables.n_repeated_files, "n_rows": dict(tables.n_rows)}
    custody.append(merged, "stage ingest", details)
    timings = [Timing("ingest", 0.0, is_skipped=False, n_rows=tables.n_rows)]
    timings += run_steps(merged, steps_with_power(merged.root, is_short=True), limits, progress)
    write_record(
        merged, command="case merge", started_at=started_at, limits=limits, inputs=[str(case.root) for case in cases],
        options=tables.parameters, timings=timings,
    )  # fmt: skip
    seal_timed(merged, timings, progress)
    return merged


def _keep_origin(case: Case, merged: Case, number: int) -> dict[str, Any]:
    """Copy what says where a part comes from, and return what the custody log keeps about it."""
    folder = merged.root / ORIGINS / str(number)
    folder.mkdir(parents=True, mode=0o700)
    for name in _KEPT:
        if (case.root / name).is_file():
            shutil.copyfile(case.root / name, folder / name)
    anchors = {name: file_sha256(case.root / name) for name in (manifest.PAYLOAD_MANIFEST, manifest.TAG_MANIFEST)}
    return {
        "case": str(case.root),
        "kept_in": merged.name_of(folder),
        "custody_head": custody.head(case)["hash"],
        **anchors,
    }


def _require_sealed(case: Case) -> None:
    """Refuse a case that is not what was sealed."""
    from distilforensics.case.verification import verify

    problems = verify(case).problems
    if problems:
        raise CaseError(
            f"is not as it was sealed: {show(problems[0])}",
            where=show(case.root),
            hint="distilforensics verify CASE names all differences",
        )


def _require_alike(cases: Sequence[Case]) -> None:
    numbers = {str(case.settings.get("number", "")) for case in cases}
    if len(numbers) > 1:
        raise CaseError(
            f"the cases have different numbers, {show(', '.join(sorted(numbers)))}, so that raw keys were hashed differently",
            hint="read the logs of one again with --number",
        )
    if any(folder_sha256(case, case.catalog) != folder_sha256(cases[0], cases[0].catalog) for case in cases):
        raise CaseError("the cases hold different catalogues of their own", hint="run one again with --catalog")
