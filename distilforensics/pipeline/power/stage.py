"""The table `power` of a case: written from measurements, kept as long as log and program are those that it was made with."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from distilforensics.case import custody
from distilforensics.case.stages import StageOutcome, StageRecord, package_sha256, record_stage
from distilforensics.case.tables import n_rows_of, read_rows, write_rows
from distilforensics.core.errors import CaseError
from distilforensics.core.finding import Grade
from distilforensics.pipeline.power.parameters import FOUND_SHARE, PLANTING
from distilforensics.pipeline.steps import STEPS, Step, step_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.pipeline.power.measuring import Measurement

STAGE = "power"
MAX_SHORT_EXCHANGES = 100_000
"""Exchanges of a log up to which a run without findings measures by itself: three more analyses of it take up to a minute and a half."""
_ORDER = ("is_careful", "requests_per_day", "dilution", "n_accounts", "seed")


def work_folder(case_dir: Path) -> Path:
    """Return the folder beside a case in which copies and results of its measurement lie."""
    return case_dir.with_name(f"{case_dir.name}.power")


def steps_with_power(case_dir: Path, *, is_short: bool = False) -> tuple[Step, ...]:
    """Return all stages, with a measurement of what is usual before the report.

    Args:
        case_dir: Folder of the case.
        is_short: Measure only one kind of campaign, and only where nothing was found in a log that is short enough.
    """

    def work(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
        from distilforensics.pipeline.power.measuring import PowerOptions, measure

        return _store(case, measure(case, work_folder(case_dir), PowerOptions(), limits, progress), limits, progress)

    before = [step for step in STEPS if step.name != "report"]
    return (*before, Step(STAGE, _measure_shortly if is_short else work), step_named("report"))


def _measure_shortly(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    """Say what a silent log would have shown, in about the time of three more analyses."""
    needless = StageOutcome(STAGE, is_skipped=True, is_wanted=False)
    grades = [Grade(row["grade"]) for row in read_rows(case, "campaigns", ["grade"])]
    if any(grade.rank >= Grade.MODERATE.rank for grade in grades):
        return needless
    if n_rows_of(case, "exchanges") > MAX_SHORT_EXCHANGES:
        return needless
    # The measurement brings the simulator with it, which most runs never need.
    from distilforensics.pipeline.power.measuring import SHORT, measure, measurement_key
    from distilforensics.pipeline.power.traffic import NothingToPlantError

    if recorded_key(case) == measurement_key(case):
        return StageOutcome(STAGE, is_skipped=True)
    work = case.temporary / STAGE
    try:
        measurement = measure(case, work, SHORT, limits, progress)
        return _store(case, measurement, limits, progress) if measurement.outcomes else needless
    except NothingToPlantError:
        return needless
    finally:
        shutil.rmtree(work, ignore_errors=True)


def writing_step(measurement: Measurement) -> Step:
    """Return the step that adds a measurement to the case."""

    def work(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
        return _store(case, measurement, limits, progress)

    return Step(STAGE, work)


def drop_if_stale(case: Case, progress: Progress) -> None:
    """Remove the table if log or program have changed since it was measured."""
    if not case.table_files(STAGE):
        return
    from distilforensics.pipeline.power.measuring import measurement_key

    if recorded_key(case) == measurement_key(case):
        return
    case.table_path(STAGE).unlink()
    (case.stages / f"{STAGE}.json").unlink(missing_ok=True)
    custody.append(case, "power dropped", {"reason": "log or program have changed since it was measured"})
    progress.note("power: measured for another log or version, so it was dropped; `run --power` measures it again")


def recorded_key(case: Case) -> str | None:
    """Return what the table `power` was measured with; None if there is none."""
    path = case.stages / f"{STAGE}.json"
    record = json.loads(path.read_bytes()) if path.is_file() else {}
    key = record.get("inputs", {}).get("measurement")
    return str(key) if key else None


def _store(case: Case, measurement: Measurement, limits: Limits, progress: Progress) -> StageOutcome:
    """Add the outcomes to those that the case holds already, and renew the findings.

    Raises:
        CaseError: the case has changed since the measurement began.
    """
    from distilforensics.pipeline.power.measuring import measurement_key

    if measurement.key != measurement_key(case):
        raise CaseError("has changed since the measurement began", where=str(case.root), hint="measure it again")
    before = read_rows(case, STAGE) if case.table_files(STAGE) and recorded_key(case) == measurement.key else []
    merged = {_place(row): row for row in (*before, *(outcome.row() for outcome in measurement.outcomes))}
    rows = [{name: merged[place][name] for name in sorted(merged[place])} for place in sorted(merged)]
    if rows == [{name: row[name] for name in sorted(row)} for row in before]:
        return StageOutcome(STAGE, is_skipped=True)
    n_rows = write_rows(case, STAGE, rows)
    parameters = {"planting": PLANTING.as_dict(), "found_share": FOUND_SHARE}
    code = package_sha256("distilforensics.pipeline.power")
    record_stage(case, StageRecord(STAGE, code, {"measurement": measurement.key}, parameters), (STAGE,))
    step_named("assessment").work(case, limits, progress)
    return StageOutcome(STAGE, is_skipped=False, n_rows={STAGE: n_rows})


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _ORDER)
