"""Error rates of the whole chain on simulated, labelled logs, over several seeds and variants; writes docs/validation.md.

    python benchmarks/detection.py --seeds 5 --write docs/validation.md

Every variant is simulated, examined from ingest to assessment, and compared with its labels. Counts are pooled over seeds,
intervals are exact (Clopper-Pearson, 95 %). Some thresholds were settled after looking at simulated logs of other seeds, and no real traffic is in them:
these figures show what the chain does on patterns of the public record, not what it will do on a given service.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent
from distilforensics.evaluation import evaluate
from distilforensics.ingest.options import IngestOptions
from distilforensics.pipeline.run import run_case
from distilforensics.pipeline.steps import STEPS
from distilforensics.simulate import simulate
from distilforensics.simulate.scenarios import SCENARIOS, ScenarioParameters

FORMATS = ("litellm_spendlogs",)
"""One format keeps a run short; the sample logs cover several in one case."""


def variants() -> dict[str, ScenarioParameters]:
    """Return name to scenario: the pool behind each scheduler, with more chaff, smaller, slower, and the population without it."""
    pool = SCENARIOS["pool"]
    base = pool.pools[0]

    def with_pool(**changes: object) -> ScenarioParameters:
        return replace(pool, pools=(replace(base, **changes),))

    schedulers = ("least_recently_used", "round_robin", "random", "sticky")
    return {f"pool, {name.replace('_', ' ')}": with_pool(scheduler=name) for name in schedulers} | {
        "pool, half of the traffic chaff": with_pool(chaff_share=0.5),
        "pool of 40 accounts": with_pool(n_accounts=40),
        "pool, 8 requests per account and day": with_pool(requests_per_account_day=8.0),
        "no pool, all look-alikes": SCENARIOS["benign"],
        "metadata only, pool in an access log": SCENARIOS["metadata_only"],
    }


@dataclass
class Tally:
    """Counts of one variant over seeds."""

    found: int = 0
    planted: int = 0
    accused: int = 0
    innocent: int = 0
    campaigns: int = 0
    reported: list[str] = field(default_factory=list)


def examine(scenario: ScenarioParameters, seed: int, folder: Path, limits: Limits, tally: Tally) -> None:
    """Simulate, run and evaluate one seed, and add its counts."""
    formats = scenario.formats if scenario.formats == ("nginx_combined",) else FORMATS
    simulate(scenario, folder / "logs", seed=seed, formats=formats, compression="none")
    steps = tuple(step for step in STEPS if step.name != "report")
    case = folder / "case"
    run_case([str(folder / "logs" / "logs")], case, IngestOptions(), limits, Silent(), steps=steps)
    result = evaluate(case, folder / "logs" / "labels.csv").as_dict()["accounts"]
    tally.found += result["recall"]["n_of"]
    tally.planted += result["recall"]["n_total"]
    tally.accused += result["false_accusations"]["n_of"]
    tally.innocent += result["false_accusations"]["n_total"]
    campaigns = read_rows(open_case(case), "campaigns", ["grade"])
    tally.reported.append("+".join(row["grade"] for row in campaigns) or "none")


def interval(part: int, whole: int) -> str:
    """Return part of whole with the exact interval, never a bare 0 % or 100 %."""
    from scipy.stats import binomtest

    if not whole:
        return "-"
    bounds = binomtest(part, whole).proportion_ci(confidence_level=0.95, method="exact")
    return f"{part:,} of {whole:,} ({100 * bounds.low:.2f} to {100 * bounds.high:.2f} %)"


def table(tallies: dict[str, Tally], seeds: list[int]) -> str:
    """Return the Markdown document."""
    lines = [
        "# Validation",
        "",
        "<!-- Written by benchmarks/detection.py; do not edit. -->",
        "",
        (__doc__ or "").split("\n\n")[2].replace("\n", " "),
        "",
        f"Seeds {seeds[0]} to {seeds[-1]} of each variant; accused means a grade of moderate or strong; intervals are exact, 95 %.",
        "Accounts of one log are not independent of each other, so the true uncertainty is larger than the intervals say.",
        "",
        "| variant | campaign accounts found | innocent accounts accused | campaigns reported, seed by seed |",
        "|---|---|---|---|",
    ]
    for name, tally in tallies.items():
        found, accused = interval(tally.found, tally.planted), interval(tally.accused, tally.innocent)
        lines.append(f"| {name} | {found} | {accused} | {', '.join(tally.reported)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="seeds per variant")
    parser.add_argument("--first-seed", type=int, default=101, help="first seed; development used seeds below 100")
    parser.add_argument("--only", action="append", help="variant whose name contains this; repeat for more")
    parser.add_argument("--write", type=Path, help="Markdown file to write")
    options = parser.parse_args()
    limits = Limits.of_this_machine()
    seeds = list(range(options.first_seed, options.first_seed + options.seeds))
    tallies: dict[str, Tally] = {}
    for name, scenario in variants().items():
        if options.only and not any(part in name for part in options.only):
            continue
        tallies[name] = Tally()
        for seed in seeds:
            folder = Path(tempfile.mkdtemp(prefix="detection-"))
            start = time.perf_counter()
            examine(scenario, seed, folder, limits, tallies[name])
            shutil.rmtree(folder)
            tally = tallies[name]
            print(
                f"{name}, seed {seed}: {tally.reported[-1]}, found {tally.found} of {tally.planted}, "
                f"accused {tally.accused} of {tally.innocent}, {time.perf_counter() - start:.0f} s",
                flush=True,
            )
    document = table(tallies, seeds)
    print(document)
    if options.write:
        options.write.write_text(document, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
