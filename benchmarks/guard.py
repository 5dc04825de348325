"""Runs the program so that a call of the network and a file written elsewhere are reported; for the commands that try to break it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import distilforensics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NETWORK_CALL, WRITES_OUTSIDE = "NETWORK CALL", "WRITES OUTSIDE"

_SITECUSTOMIZE = """
import os, sys
_ALLOWED = os.environ["GUARD_ALLOWED"].split(os.pathsep)
_FORBIDDEN = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def _look(event, arguments):
    if event in _FORBIDDEN:
        address = arguments[1] if len(arguments) > 1 else arguments[0]
        if not isinstance(address, (str, bytes)) or event == "socket.getaddrinfo":
            os.write(2, b"NETWORK CALL " + ascii(address).encode() + b"\\n")
    elif event in ("open", "os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove"):
        path = arguments[1] if event in ("os.rename", "os.link", "os.symlink") else arguments[0]
        writes = event != "open" or (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if writes and isinstance(path, (str, bytes)):
            path = os.path.abspath(os.fsdecode(path))
            inside = any(path == place or path.startswith(place.rstrip(os.sep) + os.sep) for place in _ALLOWED)
            if not inside and not os.path.isdir(path):
                os.write(2, b"WRITES OUTSIDE " + ascii(path).encode() + b"\\n")


sys.addaudithook(_look)
"""
"""Imported by every process at its start, those that the program itself starts included."""


def run_guarded(
    command: Sequence[str], folder: Path, allowed: Iterable[Path], timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """Run `python COMMAND` in FOLDER/tmp and return what it said; the guard and temporary files lie in FOLDER.

    Args:
        command: Arguments of Python, such as `-m distilforensics ...`.
        folder: Working folder; `guard` and `tmp` are made in it.
        allowed: Places that may be written, besides FOLDER/tmp.
        timeout: Seconds.

    Raises:
        subprocess.TimeoutExpired: the command did not end in time.
    """
    guard, temporary = folder / "guard", folder / "tmp"
    guard.mkdir(exist_ok=True)
    temporary.mkdir(exist_ok=True)
    (guard / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
    places = [*map(str, allowed), str(temporary), "/dev", "/proc"]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{guard}{os.pathsep}{Path(distilforensics.__file__).parent.parent}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GUARD_ALLOWED": os.pathsep.join(places),
        "TMPDIR": str(temporary),
    }
    return subprocess.run(
        [sys.executable, *command], env=environment, cwd=temporary, capture_output=True, timeout=timeout, check=False
    )


def reports_of(said: str) -> list[str]:
    """Return what the guard reported."""
    return [line for line in said.splitlines() if line.startswith((NETWORK_CALL, WRITES_OUTSIDE))]
