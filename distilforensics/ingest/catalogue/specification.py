"""What a format is: one folder with `format.toml`, samples with the rows expected of them, and a query where a mapping cannot say it.

`format.toml` states by which content records are recognised, what the account is and what cannot be known; its tables `[columns]`,
`[constants]`, `[time]`, `[numbers]`, `[values]`, `[tokens]` and `[[rows]]` are those of a mapping file. `query.sql`, in place of these, is one
SELECT over `lines(row_index, line)` that yields `row_index`, `line` and any columns of `lib/completion.sql` by name, as text.
"""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.catalogue.joins import parse_join
from distilforensics.ingest.catalogue.mapped import cell_names
from distilforensics.ingest.catalogue.mapping import parse_mapping
from distilforensics.ingest.catalogue.usage import parse_usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from distilforensics.ingest.catalogue.joins import Join
    from distilforensics.ingest.catalogue.mapping import FieldMapping
    from distilforensics.ingest.catalogue.usage import UsageMapping

_MAPPING_TABLES = frozenset({"columns", "constants", "time", "numbers", "values", "tokens", "rows", "words"})
_TIME = re.compile(
    r"\s*(\d{4}[-/.]\d\d?[-/.]\d\d?([T ]|$)|\d\d?[./-](\d\d?|[A-Z][a-z]{2})[./-]\d{4}|[A-Z][a-z]{2},? +\d|[1-4]\d{9}(\d{3}|\d{6}|\d{9})?(\.\d+)?$)"
)
_DETECTION_KEYS = frozenset({"keys_all", "keys_any", "keys_none", "has_no_time", "line", "values", "refines"})
_KEYS = frozenset(
    {"version", "title", "gateway", "account", "tenant", "time_field", "missing", "known_keys", "notes", "detection", "is_evidence", "no_calls",
     "other_lines", "usage", "join"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """The examiner's choices that change what a record means; they are recorded as parameters of the stage."""

    account_field: str | None = None
    """Replaces the account: one of `ACCOUNT_COLUMNS`, or a path such as `$.metadata.project`."""
    assume_time_zone: str | None = None
    """IANA zone of times written without an offset; UTC if None."""
    mapping: FieldMapping | None = None
    """Which fields become which columns; only for the format `generic`, which needs one."""
    log_began: datetime | None = None
    """When logs began whose times count from there, lack the year or are missing; naive UTC."""


@dataclass(frozen=True, slots=True)
class Detection:
    """By which content a record of the format is recognised."""

    keys_all: frozenset[str] = frozenset()
    keys_any: frozenset[str] = frozenset()
    keys_none: frozenset[str] = frozenset()
    has_no_time: bool = False
    """No field at the top of a record looks like a time, whatever its name."""
    line: re.Pattern[str] | None = None
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Key -> values of which it must hold one; `text*` is any value that begins with the text."""
    refines: frozenset[str] = frozenset()
    """Formats that are given up where this one fits as well."""

    def matches(self, record: Mapping[str, Any] | str) -> bool:
        """Tell whether one decoded record or text line has the shape of the format."""
        if isinstance(record, str):
            return self.line is not None and self.line.match(record) is not None
        if self.line is not None or not (self.keys_all or self.keys_any):
            return False
        if not self.keys_all <= record.keys() or not self.keys_none.isdisjoint(record.keys()):
            return False
        if self.has_no_time and any(map(_looks_like_time, record.values())):
            return False
        if not all(_is_one_of(str(record.get(key)), values) for key, values in self.values.items()):
            return False
        return not self.keys_any or not self.keys_any.isdisjoint(record.keys())


def _looks_like_time(value: object) -> bool:
    """Tell whether a value is a date with a clock, or seconds or parts of them since 1970 in the years from 2001 to 2099."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return _TIME.match(str(value)) is not None


def _is_one_of(value: str, allowed: frozenset[str]) -> bool:
    return value in allowed or any(one.endswith("*") and value.startswith(one[:-1]) for one in allowed)


@dataclass(frozen=True, slots=True)
class Example:
    """A sample of a format and the rows expected of it."""

    name: str
    sample_file: Traversable = field(repr=False)
    expected_file: Traversable = field(repr=False)

    @property
    def sample(self) -> bytes:
        """The sample as a file of its kind."""
        return self.sample_file.read_bytes()

    @property
    def expected(self) -> str:
        """Rows as JSON lines."""
        return self.expected_file.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """One log format, as its folder declares it."""

    id: str
    version: int
    title: str
    gateway: str
    account: str
    tenant: str
    time: str
    """The field that holds the time, as an error names it."""
    missing: tuple[str, ...]
    """Canonical columns or facts that this format cannot carry, in words."""
    notes: tuple[str, ...]
    """What a reader of the documentation must know besides."""
    known_keys: frozenset[str]
    """Top-level keys that the format knows; others are listed in `sources.unknown_keys`. Empty: every key is known."""
    detection: Detection
    framing: str = "json"
    """`json` (one object per record) or `text` (one line per record)."""
    no_calls: str | None = None
    """Why such records cannot be read as calls; None if they can."""
    is_evidence: bool = False
    """Such files belong to the evidence although they cannot be read: they are refused with these words, not ignored."""
    other_lines: str | None = None
    """Why lines of text that have another shape are no exchanges; they are refused if None."""
    usage: UsageMapping | None = None
    """How its sums over calls are read, if they are such; they go to `usage_sums`."""
    join: Join | None = None
    """How its records meet others that say the rest of the same exchange."""
    mapping: FieldMapping | None = None
    query: str | None = field(default=None, repr=False)
    examples: tuple[Example, ...] = field(default=(), repr=False)
    is_own: bool = False
    """From a catalogue of the user's own."""

    @property
    def name(self) -> str:
        """Id and version as `exchanges.source_format` holds it, such as `litellm_spendlogs/1`."""
        return f"{self.id}/{self.version}"

    @property
    def pattern(self) -> str | None:
        """The regular expression whose named groups are the fields of a line of text."""
        return None if self.detection.line is None else self.detection.line.pattern

    def takes_cells(self, options: Options) -> bool:
        """Tell whether the projection can read columns of text: all that it reads are fields at the top of a record, which meets no other."""
        is_top = not (options.account_field or "").startswith("$")
        return self.framing == "json" and self.join is None and is_top and bool(self.cell_names(options))

    def cell_names(self, options: Options) -> tuple[str, ...]:
        """Return the fields that the projection reads, in order; none if they cannot be given as columns of text."""
        mapping = self.mapping or options.mapping
        return () if self.query is not None or mapping is None else cell_names(mapping, self.join)


OWN_FORMATS = "formats"
"""Folder for formats in a catalogue of the user's own."""

_ID = re.compile(r"[a-z][a-z0-9_]*")
_own: list[Path] = []
"""The catalogue whose formats are known in this process besides the built-in ones, if any."""


def use_own_formats(catalog: Path | None) -> None:
    """Let this process know the formats of a catalogue of the user's own, in place of those of another one.

    Raises:
        UsageError: a format is invalid, or its id is taken.
    """
    _own[:] = [catalog] if catalog is not None and (catalog / OWN_FORMATS).is_dir() else []
    _formats_with.cache_clear()
    load_formats()


def load_formats() -> dict[str, FormatSpec]:
    """Return every format by id, sorted; each folder is checked."""
    return _formats_with(_own[0]) if _own else _built_in()


@cache
def _built_in() -> dict[str, FormatSpec]:
    return {
        folder.name: read_format(folder)
        for folder in _folders(importlib.resources.files("distilforensics.ingest").joinpath("formats"))
    }


@cache
def _formats_with(catalog: Path) -> dict[str, FormatSpec]:
    known = _built_in()
    own = {}
    for folder in _folders(catalog / OWN_FORMATS):
        if not _ID.fullmatch(folder.name):
            raise UsageError(f"{shown(folder.name)} is no id, expected small letters, digits and _", where=OWN_FORMATS)
        if folder.name in known:
            raise UsageError("id is taken by a format of the program", where=folder.name)
        own[folder.name] = replace(read_format(folder), is_own=True)
    return dict(sorted((known | own).items()))


def _folders(root: Traversable) -> list[Traversable]:
    """Return the folders of formats, by name."""
    found = (entry for entry in root.iterdir() if entry.is_dir() and entry.joinpath("format.toml").is_file())
    return sorted(found, key=lambda entry: entry.name)


def read_format(folder: Traversable) -> FormatSpec:
    """Return the format that a folder declares.

    Raises:
        UsageError: `format.toml` is not TOML or lacks a key, a sample or its expected rows are missing, or both mapping and query are there.
    """
    where = f"{folder.name}/format.toml"
    try:
        header = tomllib.loads(folder.joinpath("format.toml").read_text(encoding="utf-8"))
        spec = _spec_of(folder.name, header, where)
    except tomllib.TOMLDecodeError as e:
        raise UsageError(f"not valid TOML: {e}", where=where) from e
    except KeyError as e:
        raise UsageError(f"lacks the key {e}", where=where) from e
    query = folder.joinpath("query.sql")
    spec = replace(
        spec, examples=_examples(folder), query=query.read_text(encoding="utf-8").strip() if query.is_file() else None
    )
    if spec.query is not None and spec.mapping is not None:
        raise UsageError("has columns and query.sql, expected one of them", where=where)
    return spec


def _spec_of(format_id: str, header: Mapping[str, Any], where: str) -> FormatSpec:
    unknown = sorted(set(header) - _KEYS - _MAPPING_TABLES)
    detection = header["detection"]
    unknown += sorted(set(detection) - _DETECTION_KEYS)
    if unknown:
        raise UsageError(f"unknown key {shown(unknown[0])}", where=where)
    mapping = None
    if "columns" in header:
        gateway = {"gateway": header["gateway"]} if "gateway" not in header["columns"] else {}
        tables = {name: value for name, value in header.items() if name in _MAPPING_TABLES}
        tables["constants"] = gateway | tables.get("constants", {})
        is_untimed = header.get("join", {}).get("is_part") is True
        mapping = parse_mapping(tables, where=where, are_paths_checked=False, is_untimed=is_untimed)
    no_calls = header.get("no_calls")
    is_text = "line" in detection
    return FormatSpec(
        id=format_id,
        version=header["version"],
        title=header["title"],
        gateway=header["gateway"] if no_calls is None else "",
        account=header["account"] if no_calls is None else "",
        tenant=header["tenant"] if no_calls is None else "",
        time=header.get("time_field") or (mapping.time_field if mapping else ""),
        missing=tuple(header["missing"]) if no_calls is None else (),
        notes=tuple(header.get("notes", ())),
        known_keys=frozenset(header.get("known_keys", ())),
        framing="text" if is_text else "json",
        no_calls=no_calls,
        is_evidence=header.get("is_evidence", False),
        other_lines=header.get("other_lines"),
        join=parse_join(header["join"], where=where) if "join" in header else None,
        mapping=mapping,
        usage=parse_usage(header["usage"], where) if "usage" in header else None,
        detection=Detection(
            keys_all=frozenset(detection.get("keys_all", ())),
            keys_any=frozenset(detection.get("keys_any", ())),
            has_no_time=detection.get("has_no_time", False),
            keys_none=frozenset(detection.get("keys_none", ())),
            line=re.compile(detection["line"]) if "line" in detection else None,
            values={key: frozenset(map(str, values)) for key, values in detection.get("values", {}).items()},
            refines=frozenset(detection.get("refines", ())),
        ),
    )


def _examples(folder: Traversable) -> tuple[Example, ...]:
    """Return the samples of a folder with their expected rows: `sample.jsonl` beside `expected.jsonl`, `sample_x.csv` beside `expected_x.jsonl`."""
    entries = {entry.name: entry for entry in folder.iterdir()}
    samples = sorted(name for name in entries if re.match(r"sample[._]", name))
    if not samples:
        raise UsageError("no sample, expected one such as sample.jsonl", where=folder.name)
    examples = []
    for name in samples:
        expected = f"expected{name.partition('.')[0].removeprefix('sample')}.jsonl"
        if expected not in entries:
            raise UsageError(f"{name} has no expected rows, expected them in {expected}", where=folder.name)
        examples.append(Example(name, entries[name], entries[expected]))
    return tuple(examples)
