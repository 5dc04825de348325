"""Labelled logs as large as wanted, and a command watched while it runs: what the benchmarks of whole runs share.

Logs of metadata are copies of one simulated log (copies.py) as compressed lines of JSON under the usual names; logs with texts are as many
simulated logs with seeds of their own, since a copied prompt would tie the copies to each other.
"""

from __future__ import annotations

import csv
import resource
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from copies import directory_of_copy, exchanges_of_copy, pool_accounts, prepare, simulate_base

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE_SEED, BASE_SCALE = 7, 3.0
"""Of the log that is copied: some 172,000 exchanges."""

TEXT_SCALE = 0.6
"""Of each log with texts: some 34,000 exchanges."""

PROGRAM = (sys.executable, "-m", "distilforensics")

_COLUMNS = """
    strftime(started_at, '%Y-%m-%dT%H:%M:%S.%fZ') as timestamp, request_id, account_id, api_key_id, session_id, client_ip, user_agent,
    '/v1/chat/completions' as endpoint, coalesce(model_served, model_requested, model_raw) as model,
    coalesce(http_status, if(status = 'ok', 200, null)) as status, latency_ms, max_output_tokens as max_tokens,
    temperature, input_tokens, output_tokens, finish_reason_raw as finish_reason"""


@dataclass(frozen=True, slots=True)
class LargeLogs:
    """Where labelled logs lie."""

    logs: Path
    labels: Path


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command took."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    """Largest sum over all processes of what each held alone or shared in proportion."""
    exit_code: int


def metadata_logs(folder: Path, copies: int) -> LargeLogs:
    """Return that many copies of one log without texts, a compressed file each, written unless they are there."""
    target = folder / f"metadata-logs-{copies}"
    found = LargeLogs(target / "logs", target / "labels.csv")
    if target.exists():
        return found
    base = folder / "base"
    case = simulate_base(base, BASE_SEED, BASE_SCALE)
    making = target.with_suffix(".partial")
    shutil.rmtree(making, ignore_errors=True)
    (making / "logs").mkdir(parents=True)
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name in ("exchanges", "accounts_directory"):
            paths = ", ".join(f"'{path}'" for path in case.table_files(name))
            connection.execute(f"create view {name} as select * from read_parquet([{paths}])")
        prepare(connection, pool_accounts(base))
        for copy in range(copies):
            path = making / "logs" / f"copy-{copy:05}.jsonl.zst"
            connection.execute(
                f"copy (select {_COLUMNS} from ({exchanges_of_copy(copy)})) to '{path}' (format json, compression zstd)"
            )
        whole = " union all ".join(f"({directory_of_copy(copy)})" for copy in range(copies))
        connection.execute(f"copy ({whole}) to '{making / 'logs' / 'accounts.csv'}' (header)")
    rows = _read_labels(base / "simulated" / "labels.csv")
    _write_labels(
        making / "labels.csv",
        [(copy, row | {"account_id": f"{row['account_id']}-{copy}"}) for copy in range(copies) for row in rows],
    )
    making.replace(target)
    return found


def text_logs(folder: Path, logs: int) -> LargeLogs:
    """Return that many simulated logs with texts, written unless they are there."""
    target = folder / f"text-logs-{logs}"
    found = LargeLogs(target / "logs", target / "labels.csv")
    if target.exists():
        return found
    making = target.with_suffix(".partial")
    shutil.rmtree(making, ignore_errors=True)
    (making / "logs").mkdir(parents=True)
    rows: list[tuple[int, dict[str, str]]] = []
    for seed in range(1, logs + 1):
        one = making / f"seed-{seed}"
        options = [
            "--seed",
            str(seed),
            "--scale",
            str(TEXT_SCALE),
            "--formats",
            "generic_jsonl",
            "--compression",
            "zst",
        ]
        subprocess.run([*PROGRAM, "simulate", "pool", "--out", str(one), *options, "-q"], check=True)
        (one / "logs").replace(making / "logs" / f"{seed:05}")
        rows += [(seed, row) for row in _read_labels(one / "labels.csv")]
    _write_labels(making / "labels.csv", rows)
    making.replace(target)
    return found


def _read_labels(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def _write_labels(path: Path, rows: Sequence[tuple[int, dict[str, str]]]) -> None:
    """Write labels in which the campaigns of each log have names of their own."""
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0][1]))
        writer.writeheader()
        for log, row in rows:
            writer.writerow(row | {"campaign_id": f"{row['campaign_id']}-{log}" if row["campaign_id"] else ""})


def watched(command: Sequence[str], *, kill_after: float | None = None) -> Watched:
    """Run a command, killed after so many seconds if that is asked, and return what it and its children took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    peak, is_over = [0], threading.Event()

    def sample() -> None:
        while not is_over.wait(0.2):
            peak[0] = max(peak[0], _held(process.pid))

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        _, said = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        _kill_tree(process.pid)
        _, said = process.communicate()
    finally:
        is_over.set()
        sampler.join()
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode not in {0, 1, -9}:
        sys.stderr.write(said.decode(errors="replace"))
    return Watched(wall, cpu, peak[0], process.returncode)


def _tree(root: int) -> list[int]:
    """Return a process and all below it."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _held(root: int) -> int:
    total = 0
    for pid in _tree(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


def _kill_tree(root: int) -> None:
    import os
    import signal

    for pid in _tree(root):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
