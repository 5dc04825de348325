"""Errors become one line with a place, a reason and a way out, and the documented exit code."""

import json
import os
import signal
import subprocess
import sys

import click
import pytest

from distilforensics.case.layout import create_case
from distilforensics.cli import diagnostics
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.cli.main import cli
from distilforensics.core import errors


@pytest.fixture
def failing(monkeypatch):
    """Make `distilforensics fail` raise what is given."""

    def install(error):
        @click.command("fail")
        @click.option("--json", is_flag=True)
        @click.option("--debug", is_flag=True)
        def fail(json, debug):
            raise error

        monkeypatch.setitem(cli.commands, "fail", fail)

    return install


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 2),
        (errors.CaseError("x"), 2),
        (errors.InputRefusedError("x"), 3),
        (errors.PartialEvidenceError("x"), 3),
        (errors.HeuristicError("x"), 4),
        (errors.IntegrityError("x"), 5),
        (RuntimeError("x"), 70),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("x"), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_its_exit_code(failing, error, code):
    """As the help states."""
    failing(error)

    assert code == run_cli(["fail"])


def test_every_kind_of_error_has_a_code():
    """A new error class without a decision would count as wrong usage."""
    decided = {errors.UsageError, errors.CaseError} | {kind for kind, _ in diagnostics._CODES}

    assert decided == set(errors.DistilForensicsError.__subclasses__())


def test_an_error_names_place_reason_and_remedy(failing, capsys):
    """On stderr; stdout stays empty."""
    failing(errors.InputRefusedError("format is unknown", where="logs/a.bin", hint="name it with --format"))
    run_cli(["fail"])

    assert (
        "",
        "distilforensics: error: logs/a.bin: format is unknown\n  hint: name it with --format\n",
    ) == capsys.readouterr()


def test_an_error_is_a_line_of_json_on_request(failing, capsys):
    """With the exit code in it."""
    failing(errors.InputRefusedError("format is unknown", where="logs/a.bin", hint="name it with --format"))
    run_cli(["fail", "--json"])
    told = json.loads(capsys.readouterr().err)

    assert {
        "error": "format is unknown",
        "where": "logs/a.bin",
        "hint": "name it with --format",
        "exit_code": 3,
    } == told


def test_an_error_cannot_steer_the_terminal(failing, capsys):
    """File names and values in messages come from logs."""
    failing(errors.CaseError("seen \x1b[2J\x9b2J\u202e", where="a\x1b]0;title\x07.jsonl"))
    run_cli(["fail"])
    text = capsys.readouterr().err

    assert not set(text) & {"\x1b", "\x9b", "\x07", "\u202e"}
    assert "\\x1b[2J" in text


def test_a_fault_of_the_program_is_no_traceback_by_default(failing, capsys):
    """One line and the way to more."""
    failing(ValueError("broken \x1b[2J"))
    code = run_cli(["fail"])
    text = capsys.readouterr().err

    assert ExitCode.INTERNAL == code
    assert text.startswith("distilforensics: internal error: ValueError: broken \\x1b[2J\n")
    assert "--debug" in text
    assert "Traceback" not in text


@pytest.mark.parametrize("error", [ValueError("broken"), errors.CaseError("wrong")])
def test_debug_shows_the_place_in_the_code(failing, capsys, error):
    """For faults and expected errors alike."""
    failing(error)
    run_cli(["fail", "--debug"])

    assert "Traceback" in capsys.readouterr().err


def test_wrong_usage_points_to_the_help_of_the_command(capsys):
    """Unknown option of a command."""
    code = run_cli(["verify", "--wrong"])
    text = capsys.readouterr().err

    assert ExitCode.USAGE == code
    assert text.startswith("distilforensics: error: No such option")
    assert "hint: distilforensics verify --help" in text


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    """`distilforensics ... | head` ends quietly."""
    code = """
import os, sys
from distilforensics.cli.diagnostics import run_cli
sys.exit(run_cli(["heuristics", "list"]))
"""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as stdout:
        done = subprocess.run([sys.executable, "-c", code], stdout=stdout, stderr=subprocess.PIPE, check=False)

    assert (0, b"") == (done.returncode, done.stderr)


def test_ctrl_c_ends_a_query_with_130_and_one_line(tmp_path):
    """SIGINT while the engine counts to a number that it never reaches."""
    case = create_case(tmp_path / "case")
    endless = "SELECT count(*) FROM range(10000000000) AS a, range(10000000000) AS b"
    padding = "\n" * 1_000_000  # more than a pipe holds, so that writing it ends only when the command reads
    command = [sys.executable, "-m", "distilforensics", "sql", str(case.root), "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write((padding + endless).encode())
        process.stdin.close()
        process.send_signal(signal.SIGINT)
        error = process.stderr.read().decode()

    assert 130 == process.returncode
    assert "distilforensics: interrupted; the same command goes on where it was" == error.strip()
