"""Pages that are made from the program: its commands, its tables, its heuristics, and the chapters of formats in docs/formats.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from distilforensics.analysis.catalogue.document import render_catalog
from distilforensics.cli.main import cli
from distilforensics.cli.options import CONTEXT
from distilforensics.cli.shapes import file_name, printed, schema_text
from distilforensics.core.schema import FINDINGS_TABLES, TABLES
from distilforensics.ingest.catalogue.documentation import chapters as formats

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["formats", "pages", "schemas"]

WIDTH = 110

_COMMANDS = """\
# Command line reference

Results go to stdout, everything else to stderr.
The exit codes at the end of the first chapter are the same for every command.

"""

_TABLES = """\
# Tables of a case

Identifiers are text, never numbers. An empty value (NULL) means that the source does not carry it.
Times are UTC without zone in microseconds, shares run from 0 to 1, and a doubtful conversion keeps its raw twin.
Columns may be added between versions and never change their meaning; `schema_version` in every file is raised if one has to.
`distilforensics sql CASE` lists the tables of a case, `distilforensics sql CASE 'SELECT ...'` reads them, and so does every program that reads Parquet.

"""


_JSON = """\
# Results as JSON

Every command has `--json`. Results are then lines of JSON on stdout, and errors are such lines on stderr.
The commands that read are listed here with what they print. Each has a JSON Schema in the folder `schemas` beside this page.
A `?` means that the value may be null. Times are text in UTC, weights are bits, shares run from 0 to 1.
Keys may be added between versions; they never change their meaning.

"""


def schemas() -> dict[str, str]:
    """Return file name -> JSON Schema of what every reading command prints."""
    return {file_name(words): schema_text(words) for words in printed()}


def pages() -> dict[str, str]:
    """Return file name -> page."""
    return {
        "commands.md": _COMMANDS + "\n".join(_chapter(name, text) for name, text in _helps(cli, "distilforensics")),
        "heuristics.md": render_catalog(),
        "json.md": _JSON + "\n".join(map(_printed, printed())),
        "tables.md": _TABLES + "\n".join(_table(name) for name in TABLES),
    }


def _chapter(name: str, text: str) -> str:
    return f"## {name}\n\n```text\n{text.rstrip()}\n```\n"


def _helps(command: click.Command, path: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=path.rsplit(" ", 1)[-1], parent=parent, terminal_width=WIDTH, **CONTEXT)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _helps(command.commands[name], f"{path} {name}", context)


def _table(name: str) -> str:
    table = TABLES[name]
    folder = "findings" if name in FINDINGS_TABLES else "data"
    place = f"{folder}/{name}/*.parquet" if table.is_dataset else f"{folder}/{name}.parquet"
    rows = "".join(f"| `{column.name}` | {column.type} | {_cell(column.meaning)} |\n" for column in table.columns)
    return f"## {name}\n\nStage {table.stage}, `{place}`: {table.grain}.\n\n| column | type | meaning |\n|---|---|---|\n{rows}"


def _printed(words: str) -> str:
    about = printed()[words]
    each = "Each line is " if about.is_per_line else "One line: "
    shape = json.dumps(about.shape, indent=2).replace('"*"', "any other key")
    return f"## {words}\n\n{each}{about.meaning}. Schema: `schemas/{file_name(words)}`.\n\n```text\n{shape}\n```\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
