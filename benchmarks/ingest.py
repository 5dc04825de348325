"""Compares the whole ingest with a bare `read_json(columns=...)` to Parquet by DuckDB, on the same file, in interleaved pairs.

    python benchmarks/ingest.py [--bytes 1e9] [--pairs 5] [--threads 2] [--folder FOLDER]

The ingest hashes the file twice (SHA-256, SHA-512) and every record, keeps line, offset and length of every record, quarantines what it cannot
read, turns records into the canonical schema and writes ordered Parquet with page checksums. The bare load does none of that.
Every measurement runs in a fresh process; the start of that process is not counted, the start of the worker process is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from spendlogs import write_spendlogs

BARE = """
import json, resource, sys, time
import duckdb
source, target, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
text = "request_id call_type api_key startTime endTime completionStartTime model model_id model_group custom_llm_provider api_base user cache_hit " \\
    "cache_key team_id organization_id end_user requester_ip_address session_id status litellm_call_id created_at updated_at"
columns = dict.fromkeys(text.split(), "VARCHAR")
columns |= dict.fromkeys("total_tokens prompt_tokens completion_tokens request_duration_ms".split(), "BIGINT")
columns |= {"spend": "DOUBLE"} | dict.fromkeys("metadata request_tags messages response proxy_server_request".split(), "JSON")
connection = duckdb.connect(config={"threads": threads})
start, cpu = time.perf_counter(), time.process_time()
connection.execute(
    f"COPY (SELECT * FROM read_json('{source}', format='newline_delimited', columns={columns})) "
    f"TO '{target}/bare.parquet' (FORMAT parquet, COMPRESSION zstd)"
)
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu, "memory": used.ru_maxrss * 1024}))
"""

WHOLE = """
import json, resource, shutil, sys, time
from pathlib import Path
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case
from distilforensics.core.progress import Silent
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest.stage import ingest

def seconds(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime

if __name__ == "__main__":
    source, target, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    shutil.rmtree(Path(target) / "case", ignore_errors=True)
    case = create_case(Path(target) / "case")
    start, cpu = time.perf_counter(), seconds(resource.RUSAGE_SELF)
    summary = ingest(case, [source], IngestOptions(), Limits(4_000_000_000, threads), Silent())
    wall = time.perf_counter() - start
    cpu = seconds(resource.RUSAGE_SELF) - cpu + seconds(resource.RUSAGE_CHILDREN)
    assert summary.total.is_closed and summary.total.n_kept == summary.total.n_read
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": memory * 1024}))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement: seconds of wall and processor time, peak memory of the largest process in bytes."""

    wall: float
    cpu: float
    memory: int


def measure(script: Path, source: Path, folder: Path, threads: int) -> Run:
    """Return one measurement in a fresh process."""
    command = [sys.executable, str(script), str(source), str(folder), str(threads)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return Run(**json.loads(found.stdout.splitlines()[-1]))


def compare(name: str, source: Path, n_rows: int, folder: Path, arguments: argparse.Namespace) -> None:
    """Measure pairs for one file and print their medians."""
    scripts = {"bare": folder / "bare.py", "whole": folder / "whole.py"}
    scripts["bare"].write_text(BARE)
    scripts["whole"].write_text(WHOLE)
    pairs = [
        tuple(measure(scripts[which], source, folder, arguments.threads) for which in ("bare", "whole"))
        for _ in range(arguments.pairs)
    ]
    bare, whole = zip(*pairs, strict=True)
    wall = statistics.median(run.wall for run in whole)
    n_bytes = source.stat().st_size
    print(f"{name}: {n_bytes / 1e9:.2f} GB, {n_rows:,} rows, {arguments.pairs} pairs, {arguments.threads} threads")
    for label, runs in (("bare read_json", bare), ("whole ingest", whole)):
        walls, cpus = ([getattr(run, key) for run in runs] for key in ("wall", "cpu"))
        memory = max(run.memory for run in runs)
        print(
            f"  {label:15} wall {statistics.median(walls):6.2f} s ({min(walls):.2f}-{max(walls):.2f})   "
            f"cpu {statistics.median(cpus):6.2f} s   peak memory {memory / 1e6:,.0f} MB"
        )
    ratios = {key: [getattr(w, key) / getattr(b, key) for b, w in pairs] for key in ("wall", "cpu")}
    for key, values in ratios.items():
        print(f"  ratio of {key:4} median {statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})")
    print(f"  {n_bytes / wall / 1e6:,.0f} MB/s, {n_rows / wall:,.0f} rows/s")


def main() -> None:
    """Write the files, compare, delete them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=float, default=1e9, help="size of each file")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ingest-benchmark")
    parser.add_argument("--only", choices=("text", "metadata"))
    parser.add_argument("--keep", action="store_true", help="leave the files for the next run")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, has_text in (("text", True), ("metadata", False)):
        if arguments.only not in (None, name):
            continue
        source = folder / f"{name}-{int(arguments.bytes)}.jsonl"
        if not source.exists():
            write_spendlogs(source, int(arguments.bytes), has_text=has_text)
        with source.open("rb") as stream:
            n_rows = sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 24), b""))
        compare(f"with {name}" if has_text else "metadata only", source, n_rows, folder, arguments)
        if not arguments.keep:
            source.unlink()


if __name__ == "__main__":
    main()
