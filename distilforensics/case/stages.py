"""Which stages are up to date: a stage is skipped when its inputs, its parameters and the code version have not changed.

One JSON file per stage in CASE/stages/, without wall-clock time, so that it belongs to the reproducible part of a case.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics import __version__
from distilforensics.case.layout import Case, read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

_HASH_BLOCK = 1 << 20


def file_sha256(path: Path, n_bytes: int | None = None) -> str:
    """Return the SHA-256 of a file, or of its first bytes, as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK if n_bytes is None else min(_HASH_BLOCK, n_bytes)):
            digest.update(block)
            n_bytes = None if n_bytes is None else n_bytes - len(block)
    return digest.hexdigest()


def tables_sha256(case: Case, names: Iterable[str]) -> dict[str, str]:
    """Return path relative to the case -> SHA-256 for all files of the named tables."""
    files = [path for name in sorted(names) for path in case.table_files(name)]
    return {case.name_of(path): _known_sha256(path) for path in files}


_known: dict[tuple[str, int, int, int, int], str] = {}
"""Hashes of tables by path, file, size and times: each stage of a run asks for those that the stages before it have written or read."""


def _known_sha256(path: Path) -> str:
    found = path.stat()
    key = str(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    if key not in _known:
        _known[key] = file_sha256(path)
    return _known[key]


@dataclass(frozen=True, slots=True)
class StageRecord:
    """What a stage read and with which code and parameters; equal records mean that nothing has to be done again."""

    stage: str
    code: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready data."""
        return {
            "stage": self.stage,
            "code": self.code,
            "inputs": dict(self.inputs),
            "parameters": dict(self.parameters),
        }


def folder_sha256(case: Case, folder: Path | None) -> dict[str, str]:
    """Return path relative to the case -> SHA-256 for all files in a folder that belongs to one stage alone."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
    return {case.name_of(path): file_sha256(path) for path in files}


def read_record(case: Case, stage: str) -> dict[str, Any]:
    """Return the record that the last run of a stage left, empty if there is none that can be read."""
    path = case.stages / f"{stage}.json"
    try:
        stored = json.loads(path.read_bytes()) if path.is_file() else {}
    except ValueError:
        return {}
    return stored if isinstance(stored, dict) else {}


def is_current(case: Case, record: StageRecord, outputs: Iterable[str], folder: Path | None = None) -> bool:
    """Tell whether the stage's last run had this record and its output files still have the recorded hashes."""
    stored = read_record(case, record.stage)
    if {key: stored.get(key) for key in record.as_dict()} != json.loads(json.dumps(record.as_dict())):
        return False
    return bool(stored.get("outputs") == tables_sha256(case, outputs) | folder_sha256(case, folder))


def record_stage(case: Case, record: StageRecord, outputs: Iterable[str], folder: Path | None = None) -> None:
    """Store the record with the hashes of the tables and other files that the stage wrote."""
    store_record(case, record, {"outputs": tables_sha256(case, outputs) | folder_sha256(case, folder)})


def store_record(case: Case, record: StageRecord, results: Mapping[str, Any], *, is_done: bool = True) -> None:
    """Store the record with what came of it: `outputs`, path to hash of each file, and where tables are made one by one, `tables`."""
    write_json(case.stages / f"{record.stage}.json", record.as_dict() | dict(results), is_indented=is_done)


@dataclass(frozen=True, slots=True)
class StageOutcome:
    """What one stage did: rows per table written, seconds, and whether it was up to date already."""

    stage: str
    is_skipped: bool
    n_rows: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    is_wanted: bool = True
    """Whether the stage has anything to do in this case at all; one that has not is neither done nor up to date."""


def contradictions(case: Case) -> list[tuple[str, str]]:
    """Return every file that is not what the record of a stage says it wrote or read, with what is wrong.

    A record that is none says nothing; that it is there is a matter of the manifest. Inputs that are no files (a measurement) have no folder.
    """
    hashes: dict[str, str | None] = {}
    found = []
    for path in sorted(case.stages.rglob("*.json")):
        record = read_json(path)
        for kind, done in (("outputs", "wrote"), ("inputs", "read")):
            for name, expected in sorted(_stated(record, kind).items()):
                if "/" not in name:
                    continue
                if name not in hashes:
                    hashes[name] = _sha256_inside(case, name)
                if hashes[name] != expected:
                    what = "is missing, and" if hashes[name] is None else "has other bytes than"
                    found.append(
                        (
                            name,
                            f"{what} {case.name_of(path)} says that the stage {done}{' it' * (hashes[name] is None)}",
                        )
                    )
    return found


def _stated(record: Mapping[str, Any], kind: str) -> dict[str, str]:
    stated = record.get(kind)
    if not isinstance(stated, dict):
        return {}
    return {name: sha256 for name, sha256 in stated.items() if isinstance(name, str) and isinstance(sha256, str)}


def _sha256_inside(case: Case, name: str) -> str | None:
    """Return the hash of a file of the case; None if there is none, or if the name leads out of the case."""
    try:
        path = case.root / name
        is_inside = path.resolve().is_relative_to(case.root.resolve())
        return file_sha256(path) if is_inside and path.is_file() else None
    except (OSError, ValueError):
        return None


_PACKAGES = {"features": "analysis", "linkage": "analysis", "heuristics": "analysis.heuristics"}
"""Stages whose package does not have their name."""


def stage_sha256(stage: str) -> str:
    """Return the code version of a stage."""
    return package_sha256(f"distilforensics.{_PACKAGES.get(stage, stage)}")


@cache
def package_sha256(package: str) -> str:
    """Return a hash over the program's version and all files of a package that can change a result; documents and cases of heuristics cannot."""
    digest = hashlib.sha256(__version__.encode())
    for name, file in _package_files("", importlib.resources.files(package)):
        digest.update(f"{name}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _package_files(prefix: str, folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _package_files(f"{name}/", entry)
        elif not entry.name.endswith((".pyc", ".md", ".cases.yaml")):
            yield name, entry


def run_stage(
    case: Case,
    *,
    stage: str,
    reads: Iterable[str],
    writes: Iterable[str],
    parameters: Mapping[str, Any],
    work: Callable[[], Mapping[str, int]],
    folder: Path | None = None,
) -> StageOutcome:
    """Do the work of a stage unless its last run had the same inputs, parameters and code; record it afterwards.

    Args:
        case: The case.
        stage: Name of the stage, which is also the name of its package.
        reads: Tables that the stage reads; missing ones count as empty.
        writes: Tables that it writes.
        parameters: JSON-ready values that change the result; never limits of memory or threads.
        work: Writes the tables and returns the rows per table.
        folder: A folder of files other than tables that the stage alone fills; the stage runs again if one of them changes.
    """
    writes = tuple(writes)
    record = StageRecord(stage, stage_sha256(stage), tables_sha256(case, reads), parameters)
    if is_current(case, record, writes, folder):
        return StageOutcome(stage, is_skipped=True)
    start = time.perf_counter()
    n_rows = work()
    record_stage(case, record, writes, folder)
    return StageOutcome(stage, is_skipped=False, n_rows=dict(n_rows), seconds=time.perf_counter() - start)
