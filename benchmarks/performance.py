"""Writes docs/performance.md from benchmarks/results/*.json: goals beside figures, growth, and the tables that take longest.

    python benchmarks/performance.py

`scale.json` holds the runs of the program as it is, `scale-before.json` those of the state that it is compared with.
"""

from __future__ import annotations

import json
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

GROWTH_GOAL = 4.4
"""Factor of processor time for four times the exchanges."""

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
    return "\n".join([*_introduction(), *_totals(), *_growth(), *_longest()]) + "\n"


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
    yield "| kind | exchanges | features | linkage | heuristics | assessment | report | all |"
    yield "|---|---|---|---|---|---|---|---|"
    by_kind: dict[str, list[Run]] = defaultdict(list)
    for run in runs("scale.json"):
        by_kind[run["kind"]].append(run)
    for kind, found in by_kind.items():
        for small, large in pairwise(found):
            more = large["exchanges"] / small["exchanges"]
            factors = [large["stages"][s]["cpu_s"] / small["stages"][s]["cpu_s"] for s in large["stages"]] + [
                total(large) / total(small)
            ]
            listed = " | ".join(f"{factor * 4 / more:.1f}" for factor in factors)
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


if __name__ == "__main__":
    (ROOT / "docs" / "performance.md").write_text(document(), encoding="utf-8")
