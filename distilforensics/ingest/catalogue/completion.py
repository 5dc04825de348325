"""How the query of a format becomes the projection that the ingest runs: inside of the completion that all formats share."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.catalogue.columns import (
    ACCOUNT_COLUMNS,
    LIBRARIES,
    fill,
    library_file,
    literal,
    written_columns,
)
from distilforensics.ingest.catalogue.mapped import mapped_query, plain_query
from distilforensics.ingest.catalogue.mapping import is_path

if TYPE_CHECKING:
    import duckdb

    from distilforensics.ingest.catalogue.mapping import FieldMapping
    from distilforensics.ingest.catalogue.specification import FormatSpec, Options

_ZONE_NAME = re.compile(r"[A-Za-z0-9_+/-]{1,64}")
_NO_LINES = "with lines as (select null::bigint as row_index, null::varchar as line)"


def projection_of(
    spec: FormatSpec, options: Options, connection: duckdb.DuckDBPyConnection | None = None, *, of_cells: bool = False
) -> str:
    """Return one SELECT over `lines(row_index BIGINT, line VARCHAR)`, to be run on a connection made ready by `prepare_connection`.

    Columns: `row_index`, those of `PROJECTED_COLUMNS`, `flags VARCHAR[]`, `out_of_scope VARCHAR` (reason or NULL), `refusal_reason VARCHAR` and
    `refusal_detail VARCHAR` (the record goes to quarantine if the reason is not NULL).

    Args:
        spec: The format.
        options: The examiner's choices.
        connection: A connection made ready by `prepare_connection`; a new one is made if it is needed and None.
        of_cells: The fields of `FormatSpec.cell_names` are columns `f1`, `f2` and so on of `lines`, and `line` is NULL.

    Raises:
        UsageError: the account field or the time zone cannot be used.
    """
    mapping = _mapping_of(spec, options)
    if mapping is not None:
        query, yields = mapped_query(mapping, spec.pattern, spec.other_lines, spec.join, of_cells=of_cells)
    else:
        query, yields = spec.query or "", _columns_of(spec.query or "", connection)
    return _completed(spec, options, mapping, query, yields, _ALL_TIMES)


def plain_projection_of(spec: FormatSpec, options: Options, *, of_cells: bool = False) -> str | None:
    """Return a SELECT as that of `projection_of` for records of few shapes, which is planned and run in half the time.

    One more column, `needs_care`, is true for records that `projection_of` must read. All others have the same values in both. None if the
    format has a query of its own, or none of its records is plain.
    """
    mapping = _mapping_of(spec, options)
    if mapping is None or mapping.time_zone is not None or options.assume_time_zone is not None:
        return None
    plain = plain_query(mapping, spec.pattern, spec.other_lines, spec.join, of_cells=of_cells)
    if plain is None:
        return None
    return _completed(
        spec, options, mapping, *plain, _PLAIN_TIMES | {"needs_care": f", is_odd or {_ODD_TIME} as needs_care"}
    )


def _mapping_of(spec: FormatSpec, options: Options) -> FieldMapping | None:
    """Return the mapping by which a format is read, None if it has a query of its own."""
    mapping = spec.mapping or options.mapping
    if mapping is not None:
        return mapping.begun(options.log_began)
    if spec.query is None:
        raise UsageError(
            "no mapping of fields to columns, expected one",
            where=f"format {spec.id}",
            hint="use --mapping FILE.toml",
        )
    return None


def _completed(
    spec: FormatSpec,
    options: Options,
    mapping: FieldMapping | None,
    query: str,
    yields: frozenset[str],
    times: dict[str, str],
) -> str:
    """Return the query of a format inside of the completion, which reads times in all notations or in some."""
    if mapping is not None:
        time_field, zone = mapping.time_field, options.assume_time_zone or mapping.time_zone
    else:
        time_field, zone = spec.time, options.assume_time_zone
    parts = {name: name if name in yields else f"null::{type_}" for name, type_ in written_columns().items()}
    is_end = mapping is not None and mapping.is_end
    parts["started_text"] = "started_text" if "started_text" in yields else parts["started_at_raw"]
    return fill(
        library_file("completion.sql"),
        parts
        | {name: fill(text, parts) for name, text in times.items()}
        | {
            "format": query,
            "account": _account_expression(spec, options.account_field, parts),
            "zone": zone_expression(zone),
            "time_field": literal(time_field),
            "local_flags": ""
            if zone is None
            else fill(_LOCAL_FLAGS, {"zone": literal(zone), "started_text": parts["started_text"]}),
            "start_shift": f"- to_microseconds({_SHIFT})" if is_end else "",
        },
    )


_ALL_TIMES = {
    "odd_times": """
        odd_iso(case when /*{time_kind}*/ is null then odd_time(/*{started_text}*/, started_zone) end) as started_parts,
        odd_iso(odd_time(/*{ended_at_raw}*/, ended_zone)) as ended_parts,
        try_cast(case when /*{time_kind}*/ is distinct from 'clf' then odd_time(/*{started_text}*/, started_zone) end as decimal(38, 9))
            as started_epoch,
        try_cast(odd_time(/*{ended_at_raw}*/, ended_zone) as decimal(38, 9)) as ended_epoch,""",
    "started_parts": "started_parts",
    "ended_parts": "ended_parts",
    "needs_care": "",
}
_NO_PARTS = "null::struct(local varchar, seconds varchar, fraction varchar, utc varchar, sign varchar, hours varchar, minutes varchar)"
_PLAIN_TIMES = {
    "odd_times": """
        try_cast(case when /*{time_kind}*/ is distinct from 'clf' then plain_epoch(/*{started_text}*/, started_zone) end as decimal(38, 9))
            as started_epoch,
        try_cast(plain_epoch(/*{ended_at_raw}*/, ended_zone) as decimal(38, 9)) as ended_epoch,""",
    "started_parts": _NO_PARTS,
    "ended_parts": _NO_PARTS,
}
_ODD_TIME = "is_odd_time(/*{started_text}*/, started_zone, started_epoch) or is_odd_time(/*{ended_at_raw}*/, ended_zone, ended_epoch)"
"""ISO times, seconds since 1970 and times of web servers are plain."""

_LOCAL_FLAGS = """
case when is_ambiguous_local(started_zone, started_parts, /*{started_text}*/, /*{zone}*/) then 'ts_ambiguous' end,
case when is_missing_local(started_zone, started_parts, /*{started_text}*/, /*{zone}*/) then 'ts_nonexistent' end,
"""
"""Doubts of naive times in a zone that the examiner or a mapping names."""

_SHIFT = "coalesce(try_cast(round(greatest(real_number(latency_ms), 0) * 1000) as bigint), 0)"
"""Microseconds from the start to the logged time, where that is the end."""


def _columns_of(query: str, connection: duckdb.DuckDBPyConnection | None) -> frozenset[str]:
    """Return the columns that a query over `lines` yields, as the engine tells them."""
    import duckdb

    if connection is not None:
        return frozenset(connection.sql(f"{_NO_LINES} select * from ({query}) limit 0").columns)
    with duckdb.connect(":memory:") as own:
        prepare_connection(own)
        return frozenset(own.sql(f"{_NO_LINES} select * from ({query}) limit 0").columns)


def check_account_field(column: str | None) -> None:
    """Refuse an account field that no format could use.

    Raises:
        UsageError: it is neither a column nor a path.
    """
    if column is None or column in ACCOUNT_COLUMNS or is_path(column):
        return
    raise UsageError(
        f"--account-field is {shown(column)}, expected one of {', '.join(ACCOUNT_COLUMNS)} or a path such as $.user"
    )


def _account_expression(spec: FormatSpec, account_field: str | None, parts: dict[str, str]) -> str:
    column = account_field or "account_id"
    if column in ACCOUNT_COLUMNS:
        return "address" if column == "client_ip" and parts[column] == column else parts[column]
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


def prepare_connection(connection: duckdb.DuckDBPyConnection, secret_key: bytes = b"") -> None:
    """Define the macros and functions that projections use.

    Args:
        connection: A connection whose session time zone is UTC.
        secret_key: Key of the hashes that replace raw API keys; the same key gives the same hashes.
    """
    from distilforensics.ingest.catalogue import functions

    functions.register(connection, secret_key)
    for name in LIBRARIES:
        connection.execute(library_file(name))
