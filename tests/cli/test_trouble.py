"""Ordinary trouble of a machine is a sentence with what to do, the exit code 74, and a case that resumes."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from distilforensics.case.engines.duckdb import explained
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.core.errors import HeuristicError, MachineError, UsageError
from distilforensics.core.sqlfile import SqlFile
from distilforensics.core.trouble import machine_trouble

BEGINNING = "import resource, sys; from distilforensics.cli.diagnostics import run_cli"


def cli(*arguments, before="", given=b"", **environment):
    """Run a command line in a process of its own, after `before`."""
    script = f"{BEGINNING}; {before or 'pass'}; sys.exit(run_cli(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", script, *map(os.fsencode, map(str, arguments))],
        capture_output=True,
        check=False,
        input=given,
        env=os.environ | environment,
    )


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A folder with `logs`, one log whose accounts have names outside of ASCII, and the `case` of it."""
    home = tmp_path_factory.mktemp("known")
    rows = [
        {
            "request_id": f"r{n}",
            "startTime": f"2026-02-03T04:05:{n % 60:02d}Z",
            "endTime": f"2026-02-03T04:06:{n % 60:02d}Z",
        }
        | {"call_type": "acompletion", "api_key": "88dc28d0f030c55e" * 4, "model": "gpt-4o", "user": f"Zoë-{n % 5}"}
        | {"prompt_tokens": n, "completion_tokens": 20, "status": "success", "spend": 0.1}
        for n in range(500)
    ]
    (home / "logs").mkdir()
    (home / "logs" / "gateway.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert run_cli(["ingest", str(home / "logs"), "--case", str(home / "case"), "-q"]) == ExitCode.COMPLETE
    return home


def tables(case):
    """Bytes of all tables of a case."""
    return {path.relative_to(case): path.read_bytes() for path in sorted((case / "data").rglob("*.parquet"))}


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("resource.RLIMIT_FSIZE, (6000, 6000)", "there is no room left on the disk"),
        ("resource.RLIMIT_NOFILE, (11, 11)", "too many files are open"),
        ("resource.RLIMIT_AS, (700_000_000, 700_000_000)", "the address space is limited to 700 MB"),
    ],
)
def test_a_limited_machine_is_told_and_the_case_resumes(known, tmp_path, limit, told):
    """Full disk, few handles, little address space: no internal error, no traceback; afterwards the tables are those of an undisturbed run."""
    logs, case = known / "logs", tmp_path / "case"
    stopped = cli("ingest", logs, "--case", case, before=f"resource.setrlimit({limit})")
    assert (stopped.returncode, told in stopped.stderr.decode()) == (ExitCode.MACHINE, True), stopped.stderr
    assert b"hint: " in stopped.stderr
    assert b"Traceback" not in stopped.stderr
    assert b"nothing that was sealed" not in stopped.stderr
    assert run_cli(["ingest", str(logs), "--case", str(case), "-q"]) == ExitCode.COMPLETE
    assert len(tables(case)) >= 6
    assert tables(case) == tables(known / "case")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252:strict"])
def test_an_encoding_that_lacks_a_character_is_no_error(known, encoding):
    """What cannot be written is written as an escape."""
    asked = cli(
        "sql", known / "case", "select distinct account_id || ' 中' as x from exchanges", PYTHONIOENCODING=encoding
    )
    assert asked.returncode == 0
    assert b"\\u4e2d" in asked.stdout


def test_texts_of_the_command_line_are_utf8_whatever_the_locale(known):
    """In a locale without letters beyond ASCII, and from stdin; bytes that are no text are wrong usage."""
    case = known / "case"
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    asked = cli("sql", case, "select 'Zoë' as x", **plain)
    assert (asked.returncode, b"Zo\\xeb" in asked.stdout) == (0, True), asked.stderr
    for broken in (cli("sql", case, os.fsdecode(b"\xff")), cli("sql", case, "-", given=b"select '\xff'")):
        assert (broken.returncode, b"is no text in UTF-8" in broken.stderr) == (ExitCode.USAGE, True), broken.stderr


