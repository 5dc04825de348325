"""The configuration of a scheduled examination: one TOML file, every key checked, every mistake named."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from distilforensics.audit.publication import Retention
from distilforensics.core.errors import UsageError
from distilforensics.core.finding import Grade
from distilforensics.core.text import show, shown
from distilforensics.core.units import MIN_MEMORY, parse_size
from distilforensics.pipeline.reading_options import reading_options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from distilforensics.ingest.options import IngestOptions

_KEYS: dict[str, type | tuple[type, ...]] = {
    "case": str,
    "inputs": list,
    "reports": str,
    "fail_on": str,
    "min_age_minutes": (int, float),
    "quiet_after_hours": (int, float),
    "metrics": str,
    "redact": bool,
    "catalog": str,
    "reconcile": list,
    "retention": dict,
    "reading": dict,
    "limits": dict,
}
_READING: dict[str, type | tuple[type, ...]] = {
    "format": str,
    "mapping": (str, list),
    "account_field": str,
    "assume_time_zone": str,
    "log_began": str,
    "max_malformed": (int, float),
    "max_line": str,
    "secret_file": str,
    "content_free": bool,
}
_RETENTION: dict[str, type | tuple[type, ...]] = {"days": (int, float), "count": int}
_LIMITS: dict[str, type | tuple[type, ...]] = {"threads": int, "memory": str}
_REQUIRED = ("case", "inputs", "reports")
_NAMES = {
    str: "text",
    bool: "true or false",
    list: "a list of texts",
    dict: "a table",
    int: "a whole number",
    (int, float): "a number",
    (str, list): "a text or a list of texts",
}


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """A checked configuration; relative paths count from the folder of the file."""

    path: Path
    case: Path
    inputs: tuple[str, ...]
    """Patterns of log files."""
    reports: Path
    options: IngestOptions
    metrics: Path
    """Figures for monitoring, written by every run."""
    fail_on: Grade | None = None
    min_age_minutes: float = 0.0
    """Files changed more recently are left for the next time, since they may still be written."""
    quiet_after_hours: float | None = None
    """Age of the newest exchange of a pattern of `inputs` from which the log counts as quiet; never if None."""
    is_redacted: bool | None = None
    """Publish pseudonyms in place of names; as the report was written last if None."""
    catalog: Path | None = None
    """Folder with heuristics, formats and explanations of one's own; those of the case stay if None."""
    reconcile: tuple[str, ...] = ()
    """Patterns of usage exports with which the log is compared."""
    retention: Retention = field(default_factory=Retention)
    threads: int | None = None
    memory_bytes: int | None = None


