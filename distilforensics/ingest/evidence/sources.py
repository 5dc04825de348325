"""What is known about a source while it is read, and the row of table `sources` that comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distilforensics.ingest.catalogue.usage import UsageMapping
    from distilforensics.ingest.formats import DirectoryMatch, FieldMapping

MAX_UNKNOWN_KEYS = 50

READ_ROLES = ("log", "accounts_directory", "usage")
"""Roles of files whose records are read."""


def printable(path: str) -> str:
    r"""Return a file name with bytes that are no UTF-8 written as `\\udcff`, since tables hold nothing else."""
    return path.encode("utf-8", "backslashreplace").decode()


@dataclass(slots=True)
class Source:
    """One input file and the counts of its records. `n_rows` are the rows in `exchanges`, duplicates included."""

    path: str
    """Where it lies."""
    name: str = ""
    """Its path below the folder that all inputs share, as tables and messages name it; `path` if omitted."""
    role: str = "log"
    reason: str | None = None
    sha256: str | None = None
    n_bytes: int | None = None
    n_bytes_decoded: int | None = None
    compression: str | None = None
    encoding: str | None = None
    format: str | None = None
    format_confidence: str | None = None
    n_lines: int = 0
    n_blank: int = 0
    n_rows: int = 0
    n_quarantined: int = 0
    n_flagged: int = 0
    out_of_scope: dict[str, list[int]] = field(default_factory=dict)
    """Reason -> number of records and line of the first."""
    first_started_at: datetime | None = None
    last_started_at: datetime | None = None
    unknown_keys: set[str] = field(default_factory=set)
    secrets: dict[str, int] = field(default_factory=dict)
    """Field -> values in which raw secrets were replaced by keyed hashes."""
    part: str | None = None
    directory: DirectoryMatch | None = None
    """Which fields hold what, if it is an accounts directory."""
    is_named_usage: bool = False
    """The examiner said that its records are sums over calls."""
    usage: UsageMapping | None = None
    """Which fields hold what, if its records are sums over calls."""
    announced: list[dict[str, Any]] = field(default_factory=list)
    """Files that it announces, if it is a manifest: columns of `announced_files`."""
    mapping: FieldMapping | None = None
    """Which field becomes which column, if no known format says so."""

    def __post_init__(self) -> None:
        self.name = self.name or self.path

    @property
    def n_out_of_scope(self) -> int:
        """Valid records that are no model exchanges."""
        return sum(n for n, _ in self.out_of_scope.values())

    def refuse(self, role: str, reason: str) -> None:
        """Make it a source without records."""
        self.role, self.reason = role, reason
        self.n_lines = self.n_blank = self.n_rows = self.n_quarantined = self.n_flagged = 0
        self.out_of_scope, self.unknown_keys, self.secrets = {}, set(), {}
        self.first_started_at = self.last_started_at = None

    def forget_identity(self) -> None:
        """Leave out hashes and size: they would be those of bytes that nobody can find again."""
        self.sha256 = self.n_bytes = None

    def add_out_of_scope(self, reason: str, n: int, first_line: int) -> None:
        """Count records out of scope."""
        known = self.out_of_scope.setdefault(reason, [0, first_line])
        known[0] += n

    def add_secrets(self, field_name: str, n: int) -> None:
        """Count values in which secrets were replaced."""
        self.secrets[field_name] = self.secrets.get(field_name, 0) + n

    def row(self) -> dict[str, Any]:
        """Return the row of table `sources`; duplicates are subtracted when all parts are known."""
        is_read = self.role in READ_ROLES
        counts = {
            "n_lines": self.n_lines,
            "n_blank": self.n_blank,
            "n_read": self.n_rows + self.n_quarantined + self.n_out_of_scope,
            "n_kept": self.n_rows,
            "n_quarantined": self.n_quarantined,
            "n_duplicate": 0,
            "n_out_of_scope": self.n_out_of_scope,
            "n_flagged": self.n_flagged,
        }
        return {
            "source_sha256": self.sha256,
            "path": printable(self.name),
            "role": self.role,
            "reason": None if self.reason is None else printable(self.reason),
            "n_bytes": self.n_bytes,
            "n_bytes_decoded": self.n_bytes_decoded if is_read else None,
            "compression": self.compression,
            "encoding": self.encoding if is_read else None,
            "format": self.format,
            "format_confidence": self.format_confidence,
            **{name: n if is_read else 0 for name, n in counts.items()},
            "first_started_at": self.first_started_at,
            "last_started_at": self.last_started_at,
            "unknown_keys": sorted(self.unknown_keys)[:MAX_UNKNOWN_KEYS],
            "secrets_hashed": [f"{name} {n}" for name, n in sorted(self.secrets.items())],
            "part": self.part,
        }

    def as_json(self) -> dict[str, Any]:
        """Return the row and the counts out of scope as JSON-ready data."""
        row = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in self.row().items()}
        return {
            "row": row,
            "out_of_scope": {reason: list(counts) for reason, counts in sorted(self.out_of_scope.items())},
            "fields": self._fields(),
            "announced": [{"source_sha256": self.sha256, **row} for row in self.announced],
        }

    def _fields(self) -> list[dict[str, Any]]:
        """Return the rows of `field_mappings`."""
        mapping = self.mapping
        if mapping is None or self.role != "log":
            return []
        origin = {
            "source_sha256": self.sha256,
            "mapping": printable(mapping.file_name) or None,
            "mapping_sha256": mapping.sha256 or None,
        }
        return [origin | {"column_name": target, "field": printable(name)} for target, name in mapping.fields()]


def row_from_json(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the row of `sources` that `Source.as_json` wrote."""
    row = dict(stored["row"])
    for key in ("first_started_at", "last_started_at"):
        row[key] = None if row[key] is None else datetime.fromisoformat(row[key])
    return row
