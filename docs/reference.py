"""Text that cog puts into the reference pages: the help of every command, the meaning of every column, the log formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from distilforensics.cli.main import cli
from distilforensics.cli.options import CONTEXT
from distilforensics.core.schema import FINDINGS_TABLES, TABLES
from distilforensics.ingest.formats.documentation import chapters

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 110


def commands() -> str:
    """Return a chapter per command with its help, in the order of the group."""
    return "\n".join(f"## {name}\n\n```text\n{text.rstrip()}\n```\n" for name, text in _helps(cli, "distilforensics"))


def _helps(command: click.Command, path: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=path.rsplit(" ", 1)[-1], parent=parent, terminal_width=WIDTH, **CONTEXT)
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _helps(command.commands[name], f"{path} {name}", context)


def tables() -> str:
    """Return a chapter per table with its columns, types and meanings."""
    chapters = []
    for table in TABLES.values():
        folder = "findings" if table.name in FINDINGS_TABLES else "data"
        place = f"{folder}/{table.name}/*.parquet" if table.is_dataset else f"{folder}/{table.name}.parquet"
        rows = "".join(f"| `{column.name}` | {column.type} | {_cell(column.meaning)} |\n" for column in table.columns)
        chapters.append(
            f"## {table.name}\n\nStage {table.stage}, `{place}`: {table.grain}.\n\n"
            f"| column | type | meaning |\n|---|---|---|\n{rows}"
        )
    return "\n".join(chapters)


def formats() -> str:
    """Return a chapter per log format."""
    return chapters()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