def read_config(path: Path) -> AuditConfig:
    """Return the configuration in a file.

    Raises:
        UsageError: the file cannot be read, or a key is missing, unknown or of the wrong kind.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UsageError(f"cannot be read: {e.strerror}", where=str(path)) from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"is not valid TOML: {show(e)}", where=str(path)) from e
    _check(path, "", values, _KEYS)
    _check(path, "reading.", values.get("reading", {}), _READING)
    _check(path, "limits.", values.get("limits", {}), _LIMITS)
    _check(path, "retention.", values.get("retention", {}), _RETENTION)
    if missing := [key for key in _REQUIRED if not values.get(key)]:
        raise UsageError(f"`{missing[0]}` is missing or empty", where=str(path), hint="docs/audit.md has an example")
    folder = path.parent
    return AuditConfig(
        path=path,
        case=folder / values["case"],
        inputs=tuple(str(folder / _text(path, "inputs", pattern)) for pattern in values["inputs"]),
        reports=folder / values["reports"],
        options=_options(path, values.get("reading", {})),
        fail_on=_grade(path, values.get("fail_on")),
        metrics=folder / values.get("metrics", f"{values['reports']}/metrics.prom"),
        min_age_minutes=float(values.get("min_age_minutes", 0)),
        quiet_after_hours=_positive(path, "quiet_after_hours", values.get("quiet_after_hours")),
        is_redacted=values.get("redact"),
        catalog=_folder(path, "catalog", values.get("catalog")),
        reconcile=tuple(str(folder / _text(path, "reconcile", pattern)) for pattern in values.get("reconcile", ())),
        retention=_retention(path, values.get("retention", {})),
        threads=_threads(path, values.get("limits", {}).get("threads")),
        memory_bytes=_size(path, "limits.memory", values.get("limits", {}).get("memory"), MIN_MEMORY),
    )


def _check(path: Path, prefix: str, values: Mapping[str, Any], known: Mapping[str, type | tuple[type, ...]]) -> None:
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"is `{prefix}{near[0]}` meant?" if near else f"known are {', '.join(known)}"
            raise UsageError(f"unknown key {shown(prefix + key)}", where=str(path), hint=hint)
        if not isinstance(value, known[key]) or (isinstance(value, bool) and known[key] is not bool):
            raise UsageError(f"`{prefix}{key}` is {shown(value)}, expected {_NAMES[known[key]]}", where=str(path))


def _folder(path: Path, key: str, value: str | None) -> Path | None:
    found = None if value is None else path.parent / value
    if found is not None and not found.is_dir():
        raise UsageError(f"`{key}` is {shown(found)}, expected an existing folder", where=str(path))
    return found


def _text(path: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"`{key}` has {shown(value)}, expected texts such as 'logs/*.jsonl.gz'", where=str(path))
    return value


def _options(path: Path, reading: Mapping[str, Any]) -> IngestOptions:
    written = reading.get("mapping", [])
    names = [written] if isinstance(written, str) else written
    mappings = tuple(path.parent / _text(path, "reading.mapping", name) for name in names)
    secret_file = path.parent / reading["secret_file"] if "secret_file" in reading else None
    for key, files in (("mapping", mappings), ("secret_file", (secret_file,))):
        for file in files:
            if file is not None and not file.is_file():
                raise UsageError(f"`reading.{key}` is {shown(file)}, expected an existing file", where=str(path))
    share = reading.get("max_malformed")
    if share is not None and not 0 <= share <= 1:
        raise UsageError(f"`reading.max_malformed` is {shown(share)}, expected 0 to 1", where=str(path))
    return reading_options(
        format=reading.get("format"),
        mappings=mappings,
        account_field=reading.get("account_field"),
        assume_time_zone=reading.get("assume_time_zone"),
        log_began=reading.get("log_began"),
        max_malformed=share,
        max_line_bytes=_size(path, "reading.max_line", reading.get("max_line")),
        secret_file=secret_file,
        is_content_free=reading.get("content_free", False),
    )


def _grade(path: Path, value: str | None) -> Grade | None:
    grades = [Grade.STRONG, Grade.MODERATE, Grade.WEAK]
    if value is not None and value not in grades:
        raise UsageError(f"`fail_on` is {shown(value)}, expected {', '.join(grades)}", where=str(path))
    return Grade(value) if value else None


def _positive(path: Path, key: str, value: float | None) -> float | None:
    if value is not None and value <= 0:
        raise UsageError(f"`{key}` is {value}, expected more than 0", where=str(path))
    return value


def _retention(path: Path, values: Mapping[str, Any]) -> Retention:
    count = _positive(path, "retention.count", values.get("count"))
    return Retention(_positive(path, "retention.days", values.get("days")), None if count is None else int(count))


def _threads(path: Path, value: int | None) -> int | None:
    if value is not None and value < 1:
        raise UsageError(f"`limits.threads` is {value}, expected at least 1", where=str(path))
    return value


def _size(path: Path, key: str, value: str | None, least: int = 1) -> int | None:
    if value is None:
        return None
    try:
        n_bytes = parse_size(value)
    except ValueError as e:
        raise UsageError(f"`{key}`: {show(e)}", where=str(path)) from e
    if n_bytes < least:
        raise UsageError(f"`{key}` is {shown(value)}, expected at least {least:,} bytes", where=str(path))
    return n_bytes
