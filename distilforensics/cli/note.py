"""`distilforensics note`: what people say about a campaign or an account, kept with the case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import say
from distilforensics.cli.options import case_argument, command, examples
from distilforensics.core.finding import REVIEWS
from distilforensics.core.text import show

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.cli.output import Output


@command(
    "note",
    epilog=examples(
        'distilforensics note cases/2026-017 C-01 "Holds against the billing records" --by "J. Roe" --status accepted',
        'distilforensics note cases/2026-017 acct_01c3507eac26 "A reseller, by their own account" --by "J. Roe"',
    ),
)
@case_argument
@click.argument("target")
@click.argument("text")
@click.option("--by", required=True, metavar="NAME", help="Who notes it.")
@click.option(
    "--status", type=click.Choice(REVIEWS), help="What the note makes of the target; `accepted` signs it off."
)
def note(case_dir: Path, target: str, text: str, by: str, status: str | None, output: Output) -> None:
    """Note something about a campaign or account of CASE.

    TARGET is the id of a campaign, a group or an account, or the word case. Notes are only added, never changed; the
    last status counts. `show` prints them, the next report has a line for each target and an annex with all, and the
    next seal covers them. What is sealed already stays as it is.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.case.locking import locked
    from distilforensics.case.notes import add_note

    case = open_case(case_dir)
    with locked(case, "note"):
        made = add_note(case, target, text, by, status)
    if output.is_json:
        output.record(
            {"time": made.time, "by": made.by, "kind": made.kind, "target": made.target, "status": made.status}
        )
        return
    output.line(f"noted about {made.kind} {show(made.target)}" + (f": {made.status}" if made.status else ""))
    if not output.is_quiet:
        say("note: the report has it after: distilforensics report --case DIR, then: distilforensics seal --case DIR")
