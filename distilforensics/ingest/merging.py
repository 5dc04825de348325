"""Takes what two cases have read into a third, as if one ingest had read the logs of both.

Records keep their ids and hashes, since these come from the bytes of the logs. Sources are named from the folder that the logs of both share.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from distilforensics.case import custody
from distilforensics.case.layout import read_json
from distilforensics.case.stages import package_sha256
from distilforensics.case.tables import writer
from distilforensics.core.errors import CaseError, IntegrityError, UsageError
from distilforensics.core.schema import EXCHANGES, TABLES
from distilforensics.core.text import show
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest.reading import assembly
from distilforensics.ingest.reading.journal import BESIDE, Journal, part_name
from distilforensics.ingest.reading.parts import REPEATING
from distilforensics.ingest.secrets import Secrets
from distilforensics.ingest.stage import case_key
from distilforensics.ingest.tables.joining import HALVES, HALVES_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

_NOTHING_READ: dict[str, Any] = {
    "n_lines": 0, "n_blank": 0, "n_read": 0, "n_kept": 0, "n_quarantined": 0, "n_duplicate": 0, "n_out_of_scope": 0, "n_flagged": 0,
    "n_bytes_decoded": None, "compression": None, "encoding": None, "format": None, "format_confidence": None, "first_started_at": None,
    "last_started_at": None,
    "unknown_keys": [], "secrets_hashed": [], "part": None,
}  # fmt: skip
"""What the row of a file says whose bytes were read under another name."""


@dataclass(frozen=True, slots=True)
class _AsRecorded(IngestOptions):
    """The options of a case, of which only the record is known."""

    recorded: dict[str, Any] = field(default_factory=dict)

    def parameters(self) -> dict[str, Any]:
        """Return the record."""
        return self.recorded


@dataclass(frozen=True, slots=True)
class MergedTables:
    """What a merge of tables did."""

    root: str | None
    """Folder from which sources are named now; None if the cases do not name one that they share."""
    parameters: Mapping[str, Any]
    """Options with which both cases were read."""
    n_rows: Mapping[str, int]
    n_repeated_files: int
    """Files of the second case whose bytes the first one holds."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch of one of the cases, with its sources under their new names."""

    case: Case
    folder: Path
    part: str | None
    sources: list[dict[str, Any]]


def merge_tables(
    cases: Sequence[Case], target: Case, limits: Limits, progress: Progress, secret_key: str | None = None
) -> MergedTables:
    """Write what the cases have read into an empty one, and return what was done.

    Raises:
        UsageError: the secret is missing or another one.
        CaseError: the cases were read with different options or by another version, or one has read nothing.
        IntegrityError: the records of a case cannot be read.
    """
    parameters = _shared_parameters(cases)
    root, prefixes = _prefixes(cases)
    read = [_batches(case, prefix) for case, prefix in zip(cases, prefixes, strict=True)]
    read.sort(key=lambda batches: min((source["row"]["path"] for b in batches for source in b.sources), default=""))
    options = _AsRecorded(secret_key=secret_key, recorded=parameters)
    if parameters.get("secret_key_sha256") != IngestOptions(secret_key=secret_key).parameters()["secret_key_sha256"]:
        raise UsageError("the secret with which the cases were read is needed", hint="--secret-file FILE")
    journal = Journal(target, options)
    kept: dict[str, str] = {}
    n_repeated = 0
    progress.begin("merge", "Taking over what was read", total_steps=sum(map(len, read)))
    for batches in read:
        held = dict(kept)
        for batch in batches:
            repeated = [s for s in batch.sources if s["row"]["source_sha256"] in held]
            n_repeated += len(repeated)
            _commit(journal, target, batch, held)
            kept |= {
                s["row"]["source_sha256"]: s["row"]["path"] for s in batch.sources if s["row"]["role"] != "refused"
            }
            progress.advance(steps=1)
    progress.end(f"{len(journal.batches)} batches, {n_repeated} files that more than one case holds")
    n_rows = assembly.assemble(target, journal, limits, Secrets(case_key(target, options)), progress)
    return MergedTables(root, parameters, n_rows, n_repeated)


def _shared_parameters(cases: Sequence[Case]) -> dict[str, Any]:
    code = package_sha256("distilforensics.ingest")
    found: list[Any] = []
    for case in cases:
        records = [read_json(path) for path in sorted((case.stages / "ingest").glob("[0-9]*/batch.json"))]
        if not records:
            raise CaseError("has read nothing", where=show(case.root), hint="distilforensics run LOGS... --case DIR")
        if any(record.get("code") != code for record in records):
            hint = "give the command `run` again with this version"
            raise CaseError("was read by another version of the program", where=show(case.root), hint=hint)
        found += [record.get("parameters") for record in records]
    if any(parameters != found[0] for parameters in found) or not isinstance(found[0], dict):
        raise CaseError(
            "the cases were read with different options",
            hint="`distilforensics diff A B` names them; read the logs of one again with the options of the other",
        )
    return found[0]


