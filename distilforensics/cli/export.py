"""`distilforensics export`: a case in the formats of other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import say
from distilforensics.cli.options import case_argument, command, examples, limits_options
from distilforensics.core.errors import UsageError

if TYPE_CHECKING:
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output

NAMES = ("timesketch-csv", "timesketch-jsonl", "stix", "case", "sqlite")


@command(
    "export",
    epilog=examples(
        "distilforensics export cases/2026-017 stix -o campaigns.json",
        "distilforensics export cases/2026-017 timesketch-jsonl > timeline.jsonl",
    ),
)
@case_argument
@click.argument("name", type=click.Choice(NAMES), metavar="FORMAT")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write; stdout if omitted.",
)
@click.option("--force", "is_forced", is_flag=True, help="Replace the file if it is there.")
@limits_options
def export(case_dir: Path, name: str, target: Path | None, is_forced: bool, limits: Limits, output: Output) -> None:
    """Write CASE in a form that other programs read.

    FORMAT is timesketch-csv, timesketch-jsonl, stix, case or sqlite.
    Identifiers of accounts are written as the log has them. Nothing in the case changes.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.report.exports import export_case

    case = open_case(case_dir)
    if target is None or str(target) == "-":
        export_case(case, name, limits, sys.stdout.buffer)
        return
    if target.exists() and not is_forced:
        raise UsageError("exists already", where=str(target), hint="--force replaces it")
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        export_case(case, name, limits, partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    if not output.is_quiet:
        say(f"written: {target}")
