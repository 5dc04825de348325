"""Time and peak memory of every stage after ingest on a generated case of many exchanges and accounts.

    python benchmarks/scale.py --exchanges 4000000 --accounts 25000 --folder FOLDER

Each stage runs in a process of its own, so that its peak memory is its own. The exchanges are written directly as a table;
ingest has its own benchmark. A tenth of the accounts belongs to a planted pool with one frame and equal loads.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

STAGES = {
    "features": ("distilforensics.analysis.stage", "build_features"),
    "linkage": ("distilforensics.analysis.stage", "link_accounts"),
    "heuristics": ("distilforensics.analysis.heuristics.stage", "scan"),
    "assessment": ("distilforensics.assessment.stage", "assess"),
    "report": ("distilforensics.report.stage", "render_report"),
}

EXCHANGES = """
with base as (
    select
        i,
        i % 10 = 0 as is_pool,
        case when i % 10 = 0 then (i // 10) % ({accounts} // 10)
             else {accounts} // 10 + floor(({accounts} * 9 // 10) * pow((hash(i) % 1000003) / 1000003.0, 3))::bigint end as account
    from range({exchanges}) as t(i)
)
select
    'aaaaaaaaaaaaaaaa:' || (i + 1)::varchar as record_id,
    repeat('a', 64) as source_sha256,
    i + 1 as source_line,
    0::bigint as sub_index,
    'generated/1' as source_format,
    []::varchar[] as parse_flags,
    timestamp '2026-03-02' + to_microseconds((i * (10 * 86400000000 // {exchanges}))::bigint) as started_at,
    1::bigint as time_resolution_us,
    'acct-' || account::varchar as account_id,
    'tenant-' || (account // 3)::varchar as tenant_id,
    '10.' || (account % 200)::varchar || '.' || (hash(account) % 250)::varchar || '.' || (hash(i) % 4)::varchar as client_ip,
    'sdk/' || (hash(account) % 12)::varchar as user_agent,
    'chat' as operation,
    'model-' || (hash(account) % 3)::varchar as model_served,
    case when is_pool then 2048 else (hash(account) % 40) * 64 end::bigint as max_output_tokens,
    case when is_pool then 0.7 else (hash(account + 1) % 10) / 10.0 end as temperature,
    (20 + hash(i) % 400)::bigint as input_tokens,
    case when is_pool then 900 + hash(i) % 500 else hash(i + 7) % 700 end::bigint as output_tokens,
    'ok' as status,
    'full' as prompt_state,
    case when is_pool then 'You will be given one task of a long list. Think about every part of it and answer in full detail. Task ' || md5(i::varchar)
         else md5((account * 7919)::varchar) || ' ' || md5(i::varchar) || ' please help with this matter of ours' end as prompt_text,
    110::bigint as prompt_chars
from base
order by i
"""


def build_case(folder: Path, exchanges: int, accounts: int) -> None:
    """Write the tables that ingest would have written."""
    import duckdb
    import pyarrow as pa

    from distilforensics.case.layout import create_case
    from distilforensics.case.tables import write_batches, write_rows
    from distilforensics.core.schema import EXCHANGES as TABLE

    case = create_case(folder)
    case.table_path("exchanges").mkdir(parents=True, exist_ok=True)
    names = TABLE.arrow.names
    with duckdb.connect() as connection:
        relation = connection.sql(EXCHANGES.format(exchanges=exchanges, accounts=accounts))
        given = set(relation.columns)
        columns = ", ".join(name if name in given else f"null as {name}" for name in names)
        reader = relation.project(columns).to_arrow_reader(65_536)
        batches = (
            pa.RecordBatch.from_arrays(
                [column.cast(TABLE.arrow.field(k).type) for k, column in enumerate(batch.columns)], names
            )
            for batch in reader
        )
        write_batches(case, "exchanges", batches, path=case.table_path("exchanges") / "part.parquet")
    source = {
        "source_sha256": "a" * 64,
        "path": "generated",
        "role": "log",
        "n_read": exchanges,
        "n_kept": exchanges,
        "format": "generated/1",
    }
    zero = dict.fromkeys(("n_quarantined", "n_duplicate", "n_out_of_scope", "n_blank", "n_flagged"), 0)
    write_rows(case, "sources", [source | zero])
    for name in ("quarantine", "duplicates", "out_of_scope", "accounts_directory"):
        write_rows(case, name, [])


def run_stage(folder: Path, stage: str, memory: int, threads: int) -> None:
    """Run one stage in this process and print seconds and peak memory."""
    import importlib

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import open_case
    from distilforensics.core.progress import Silent

    module, function = STAGES[stage]
    start = time.perf_counter()
    outcome = getattr(importlib.import_module(module), function)(open_case(folder), Limits(memory, threads), Silent())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{stage:12} {time.perf_counter() - start:8.1f} s  {peak:6.2f} GB  {dict(outcome.n_rows)}", flush=True)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, default=4_000_000)
    parser.add_argument("--accounts", type=int, default=25_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--memory-gb", type=float, default=2.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="use the case that is there")
    parser.add_argument("--stage", choices=list(STAGES), help="run this stage only, in this process")
    options = parser.parse_args()
    memory = int(options.memory_gb * 1e9)
    if options.stage:
        run_stage(options.folder, options.stage, memory, options.threads)
        return
    if not options.keep:
        shutil.rmtree(options.folder, ignore_errors=True)
        build_case(options.folder, options.exchanges, options.accounts)
    print(
        f"{options.exchanges:,} exchanges, {options.accounts:,} accounts, memory limit {options.memory_gb} GB, {options.threads} threads",
        flush=True,
    )
    for stage in STAGES:
        command = [
            sys.executable,
            __file__,
            "--folder",
            str(options.folder),
            "--stage",
            stage,
            "--memory-gb",
            str(options.memory_gb),
        ]
        subprocess.run([*command, "--threads", str(options.threads)], check=True)


if __name__ == "__main__":
    main()
