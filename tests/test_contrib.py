"""The files for cron, systemd and containers name commands that exist."""

import configparser
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from distilforensics.cli.main import cli

CONTRIB = Path(__file__).parents[1] / "contrib"
COMMAND = re.compile(r"\S*\bdistilforensics audit[^\n;]*")


@pytest.mark.parametrize("name", ["cron.d-distilforensics", "systemd/distilforensics-audit@.service", "Containerfile"])
def test_commands_can_be_parsed(name):
    """Verb, options and arguments."""
    (found,) = COMMAND.findall((CONTRIB / name).read_text(encoding="utf-8"))
    _, verb, *arguments = shlex.split(found)
    context = cli.commands[verb].make_context(verb, arguments)

    assert context.params["config_file"].suffix == ".toml"


def test_the_service_keeps_what_the_documentation_promises():
    """No network, a read-only system, files for their owner only; the timer starts it."""
    units = {}
    for kind in ("service", "timer"):
        units[kind] = configparser.ConfigParser(strict=False, interpolation=None)
        units[kind].optionxform = str
        units[kind].read(CONTRIB / "systemd" / f"distilforensics-audit@.{kind}")
    service = units["service"]["Service"]

    assert ("oneshot", "yes", "strict", "0077") == (
        service["Type"],
        service["PrivateNetwork"],
        service["ProtectSystem"],
        service["UMask"],
    )
    assert "timers.target" == units["timer"]["Install"]["WantedBy"]


def test_the_units_are_valid_for_systemd(tmp_path):
    """As systemd-analyze sees an instance of them, where there is one; the program that they start is put in place first."""
    program = tmp_path / "distilforensics"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for path in sorted((CONTRIB / "systemd").iterdir()):
        text = path.read_text(encoding="utf-8")
        assert [line for line in text.splitlines() if line and not re.match(r"#|\[\w+\]$|\w+=", line)] == []
        text = text.replace("/opt/distilforensics/bin/distilforensics", str(program))
        (tmp_path / path.name.replace("@", "@gateway")).write_text(text)
    if analyze := shutil.which("systemd-analyze"):
        units = sorted(map(str, tmp_path.glob("*@gateway.*")))
        done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_cron_line_runs_as_cron_would(tmp_path):
    """Five fields of time, a user, and a command that sh runs: files for their owner only, the configuration as argument."""
    text = (CONTRIB / "cron.d-distilforensics").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if not line.startswith("#")]
    *times, user, command = line.split(maxsplit=6)
    program = tmp_path / "distilforensics"
    program.write_text('#!/bin/sh\numask\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    command = command.replace("/opt/distilforensics/bin/distilforensics", shlex.quote(str(program)))
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)

    assert [bool(re.fullmatch(r"\*|\d+", field)) for field in times] == [True] * 5
    assert (user, "%" in line, text.endswith("\n")) == ("distilforensics", False, True)
    assert done.stdout.split() == ["0077", "audit", "/etc/distilforensics/gateway.toml", "--quiet"]


def test_the_image_is_made_of_what_is_there():
    """Its base has the Python that the program needs, files that it names exist, and the program does not run as root."""
    steps = [line.split(maxsplit=1) for line in _containerfile() if line and not line.startswith("#")]
    made = dict(steps)
    project = tomllib.loads((CONTRIB.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = project["requires-python"].removeprefix(">=")
    named = re.findall(r"/source/(\S+)", made["RUN"])

    assert [word for word, _ in steps] == ["FROM", "COPY", "RUN", "USER", "ENV", "WORKDIR", "ENTRYPOINT", "CMD"]
    assert made["FROM"].startswith(f"python:{least}")
    assert [name for name in named if not (CONTRIB.parent / name).is_file()] == []
    assert f"useradd --system --uid 10001 {made['USER']}" in made["RUN"]
    assert made["ENTRYPOINT"] == '["distilforensics"]'
    assert "distilforensics" in project["scripts"]


def _containerfile():
    return (CONTRIB / "Containerfile").read_text(encoding="utf-8").splitlines()
