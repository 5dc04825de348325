"""Cases as large as wanted: the exchanges of one simulated log, copied with accounts, sessions, keys, addresses and ids of their own.

A copy is a population for itself: nothing links it to another copy but what customers of one service share anyway, client programs and usual
call parameters. Its pool has parameters and a client program of its own. The load of a case is therefore linear in its copies.
Households (accounts of one payer or tenant) are moved by a time of their own in each copy, and opened on another day: by one time for all, the copies
of an account would call in turn and have sign-ups in common, as a pool's accounts do. A pool is moved as a whole.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from distilforensics.case.layout import Case, create_case, open_case
from distilforensics.case.tables import write_batches, write_rows
from distilforensics.core.schema import ACCOUNTS_DIRECTORY, EXCHANGES, SOURCES, TABLES

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = "pool"

_OWN = (
    "tenant_id",
    "project_id",
    "account_id",
    "end_user_id",
    "api_key_id",
    "session_id",
    "trace_id",
    "request_id",
    "response_id",
)
_TEXTS = ("system_text", "prompt_text", "response_text", "messages_json", "prompt_sha256", "response_sha256", "system_sha256",
          "prompt_chars", "response_chars")  # fmt: skip

# Addresses of one network stay in one network.
_ADDRESS = """case
    when client_ip is null then null
    when contains(client_ip, ':') then
        concat_ws(':', split_part(client_ip, ':', 1), split_part(client_ip, ':', 2), left(md5(split_part(client_ip, ':', 3) || $copy), 4),
            substr(client_ip, length(concat_ws(':', split_part(client_ip, ':', 1), split_part(client_ip, ':', 2), split_part(client_ip, ':', 3))) + 2))
    else concat_ws('.',
        md5_number_lower(network || $copy) % 223 + 1, md5_number_lower(network || $copy) // 256 % 256, md5_number_lower(network || $copy) // 65536 % 256,
        split_part(client_ip, '.', 4))
