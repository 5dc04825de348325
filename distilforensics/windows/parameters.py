"""The parameters of the window tests, read from the one file that states them with unit and reason."""

from __future__ import annotations

import importlib.resources
import tomllib
from functools import cache
from typing import Any


@cache
def stated() -> dict[str, Any]:
    """Return the parameter file as data."""
    return tomllib.loads((importlib.resources.files(__package__) / "parameters.toml").read_text(encoding="utf-8"))


def value(section: str, name: str) -> int:
    """Return one whole-number parameter."""
    return int(stated()[section][name]["value"])


def share(section: str, name: str) -> float:
    """Return one parameter between 0 and 1."""
    return float(stated()[section][name]["value"])


def section(name: str) -> dict[str, int]:
    """Return all whole-number parameters of a section by name."""
    return {key: int(entry["value"]) for key, entry in stated()[name].items()}
