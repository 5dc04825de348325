"""From logs to a sealed case: every stage in order, each step in the custody log, safe to interrupt and to repeat."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.case import custody, manifest
from distilforensics.case.layout import create_case, state
from distilforensics.case.locking import locked
from distilforensics.core.errors import CaseError
from distilforensics.pipeline.calibration_files import CalibrationFiles, copy_into_case
from distilforensics.pipeline.own_catalog import with_own_formats
from distilforensics.pipeline.power.stage import drop_if_stale
from distilforensics.pipeline.preparation import prepared
from distilforensics.pipeline.record import Timing, peak_memory, read_record, write_record
from distilforensics.pipeline.steps import STEPS, Step, ingest
from distilforensics.pipeline.summary import CaseSummary, summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.case.signature import Key
    from distilforensics.core.progress import Progress
    from distilforensics.ingest.options import IngestOptions, IngestSummary
    from distilforensics.pipeline.steps import IngestFunction

REPORT = "report/report.html"


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything that the closing summary says."""

    case: Case
    ingest: IngestSummary
    timings: tuple[Timing, ...]
    summary: CaseSummary
    anchors: Mapping[str, str]
    """Hashes that the seal recorded."""
    custody_head: str
    """Hash of the last custody entry, worth noting outside of the case."""
    peak_memory_bytes: Mapping[str, int]
    seconds: float

    @property
    def report(self) -> Path:
        """The report."""
        return self.case.root / REPORT


def run_case(
    inputs: Sequence[str],
    case_dir: Path,
    options: IngestOptions,
    limits: Limits,
    progress: Progress,
    *,
    is_forced: bool = False,
    is_extending: bool = False,
    calibration_files: CalibrationFiles | None = None,
    catalog: Path | None = None,
    steps: Sequence[Step] = STEPS,
    read: IngestFunction = ingest,
    key: Key | None = None,
    stated: Mapping[str, str] | None = None,
) -> RunResult:
    """Return the result of all stages over the logs, sealed in the case folder.

    Stages whose inputs, parameters and code have not changed are skipped, so an interrupted run goes on where it was.

    Args:
        inputs: Log files and folders as the examiner names them.
        case_dir: Case folder; created if it does not exist.
        options: How logs are read.
        limits: Memory and threads.
        progress: Where progress is reported.
        is_forced: Start over: discard tables, findings and report of an existing case. Its custody log stays.
        is_extending: Allow adding logs to a case that is sealed already.
        calibration_files: Reference and measured rates for calibration.
        catalog: Folder with heuristics, formats and explanations of the examiner's own, copied into the case; those that are there stay if omitted.
        steps: Stages after ingest.
        read: The ingest.
        key: Key that signs the seal.
        stated: What the examiner states about the case, by key of case.toml; the rest of the file stays.

    Raises:
        CaseError: the folder is no case, is in use, or is sealed over other logs.
        HeuristicError: something of the examiner's own catalogue is invalid, breaks a rule of the linter or fails its own cases.
    """
    case = create_case(case_dir)
    with locked(case, "run"):
        if stated:
            case = state(case, stated)
        if is_forced:
            start_over(case)
        elif not is_extending:
            _require_same_inputs(case, inputs)
        if calibration_files is not None:
            copy_into_case(case, calibration_files)
        if catalog is not None:
            from distilforensics.pipeline.own_catalog import check_and_put

            check_and_put(case, catalog)
        return run_locked(case, inputs, options, limits, progress, steps=steps, read=read, key=key)


def run_locked(
    case: Case,
    inputs: Sequence[str],
    options: IngestOptions,
    limits: Limits,
    progress: Progress,
    *,
    command: str = "run",
    steps: Sequence[Step] = STEPS,
    read: IngestFunction = ingest,
    key: Key | None = None,
) -> RunResult:
    """Do what `run_case` does for a caller that holds the lock of the case."""
    start, started_at = time.perf_counter(), custody.now()
    options = with_own_formats(case, options)
    with recorded(case, command, described(inputs, options)):
        timings: list[Timing] = []
        with prepared(case):
            summary = read_logs(case, inputs, options, limits, progress, timings, read)
        drop_if_stale(case, progress)
        timings.extend(run_steps(case, steps, limits, progress))
        if (skipped := [timing.stage for timing in timings if timing.is_skipped]) and len(skipped) < len(timings):
            progress.note(f"up to date, not run again: {', '.join(skipped)}")
        if key is None and all(timing.is_skipped for timing in timings) and manifest.is_current(case):
            # A new seal over the same content would only raise the question of what lay under the old one.
            custody.append(case, custody.NOTHING_CHANGED, {})
            anchors = manifest.anchors(case)
        else:
            write_record(
                case,
                command=command,
                started_at=started_at,
                limits=limits,
                inputs=inputs,
                options=options.parameters(),
                timings=timings,
            )
            anchors = seal_timed(case, timings, progress, key)
    return RunResult(
        case=case,
        ingest=summary,
        timings=tuple(timings),
        summary=summarise(case),
        anchors=anchors,
        custody_head=custody.head(case)["hash"],
        peak_memory_bytes=peak_memory(),
        seconds=time.perf_counter() - start,
    )


