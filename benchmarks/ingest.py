"""Compares the whole ingest with a bare load by DuckDB to Parquet, on the same file, in interleaved pairs, for every kind of input.

    python benchmarks/ingest.py [--bytes 1e9] [--pairs 5] [--threads 2] [--only NAME ...] [--folder FOLDER] [--results FILE]

The ingest hashes the file and every record, keeps line, offset and length of every record, quarantines what it cannot read, turns records into the
canonical schema and writes ordered Parquet with page checksums. The bare load does none of that.
Every measurement runs in a fresh process; the start of that process is not counted, the start of the worker process is.
PYTHONPATH tells which version of the program is measured; files are kept with --keep, so that two versions read the same ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import orjson
import zstandard
from spendlogs import SpendLogs, write_spendlogs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _typed(names: str, kind: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


_SPEND = (
    _typed(
        "request_id call_type api_key startTime endTime completionStartTime model model_id model_group custom_llm_provider",
        "VARCHAR",
    )
    | _typed(
        "api_base user cache_hit cache_key team_id organization_id end_user requester_ip_address session_id status",
        "VARCHAR",
    )
    | _typed("litellm_call_id created_at updated_at", "VARCHAR")
    | _typed("total_tokens prompt_tokens completion_tokens request_duration_ms", "BIGINT")
    | _typed("spend", "DOUBLE")
    | _typed("metadata request_tags messages response proxy_server_request", "JSON")
)
_CALLS = (
    _typed(
        "timestamp request_id account_id api_key_id session_id client_ip user_agent endpoint model finish_reason",
        "VARCHAR",
    )
    | _typed("status latency_ms max_tokens input_tokens output_tokens", "BIGINT")
    | {"temperature": "DOUBLE", "stream": "BOOLEAN"}
)
_TEXTS = {"messages": "JSON", "response": "VARCHAR"}


def _json_lines(columns: dict[str, str], more: str = "") -> str:
    return f"read_json('{{source}}', format='newline_delimited', columns={columns}{more})"


_WEB = (
    '(select regexp_extract(line, \'^(\\S+) \\S+ (\\S+) \\[([^\\]]*)\\] "([A-Z]+) ([^ ]+) [^"]*" (\\d+) (\\d+|-) "([^"]*)" "([^"]*)"\', '
    "['address', 'account', 'moment', 'method', 'path', 'code', 'bytes', 'referer', 'agent']) as line "
    "from read_csv('{source}', columns={'line': 'VARCHAR'}, delim='\\x01', quote='', escape='', header=false))"
)

BARE = """
import json, resource, sys, time
import duckdb
source, target, threads, query = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
connection = duckdb.connect(config={"threads": threads})
start, cpu = time.perf_counter(), time.process_time()
connection.execute(f"COPY (SELECT * FROM {query.replace('{source}', source)}) TO '{target}/bare.parquet' (FORMAT parquet, COMPRESSION zstd)")
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu, "memory": used.ru_maxrss * 1024}))
"""

WHOLE = """
import json, resource, shutil, sys, time
from pathlib import Path
from distilforensics.core.libraries import leave_out_pandas
leave_out_pandas()  # as the command line does, here and in the worker
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
    assert summary.total.is_closed and summary.total.n_kept > 0.98 * summary.total.n_read
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"wall": wall, "cpu": cpu, "memory": memory * 1024}))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement: seconds of wall and processor time, peak memory of the largest process in bytes."""

    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Input:
    """One kind of input: how its file is called and written, and what a bare load of it reads."""

    suffix: str
    write: Callable[[Path, int], None]
    query: str
    goal: float


def _calls(*, has_text: bool) -> Iterator[dict[str, Any]]:
    """Yield records of calls as a gateway of one's own may write them."""
    logs = SpendLogs(has_text=has_text)
    while True:
        row = logs.row()
        call = {
            "timestamp": row["startTime"], "request_id": row["request_id"], "account_id": row["user"] or "nobody", "api_key_id": row["api_key"][:16],
            "session_id": row["session_id"], "client_ip": row["requester_ip_address"], "user_agent": "client/1.0", "endpoint": "/v1/chat/completions",
            "model": row["model"], "finish_reason": "stop", "status": 200, "latency_ms": row["request_duration_ms"], "max_tokens": 512,
            "input_tokens": row["prompt_tokens"], "output_tokens": row["completion_tokens"], "temperature": 0.7, "stream": True,
        }  # fmt: skip
        yield call | (
            {"messages": [{"role": "user", "content": logs.text(700)}], "response": logs.text(1200)} if has_text else {}
        )


def _write_calls(path: Path, n_bytes: int, *, has_text: bool) -> None:
    with path.open("wb") as stream:
        for call in _calls(has_text=has_text):
            stream.write(orjson.dumps(call) + b"\n")
            if stream.tell() > n_bytes:
                return


def _write_table(path: Path, n_bytes: int, *, has_text: bool) -> None:
    """Write the same records as a table, of JSON lines of the given size."""
    lines = path.with_suffix(".lines")
    _write_calls(lines, n_bytes, has_text=has_text)
    columns = _CALLS | (
        {"messages": "STRUCT(role VARCHAR, content VARCHAR)[]", "response": "VARCHAR"} if has_text else {}
    )
    form = "csv, header" if path.suffix == ".csv" else "parquet, compression zstd"
    source = _json_lines(columns).replace("{source}", str(lines))
    duckdb.connect().execute(f"copy (from {source}) to '{path}' (format {form})")
    lines.unlink()


