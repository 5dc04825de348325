"""Do the conformal p-values keep their promise? Logs without any campaign, each ranked among all others together.

    python benchmarks/calibration.py --seeds 30

For accounts and sets and every limit t it prints the share of p-values of at most t, which must not lie above t, and in how many logs
any set was marked, which must not lie above the false-discovery rate of 5 %. The last lines are logs with a pool ranked among all benign
ones: what is gained. Intervals are exact (95 %). Accounts and sets of one log are not independent; logs are.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from distilforensics.accuracy.proportion import Proportion
from distilforensics.assessment.stage import assess
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import Case, open_case
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent
from distilforensics.ingest.options import IngestOptions
from distilforensics.pipeline.calibration_files import CalibrationFiles, copy_into_case
from distilforensics.pipeline.run import run_case
from distilforensics.pipeline.steps import STEPS
from distilforensics.simulate import simulate

NOMINAL = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
LIMITS = Limits.of_this_machine()


def examine(name: str, seed: int, scale: float, folder: Path) -> Case:
    """Simulate one log and run everything before the report."""
    logs = folder / f"{name}-{seed}"
    simulate(name, logs, seed=seed, formats=("litellm_spendlogs",), scale=scale)
    steps = tuple(step for step in STEPS if step.name != "report")
    run_case([str(logs / "logs")], folder / f"case-{name}-{seed}", IngestOptions(), LIMITS, Silent(), steps=steps)
    shutil.rmtree(logs / "logs")
    return open_case(folder / f"case-{name}-{seed}")


class Tally:
    """P-values at or below each limit, and logs in which anything was marked."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.low: Counter[tuple[str, float]] = Counter()
        self.n: Counter[str] = Counter()
        self.n_marked = self.n_logs = 0

    def add(self, case: Case) -> None:
        """Add one assessed log."""
        rows = read_rows(case, "calibration", ["level", "p_value", "is_marked"])
        rows = [row for row in rows if row["p_value"] is not None]  # what no reference has cannot be ranked
        for row in rows:
            self.n[row["level"]] += 1
            for limit in NOMINAL:
                self.low[row["level"], limit] += row["p_value"] <= limit
        self.n_logs += 1
        self.n_marked += any(row["is_marked"] for row in rows)

    def lines(self) -> list[str]:
        """Return the result in words."""
        found = [
            f"{level}s with p <= {limit}: {Proportion(self.low[level, limit], self.n[level])}"
            for level in sorted(self.n)
            for limit in NOMINAL
        ]
        return [*found, f"logs with any set marked: {Proportion(self.n_marked, self.n_logs)}"]


def rank_among(case: Case, references: list[Case]) -> None:
    """Assess a log again with references."""
    copy_into_case(case, CalibrationFiles([reference.root for reference in references]))
    assess(case, LIMITS, Silent())


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30, help="benign logs")
    parser.add_argument("--pools", type=int, default=3, help="logs with a pool")
    parser.add_argument("--first-seed", type=int, default=301, help="first seed")
    parser.add_argument("--scale", type=float, default=1.0, help="size of every log")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="calibration-"))
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    cases = [examine("benign", seed, options.scale, folder) for seed in seeds]
    tally = Tally()
    for case in cases:
        rank_among(case, [other for other in cases if other is not case])
        tally.add(case)
    print("\n".join(tally.lines()), flush=True)
    for seed in range(options.first_seed, options.first_seed + options.pools):
        pool = examine("pool", seed, options.scale, folder)
        rank_among(pool, cases)
        rows = read_rows(pool, "error_rates", ["kind", "statement"])
        print(
            f"pool {seed}: " + " ".join(row["statement"] for row in rows if row["kind"] == "conformal_sets"), flush=True
        )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
