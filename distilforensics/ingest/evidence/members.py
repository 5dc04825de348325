"""Members of archives become inputs of their own: copies in a temporary folder, since some formats cannot be read in one pass."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from distilforensics.case.archives import SEPARATOR, BrokenMemberError, kind_of, read_members, write_blocks
from distilforensics.core import units
from distilforensics.ingest.evidence.inputs import InputFile
from distilforensics.ingest.evidence.sources import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def with_members(files: Sequence[InputFile], folder: Path) -> list[InputFile]:
    """Return the files and the members of the archives among them, sorted by name."""
    numbers = count()
    found: list[InputFile] = []
    for file in files:
        if kind_of(file.where) is None:
            found.append(file)
            continue
        members = list(_members(file, folder, numbers))
        n_refused = sum(member.role == "refused" for member in members)
        text = f"{units.count(len(members) - n_refused)} members read, {units.count(n_refused)} refused"
        found += [InputFile(file.name, file.path, file.n_bytes, role="archive", reason=text), *members]
    return sorted(found)


def _members(file: InputFile, folder: Path, numbers: Iterator[int]) -> Iterator[InputFile]:
    try:
        for member in read_members(file.where):
            target = folder / f"{next(numbers):06d}" / _safe(member.name)
            reason = member.reason or write_blocks(member.blocks, target)
            yield _input(file, member.name, target, reason)
    except BrokenMemberError as e:
        yield InputFile(f"{file.name}{SEPARATOR}", f"{file.path}{SEPARATOR}", 0, role="refused", reason=f"archive: {e}")


def _input(file: InputFile, name: str, target: Path, reason: str) -> InputFile:
    stated, origin = f"{file.name}{SEPARATOR}{name}", f"{file.path}{SEPARATOR}{name}"
    if reason:
        return InputFile(stated, origin, 0, role="refused", reason=f"member of an archive: {printable(reason)}")
    return InputFile(stated, target.as_posix(), target.stat().st_size, member_of=origin)


def _safe(name: str) -> str:
    """Return the last part of a member's name as a file may be called anywhere; it tells what accompanies logs."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name.rpartition("/")[2])[-100:].lstrip(".") or "member"
