"""run.json: when, where, with which versions and limits a case came about. The only reproducible thing in it is its shape."""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.case import custody
from distilforensics.case.layout import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case

FORMAT_VERSION = 1
"""Raised when a key of run.json changes its meaning."""

_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one stage took, and what it wrote."""

    stage: str
    seconds: float
    is_skipped: bool
    n_rows: Mapping[str, int]
    is_wanted: bool = True
    """As of the outcome."""


def dependencies(package: str = "distilforensics") -> dict[str, str]:
    """Return name -> version of everything installed that the program needs, directly or not."""
    versions: dict[str, str] = {}
    pending = [package]
    while pending:
        try:
            distribution = metadata.distribution(pending.pop())
        except metadata.PackageNotFoundError:
            continue  # not needed on this platform
        name = re.sub(r"[-_.]+", "-", distribution.metadata["Name"]).lower()
        if name in versions:
            continue
        versions[name] = distribution.version
        required = [line for line in distribution.requires or () if "extra ==" not in line]
        pending += [match[1] for match in map(_REQUIREMENT.match, required) if match]
    versions.pop(package, None)
    return dict(sorted(versions.items()))


def peak_memory() -> dict[str, int]:
    """Return the largest resident sizes so far, in bytes: of this process and of its largest worker."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        import psutil

        memory = psutil.Process().memory_info()
        return {"process": int(getattr(memory, "peak_wset", memory.rss)), "largest_worker": 0}
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "process": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "largest_worker": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit,
    }


def read_record(case: Case) -> dict[str, Any]:
    """Return run.json, or an empty record if there is none that can be read."""
    return read_json(case.run_record)


def write_record(
    case: Case,
    *,
    command: str,
    started_at: str,
    limits: Limits,
    inputs: Sequence[str],
    options: Mapping[str, Any],
    timings: Sequence[Timing],
) -> None:
    """Write run.json for a command that has just ended."""
    record = {
        "format_version": FORMAT_VERSION,
        "tool": {"name": "distilforensics", "version": __version__, "dependencies": dependencies()},
        "command": command,
        "argv": sys.argv,
        "cwd": os.getcwd(),  # noqa: PTH109 - the text as the system gives it
        "started_at": started_at,
        "ended_at": custody.now(),
        "actor": custody.actor(),
        "host": {
            "name": platform.node(),
            "platform": platform.platform(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "n_cores": os.cpu_count(),
        },
        "limits": asdict(limits),
        "inputs": list(inputs),
        "options": dict(options),
        "stages": [
            {
                "stage": timing.stage,
                "seconds": round(timing.seconds, 3),
                "is_skipped": timing.is_skipped,
                "n_rows": dict(timing.n_rows),
            }
            for timing in timings
        ],
        "peak_memory_bytes": peak_memory(),
        "custody": custody.head(case),
    }
    write_json(case.run_record, record)