end"""


def _moved(copy: int, most: int) -> str:
    """Return the seconds by which an account of a copy is moved."""
    return f"(case when account_id in (from pool) then md5_number_lower('{copy}') else md5_number_lower(household || '-{copy}') end % {most})::bigint"


def simulate_base(folder: Path, seed: int, scale: float, days: int | None = None) -> Case:
    """Return the case of one simulated log, made unless it is there."""
    if not (folder / "case").exists():
        shutil.rmtree(folder, ignore_errors=True)
        command = [sys.executable, "-m", "distilforensics"]
        length = ["--days", str(days)] if days else []
        subprocess.run(
            [*command, "simulate", SCENARIO, "--out", str(folder / "simulated"), "--seed", str(seed), "--scale", str(scale), *length,
             "--formats", "litellm_spendlogs", "-q"], check=True
        )  # fmt: skip
        made = folder / "making"
        subprocess.run([*command, "ingest", str(folder / "simulated" / "logs"), "--case", str(made), "-q"], check=True)
        made.replace(folder / "case")
    return open_case(folder / "case")


def pool_accounts(folder: Path) -> list[str]:
    """Return the accounts of the pool of a simulated log."""
    with (folder / "simulated" / "labels.csv").open(newline="") as stream:
        return sorted(row["account_id"] for row in csv.DictReader(stream) if row["campaign_id"])


def copy_metadata(base: Case, folder: Path, pool: list[str], copies: int) -> Case:
    """Return a new case with the exchanges of a base, without texts, in as many copies; what ingest writes is there and nothing else."""
    case = create_case(folder)
    case.table_path("exchanges").mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name in ("exchanges", "sources", "accounts_directory"):
            paths = ", ".join(f"'{path}'" for path in base.table_files(name))
            connection.execute(f"create view {name} as select * from read_parquet([{paths}])")
        prepare(connection, pool)
        directory: list[pa.RecordBatch] = []
        sources = []
        for copy in range(copies):
            query = exchanges_of_copy(copy)
            name = f"{copy:05}.parquet"
            write_batches(
                case,
                "exchanges",
                _batches(connection, query, EXCHANGES.arrow),
                path=case.table_path("exchanges") / name,
            )
            directory += _batches(connection, directory_of_copy(copy), ACCOUNTS_DIRECTORY.arrow)
            found = connection.sql(f"select {_source(copy)}").to_arrow_table().to_pylist()
            sources += [{"role": "log", **row, "part": name} for row in found]
    write_batches(case, "accounts_directory", directory)
    known = set(SOURCES.arrow.names)
    write_rows(case, "sources", [{key: value for key, value in row.items() if key in known} for row in sources])
    for name, table in TABLES.items():
        if table.stage == "ingest" and not case.table_files(name):
            write_rows(case, name, [])
    return case


def prepare(connection: duckdb.DuckDBPyConnection, pool: list[str]) -> None:
    """Create the tables `pool` and `households` that the queries for copies read, beside `exchanges` and `accounts_directory`."""
    connection.register("listed", pa.table({"account_id": pool}))
    connection.execute("create table pool as select account_id from listed")
    connection.execute(
        "create table households as select account_id, coalesce(tenant_id, payment_fingerprint, account_id) as household from accounts_directory"
    )


def exchanges_of_copy(copy: int) -> str:
    """Return the query for the exchanges of one copy; see `prepare`."""
    changed = {name: f"{name} || '-{copy}'" for name in _OWN}
    changed |= dict.fromkeys(_TEXTS, "null")
    digest = f"md5(source_sha256 || '-{copy}')"
    changed |= {
        "source_sha256": f"{digest} || {digest}",
        "record_id": f"left({digest}, 16) || substr(record_id, 17)",
        "started_at": f"started_at + to_seconds({_moved(copy, 43_200)})",
        "ended_at": f"ended_at + to_seconds({_moved(copy, 43_200)})",
        "client_ip": _ADDRESS.replace("$copy", f"'-{copy}'").replace(
            "network", "regexp_replace(client_ip, '\\.[0-9]+$', '')"
        ),
        "prompt_state": "'not_logged'",
        "response_state": "'not_logged'",
        "max_output_tokens": f"max_output_tokens + case when account_id in (from pool) then {copy} else 0 end",
        "user_agent": f"user_agent || case when account_id in (from pool) then ' r{copy}' else '' end",
    }
    columns = ", ".join(f"{changed.get(name, name)} as {name}" for name in EXCHANGES.arrow.names)
    return f"select {columns} from exchanges left join households using (account_id) order by source_sha256, source_line, sub_index"


def directory_of_copy(copy: int) -> str:
    """Return the query for the directory of the accounts of one copy; see `prepare`."""
    changed = {
        name: f"{name} || '-{copy}'" for name in ("account_id", "payment_fingerprint", "tenant_id", "organization")
    }
    changed["email_domain"] = (
        f"case when count(*) over (partition by email_domain) > 60 then email_domain else email_domain || '-{copy}' end"
    )
    changed["created_at"] = f"created_at - to_seconds({_moved(copy, 8_640_000)})"
    columns = ", ".join(f"{changed.get(name, name)} as {name}" for name in ACCOUNTS_DIRECTORY.arrow.names)
    return f"select {columns} from accounts_directory left join households using (account_id) order by account_id"


def _source(copy: int) -> str:
    digest = f"md5(source_sha256 || '-{copy}')"
    counts = "count(*) as n_read, count(*) as n_kept, count(*) as n_lines"
    zero = ", ".join(
        f"0 as {name}"
        for name in ("n_quarantined", "n_duplicate", "n_out_of_scope", "n_blank", "n_flagged", "n_repeated")
    )
    return (
        f"{digest} || {digest} as source_sha256, 'copy-{copy}.jsonl' as path, {counts}, {zero}, min(source_format) as format, "
        f"min(started_at) as first_started_at, max(started_at) as last_started_at from exchanges group by exchanges.source_sha256"
    )


def _batches(connection: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema) -> list[pa.RecordBatch]:
    batches: list[pa.RecordBatch] = connection.sql(query).to_arrow_table().cast(schema).to_batches()
    return batches