def _write_access(path: Path, n_bytes: int) -> None:
    with path.open("wb") as stream:
        for call in _calls(has_text=False):
            day, time = call["timestamp"].rstrip("Z").split("T")
            moment = f"{day[8:]}/Feb/{day[:4]}:{time[:8]} +0000"
            line = f'{call["client_ip"]} - {call["account_id"]} [{moment}] "POST {call["endpoint"]} HTTP/1.1" 200 384 "-" "{call["user_agent"]}"\n'
            if stream.write(line.encode()) and stream.tell() > n_bytes:
                return


# The peak of a process is never told as less than that of the one that started it, so that nothing here holds a whole file.


def _write_packed(path: Path, n_bytes: int) -> None:
    lines = path.with_suffix(".lines")
    _write_calls(lines, n_bytes, has_text=False)
    with lines.open("rb") as source, path.open("wb") as target:
        if path.suffix == ".gz":
            with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=6) as packed:
                shutil.copyfileobj(source, packed)
        else:
            zstandard.ZstdCompressor().copy_stream(source, target)
    lines.unlink()


def _write_damaged(path: Path, n_bytes: int) -> None:
    """Write records of which every hundredth is cut in half."""
    lines = path.with_suffix(".lines")
    _write_calls(lines, n_bytes, has_text=False)
    with lines.open("rb") as source, path.open("wb") as target:
        target.writelines(line[:200] + b"\n" if n % 100 == 0 else line for n, line in enumerate(source, 1))
    lines.unlink()


INPUTS = {
    "text": Input(".jsonl", lambda path, n: _write_calls(path, n, has_text=True), _json_lines(_CALLS | _TEXTS), 1.4),
    "metadata": Input(".jsonl", lambda path, n: _write_calls(path, n, has_text=False), _json_lines(_CALLS), 1.15),
    "spend-text": Input(".jsonl", lambda path, n: write_spendlogs(path, n, has_text=True), _json_lines(_SPEND), 1.0),
    "spend-metadata": Input(
        ".jsonl", lambda path, n: write_spendlogs(path, n, has_text=False), _json_lines(_SPEND), 1.15
    ),
    "damaged": Input(".jsonl", _write_damaged, _json_lines(_CALLS, ", ignore_errors=true"), 1.4),
    "gz": Input(".jsonl.gz", _write_packed, _json_lines(_CALLS), 1.4),
    "zst": Input(".jsonl.zst", _write_packed, _json_lines(_CALLS), 1.4),
    "csv": Input(".csv", lambda path, n: _write_table(path, n, has_text=False), "read_csv('{source}')", 2.0),
    "csv-text": Input(".csv", lambda path, n: _write_table(path, n, has_text=True), "read_csv('{source}')", 2.0),
    "nginx": Input(".log", _write_access, _WEB, 1.5),
    "parquet": Input(
        ".parquet", lambda path, n: _write_table(path, n, has_text=False), "read_parquet('{source}')", 2.0
    ),
    "parquet-text": Input(
        ".parquet", lambda path, n: _write_table(path, n, has_text=True), "read_parquet('{source}')", 2.0
    ),
}


def measure(script: Path, source: Path, folder: Path, *more: str) -> Run:
    """Return one measurement in a fresh process."""
    command = [sys.executable, str(script), str(source), str(folder), *more]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return Run(**json.loads(found.stdout.splitlines()[-1]))


def compare(name: str, source: Path, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure pairs for one file, print their medians, and return all that was measured."""
    scripts = {"bare": folder / "bare.py", "whole": folder / "whole.py"}
    scripts["bare"].write_text(BARE)
    scripts["whole"].write_text(WHOLE)
    query, threads = INPUTS[name].query, str(arguments.threads)
    pairs = [
        (measure(scripts["bare"], source, folder, threads, query), measure(scripts["whole"], source, folder, threads))
        for _ in range(arguments.pairs)
    ]
    ratio, cpu, bare = (
        statistics.median(values)
        for values in ([w.cpu / b.cpu for b, w in pairs], [w.cpu for _, w in pairs], [b.cpu for b, _ in pairs])
    )
    memory = max(whole.memory for _, whole in pairs)
    print(
        f"{name:15} {source.stat().st_size / 1e6:7,.0f} MB   bare {bare:6.2f} CPU s   ingest {cpu:6.2f} CPU s   "
        f"ratio {ratio:5.2f} (goal {INPUTS[name].goal})   peak {memory / 1e6:,.0f} MB",
        flush=True,
    )
    return {
        "input": name, "n_bytes": source.stat().st_size, "threads": arguments.threads, "goal": INPUTS[name].goal,
        "bare": [asdict(bare) for bare, _ in pairs], "ingest": [asdict(whole) for _, whole in pairs],
    }  # fmt: skip


def main() -> None:
    """Write the files, compare, delete them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=float, default=1e9, help="size of each file before compression")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ingest-benchmark")
    parser.add_argument("--only", nargs="*", choices=tuple(INPUTS), default=tuple(INPUTS))
    parser.add_argument("--keep", action="store_true", help="leave the files for the next run")
    parser.add_argument("--results", type=Path, help="file of JSON for what was measured")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name in arguments.only:
        source = folder / f"{name}-{int(arguments.bytes)}{INPUTS[name].suffix}"
        if not source.exists():
            INPUTS[name].write(source, int(arguments.bytes))
        found.append(compare(name, source, folder, arguments))
        if not arguments.keep:
            source.unlink()
    if arguments.results is not None:
        arguments.results.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
