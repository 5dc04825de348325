"""Processor time, wall time and peak memory of every stage and every table at growing numbers of exchanges; nothing after ingest is left out.

    python benchmarks/scale.py --folder FOLDER --copies 1 6 24 [--text 1 4] [--out benchmarks/results/scale.json]

The exchanges are those of one simulated log of some 166,000 (sessions, tenants, honest look-alikes and a pool), for metadata without their texts
and in copies (see copies.py), with texts of as many simulated logs with seeds of their own. Each stage runs in a process of its own. Processor
time is that of all its threads. Peak memory of a table is what the process held at most while the table was made, the stage's is its maximum.
Results are added to the file; a run of the same size replaces the earlier one. `performance.py` writes docs/performance.md from it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.core.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STAGES = {
    "features": ("distilforensics.analysis.stage", "build_features"),
    "linkage": ("distilforensics.analysis.stage", "link_accounts"),
    "heuristics": ("distilforensics.analysis.heuristics.stage", "scan"),
    "assessment": ("distilforensics.assessment.stage", "assess"),
    "report": ("distilforensics.report.stage", "render_report"),
}

TIMED = {
    "distilforensics.analysis.building": {"make": lambda args: args[1].name, "write_query": lambda args: args[2].name},
    "distilforensics.analysis.heuristics.views": {"make": lambda args: args[1].name},
    "distilforensics.analysis.heuristics.stage": {
        "run_heuristic": lambda args: args[1].id,
        "measure_coverage": lambda _: "coverage",
        "hold_tables": lambda _: "held tables",
        "create_library": lambda _: "views of groups",
    },
}
"""Module to function to the name under which its time is told; time inside of another timed call counts for the inner one alone."""

BASE_SEED, BASE_SCALE = 7, 3.0


def resident() -> int:
    """Return the most bytes that this process has held since `forget_peak`."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def forget_peak() -> None:
    """Let the peak of memory start anew, where the system can."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


@dataclass
class Clock:
    """Adds up processor time, wall time and peak memory by name."""

    found: dict[str, dict[str, float]] = field(default_factory=dict)
    _open: list[list[float]] = field(default_factory=list)
    _marked: tuple[float, float] = (0.0, 0.0)
    peak: int = 0

    def start(self) -> None:
        """Begin."""
        forget_peak()
        self._marked = (time.process_time(), time.perf_counter())

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Count what is done here for `name`."""
        before = time.process_time(), time.perf_counter()
        self._open.append([0.0, 0.0])
        try:
            yield
        finally:
            spent = time.process_time() - before[0], time.perf_counter() - before[1]
            inner = self._open.pop()
            if self._open:
                self._open[-1] = [a + b for a, b in zip(self._open[-1], spent, strict=True)]
            else:
                self._marked = (self._marked[0] + spent[0], self._marked[1] + spent[1])
            self._add(name, spent[0] - inner[0], spent[1] - inner[1])

    def rest(self, name: str) -> None:
        """Count for `name` what has passed since the last call and was counted for nothing else."""
        now = time.process_time(), time.perf_counter()
        self._add(name, now[0] - self._marked[0], now[1] - self._marked[1])
        self._marked = now

    def _add(self, name: str, cpu: float, wall: float) -> None:
        peak = resident()
        self.peak = max(self.peak, peak)
        forget_peak()
        row = self.found.setdefault(name, {"cpu_s": 0.0, "wall_s": 0.0, "peak_bytes": 0})
        row["cpu_s"], row["wall_s"] = round(row["cpu_s"] + cpu, 3), round(row["wall_s"] + wall, 3)
        row["peak_bytes"] = max(row["peak_bytes"], peak)

    def wrap(self, module: str, function: str, name_of: Callable[[Any], str]) -> None:
        """Time every call of a function of a module."""
        inner = getattr(import_module(module), function)

        @wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            with self.timed(name_of(args)):
                return inner(*args, **kwargs)

        setattr(import_module(module), function, timed)