@pytest.mark.parametrize("option", ["--secret-file", "--mapping"])
def test_a_file_of_options_that_is_no_text_is_named(known, tmp_path, option, capsys):
    """Whatever is in it."""
    (tmp_path / "file").write_bytes(b"\xff\x00")
    code = run_cli(["ingest", str(known / "logs"), "--case", str(tmp_path / "case"), option, str(tmp_path / "file")])
    assert (code, str(tmp_path / "file") in capsys.readouterr().err) == (ExitCode.USAGE, True)


def test_a_machine_that_fails_a_query_is_no_wrong_query():
    """Whichever query it was that needed one file handle more."""
    file = SqlFile("x", {"id": "x"}, "select 1")
    with pytest.raises(MachineError, match="too many files are open"), explained(file, {}):
        raise duckdb.IOException('IO Error: Cannot open file "x": Too many open files')
    with pytest.raises(HeuristicError, match="select 1"), explained(file, {}):
        raise duckdb.BinderException("no column of this name")


def test_a_name_that_is_no_utf8_is_read_and_found_again(known, tmp_path):
    """Folder and file; the case itself must have a name that the engine can be told."""
    strange = Path(shutil.copytree(known / "logs", tmp_path / os.fsdecode(b"logs\xff")))
    (strange / "gateway.jsonl").rename(strange / os.fsdecode(b"g\xfe.jsonl"))
    case = tmp_path / "case"
    assert cli("ingest", strange, "--case", case).returncode == 0
    assert cli("seal", "--case", case).returncode == 0
    checked = cli("verify", case)
    assert (checked.returncode, b"1 evidence files hashed" in checked.stdout) == (0, True), checked.stderr
    refused = cli("ingest", strange, "--case", tmp_path / os.fsdecode(b"c\xff"))
    assert refused.returncode == ExitCode.USAGE
    assert b"the name of the case folder is no UTF-8" in refused.stderr


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "no room left"),
        (OSError(errno.EROFS, "Read-only file system", "/x/\x1b[2J"), "read-only"),
        (PermissionError(errno.EACCES, "Permission denied"), "the permission is missing"),
        (duckdb.IOException('IO Error: Could not write file "x": No space left on device'), "no room left"),
        (duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block"), "not enough memory"),
        (
            pa.ArrowInvalid("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device"),
            "no room",
        ),
        (MemoryError(), "not enough memory"),
        (RuntimeError("can't start new thread"), "not enough memory"),
    ],
)
def test_what_libraries_raise_is_understood(error, told, monkeypatch, capsys):
    """Also behind another error."""
    outer = RuntimeError("writing failed")
    outer.__cause__ = error
    found = machine_trouble(outer)
    assert told in found.message
    assert "\x1b" not in str(found)

    def fail(*_):
        raise error

    monkeypatch.setattr("distilforensics.pipeline.single_stage.create_case", fail)
    assert run_cli(["ingest", __file__, "--case", "x"]) == ExitCode.MACHINE
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("error", [ValueError("no space left in this text"), KeyError("x"), FileNotFoundError(2, "no")])
def test_faults_of_the_program_stay_faults(error):
    """A text that only sounds like it is none."""
    assert machine_trouble(error) is None


def test_a_fault_claims_nothing_that_was_not_checked(monkeypatch, capsys):
    """Whether what was sealed is unchanged, only `verify` can tell."""

    def fail(*_):
        raise KeyError("x")

    monkeypatch.setattr("distilforensics.pipeline.single_stage.create_case", fail)
    assert run_cli(["ingest", __file__, "--case", "x"]) == ExitCode.INTERNAL
    told = capsys.readouterr().err
    assert "nothing that was sealed has changed" not in told
    assert "distilforensics verify CASE" in told


def test_files_of_a_case_are_readable_by_their_owner_alone(known, tmp_path):
    """Whatever the mask of the user is."""
    case = tmp_path / "new" / "case"
    assert cli("ingest", known / "logs", "--case", case, before="import os; os.umask(0)").returncode == 0
    open_to_others = [path for path in [case, *case.rglob("*")] if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_errors_of_the_machine_are_no_wrong_usage():
    """They have a code of their own."""
    assert not issubclass(MachineError, UsageError)
    assert ExitCode.MACHINE == 74
