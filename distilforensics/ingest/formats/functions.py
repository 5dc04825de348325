"""The two functions that projections call and SQL lacks: canonical addresses and keyed hashes. They run on the distinct values of a batch only."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa

from distilforensics.ingest.formats.addresses import canonical_address, is_masked

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

_CACHED_VALUES = 65_536


def register(connection: duckdb.DuckDBPyConnection, secret_key: bytes) -> None:
    """Define `canonical_address`, `is_masked_address` and `keyed_hash` on a connection."""

    @lru_cache(_CACHED_VALUES)
    def keyed_hash(secret: str) -> str:
        return "hmac:" + hmac.new(secret_key, secret.encode(), hashlib.sha256).hexdigest()

    cached_address = lru_cache(_CACHED_VALUES)(canonical_address)
    for name, function, result in (
        ("canonical_address", _over_distinct(cached_address, pa.string()), "VARCHAR"),
        ("is_masked_address", _over_distinct(is_masked, pa.bool_()), "BOOLEAN"),
        ("keyed_hash", _over_distinct(keyed_hash, pa.string()), "VARCHAR"),
    ):
        connection.create_function(name, function, ["VARCHAR"], result, type="arrow", side_effects=False)


def _over_distinct(function: Callable[[str], str | bool | None], result: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    def apply(values: pa.ChunkedArray | pa.Array) -> pa.Array:
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        encoded = values.dictionary_encode()
        answers = pa.array([function(value) for value in encoded.dictionary.to_pylist()], type=result)
        return answers.take(encoded.indices)

    return apply
