"""What has been read into a case so far: one folder per committed batch, so that an interrupted or later run goes on from there.

A batch is committed when its `batch.json` has its final name; its part and its refused records are in place before that.
Nothing in it depends on the clock or the machine.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.case.layout import read_json, write_json
from distilforensics.case.stages import file_sha256, package_sha256, tables_sha256
from distilforensics.case.tables import publish
from distilforensics.core.errors import IntegrityError
from distilforensics.core.text import show
from distilforensics.ingest.tables.joining import HALVES_FILE, JOINED_PART

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from distilforensics.case.layout import Case
    from distilforensics.ingest.options import IngestOptions

_PART = re.compile(r"part-(\d{6})\.parquet")
BESIDE = ("quarantine.parquet", "accounts_directory.parquet", "usage_sums.parquet", HALVES_FILE)
"""Files of a batch besides its part and its record."""


SMALL_TABLES = (
    "sources",
    "quarantine",
    "duplicates",
    "out_of_scope",
    "field_mappings",
    "joined_records",
    "accounts_directory",
    "usage_sums",
    "announced_files",
    "account_mailboxes",
)
"""Tables that are made of all batches, and beside them the part of joined records."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch that has been read."""

    number: int
    folder: Path
    part: str | None
    sources: list[dict[str, Any]]
    """As `Source.as_json` wrote them."""

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of `sources`, with times as text."""
        return [stored["row"] for stored in self.sources]


class Journal:
    """The committed batches of a case that were read with the present code and options."""

    def __init__(self, case: Case, options: IngestOptions) -> None:
        """Read what is there; what is incomplete or was read otherwise is not taken over."""
        self._case = case
        self._folder = case.stages / "ingest"
        self._identity = {"code": package_sha256("distilforensics.ingest"), "parameters": options.parameters()}
        self.batches: list[Committed] = []
        self.outdated: list[Committed] = []
        """Batches that were read with other options or another version."""
        for folder in sorted(self._folder.glob("[0-9]*")):
            self._load(folder)
        self._drop_superseded()

    def _load(self, folder: Path) -> None:
        record = folder / "batch.json"
        if not record.is_file():
            return
        stored = read_json(record)
        if not _is_record(stored):
            raise IntegrityError(
                "is no record of a batch, so it is not known which logs were read",
                where=show(record),
                hint="put the file back from a copy of the case, or read all logs again with --force",
            )
        batch = Committed(int(folder.name), folder, stored["part"], stored["sources"])
        has_part = batch.part is None or (self._case.table_path("exchanges") / batch.part).is_file()
        identity = {key: stored.get(key) for key in self._identity}
        if not has_part:
            return
        self._require_untouched(stored.get("outputs", {}))
        (self.batches if identity == json.loads(json.dumps(self._identity)) else self.outdated).append(batch)

    def _require_untouched(self, outputs: dict[str, str]) -> None:
        for name, sha256 in outputs.items():
            path = self._case.root / name
            if path.is_file() and file_sha256(path) != sha256:
                raise IntegrityError(
                    "is not what the ingest wrote; nothing is built on it",
                    where=show(path),
                    hint="put the file back from a copy of the case, or read all logs again with --force",
                )

    def _drop_superseded(self) -> None:
        """Leave out refusals of files that a later batch read again, whatever came of it."""
        later: dict[str, set[str | None]] = {}
        for batch in reversed(self.batches):
            kept = [stored for stored in batch.sources if not _is_superseded(stored["row"], later)]
            for row in batch.rows():
                later.setdefault(row["path"], set()).add(row["source_sha256"])
            batch.sources[:] = kept

    def holds(self, sources: Sequence[dict[str, Any]]) -> bool:
        """Tell whether all of these are refusals that the case has already, word for word."""
        held = [stored for batch in self.batches for stored in batch.sources]
        return bool(sources) and all(stored["row"]["role"] == "refused" and stored in held for stored in sources)

    @property
    def next_number(self) -> int:
        """Number of the next batch."""
        return max((batch.number for batch in self.batches), default=-1) + 1

    def clean(self) -> None:
        """Remove whatever does not belong to a committed batch: leftovers of a killed run and outdated batches."""
        folders = {batch.folder for batch in self.batches}
        for folder in self._folder.glob("*"):
            if folder.is_dir() and folder not in folders:
                shutil.rmtree(folder)
        parts = {batch.part for batch in self.batches} | {JOINED_PART}
        for path in self._case.table_path("exchanges").glob("*"):
            if path.name not in parts:
                path.unlink()
        self.outdated = []

    def commit(self, number: int, folder: Path, part: str, sources: Sequence[dict[str, Any]]) -> Committed:
        """Make the files that the worker left in `folder` part of the case."""
        exchanges = self._case.table_path("exchanges")
        exchanges.mkdir(parents=True, exist_ok=True)
        final = self._folder / f"{number:06d}"
        final.mkdir(parents=True, exist_ok=True)
        has_part = (folder / part).is_file()
        if has_part:
            publish(folder / part, exchanges / part)
        for name in BESIDE:
            if (folder / name).is_file():
                publish(folder / name, final / name)
        batch = Committed(number, final, part if has_part else None, list(sources))
        outputs = [*([exchanges / part] if has_part else []), *(final / name for name in BESIDE)]
        record = {
            **self._identity,
            "part": batch.part,
            "sources": batch.sources,
            "outputs": {self._case.name_of(path): file_sha256(path) for path in outputs if path.is_file()},
        }
        write_json(final / "batch.json", record)
        self.batches.append(batch)
        self._drop_superseded()
        shutil.rmtree(folder)
        return batch

    def assembled_from(self) -> list[int] | None:
        """Return the numbers of the batches that the present tables were made of; None if they have to be made."""
        path = self._folder / "tables.json"
        if not path.is_file():
            return None
        stored = read_json(path)
        if stored.get("outputs") != self._made_of_all():
            return None
        numbers: list[int] = stored["batches"]
        return numbers

    def note_assembled(self) -> None:
        """Note that the tables hold all batches."""
        record = {
            "batches": [batch.number for batch in self.batches],
            "outputs": self._made_of_all(),
        }
        write_json(self._folder / "tables.json", record)

    def _made_of_all(self) -> dict[str, str]:
        joined = self._case.table_path("exchanges") / JOINED_PART
        of_part = {self._case.name_of(joined): file_sha256(joined)} if joined.is_file() else {}
        return tables_sha256(self._case, SMALL_TABLES) | of_part

    def forget_assembled(self) -> None:
        """Note that the tables are about to change."""
        (self._folder / "tables.json").unlink(missing_ok=True)


def _is_record(stored: dict[str, Any]) -> bool:
    """Tell whether a record has the shape in which `Journal.commit` wrote it."""
    part, sources = stored.get("part", 0), stored.get("sources")
    has_rows = isinstance(sources, list) and all(
        isinstance(source, dict)
        and isinstance(source.get("row"), dict)
        and {"path", "role", "source_sha256"} <= source["row"].keys()
        for source in sources
    )
    return has_rows and (part is None or (isinstance(part, str) and _PART.fullmatch(part) is not None))


def _is_superseded(row: dict[str, Any], later: dict[str, set[str | None]]) -> bool:
    """Tell whether a refused file was read again under its name; other bytes under the same name are another file."""
    hashes = later.get(row["path"], set())
    return row["role"] == "refused" and bool(
        hashes & {row["source_sha256"], None} or (hashes and not row["source_sha256"])
    )


def part_name(number: int) -> str:
    """Return the file name of a batch's part."""
    return f"part-{number:06d}.parquet"
