"""The examples under the help of a command run as they stand, in a folder that holds what they name."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from distilforensics.cli.main import cli

ROOT = Path(__file__).parents[2]
CALL = '{"timestamp": "2026-03-02T10:04:31Z", "account_id": "u1", "model": "m", "prompt": "What is a prime?", "response": "A number."}\n'
ALONE = (
    "inspect",
    "mapping",
    "plan",
    "diff",
    "show",
    "explain",
    "compare",
    "sql",
    "note",
    "export",
    "formats",
    "heuristics",
    "completion",
    "verify",
)
"""Commands whose examples need a case, logs or nothing; those that make a whole case run in the tutorial and in tests of their own."""

NEEDS = ("--replay", "/media/")
"""What an example says that needs the evidence of an examiner."""


def examples_of(command):
    """Yield the examples of a command and of those below it."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from examples_of(below)
    lines = (line.strip() for line in (command.epilog or "").splitlines())
    yield from (line for line in lines if line.startswith("distilforensics "))


EXAMPLES = [
    line for name in ALONE for line in examples_of(cli.commands[name]) if not any(need in line for need in NEEDS)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, sample_case):
    """A folder with logs, three cases and the files that examples name."""
    root = tmp_path_factory.mktemp("examples")
    for name in ("reports/sample-case", "cases/2026-017", "cases/2026-017-again", "cases/2026-018"):
        shutil.copytree(sample_case("pool"), root / name)
    (root / "exports").symlink_to(ROOT / "sample_logs" / "pool" / "logs")
    for name in ("gateway.jsonl.gz", "calls.jsonl.gz"):
        (root / name).write_bytes(gzip.compress(CALL.encode() * 20))
    (root / "export.csv").write_text(
        "when,who,llm,question\n2026-03-02T10:00:00Z,u1,m,What is a prime?\n", encoding="utf-8"
    )
    (root / "query.sql").write_text("SELECT campaign_id FROM campaigns", encoding="utf-8")
    for name in (".local/share/bash-completion/completions", ".config/fish/completions", "bin"):
        (root / name).mkdir(parents=True)
    program = root / "bin" / "distilforensics"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m distilforensics "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return root


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example, folder):
    """It ends well, and says something."""
    environment = os.environ | {
        "HOME": str(folder),
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]]),
    }
    done = subprocess.run(
        ["sh", "-eu", "-c", example], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-1000:] + done.stdout[-500:]


def test_enough_examples_run():
    """The list is made from the commands themselves."""
    assert len(EXAMPLES) >= 30
