"""Error rates of the whole chain on simulated, labelled logs: every published pattern, and none, among look-alikes.

    python benchmarks/detection.py --texts DIR --write docs/validation.md

Every scenario is simulated with every seed, examined from ingest to assessment and compared with its labels. Each result is
appended to a file, so an interrupted measurement goes on where it stopped; results of other code are kept and not counted.
With a folder of real prompts, every second seed takes them, from families that were not used for tuning unless asked otherwise.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from validation import document, progress_table

if TYPE_CHECKING:
    from distilforensics.case.engines.duckdb import Limits

ROOT = Path(__file__).resolve().parents[1]

SCENARIOS = (
    "pool_round_robin",
    "pool_least_recently_used",
    "pool_random",
    "pool_sticky",
    "low_and_slow",
    "heavy_chaff",
    "relay",
    "relay_sticky",
    "cleaner",
    "pivot",
    "access_log",
    "hashes_only",
    "evasive",
    "hard_negatives",
)
FAMILIES = ("structure", "harvest", "coordination", "infrastructure", "evasion")
"""Families of heuristics, each removed in turn for the ablation."""

TUNING_TEXTS = (
    "distill_alpaca_regen", "distill_alpaca_zh", "distill_codealpaca", "distill_gpteacher_roleplay", "distill_huatuo_o1_reason",
    "human_arena_1k", "human_awesome_prompts", "human_oasst", "bulk_eval_math", "bulk_translate",
)  # fmt: skip
HELD_OUT_TEXTS = (
    "distill_alpaca_wire", "distill_autoj_rubric", "distill_chatdoctor", "distill_gpteacher_toolformer", "distill_moss_dialog",
    "distill_strategyqa_cot", "human_lima", "human_stackoverflow_titles", "bulk_classify_tweets", "bulk_eval_code", "bulk_judge",
    "bulk_rag_qa",
)  # fmt: skip
TEXT_SETS = {"held_out": HELD_OUT_TEXTS, "tuning": TUNING_TEXTS}
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
_NOT_MEASURED = ("audit", "cli", "report", "export")
"""Packages whose code cannot change a result."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run: a scenario, a seed and where its texts come from."""

    scenario: str
    seed: int
    texts: str
    """invented, held_out or tuning"""
    is_ablated: bool
    scale: float
    code: str


