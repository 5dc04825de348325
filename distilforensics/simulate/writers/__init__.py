"""One writer per log format; each renders neutral exchanges in the shape that the product itself writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from distilforensics.simulate.writers.bedrock_invocation import BedrockInvocation
from distilforensics.simulate.writers.generic import GenericCsv, GenericHashed, GenericJsonl
from distilforensics.simulate.writers.litellm_payload import LitellmPayload
from distilforensics.simulate.writers.litellm_spendlogs import LitellmSpendLogs
from distilforensics.simulate.writers.nginx_combined import NginxCombined

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from distilforensics.simulate.exchange import Exchange


class Writer(Protocol):
    """Renders exchanges that come in order of their start."""

    n_other_lines: int
    """Lines written so far that are valid and no model exchange."""

    def write(self, exchange: Exchange, token: str) -> None:
        """Take one exchange; `token` is 64 hex digits unique to it."""

    def close(self) -> None:
        """Finish all files."""


WRITERS: dict[str, Callable[[Path, str, int, int], Writer]] = {
    "litellm_spendlogs": LitellmSpendLogs,
    "litellm_payload": LitellmPayload,
    "bedrock_invocation": BedrockInvocation,
    "nginx_combined": NginxCombined,
    "generic_jsonl": GenericJsonl,
    "generic_csv": GenericCsv,
    "generic_hashed": GenericHashed,
}
"""Format id -> writer, made from the log folder, a compression, the number of days and the first microsecond."""
