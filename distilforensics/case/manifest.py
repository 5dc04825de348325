"""Sealing a case as a BagIt 1.0 bag (RFC 8493): anybody can check it later with `sha256sum -c` alone.

The payload is data/. Everything else that the same logs give again is a tag file. run.json and custody.jsonl carry
wall-clock time, so they stay outside of the bag and are tied to it by the custody entry `sealed` and by
seal-sha256.txt, which the examiner may sign. check.sh checks all of it with a shell and openssl.
"""

from __future__ import annotations

import importlib.resources
import re
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.case import custody
from distilforensics.case.layout import write_file
from distilforensics.case.seal_file import BELONGING, PUBLIC_KEY, SEAL, SIGNATURE, check_seal, write_seal
from distilforensics.case.stages import contradictions, file_sha256
from distilforensics.core.errors import CaseError, IntegrityError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from distilforensics.case.layout import Case
    from distilforensics.case.signing import Signer

DECLARATION = "bagit.txt"
INFORMATION = "bag-info.txt"
PAYLOAD_MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
CHECK = "check.sh"
"""The recipe by which anybody checks the case without this program."""

SEALED_FILES = ("run.json", PAYLOAD_MANIFEST, TAG_MANIFEST)
"""What seal-sha256.txt holds besides the custody log."""

SEALED = "sealed"
"""Action of the custody entry that closes a case."""

NOTE = "note"
"""Action of a custody entry in which an examiner says something about a campaign or an account."""

TIMESTAMPED = "time stamp kept"
"""Action of the custody entry that names a token."""

UNCHANGED = "nothing had changed"
"""Action of the custody entry that ends a run after which the last seal still holds."""

_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<name>.+)")
_OUTSIDE_THE_BAG = frozenset({"run.json", "custody.jsonl", TAG_MANIFEST, SEAL, *BELONGING})


def seal(case: Case, signer: Signer | None = None) -> dict[str, str]:
    """Return the details of the custody entry that closes the case, after writing the manifests.

    Args:
        case: The case; the caller holds its lock.
        signer: The examiner's key; without one the seal is not signed.

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
    for name in (SEAL, *BELONGING):
        (case.root / name).unlink(missing_ok=True)
    for path, content in _bag_files(case):
        write_file(path, content)
    write_file(case.root / TAG_MANIFEST, _manifest(case, list(tag_files(case))))
    details = anchors(case) | ({"signed_with": signer.public.fingerprint} if signer else {})
    custody.append(case, SEALED, details)
    sealed = write_seal(case, SEALED_FILES)
    if signer is not None:
        write_file(case.root / PUBLIC_KEY, signer.public.pem)
        write_file(case.root / SIGNATURE, signer.sign(sealed))
    write_file(case.root / SEAL, sealed)
    return details


def _bag_files(case: Case) -> Iterator[tuple[Path, bytes]]:
    """Yield the files that a seal writes before the manifest of tag files, in that order."""
    payload = list(payload_files(case))
    yield case.root / DECLARATION, b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    yield case.root / INFORMATION, _information(case, payload).encode()
    yield case.root / CHECK, importlib.resources.files(__package__).joinpath(CHECK).read_bytes()
    yield case.root / PAYLOAD_MANIFEST, _manifest(case, payload)


def last_seal(case: Case) -> dict[str, Any] | None:
    """Return the custody entry of the last seal."""
    sealed = [entry for entry in custody.entries(case) if entry["action"] == SEALED]
    return sealed[-1] if sealed else None


def actions_since(case: Case, number: int) -> list[str]:
    """Return what was done after a custody entry; runs that changed nothing, and the time stamp of this seal, are left out."""
    actions: list[str] = []
    started = 0
    for entry in custody.entries(case):
        action = entry["action"]
        if entry["seq"] <= number or action == TIMESTAMPED:
            continue
        if action == UNCHANGED:
            del actions[started:]
            continue
        if action.endswith(" started"):
            started = len(actions)
        actions.append(action)
    return actions


def current_seal(case: Case, signer: Signer | None = None) -> dict[str, str] | None:
    """Return the details of the last seal if a new one would hold the same files, signed with the same key; else None."""
    entry = last_seal(case)
    if entry is None or not all((case.root / name).is_file() for name in (*SEALED_FILES, SEAL)):
        return None
    signed_with = entry["details"].get("signed_with")
    if signer is not None and signed_with != signer.public.fingerprint:
        return None
    if signed_with is not None and not (case.root / SIGNATURE).is_file():
        return None
    if any(later["action"] == NOTE for later in custody.entries(case)[entry["seq"] :]):
        return None
    is_same = all(path.is_file() and path.read_bytes() == content for path, content in _bag_files(case))
    is_same = is_same and (case.root / TAG_MANIFEST).read_bytes() == _manifest(case, list(tag_files(case)))
    if not is_same or anchors(case).items() - entry["details"].items():
        return None
    return None if check_seal(case, SEALED_FILES) or contradictions(case) else dict(entry["details"])


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
