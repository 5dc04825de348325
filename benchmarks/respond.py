"""How long `respond` takes on a large log: the tables of a finished case, copied, and an accusation of fifty messages.

    python benchmarks/respond.py CASE --exchanges 1000000 --folder FOLDER

Every copy has accounts, customers, clusters and ids of its own. Texts stay, since they are what makes a log large. Half of the messages are
calls of one campaign, 20 are calls of others, 5 are in no log. Prints seconds and the most memory of a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from distilforensics.case.engines.duckdb import quote
from distilforensics.case.layout import Case, open_case
from distilforensics.case.tables import write_batches
from distilforensics.core.schema import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

COPIED = {
    "exchanges": ("record_id", "account_id", "tenant_id", "api_key_id", "request_id", "response_id", "session_id"),
    "accounts": ("account_id", "campaign_id", "tenant_id"),
    "account_profiles": ("account_id", "tenant_id"),
    "customers": ("account_id", "customer", "named_customer"),
    "cluster_members": ("account_id", "cluster_id"),
    "work_ties": ("record_id", "account_id", "other_record_id", "other_account_id", "work"),
}
"""Tables that `respond` reads, and columns that are a copy's own."""


def enlarge(base: Case, folder: Path, n_exchanges: int) -> Case:
    """Return a case with the tables of a base, in as many copies as give the exchanges."""
    shutil.copytree(base.root, folder)
    case = open_case(folder)
    with duckdb.connect(config={"threads": 1}) as connection:
        for name in COPIED:
            files = ", ".join(quote(path) for path in base.table_files(name))
            connection.execute(f"create view {name} as select * from read_parquet([{files}])")
        ((n_base,),) = connection.execute("select count(*) from exchanges").fetchall()
        copies = -(-n_exchanges // n_base)
        for name, columns in COPIED.items():
            query = f"select * replace ({', '.join(f'{c} || $suffix as {c}' for c in columns)}) from {name}"
            schema = TABLES[name].arrow
            batches = (
                batch
                for copy in range(copies)
                for batch in _copy(connection, query, f"-{copy}" if copy else "").cast(schema).to_batches()
            )
            if name == "exchanges":
                for path in case.table_files(name):
                    path.unlink()
                write_batches(case, name, batches, path=case.table_path(name) / "copies.parquet")
            else:
                write_batches(case, name, batches)
    return case


def _copy(connection: duckdb.DuckDBPyConnection, query: str, suffix: str) -> pa.Table:
    return connection.sql(query.replace("$suffix", quote(suffix))).to_arrow_table()


def accusation(case: Case, path: Path) -> None:
    """Write fifty messages: 25 of a campaign, 20 of others, 5 of no log."""
    exchanges = ", ".join(quote(file) for file in case.table_files("exchanges"))
    accounts = ", ".join(quote(file) for file in case.table_files("accounts"))
    query = (
        f"select coalesce(response_id, request_id) as id from read_parquet([{exchanges}]) join read_parquet([{accounts}]) using (account_id)"
        " where campaign_id is {} null and id is not null order by md5(record_id) limit {}"
    )
    rows = [*duckdb.execute(query.format("not", 25)).fetchall(), *duckdb.execute(query.format("", 20)).fetchall()]
    ids = [*(row[0] for row in rows), *(f"msg_0NONE{number:04}" for number in range(5))]
    path.write_text(json.dumps([{"item_id": name} for name in ids]))


def main() -> None:
    """Enlarge, respond, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    case = enlarge(open_case(chosen.case), chosen.folder / "case", chosen.exchanges)
    letter = chosen.folder / "accusation.json"
    accusation(case, letter)
    command = [
        sys.executable,
        "-m",
        "distilforensics",
        "respond",
        str(case.root),
        "--accusation",
        str(letter),
        "--json",
        "--threads",
        "1",
    ]
    begin = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    told = json.loads(done.stdout)
    print(
        json.dumps(
            {
                "n_exchanges": told["coverage"]["n_exchanges"],
                "seconds": round(seconds, 1),
                "processor_seconds": round(sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]), 1),
                "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
                "counts": told["counts"],
                "n_linked": len(told["linked_accounts"]),
            }
        )
    )


if __name__ == "__main__":
    main()