def code_sha256() -> str:
    """Return a hash over everything of the program that can change a result."""
    digest = hashlib.sha256()
    package = ROOT / "distilforensics"
    for path in sorted(package.rglob("*")):
        relative = path.relative_to(package)
        if path.suffix in {".py", ".sql", ".toml", ".json", ".yaml"} and relative.parts[0] not in _NOT_MEASURED:
            digest.update(f"{relative.as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def run(task: Task, folder: Path | None, scratch: Path | None, memory_bytes: int) -> dict[str, Any]:
    """Return what one run found, or the error that ended it."""
    work = Path(tempfile.mkdtemp(prefix="detection-", dir=scratch))
    begin = time.perf_counter()
    try:
        result = _examine(task, folder, work, memory_bytes)
    except Exception:  # noqa: BLE001 - one failed run must not end a measurement of an hour; the document counts it
        result = {"error": traceback.format_exc(limit=-3)}
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return asdict(task) | result | {"seconds": round(time.perf_counter() - begin, 1)}


def _examine(task: Task, folder: Path | None, work: Path, memory_bytes: int) -> dict[str, Any]:
    from distilforensics.case.engines.duckdb import Limits as EngineLimits
    from distilforensics.core.progress import Silent
    from distilforensics.ingest.options import IngestOptions
    from distilforensics.pipeline.run import run_case
    from distilforensics.pipeline.steps import STEPS
    from distilforensics.simulate import simulate

    real = task.texts != "invented"
    begin = time.perf_counter()
    summary = simulate(
        task.scenario,
        work / "simulated",
        seed=task.seed,
        scale=task.scale,
        texts=folder if real else None,
        families=TEXT_SETS[task.texts] if real else None,
    )
    seconds = {"simulate": round(time.perf_counter() - begin, 1)}
    limits = EngineLimits(memory_bytes=memory_bytes, threads=1)
    steps = tuple(step for step in STEPS if step.name != "report")
    case = work / "case"
    run_case([str(work / "simulated" / "logs")], case, IngestOptions(), limits, Silent(), steps=steps)
    stages = json.loads((case / "run.json").read_text(encoding="utf-8"))["stages"]
    seconds |= {stage["stage"]: stage["seconds"] for stage in stages}
    labels = work / "simulated" / "labels.csv"
    result = {"n_exchanges": summary.n_exchanges, "seconds_by_stage": seconds} | _outcome(case, labels, limits)
    if task.is_ablated:
        result["ablation"] = {family: _without(case, family, labels, work, limits) for family in FAMILIES}
    return result


def _outcome(case: Path, labels: Path, limits: Limits) -> dict[str, Any]:
    """Return the evaluation of a case, reduced to counts."""
    from distilforensics.case.layout import open_case
    from distilforensics.case.tables import read_rows
    from distilforensics.evaluation import evaluate

    found = evaluate(case, labels).as_dict()

    def counts(share: dict[str, Any]) -> list[int]:
        return [share["n_of"], share["n_total"]]

    return {
        "by_grade": {
            row["grade"]: {name: counts(row[name]) for name in ("recall", "false_accusations")}
            for row in found["by_grade"]
        },
        "known": [
            {
                "id": row["campaign_id"],
                "is_found": row["is_found"],
                "recall": counts(row["recall"]),
                "n_pieces": len(row["pieces"]),
            }
            for row in found["known_campaigns"]
        ],
        "reported": [
            {"grade": row["grade"], "purity": counts(row["purity"]), "n_innocent": row["n_innocent"]}
            for row in found["reported_campaigns"]
        ],
        "grades": sorted(row["grade"] for row in read_rows(open_case(case), "campaigns", ["grade"])),
        "roles": {role: counts(share) for role, share in found["false_accusations_by_role"].items()},
        "idle": _idle(case, labels, limits),
    }


def _idle(case: Path, labels: Path, limits: Limits) -> dict[str, int]:
    """Return what became of the campaigns' accounts that did none of their work, and what one tie instead of two would have made of them.

    `n` of them there are, `n_found` at moderate or better; `n_tied` would be found if one tie of payment, sign-up or network with an
    account that content told were enough, and `n_innocent_tied` innocent accounts would be accused.
    """
    from distilforensics.assessment.material import load_material
    from distilforensics.assessment.stage import READS
    from distilforensics.case.engines.duckdb import connect
    from distilforensics.case.layout import open_case
    from distilforensics.case.tables import read_rows

    opened = open_case(case)
    with labels.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    idle = {row["account_id"] for row in rows if row["campaign_id"] and row["n_campaign_exchanges"] == "0"}
    innocent = {row["account_id"] for row in rows if not row["campaign_id"]}
    accused = [row for row in read_rows(opened, "accounts") if row["grade"] in {"moderate", "strong"}]
    told = {row["account_id"] for row in accused if row["n_campaign_exchanges"]}
    with connect(opened, limits=limits, tables=READS) as connection:
        material = load_material(opened, connection)
    kinds = (material.payers, material.made_together, material.neighbours)
    tied = {account for kind in kinds for account, partners in kind.items() if partners & told}
    return {
        "n": len(idle),
        "n_found": len(idle & {row["account_id"] for row in accused}),
        "n_tied": len(idle & tied),
        "n_innocent_tied": len(innocent & tied - told),
    }


def _without(case: Path, family: str, labels: Path, work: Path, limits: Limits) -> dict[str, Any]:
    """Return the outcome of the assessment when the observations of one family of heuristics are taken away."""
    from distilforensics.assessment.stage import assess
    from distilforensics.case.layout import open_case
    from distilforensics.case.tables import read_rows, write_rows
    from distilforensics.core.progress import Silent

    copied = work / f"without-{family}"
    shutil.copytree(case, copied, copy_function=os.link)
    opened = open_case(copied)
    rows = read_rows(opened, "observations")
    write_rows(opened, "observations", [row for row in rows if row["family"] != family])
    assess(opened, limits, Silent())
    outcome = _outcome(copied, labels, limits)
    shutil.rmtree(copied)
    return {"by_grade": outcome["by_grade"], "known": outcome["known"], "reported": outcome["reported"]}


def plan(options: argparse.Namespace, code: str) -> list[Task]:
    """Return all runs, seed by seed, so that a part of them is balanced over scenarios."""
    chosen = [name for name in SCENARIOS if not options.only or any(part in name for part in options.only)]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    return [
        Task(
            scenario,
            seed,
            options.families if options.texts and (seed % 2 or options.real_only) else "invented",
            seed - options.first_seed < options.ablation_seeds,
            options.scale,
            code,
        )
        for seed in seeds
        for scenario in chosen
    ]


def read_results(path: Path) -> list[dict[str, Any]]:
    """Return the results of a file; a line that was cut by an interruption is left out."""
    results = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            results.append(json.loads(line))
        except ValueError:
            print("a broken line of the results is left out", file=sys.stderr)
    return results


def measure(tasks: list[Task], options: argparse.Namespace) -> None:
    """Do what is missing among `tasks` and append each result."""
    keys = [field for field in Task.__slots__ if field != "is_ablated"]
    done = {
        tuple(row[key] for key in keys)
        for row in read_results(options.results)
        if "error" not in row and (not row["is_ablated"] or "ablation" in row)
    }
    missing = [task for task in tasks if tuple(getattr(task, key) for key in keys) not in done]
    print(f"{len(tasks)} runs, {len(missing)} to do", file=sys.stderr, flush=True)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    # Workers are not replaced after a number of runs: an executor that does so can stand still for ever (CPython issue 115634).
    context = multiprocessing.get_context("spawn")
    with (
        options.results.open("a", encoding="utf-8", newline="\n") as file,
        ProcessPoolExecutor(options.workers, mp_context=context) as pool,
    ):
        futures = [
            pool.submit(run, task, options.texts, options.scratch, options.memory_mb * 1_000_000) for task in missing
        ]
        for number, future in enumerate(as_completed(futures), start=1):
            result = future.result()
            file.write(json.dumps(result, sort_keys=True) + "\n")
            file.flush()
            print(f"{number}/{len(missing)} {_line(result)}", file=sys.stderr, flush=True)


def _line(result: dict[str, Any]) -> str:
    name = f"{result['scenario']} {result['seed']} {result['texts']}"
    if "error" in result:
        return f"{name}: failed, {result['error'].strip().splitlines()[-1]}"
    moderate = result["by_grade"]["moderate"]
    found, accused = (moderate[key] for key in ("recall", "false_accusations"))
    return (
        f"{name}: {'+'.join(result['grades']) or 'none'}, found {found[0]} of {found[1]}, "
        f"accused {accused[0]} of {accused[1]}, {result['seconds']:.0f} s"
    )


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="seeds per scenario")
    parser.add_argument("--first-seed", type=int, default=101, help="first seed; development used seeds below 100")
    parser.add_argument("--only", action="append", help="scenario whose name contains this; repeat for more")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of accounts")
    parser.add_argument("--workers", type=int, default=2, help="processes, each with one thread")
    parser.add_argument("--memory-mb", type=int, default=1500, help="memory of the engine in each process")
    parser.add_argument(
        "--ablation-seeds", type=int, default=6, help="seeds that are assessed again without each family"
    )
    parser.add_argument("--texts", type=Path, help="folder of real prompts; none: all texts are invented")
    parser.add_argument("--families", choices=sorted(TEXT_SETS), default="held_out", help="which real prompts")
    parser.add_argument("--real-only", action="store_true", help="real prompts with every seed, not every second one")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results" / "detection.jsonl")
    parser.add_argument("--scratch", type=Path, help="folder for logs and cases, deleted after each run")
    parser.add_argument("--only-write", action="store_true", help="measure nothing, aggregate what is there")
    parser.add_argument("--any-code", action="store_true", help="count results of other code too")
    parser.add_argument("--write", type=Path, help="Markdown file to write")
    options = parser.parse_args()
    for name in _ONE_THREAD:
        os.environ[name] = "1"
    code = code_sha256()
    if not options.only_write:
        measure(plan(options, code), options)
    rows = [row for row in read_results(options.results) if options.any_code or row["code"] == code]
    latest = {(row["scenario"], row["seed"], row["texts"], row["scale"]): row for row in rows}
    results = [latest[key] for key in sorted(latest)]
    print(progress_table(results))
    if options.write:
        options.write.write_text(document(results), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
