"""Where the evidence files of a case lie now, told by their recorded names and hashes."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from distilforensics.case import archives, custody
from distilforensics.case.stages import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from distilforensics.case.layout import Case

_NO_UTF8 = re.compile(r"\\u(dc[89a-f][0-9a-f])")
"""How tables write a byte of a file name that is no UTF-8."""


def name_on_disk(stated: str) -> str:
    """Return the name of a file as the system has it, from the one that tables hold."""
    return _NO_UTF8.sub(lambda match: chr(int(match[1], 16)), stated)


def places(case: Case, stated: str, evidence_root: Path | None = None) -> Iterator[Path]:
    """Yield the paths at which an evidence file may lie.

    Args:
        case: The case, whose custody log knows from which folders logs were read.
        stated: Its path in table `sources`: below the folder that the inputs of a run share.
        evidence_root: If given, only below this folder; leading folders of `stated` may be missing there.
    """
    path = PurePosixPath(name_on_disk(stated))
    if evidence_root is not None:
        parts = [part for part in path.parts if part not in {"/", ".", ".."}]
        yield from (evidence_root.joinpath(*parts[start:]) for start in range(len(parts)))
    elif path.is_absolute():
        yield Path(path)
    else:
        yield from (folder / path for folder in _starting_folders(case))


def _starting_folders(case: Case) -> list[Path]:
    """Return the folders below which inputs of runs lay, newest first, then those from which runs were started."""
    details = [entry["details"] for entry in reversed(custody.entries(case))]
    stated = [entry.get(key) for key in ("input_root", "cwd") for entry in details]
    return [Path(folder) for folder in dict.fromkeys(text for text in stated if isinstance(text, str)) if folder]


def find_member(case: Case, source: Mapping[str, Any], evidence_root: Path | None = None) -> tuple[Path, str] | None:
    """Return the archive and the name of the member whose bytes are those of a row of `sources`, or None."""
    for path, name in archives_of(case, source, evidence_root):
        if archives.member_sha256(path, name) == source["source_sha256"]:
            return path, name
    return None


def archives_of(case: Case, source: Mapping[str, Any], evidence_root: Path | None = None) -> Iterator[tuple[Path, str]]:
    """Yield the archives in which a source may lie, each with the name that the source has in it."""
    for archive, member in archives.split(source["path"]):
        name = name_on_disk(member)
        yield from ((path, name) for path in places(case, archive, evidence_root) if path.is_file())


def find_source(case: Case, source: Mapping[str, Any], evidence_root: Path | None = None) -> Path | None:
    """Return the evidence file whose bytes, or first bytes if it has grown, are those of a row of `sources`, or None."""
    n_bytes = source["n_bytes"]
    present = [path for path in places(case, source["path"], evidence_root) if path.is_file()]
    same = [path for path in present if path.stat().st_size == n_bytes]
    grown = [path for path in present if n_bytes is not None and 0 < n_bytes < path.stat().st_size]
    return next((path for path in [*same, *grown] if file_sha256(path, n_bytes) == source["source_sha256"]), None)
