"""`distilforensics run`: all stages, from logs to a sealed case with its report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode, say
from distilforensics.cli.opening import open_option, open_report
from distilforensics.cli.options import (
    calibration_options,
    case_option,
    catalog_option,
    command,
    engine_options,
    examples,
    fail_on_option,
    limits_options,
    logs_argument,
    reading_options,
    reconcile_option,
    report_options,
    sign_options,
    stated_options,
)
from distilforensics.cli.progress import progress_for
from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.signature import Key
    from distilforensics.cli.output import Output
    from distilforensics.ingest.options import IngestOptions
    from distilforensics.pipeline.calibration_files import CalibrationFiles
    from distilforensics.pipeline.run import RunResult
    from distilforensics.pipeline.steps import Step


@command(
    "run",
    epilog=examples(
        "distilforensics run exports/ --case cases/2026-017",
        "distilforensics run gateway.jsonl.gz accounts.csv --case cases/2026-017 --memory-limit 8GB --fail-on moderate",
        has_exit_codes=True,
    ),
)
@logs_argument
@case_option
@reading_options
@reconcile_option
@limits_options
@engine_options
@calibration_options
@catalog_option
@report_options
@fail_on_option
@stated_options
@sign_options
@click.option(
    "--power/--no-power",
    "is_measuring_power",
    default=None,
    help="Plant campaigns in copies of this log and report the smallest that would have been found: in full, or not at all. "
    "By default a few are planted in a short log in which nothing was found.",
)
@click.option("--extend", "is_extending", is_flag=True, help="Add these logs to a case that is sealed already.")
@open_option
@click.option("--force", "is_forced", is_flag=True, help="Start the case over; its case.toml and custody log stay.")
def run(
    logs: tuple[str, ...],
    case_dir: Path,
    options: IngestOptions,
    limits: Limits,
    calibration_files: CalibrationFiles,
    catalog: Path | None,
    fail_on: str | None,
    is_extending: bool,
    is_forced: bool,
    is_measuring_power: bool | None,
    is_opening: bool,
    report_step: Step,
    releases: Path | None,
    stated: dict[str, str],
    key: Key | None,
    output: Output,
) -> None:
    """Examine LOGS, write a sealed case and its report.

    LOGS are files and folders; accounts directories among them are recognised. The same command again goes on where
    an interrupted one was, and skips what has not changed. The last line on stdout is the path of the report.
    """
    from distilforensics.pipeline.power.stage import steps_with_power
    from distilforensics.pipeline.run import run_case
    from distilforensics.pipeline.steps import STEPS, with_report

    measured = STEPS if is_measuring_power is False else steps_with_power(case_dir, is_short=not is_measuring_power)
    steps = with_report(measured, report_step)
    with progress_for(output) as progress:
        result = run_case(
            logs,
            case_dir,
            options,
            limits,
            progress,
            is_forced=is_forced,
            is_extending=is_extending,
            calibration_files=replace(calibration_files, releases=releases),
            catalog=catalog,
            steps=steps,
            key=key,
            stated=stated,
        )
    print_summary(result, limits, output)
    if is_opening:
        open_report(result.report)
    click.get_current_context().exit(exit_code(result, fail_on))


def print_summary(result: RunResult, limits: Limits, output: Output) -> None:
    """Write the closing summary to stderr and the path of the report, or everything as JSON, to stdout."""
    from distilforensics.cli.closing import closing_json, closing_lines, is_unchanged
    from distilforensics.cli.screens import loads_of

    if not output.is_quiet:
        loads = {} if is_unchanged(result) else loads_of(result.case, result.summary, limits)
        for line in closing_lines(result, loads, output):
            say(line)
    if output.is_json:
        output.record(closing_json(result))
    else:
        output.line(str(result.report))


def exit_code(result: RunResult, fail_on: str | None) -> ExitCode:
    """Return how a run ended: partial evidence outranks findings."""
    if result.ingest.is_partial:
        return ExitCode.INPUT
    if fail_on is not None and result.summary.has_campaign_at(Grade(fail_on)):
        return ExitCode.FINDINGS
    return ExitCode.COMPLETE
