"""The functions that projections call and SQL lacks: addresses, keyed hashes, escapes, other answers. They run on the distinct values of a batch."""

from __future__ import annotations

import hashlib
import hmac
import re
from functools import lru_cache
from typing import TYPE_CHECKING

import pyarrow as pa

from distilforensics.ingest.catalogue.addresses import canonical_address, is_masked
from distilforensics.ingest.catalogue.answers import plain_answer
from distilforensics.ingest.catalogue.python_values import json_of_python

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

_CACHED_VALUES = 65_536
_ESCAPES = re.compile(r'(?:\\x[0-9A-Fa-f]{2})+|\\(["\\])')


def unescaped(written: str) -> str:
    r"""Return the text behind the escapes of a web server, `\xHH`, `\"` and `\\`; bytes that are no UTF-8 stay escaped."""
    return _ESCAPES.sub(_unescaped_part, written)


def _unescaped_part(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    return bytes.fromhex(match[0].replace("\\x", "")).decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def register(connection: duckdb.DuckDBPyConnection, secret_key: bytes) -> None:
    """Define the functions on a connection."""
    from duckdb.func import FunctionNullHandling, PythonUDFType

    @lru_cache(_CACHED_VALUES)
    def keyed_hash(secret: str) -> str:
        return "hmac:" + hmac.new(secret_key, secret.encode(), hashlib.sha256).hexdigest()

    cached_address = lru_cache(_CACHED_VALUES)(canonical_address)
    for name, function, result in (
        ("canonical_address", _over_distinct(cached_address, pa.string()), "VARCHAR"),
        ("is_masked_address", _over_distinct(is_masked, pa.bool_()), "BOOLEAN"),
        ("unescaped_bytes", _over_distinct(lru_cache(_CACHED_VALUES)(unescaped), pa.string()), "VARCHAR"),
        ("json_of_python", _over_distinct(json_of_python, pa.string()), "VARCHAR"),
        ("plain_answer", _over_distinct(plain_answer, pa.string()), "VARCHAR"),
        ("keyed_hash", _over_distinct(keyed_hash, pa.string()), "VARCHAR"),
    ):
        connection.create_function(
            name,
            function,
            ["VARCHAR"],
            result,
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=False,
        )


def _over_distinct(function: Callable[[str], str | bool | None], result: pa.DataType) -> Callable[[pa.Array], pa.Array]:
    def apply(values: pa.ChunkedArray | pa.Array) -> pa.Array:
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        encoded = values.dictionary_encode()
        answers = pa.array(
            [None if value is None else function(value) for value in encoded.dictionary.to_pylist()], type=result
        )
        return answers.take(encoded.indices)

    return apply
