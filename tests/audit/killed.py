"""Runs an audit again and again, killed before its first, second, ... rename, each time followed by an undisturbed one.

Prints one line of JSON per round. Every audit runs in a process of its own.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import conftest

from distilforensics.audit.audit import as_dict, audit, note_delivered
from distilforensics.audit.config import read_config
from distilforensics.case.layout import open_case
from distilforensics.case.verification import verify
from distilforensics.core.progress import Silent
from distilforensics.pipeline.steps import Step

STAGES = {
    "steps": (Step("assessment", conftest.find_accounts), Step("report", conftest.write_report)),
    "read": conftest.read_names,
}


def kill_before_rename(number):
    """Let this process die by SIGKILL at its n-th rename."""
    rename, left = Path.replace, [number]

    def replace(self, target):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    Path.replace = replace


def in_child(work):
    """Return the exit status of work done in a process of its own."""
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def prepared(home):
    """Write log and configuration into a new folder, and return the configuration."""
    home.mkdir()
    (home / "names.log").write_text("pool-a\npool-b\nalone\n")
    (home / "audit.toml").write_text('case = "case"\ninputs = ["*.log"]\nreports = "reports"\n')
    return read_config(home / "audit.toml")


def import_early(home):
    """Import what an audit imports on its way: every round would do so twice, which takes longer than all else."""
    config, imported = prepared(home), home / "imported"
    in_child(lambda: (audit(config, Silent(), **STAGES), imported.write_text("\n".join(sys.modules))))
    for name in imported.read_text().split():
        with contextlib.suppress(ImportError):  # what a library names so and has under another name
            importlib.import_module(name)


def tell(config):
    """Print the changes of an audit and whether the case is intact."""
    result = audit(config, Silent(), **STAGES)
    problems = [str(problem) for problem in verify(open_case(config.case)).problems]
    say(as_dict(result) | {"problems": problems})
    note_delivered(config, result)


def say(value):
    """Write one line of JSON."""
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def main(folder):
    """Go on until an audit is done before its n-th rename."""
    import_early(folder / "0")
    number, status = 0, signal.SIGKILL
    while status == signal.SIGKILL:
        number += 1
        config = prepared(folder / str(number))

        def disturbed(config=config, number=number):
            kill_before_rename(number)
            note_delivered(config, audit(config, Silent(), **STAGES))

        status = in_child(disturbed)
        if in_child(lambda config=config: tell(config)):
            sys.exit(f"the audit after a kill at rename {number} failed")
    say({"n_kills": number - 1})


main(Path(sys.argv[1]))
