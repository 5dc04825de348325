"""How the SELECT of a format becomes the projection that the ingest runs: the format's own query inside of the completion that all share."""

from __future__ import annotations

import importlib.resources
import re
from functools import cache
from typing import TYPE_CHECKING

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.formats.aliases import TARGETS
from distilforensics.ingest.formats.mapping import TIME_UNITS, is_path, json_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from distilforensics.ingest.formats.mapping import FieldMapping
    from distilforensics.ingest.formats.specification import FormatSpec, Options

GENERIC = "generic"
"""The format whose records are read by a mapping of fields to columns."""

ACCOUNT_COLUMNS = (
    "account_id", "end_user_id", "api_key_id", "tenant_id", "project_id", "session_id", "client_ip", "user_agent", "ja4",
)  # fmt: skip
"""Columns that the examiner may declare to be the account."""

LIBRARIES = ("values.sql", "times.sql", "addresses.sql", "messages.sql", "litellm.sql", "bedrock.sql")
"""Files of shared macros, in order of definition."""

_TEXT_COLUMNS = (
    "started_at_raw", "ended_at_raw", "time_kind", "provider", "gateway", "region", "tenant_id", "project_id", "account_id", "end_user_id",
    "api_key_id", "session_id", "trace_id", "request_id", "response_id", "client_ip", "client_country", "client_asn", "ja4", "user_agent",
    "operation", "model_requested", "model_served", "model_raw", "is_stream", "n_choices", "max_output_tokens", "temperature", "top_p",
    "n_tools", "tools_json", "response_format", "reasoning_effort", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens",
    "reasoning_tokens", "cost_usd", "request_bytes", "response_bytes", "latency_ms", "http_status", "status", "error_type", "finish_reason_raw",
    "is_gateway_cached", "prompt_state", "response_state", "system_text", "prompt_text", "response_text", "messages_json", "n_turns",
    "n_tool_calls", "prompt_sha256", "response_sha256", "system_sha256", "reasoning_signature", "out_of_scope", "refusal_reason", "refusal_detail",
)  # fmt: skip
WRITTEN_COLUMNS = dict.fromkeys(_TEXT_COLUMNS, "varchar") | {
    "prompt_chars": "bigint",
    "response_chars": "bigint",
    "flags": "varchar[]",
}
"""Columns that the SELECT of a format may yield, with their types; the completion types the texts."""

_WRITTEN_AS = {"ended_at": "ended_at_raw", "finish_reason": "finish_reason_raw"}
_DERIVED_TARGETS = frozenset(
    {
        "started_at",
        "latency_ms",
        "latency_s",
        "http_status",
        "status",
        "n_tools",
        "n_turns",
        "system_text",
        "prompt_text",
        "response_text",
    }
)
"""Targets whose column other fields may give as well."""

_MARK = re.compile(r"/\*\{(\w+)\}\*/")
_ZONE_NAME = re.compile(r"[A-Za-z0-9_+/-]{1,64}")


def projection_of(spec: FormatSpec, options: Options) -> str:
    """Return the projection of a format; see `FormatSpec.projection`."""
    query, time_field, zone, yields = spec.query, spec.time, options.assume_time_zone, spec.yields
    if spec.id == GENERIC:
        query, time_field = mapped_query(spec.query, options.mapping)
        yields = tuple(name for name in yields if name not in _unmapped(options.mapping))
        zone = zone or (options.mapping.time_zone if options.mapping else None)
    parts = {
        "format": query,
        "account": _account_expression(spec, options.account_field),
        "zone": zone_expression(zone),
        "time_field": literal(time_field),
    }
    return fill(_without_absent(library_file("completion.sql"), frozenset(yields)), parts)


def _without_absent(completion: str, yields: frozenset[str]) -> str:
    """Return the completion with NULL constants in place of the columns that a format does not yield."""
    for name, type_ in WRITTEN_COLUMNS.items():
        if name not in yields:
            completion = re.sub(rf"(?<! as )(?<![\w'/{{]){name}(?![\w'])", f"null::{type_}", completion)
    return completion


def fill(text: str, parts: Mapping[str, str]) -> str:
    """Return SQL with the parts in place of its marks `/*{name}*/`."""
    return _MARK.sub(lambda match: parts[match[1]], text)


def _unmapped(mapping: FieldMapping | None) -> frozenset[str]:
    """Return columns that no field of the mapping gives."""
    if mapping is None:
        return frozenset()
    mapped = {*mapping.columns, *mapping.constants}
    absent = {_WRITTEN_AS.get(target, target) for target in TARGETS - mapped - _DERIVED_TARGETS}
    return frozenset(absent if mapping.time_unit else absent | {"time_kind"})


def mapped_query(query: str, mapping: FieldMapping | None) -> tuple[str, str]:
    """Return the generic query for a mapping, and the field that holds the time.

    Raises:
        UsageError: there is no mapping.
    """
    if mapping is None:
        raise UsageError(
            "no mapping of fields to columns, expected one", where=f"format {GENERIC}", hint="use --mapping FILE.toml"
        )
    sources = sorted(set(mapping.columns.values()))
    positions = {source: number for number, source in enumerate(sources, 1)}
    parts = dict.fromkeys(TARGETS, "null::varchar")
    parts |= {target: f"v[{positions[source]}]" for target, source in mapping.columns.items()}
    parts |= {target: f"{literal(value)}::varchar" for target, value in mapping.constants.items()}
    parts["paths"] = "[" + ", ".join(literal(json_path(source)) for source in sources) + "]"
    parts["time_kind"] = f"{literal(TIME_UNITS[mapping.time_unit])}" if mapping.time_unit else "null::varchar"
    return fill(query, parts), mapping.columns.get("started_at", "started_at")


def _account_expression(spec: FormatSpec, account_field: str | None) -> str:
    column = account_field or "account_id"
    if column in ACCOUNT_COLUMNS:
        return "null::varchar" if column not in spec.yields else "address" if column == "client_ip" else column
    if spec.framing == "json" and is_path(column):
        return f"json_extract_string(line, {literal(column)})"
    expected = f"one of {', '.join(ACCOUNT_COLUMNS)}" + (" or a path such as $.user" if spec.framing == "json" else "")
    raise UsageError(f"--account-field is {shown(column)}, expected {expected}", where=f"format {spec.id}")


def zone_expression(zone: str | None) -> str:
    """Return the SQL literal of a time zone, or a NULL.

    Raises:
        UsageError: DuckDB does not know the zone.
    """
    if zone is None:
        return "null::varchar"
    if not _ZONE_NAME.fullmatch(zone) or zone not in _zone_names():
        raise UsageError(
            f"time zone is {shown(zone)}, expected an IANA name such as Europe/Berlin", where="--assume-time-zone"
        )
    return literal(zone)


@cache
def _zone_names() -> frozenset[str]:
    """Return the zones that DuckDB knows, since it applies them."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        return frozenset(row[0] for row in connection.execute("select name from pg_timezone_names()").fetchall())


def literal(text: str) -> str:
    """Return a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def library_file(name: str) -> str:
    """Return the text of a file of shared SQL."""
    return importlib.resources.files(__package__).joinpath("lib", name).read_text(encoding="utf-8")


def prepare_connection(connection: duckdb.DuckDBPyConnection, secret_key: bytes = b"") -> None:
    """Define the macros and functions that projections use.

    Args:
        connection: A connection whose session time zone is UTC.
        secret_key: Key of the hashes that replace raw API keys; the same key gives the same hashes.
    """
    from distilforensics.ingest.formats import functions

    functions.register(connection, secret_key)
    for name in LIBRARIES:
        connection.execute(library_file(name))
