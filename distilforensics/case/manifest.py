"""Sealing a case as a BagIt 1.0 bag (RFC 8493): anybody can check it later with `sha256sum -c` alone.

The payload is data/. Everything else that the same logs give again is a tag file. run.json, custody.jsonl and notes.jsonl
carry wall-clock time, so they stay outside of the bag and are tied to it by the custody entry `sealed` and by seal.txt.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from distilforensics import __version__
from distilforensics.case import custody
from distilforensics.case.checklist import Verification
from distilforensics.case.layout import write_file
from distilforensics.case.signature import SEAL_FILES, check_signature, write_checks, write_statement
from distilforensics.case.stages import contradictions, file_sha256
from distilforensics.core.errors import CaseError, IntegrityError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from distilforensics.case.layout import Case
    from distilforensics.case.signature import Key

DECLARATION = "bagit.txt"
INFORMATION = "bag-info.txt"
PAYLOAD_MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"

SEALED = "sealed"
"""Action of the custody entry that closes a case."""

_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<name>.+)")
_OUTSIDE_THE_BAG = SEAL_FILES | {"run.json", "custody.jsonl", "notes.jsonl", TAG_MANIFEST}


def seal(case: Case, key: Key | None = None) -> dict[str, str]:
    """Return the details of the custody entry that closes the case, after writing the manifests.

    Raises:
        CaseError: there is no run.json, so it is unknown how the case came about.
        IntegrityError: files are not what the records of the stages say that they wrote or read.
    """
    if not case.run_record.is_file():
        raise CaseError(
            "run.json is missing, nothing has been run",
            where=str(case.root),
            hint="distilforensics run LOGS... --case DIR",
        )
    for path in case.root.rglob(".*.partial"):
        path.unlink()  # left by a run that was killed while it wrote
    if wrong := contradictions(case):
        places = "; ".join(f"{show(name)} {message}" for name, message in wrong[:5])
        raise IntegrityError(
            f"{len(wrong)} files contradict the records of the stages: {places}",
            where=show(case.root),
            hint="give the command `run` again, which makes them anew from the logs; nothing was sealed",
        )
    payload = list(payload_files(case))
    write_checks(case)
    write_file(case.root / DECLARATION, b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    write_file(case.root / INFORMATION, _information(case, payload).encode())
    write_file(case.root / PAYLOAD_MANIFEST, _manifest(case, payload))
    write_file(case.root / TAG_MANIFEST, _manifest(case, list(tag_files(case))))
    details = anchors(case)
    custody.append(case, SEALED, details | ({"key_sha256": key.fingerprint} if key else {}))
    write_statement(case, details, key)
    return details


def is_current(case: Case) -> bool:
    """Tell whether sealing would write the same again: no file has changed since the last seal."""
    sealed = [entry["details"] for entry in custody.entries(case) if entry["action"] == SEALED]
    statement = Verification()
    check_signature(case, None, statement)
    if not sealed or not all((case.root / name).is_file() for name in (PAYLOAD_MANIFEST, TAG_MANIFEST)):
        return False
    return (
        case.run_record.is_file()
        and statement.is_intact
        and {key: sealed[-1].get(key) for key in anchors(case)} == anchors(case)
        and (case.root / PAYLOAD_MANIFEST).read_bytes() == _manifest(case, list(payload_files(case)))
        and (case.root / TAG_MANIFEST).read_bytes() == _manifest(case, list(tag_files(case)))
    )


def anchors(case: Case) -> dict[str, str]:
    """Return the hashes by which the custody log holds everything else."""
    return {
        "run_json_sha256": file_sha256(case.run_record),
        "manifest_sha256": file_sha256(case.root / PAYLOAD_MANIFEST),
        "tagmanifest_sha256": file_sha256(case.root / TAG_MANIFEST),
    }


def payload_files(case: Case) -> Iterator[Path]:
    """Yield the files below data/ in order of their names."""
    return (path for path in sorted(case.data.rglob("*")) if path.is_file())


def tag_files(case: Case) -> Iterator[Path]:
    """Yield every other file of the bag in order of its name; temporary files are no part of it."""
    for path in sorted(case.root.rglob("*")):
        parts = path.relative_to(case.root).parts
        if (
            path.is_file()
            and parts[0] not in {case.data.name, case.temporary.name}
            and "/".join(parts) not in _OUTSIDE_THE_BAG
        ):
            yield path


def name_of(case: Case, path: Path) -> str:
    """Return a path as manifests write it: relative, with slashes, line ends and per cent signs encoded."""
    return case.name_of(path).replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _manifest(case: Case, files: list[Path]) -> bytes:
    return "".join(f"{file_sha256(path)}  {name_of(case, path)}\n" for path in files).encode("utf-8", "surrogateescape")


def _information(case: Case, payload: list[Path]) -> str:
    n_bytes = sum(path.stat().st_size for path in payload)
    stated = (
        ("Bag-Software-Agent", f"distilforensics {__version__}"),
        ("Source-Organization", case.settings.get("organization")),
        ("Contact-Name", case.settings.get("examiner")),
        ("External-Identifier", case.settings.get("number")),
        ("External-Description", case.settings.get("title")),
        ("Payload-Oxum", f"{n_bytes}.{len(payload)}"),
    )
    return "".join(f"{label}: {show(value)}\n" for label, value in stated if value)


def read_manifest(path: Path) -> tuple[Mapping[str, str], list[custody.Problem]]:
    """Return name -> SHA-256 of a manifest and the lines that are none."""
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(path.read_bytes().decode("utf-8", "surrogateescape").split("\n")[:-1], start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(custody.Problem(f"{path.name}:{number}", f"is no line of a manifest: {show(line)[:120]}"))
        else:
            found[match["name"]] = match["sha256"]
    return found, problems