def described(inputs: Sequence[str], options: IngestOptions) -> dict[str, Any]:
    """Return what the custody log keeps about the logs of a run: with the shared folder every source can be found again by its name."""
    from distilforensics.ingest.evidence.inputs import shared_root

    root = options.input_root or shared_root(inputs)
    return {"inputs": list(inputs), "input_root": root, "options": options.parameters()}


def read_logs(
    case: Case,
    inputs: Sequence[str],
    options: IngestOptions,
    limits: Limits,
    progress: Progress,
    timings: list[Timing],
    read: IngestFunction = ingest,
) -> IngestSummary:
    """Ingest, say how many sources were known already, and add the timing."""
    start = time.perf_counter()
    summary = read(case, inputs, options, limits, progress)
    is_skipped = bool(summary.known) and not summary.sources
    timings.append(Timing("ingest", time.perf_counter() - start, is_skipped, summary.n_rows))
    if summary.known and not is_skipped:
        progress.note(
            f"{len(summary.known)} of the files stand in this case with the same bytes; they are not read again"
        )
    details = {"n_sources": len(summary.sources), "n_known": len(summary.known), "n_read": summary.total.n_read}
    custody.append(case, "stage ingest", details)
    return summary


def run_step(case: Case, step: Step, limits: Limits, progress: Progress) -> Timing:
    """Run one stage and record it."""
    start = time.perf_counter()
    outcome = step.work(case, limits, progress)
    if outcome.is_wanted:
        custody.append(case, f"stage {step.name}", {"is_skipped": outcome.is_skipped, "n_rows": dict(outcome.n_rows)})
    seconds = time.perf_counter() - start
    return Timing(step.name, seconds, outcome.is_skipped, outcome.n_rows, is_wanted=outcome.is_wanted)


def run_steps(case: Case, steps: Sequence[Step], limits: Limits, progress: Progress) -> list[Timing]:
    """Run the stages one after the other and return those that have anything to do in this case."""
    return [timing for step in steps if (timing := run_step(case, step, limits, progress)).is_wanted]


def seal_timed(case: Case, timings: list[Timing], progress: Progress, key: Key | None = None) -> dict[str, str]:
    """Seal the case, signed if there is a key, and add the timing, which run.json cannot contain since the seal covers it."""
    start = time.perf_counter()
    progress.begin("seal", "Writing the manifests")
    anchors = manifest.seal(case, key)
    progress.end("sealed and signed" if key else "sealed")
    timings.append(Timing("seal", time.perf_counter() - start, is_skipped=False, n_rows={}))
    return anchors


@contextmanager
def recorded(case: Case, command: str, details: Mapping[str, Any]) -> Iterator[None]:
    """Put begin and failure of a command into the custody log; success is the entry `sealed`."""
    cwd = os.getcwd()  # noqa: PTH109 - the text as the system gives it
    custody.append(case, f"{command} started", {"cwd": cwd, **details})
    try:
        yield
    except BaseException as e:
        with suppress(OSError):  # a full disk must not hide what failed first
            custody.append(case, f"{command} failed", {"error": type(e).__name__, "message": str(e)[:500]})
        raise


def start_over(case: Case) -> None:
    """Discard everything that the stages wrote; what the examiner stated and the custody log stay."""
    for folder in (case.calibration, case.catalog):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (case.data, case.findings, case.report, case.stages):
        shutil.rmtree(folder, ignore_errors=False)
        folder.mkdir()
    for name in (manifest.TAG_MANIFEST, manifest.PAYLOAD_MANIFEST, manifest.INFORMATION, manifest.DECLARATION):
        (case.root / name).unlink(missing_ok=True)
    custody.append(case, "started over", {"reason": "--force"})


def _require_same_inputs(case: Case, inputs: Sequence[str]) -> None:
    """Keep the logs of another matter out of a finished case."""
    if not (case.root / manifest.TAG_MANIFEST).is_file():
        return
    record = read_record(case)
    folder = Path(record.get("cwd", "."))
    known = {(folder / path).resolve() for path in record.get("inputs", [])}
    if {Path(path).resolve() for path in inputs} != known:
        raise CaseError(
            "is sealed and was made from other logs",
            where=str(case.root),
            hint="--extend adds these logs to it, --force starts it over, or choose another folder with --case",
        )
