"""`distilforensics show`: what a case holds about one account, campaign, heuristic or source."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from distilforensics.cli.options import case_argument, command, examples, limits_options
from distilforensics.cli.output import plain

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.lookup import Section

KINDS = ("account", "campaign", "heuristic", "source")


@command(
    "show",
    epilog=examples(
        "distilforensics show cases/2026-017 campaign C-1",
        "distilforensics show cases/2026-017 account acct_4711 --json",
    ),
)
@case_argument
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name", metavar="ID")
@limits_options
def show(case_dir: Path, kind: str, name: str, limits: Limits, output: Output) -> None:
    """Show one account, campaign, heuristic or source.

    A heuristic is named by id or code, a source by its path, file name or the beginning of its SHA-256.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.pipeline.lookup import Kind, look_up

    sections = look_up(open_case(case_dir), Kind(kind), name, limits)
    if output.is_json:
        found = {
            section.title: [dict(zip(section.columns, row, strict=True)) for row in section.rows]
            for section in sections
        }
        output.record({"kind": kind, "id": name, **found})
        return
    for number, section in enumerate(sections):
        if number:
            output.line()
        _print_result(section, output)


def _print_result(section: Section, output: Output) -> None:
    output.line(output.heading(section.title.upper(), sys.stdout))
    if len(section.rows) == 1:
        width = max(map(len, section.columns))
        for column, value in zip(section.columns, section.rows[0], strict=True):
            output.line(f"{column.ljust(width)}  {plain(value)}")
    elif section.rows:
        output.table(section.columns, section.rows, is_last_whole=True)
    else:
        output.line("none")
