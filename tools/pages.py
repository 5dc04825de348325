"""Pages that are made from the program: its commands, its tables, its heuristics, and the chapters of formats in docs/formats.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.analysis.heuristics.document import render_catalog
from distilforensics.cli.main import cli
from distilforensics.cli.options import CONTEXT
from distilforensics.core.schema import FINDINGS_TABLES, TABLES
from distilforensics.ingest.formats.documentation import chapters as formats

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["formats", "pages"]

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


def pages() -> dict[str, str]:
    """Return file name -> page."""
    return {
        "commands.md": _COMMANDS + "\n".join(_chapter(name, text) for name, text in _helps(cli, "distilforensics")),
        "heuristics.md": render_catalog(),
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


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
