"""Single stages of a case that is built step by step; the examiner seals it when done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.case import custody
from distilforensics.case.layout import create_case
from distilforensics.case.locking import locked
from distilforensics.case.signature import keep_stamp, write_stamp_request
from distilforensics.case.stages import file_sha256
from distilforensics.pipeline.calibration_files import CalibrationFiles, copy_into_case
from distilforensics.pipeline.own_catalog import check_and_put, with_own_formats
from distilforensics.pipeline.record import Timing, read_record, write_record
from distilforensics.pipeline.run import described, read_logs, recorded, run_step, seal_timed
from distilforensics.pipeline.steps import STEPS, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.case.signature import Key
    from distilforensics.core.progress import Progress
    from distilforensics.ingest.options import IngestOptions, IngestSummary


def run_single_stage(
    case: Case, step: Step, limits: Limits, progress: Progress, calibration_files: CalibrationFiles | None = None
) -> Timing:
    """Run one stage of an existing case by itself; if it changed anything, the case has to be sealed again.

    Raises:
        CaseError: the case is in use, or an earlier stage has not run.
    """
    started_at = custody.now()
    with locked(case, step.name), recorded(case, step.name, {}):
        if calibration_files is not None:
            copy_into_case(case, calibration_files)
        timing = run_step(case, step, limits, progress)
        if not timing.is_skipped:
            _merge_record(case, step.name, started_at, limits, [timing])
    return timing


def ingest_only(
    inputs: Sequence[str],
    case_dir: Path,
    options: IngestOptions,
    limits: Limits,
    progress: Progress,
    catalog: Path | None = None,
) -> tuple[IngestSummary, Timing]:
    """Read logs into a case without analysing them; a catalogue of the examiner's own is copied into it first."""
    case, started_at = create_case(case_dir), custody.now()
    timings: list[Timing] = []
    with locked(case, "ingest"), recorded(case, "ingest", described(inputs, options)):
        if catalog is not None:
            check_and_put(case, catalog)
        options = with_own_formats(case, options)
        summary = read_logs(case, inputs, options, limits, progress, timings)
        if not timings[0].is_skipped:
            _merge_record(case, "ingest", started_at, limits, timings, inputs, options.parameters())
    return summary, timings[0]


def seal_case(case: Case, progress: Progress, key: Key | None = None) -> dict[str, str]:
    """Seal a case whose stages were run one by one, or sign one that is sealed."""
    with locked(case, "seal"):
        return seal_timed(case, [], progress, key)


def request_stamp(case: Case) -> Path:
    """Return the request for a time stamp over the seal of a case, and note that it was made."""
    with locked(case, "seal"):
        path = write_stamp_request(case)
        custody.append(case, "time stamp asked for", {"request_sha256": file_sha256(path)})
        return path


def put_stamp(case: Case, answer: Path) -> str:
    """Return the time at which the seal of a case was stamped, after keeping the authority's answer."""
    with locked(case, "seal"):
        when = keep_stamp(case, answer)
        custody.append(case, "time stamp put in", {"stamped_at": when})
        return when


def _merge_record(
    case: Case,
    command: str,
    started_at: str,
    limits: Limits,
    timings: Sequence[Timing],
    inputs: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> None:
    """Write run.json so that it also keeps the other stages of a case that is built stage by stage."""
    before = read_record(case)
    done = {timing.stage for timing in timings}
    earlier = [Timing(**stage) for stage in before.get("stages", []) if stage["stage"] not in done]
    order = ["ingest", *(step.name for step in STEPS if step.name != "report"), "power", "report"]
    write_record(
        case,
        command=command,
        started_at=started_at,
        limits=limits,
        inputs=inputs or before.get("inputs", []),
        options=options or before.get("options", {}),
        timings=sorted([*earlier, *timings], key=lambda timing: order.index(timing.stage)),
    )
