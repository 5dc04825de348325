"""Every command explains itself in the same way, and quickly."""

import subprocess
import sys

import click
import pytest

from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.cli.main import cli

HEAVY = (
    "duckdb",
    "isal",
    "jinja2",
    "numpy",
    "polars",
    "pyarrow",
    "rich",
    "yaml",
    "zstandard",
)


def commands(group=cli, path=()):
    """Yield words and command of every command, groups included."""
    yield path, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = list(commands())
NAMES = [" ".join(("distilforensics", *path)) for path, _ in ALL]


def help_of(path, capsys, flag="--help"):
    """Return the help of a command as the user sees it."""
    assert ExitCode.COMPLETE == run_cli([*path, flag])

    return capsys.readouterr().out


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=NAMES)
def test_help_ends_with_two_examples_of_that_command(path, capsys):
    """Both begin with the command itself."""
    lines = help_of(path, capsys).rstrip().splitlines()

    assert "Examples:" == lines[-3].strip()
    assert all(line.strip().startswith(" ".join(("distilforensics", *path))) for line in lines[-2:])


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=NAMES)
def test_short_and_long_help_are_the_same(path, capsys):
    """-h and --help everywhere."""
    assert help_of(path, capsys, "-h") == help_of(path, capsys, "--help")


@pytest.mark.parametrize("command", [c for _, c in ALL if not isinstance(c, click.Group)], ids=lambda c: c.name)
def test_every_command_has_the_common_options_and_every_option_has_help(command):
    """The same words mean the same thing everywhere."""
    options = {name for parameter in command.params for name in parameter.opts}

    assert {"-q", "--quiet", "--json", "--no-color", "--debug", "--version"} <= options
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))


@pytest.mark.parametrize("path", [(), ("run",), ("verify",), ("audit",)], ids=["group", "run", "verify", "audit"])
def test_help_lists_the_exit_codes(path, capsys):
    """Scripts need them."""
    text = help_of(path, capsys)

    assert all(f"{int(code):>3}  {code.meaning}" in text for code in ExitCode)


def test_the_group_lists_every_verb_with_a_whole_sentence(capsys):
    """No description is cut."""
    text = help_of((), capsys)

    assert all(f"\n  {name} " in text for name in cli.commands)
    assert "..." not in text.split("Commands:")[1].split("Exit codes:")[0]


def test_version_is_that_of_the_package(capsys):
    """`--version` of group and command."""
    import distilforensics

    assert ExitCode.COMPLETE == run_cli(["--version"])
    assert ExitCode.COMPLETE == run_cli(["run", "--version"])
    assert 2 * f"distilforensics {distilforensics.__version__}\n" == capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    """Help answers at once."""
    code = f"""
import sys
from distilforensics.cli.diagnostics import run_cli
assert run_cli({arguments!r}) == 0
print("HEAVY", sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "HEAVY []" == done.stdout.splitlines()[-1]


def test_without_a_verb_the_help_is_shown_as_wrong_usage(capsys):
    """Exit code 2, help on stderr."""
    assert ExitCode.USAGE == run_cli([])
    assert "Commands:" in capsys.readouterr().err
