"""`distilforensics formats`: which logs are read, what each carries, and whether their samples still give the expected rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode, say
from distilforensics.cli.options import CONTEXT, catalog_option, command, examples
from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from distilforensics.cli.output import Output
    from distilforensics.ingest.formats import FormatSpec

ids_argument = click.argument("ids", nargs=-1, metavar="[ID]...")


@click.group(
    "formats",
    context_settings=CONTEXT,
    epilog=examples("distilforensics formats list", "distilforensics formats show litellm_spendlogs"),
)
def formats() -> None:
    """List, explain and test the log formats."""


@command("list", epilog=examples("distilforensics formats list", "distilforensics formats list --json"))
@ids_argument
@catalog_option
def list_(ids: tuple[str, ...], catalog: Path | None, output: Output) -> None:
    """List the formats with their version and what the account is."""
    _use(catalog)
    columns = ("id", "version", "title", "account")
    output.rows(columns, [(spec.id, spec.version, spec.title, spec.account or "no calls") for spec in _chosen(ids)])


@command(
    "show",
    epilog=examples("distilforensics formats show bedrock_invocation", "distilforensics formats show generic --json"),
)
@click.argument("format_id", metavar="ID")
def show_(format_id: str, output: Output) -> None:
    """Explain a format: account, time, fields, what it cannot carry."""
    from distilforensics.ingest.catalogue.documentation import chapter

    spec = _chosen((format_id,))[0]
    if output.is_json:
        mapping = None if spec.mapping is None else spec.mapping.as_parameters()
        output.record(
            {"id": spec.id, "version": spec.version, "title": spec.title, "mapping": mapping, "query": spec.query}
        )
        return
    output.line(chapter(spec))


@command("test", epilog=examples("distilforensics formats test", "distilforensics formats test portkey --rows"))
@ids_argument
@click.option("--rows", "is_printing", is_flag=True, help="Print the rows, to be read and kept as expected.jsonl.")
@catalog_option
def test(ids: tuple[str, ...], is_printing: bool, catalog: Path | None, output: Output) -> None:
    """Read the samples and compare the rows with those expected.

    Exit with 4 on any difference.
    """
    from distilforensics.ingest.examples import ExampleReader, differences, expected_text

    _use(catalog)
    chosen = _chosen(ids)
    reader = ExampleReader(catalog)
    try:
        if is_printing:
            for spec in chosen:
                for example in spec.examples:
                    output.line(expected_text(example, reader).rstrip("\n"))
            return
        found = [text for spec in chosen for example in spec.examples for text in differences(spec, example, reader)]
    finally:
        reader.close()
    if found:
        output.rows(("difference",), [(text,) for text in found])
    if not output.is_quiet:
        say(f"{sum(len(spec.examples) for spec in chosen)} samples of {len(chosen)} formats, {len(found)} differences")
    click.get_current_context().exit(ExitCode.HEURISTIC if found else ExitCode.COMPLETE)


def _use(catalog: Path | None) -> None:
    from distilforensics.ingest.catalogue.specification import use_own_formats

    use_own_formats(catalog)


def _chosen(ids: Sequence[str]) -> list[FormatSpec]:
    """Return the formats with these ids, all if there are none."""
    from distilforensics.ingest.formats import load_formats

    known = load_formats()
    unknown = sorted(set(ids) - set(known))
    if unknown:
        raise UsageError(f"unknown format {shown(unknown[0])}, expected one of {', '.join(known)}")
    return [spec for spec in known.values() if not ids or spec.id in ids]


for verb in (list_, show_, test):
    formats.add_command(verb)
