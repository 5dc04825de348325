"""A record back from the evidence: its bytes as they stand in the file, with both hashes computed again."""

from __future__ import annotations

import hashlib
import importlib.resources
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.case.archives import SEPARATOR, unpack_member
from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.evidence import find_member, find_source, places
from distilforensics.case.stages import file_sha256
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import CaseError, IntegrityError, UsageError
from distilforensics.core.text import show, shown
from distilforensics.ingest.reading.original import read_record

if TYPE_CHECKING:
    from distilforensics.case.layout import Case


@dataclass(frozen=True, slots=True)
class Citation:
    """One record with what is needed to find it again without this program."""

    record_id: str
    kind: str
    """exchange or quarantine"""
    path: Path
    """The evidence file as it was found."""
    source_sha256: str
    line: int
    offset: int | None
    """Byte offset in the decompressed stream; None for Parquet."""
    compression: str
    raw_sha256: str
    raw: bytes

    @property
    def place(self) -> str:
        """`file:line`, safe to print."""
        return f"{show(self.path)}:{self.line}"


def cite(case: Case, record_id: str, limits: Limits, evidence_root: Path | None = None) -> Citation:
    """Return a record's bytes from the evidence file, which is opened read-only.

    Raises:
        UsageError: there is no such record.
        CaseError: the evidence file is not present.
        IntegrityError: the evidence file or the record is not what was ingested.
    """
    record = _find(case, record_id, limits)
    source = next(row for row in read_rows(case, "sources") if row["source_sha256"] == record["source_sha256"])
    path, raw = _read(case, source, record, evidence_root)
    found = hashlib.sha256(raw).hexdigest()
    if found != record["raw_sha256"]:
        message = f"the record has SHA-256 {found}, recorded is {record['raw_sha256']}"
        raise IntegrityError(message, where=f"{show(path)}:{record['source_line']}")
    return Citation(
        record_id=record["record_id"],
        kind=record["kind"],
        path=path,
        source_sha256=source["source_sha256"],
        line=record["source_line"],
        offset=record["source_offset"],
        compression=source["compression"],
        raw_sha256=found,
        raw=raw,
    )


def _find(case: Case, record_id: str, limits: Limits) -> dict[str, Any]:
    query = (importlib.resources.files(__package__) / "queries" / "record.sql").read_text(encoding="utf-8")
    with connect(case, limits=limits, tables=("exchanges", "quarantine")) as connection:
        result = connection.execute(query, {"id": record_id})
        columns = [column[0] for column in result.description or ()]
        row = result.fetchone()
    if row is None:
        raise UsageError(
            f"no record {shown(record_id)} in this case",
            where=str(case.root),
            hint="record ids are in the report, in `show` and in the column record_id of `sql`",
        )
    return dict(zip(columns, row, strict=True))


def _read(case: Case, source: dict[str, Any], record: dict[str, Any], evidence_root: Path | None) -> tuple[Path, bytes]:
    """Return the file, or archive and member, and the bytes of a record."""
    place = (record["source_line"], record["source_offset"], record["source_length"])
    found = find_member(case, source, evidence_root)
    if found is None:
        path = _locate(case, source, evidence_root)
        return path, read_record(path, *place)
    archive, member = found
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "member")
        unpack_member(archive, member, copy)
        return Path(f"{archive}{SEPARATOR}{member}"), read_record(copy, *place)


def _locate(case: Case, source: dict[str, Any], evidence_root: Path | None) -> Path:
    path = find_source(case, source, evidence_root)
    if path is not None:
        return path
    changed = next((place for place in places(case, source["path"], evidence_root) if place.is_file()), None)
    if changed is not None:
        message = f"the evidence file has SHA-256 {file_sha256(changed)}, recorded is {source['source_sha256']}"
        raise IntegrityError(message, where=show(changed))
    raise CaseError(
        f"the evidence file is not present, SHA-256 {source['source_sha256']}",
        where=show(source["path"]),
        hint="name the folder in which it lies with --evidence-root DIR",
    )
