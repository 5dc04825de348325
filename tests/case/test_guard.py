"""What watches the program while hostile logs and cases are tried reports what it is there for."""

import runpy
from pathlib import Path

import pytest

GUARD = runpy.run_path(str(Path(__file__).parents[2] / "benchmarks" / "guard.py"))


@pytest.mark.parametrize(
    ("code", "report"),
    [
        ("open('../../outside', 'w')", "WRITES OUTSIDE"),
        ("import os; os.rename('a', '../case-of-somebody-else/a')", "WRITES OUTSIDE"),
        ("import subprocess, sys; subprocess.run([sys.executable, '-c', \"open('../../outside', 'w')\"])", "WRITES OUTSIDE"),
        ("import socket; socket.socket().connect_ex(('192.0.2.1', 9))", "NETWORK CALL"),
        ("open('../case/inside', 'w'); open('here', 'w'); open('../other')", None),
    ],
)  # fmt: skip
def test_a_file_elsewhere_and_a_call_of_the_network_are_reported(code, report, tmp_path):
    """By the process itself and by those that it starts; a name that begins like that of the case is another place."""
    folder = tmp_path / "work"
    for name in ("tmp", "case", "case-of-somebody-else"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp" / "a").touch()
    (folder / "other").touch()
    done = GUARD["run_guarded"](["-c", code], folder, [folder / "case"], 60)
    said = GUARD["reports_of"](done.stderr.decode())
    assert (said != []) == (report is not None), done.stderr
    assert all(line.startswith(str(report)) for line in said)
