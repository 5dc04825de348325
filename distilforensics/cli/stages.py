"""Single stages of a case: for building it step by step and for trying a changed heuristic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode, say
from distilforensics.cli.opening import open_option, open_report
from distilforensics.cli.options import (
    FILE,
    calibration_options,
    case_option,
    catalog_option,
    command,
    engine_options,
    examples,
    limits_options,
    logs_argument,
    reading_options,
    reconcile_option,
    report_options,
    sign_options,
)
from distilforensics.cli.progress import progress_for
from distilforensics.core import units
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.signature import Key
    from distilforensics.cli.output import Output
    from distilforensics.ingest.options import IngestOptions
    from distilforensics.pipeline.calibration_files import CalibrationFiles
    from distilforensics.pipeline.record import Timing
    from distilforensics.pipeline.steps import Step


@command(
    "ingest",
    epilog=examples(
        "distilforensics ingest exports/ --case cases/2026-017",
        "distilforensics ingest odd.jsonl --mapping odd.toml --case cases/2026-017",
    ),
)
@logs_argument
@case_option
@reading_options
@reconcile_option
@catalog_option
@limits_options
def ingest(
    logs: tuple[str, ...], case_dir: Path, options: IngestOptions, catalog: Path | None, limits: Limits, output: Output
) -> None:
    """Read LOGS into a case without analysing them."""
    from distilforensics.case.layout import open_case
    from distilforensics.ingest.tables.coverage import files_of
    from distilforensics.pipeline.single_stage import ingest_only

    with progress_for(output) as progress:
        summary, timing = ingest_only(logs, case_dir, options, limits, progress, catalog)
    files = files_of(open_case(case_dir), limits)
    if not output.is_json:
        _print_files(files, output)
    _print_result(timing, output, files=files)
    click.get_current_context().exit(ExitCode.INPUT if summary.is_partial else ExitCode.COMPLETE)


SHOWN_FILES = 200
"""Files that are listed on the screen; --json lists all."""


def _print_files(files: Sequence[Mapping[str, Any]], output: Output) -> None:
    """List the files with their balance and what their exchanges carry, those first that could not be read; then the reasons."""
    ordered = sorted(files, key=lambda file: file["role"] != "refused")
    names = ("account", "address", "model", "tokens", "prompt", "answer")
    rows = [
        (
            show(file["path"]), file["format"] or file["role"], file["format_confidence"] or "", *(file[f"n_{name}"] for name in _BALANCE),
            *(units.share(file["coverage"][name], 1) if file["coverage"] else "" for name in names),
        )
        for file in ordered[:SHOWN_FILES]
    ]  # fmt: skip
    output.table(("file", "format", "confidence", "read", "kept", "refused", "repeated", "outside", *names), rows)
    for file in ordered[:SHOWN_FILES]:
        if file["reason"]:
            output.line(f"{file['role']}: {show(file['path'])}: {show(file['reason'])}")
    if len(ordered) > SHOWN_FILES:
        output.line(f"and {units.count(len(ordered) - SHOWN_FILES)} more files; --json lists all")


_BALANCE = ("read", "kept", "quarantined", "duplicate", "out_of_scope")


def _run(
    name: str,
    case_dir: Path,
    limits: Limits,
    output: Output,
    step: Step | None = None,
    calibration_files: CalibrationFiles | None = None,
) -> None:
    from distilforensics.case.layout import open_case
    from distilforensics.pipeline.single_stage import run_single_stage
    from distilforensics.pipeline.steps import step_named

    with progress_for(output) as progress:
        timing = run_single_stage(open_case(case_dir), step or step_named(name), limits, progress, calibration_files)
    _print_result(timing, output)


def _print_result(timing: Timing, output: Output, **more: object) -> None:
    if output.is_json:
        output.record(
            {
                "stage": timing.stage,
                "is_skipped": timing.is_skipped,
                "seconds": round(timing.seconds, 3),
                "n_rows": dict(timing.n_rows),
                **more,
            }
        )
    elif timing.is_skipped:
        output.line(f"{timing.stage}: up to date")
    else:
        rows = ", ".join(f"{units.count(n)} {table}" for table, n in timing.n_rows.items())
        output.line(f"{timing.stage}: {rows or 'done'}")
    if not output.is_quiet and not timing.is_skipped:
        say("note: the case has to be sealed again: distilforensics seal --case DIR")


def _stage(verb: str, name: str, text: str) -> click.Command:
    """Make the command of a stage that has no options of its own."""

    def function(case_dir: Path, limits: Limits, output: Output) -> None:
        _run(name, case_dir, limits, output)

    function.__doc__ = text
    epilog = examples(
        f"distilforensics {verb} --case cases/2026-017", f"distilforensics {verb} --case cases/2026-017 --threads 2"
    )
    return command(verb, epilog=epilog)(case_option(limits_options(engine_options(function))))


features = _stage("features", "features", "Compute fingerprints and reference values.")
link = _stage("link", "linkage", "Link accounts that share rare attributes, and cluster them.")


@command(
    "report",
    epilog=examples(
        "distilforensics report --case cases/2026-017 --pdf",
        "distilforensics report --case cases/2026-017 --releases releases.csv",
    ),
)
@case_option
@report_options
@open_option
@limits_options
def report(
    case_dir: Path, is_opening: bool, limits: Limits, report_step: Step, releases: Path | None, output: Output
) -> None:
    """Render the report of a case."""
    from distilforensics.case.layout import open_case
    from distilforensics.pipeline.calibration_files import CalibrationFiles

    _run("report", case_dir, limits, output, report_step, CalibrationFiles(releases=releases))
    if is_opening:
        open_report(open_case(case_dir).report / "report.html")


@command(
    "assess",
    epilog=examples(
        "distilforensics assess --case cases/2026-017",
        "distilforensics assess --case cases/2026-017 --reference cases/last-winter --error-rates rates.json",
    ),
)
@case_option
@limits_options
@calibration_options
def assess(case_dir: Path, limits: Limits, calibration_files: CalibrationFiles, output: Output) -> None:
    """Weigh observations into graded campaigns."""
    _run("assessment", case_dir, limits, output, calibration_files=calibration_files)


@command(
    "scan",
    epilog=examples(
        "distilforensics scan --case cases/2026-017", "distilforensics scan --case cases/2026-017 --only coordination"
    ),
)
@case_option
@click.option(
    "--only",
    multiple=True,
    metavar="ID|FAMILY",
    help="Run this heuristic, this family or `leads` alone; repeat for more.",
)
@limits_options
@engine_options
def scan(case_dir: Path, only: tuple[str, ...], limits: Limits, output: Output) -> None:
    """Run the heuristics over a case."""
    from distilforensics.pipeline.steps import scan_only

    _run("heuristics", case_dir, limits, output, scan_only(only))


@command(
    "seal",
    epilog=examples(
        "distilforensics seal --case cases/2026-017 --sign key.pem",
        "distilforensics seal --case cases/2026-017 --timestamp-request",
    ),
)
@case_option
@sign_options
@click.option(
    "--timestamp-request", "is_asking", is_flag=True, help="Write seal.tsq, to be carried to a time-stamp authority."
)
@click.option(
    "--timestamp-token",
    "answer",
    type=FILE,
    metavar="FILE",
    help="Keep the authority's answer, if it stamps this seal.",
)
def seal(case_dir: Path, key: Key | None, is_asking: bool, answer: Path | None, output: Output) -> None:
    """Write the manifests of a case and close its custody log.

    With --sign the seal is signed. A time stamp takes two steps, so that this machine needs no network: --timestamp-request
    writes a request, which `curl -H "Content-Type: application/timestamp-query" --data-binary @seal.tsq URL` answers elsewhere;
    --timestamp-token puts the answer in. Neither seals again.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.pipeline.single_stage import put_stamp, request_stamp, seal_case

    if is_asking + (answer is not None) + (key is not None) > 1:
        raise click.UsageError("--sign, --timestamp-request and --timestamp-token are steps, one after the other")
    case = open_case(case_dir)
    if is_asking:
        path = request_stamp(case)
        output.record({"request": str(path)}) if output.is_json else output.line(str(path))
        return
    if answer is not None:
        when = put_stamp(case, answer)
        output.record({"stamped_at": when}) if output.is_json else output.line(f"stamped at {show(when)}")
        return
    with progress_for(output) as progress:
        anchors = seal_case(case, progress, key)
    if output.is_json:
        output.record(anchors | ({"key_sha256": key.fingerprint} if key else {}))
        return
    output.line(f"sealed; SHA-256 of tagmanifest-sha256.txt is {anchors['tagmanifest_sha256']}")
    if key:
        output.line(f"signed by {key.fingerprint}")


STAGE_COMMANDS = (ingest, features, link, scan, assess, report, seal)
"""In the order in which they depend on each other."""
