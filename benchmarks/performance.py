"""Writes docs/performance.md from benchmarks/results/*.json: goals beside figures, growth, and the tables that take longest.

    python benchmarks/performance.py

`scale.json` holds the runs of the program as it is, `scale-before.json` those of the state that it is compared with; `ingest.json` and
`ingest-before.json` likewise what `benchmarks/ingest.py --results` wrote.
"""

from __future__ import annotations

import json
import math
import statistics
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"

GOALS = {"metadata": 10, "text": 40}
"""Processor seconds per million exchanges of all stages after ingest."""

STAGES = ("features", "linkage", "heuristics", "assessment", "report")

GROWTH_GOAL = 4.4
"""Factor of processor time for four times the exchanges."""

START = 0.85
"""Processor seconds that the ingest of a file of 2 MB takes."""

STEPS = (
    ("query that makes rows", 7.6, 5.2, 5.7, 10.7),
    ("its plan", 0.7, 0.7, 1.1, 1.4),
    ("writing", 2.7, 2.9, 1.0, 5.7),
    ("two reads, hash of the file", 2.8, 1.8, 2.1, 2.6),
    ("hash of each record", 1.5, 0.7, 0.8, 2.7),
    ("search for secrets", 0.8, 2.5, 0.5, 1.6),
    ("doubled keys", 1.6, 1.1, 0.1, 0.0),
    ("finding lines, cutting rows", 0.5, 0.4, 0.4, 7.9),
    ("placing and counting", 0.5, 0.3, 0.9, 1.0),
    ("libraries and engine", 3.6, 3.7, 3.3, 6.8),
    ("a bare load, all in all", 5.0, 7.0, 4.6, 9.5),
)
"""Processor seconds per GB of the steps of the ingest: metadata, text, spend logs without text, CSV."""

MOST = 25

Run = dict[str, Any]


def runs(name: str) -> list[Run]:
    """Return the finished runs of a file of results."""
    path = RESULTS / name
    found = json.loads(path.read_text())["runs"] if path.exists() else []
    return [run for run in found if not any("failed" in stage for stage in run["stages"].values())]


def total(run: Run, quantity: str = "cpu_s") -> float:
    """Return the sum of a quantity over all stages."""
    return float(sum(stage[quantity] for stage in run["stages"].values()))


def per_million(run: Run) -> float:
    """Return processor seconds per million exchanges."""
    return total(run) / run["exchanges"] * 1e6


def document() -> str:
    """Return the Markdown text."""
    return "\n".join([*_introduction(), *_totals(), *_growth(), *_longest(), *_ingest(), *_whole(), *_by_hand()]) + "\n"


def _introduction() -> Iterator[str]:
    results = json.loads((RESULTS / "scale.json").read_text())
    machine = results["machine"]
    yield "# Performance"
    yield ""
    yield "<!-- Written by benchmarks/performance.py; do not edit. -->"
    yield ""
    yield "What every stage after ingest takes on copies of one simulated log (`benchmarks/scale.py`), with all its tables; raw results are in"
    yield "`benchmarks/results`. Processor time is that of all threads; the machine was shared, so that figures move by a quarter or more from run to run."
    yield results.get("note", "")
    yield f"{machine['cores']} cores, Python {machine['python']}, DuckDB {machine['duckdb']}, PyArrow {machine['pyarrow']}."
    yield ""


def _totals() -> Iterator[str]:
    before = {(run["kind"], run["exchanges"]): run for run in runs("scale-before.json")}
    yield "## Processor seconds per million exchanges"
    yield ""
    yield "| kind | exchanges | accounts | goal | before | now | peak memory, GB | limit, GB |"
    yield "|---|---|---|---|---|---|---|---|"
    for run in runs("scale.json"):
        old = before.get((run["kind"], run["exchanges"]))
        peak = max(stage["peak_bytes"] for stage in run["stages"].values())
        yield (
            f"| {run['kind']} | {run['exchanges']:,} | {run['accounts']:,} | {GOALS[run['kind']]} | "
            f"{f'{per_million(old):.0f}' if old else '-'} | {per_million(run):.0f} | {peak / 1e9:.1f} | {run['memory_limit'] / 1e9:.0f} |"
        )
    yield ""


def _growth() -> Iterator[str]:
    yield "## Growth"
    yield ""
    yield f"Factor of processor time between neighbouring sizes, as if the exchanges had grown by four; the goal is at most {GROWTH_GOAL}."
    yield ""
    yield f"| kind | exchanges | {' | '.join(STAGES)} | all |"
    yield "|---|---|" + "---|" * (len(STAGES) + 1)
    by_kind: dict[str, list[Run]] = defaultdict(list)
    for run in runs("scale.json"):
        by_kind[run["kind"]].append(run)
    for kind, found in by_kind.items():
        for small, large in pairwise(found):
            by_four = math.log(4) / math.log(large["exchanges"] / small["exchanges"])
            factors = [large["stages"][stage]["cpu_s"] / small["stages"][stage]["cpu_s"] for stage in STAGES]
            listed = " | ".join(f"{factor**by_four:.1f}" for factor in (*factors, total(large) / total(small)))
            yield f"| {kind} | {small['exchanges']:,} to {large['exchanges']:,} | {listed} |"
    yield ""


