"""A whole run as a user starts it, from logs to the sealed report, on labelled logs of any size, with what it took and what it found.

    python benchmarks/end_to_end.py --folder FOLDER --copies 6 24 [--text 4] [--memory 4GB] [--out benchmarks/results/end_to_end.json]

A copy has some 172,000 exchanges without texts, a log with texts some 34,000: 335 copies, or 1,700 logs with texts, are the 57.6 million of the
public case. Memory is that of all processes together. Results are added to the file; `performance.py` writes docs/performance.md from it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from large_logs import PROGRAM, metadata_logs, text_logs, watched

from distilforensics.case.layout import open_case
from distilforensics.case.tables import n_rows_of
from distilforensics.evaluation.scoring import evaluate

if TYPE_CHECKING:
    from large_logs import LargeLogs


def measure(kind: str, made: LargeLogs, folder: Path, memory: str) -> dict[str, Any]:
    """Run the program on logs and return what it took and found."""
    case = folder / "case"
    shutil.rmtree(case, ignore_errors=True)
    took = watched(
        [*PROGRAM, "run", str(made.logs), "--case", str(case), "--memory-limit", memory, "--threads", "2", "-q"]
    )
    found: dict[str, Any] = {"kind": kind, "memory_limit": memory} | asdict(took)
    found["log_bytes"] = sum(path.stat().st_size for path in made.logs.rglob("*") if path.is_file())
    if took.exit_code == 0:
        score = evaluate(case, made.labels).as_dict()
        found |= {"exchanges": n_rows_of(open_case(case), "exchanges"), "accounts": score["accounts"]}
    return found


def keep(out: Path, key: str, results: list[dict[str, Any]]) -> None:
    """Add results to a file, in place of earlier ones of the same kind and size."""
    old = json.loads(out.read_text()) if out.exists() else []
    new = {(found["kind"], found[key]): found for found in [*old, *results]}
    out.write_text(json.dumps([new[name] for name in sorted(new)], indent=1) + "\n")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where logs lie; those that are there are used again"
    )
    parser.add_argument(
        "--copies", type=int, nargs="*", default=[], help="sizes of metadata, in copies of the base log"
    )
    parser.add_argument("--text", type=int, nargs="*", default=[], help="sizes with texts, in simulated logs")
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--out", type=Path, help="JSON file to which results are added")
    options = parser.parse_args()
    wanted = [("metadata", metadata_logs, n) for n in options.copies] + [("text", text_logs, n) for n in options.text]
    for kind, make, n in wanted:
        found = measure(kind, make(options.folder, n), options.folder, options.memory)
        print(json.dumps(found, indent=1), flush=True)
        if options.out and found["exit_code"] == 0:
            keep(options.out, "exchanges", [found])


if __name__ == "__main__":
    main()
