"""`distilforensics evaluate`: error rates of a case against labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.options import FILE, GRADE, case_argument, command, examples
from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.cli.output import Output


@command(
    "evaluate",
    epilog=examples(
        "distilforensics evaluate cases/simulated --labels simulated/pool/labels.csv",
        "distilforensics evaluate cases/simulated --labels labels.csv --min-grade strong --json",
    ),
)
@case_argument
@click.option(
    "--labels",
    type=FILE,
    required=True,
    metavar="FILE",
    help="CSV or JSON lines with account_id, campaign_id and role.",
)
@click.option(
    "--min-grade",
    type=GRADE,
    default=Grade.MODERATE.value,
    show_default=True,
    help="Lowest grade that counts as an accusation.",
)
def evaluate(case_dir: Path, labels: Path, min_grade: str, output: Output) -> None:
    """Measure error rates of CASE against labels."""
    from distilforensics.evaluation import evaluate as compare

    result = compare(case_dir, labels, min_grade=min_grade)
    if output.is_json:
        output.record(result.as_dict())
        return
    for line in result.as_lines():
        output.line(line)