def _longest() -> Iterator[str]:
    last: dict[str, Run] = {run["kind"]: run for run in runs("scale.json")}
    for kind, run in last.items():
        yield f"## Where the time goes: {kind}, {run['exchanges']:,} exchanges"
        yield ""
        yield "| stage | table or heuristic | CPU s | peak memory, GB |"
        yield "|---|---|---|---|"
        rows = [
            (table["cpu_s"], stage, name, table)
            for stage, found in run["stages"].items()
            for name, table in found["tables"].items()
        ]
        for cpu, stage, name, table in sorted(rows, key=lambda row: -row[0])[:MOST]:
            yield f"| {stage} | {name} | {cpu:.1f} | {table['peak_bytes'] / 1e9:.1f} |"
        yield ""


def _ingest() -> Iterator[str]:
    yield "## Ingest beside a bare load"
    yield ""
    yield "Processor seconds of the ingest (`benchmarks/ingest.py`) and of DuckDB that loads the same file into Parquet and does nothing else; the ratio of"
    yield f"both, before and now. Every ingest includes about {START} seconds of start (the worker, the engine, the plan of the query, the search for"
    yield "duplicates), which files of this size do not hide; a column leaves them out. One pair of runs each, on a machine in heavy use."
    yield ""
    yield "| input | size, MB | bare | ingest | goal | before | now | now without start | peak memory, GB |"
    yield "|---|---|---|---|---|---|---|---|---|"
    before = {found["input"]: found for found in json.loads((RESULTS / "ingest-before.json").read_text())}
    for found in json.loads((RESULTS / "ingest.json").read_text()):
        bare, cpu = (statistics.median(run["cpu"] for run in found[which]) for which in ("bare", "ingest"))
        peak = max(run["memory"] for run in found["ingest"])
        yield (
            f"| {found['input']} | {found['n_bytes'] / 1e6:.0f} | {bare:.1f} | {cpu:.1f} | {found['goal']} | "
            f"{_ratio(before[found['input']]):.1f} | {_ratio(found):.1f} | {_ratio(found, START):.1f} | {peak / 1e9:.1f} |"
        )
    yield ""
    yield "No goal is reached. Where the time goes, processor seconds per GB of such files of 100 MB (of 48 MB for CSV), on one thread, in one process:"
    yield ""
    yield "| step | metadata | text | spend-metadata | csv |"
    yield "|---|---|---|---|---|"
    for step, *seconds in STEPS:
        yield f"| {step} | {' | '.join(f'{value:.1f}' for value in seconds)} |"
    yield ""
    yield "What was tried for less, and what each part of the query costs, is told in decision 120: a bare load parses and writes, which takes the ingest about"
    yield "as long; the rest is what it does beyond. Tables whose cells hold JSON or Python values (`csv-text`) still go through the parser row by row, and"
    yield "Python values are parsed one by one: a third of the time of that input."
    yield ""


def _results(name: str) -> list[Run]:
    path = RESULTS / name
    return json.loads(path.read_text()) if path.exists() else []


def _whole() -> Iterator[str]:
    found = _results("end_to_end.json")
    if not found:
        return
    yield "## From logs to the sealed report"
    yield ""
    yield "`distilforensics run` on labelled logs (`benchmarks/end_to_end.py`), two threads; memory is that of all processes together. The goals for the 57.6"
    yield "million exchanges of the public case are 10 minutes without texts and 45 with texts, in 4 GB: what a run of that size would take at the rate of the"
    yield "largest one here stands beside it."
    yield ""
    yield "| kind | exchanges | minutes | CPU s per million | peak memory, GB | limit | minutes for 57.6 million | pool accounts found | innocents accused |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for run in found:
        million = run["exchanges"] / 1e6
        score = run["accounts"]
        yield (
            f"| {run['kind']} | {run['exchanges']:,} | {run['wall_s'] / 60:.1f} | {run['cpu_s'] / million:.0f} | {run['peak_bytes'] / 1e9:.1f} | "
            f"{run['memory_limit']} | {run['wall_s'] / 60 / million * 57.6:.0f} | {_counted(score['recall'])} | {_counted(score['false_accusations'])} |"
        )
    yield ""


def _counted(share: dict[str, Any]) -> str:
    return f"{share['n_of']:,} of {share['n_total']:,}"


def _by_hand() -> Iterator[str]:
    found = _results("by_hand.json")
    if not found:
        return
    yield "## Beside a page of hand-written SQL"
    yield ""
    yield "The same logs, and a page of SQL, or of polars, that ranks accounts by harvest ratio and diversity and pairs by common hours in one network"
    yield "(`benchmarks/by_hand.py`). It keeps no record of where a row comes from, compares with nothing and writes no report. The goal is 8 times."
    yield ""
    yield "| kind | exchanges | whole run, CPU s | SQL, CPU s | ratio | polars, CPU s | ratio |"
    yield "|---|---|---|---|---|---|---|"
    for run in found:
        whole, sql, frames = (statistics.median(run[name]["cpu_s"]) for name in ("run", "duckdb", "polars"))
        yield (
            f"| {run['kind']} | {run['exchanges']:,} | {whole:.0f} | {sql:.1f} | {run['duckdb']['ratio']:.0f} | {frames:.1f} | "
            f"{run['polars']['ratio']:.0f} |"
        )
    yield ""


def _ratio(found: dict[str, Any], start: float = 0) -> float:
    pairs = zip(found["bare"], found["ingest"], strict=True)
    return statistics.median((ingest["cpu"] - start) / bare["cpu"] for bare, ingest in pairs)


if __name__ == "__main__":
    (ROOT / "docs" / "performance.md").write_text(document(), encoding="utf-8")
