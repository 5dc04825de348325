"""`distilforensics heuristics`: the catalogue, its checks and its cases, on the examiner's own machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode, say
from distilforensics.cli.options import CONTEXT, catalog_option, command, examples

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.cli.output import Output

only_argument = click.argument("only", nargs=-1, metavar="[ID|FAMILY|leads]...")


@click.group(
    "heuristics",
    context_settings=CONTEXT,
    epilog=examples("distilforensics heuristics list", "distilforensics heuristics test coordination"),
)
def heuristics() -> None:
    """List, explain, check and test the heuristics."""


@command("list", epilog=examples("distilforensics heuristics list", "distilforensics heuristics list evasion --json"))
@only_argument
@catalog_option
def list_(only: tuple[str, ...], catalog: Path | None, output: Output) -> None:
    """List the heuristics with their version and what they need."""
    from distilforensics.analysis.catalogue.loader import load_catalog

    found = load_catalog(only, catalog)
    if output.is_json:
        columns = ("code", "id", "version", "level", "entity", "title", "needs")
        output.rows(columns, [(h.code, h.id, h.version, h.level, h.entity.value, h.title, h.needs) for h in found])
        return
    output.table(
        ("code", "id", "level", "title"), [(h.code, h.id, h.level, h.title) for h in found], is_last_whole=True
    )


@command(
    "show",
    epilog=examples(
        "distilforensics heuristics show coordination.equal_load", "distilforensics heuristics show K1 --json"
    ),
)
@click.argument("heuristic_id", metavar="ID")
def show_(heuristic_id: str, output: Output) -> None:
    """Explain a heuristic: query, parameters, limits."""
    from distilforensics.analysis.catalogue.document import render_markdown
    from distilforensics.analysis.catalogue.loader import load_catalog, load_heuristic

    by_code = {heuristic.code.lower(): heuristic for heuristic in load_catalog()}
    heuristic = by_code.get(heuristic_id.lower()) or load_heuristic(heuristic_id)
    if output.is_json:
        output.record({**heuristic.file.header, "sha256": heuristic.sha256, "query": heuristic.body})
        return
    output.line(render_markdown(heuristic))


@command("lint", epilog=examples("distilforensics heuristics lint", "distilforensics heuristics lint structure --json"))
@only_argument
@catalog_option
def lint(only: tuple[str, ...], catalog: Path | None, output: Output) -> None:
    """Check the catalogue; exit with 4 on any issue."""
    from distilforensics.analysis.catalogue.check import Issue
    from distilforensics.analysis.catalogue.lint import lint_catalog

    issues = lint_catalog(only, catalog)
    if catalog is not None:
        from distilforensics.pipeline.own_catalog import own_issues

        issues += [
            Issue(name, "own", "error", message, "what such files hold stands in docs/writing-heuristics.md")
            for name, message in own_issues(catalog)
        ]
    columns = ("heuristic", "check", "severity", "message", "advice")
    if issues:
        output.rows(columns, [(i.heuristic_id, i.check, i.severity, i.message, i.advice) for i in issues])
    if not output.is_quiet:
        say(f"{len(issues)} issues")
    click.get_current_context().exit(ExitCode.HEURISTIC if issues else ExitCode.COMPLETE)


@command(
    "test",
    epilog=examples(
        "distilforensics heuristics test", "distilforensics heuristics test harvest.output_harvest_ratio --json"
    ),
)
@only_argument
@catalog_option
def test(only: tuple[str, ...], catalog: Path | None, output: Output) -> None:
    """Run the heuristics on their own test cases.

    Exit with 4 if one behaves otherwise than stated.
    """
    from distilforensics.analysis.catalogue.testing import run_cases

    results = run_cases(only, catalog)
    failed = [result for result in results if not result.is_passed]
    columns = ("heuristic", "case", "kind", "is_passed", "failures")
    shown = results if output.is_json else failed
    if shown:
        output.rows(columns, [(r.heuristic_id, r.name, r.kind, r.is_passed, list(r.failures)) for r in shown])
    if not output.is_json:
        output.line(f"{len(results) - len(failed)} of {len(results)} cases behave as stated")
    click.get_current_context().exit(ExitCode.HEURISTIC if failed else ExitCode.COMPLETE)


for verb in (list_, show_, lint, test):
    heuristics.add_command(verb)
