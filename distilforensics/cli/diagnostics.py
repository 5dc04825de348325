"""How a command ends: every error becomes text and an exit code here, and nowhere else."""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import COMPLETE, PROGRAM, ExitCode, say
from distilforensics.core.errors import (
    DistilForensicsError,
    HeuristicError,
    InputRefusedError,
    IntegrityError,
    MachineError,
    PartialEvidenceError,
    UsageError,
)
from distilforensics.core.libraries import leave_out_pandas
from distilforensics.core.text import show
from distilforensics.core.trouble import LEAST_ADDRESS_SPACE, machine_trouble, require_address_space

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ExitCode", "run_cli"]

_CODES: tuple[tuple[type[DistilForensicsError], ExitCode], ...] = (
    (InputRefusedError, ExitCode.INPUT),
    (PartialEvidenceError, ExitCode.INPUT),
    (HeuristicError, ExitCode.HEURISTIC),
    (IntegrityError, ExitCode.INTEGRITY),
    (MachineError, ExitCode.MACHINE),
)
"""All other expected errors are wrong usage."""


def exit_code_for(error: DistilForensicsError) -> ExitCode:
    """Return the exit code of an expected error."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.USAGE)


def report_error(error: DistilForensicsError, *, is_json: bool) -> ExitCode:
    """Print an expected error as text or as a line of JSON, and return its exit code."""
    code = exit_code_for(error)
    if is_json:
        parts = {"error": error.message, "where": error.where, "hint": error.hint, "exit_code": int(code)}
        say(json.dumps({key: value for key, value in parts.items() if value is not None}))
        return code
    for number, line in enumerate(str(error).split("\n")):
        say(f"{PROGRAM}: error: {show(line)}" if number == 0 else show(line))
    return code


def run_cli(argv: Sequence[str]) -> int:
    """Run a command line and return its exit code; nothing but this function turns errors into text."""
    from distilforensics.cli.main import cli

    is_json = "--json" in argv
    _prepare_process()
    leave_out_pandas()
    if instruction := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, PROGRAM, COMPLETE, instruction)
    try:
        require_address_space(LEAST_ADDRESS_SPACE, "this program")
        with cli.make_context(PROGRAM, list(argv)) as context:
            cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as e:
        return e.exit_code
    except click.ClickException as e:
        return _usage(e, is_json=is_json)
    except DistilForensicsError as e:
        if "--debug" in argv:
            traceback.print_exc()
        return report_error(e, is_json=is_json)
    except (KeyboardInterrupt, click.Abort):
        say(f"\n{PROGRAM}: interrupted; the same command goes on where it was")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader has seen enough; nothing is left to flush
        return ExitCode.COMPLETE
    except Exception as e:  # noqa: BLE001 - the one place where a fault becomes a message
        return _fault(e, is_json=is_json, is_debugging="--debug" in argv)
    return ExitCode.COMPLETE


def _prepare_process() -> None:
    """Make everything that this process writes readable by its owner alone, and every text writable whatever the encoding lacks."""
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _usage(error: click.ClickException, *, is_json: bool) -> ExitCode:
    context = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        say(error.format_message())
        return ExitCode.USAGE
    message = " ".join(error.format_message().split())
    hint = f"{context.command_path if context else PROGRAM} --help"
    return report_error(UsageError(show(message), hint=hint), is_json=is_json)


def _fault(error: Exception, *, is_json: bool, is_debugging: bool) -> ExitCode:
    if is_debugging:
        traceback.print_exception(error)
    trouble = machine_trouble(error)
    if trouble is not None:
        return report_error(trouble, is_json=is_json)
    say(f"{PROGRAM}: internal error: {type(error).__name__}: {show(str(error))[:500]}")
    if not is_debugging:
        say(
            "  hint: run it again with --debug for the place in the code; `distilforensics verify CASE` checks what was sealed"
        )
    return ExitCode.INTERNAL
