"""What a format is, and how its file becomes one SELECT that the ingest runs over the records of a source.

A format is one file `<id>.sql`: a TOML header in the comment `/*--- ... ---*/`, then one SELECT over `lines(row_index, line)`. The SELECT yields
`row_index`, `line` and any columns of `lib/completion.sql` by name, as text; the completion types them, places times in UTC and names doubts.
"""

from __future__ import annotations

import importlib.resources
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.schema import EXCHANGES
from distilforensics.core.text import shown
from distilforensics.ingest.formats.completion import projection_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.ingest.formats.mapping import FieldMapping

ENGINE_COLUMNS = frozenset(
    {
        "record_id", "source_sha256", "source_line", "source_offset", "source_length", "sub_index", "raw_sha256", "source_format", "parse_flags",
    }
)  # fmt: skip
"""Columns of `exchanges` that the reading engine fills; a projection does not yield them."""

PROJECTED_COLUMNS = tuple(column.name for column in EXCHANGES.columns if column.name not in ENGINE_COLUMNS)
"""Columns of `exchanges` that every projection yields, in this order, after `row_index`."""

_HEADER = re.compile(r"\A/\*---\n(.*?)\n---\*/\n(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Options:
    """The examiner's choices that change what a record means; they are recorded as parameters of the stage."""

    account_field: str | None = None
    """Replaces the account: one of `ACCOUNT_COLUMNS`, or a path such as `$.metadata.project`."""
    assume_time_zone: str | None = None
    """IANA zone of times written without an offset; UTC if None."""
    mapping: FieldMapping | None = None
    """Which fields become which columns; only for the format `generic`, which needs one."""


@dataclass(frozen=True, slots=True)
class Detection:
    """By which content a record of the format is recognised."""

    keys_all: frozenset[str] = frozenset()
    keys_any: frozenset[str] = frozenset()
    keys_none: frozenset[str] = frozenset()
    line: re.Pattern[str] | None = None

    def matches(self, record: Mapping[str, Any] | str) -> bool:
        """Tell whether one decoded record or text line has the shape of the format."""
        if isinstance(record, str):
            return self.line is not None and self.line.match(record) is not None
        if self.line is not None or not (self.keys_all or self.keys_any):
            return False
        if not self.keys_all <= record.keys() or not self.keys_none.isdisjoint(record.keys()):
            return False
        return not self.keys_any or not self.keys_any.isdisjoint(record.keys())


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """One log format, as its file declares it."""

    id: str
    version: int
    title: str
    gateway: str
    framing: str
    """`json` (one object per record) or `text` (one line per record)."""
    has_request_id: bool
    account: str
    tenant: str
    time: str
    missing: tuple[str, ...]
    """Canonical columns or facts that this format cannot carry, in words."""
    known_keys: frozenset[str]
    """Top-level keys that the format knows; others are listed in `sources.unknown_keys`. Empty: every key is known."""
    detection: Detection
    yields: tuple[str, ...]
    """Columns of `lib/completion.sql` that the query yields besides `row_index` and `line`."""
    query: str = field(repr=False)

    @property
    def name(self) -> str:
        """Id and version as `exchanges.source_format` holds it, such as `litellm_spendlogs/1`."""
        return f"{self.id}/{self.version}"

    def projection(self, options: Options) -> str:
        """Return one SELECT over `lines(row_index BIGINT, line VARCHAR)`, to be run on a connection made ready by `prepare_connection`.

        Columns: `row_index`, those of `PROJECTED_COLUMNS`, `flags VARCHAR[]`, `out_of_scope VARCHAR` (reason or NULL), `refusal_reason VARCHAR` and
        `refusal_detail VARCHAR` (the record goes to quarantine if the reason is not NULL).

        Raises:
            UsageError: the account field or the time zone cannot be used.
        """
        return projection_of(self, options)


@cache
def load_formats() -> dict[str, FormatSpec]:
    """Return every format by id, sorted; each file's header is checked."""
    folder = importlib.resources.files(__package__)
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    specs = [parse_format(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in files]
    return {spec.id: spec for spec in specs}


def parse_format(file_name: str, text: str) -> FormatSpec:
    """Return the format that a file declares.

    Raises:
        UsageError: the header is missing, not TOML, lacks a key, or the id differs from the file name.
    """
    match = _HEADER.match(text)
    if match is None:
        raise UsageError("no header /*--- ... ---*/ at the beginning", where=file_name)
    try:
        header = tomllib.loads(match[1])
        spec = _spec_of(header, match[2].strip())
    except tomllib.TOMLDecodeError as e:
        raise UsageError(f"header is not valid TOML: {e}", where=file_name) from e
    except KeyError as e:
        raise UsageError(f"header lacks the key {e}", where=file_name) from e
    if file_name != f"{spec.id}.sql":
        raise UsageError(f"id is {shown(spec.id)}, expected the name of the file", where=file_name)
    return spec


def _spec_of(header: Mapping[str, Any], query: str) -> FormatSpec:
    detection = header["detection"]
    return FormatSpec(
        id=header["id"],
        version=header["version"],
        title=header["title"],
        gateway=header["gateway"],
        framing=header["framing"],
        has_request_id=header["has_request_id"],
        account=header["account"],
        tenant=header["tenant"],
        time=header["time"],
        missing=tuple(header["missing"]),
        yields=tuple(header["yields"]),
        known_keys=frozenset(header.get("known_keys", ())),
        detection=Detection(
            keys_all=frozenset(detection.get("keys_all", ())),
            keys_any=frozenset(detection.get("keys_any", ())),
            keys_none=frozenset(detection.get("keys_none", ())),
            line=re.compile(detection["line"]) if "line" in detection else None,
        ),
        query=query,
    )
