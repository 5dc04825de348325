"""What the examiner chooses about reading logs, and what comes back: the balance of every source and of the whole run."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

DEFAULT_MAX_LINE_BYTES = 64 << 20
"""Bytes; a longer line is hashed and skipped, not loaded."""

DEFAULT_MAX_MALFORMED = 0.001
"""Share of records read that may end in quarantine before a run counts as partial."""

DEFAULT_MAX_RATIO = 500.0
"""Decoded bytes per compressed byte; logs stay below 50, gzip cannot exceed 1030."""

RATIO_FREE_BYTES = 256 << 20
"""Decoded bytes below which the ratio is not judged: small files of one repeated line compress enormously."""

DEFAULT_MAX_DECODED_BYTES = 4 << 40
"""Decoded bytes of one source after which decompression stops."""


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """PowerOptions of the examiner. All but `max_malformed`, `input_root` and `usage` change what is read and are recorded with every part."""

    format: str | None = None
    """Format id for every log; detection is skipped."""
    mappings: tuple[Path, ...] = ()
    """Files that map the fields of unknown formats; each is used on the files whose fields it names."""
    account_field: str | None = None
    """Replaces the account: a canonical column such as `api_key_id`, or a path such as `$.metadata.project`."""
    assume_time_zone: str | None = None
    """IANA zone of times written without an offset; UTC if None."""
    log_began: datetime | None = None
    """When logs began whose times count from there, lack the year or are missing; naive UTC."""
    secret_key: str | None = None
    """Secret that goes into the hashes which replace raw API keys; without it they depend on the case number alone."""
    is_content_free: bool = False
    """Keep no prompt, answer or system prompt, only what the analysis computes from them."""
    input_root: str | None = None
    """Folder from which the names of sources count, as an absolute path; the one that all inputs share if None. Part of no table."""
    own_catalog: Path | None = None
    """Folder with formats of the examiner's own below `formats/`."""
    usage: tuple[str, ...] = ()
    """Inputs that are usage exports, bills or rollups, whatever they look like. Part of no table."""
    max_malformed: float = DEFAULT_MAX_MALFORMED
    max_line_bytes: int = DEFAULT_MAX_LINE_BYTES
    max_ratio: float = DEFAULT_MAX_RATIO
    max_decoded_bytes: int = DEFAULT_MAX_DECODED_BYTES

    def parameters(self) -> dict[str, Any]:
        """Return the choices that change what is read, JSON-ready; secrets as hashes, mappings with the hash of their file.

        Raises:
            UsageError: a mapping file is no TOML.
        """
        own = {"own_formats_sha256": _own_sha256(self.own_catalog)} if self.own_catalog is not None else {}
        secret = None if self.secret_key is None else hashlib.sha256(self.secret_key.encode()).hexdigest()
        return own | {
            "format": self.format,
            "mappings": [_recorded(path) for path in self.mappings],
            "account_field": self.account_field,
            "assume_time_zone": self.assume_time_zone,
            "log_began": None if self.log_began is None else self.log_began.isoformat(),
            "secret_key_sha256": secret,
            "content_free": self.is_content_free,
            "max_line_bytes": self.max_line_bytes,
            "max_ratio": self.max_ratio,
            "max_decoded_bytes": self.max_decoded_bytes,
        }


def _recorded(path: Path) -> dict[str, Any]:
    """Return a mapping file as a case records it: without comments, since a draft quotes values of the log in them."""
    content = path.read_bytes()
    try:
        mapping = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"not valid TOML: {e}", where=str(path)) from e
    name = path.name.encode("utf-8", "backslashreplace").decode()
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "mapping": mapping}


def _own_sha256(catalog: Path) -> str:
    """Return a hash over names and contents of the files of own formats."""
    folder = catalog / "formats"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    )
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Balance:
    """Records of one source or of a case: every record read is in exactly one of the other four numbers."""

    n_read: int = 0
    n_kept: int = 0
    n_quarantined: int = 0
    n_duplicate: int = 0
    n_out_of_scope: int = 0

    @property
    def is_closed(self) -> bool:
        """Read = kept + quarantined + duplicate + out of scope."""
        return self.n_read == self.n_kept + self.n_quarantined + self.n_duplicate + self.n_out_of_scope

    @property
    def malformed_share(self) -> float:
        """Quarantined records as a share of those read."""
        return self.n_quarantined / self.n_read if self.n_read else 0.0

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.n_read + other.n_read,
            self.n_kept + other.n_kept,
            self.n_quarantined + other.n_quarantined,
            self.n_duplicate + other.n_duplicate,
            self.n_out_of_scope + other.n_out_of_scope,
        )


@dataclass(frozen=True, slots=True)
class SourceOutcome:
    """What became of one input file."""

    path: str
    role: str
    reason: str | None
    format: str | None
    balance: Balance


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What an ingest did. The balance covers the logs of the whole case, also those of earlier runs."""

    sources: tuple[SourceOutcome, ...]
    """The files read by this run."""
    total: Balance
    known: tuple[str, ...] = ()
    """Paths that were not read because the case holds the same bytes already."""
    refused: tuple[SourceOutcome, ...] = ()
    """Sources of the whole case that look like logs and could not be read."""
    has_log: bool = True
    """At least one source of the case is a log."""
    max_malformed: float = DEFAULT_MAX_MALFORMED
    n_rows: Mapping[str, int] = field(default_factory=dict)
    """Rows of every table written."""
    seconds: float = 0.0

    @property
    def is_over_malformed_limit(self) -> bool:
        """More records were quarantined than `max_malformed` allows."""
        return self.total.malformed_share > self.max_malformed

    @property
    def is_partial(self) -> bool:
        """Evidence is missing from the tables; the command line exits with 3 even if everything after ingest works."""
        return bool(self.refused) or self.is_over_malformed_limit
