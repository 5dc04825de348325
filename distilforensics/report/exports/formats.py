"""The formats by name, and the one function that writes any of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from distilforensics.case.engines.duckdb import connect
from distilforensics.core.errors import UsageError
from distilforensics.report.exports import case_uco, sqlite, stix, timesketch
from distilforensics.report.exports.contents import Material
from distilforensics.report.ledger import Ledger
from distilforensics.report.stage import case_tables, read_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case


@dataclass(frozen=True, slots=True)
class Format:
    """One format."""

    about: str
    lines: Callable[[Material], Iterator[bytes]] | None
    """Yields the file; None for one that has to be a file on disk."""


FORMATS = {
    "timesketch-csv": Format(
        "requests of campaigns as a timeline; cells guarded against formulas", timesketch.csv_lines
    ),
    "timesketch-jsonl": Format("the same as JSON lines, with exact values", timesketch.json_lines),
    "stix": Format("STIX 2.1 bundle of campaigns and their accounts", stix.lines),
    "case": Format("CASE/UCO JSON-LD of the examination", case_uco.lines),
    "sqlite": Format("SQLite file of campaigns, facts, accounts and requests, for Datasette", None),
}


def export_case(case: Case, name: str, limits: Limits, target: Path | BinaryIO) -> None:
    """Write a case in another format.

    Raises:
        CaseError: an earlier stage has not run.
        UsageError: SQLite is to be written to a stream.
    """
    chosen = FORMATS[name]
    tables = case_tables(case)
    with connect(case, limits=limits, tables=tables) as connection:
        ledger = Ledger(case, connection)
        material = Material(case, ledger, read_result(case, ledger, tables))
        if chosen.lines is None:
            if not isinstance(target, Path):
                raise UsageError("sqlite cannot be written to stdout", where="export", hint="name a file with -o FILE")
            sqlite.write(material, target)
        elif isinstance(target, Path):
            with target.open("xb") as stream:
                stream.writelines(chosen.lines(material))
        else:
            target.writelines(chosen.lines(material))
