"""What a series of examinations rests on: program, rules and choices. They stay the same from night to night, or the change is announced."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.case.stages import folder_sha256, package_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from distilforensics.audit.config import AuditConfig
    from distilforensics.case.layout import Case

_PACKAGES = ("ingest", "analysis", "assessment")
_WORDS = {
    "program": "the version of the program",
    "code": "the code of the stages",
    "parameters": "thresholds of a stage",
    "reading": "how logs are read",
    "calibration": "reference or measured rates",
    "fail_on": "the grade that raises an alarm",
}


def basis(case: Case, config: AuditConfig) -> dict[str, Any]:
    """Return what the findings of a finished case depend on besides its logs, JSON-ready."""
    return {
        "program": __version__,
        "code": {name: package_sha256(f"distilforensics.{name}") for name in _PACKAGES},
        "parameters": _parameters(case),
        "reading": config.options.parameters(),
        "calibration": folder_sha256(case, case.calibration if case.calibration.is_dir() else None),
        "fail_on": config.fail_on.value if config.fail_on else None,
    }


def _parameters(case: Case) -> dict[str, str]:
    """Return stage -> hash of the thresholds that its record names; those of the report are no thresholds."""
    found = {}
    for path in sorted(case.stages.glob("*.json")):
        if path.stem not in ("report", "power"):
            parameters = json.loads(path.read_bytes()).get("parameters")
            found[path.stem] = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    return found


def announcements(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for everything that has changed since the last examination of the series."""
    for key, what in _WORDS.items():
        old, new = before.get(key), now.get(key)
        if before and old != new:
            values = f" from {old} to {new}" if key in ("program", "fail_on") else ""
            yield f"{what} changed{values}: differences may come from that and not from the logs"
