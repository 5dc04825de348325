"""What Windows and macOS lack or do otherwise, as far as it can be tried elsewhere: modules, signals, encodings, names of files."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path, PureWindowsPath

ROOT = Path(__file__).parents[2]

WITHOUT_POSIX = """
import builtins, os, signal

real = builtins.__import__

def without(name, globals=None, *rest, **named):
    is_ours = (globals or {}).get("__name__", "").startswith("distilforensics")
    if is_ours and name in ("resource", "pwd", "grp", "fcntl", "termios"):
        raise ImportError(name)
    return real(name, globals, *rest, **named)

builtins.__import__ = without
for module, names in (
    (os, ("getuid", "geteuid", "sched_getaffinity", "O_DIRECTORY", "killpg", "setsid", "mkfifo")),
    (signal, ("SIGXCPU", "SIGHUP", "SIGXFSZ")),
):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""
"""Python runs it at the start of every process: the program finds no module, function or signal that only POSIX has."""

LONGEST = 120
"""Characters of a path below a case: Windows allows 260 for the whole."""


def test_without_posix_and_in_a_small_encoding_a_run_gives_the_same_bytes(tmp_path, sample_case):
    """Also without UTF-8 as the encoding of files, and no file is opened in whatever encoding the system has."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_POSIX, encoding="utf-8")
    case = tmp_path / "case"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "LOGNAME": "examiner",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "cp1252",
        "PYTHONWARNDEFAULTENCODING": "1",
    }

    def run(*arguments):
        command = [sys.executable, "-m", "distilforensics", *arguments, "-q"]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    done = run("run", "sample_logs/benign/logs", "--case", str(case), "--threads", "1")
    assert (0, "") == (done.returncode, done.stderr)
    expected = sample_case("benign") / "manifest-sha256.txt"
    assert expected.read_bytes() == (case / "manifest-sha256.txt").read_bytes()
    assert 0 == run("verify", str(case)).returncode


def test_names_of_files_in_a_case_are_names_everywhere(sample_case):
    """No character that Windows refuses, no name that it reserves, no two that differ in case alone, none too long."""
    case = sample_case("pool")
    names = [path.relative_to(case).as_posix() for path in case.rglob("*")]

    assert len(names) > 100
    assert [] == [name for name in names if re.search(r'[<>:"|?*\\\x00-\x1f]|[. ](/|$)', name)]
    assert [] == [name for name in names if PureWindowsPath(name).is_reserved()]
    assert [] == [name for name, n in Counter(name.casefold() for name in names).items() if n > 1]
    assert LONGEST > max(map(len, names))
