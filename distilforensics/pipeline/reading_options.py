"""What an examiner chooses about reading logs, from the command line or from a configuration file, checked in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.catalogue.mapping import instant
from distilforensics.ingest.options import IngestOptions

if TYPE_CHECKING:
    from pathlib import Path


def reading_options(secret_file: Path | None = None, **given: str | float | tuple[Path, ...] | None) -> IngestOptions:
    """Return how logs are read; what is None keeps its default.

    Raises:
        UsageError: the time zone is not known, the beginning of the log is no time, or the secret is no text.
    """
    zone = given.get("assume_time_zone")
    if zone is not None:
        try:
            ZoneInfo(str(zone))
        except (KeyError, ValueError, OSError) as e:
            message = f"{shown(zone)} is no known time zone, expected a name such as Europe/Berlin"
            raise UsageError(message, where="assume-time-zone") from e
    began = given.get("log_began")
    given["log_began"] = None if began is None else instant(str(began), "log-began", "--log-began")  # type: ignore[assignment]
    if secret_file is not None:
        try:
            given["secret_key"] = secret_file.read_text(encoding="utf-8").strip()
        except UnicodeDecodeError as e:
            raise UsageError("is no text in UTF-8", where=str(secret_file)) from e
    chosen: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    return IngestOptions(**chosen)
