"""Every command that an error, a help text or a document names exists, with the options that it is given."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from distilforensics.cli.main import cli

ROOT = Path(__file__).parents[2]
_COMMAND = re.compile(r"(?<![\w./-])distilforensics (?P<rest>[a-z][^`\n\"|;&<>(){}\\]*)")
PLACES = sorted(
    path
    for pattern in (
        "distilforensics/**/*.py",
        "distilforensics/**/*.j2",
        "docs/**/*.md",
        "*.md",
        "contrib/**/*",
        "sample_logs/*.md",
    )
    for path in ROOT.glob(pattern)
    if path.is_file() and path.name != "CHANGELOG.md" and "decisions" not in path.parts
)


def problem(words):
    """Return what is wrong with the words behind the program's name, or nothing."""
    command, path = cli, []
    while isinstance(command, click.Group) and words and re.fullmatch(r"[a-z-]+", words[0]):
        if words[0] not in command.commands:
            return f"no command {' '.join([*path, words[0]])}"
        command, path, words = command.commands[words[0]], [*path, words[0]], words[1:]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"-h", "--help"}
    given = [word.split("=")[0].rstrip(".,:") for word in words if re.match(r"--?[a-z]", word)]
    return next((f"{' '.join(path)} has no option {name}" for name in given if name not in known), None)


def named(path):
    """Return the command lines in a file; words of a sentence behind the name of a verb are no options and do no harm."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for match in _COMMAND.finditer(text):
        words = match["rest"].split()
        # "distilforensics is ..." is a sentence about the program.
        if words[0] in cli.commands or (match.start() and text[match.start() - 1] in "`\n\"' "):
            yield match[0], words


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_in_a_file_exist(path):
    """Verbs and options."""
    wrong = {line: problem(words) for line, words in named(path) if words[0] in cli.commands}
    assert {} == {line: fault for line, fault in wrong.items() if fault}


def test_enough_is_looked_at():
    """The pattern finds what it should."""
    assert sum(1 for path in PLACES for _, words in named(path) if words[0] in cli.commands) > 150
    assert problem(["run", "x", "--max-line-bytes", "3"]) == "run has no option --max-line-bytes"
    assert problem(["formats", "lst"]) == "no command formats lst"
    assert problem(["verify", "CASE", "--key", "FILE"]) is None


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_asks_the_program(shell):
    """And the program answers."""
    command = [sys.executable, "-m", "distilforensics"]
    script = subprocess.run([*command, "completion", shell], capture_output=True, text=True, check=True).stdout
    assert f"_DISTILFORENSICS_COMPLETE={shell}_complete" in script
    variables = {
        "_DISTILFORENSICS_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "distilforensics ver",
        "COMP_CWORD": "ver" if shell == "fish" else "1",
    }
    answered = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, cwd=ROOT)
    assert "verify" in answered.stdout
