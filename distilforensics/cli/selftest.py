"""`distilforensics selftest`: known answers on this machine, and how small a campaign a log would have shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode, say
from distilforensics.cli.options import CASE_DIR, Share, command, examples, limits_options
from distilforensics.cli.progress import progress_for
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.power.measuring import Measurement, PowerOptions


class Listed(click.ParamType[tuple]):  # type: ignore[type-arg]
    """Values separated by commas."""

    name = "list"

    def __init__(self, kind: click.ParamType) -> None:  # type: ignore[type-arg]
        """Set the type of one value."""
        self.kind = kind

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[object, ...]:
        """Return the values."""
        if isinstance(value, tuple):
            return value
        return tuple(self.kind.convert(part.strip(), param, ctx) for part in str(value).split(","))


@command(
    "selftest",
    epilog=examples(
        "distilforensics selftest",
        "distilforensics selftest --inject cases/2026-017 --max-minutes 60 --write",
        has_exit_codes=True,
    ),
)
@click.option(
    "--inject", "case_dir", type=CASE_DIR, metavar="CASE", help="Plant campaigns in copies of the log of this case."
)
@click.option(
    "--sizes", type=Listed(click.IntRange(min=2)), metavar="N,...", help="Accounts; 10,20,30,40,80,160 if omitted."
)
@click.option(
    "--dilutions",
    type=Listed(Share()),
    metavar="SHARE,...",
    help="Shares of the accounts' traffic that belongs to others; 0,50%,70% if omitted.",
)
@click.option(
    "--requests",
    type=Listed(click.IntRange(min=1)),
    metavar="N,...",
    help="Requests per account and day; the log's median and 26 if omitted.",
)
@click.option(
    "--careful", "is_careful", is_flag=True, help="Plant accounts that share no card, address or sign-up time."
)
@click.option("--seeds", type=click.IntRange(min=1), default=1, show_default=True, help="Repetitions of each campaign.")
@click.option(
    "--max-minutes", type=click.FloatRange(min=0), default=30.0, show_default=True, help="No campaign is begun later."
)
@click.option("--work", type=CASE_DIR, metavar="DIR", help="Folder for copies and results; CASE.power if omitted.")
@click.option("--write", "is_writing", is_flag=True, help="Add the result to the case, renew its report, seal it.")
@limits_options
def selftest(
    case_dir: Path | None,
    sizes: tuple[int, ...] | None,
    dilutions: tuple[float, ...] | None,
    requests: tuple[int, ...] | None,
    is_careful: bool,
    seeds: int,
    max_minutes: float,
    work: Path | None,
    is_writing: bool,
    limits: Limits,
    output: Output,
) -> None:
    """Check this installation, or the power of a case.

    Without --inject: heuristics on their cases, a simulated log with its known result, a damaged case, in a temporary
    folder. Exit with 4 if an answer differs.

    With --inject: campaigns of several sizes are planted in copies of the log of CASE; the smallest that would have
    been found at moderate or better is reported. CASE is not written unless --write is given. The same command
    again goes on where an interrupted one was. Exit with 4 if an innocent account is accused that was not before.
    """
    if case_dir is None:
        if is_writing:
            raise click.UsageError("--write needs --inject CASE")
        _check_installation(limits, output)
        return
    from distilforensics.pipeline.power.measuring import PowerOptions

    chosen = {
        "sizes": tuple(sorted(set(sizes or ()))),
        "dilutions": tuple(sorted(set(dilutions or ()))),
        "requests_per_day": tuple(sorted(set(requests or ()))),
    }
    given: dict[str, object] = {name: values for name, values in chosen.items() if values}
    choices = PowerOptions(
        **given,  # type: ignore[arg-type] # converted by click
        is_careful=is_careful,
        seeds=tuple(range(1, seeds + 1)),
        max_seconds=max_minutes * 60,
    )
    _measure(case_dir, choices, work, limits, output, is_writing=is_writing)


def _check_installation(limits: Limits, output: Output) -> None:
    from distilforensics.pipeline.selftest import run_selftest

    with progress_for(output) as progress:
        checks = run_selftest(limits, progress)
    rows = [(c.name, "passed" if c.is_passed else "FAILED", c.expected, c.found, round(c.seconds, 1)) for c in checks]
    output.rows(("check", "result", "expected", "found", "seconds"), rows)
    failed = [check.name for check in checks if not check.is_passed]
    if not output.is_json:
        output.line()
        output.line(
            f"FAILED: {', '.join(failed)}; do not use this installation for casework"
            if failed
            else f"All {len(checks)} known answers came out on this machine."
        )
    click.get_current_context().exit(ExitCode.HEURISTIC if failed else ExitCode.COMPLETE)


def _measure(
    case_dir: Path, choices: PowerOptions, work: Path | None, limits: Limits, output: Output, *, is_writing: bool
) -> None:
    from distilforensics.case.layout import open_case
    from distilforensics.pipeline.power.measuring import measure
    from distilforensics.pipeline.power.stage import work_folder, writing_step
    from distilforensics.pipeline.single_stage import run_single_stage, seal_case
    from distilforensics.pipeline.steps import step_named

    case = open_case(case_dir)
    folder = work or work_folder(case_dir)
    with progress_for(output) as progress:
        measurement = measure(case, folder, choices, limits, progress)
        if is_writing:
            for step in (writing_step(measurement), step_named("report")):
                run_single_stage(case, step, limits, progress)
            seal_case(case, progress)
    _print_result(measurement, output, is_written=is_writing)
    n_innocents = sum(outcome.n_innocents for outcome in measurement.outcomes)
    click.get_current_context().exit(ExitCode.HEURISTIC if n_innocents else ExitCode.COMPLETE)


_COLUMNS: dict[str, Callable[[dict[str, object]], object]] = {
    "requests a day": lambda row: row["requests_per_day"],
    "other traffic": lambda row: units.share(float(str(row["dilution"])), 1),
    "accounts": lambda row: row["n_accounts"],
    "exchanges each": lambda row: row["exchanges_per_account"],
    "accounts found": lambda row: row["n_found"],
    "grade": lambda row: row["grade"] or "none",
    "result": lambda row: "found" if row["is_found"] else "missed",
    "innocents": lambda row: row["n_innocents"],
    "seed": lambda row: row["seed"],
    "seconds": lambda row: row["seconds"],
}


def _print_result(measurement: Measurement, output: Output, *, is_written: bool) -> None:
    rows = [{**outcome.row(), "seconds": round(outcome.seconds, 1)} for outcome in measurement.outcomes]
    if output.is_json:
        for row in rows:
            output.record(row)
        output.record(
            {"statements": measurement.statements, "is_complete": measurement.is_complete, "is_written": is_written}
        )
        return
    output.table(tuple(_COLUMNS), [[value(row) for value in _COLUMNS.values()] for row in rows])
    output.line()
    for statement in measurement.statements:
        output.line(statement)
    if not any(outcome.n_innocents for outcome in measurement.outcomes):
        output.line("No account that was not planted was accused because of a planted campaign.")
    if output.is_quiet:
        return
    if measurement.left_out:
        say(f"note: larger campaigns would drown the log; planted were at most {'; '.join(measurement.left_out)}")
    if not measurement.is_complete:
        say("note: time ran out before every boundary was known; the same command again goes on")
    if not is_written:
        say("note: nothing was written to the case; --write adds it, renews the report and seals the case")
