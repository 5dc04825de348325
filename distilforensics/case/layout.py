"""Where everything in a case folder lives, and how a case is created and opened."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import CaseError, UsageError
from distilforensics.core.schema import FINDINGS_TABLES, SCHEMA_VERSION, TABLES
from distilforensics.core.text import show, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CASE_FILE = "case.toml"
_UNFINISHED = f".{CASE_FILE}.partial"

_NEW_CASE = """\
# What the examiner states about this case. The tool prints it, and changes it only where an option of `run` states something else.
schema_version = {schema_version}
number = ""
title = "Examination of API access logs"
examiner = ""
organization = ""
confidentiality = ""
# Time zone in which the report additionally shows times; UTC is always shown.
display_time_zone = "UTC"

[propositions]
h1 = "The accounts of the campaign were operated together to collect model outputs at scale."
h2 = "The accounts were operated independently, or together for a purpose other than collecting outputs for training."
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One case folder. Paths only; opening files is the business of `tables`, `custody` and `manifest`."""

    root: Path
    settings: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def data(self) -> Path:
        """Parquet tables; the payload of the bag."""
        return self.root / "data"

    @property
    def findings(self) -> Path:
        """Tables and JSON that are the contract for other programs."""
        return self.root / "findings"

    @property
    def report(self) -> Path:
        """The report and its exhibits."""
        return self.root / "report"

    @property
    def calibration(self) -> Path:
        """What the examiner put in for calibration: a reference population and measured rates; kept like case.toml."""
        return self.root / "calibration"

    @property
    def catalog(self) -> Path:
        """The examiner's own heuristics, if any were put in; kept like case.toml."""
        return self.root / "catalog"

    @property
    def stages(self) -> Path:
        """One JSON record per completed stage: input hashes, parameters, code version, output hashes."""
        return self.root / "stages"

    @property
    def temporary(self) -> Path:
        """Spill files and unfinished writes; empty when nothing runs, never part of the bag."""
        return self.root / "tmp"

    @property
    def run_record(self) -> Path:
        """The only file with wall-clock time besides the custody log."""
        return self.root / "run.json"

    @property
    def custody_log(self) -> Path:
        """Append-only, hash-chained record of actions."""
        return self.root / "custody.jsonl"

    @property
    def notes(self) -> Path:
        """Append-only, hash-chained record of what examiners note about campaigns and accounts; outside of the bag."""
        return self.root / "notes.jsonl"

    @property
    def lock_file(self) -> Path:
        """Held while a command writes to the case."""
        return self.root / "tmp" / "case.lock"

    def table_path(self, name: str) -> Path:
        """Return the Parquet file of a table, or the folder of parts for a dataset."""
        table = TABLES[name]
        folder = self.findings if name in FINDINGS_TABLES else self.data
        return folder / name if table.is_dataset else folder / f"{name}.parquet"

    def table_files(self, name: str) -> list[Path]:
        """Return the existing Parquet files of a table, sorted; empty if the stage has not run."""
        path = self.table_path(name)
        if TABLES[name].is_dataset:
            return sorted(path.glob("*.parquet"))
        return [path] if path.is_file() else []

    def name_of(self, path: Path) -> str:
        """Return a path inside of the case as records name it: relative, with slashes."""
        return path.relative_to(self.root).as_posix()

    def existing_tables(self) -> Iterator[str]:
        """Yield the names of tables that have been written, in order of the data flow."""
        return (name for name in TABLES if self.table_files(name))


def create_case(root: Path) -> Case:
    """Return the case at `root`, creating the folder and its `case.toml` if they are not there.

    Raises:
        CaseError: `root` exists, is not empty and is no case; or no folder can be made there.
    """
    _require_utf8(root)
    if not (root / CASE_FILE).is_file():
        if root.exists() and (not root.is_dir() or any(entry.name != _UNFINISHED for entry in root.iterdir())):
            raise CaseError("exists and is no case folder", where=str(root), hint="choose a new folder with --case")
        try:
            root.parent.mkdir(parents=True, exist_ok=True)
            root.mkdir(mode=0o700, exist_ok=True)
        except (FileNotFoundError, NotADirectoryError, FileExistsError) as e:
            hint = "choose a place where folders can be made with --case"
            raise CaseError(f"no folder can be made there: {e.strerror}", where=str(root), hint=hint) from e
        write_file(root / CASE_FILE, _NEW_CASE.format(schema_version=SCHEMA_VERSION).encode())
    case = open_case(root)
    for folder in (case.data, case.findings, case.report, case.stages, case.temporary):
        folder.mkdir(exist_ok=True, mode=0o700)
    return case


def state(case: Case, stated: Mapping[str, str]) -> Case:
    """Return the case after writing what the examiner states into its case.toml; every other line stays as it is."""
    path = case.root / CASE_FILE
    lines = path.read_text(encoding="utf-8").split("\n")
    # Keys behind the first heading belong to a table.
    end = next((i for i, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    for key, text in stated.items():
        line = f"{key} = {json.dumps(text)}"
        place = next((i for i in range(end) if lines[i].partition("=")[0].strip() == key), None)
        if place is None:
            lines.insert(1, line)
            end += 1
        else:
            lines[place] = line
    content = "\n".join(lines).encode()
    if content != path.read_bytes():
        write_file(path, content)
    return open_case(case.root)


def open_case(root: Path) -> Case:
    """Return an existing case with its settings.

    Raises:
        CaseError: there is no case, or it was made under another schema version.
        UsageError: `case.toml` is not valid TOML.
    """
    _require_utf8(root)
    path = root / CASE_FILE
    if not path.is_file():
        raise CaseError(
            f"no {CASE_FILE} found", where=str(root), hint="make a case with: distilforensics run LOGS... --case DIR"
        )
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"not valid TOML: {e}", where=str(path)) from e
    version = settings.get("schema_version")
    if version != SCHEMA_VERSION:
        raise CaseError(
            f"schema_version is {shown(version)}, this version reads {SCHEMA_VERSION}",
            where=str(path),
            hint="build the case again from the logs with this version",
        )
    return Case(root, settings)


def _require_utf8(root: Path) -> None:
    """Refuse a folder whose name the SQL engine cannot be told.

    Raises:
        UsageError: the name is no UTF-8.
    """
    try:
        str(root.resolve()).encode()
    except UnicodeEncodeError as e:
        raise UsageError(
            "the name of the case folder is no UTF-8", where=show(root), hint="choose another folder with --case"
        ) from e


def write_file(path: Path, content: bytes) -> None:
    """Write a whole file so that it is either complete or absent: temporary name, fsync, rename. Its owner alone can read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with open(temporary, "wb", opener=for_owner) as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)  # on a full disk even half a file is in the way
        raise
    temporary.replace(path)


def for_owner(path: str, flags: int) -> int:
    """Open a new file so that its owner alone can read it: an `opener`."""
    return os.open(path, flags, 0o600)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file that somebody else may have written; an empty one if there is none that can be read."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: object, *, is_indented: bool = True) -> None:
    """Write JSON with sorted keys and a final line feed, as `write_file` does; in one line where nobody but the program reads it, which is faster."""
    text = json.dumps(value, sort_keys=True, indent=2 if is_indented else None, ensure_ascii=False, allow_nan=False)
    write_file(path, f"{text}\n".encode("utf-8", "backslashreplace"))  # names of files may be no UTF-8: \udcff in JSON