def _prefixes(cases: Sequence[Case]) -> tuple[str | None, list[str]]:
    """Return the folder that all logs share, and what comes before the names of each case's sources below it."""
    places = [_place(case) for case in cases]
    if any(place is None for place in places) or len({host for host, _ in filter(None, places)}) > 1:
        names = [case.root.resolve().name for case in cases]
        return None, names if len(set(names)) == len(names) else [str(n) for n in range(1, len(names) + 1)]
    roots = [root for _, root in filter(None, places)]
    shared = os.path.commonpath(roots)
    return shared, ["" if root == shared else PurePosixPath(os.path.relpath(root, shared)).as_posix() for root in roots]


def _place(case: Case) -> tuple[str, str] | None:
    """Return machine and folder of the logs of a case, as the custody log has them."""
    for entry in reversed(custody.entries(case)):
        root = entry["details"].get("input_root")
        if isinstance(root, str) and os.path.isabs(root):  # noqa: PTH117 - text may be no UTF-8
            return entry["host"], os.path.normpath(root)
    return None


def _batches(case: Case, prefix: str) -> list[_Batch]:
    found = []
    for path in sorted((case.stages / "ingest").glob("[0-9]*/batch.json")):
        record = read_json(path)
        try:
            sources = [source | {"row": _renamed(source["row"], prefix)} for source in record["sources"]]
        except (KeyError, TypeError) as e:
            raise IntegrityError("is no record of what was read", where=show(path)) from e
        found.append(_Batch(case, path.parent, record.get("part"), sources))
    return found


def _renamed(row: dict[str, Any], prefix: str) -> dict[str, Any]:
    if not prefix:
        return row
    reason = row["reason"]
    if row["role"] == "duplicate_file" and reason:
        words, other = reason[: len("same bytes as ")], reason[len("same bytes as ") :]
        reason = f"{words}{prefix}/{other}"
    return row | {"path": f"{prefix}/{row['path']}", "reason": reason}


def _commit(journal: Journal, target: Case, batch: _Batch, held: Mapping[str, str]) -> None:
    """Put a batch into the new case, without the records of files that it holds already."""
    number = journal.next_number
    folder = target.temporary / "merge" / f"{number:06d}"
    folder.mkdir(parents=True)
    part = part_name(number)
    sources = [_taken(source, part, held) for source in batch.sources]
    repeated = [s["row"]["source_sha256"] for s in batch.sources if s["row"]["source_sha256"] in held]
    has_rows = any(source["row"]["part"] for source in sources)
    if batch.part is not None and has_rows:
        _copy(batch.case.table_path("exchanges") / batch.part, folder / part, repeated)
    for name in BESIDE:
        if (batch.folder / name).is_file():
            _copy(batch.folder / name, folder / name, repeated)
    journal.commit(
        number, folder, part, [s for s in sources if held.get(s["row"]["source_sha256"]) != s["row"]["path"]]
    )


def _taken(source: dict[str, Any], part: str, held: Mapping[str, str]) -> dict[str, Any]:
    """Return a source as the new case has it."""
    row = source["row"]
    if row["source_sha256"] in held:
        same = {"role": "duplicate_file", "reason": f"same bytes as {held[row['source_sha256']]}"}
        return source | {"row": row | _NOTHING_READ | same, "out_of_scope": {}, "fields": []}
    return source | {"row": row | {"part": part if row["part"] else None}}


def _copy(path: Path, target: Path, without: Sequence[str]) -> None:
    """Copy a file of rows, without those of some sources."""
    if not without or "source_sha256" not in pq.read_schema(path).names:
        shutil.copyfile(path, target)
        return
    left_out = pa.array(without, pa.string())
    is_part = path.parent.name == EXCHANGES.name
    schema = EXCHANGES.arrow if is_part else HALVES if path.name == HALVES_FILE else TABLES[path.stem].arrow
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        named = {key.decode(): value.decode() for key, value in (file.schema_arrow.metadata or {}).items()}
        metadata = {key: named[key] for key in ("distilforensics.table",) if key in named}
        # As the reader of the logs writes them, so that a part has the bytes that it would have without these sources.
        with writer(target, schema, metadata, use_dictionary=list(REPEATING) if is_part else True) as sink:
            for number in range(file.num_row_groups):
                rows = file.read_row_group(number)
                found = rows.filter(pc.invert(pc.is_in(rows["source_sha256"], value_set=left_out))).combine_chunks()
                if len(found):
                    sink.write_table(found.cast(schema), row_group_size=len(found))
