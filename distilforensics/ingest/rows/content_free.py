"""Takes prompts, answers and system prompts out of rows before they are written, and leaves in their place what the analysis computes from them.

The queries that would read the texts later (`analysis/tables`) read them here, chunk by chunk and in memory alone, so that both ways give
the same. What is left is hashed once more with the key of the case: without its secret nobody can try texts until a hash fits.
Why, and what is lost: docs/decisions/0065-cases-without-texts.md.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from distilforensics.analysis.nodes import analysis_graph
from distilforensics.analysis.shared_content import offer_functions
from distilforensics.core.schema import (
    ACCOUNT_TRAITS,
    ACCOUNTS_DIRECTORY,
    DUPLICATES,
    EXCHANGES,
    KEPT_AS,
    TEXT_FINGERPRINTS,
)
from distilforensics.ingest.rows.projection import PROJECTED, query

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLES = ("fingerprints", "exchange_features", "reasoning_uses")
_HASHES = ("prompt_hash", "response_hash", "system_template", "prefix_template", "suffix_template", "earlier_prompt_hash", "quoted_answer_hash")  # fmt: skip
_PASSAGES = ("prompt_begin", "prompt_end", "prompt_passages", "system_passages", "response_passages")
_ALWAYS = {"since": "-infinity", "before": "infinity"}
"""The stretch of time that holds every chunk; queries that read long logs in stretches ask for one."""

_NUMBERS = ("first_number", "last_number")
_WORDS = frozenset({"nothing", "without text"})
"""What `reasoning_uses` writes where there is no text to hash."""


class ContentFree:
    """Replaces the texts of rows by fingerprints. For one thread."""

    def __init__(self, key: bytes, memory_bytes: int) -> None:
        """Open an engine of its own, which sees nothing but the rows at hand."""
        self._key = hmac.new(key, b"texts", hashlib.sha256).digest()
        self._shift = int.from_bytes(self._mac(b"numbers")[:4], "big")
        self._connection = duckdb.connect(
            ":memory:", config={"threads": 1, "memory_limit": f"{memory_bytes}B", "temp_directory": ""}
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute("SET enable_progress_bar = false")
        offer_functions(self._connection)
        empty = {table.name: table.arrow.empty_table() for table in (DUPLICATES, ACCOUNTS_DIRECTORY, ACCOUNT_TRAITS)}
        empty["reasoning_places"] = _empty("sample_record_id", "is_replay")
        empty["shared_content"] = _empty("record_id", "near_template", "passage_template")
        for name, table in empty.items():
            self._connection.register("given", table)
            self._connection.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
            self._connection.unregister("given")
        self._connection.execute("SET enable_external_access = false")

    def without_texts(self, rows: pa.Table) -> pa.Table:
        """Return rows of `exchanges` whose texts are gone, with the column `text_fingerprints`."""
        found = self._fingerprints(rows)
        for text in KEPT_AS:
            rows = _replaced(rows, text, pa.nulls(len(rows), pa.string()))
        return rows.append_column("text_fingerprints", found)

    def _fingerprints(self, rows: pa.Table) -> pa.Array:
        """Return what the analysis computes from the texts of each row; NULL for rows without text."""
        n = len(rows)
        if not n:
            return pa.nulls(0, TEXT_FINGERPRINTS)
        self._connection.register("given", _as_exchanges(rows.select(PROJECTED.names)))
        self._connection.execute("CREATE OR REPLACE TEMP TABLE exchanges AS SELECT * FROM given")
        self._connection.unregister("given")
        for name in _TABLES:
            node = analysis_graph().maker[name]
            assert node.file is not None
            values = dict(node.parameters) | (_ALWAYS if "$since" in node.file.body else {})
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {node.file.body}", values or None)
        found: pa.Table = self._connection.sql(query("text_fingerprints")).to_arrow_table()
        for name in _TABLES:
            self._connection.execute(f"DROP TABLE {name}")
        self._connection.execute("DROP TABLE exchanges")
        return self._keyed(found)

    def _keyed(self, found: pa.Table) -> pa.Array:
        columns: dict[str, Any] = {name: found[name].combine_chunks() for name in found.column_names}
        for name in _HASHES:
            columns[name] = self._each(columns[name], self._template)
        for name in _PASSAGES:
            columns[name] = self._numbers(columns[name], self._passage)
        columns["prompt_wording"] = self._numbers(columns["prompt_wording"], self._wording)
        for name in _NUMBERS:
            columns[name] = pc.add(columns[name], self._shift)
        for text, name in KEPT_AS.items():
            columns[name] = self._each(columns.pop(text), self._hash)
        uses = [self._keyed_uses(found) for found in columns["reasoning_uses"].to_pylist()]
        columns["reasoning_uses"] = pa.array(uses, TEXT_FINGERPRINTS.field("reasoning_uses").type)
        has_text = np.logical_or.reduce(
            [columns[name].is_valid().to_numpy(zero_copy_only=False) for name in KEPT_AS.values()]
        )
        arrays = [columns[field.name].cast(field.type) for field in TEXT_FINGERPRINTS]
        return pa.StructArray.from_arrays(arrays, fields=list(TEXT_FINGERPRINTS), mask=pa.array(~has_text))

    def _keyed_uses(self, uses: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        """Return the places of reasoning with the hashes of their texts keyed."""
        if uses is None:
            return None
        names = ("opening_hash", "preceding_hash")
        return [use | {name: use[name] and self._template(use[name]) for name in names} for use in uses]

    def _each(self, column: pa.Array | pa.ChunkedArray, change: Callable[[str], str]) -> pa.Array:
        """Return texts with each different one changed once."""
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        coded = whole.dictionary_encode()
        changed = pa.array([change(value) for value in coded.dictionary.to_pylist()], pa.string())
        return changed.take(coded.indices)

    def _numbers(self, column: pa.Array, change: Callable[[int], int]) -> pa.Array:
        """Return numbers, or sorted lists of numbers, with each changed."""
        if not pa.types.is_list(column.type):
            return _mapped(column, change)
        # Keyed numbers stand in another order; within a list they are sorted as before.
        changed = _mapped(column.values, change).to_numpy(zero_copy_only=False)
        parents = np.repeat(np.arange(len(column)), np.diff(column.offsets.to_numpy()))
        order = np.lexsort((changed, parents))
        values = pa.array(changed[order], pa.int64())
        return pa.ListArray.from_arrays(column.offsets, values, mask=column.is_null())

    def _mac(self, message: bytes) -> bytes:
        return hmac.digest(self._key, message, "sha256")

    def _hash(self, text: str) -> str:
        return self._mac(text.encode("utf-8", "surrogatepass")).hex()

    def _template(self, name: str) -> str:
        """Return `kind:hash` or a hash alone with the hash keyed."""
        if name in _WORDS:
            return name
        kind, colon, digest = name.rpartition(":")
        return f"{kind}{colon}{self._mac(digest.encode()).hex()[: len(digest)]}"

    def _passage(self, number: int) -> int:
        mac: int = struct.unpack(">Q", self._mac(struct.pack(">q", number))[:8])[0]
        return mac >> 2  # as large as the hashes of passages

    def _wording(self, number: int) -> int:
        part = number >> 32
        return part << 32 | int.from_bytes(self._mac(struct.pack(">q", number))[:4], "big")


def _as_exchanges(rows: pa.Table) -> pa.Table:
    """Return rows as the analysis expects them: one account each, no duplicates, answered, in the order of their ids."""
    n = len(rows)
    ids = pa.array([f"{i:012d}" for i in range(n)])
    fixed = {
        "record_id": ids,
        "account_id": ids,
        "started_at": pa.array(np.zeros(n, np.int64)).cast(pa.timestamp("us")),
        "status": pa.array(["ok"] * n),
        "finish_reason": pa.nulls(n, pa.string()),
        "prompt_sha256": pa.nulls(n, pa.string()),
        "response_sha256": pa.nulls(n, pa.string()),
        "system_sha256": pa.nulls(n, pa.string()),
        "text_fingerprints": pa.nulls(n, TEXT_FINGERPRINTS),
    }
    columns = {}
    for field in EXCHANGES.arrow:
        column = fixed.get(field.name, rows[field.name] if field.name in rows.column_names else None)
        columns[field.name] = pa.nulls(n, field.type) if column is None else column
    return pa.table(columns)


def _mapped(column: pa.Array, change: Callable[[int], int]) -> pa.Array:
    coded = column.dictionary_encode()
    changed = pa.array([change(value) for value in coded.dictionary.to_pylist()], pa.int64())
    return changed.take(coded.indices)


def _replaced(rows: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), column)


def _empty(*names: str) -> pa.Table:
    kinds = {name: pa.bool_() if name.startswith("is_") else pa.string() for name in names}
    return pa.table({name: pa.array([], kind) for name, kind in kinds.items()})
