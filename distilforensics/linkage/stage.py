"""Links pairs of accounts by the rare values they share, and groups linked accounts into clusters."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any

import numpy as np

from distilforensics.case.engines.duckdb import Limits, connect
from distilforensics.case.stages import StageOutcome, run_stage
from distilforensics.case.tables import read_rows, write_query, write_rows
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.linkage import parameters
from distilforensics.linkage.clusters import cluster_rows
from distilforensics.linkage.graph import Links

if TYPE_CHECKING:
    import duckdb

    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

READS = ("account_attributes", "account_profiles")
WRITES = ("links", "link_coverage", "clusters", "cluster_members")

_STEPS = ("link_values", "holders", "agreements", "pair_attributes", "pair_totals")
_ACCOUNTS = """
create temp table account_numbers as
select account_id, row_number() over (order by account_id) - 1 as account_no, tenant_id, payment_fingerprint, email_domain
from account_profiles
"""


def link_accounts(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    """Write links and clusters of the case and return what was done.

    Raises:
        CaseError: the features have not been computed yet.
    """
    return run_stage(
        case,
        stage="linkage",
        reads=READS,
        writes=WRITES,
        parameters=parameters.stated(),
        work=lambda: _write_all(case, limits, progress),
    )


def query(name: str) -> SqlFile:
    """Return a query file of this stage."""
    return read_sql_file(importlib.resources.files(__package__) / f"{name}.sql")


def _write_all(case: Case, limits: Limits, progress: Progress) -> dict[str, int]:
    progress.begin("linkage", "Linking accounts by rare shared values", total_steps=len(_STEPS) + 3)
    with connect(case, limits=limits, tables=READS) as connection:
        _load_numbers(connection)
        values = _parameter_values(connection)
        for name in _STEPS:
            _create(connection, query(name), values)
            progress.advance(steps=1, item=name)
        n_rows = {name: write_query(case, connection, name, query(name).body) for name in ("links", "link_coverage")}
        progress.advance(steps=2, item="links")
        links, account_ids = _link_arrays(connection)
    clusters, members = cluster_rows(links, account_ids)
    n_rows["clusters"] = write_rows(case, "clusters", clusters)
    n_rows["cluster_members"] = write_rows(case, "cluster_members", members)
    progress.advance(steps=1, item="clusters")
    _note_caps(case, progress)
    progress.end(f"{n_rows['links']} links, {n_rows['clusters']} clusters of {n_rows['cluster_members']} accounts")
    return n_rows


def _note_caps(case: Case, progress: Progress) -> None:
    for row in read_rows(case, "link_coverage"):
        if row["n_values_capped"]:
            progress.note(
                f"{row['n_values_capped']} values of {row['attribute']} are too common to make pairs within the limit; "
                "they count only for pairs that a rarer value has found"
            )


def _load_numbers(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(_ACCOUNTS)
    connection.execute(
        "create temp table comparisons "
        "(attribute varchar, family varchar, family_no bigint, m double, window_millibits bigint, millibits_against bigint, pairs boolean)"
    )
    [(span_s,)] = connection.execute(
        "select coalesce(epoch_us(max(last_seen)) - epoch_us(min(first_seen)), 0) / 1000000 from account_profiles"
    ).fetchall()
    numbers = {family: number for number, family in enumerate(parameters.families())}
    connection.executemany(
        "insert into comparisons values (?, ?, ?, ?, ?, ?, ?)",
        [
            [
                entry.attribute,
                entry.family,
                numbers[entry.family],
                entry.m,
                entry.window_millibits(span_s),
                entry.millibits_against,
                entry.pairs,
            ]
            for entry in parameters.comparisons()
        ],
    )


def _parameter_values(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    [(n_accounts,)] = connection.execute("select count(*) from account_numbers").fetchall()
    strong = parameters.thresholds(n_accounts).strong
    return {
        "max_pairs_per_attribute": int(parameters.limit("max_pairs_per_attribute")),
        "keep_millibits": round(strong * (1 - parameters.limit("stability_share"))),
        "rare_millibits": round(1000 * parameters.limit("rare_bits")),
    }


def _create(connection: duckdb.DuckDBPyConnection, file: SqlFile, values: dict[str, Any]) -> None:
    """Run a step and keep its rows as a temporary table of the same name."""
    needed = {name: values[name] for name in file.header["params"]}
    connection.execute(f"create temp table {file.name} as {file.body}", needed or None)


def _link_arrays(connection: duckdb.DuckDBPyConnection) -> tuple[Links, list[str]]:
    columns = connection.execute(
        "select a, b, millibits, n_attributes::bigint as n, families, tenant_id is not null as is_in_tenant "
        "from pair_totals order by a, b"
    ).fetchnumpy()
    whole = {name: np.asarray(column, dtype=np.int64) for name, column in columns.items() if name != "is_in_tenant"}
    links = Links(
        a=whole["a"],
        b=whole["b"],
        weight=whole["millibits"],
        n_attributes=whole["n"],
        families=whole["families"],
        is_in_tenant=np.asarray(columns["is_in_tenant"], dtype=np.bool_),
    )
    ids = connection.execute("select account_id from account_numbers order by account_no").fetchall()
    return links, [row[0] for row in ids]
