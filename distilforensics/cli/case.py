"""`distilforensics case`: what is done to whole cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.options import CASE_DIR, CONTEXT, FILE, command, examples, limits_options
from distilforensics.cli.progress import progress_for
from distilforensics.core.text import show

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output


@click.group(
    "case",
    context_settings=CONTEXT,
    epilog=examples(
        "distilforensics case merge cases/east cases/west --out cases/both",
        "distilforensics case merge cases/gateway cases/cloud --out cases/2026-017 --threads 2",
    ),
)
def case() -> None:
    """Join cases whose logs were read apart."""


@command(
    "merge",
    epilog=examples(
        "distilforensics case merge cases/east cases/west --out cases/both",
        "distilforensics case merge cases/gateway cases/cloud --out cases/2026-017 --threads 2",
        has_exit_codes=True,
    ),
)
@click.argument("cases", type=CASE_DIR, nargs=-1, required=True, metavar="CASE...")
@click.option("--out", "target", type=CASE_DIR, required=True, metavar="DIR", help="Folder of the new case.")
@click.option("--secret-file", type=FILE, metavar="FILE", help="Secret of the cases, if they were read with one.")
@limits_options
def merge(cases: tuple[Path, ...], target: Path, secret_file: Path | None, limits: Limits, output: Output) -> None:
    """Make one case of several, as if all logs had been read at once.

    The logs are not read again. The cases must be intact, of one number, and read with the same options by this version.
    Duplicates across them are found, and everything from the features on is computed anew. Statements and calibration are
    those of the first. Custody log, manifests, seal and notes of each are kept in origins/ and sealed.
    """
    from distilforensics.pipeline.merge import merge_cases

    if len(cases) < 2:
        raise click.UsageError("name two cases or more")
    secret = secret_file.read_text(encoding="utf-8").strip() if secret_file else None
    with progress_for(output) as progress:
        merged = merge_cases(cases, target, limits, progress, secret)
    output.record({"case": str(merged.root)}) if output.is_json else output.line(
        show(merged.root / "report/report.html")
    )


case.add_command(merge)
