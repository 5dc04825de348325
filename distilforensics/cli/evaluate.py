"""`distilforensics evaluate`: error rates of a case against labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilforensics.cli.options import FILE, GRADE, case_argument, command, examples
from distilforensics.core.finding import Grade
from distilforensics.core.text import show

if TYPE_CHECKING:
    from distilforensics.cli.output import Output


@command(
    "evaluate",
    epilog=examples(
        "distilforensics evaluate cases/simulated --labels simulated/pool/labels.csv",
        "distilforensics evaluate cases/confirmed --labels labels.csv --save rates.json --about 'confirmed cases, May'",
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
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the counts for --error-rates.",
)
@click.option(
    "--about",
    default="",
    metavar="TEXT",
    help="What the log is and where its labels come from; printed with the rates.",
)
def evaluate(case_dir: Path, labels: Path, min_grade: str, save: Path | None, about: str, output: Output) -> None:
    """Measure error rates of CASE against labels.

    With --save the counts, and no names, go into a file that `run` and `assess` of other cases take with --error-rates.
    """
    from distilforensics.evaluation import evaluate as compare

    if save is not None and not about:
        raise click.UsageError("--save needs --about: rates without a word on their logs cannot be relied on")
    if save is not None and save.exists():
        raise click.UsageError(f"--save: {show(save)} exists")
    result = compare(case_dir, labels, min_grade=min_grade)
    if save is not None:
        from distilforensics.case.layout import write_json
        from distilforensics.evaluation.saving import measure

        write_json(save, measure(case_dir, labels, about=about).as_json())
    if output.is_json:
        output.record(result.as_dict())
        return
    for line in result.as_lines():
        output.line(line)