class Steps(Silent):
    """Counts what no table and no heuristic accounts for under the step that a stage reports."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def begin(self, stage: str, description: str, **_totals: int | None) -> None:
        """Count what was before the first step."""
        del stage, description
        self._clock.rest("before the first step")

    def advance(self, *, item: str | None = None, **_done: int) -> None:
        """Count for the step that has ended."""
        self._clock.rest(item or "unnamed")


def run_stage(folder: Path, stage: str, memory: int, threads: int) -> None:
    """Run one stage in this process and print what it took as JSON."""
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import open_case

    clock = Clock()
    for module, functions in TIMED.items():
        for function, name_of in functions.items():
            clock.wrap(module, function, name_of)
    module, function = STAGES[stage]
    work = getattr(import_module(module), function)
    clock.start()
    start = time.process_time(), time.perf_counter()
    outcome = work(open_case(folder), Limits(memory, threads), Steps(clock))
    clock.rest("after the last step")
    spent = {"cpu_s": round(time.process_time() - start[0], 3), "wall_s": round(time.perf_counter() - start[1], 3)}
    print(json.dumps(spent | {"peak_bytes": clock.peak, "rows": dict(outcome.n_rows), "tables": clock.found}))


def measure(folder: Path, kind: str, memory: int, threads: int, stages: list[str]) -> dict[str, Any]:
    """Return what every stage takes on a case that has been ingested; a stage that fails ends the run with its error."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from distilforensics.case.layout import open_case

    case = open_case(folder)
    files = case.table_files("exchanges")
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    accounts = sum(
        pc.count_distinct(pq.read_table(path, columns=["account_id"])["account_id"]).as_py() for path in files
    )
    result: dict[str, Any] = {
        "kind": kind,
        "exchanges": rows,
        "accounts": accounts,
        "memory_limit": memory,
        "threads": threads,
        "stages": {},
    }
    print(f"{kind}: {rows:,} exchanges, {accounts:,} accounts, {memory / 1e9:.1f} GB, {threads} threads", flush=True)
    for stage in stages:
        command = [
            sys.executable,
            __file__,
            "--folder",
            str(folder),
            "--stage",
            stage,
            "--memory-gb",
            str(memory / 1e9),
        ]
        done = subprocess.run([*command, "--threads", str(threads)], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            result["stages"][stage] = {"failed": done.returncode}
            print(f"  {stage:12} FAILED", flush=True)
            break
        found = json.loads(done.stdout.splitlines()[-1])
        result["stages"][stage] = found
        result["case_bytes"] = sum(
            path.stat().st_size
            for path in folder.rglob("*")
            if path.is_file() and "tmp" not in path.parts[len(folder.parts) :]
        )
        print(
            f"  {stage:12} {found['cpu_s']:9.1f} CPU s {found['wall_s']:9.1f} s {found['peak_bytes'] / 1e9:6.2f} GB",
            flush=True,
        )
    return result


def show(result: dict[str, Any], most: int) -> None:
    """Print the tables that take longest."""
    rows = [
        (table["cpu_s"], stage, name, table)
        for stage, found in result["stages"].items()
        for name, table in found.get("tables", {}).items()
    ]
    for cpu, stage, name, table in sorted(rows, key=lambda row: -row[0])[:most]:
        print(f"    {cpu:8.2f} CPU s {table['peak_bytes'] / 1e9:6.2f} GB  {stage}/{name}")


def keep(out: Path, results: list[dict[str, Any]]) -> None:
    """Add results to the file; a result of the same kind, size and limit replaces the earlier one."""
    import duckdb
    import pyarrow as pa

    from distilforensics import __version__

    stored = json.loads(out.read_text()) if out.exists() else {"runs": []}
    same = {(r["kind"], r["exchanges"], r["memory_limit"]) for r in results}
    runs = [r for r in stored["runs"] if (r["kind"], r["exchanges"], r["memory_limit"]) not in same] + results
    stored["machine"] = {
        "processor": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version(), "duckdb": duckdb.__version__,
        "pyarrow": pa.__version__, "distilforensics": __version__,
    }  # fmt: skip
    stored["runs"] = sorted(runs, key=lambda r: (r["kind"], r["exchanges"], r["memory_limit"]))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n")


def write_slopes(out: Path, target: Path) -> None:
    """Write what `distilforensics plan` extrapolates from: totals over all stages by kind and exchanges."""
    slopes = json.loads(target.read_text())
    slopes["analysis"] = {}
    for run in json.loads(out.read_text())["runs"]:
        stages = run["stages"].values()
        if any("failed" in stage for stage in stages):
            continue
        point = {name: round(sum(stage[name] for stage in stages), 1) for name in ("cpu_s", "wall_s")}
        point |= {name: run[name] for name in ("exchanges", "memory_limit", "case_bytes")}
        slopes["analysis"].setdefault(run["kind"], []).append(
            point | {"peak_bytes": max(s["peak_bytes"] for s in stages)}
        )
    target.write_text(json.dumps(slopes, indent=1, sort_keys=True) + "\n")


def metadata_case(folder: Path, copies: int) -> Path:
    """Return the folder of a case with that many copies, made unless it is there."""
    from copies import copy_metadata, pool_accounts, simulate_base

    base = folder / "base"
    target = folder / f"metadata-{copies}"
    if not target.exists():
        making = target.with_suffix(".partial")
        shutil.rmtree(making, ignore_errors=True)
        copy_metadata(simulate_base(base, BASE_SEED, BASE_SCALE), making, pool_accounts(base), copies)
        making.replace(target)
    return target


def text_case(folder: Path, logs: int) -> Path:
    """Return the folder of a case that is ingested from that many simulated logs with texts, made unless it is there."""
    from copies import simulate_base

    target = folder / f"text-{logs}"
    if not target.exists():
        for seed in range(1, logs + 1):
            simulate_base(folder / f"text-base-{seed}", seed, 0.6)
        paths = [str(folder / f"text-base-{seed}" / "simulated" / "logs") for seed in range(1, logs + 1)]
        command = [sys.executable, "-m", "distilforensics", "ingest", *paths, "--case", str(target), "-q"]
        subprocess.run(command, check=True)
    return target


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where cases lie; those that are there are used again"
    )
    parser.add_argument(
        "--copies", type=int, nargs="*", default=[], help="sizes of metadata, in copies of the base log"
    )
    parser.add_argument(
        "--text", type=int, nargs="*", default=[], help="sizes with texts, in simulated logs of some 33,000 exchanges"
    )
    parser.add_argument("--memory-gb", type=float, default=4.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="JSON file to which results are added")
    parser.add_argument(
        "--slopes", type=Path, help="file that `distilforensics plan` extrapolates from, written anew from --out"
    )
    parser.add_argument("--most", type=int, default=25, help="tables to print")
    parser.add_argument("--only", nargs="*", choices=list(STAGES), help="stages to run; those before must have run")
    parser.add_argument("--stage", choices=list(STAGES), help="run this stage on the case in FOLDER, in this process")
    options = parser.parse_args()
    memory = int(options.memory_gb * 1e9)
    if options.stage:
        run_stage(options.folder, options.stage, memory, options.threads)
        return
    wanted = [("metadata", n, metadata_case) for n in options.copies] + [("text", n, text_case) for n in options.text]
    for kind, size, make in wanted:
        case = make(options.folder, size)
        stages = options.only or list(STAGES)
        for stage in stages:
            (case / "stages" / f"{stage}.json").unlink(missing_ok=True)
        result = measure(case, kind, memory, options.threads, stages)
        show(result, options.most)
        if options.out and not options.only:
            keep(options.out, [result])
    if options.out and options.slopes:
        write_slopes(options.out, options.slopes)


if __name__ == "__main__":
    main()
