"""`distilforensics show`: what a case holds about one account, campaign, heuristic or source."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from distilforensics.cli.opening import open_option, open_report
from distilforensics.cli.options import case_argument, command, examples, limits_options
from distilforensics.cli.output import plain
from distilforensics.core.text import show as shown_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.lookup import Section

KINDS = ("account", "campaign", "heuristic", "source")
TOPICS = ("health", "reconcile", "tests")
"""What is told of the case as a whole, without an id."""

_NOTHING = {
    "reconcile": "no usage export was read; name one with: distilforensics run LOGS... --case DIR --reconcile FILE"
}


@command(
    "show",
    epilog=examples(
        "distilforensics show reports/sample-case",
        "distilforensics show reports/sample-case campaign C-01 --json",
    ),
)
@case_argument
@click.argument("kind", type=click.Choice((*KINDS, *TOPICS)), required=False)
@click.argument("name", metavar="[ID]", required=False)
@click.option("--all", "is_all", is_flag=True, help="Print every table whole, long lists included.")
@open_option
@limits_options
def show(
    case_dir: Path, kind: str | None, name: str | None, is_all: bool, is_opening: bool, limits: Limits, output: Output
) -> None:
    """Show CASE, or one campaign, account or source of it.

    A campaign is drawn on one screen; the ids of groups that were examined work as well. A heuristic is named by id or code,
    a source by its path, file name or the beginning of its SHA-256.
    `health` shows what is wrong with the log and what it costs, `reconcile` how it compares with usage exports,
    `tests` which tests ran and why the others did not.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.cli.screens import campaign_screen, rows_of
    from distilforensics.pipeline.lookup import Kind, look_up, overview

    if is_opening:
        open_report(open_case(case_dir).report / "report.html")
    if kind is None:
        _print_overview(open_case(case_dir), shown_path(case_dir), limits, output)
        return
    if kind in TOPICS:
        sections = overview(open_case(case_dir), limits, kind)
        if kind in _NOTHING and not sections[0].rows:
            raise click.UsageError(_NOTHING[kind])
        print_sections(sections, {"kind": kind}, output)
        return
    if name is None:
        raise click.UsageError(f"which {kind}? Give its id; `distilforensics show CASE` lists what was found")
    is_drawn = kind == "campaign" and not is_all and not output.is_json
    sections = look_up(open_case(case_dir), Kind(kind), name, limits, is_all=is_all or is_drawn)
    if is_drawn:
        for line in campaign_screen(
            rows_of(sections), shown_path(case_dir), shutil.get_terminal_size((80, 24)), output
        ):
            output.line(line)
        return
    print_sections(sections, {"kind": kind, "id": name}, output)


def _print_overview(case: Case, case_name: str, limits: Limits, output: Output) -> None:
    """Print what a case found, as at the end of its run."""
    from distilforensics.cli.closing import overview_lines
    from distilforensics.cli.screens import loads_of, rows_of
    from distilforensics.pipeline.lookup import overview
    from distilforensics.pipeline.summary import summarise

    sections = overview(case, limits)
    if output.is_json:
        print_sections(sections, {"kind": "case"}, output)
        return
    summary = summarise(case)
    for line in overview_lines(summary, rows_of(sections), loads_of(case, summary, limits), case_name, output):
        output.line(line)


@command(
    "explain",
    epilog=examples(
        "distilforensics explain reports/sample-case acct_01c3507eac26",
        "distilforensics explain reports/sample-case acct_01c3507eac26 --json",
    ),
)
@case_argument
@click.argument("account")
@limits_options
def explain(case_dir: Path, account: str, limits: Limits, output: Output) -> None:
    """Tell what speaks for and against one account.

    Weights are in bits. The records below a sentence show it; `cite` prints their bytes.
    What is said of a campaign is said of all its accounts together.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.cli.screens import explanation_screen, rows_of
    from distilforensics.pipeline.lookup import explain as look_up

    sections = look_up(open_case(case_dir), account, limits)
    if output.is_json:
        print_sections(sections, {"kind": "explanation", "id": account}, output)
        return
    for line in explanation_screen(rows_of(sections), shutil.get_terminal_size((80, 24)).columns, output):
        output.line(line)


@command(
    "compare",
    epilog=examples(
        "distilforensics compare reports/sample-case acct_01c3507eac26 acct_29e387cc5e76",
        "distilforensics compare reports/sample-case acct_01c3507eac26 acct_29e387cc5e76 --json",
    ),
)
@case_argument
@click.argument("first")
@click.argument("second")
@limits_options
def compare(case_dir: Path, first: str, second: str, limits: Limits, output: Output) -> None:
    """Tell what ties two accounts and what tells them apart.

    Weights are in bits; those below zero tell apart. Pairs that share nothing rare have no link.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.cli.screens import pair_screen, rows_of
    from distilforensics.pipeline.lookup import compare as look_up

    sections = look_up(open_case(case_dir), first, second, limits)
    if output.is_json:
        print_sections(sections, {"kind": "pair", "ids": [first, second]}, output)
        return
    for line in pair_screen(rows_of(sections), shutil.get_terminal_size((80, 24)).columns, output):
        output.line(line)


def print_sections(sections: Sequence[Section], about: Mapping[str, object], output: Output) -> None:
    """Print sections one below the other, or all as one line of JSON behind what they are about."""
    if output.is_json:
        found = {
            section.key: [dict(zip(section.columns, row, strict=True)) for row in section.rows] for section in sections
        }
        output.record({**about, **found})
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
            output.line(f"{column.ljust(width)}  {_listed(value)}")
    elif section.rows:
        output.table(section.columns, section.rows, is_last_whole=True)
    else:
        output.line("none")


def _listed(value: object) -> str:
    """Return a value as one line; of a long list its beginning and how many more there are, since --json has all of it."""
    if isinstance(value, (list, tuple)) and len(value) > _NAMED:
        return f"{', '.join(plain(item) for item in value[:_NAMED])} and {len(value) - _NAMED} more"
    return plain(value)


_NAMED = 3
"""Items of a list that one line names."""
