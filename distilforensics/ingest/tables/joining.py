"""Records of different files, or lines of one, that together say one exchange: requests and answers of a batch, a gateway's log and its log of messages.

They wait beside the part of their batch until all files are read; then those that meet become one row, in a part of its own. Which meet is said
by `[join]` of the formats: docs/decisions/0058-records-that-meet.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from distilforensics.case import tables
from distilforensics.case.engines.duckdb import connect, quote
from distilforensics.core.schema import EXCHANGES, TEXT_FINGERPRINTS
from distilforensics.ingest.catalogue.columns import ENGINE_COLUMNS
from distilforensics.ingest.rows.projection import JOINING, VERDICTS, query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.ingest.catalogue.joins import Join

HALVES_FILE = "halves.parquet"
"""Records of a batch that may meet others."""

JOINED_PART = "part-joined.parquet"
"""File in data/exchanges of the exchanges that were made of them; after all others in the order of names."""

HALVES = pa.schema(
    [
        *EXCHANGES.arrow,
        pa.field("join_name", pa.string()),
        pa.field("join_within", pa.string()),
        pa.field("join_alone", pa.string()),
        *(VERDICTS.field(name) for name in JOINING),
    ]
)

SHOWN_PARTNERS = 3
"""Files that the words about a source name."""


@dataclass(frozen=True, slots=True)
class JoinedSource:
    """What became of the records of one source that met others, or might have."""

    words: str
    out_of_scope: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Reason -> number of records that are no exchanges of their own and line of the first."""
    n_more_flagged: int = 0
    """Kept records with a flag, more than were counted when they were read."""


def halves_of(table: pa.Table, verdicts: pa.Table, join: Join) -> tuple[pa.Table, pa.Table]:
    """Return the rows that may meet others, with the columns of `HALVES`, and the rows that are exchanges by themselves.

    Args:
        table: Rows with the columns of `exchanges` and more.
        verdicts: What the projection says about the same rows.
        join: The clause of their format.
    """
    is_half = pc.or_(pc.fill_null(verdicts["is_part"], fill_value=False), pc.is_valid(verdicts["join_keys"]))
    n = len(table)
    columns = {name: table[name] for name in EXCHANGES.arrow.names}
    said = {"join_name": join.name, "join_within": join.within, "join_alone": join.alone}
    columns |= {name: pa.array([value] * n, pa.string()) for name, value in said.items()}
    columns |= {name: verdicts[name] for name in JOINING}
    return pa.table(columns).cast(HALVES).filter(is_half), table.filter(pc.invert(is_half))


def join_halves(
    case: Case, folders: Sequence[Path], names: Mapping[str, str], limits: Limits, progress: Progress
) -> dict[str, JoinedSource]:
    """Write the part of joined exchanges and table `joined_records`, and return what became of each source, by its hash."""
    target = case.table_path("exchanges") / JOINED_PART
    target.unlink(missing_ok=True)
    paths = [path for folder in folders if (path := folder / HALVES_FILE).is_file()]
    if not paths:
        tables.write_rows(case, "joined_records", [])
        return {}
    progress.begin("ingest", "Joining records that belong together")
    with connect(case, limits=limits, tables=[], is_locked=False) as connection:
        _find_pairs(connection, paths)
        _create_joined(connection)
        reader = connection.sql(f"select {_names()} from joined order by place").to_arrow_reader(tables.BATCH_ROWS)
        tables.write_batches(case, "exchanges", reader, path=target)
        tables.write_batches(case, "joined_records", connection.sql(_JOINED_RECORDS).to_arrow_reader(tables.BATCH_ROWS))
        found = _sources(connection, names)
        n_joined = connection.execute("select count(distinct call_place) from pairs").fetchall()[0][0]
    progress.end(f"{n_joined:,} exchanges of several records")
    return found


