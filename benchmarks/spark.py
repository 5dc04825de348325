"""Processor time of the analysis of one case on this machine alone and with the workers of a local Spark, and whether the tables are the same bytes.

    python benchmarks/spark.py CASE --folder FOLDER [--masters local[1] local[2]] [--verbs features link scan] [--out FILE]

CASE has been ingested; it is copied and stays as it is. Processor time is that of all processes, Java and the workers included.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from distilforensics.case.layout import Case, open_case
from distilforensics.case.stages import file_sha256
from distilforensics.core.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

STAGE_OF = {"features": "features", "link": "linkage", "scan": "heuristics"}
MEMORY = "4GB"


def copy_of(source: Case, root: Path) -> Case:
    """Return a copy of a case with what the ingest wrote alone."""
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("data", "findings", "report", "stages", "tmp"):
        (root / folder).mkdir(parents=True)
    shutil.copy(source.root / "case.toml", root)
    case = open_case(root)
    for name, table in TABLES.items():
        if table.stage == "ingest":
            for path in source.table_files(name):
                target = root / path.relative_to(source.root)
                target.parent.mkdir(exist_ok=True)
                os.link(path, target)
    return case


@contextmanager
def watched() -> Iterator[dict[tuple[int, float], float]]:
    """Give the processor seconds of every process below this one, looked at twice a second; Java and workers are nobody's to wait for."""
    seconds: dict[tuple[int, float], float] = {}
    is_over = threading.Event()
    known: dict[int, psutil.Process] = {}

    def look() -> None:
        while True:
            for process in psutil.Process().children(recursive=True):
                known.setdefault(process.pid, process)
            for process in known.values():
                with suppress(psutil.Error):
                    spent = process.cpu_times()
                    seconds[process.pid, process.create_time()] = spent.user + spent.system
            if is_over.wait(0.5):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seconds
    finally:
        is_over.set()
        thread.join()


def measured(case: Case, verbs: list[str], engine: list[str], threads: int) -> dict[str, Any]:
    """Return seconds by verb."""
    found: dict[str, Any] = {}
    for verb in verbs:
        start = time.perf_counter()
        command = [
            sys.executable,
            "-m",
            "distilforensics",
            verb,
            "--case",
            str(case.root),
            "-q",
            "--memory-limit",
            MEMORY,
        ]
        with watched() as seconds:
            subprocess.run([*command, "--threads", str(threads), *engine], check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - start
        found[verb] = {"cpu_s": round(sum(seconds.values()), 1), "wall_s": round(wall, 1)}
        print(engine, verb, found[verb], flush=True)
    return found


def hashes(case: Case, verbs: list[str]) -> dict[str, str]:
    """Return the hash of every table of the stages."""
    stages = {STAGE_OF[verb] for verb in verbs}
    return {
        name: file_sha256(case.table_path(name))
        for name, table in TABLES.items()
        if table.stage in stages and case.table_files(name)
    }


def main() -> None:
    """Measure and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--masters", nargs="+", default=["local[1]", "local[2]"])
    parser.add_argument("--verbs", nargs="+", default=["features", "link", "scan"], choices=list(STAGE_OF))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    source = open_case(given.case)
    results: dict[str, Any] = {"exchanges": sum(rows_of(path) for path in source.table_files("exchanges"))}
    expected: dict[str, str] = {}
    for name in ("alone", *given.masters):
        engine = [] if name == "alone" else ["--engine", "spark", "--master", name]
        case = copy_of(source, given.folder / "case")
        results[name] = measured(case, given.verbs, engine, threads=2 if name == "alone" else 1)
        found = hashes(case, given.verbs)
        expected = expected or found
        results[name]["differing"] = sorted(table for table in found if found[table] != expected[table])
    text = json.dumps(results, indent=1)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")


def rows_of(path: Path) -> int:
    """Return the rows of a file."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


if __name__ == "__main__":
    main()
