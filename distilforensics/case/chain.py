"""Files to which lines are only added: one line of JSON per entry, each bound to the one before it by a hash.

Every later change of a line, a lost line and a changed order show. That somebody who can write to the folder has made a whole new
file cannot show; for that, the last hash has to be noted elsewhere.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.case.layout import for_owner
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START = "0" * 64
"""Previous hash of the first entry."""

_SHA256 = re.compile(r"[0-9a-f]{64}")

_KEYS = frozenset({"seq", "time", "actor", "host", "tool", "action", "details", "previous", "hash"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A difference between what a case contains and what was recorded."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


def now() -> str:
    """Return the wall-clock time in UTC as RFC 3339; only run.json, the custody log and notes may carry it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def actor() -> str:
    """Return the name of the operating system's user, or the number where there is no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def append(path: Path, action: str, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the entry that was added; it is on the disk when this returns.

    Args:
        path: The file; the caller holds the lock of the case.
        action: What was done, in words, such as `run started` or `sealed`.
        details: JSON-ready data about it.
    """
    content = path.read_bytes() if path.exists() else b""
    complete, torn = _cut(content)
    if torn:
        _truncate(path, len(complete))
        entry = _next(complete, "unfinished entry removed", {"was": torn.decode("utf-8", "backslashreplace")})
        complete += _write(path, entry)
    entry = _next(complete, action, dict(details or {}))
    _write(path, entry)
    return entry


def _cut(content: bytes) -> tuple[bytes, bytes]:
    """Split off what a crash in the middle of a write left behind the last line end."""
    end = content.rfind(b"\n") + 1
    return content[:end], content[end:]


def _truncate(path: Path, length: int) -> None:
    with path.open("r+b") as stream:
        stream.truncate(length)
        os.fsync(stream.fileno())


def _next(content: bytes, action: str, details: dict[str, Any]) -> dict[str, Any]:
    lines = content.split(b"\n")[:-1]
    entry = {
        "seq": len(lines) + 1,
        "time": now(),
        "actor": actor(),
        "host": platform.node(),
        "tool": f"distilforensics {__version__}",
        "action": action,
        "details": details,
        "previous": _stated_hash(lines[-1]) if lines else START,
    }
    return entry | {"hash": hash_of(entry)}


def _stated_hash(line: bytes) -> str:
    """Return the hash in a line; of a damaged line the hash of its bytes, so that the log can go on and `check` says so."""
    entry = _parsed(line)
    return str(entry["hash"]) if entry else hashlib.sha256(line).hexdigest()


def _write(path: Path, entry: Mapping[str, Any]) -> bytes:
    line = canonical(entry) + b"\n"
    with open(path, "ab", opener=for_owner) as stream:
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())
    return line


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return an entry as its line has it."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def hash_of(entry: Mapping[str, Any]) -> str:
    """Return the hash that belongs into an entry."""
    return hashlib.sha256(canonical({key: value for key, value in entry.items() if key != "hash"})).hexdigest()


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or entry.keys() != _KEYS:
        return None
    is_typed = type(entry["seq"]) is int and isinstance(entry["details"], dict)
    is_typed &= all(isinstance(entry[key], str) for key in _KEYS - {"seq", "details"})
    return entry if is_typed and _SHA256.fullmatch(entry["hash"]) else None


def entries(path: Path) -> list[dict[str, Any]]:
    """Return the readable entries in order; use `check` to learn whether they can be trusted."""
    if not path.is_file():
        return []
    parsed = (_parsed(line) for line in path.read_bytes().split(b"\n"))
    return [entry for entry in parsed if entry is not None]


def head(path: Path) -> dict[str, Any]:
    """Return number and hash of the last entry, for a record outside of the log."""
    known = entries(path)
    return {"n_entries": len(known), "hash": known[-1]["hash"] if known else START}


def check(path: Path, expected_head: Mapping[str, Any] | None = None, *, known_by: str = "run.json") -> list[Problem]:
    """Return every place at which the chain is broken.

    Args:
        path: The file.
        expected_head: What `head` returned at an earlier time; entries up to there must still exist.
        known_by: What remembers that head.
    """
    where = path.name
    if not path.is_file():
        return [Problem(where, "is missing")]
    complete, torn = _cut(path.read_bytes())
    problems = []
    previous, hashes = START, [START]
    for number, line in enumerate(complete.split(b"\n")[:-1], start=1):
        problems += [Problem(f"{where}:{number}", fault) for fault in _faults(line, number, previous)]
        previous = _stated_hash(line)
        hashes.append(previous)
    if torn:
        problems.append(
            Problem(f"{where}:{len(hashes)}", f"the last entry is incomplete: {shown(torn.decode('utf-8', 'replace'))}")
        )
    if expected_head is not None:
        problems += _missing_tail(where, hashes, expected_head, known_by)
    return problems


def _faults(line: bytes, number: int, previous: str) -> list[str]:
    entry = _parsed(line)
    if entry is None:
        return ["is no entry of it, it was edited"]
    faults = []
    if not _is_as_hashed(entry, line):
        faults.append("was edited: its hash does not fit its content")
    if entry["seq"] != number:
        faults.append(
            f"has sequence number {shown(entry['seq'])}, expected {number}: entries were deleted or reordered"
        )
    if entry["previous"] != previous:
        faults.append("does not continue the entry before it: entries were edited, deleted or reordered")
    return faults


def _is_as_hashed(entry: Mapping[str, Any], line: bytes) -> bool:
    try:
        return bool(entry["hash"] == hash_of(entry) and canonical(entry) == line)
    except (ValueError, RecursionError):  # NaN, or nested without end
        return False


def _missing_tail(where: str, hashes: list[str], expected: Mapping[str, Any], known_by: str) -> list[Problem]:
    n_expected, n_found = expected.get("n_entries"), len(hashes) - 1
    if type(n_expected) is not int or n_expected < 0:
        return [Problem(where, f"{known_by} names no number of entries, but {shown(n_expected)}")]
    if n_found < n_expected:
        return [Problem(where, f"has {n_found} entries, {known_by} knows of {n_expected}: the end was cut off")]
    if hashes[n_expected] != expected.get("hash"):
        return [Problem(f"{where}:{n_expected}", f"is not the entry that {known_by} knows")]
    return []
