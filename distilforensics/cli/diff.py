"""`distilforensics diff`: what differs between two cases, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode
from distilforensics.cli.options import CASE_DIR, command, examples
from distilforensics.core.text import show

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.cli.output import Output
    from distilforensics.pipeline.comparison import Difference

_WIDTH = 80
"""Characters of a value that are printed; --json has all of them."""


@command(
    "diff",
    epilog=examples(
        "distilforensics diff cases/2026-017 cases/2026-017-again",
        "distilforensics diff cases/2026-017 cases/2026-018 --json",
        has_exit_codes=True,
    ),
)
@click.argument("first", type=CASE_DIR)
@click.argument("second", type=CASE_DIR)
def diff(first: Path, second: Path, output: Output) -> None:
    """Tell what differs between two cases, and why.

    Compared are inputs, options, parameters, versions, own heuristics, tables, files, campaigns and grades of accounts.
    Campaigns are matched by the accounts they share. Times and places of the runs are not compared. Nothing is written.
    Ends with 0 if the cases are equal and with 5 if they differ.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.pipeline.comparison import compare_cases

    result = compare_cases(open_case(first), open_case(second))
    if output.is_json:
        output.record(
            {
                "is_equal": result.is_equal,
                "causes": result.causes,
                "differences": [asdict(difference) for difference in result.differences],
            }
        )
    else:
        for difference in result.differences:
            output.line(told_difference(difference))
        output.line("equal" if result.is_equal else f"DIFFERENT: {'; '.join(result.causes)}")
    click.get_current_context().exit(ExitCode.COMPLETE if result.is_equal else ExitCode.INTEGRITY)


def told_difference(difference: Difference) -> str:
    """Return a difference as a line that is safe to print."""
    was, now = _told(difference.first), _told(difference.second)
    return f"{difference.kind} {show(difference.what)}: {was} -> {now}"


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_told(part)}" for key, part in value.items())
    if isinstance(value, list):
        return _told(" ".join(map(str, value)))
    text = "none" if value is None else show(value)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
