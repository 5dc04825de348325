"""Opens the report for a person who sits in front of the machine: never in a pipe, never as a reason to fail."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import say
from distilforensics.cli.output import is_terminal
from distilforensics.core.text import show

if TYPE_CHECKING:
    from pathlib import Path

open_option = click.option(
    "--open", "is_opening", is_flag=True, help="Open the report in the browser; without a terminal nothing is opened."
)


def open_report(path: Path) -> None:
    """Open a local file in the browser of the desktop; if there is none, say so and go on."""
    if not is_terminal(sys.stdout):
        return
    if not _has_desktop() or not _opened(path):
        say(f"note: no browser could be started here; the report is {show(path)}")


def _has_desktop() -> bool:
    """Return whether a browser has a place to appear: over a remote shell a text browser would take the terminal."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _opened(path: Path) -> bool:
    import webbrowser

    try:
        return path.is_file() and webbrowser.open(path.resolve().as_uri())
    except (webbrowser.Error, OSError, ValueError):
        return False
