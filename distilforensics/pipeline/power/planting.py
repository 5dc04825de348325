"""Writes a planted campaign beside the log in a copy of the case: its own requests, the traffic rerouted through it, its directory rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from distilforensics.case.engines.duckdb import connect
from distilforensics.case.tables import read_rows, write_batches, write_rows
from distilforensics.core.schema import TABLES
from distilforensics.pipeline.power.harvest import harvest_rows
from distilforensics.pipeline.power.members import directory_rows, make_members, source_sha256
from distilforensics.pipeline.power.parameters import PLANTING
from distilforensics.pipeline.power.traffic import fill, sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.pipeline.power.members import Member
    from distilforensics.pipeline.power.plan import Kind, Plant
    from distilforensics.pipeline.power.traffic import Customer, Traffic

_BATCH_ROWS = 5_000
_TAKEN = (
    "create or replace temp table taken (account_id varchar, day date, planted_id varchar, place bigint, tenant_id varchar,"
    " api_key_id varchar, source_sha256 varchar, exits varchar[], user_agent varchar, ja4 varchar)"
)


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted."""

    account_ids: frozenset[str]
    n_harvest: int
    n_rerouted: int


def sizes_for(traffic: Traffic, kind: Kind, sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes that the log can hold, ascending; the largest possible one stands in for those that are too large."""
    per_account = kind.requests_per_day * traffic.n_days
    most = traffic.n_unaccused * PLANTING.max_account_share
    most = min(most, traffic.n_exchanges * PLANTING.max_traffic_share / per_account)
    if kind.dilution:
        most = min(most, traffic.n_ordinary_exchanges * PLANTING.max_taken_share / (per_account * kind.dilution))
    return tuple(sorted({min(size, int(most)) for size in sizes} - {0}))


def plant(base: Case, target: Case, traffic: Traffic, wanted: Plant, limits: Limits) -> Planted:
    """Write the campaign into `target`, a copy of what was ingested, and return what was planted."""
    rng = Random(f"power/{wanted.seed}/{wanted.kind}/{wanted.n_accounts}")
    members = make_members(rng, traffic, wanted.kind, wanted.n_accounts)
    n_all = wanted.n_accounts * wanted.kind.requests_per_day * traffic.n_days
    n_rerouted_wanted = round(n_all * wanted.kind.dilution)
    folder = target.table_path("exchanges")
    rows = harvest_rows(rng, traffic, members, n_all - n_rerouted_wanted)
    n_harvest = write_batches(target, "exchanges", _batches(rows), path=folder / "planted-harvest.parquet")
    n_rerouted = 0
    if n_rerouted_wanted:
        n_rerouted = _reroute(rng, base, target, traffic, members, n_rerouted_wanted, limits)
    added = directory_rows(rng, traffic, wanted.kind, members)
    if added:
        write_rows(target, "accounts_directory", [*read_rows(target, "accounts_directory"), *added])
    _add_sources(target, {member.source_format for member in members})
    return Planted(frozenset(member.account_id for member in members), n_harvest, n_rerouted)


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
    schema = TABLES["exchanges"].arrow
    waiting = iter(rows)
    while group := list(islice(waiting, _BATCH_ROWS)):
        yield from pa.Table.from_pylist(group, schema=schema).to_batches()


def _reroute(
    rng: Random, base: Case, target: Case, traffic: Traffic, members: Sequence[Member], n_wanted: int, limits: Limits
) -> int:
    """Give days of ordinary customers to planted accounts and return their exchanges; the originals become duplicates of these."""
    chosen = _customers(rng, traffic, members, n_wanted)
    with connect(base, limits=limits, tables=("exchanges", "duplicates", "account_days")) as connection:
        fill(connection, "wanted", ("account_id",), [(customer.account_id,) for customer in chosen])
        connection.execute(_TAKEN)
        taken = _assigned(rng, connection, chosen, members, n_wanted)
        connection.executemany(f"insert into taken values ({', '.join('?' * 10)})", taken)
        connection.execute(f"create temp table rerouted as {sql('rerouted')}")
        columns = ", ".join(TABLES["exchanges"].arrow.names)
        reader = connection.sql(f"select {columns} from rerouted order by original_id").to_arrow_reader(_BATCH_ROWS)
        part = target.table_path("exchanges") / "planted-rerouted.parquet"
        n_rerouted = write_batches(target, "exchanges", reader, path=part)
        pairs = connection.execute("select original_id, record_id from rerouted order by original_id").fetchall()
    set_aside = [{"record_id": a, "duplicate_of": b, "duplicate_class": "same_record"} for a, b in pairs]
    write_rows(target, "duplicates", [*read_rows(target, "duplicates"), *set_aside])
    return n_rerouted


def _customers(rng: Random, traffic: Traffic, members: Sequence[Member], n_wanted: int) -> list[Customer]:
    """Return customers of the members' formats, in random order, with enough traffic for all of them."""
    chosen = []
    for source_format in sorted({member.source_format for member in members}):
        share = sum(member.source_format == source_format for member in members) / len(members)
        customers = list(traffic.customers[source_format])
        rng.shuffle(customers)
        n_left = n_wanted * share
        for customer in customers:
            if n_left <= 0:
                break
            chosen.append(customer)
            n_left -= customer.n_exchanges
    return chosen


def _assigned(
    rng: Random,
    connection: duckdb.DuckDBPyConnection,
    chosen: Sequence[Customer],
    members: Sequence[Member],
    n_wanted: int,
) -> list[tuple[Any, ...]]:
    """Return the rows of `taken`: day by day of each customer to one member, until it has its share."""
    days: dict[str, list[tuple[Any, int]]] = {}
    for account_id, day, n_exchanges in connection.execute(sql("days")).fetchall():
        days.setdefault(account_id, []).append((day, n_exchanges))
    load = [0] * len(members)
    shares = [n_wanted / len(members) * rng.uniform(0.8, 1.2) for _ in members]
    taken: list[tuple[Any, ...]] = []

    def emptiest(own: Sequence[Member]) -> Member:
        return min(own, key=lambda member: (load[member.place] / shares[member.place], member.place))

    for customer in chosen:
        own = [member for member in members if member.source_format == customer.source_format]
        member = emptiest(own)
        for day, n_exchanges in days.get(customer.account_id, []):
            if sum(load) >= n_wanted:
                return taken
            if load[member.place] >= shares[member.place]:
                member = emptiest(own)
            load[member.place] += n_exchanges
            taken.append(_taken_row(customer, day, member))
    return taken


def _taken_row(customer: Customer, day: object, member: Member) -> tuple[Any, ...]:
    pattern = member.pattern
    return (
        customer.account_id, day, member.account_id, member.place, member.tenant_id, member.api_key_id,
        source_sha256(member.source_format), list(member.exits), pattern["user_agent"], pattern["ja4"],
    )  # fmt: skip


def _add_sources(target: Case, formats: Iterable[str]) -> None:
    """Add one source per planted format, like a source of that format."""
    rows = read_rows(target, "sources")
    added = []
    for name in sorted(formats):
        logs = [row for row in rows if row["role"] == "log"]
        like = next((row for row in logs if row["format"] == name), logs[0])
        added.append(like | {"source_sha256": source_sha256(name), "path": f"planted/{name}", "part": "planted"})
    write_rows(target, "sources", [*rows, *added])
