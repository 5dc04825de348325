"""Only one command writes to a case at a time."""

import subprocess
import sys

import pytest

from distilforensics.case.layout import create_case
from distilforensics.case.locking import locked
from distilforensics.core.errors import CaseError

HOLD = """
import sys
from pathlib import Path
from distilforensics.case.layout import open_case
from distilforensics.case.locking import locked
with locked(open_case(Path(sys.argv[1])), "run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def case(tmp_path):
    """A new case."""
    return create_case(tmp_path / "case")


def holder(case):
    """Start a process that holds the case, and return when it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(case.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_command_is_turned_away_and_told_who_holds_the_case(case):
    """The message names command and process."""
    process = holder(case)
    with process:
        with (
            pytest.raises(CaseError, match=rf"in use by `distilforensics run`, process {process.pid} of ") as caught,
            locked(case, "audit"),
        ):
            pass
        process.stdin.close()

    assert "wait for it to end" in caught.value.hint


def test_the_lock_of_a_killed_command_is_free(case):
    """SIGKILL leaves no stale lock."""
    process = holder(case)
    with process:
        process.kill()
        process.wait()
    with locked(case, "audit"):
        held = True

    assert held
    assert not (case.temporary / "holder.json").exists()


def test_the_lock_is_released_after_an_error(case):
    """An exception inside frees the case."""
    with pytest.raises(ZeroDivisionError), locked(case, "run"):
        raise ZeroDivisionError
    with locked(case, "run"):
        assert case.lock_file.exists()
