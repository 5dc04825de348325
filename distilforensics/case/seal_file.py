"""seal-sha256.txt: the one file that is signed and time-stamped. It holds run.json, both manifests and the custody log up to the seal.

`sha256sum -c` reads its lines; the line about the custody log is a comment to it, because that log grows after the seal.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.case import custody
from distilforensics.case.custody import Problem
from distilforensics.case.stages import file_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.case.layout import Case

SEAL = "seal-sha256.txt"
SIGNATURE = f"{SEAL}.sig"
PUBLIC_KEY = "seal-key.pem"
QUERY = f"{SEAL}.tsq"
TOKEN = f"{SEAL}.tsr"

BELONGING = (SIGNATURE, PUBLIC_KEY, QUERY, TOKEN)
"""Files about one seal: a new seal removes them."""

_FORM = re.compile(
    rb"# custody\.jsonl: bytes (?P<n_bytes>\d{1,18}) sha256 (?P<sha256>[0-9a-f]{64})"
    rb" entries (?P<n_entries>\d{1,18}) head (?P<head>[0-9a-f]{64})\n"
    rb"(?P<files>(?:[0-9a-f]{64}  [a-z0-9.-]+\n)+)"
)


@dataclass(frozen=True, slots=True)
class SealFile:
    """What seal-sha256.txt states."""

    n_bytes: int
    """Bytes of the custody log up to and with the entry `sealed`."""
    custody_sha256: str
    """Hash of these bytes."""
    n_entries: int
    head: str
    """Hash of the last entry among them."""
    files: dict[str, str]
    """Name -> SHA-256 of run.json and both manifests."""


def write_seal(case: Case, names: tuple[str, ...]) -> bytes:
    """Return the content of seal-sha256.txt for a case whose custody log ends with its seal."""
    content, head = case.custody_log.read_bytes(), custody.head(case)
    log = (
        f"# custody.jsonl: bytes {len(content)} sha256 {hashlib.sha256(content).hexdigest()}"
        f" entries {head['n_entries']} head {head['hash']}\n"
    )
    return (log + "".join(f"{file_sha256(case.root / name)}  {name}\n" for name in names)).encode()


def read_seal(content: bytes) -> SealFile | None:
    """Return what the file states; None if it is none."""
    match = _FORM.fullmatch(content)
    if match is None:
        return None
    lines = match["files"].decode("ascii").splitlines()
    return SealFile(
        int(match["n_bytes"]),
        match["sha256"].decode(),
        int(match["n_entries"]),
        match["head"].decode(),
        {line[66:]: line[:64] for line in lines},
    )


def check_seal(case: Case, names: tuple[str, ...]) -> list[Problem]:
    """Return every difference between seal-sha256.txt and the files that it holds."""
    path = case.root / SEAL
    if not path.is_file():
        return [Problem(SEAL, "is missing")]
    stated = read_seal(path.read_bytes())
    if stated is None or set(stated.files) != set(names):
        return [Problem(SEAL, "is no seal, it was edited")]
    problems = [
        Problem(name, f"was changed: {SEAL} states SHA-256 {sha256}")
        for name, sha256 in sorted(stated.files.items())
        if not (case.root / name).is_file() or file_sha256(case.root / name) != sha256
    ]
    return problems + _check_custody(case.custody_log, stated)


def _check_custody(path: Path, stated: SealFile) -> list[Problem]:
    if not path.is_file():
        return []  # a missing log is named by the check of the log itself
    n_bytes = path.stat().st_size
    if n_bytes < stated.n_bytes:
        return [Problem(path.name, f"has {n_bytes} bytes, {SEAL} knows of {stated.n_bytes}: the end was cut off")]
    if file_sha256(path, stated.n_bytes) != stated.custody_sha256:
        return [
            Problem(path.name, f"was rewritten: its first {stated.n_entries} entries are not those that {SEAL} knows")
        ]
    return []
