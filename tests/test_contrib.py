"""The files for cron, systemd and containers name commands that exist."""

import configparser
import re
import shlex
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
