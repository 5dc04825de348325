"""`distilforensics mapping`: a mapping file to begin with, for an export of a format that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.options import FILE, catalog_option, command, examples

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.cli.output import Output


@command(
    "mapping", epilog=examples("distilforensics mapping export.csv > m.toml", "distilforensics mapping calls.jsonl.gz")
)
@click.argument("file", type=FILE, metavar="FILE")
@catalog_option
def mapping(file: Path, catalog: Path | None, output: Output) -> None:
    """Draft the mapping of an export that is not known.

    It lists every field with a short sample value, guesses which column each fills, and says which tests are lost without the columns
    that nothing fills. Read it, correct it, and give it to run, ingest or inspect with --mapping.
    """
    from distilforensics.analysis.catalogue.loader import needs_of_catalog
    from distilforensics.ingest.inspection import draft_of_file
    from distilforensics.ingest.options import IngestOptions

    text = draft_of_file(file, IngestOptions(own_catalog=catalog), needs_of_catalog())
    if output.is_json:
        output.record({"file": file.as_posix(), "mapping": text})
    else:
        output.line(text.rstrip("\n"))
