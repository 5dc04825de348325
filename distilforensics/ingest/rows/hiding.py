"""Takes raw secrets out of the rows of a chunk and out of the names of unknown keys before any of it is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from distilforensics.ingest.rows.projection import PROJECTED

if TYPE_CHECKING:
    from distilforensics.ingest.framing.records import ChunkResult
    from distilforensics.ingest.secrets import Secrets

_FROM_THIS_PROGRAM = frozenset(
    {
        "time_kind", "gateway", "operation", "client_ip", "tools_sha256", "status", "finish_reason", "prompt_state", "response_state",
        "reasoning_signature_sha256",
    }
)  # fmt: skip
"""Columns whose values the projection makes itself."""

TEXT_COLUMNS = tuple(
    field.name for field in PROJECTED if pa.types.is_string(field.type) and field.name not in _FROM_THIS_PROGRAM
)
"""Columns that carry text of the log."""

_KEY_COLUMNS = ("account_id", "api_key_id")
"""Columns whose whole value the projection replaces if it is a secret."""


def hide_secrets(result: ChunkResult, secrets: Secrets) -> None:
    """Replace raw secrets in a result and count, per source and field, the values in which there were any."""
    found: Counter[tuple[int, str]] = Counter()
    rows = result.rows
    sources = rows["source"].to_numpy()
    for name in TEXT_COLUMNS:
        column = rows[name]
        if name in _KEY_COLUMNS:
            is_hashed = pc.fill_null(pc.starts_with(column, "hmac:"), fill_value=False)
            _count(found, name, sources[np.flatnonzero(is_hashed.to_numpy(zero_copy_only=False))])
        clean, changed = secrets.in_column(column)
        if len(changed):
            rows = rows.set_column(rows.schema.get_field_index(name), name, clean)
            _count(found, name, sources[changed])
    result.rows = rows
    for source, keys in result.unknown_keys.items():
        clean_keys = set(secrets.in_texts(keys))
        if clean_keys != keys:
            found[source, "unknown_keys"] += len(clean_keys - keys)
            result.unknown_keys[source] = clean_keys
    result.secrets = dict(found)


def _count(found: Counter[tuple[int, str]], name: str, sources: np.ndarray) -> None:
    values, counts = np.unique(sources, return_counts=True)
    for source, n in zip(values.tolist(), counts.tolist(), strict=True):
        found[source, name] += n
