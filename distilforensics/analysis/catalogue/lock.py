"""`lock.json`: what decides the outcome of every heuristic, with its version, so that no meaning changes under the same version."""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.catalogue.loader import load_catalog
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from distilforensics.analysis.catalogue.loader import Heuristic


def lock_file() -> Traversable:
    """Return the lock file of the installed package."""
    return importlib.resources.files("distilforensics.analysis.heuristics") / "lock.json"


def read_lock() -> dict[str, dict[str, Any]]:
    """Return id -> locked entry; empty if there is no lock file yet."""
    path = lock_file()
    if not path.is_file():
        return {}
    entries: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return entries


DECIDING = ("entity", "level", "needs", "partition", "requires_complete", "requires_order", "tags")
"""Keys of a header that decide where a heuristic is judged, what it counts for, and under which technique it is reported."""


def lock_entry(heuristic: Heuristic) -> dict[str, Any]:
    """Return what is locked of a heuristic."""
    header = heuristic.file.header
    return {
        **{key: header[key] for key in DECIDING if key in header},
        "version": heuristic.version,
        "sha256": heuristic.sha256,
        "defaults": {parameter.name: asdict(parameter)["default"] for parameter in heuristic.parameters},
    }


def lock_difference(heuristic: Heuristic, locked: dict[str, dict[str, Any]]) -> str | None:
    """Return in words how a heuristic differs from its locked entry, or None."""
    entry, old = lock_entry(heuristic), locked.get(heuristic.id)
    if old is None:
        return "is not in lock.json"
    if entry == old:
        return None
    if entry["version"] <= old["version"]:
        return f"{_changed(entry, old)} changed while the version stayed {old['version']}"
    return f"version {entry['version']} is not in lock.json, which holds version {old['version']}"


def _changed(entry: dict[str, Any], old: dict[str, Any]) -> str:
    words = {"sha256": "the query", "defaults": "a default"}
    return " and ".join(words.get(key, key) for key in sorted({*entry, *old}) if entry.get(key) != old.get(key))


def lock_text() -> str:
    """Return what `lock.json` holds for the catalogue of today.

    Raises:
        HeuristicError: something that is locked changed without a higher version.
    """
    locked, catalog = read_lock(), load_catalog()
    for heuristic in catalog:
        difference = lock_difference(heuristic, locked)
        if difference and heuristic.id in locked and heuristic.version <= locked[heuristic.id]["version"]:
            raise HeuristicError(difference, where=heuristic.id, hint="raise `version` and `modified` in its header")
    entries = {heuristic.id: lock_entry(heuristic) for heuristic in catalog}
    return f"{json.dumps(entries, indent=2, sort_keys=True, ensure_ascii=False)}\n"
