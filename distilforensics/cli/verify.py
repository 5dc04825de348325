"""`distilforensics verify`: is a case still what was sealed?"""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilforensics.cli.diagnostics import ExitCode, say
from distilforensics.cli.options import FILE, case_argument, command, examples
from distilforensics.core import units
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distilforensics.case.checklist import Check, Verification
    from distilforensics.cli.output import Output

_MOST_PROBLEMS = 20
"""Problems printed, so that what was checked stays on the screen; --json lists all."""


@command(
    "verify",
    epilog=examples(
        "distilforensics verify cases/2026-017",
        "distilforensics verify cases/2026-017 --evidence-root /media/evidence",
        has_exit_codes=True,
    ),
)
@case_argument
@click.option(
    "--evidence-root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Folder in which the evidence files lie now.",
)
@click.option(
    "--noted-hash",
    metavar="HASH",
    help="Custody hash that `run` or `verify` printed and that was kept outside of the case; log and content are compared with it.",
)
@click.option(
    "--key",
    type=FILE,
    metavar="FILE",
    help="Public key by which the seal must be signed, got from somewhere else than the case.",
)
def verify(
    case_dir: Path, evidence_root: Path | None, noted_hash: str | None, key: Path | None, output: Output
) -> None:
    """Check that CASE is what was sealed.

    Every file is hashed and every record counted again; custody log and evidence files are checked.
    Evidence files are looked for where the runs were started, or below --evidence-root; absent ones are named and are
    no failure. Nothing is written.

    Whoever can write to CASE can make a new seal. A custody hash that was noted elsewhere shows it (--noted-hash), and so
    does a signature (--key). `sh CASE/check.sh KEY` does the same checks with coreutils and openssl alone.
    """
    from distilforensics.case.layout import Case
    from distilforensics.case.verification import verify as check
    from distilforensics.core.errors import CaseError

    if not case_dir.is_dir():
        raise CaseError("is no folder", where=str(case_dir))
    result = check(Case(case_dir), evidence_root, noted_hash, key)
    _tell(result, output)
    click.get_current_context().exit(ExitCode.COMPLETE if result.is_intact else ExitCode.INTEGRITY)


def _tell(result: Verification, output: Output) -> None:
    if output.is_json:
        _tell_json(result, output)
        return
    for problem in result.problems[:_MOST_PROBLEMS]:
        output.line(show(problem))
    if len(result.problems) > _MOST_PROBLEMS:
        output.line(f"and {units.count(len(result.problems) - _MOST_PROBLEMS)} more; --json lists all")
    if not output.is_quiet:
        _tell_checks("Checked", result.checked, output)
        _tell_checks("Not checked", result.unchecked, output)
        for note in result.notes:
            say(f"note: {show(note)}")
    counts = (
        f"{units.count(result.n_files)} files and {units.count(result.n_sources)} evidence files hashed,"
        f" {units.count(result.n_records)} records in the balance"
    )
    if result.is_intact:
        output.line(f"intact: {counts}")
    else:
        output.line(f"NOT INTACT: {units.count(len(result.problems))} problems; {counts}")
    output.line(f"custody log ends with {show(result.custody_head)}")


def _tell_checks(title: str, checks: Sequence[Check], output: Output) -> None:
    """Print one subject a line, wrapped to the terminal, with the problems that it has."""
    width = min(120, shutil.get_terminal_size((100, 24)).columns)
    output.line(output.heading(title, sys.stdout))
    for check in checks:
        problems = f": {units.count(check.n_problems)} PROBLEMS" if check.n_problems else ""
        head = f"  {check.subject:<12}  "
        told = f"{show(check.told)}{problems}"
        output.line(
            textwrap.fill(told, width, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)
        )


def _tell_json(result: Verification, output: Output) -> None:
    output.record(
        {
            "is_intact": result.is_intact,
            "problems": [{"where": problem.where, "message": problem.message} for problem in result.problems],
            "checked": [asdict(check) for check in result.checked],
            "not_checked": [asdict(check) for check in result.unchecked],
            "notes": result.notes,
            "n_files": result.n_files,
            "n_sources": result.n_sources,
            "n_records": result.n_records,
            "custody_head": result.custody_head,
        }
    )
