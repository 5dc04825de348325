"""`distilforensics sql`: one SELECT over the tables of a case."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import say
from distilforensics.cli.options import case_argument, command, examples, limits_options
from distilforensics.core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.lookup import Answer

TABLE_ROWS = 100
"""Rows of a table on the screen if --max-rows is not given; JSON and CSV are complete."""


@command(
    "sql",
    epilog=examples(
        "distilforensics sql cases/2026-017 'SELECT * FROM campaigns'",
        "distilforensics sql cases/2026-017 --csv - < query.sql > annex.csv",
    ),
)
@case_argument
@click.argument("query", required=False)
@click.option(
    "--csv", "is_csv", is_flag=True, help="CSV in which no spreadsheet finds a formula; --json keeps exact values."
)
@click.option(
    "--max-rows",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Rows at most, 0 for all; {TABLE_ROWS} for a table, all for --json and --csv if omitted.",
)
@limits_options
def sql(case_dir: Path, query: str | None, is_csv: bool, max_rows: int | None, limits: Limits, output: Output) -> None:
    """Run one SELECT over CASE, or list its tables.

    QUERY is SQL as DuckDB reads it, or - for stdin. The engine can read the case folder and nothing else, and
    refuses everything but one SELECT.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.pipeline import lookup

    case = open_case(case_dir)
    if query is None:
        output.rows(("table", "rows", "meaning"), lookup.tables(case, limits))
        return
    text = _from_stdin() if query == "-" else query
    with lookup.query(case, text, limits) as answer:
        _print_result(answer, output, is_csv=is_csv, max_rows=max_rows)


def _from_stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as e:
        raise UsageError(f"is no text in UTF-8: byte {e.start}", where="stdin") from e


def _print_result(answer: Answer, output: Output, *, is_csv: bool, max_rows: int | None) -> None:
    is_table = not is_csv and not output.is_json
    limit = (TABLE_ROWS if is_table else 0) if max_rows is None else max_rows
    rows = islice(answer.rows, limit) if limit else answer.rows
    n_rows = output.csv(answer.columns, rows) if is_csv else output.rows(answer.columns, rows)
    if limit and next(answer.rows, None) is not None:
        say(f"note: there are more than {n_rows} rows; --max-rows 0 shows all")
