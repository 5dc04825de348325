"""`distilforensics verify`: is a case still what was sealed?"""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distilforensics.cli.diff import told_difference
from distilforensics.cli.exit_codes import ExitCode, say
from distilforensics.cli.options import FILE, case_argument, command, examples, limits_options
from distilforensics.cli.progress import progress_for
from distilforensics.core import units
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distilforensics.case.checklist import Check, Verification
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.replay import Replay

_MOST_PROBLEMS = 20
"""Problems printed, so that what was checked stays on the screen; --json lists all."""


@command(
    "verify",
    epilog=examples(
        "distilforensics verify cases/2026-017",
        "distilforensics verify cases/2026-017 --key examiner.pub.pem --replay --logs /media/evidence",
        has_exit_codes=True,
    ),
)
@case_argument
@click.option(
    "--logs",
    "--evidence-root",
    "evidence_root",
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
@click.option(
    "--replay",
    "is_replaying",
    is_flag=True,
    help="Also compute everything again from the logs, in a temporary folder, and compare every byte.",
)
@click.option(
    "--mapping", "mappings", type=FILE, multiple=True, metavar="FILE", help="Mapping file of the case, for --replay."
)
@click.option("--secret-file", type=FILE, metavar="FILE", help="Secret of the case, for --replay.")
@limits_options
def verify(
    case_dir: Path,
    evidence_root: Path | None,
    noted_hash: str | None,
    key: Path | None,
    is_replaying: bool,
    mappings: tuple[Path, ...],
    secret_file: Path | None,
    limits: Limits,
    output: Output,
) -> None:
    """Check that CASE is what was sealed.

    Every file is hashed and every record counted again; custody log and evidence files are checked.
    Evidence files are looked for where the runs were started, or below --logs; absent ones are named and are
    no failure. Nothing is written to CASE.

    Whoever can write to CASE can make a new seal. A custody hash that was noted elsewhere shows it (--noted-hash), and so
    does a signature (--key). `sh CASE/check.sh KEY` does the same checks with coreutils and openssl alone.

    --replay runs this version with the recorded options over the same evidence. What comes out otherwise is named, with what
    is recorded and may explain it, such as another version of a library.

    Ends with 0 if nothing differs, with 5 if anything does, and with 2 if --replay lacks evidence, a mapping or the secret.
    """
    from distilforensics.case.layout import Case
    from distilforensics.case.verification import verify as check
    from distilforensics.core.errors import CaseError

    if not case_dir.is_dir():
        raise CaseError("is no folder", where=str(case_dir))
    result = check(Case(case_dir), evidence_root, noted_hash, key)
    replayed = None
    if is_replaying:
        secret = secret_file.read_text(encoding="utf-8").strip() if secret_file else None
        replayed = _replay(
            result, case_dir, limits, output, evidence_root=evidence_root, mappings=mappings, secret_key=secret
        )
    else:
        result.leave("results", "not computed again from the evidence; --replay does")
    _tell(result, replayed, output)
    if not result.is_intact or (replayed and not replayed.is_equal):
        code = ExitCode.INTEGRITY
    else:
        code = ExitCode.USAGE if is_replaying and replayed is None else ExitCode.COMPLETE
    click.get_current_context().exit(code)


def _replay(result: Verification, case_dir: Path, limits: Limits, output: Output, **given: Any) -> Replay | None:  # noqa: ANN401 - handed on
    """Return what came of computing the case again; None if that was not possible, and then the result says why."""
    from distilforensics import __version__
    from distilforensics.case.checklist import Check
    from distilforensics.case.layout import open_case
    from distilforensics.core.errors import CaseError, IntegrityError, UsageError
    from distilforensics.pipeline.replay import replay

    try:
        with progress_for(output) as progress:
            replayed = replay(open_case(case_dir), limits, progress, **given)
    except (CaseError, IntegrityError, UsageError) as e:
        why = show("; ".join(part for part in (e.where, e.message, e.hint) if part))
        result.leave("results", f"could not be computed again: {why}")
        return None
    told = f"computed again from {units.count(replayed.n_sources)} evidence files by version {__version__}, every byte compared"
    result.checked.append(Check("results", told, len(replayed.results)))
    if replayed.has_power:
        result.leave("power", "the measurement was taken over and not repeated")
    return replayed


def _tell(result: Verification, replayed: Replay | None, output: Output) -> None:
    if output.is_json:
        _tell_json(result, replayed, output)
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
        n = len(result.problems)
        output.line(f"NOT INTACT: {units.count(n)} problem{'s' if n > 1 else ''}; {counts}")
    if replayed:
        _tell_replay(replayed, output)
    output.line(f"custody log ends with {show(result.custody_head)}")


def _tell_replay(replayed: Replay, output: Output) -> None:
    """Print what came out otherwise, and what may explain it."""
    counts = f"{units.count(replayed.n_tables)} tables and {units.count(replayed.n_files)} files"
    if replayed.is_equal:
        output.line(f"reproduced: {counts}, every byte the same")
        return
    for title, differences in (("otherwise", replayed.results), ("recorded", replayed.explanations)):
        for difference in differences[:_MOST_PROBLEMS]:
            output.line(f"{title}: {told_difference(difference)}")
        if len(differences) > _MOST_PROBLEMS:
            output.line(f"{title}: {units.count(len(differences) - _MOST_PROBLEMS)} more; --json lists all")
    n_results = units.count(len(replayed.results))
    output.line(
        f"NOT REPRODUCED: {n_results} results came out otherwise. May be explained by: {'; '.join(replayed.causes)}"
    )


def _tell_checks(title: str, checks: Sequence[Check], output: Output) -> None:
    """Print one subject a line, wrapped to the terminal, with the problems that it has."""
    width = min(120, shutil.get_terminal_size((100, 24)).columns)
    output.line(output.heading(title, sys.stdout))
    for check in checks:
        n = check.n_problems
        problems = f": {units.count(n)} PROBLEM{'S' if n > 1 else ''}" if n else ""
        head = f"  {check.subject:<12}  "
        told = f"{show(check.told)}{problems}"
        output.line(
            textwrap.fill(told, width, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)
        )


def _tell_json(result: Verification, replayed: Replay | None, output: Output) -> None:
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
            "replay": {"is_equal": replayed.is_equal, **asdict(replayed)} if replayed else None,
        }
    )