_JOINED_RECORDS = """
select calls.record_id, parts.record_id as joined_record_id, parts.source_sha256, parts.source_line, parts.source_offset, parts.source_length,
    parts.sub_index, parts.raw_sha256, parts.source_format
from pairs
inner join placed_halves as calls on calls.place = pairs.call_place
inner join placed_halves as parts on parts.place = pairs.part_place
order by pairs.call_place, pairs.rank
"""


def _find_pairs(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> None:
    """Create `half`, the records in order without their texts, and `pairs`."""
    files = ", ".join(quote(path.resolve()) for path in paths)
    connection.execute(
        f"""create view placed_halves as
        select * exclude (filename, file_row_number) replace (coalesce(is_part, false) as is_part),
            dense_rank() over (order by filename) * 1e12::bigint + file_row_number as place
        from read_parquet([{files}], filename = true, file_row_number = true)"""
    )
    connection.execute(
        """create temp table half as
        select place, record_id, source_sha256, source_line, source_format, raw_sha256, join_name, join_within, join_alone, join_keys, is_part,
            coalesce(join_order, 0) as slot, input_tokens, output_tokens, started_at, model_requested, model_served, len(parse_flags) > 0 as is_flagged
        from placed_halves"""
    )
    connection.execute("create temp view keyed as select * exclude (join_keys), unnest(join_keys) as key from half")
    for table, name in (("paired_files", "paired_files"), ("pairs", "joined_pairs")):
        connection.execute(f"create temp table {table} as {query(name)}")


def _create_joined(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the view `joined`: calls with what their parts add, and parts that are exchanges of their own."""
    added = ", ".join(f"{_added(name)} as {name}" for name in _ADDED)
    merged = ", ".join(f"{_merged(name)} as {name}" for name in EXCHANGES.arrow.names)
    connection.execute(
        f"""create view joined as
        with added as (
            select pairs.call_place, {added}, min(p.started_at) as first_start,
                arg_min(p.started_at_raw, p.started_at) as first_start_raw, arg_min(p.time_kind, p.started_at) as first_start_kind,
                arg_min(p.time_resolution_us, p.started_at) as first_start_resolution
            from pairs
            inner join placed_halves as p on p.place = pairs.part_place
            where not pairs.is_copy
            group by pairs.call_place
        )
        select c.place, {merged}
        from placed_halves as c
        left join added as a on a.call_place = c.place
        where not c.is_part or (c.join_alone is null and c.started_at is not null and c.place not in (select part_place from pairs))"""
    )


def _names() -> str:
    return ", ".join(EXCHANGES.arrow.names)


_ADDED = tuple(
    name for name in EXCHANGES.arrow.names if name not in {*ENGINE_COLUMNS} - {"parse_flags", "text_fingerprints"}
)
"""Columns to which parts add."""

_FRAGMENTS = ("prompt_text", "response_text")
"""Texts that records of one format may hold in pieces."""

_STATES = ("prompt_state", "response_state")


def _added(name: str) -> str:
    """Return what the parts of a call say of a column: the first that says anything; pieces of a text of one format are put together."""
    if name in _FRAGMENTS:
        pieces = f"string_agg(p.{name}, '' order by pairs.rank) filter (pairs.is_alike)"
        return f"coalesce({pieces}, arg_min(p.{name}, pairs.rank))"
    if name in ("prompt_chars", "response_chars"):
        return f"coalesce(sum(p.{name}) filter (pairs.is_alike), arg_min(p.{name}, pairs.rank))"
    if name in _STATES:
        return f"arg_min(p.{name}, pairs.rank) filter (p.{name} <> 'not_logged')"
    if name == "parse_flags":
        return "flatten(list(p.parse_flags order by pairs.rank))"
    if name == "ended_at":
        return "max(p.ended_at)"
    return f"arg_min(p.{name}, pairs.rank)"


def _merged(name: str) -> str:
    """Return a column of an exchange: what the call says, else what its parts say."""
    if name in ("started_at", "started_at_raw", "time_kind", "time_resolution_us"):
        first = {"started_at": "", "started_at_raw": "_raw", "time_kind": "_kind", "time_resolution_us": "_resolution"}[
            name
        ]
        return f"case when a.first_start < c.started_at then a.first_start{first} else c.{name} end"
    if name == "operation":
        return "case when c.operation = 'other' then coalesce(a.operation, c.operation) else coalesce(c.operation, a.operation) end"
    if name == "ended_at":
        return "greatest(c.ended_at, a.ended_at)"
    if name == "parse_flags":
        flags = "list_sort(list_distinct(coalesce(c.parse_flags, []) || coalesce(a.parse_flags, []) || ['joined']))"
        return f"case when a.call_place is null then c.parse_flags else {flags} end"
    if name in _STATES:
        return f"case when c.{name} in ('full', 'truncated') then c.{name} else coalesce(a.{name}, c.{name}) end"
    if name == "text_fingerprints":
        fields = ", ".join(f"{one.name} := {_fingerprint(one)}" for one in TEXT_FINGERPRINTS)
        return f"case when c.{name} is null then a.{name} when a.{name} is null then c.{name} else struct_pack({fields}) end"
    return f"coalesce(c.{name}, a.{name})" if name in _ADDED else f"c.{name}"


def _fingerprint(one: pa.Field) -> str:
    """Return one of the fingerprints that stand for texts: those of the request may be in one record and those of the answer in the other."""
    call, part = f"c.text_fingerprints.{one.name}", f"a.text_fingerprints.{one.name}"
    if pa.types.is_list(one.type):
        return f"case when len({call}) > 0 then {call} else coalesce({part}, {call}) end"
    if pa.types.is_boolean(one.type):
        return f"coalesce({call} or {part}, {call}, {part})"
    return f"coalesce({call}, {part})"


def _sources(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str]) -> dict[str, JoinedSource]:
    partners: dict[str, list[str]] = {}
    for one, other in connection.execute(
        """with met as (
            select calls.source_sha256 as one, parts.source_sha256 as other
            from pairs
            inner join half as calls on calls.place = pairs.call_place
            inner join half as parts on parts.place = pairs.part_place
        )
        select distinct one, other from (select one, other from met union all select other, one from met) order by one, other"""
    ).fetchall():
        partners.setdefault(one, []).append("this file" if one == other else names.get(other, other))
    found = {}
    rows = connection.sql(query("joined_sources")).to_arrow_table().to_pylist()
    for row in rows:
        outside = {}
        if row["n_joined_parts"]:
            outside["part_of_a_call"] = (row["n_joined_parts"], row["first_joined_part"])
        if row["n_left_out"]:
            reason = row["reason"] or "no_start_time"
            n, first = outside.get(reason, (0, row["first_left_out"]))
            outside[reason] = (n + row["n_left_out"], min(first, row["first_left_out"]))
        sha256 = row["source_sha256"]
        found[sha256] = JoinedSource(
            _words(
                row["n_joined"],
                row["n_alone"],
                sorted(partners.get(sha256, [])),
                are_requests=row["reason"] == "request_without_answer",
            ),
            outside,
            row["n_more_flagged"],
        )
    return found


def _words(n_joined: int, n_alone: int, partners: Sequence[str], *, are_requests: bool) -> str:
    """Return how many records met others, and which files these stand in."""
    shown = " and ".join(partners[:SHOWN_PARTNERS])
    more = f" and {len(partners) - SHOWN_PARTNERS} more files" if len(partners) > SHOWN_PARTNERS else ""
    of_files = f" with records of {shown}{more}" if partners else ""
    words = f"{n_joined:,} of {n_joined + n_alone:,} records joined{of_files}, {n_alone:,} without a partner"
    return (
        f"{words}; requests alone are no exchanges: give the file of their answers with them"
        if are_requests and not n_joined
        else words
    )
