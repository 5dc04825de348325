"""Which stages are up to date: a stage is skipped when its inputs, its parameters and the code version have not changed.

One JSON file per stage in CASE/stages/, without wall-clock time, so that it belongs to the reproducible part of a case.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.case.layout import Case, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_HASH_BLOCK = 1 << 20


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def tables_sha256(case: Case, names: Iterable[str]) -> dict[str, str]:
    """Return path relative to the case -> SHA-256 for all files of the named tables."""
    files = [path for name in sorted(names) for path in case.table_files(name)]
    return {path.relative_to(case.root).as_posix(): file_sha256(path) for path in files}


@dataclass(frozen=True, slots=True)
class StageRecord:
    """What a stage read and with which code and parameters; equal records mean that nothing has to be done again."""

    stage: str
    code: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready data."""
        return {"stage": self.stage, "code": self.code, "inputs": dict(self.inputs), "parameters": dict(self.parameters)}


def is_current(case: Case, record: StageRecord, outputs: Iterable[str]) -> bool:
    """Tell whether the stage's last run had this record and its output files still have the recorded hashes."""
    path = case.stages / f"{record.stage}.json"
    if not path.is_file():
        return False
    stored = json.loads(path.read_text(encoding="utf-8"))
    if {key: stored.get(key) for key in record.as_dict()} != json.loads(json.dumps(record.as_dict())):
        return False
    return bool(stored.get("outputs") == tables_sha256(case, outputs))


def record_stage(case: Case, record: StageRecord, outputs: Iterable[str]) -> None:
    """Store the record with the hashes of the tables that the stage wrote."""
    write_json(case.stages / f"{record.stage}.json", record.as_dict() | {"outputs": tables_sha256(case, outputs)})
