"""What the program finds and whom it wrongly accuses, on labelled logs of three authors; writes docs/validation.md.

    python benchmarks/validation.py --seeds 2 --first-seed 501 --texts DIR --independent DIR --write docs/validation.md

Every log is generated with a seed of its own (made of the number of the run and its name), so its innocents are its own, and is examined from
ingest to assessment with default parameters.
Sources: `simulator` (the package's scenarios), `populations` (benchmarks/populations), `independent` (a folder with generate.py, groups.py
and check.py that is no part of this project; left out without --independent), `power` (pools by size and retry habit) and, with
--attacker, `attacker`: somebody who knows the rules changes one cheap habit of his pool at a time until it is below moderate.
Results are appended to a file, so an interrupted measurement goes on where it stopped; results of other code are kept and not counted.
`--seeds 0` measures nothing and writes from what is there.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import multiprocessing
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attacker import cost_of, next_attack
from validation_document import POWER_RETRIES, POWER_SIZES, SOURCES, document, power_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parents[1]
POPULATIONS = ROOT / "benchmarks" / "populations"
sys.path.append(str(POPULATIONS))

Result = dict[str, Any]

SCENARIOS = (
    "pool_random", "pool_sticky", "low_and_slow", "heavy_chaff", "relay", "cleaner", "pivot", "access_log", "hashes_only", "evasive",
    "hard_negatives",
)  # fmt: skip
SCALES = {"simulator": 1.0, "populations": 0.5, "independent": 0.3, "power": 0.3, "attacker": 0.3}
"""Size of the logs; 1 is what the generator calls so. `--scale` multiplies all of them."""

DAYS = 14
"""Length of the logs of `populations`, `power` and `attacker`."""

HELD_OUT_TEXTS = (
    "distill_alpaca_wire", "distill_autoj_rubric", "distill_chatdoctor", "distill_gpteacher_toolformer", "distill_moss_dialog",
    "distill_strategyqa_cot", "human_lima", "human_stackoverflow_titles", "bulk_classify_tweets", "bulk_eval_code", "bulk_judge", "bulk_rag_qa",
)  # fmt: skip
"""Real prompts that the simulator's logs are made of with --texts; none of them was used while the heuristics were tuned."""

FACTS = (
    "handover", "takeover", "manner", "conversation", "answer", "synchrony", "scheduler", "payment", "signup", "network", "rewording", "purpose",
)  # fmt: skip
"""Facts, each left out in turn."""

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS")
_NOT_MEASURED = ("audit", "cli", "report", "evaluation")
"""Packages whose code cannot change a result."""


@dataclass(frozen=True, slots=True)
class Task:
    """One log."""

    source: str
    name: str
    seed: int
    has_real_texts: bool
    scale: float
    code: str

    @property
    def log_seed(self) -> int:
        """The generator's seed. Each log of a rated source has its own, so that no two have the same innocents."""
        if self.source not in SOURCES:
            return self.seed  # only the pool is to differ
        return int(hashlib.sha256(f"{self.source}:{self.name}:{self.seed}".encode()).hexdigest()[:6], 16)

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from other logs."""
        return tuple(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Places:
    """Folders that a run needs."""

    texts: Path | None
    independent: Path | None
    scratch: Path | None
    memory_bytes: int


def code_sha256() -> str:
    """Return a hash over everything of the program that can change a result."""
    digest, package = hashlib.sha256(), ROOT / "distilforensics"
    for path in sorted(package.rglob("*")):
        relative = path.relative_to(package)
        if path.suffix in {".py", ".sql", ".toml", ".json"} and relative.parts[0] not in _NOT_MEASURED:
            digest.update(f"{relative.as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


# one log ------------------------------------------------------------------------------------------------------
def run(task: Task, places: Places) -> Result:
    """Return what one run found, or the error that ended it; the log stays in the scratch folder if an innocent was accused."""
    work = Path(tempfile.mkdtemp(prefix=f"{task.source}-{task.name.split(':')[0]}-{task.seed}-", dir=places.scratch))
    begin, result, is_kept = time.perf_counter(), Result(), False
    try:
        generate(task, places, work / "log")
        examine(work / "log" / "logs", work / "case", places.memory_bytes)
        result = outcome(work / "case", work / "log")
        if task.source == "attacker":
            result["cost"] = cost_of(work / "log")
        is_kept = bool(places.scratch and accused(result))
    except Exception:  # noqa: BLE001 - one failed run must not end a measurement of an hour; the document counts it
        result = {"error": traceback.format_exc(limit=-3)}
    if not is_kept:
        shutil.rmtree(work, ignore_errors=True)
    return asdict(task) | {"log_seed": task.log_seed} | result | {"seconds": round(time.perf_counter() - begin, 1)}


def generate(task: Task, places: Places, log: Path) -> None:
    """Write the log of a task with labels.parquet and aliases.parquet."""
    texts = places.texts if task.has_real_texts else None
    common = ["--seed", str(task.log_seed), "--out", str(log)]
    if task.source == "simulator":
        from distilforensics.simulate import simulate

        families = HELD_OUT_TEXTS if texts else None
        simulate(task.name, log, seed=task.log_seed, scale=task.scale, texts=texts, families=families)
        _convert_labels(log)
    elif task.source == "independent":
        assert places.independent is not None
        scenarios, groups = _independent(places.independent)
        formats = ["--format", scenarios.get(task.name, "generic")]
        scenario, scale = ("hard_negatives", 0.4 * task.scale) if task.name in groups else (task.name, task.scale)
        _call(places.independent / "generate.py", scenario, "--scale", str(scale), *formats, *common)
        if task.name in groups:
            _call(places.independent / "groups.py", str(log), *groups[task.name], "--seed", str(task.log_seed))
    else:
        from check import MIXES

        kinds, options = MIXES.get(task.name, ([task.name], []))
        options = [*options, *(["--texts", str(texts)] if texts else []), "--scale", str(task.scale)]
        _call(POPULATIONS / "generate.py", *kinds, *options, "--days", str(DAYS), *common)


def _call(program: Path, *arguments: str) -> None:
    command = [sys.executable, str(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    if done.returncode:
        raise RuntimeError(f"{program.name} {' '.join(arguments)}: {done.stderr[-1000:]}")


def _independent(folder: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return scenario to format and log to planted groups, as the folder's own check has them."""
    found = runpy.run_path(str(folder / "check.py"))
    return found["SCENARIOS"], found["GROUPS"]


def _convert_labels(log: Path) -> None:
    import polars as pl

    with (log / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    accounts = [row["account_id"] for row in rows]
    pl.DataFrame({
        "account_id": accounts, "truth": ["campaign" if row["campaign_id"] else "benign" for row in rows],
        "campaign_id": pl.Series([row["campaign_id"] or None for row in rows], dtype=pl.String), "persona": [row["role"] for row in rows],
    }).write_parquet(log / "labels.parquet")  # fmt: skip
    names = {"alias": accounts, "account_id": accounts, "kind": ["account_id"] * len(accounts)}
    pl.DataFrame(names).write_parquet(log / "aliases.parquet")


def examine(logs: Path, case: Path, memory_bytes: int) -> None:
    """Run everything before the report."""
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.core.progress import Silent
    from distilforensics.ingest.options import IngestOptions
    from distilforensics.pipeline.run import run_case
    from distilforensics.pipeline.steps import STEPS

    steps = tuple(step for step in STEPS if step.name != "report")
    limits = Limits(memory_bytes=memory_bytes, threads=1)
    run_case([str(logs)], case, IngestOptions(), limits, Silent(), steps=steps)


# scoring ------------------------------------------------------------------------------------------------------
def outcome(case: Path, log: Path) -> Result:
    """Return a case against its labels: accounts by persona and grade, known campaigns, and all groups that are reported or listed."""
    import polars as pl
    from check import score

    labels = pl.read_parquet(log / "labels.parquet").rows_by_key(
        "account_id", named=True, unique=True, include_key=True
    )
    truth = {name: [row] for name, row in labels.items()}
    for alias, name in pl.read_parquet(log / "aliases.parquet").select("alias", "account_id").iter_rows():
        if alias not in labels and name in labels:
            truth.setdefault(alias, []).append(labels[name])
    members: dict[str, list[dict[str, Any]]] = {}
    found = set[str]()
    columns = ["account_id", "campaign_id", "grade", "reason_not_in_campaign"]
    for name, campaign, grade, reason in pl.read_parquet(
        case / "findings" / "accounts.parquet", columns=columns
    ).iter_rows():
        group = campaign or (reason.split(":")[0] if reason and grade else None)
        rows = truth.get(str(name), [])
        if group:
            members.setdefault(group, []).extend(rows)
        if grade in {"moderate", "strong"}:
            found |= {row["account_id"] for row in rows}
    n_known = Counter(row["campaign_id"] for row in labels.values() if row["campaign_id"])
    n_found = Counter(labels[name]["campaign_id"] for name in found)
    return {
        "counts": {grade: dict(counts) for grade, counts in score(case, log).items()},
        "known": {name: [n_found[name], n] for name, n in sorted(n_known.items())},
        "groups": _groups(case, members),
        "ties": _ties(case, {name for name, rows in truth.items() if not any(r["campaign_id"] for r in rows)}),
    }


def _ties(case: Path, innocent: set[str]) -> dict[str, tuple[int, int, int]]:
    """Return, by kind of tie, those of innocents whom the log tells apart as customers, those of all, and their calls that could have made one."""
    from distilforensics.assessment.candidate_search import RATES
    from distilforensics.assessment.log import load_log
    from distilforensics.assessment.work_facts import control_rate, distinct_bits
    from distilforensics.case.layout import open_case

    log = load_log(open_case(case))
    outside = frozenset(name for name in log.accounts if name in innocent)
    return {
        kind: (distinct_bits(log, kind, outside, log.ties, rate)[1], *control_rate(log, kind, outside))
        for kind, rate in RATES.items()
    }


def _groups(case: Path, members: Mapping[str, list[dict[str, Any]]]) -> list[Result]:
    """Return the reported and listed groups with who is in them, what counts, and which grade remains without each fact."""
    from distilforensics.assessment.fact import Fact, Kind
    from distilforensics.assessment.grades import decide
    from distilforensics.assessment.operators import common_program
    from distilforensics.case.layout import open_case
    from distilforensics.case.tables import read_rows

    opened = open_case(case)
    renamed = {"weight": "bits", "value": "count"}
    facts: dict[str, list[Fact]] = {}
    for row in read_rows(opened, "campaign_facts"):
        fields = {renamed.get(name, name): value for name, value in row.items() if name not in {"campaign_id", "place"}}
        facts.setdefault(row["campaign_id"], []).append(Fact(**fields | {"kind": Kind(row["kind"])}))
    caps: dict[str, list[str]] = {}
    for row in read_rows(opened, "campaign_explanations"):
        if row["is_capping"]:
            caps.setdefault(row["campaign_id"], []).append(row["explanation_id"])
    grades = {row["campaign_id"]: row["grade"] for row in read_rows(opened, "campaigns", ["campaign_id", "grade"])}
    found = []
    for group, rows in sorted(members.items()):
        known, without = facts.get(group, []), {}
        for fact_id in FACTS if grades.get(group) in {"moderate", "strong"} else ():
            rest = [fact for fact in known if fact.fact_id != fact_id]
            without[fact_id] = decide(
                rest, may_be_one_operator=common_program(rest, are_named=True).caps, left_out={}
            ).grade.value
        found.append({
            "id": group, "grade": grades.get(group, "one operator"), "without": without, "explanations": caps.get(group, []),
            "facts": {fact.fact_id: round(fact.bits, 1) for fact in known if fact.is_counted},
            "personas": dict(Counter(row["persona"] + ("*" if row["campaign_id"] else "") for row in rows)),
        })  # fmt: skip
    return found


def accused(result: Result) -> int:
    """Return the innocent accounts at moderate or better."""
    return sum(n for persona, n in result["counts"]["moderate"].items() if not persona.endswith("*"))


# all logs -----------------------------------------------------------------------------------------------------
def plan(options: argparse.Namespace, code: str) -> list[Task]:
    """Return all runs, seed by seed, so that a part of them is balanced over logs."""
    from check import MIXES

    names = {"simulator": [*SCENARIOS], "populations": [*MIXES]}
    if options.independent:
        names["independent"] = [name for found in _independent(options.independent) for name in found]
    else:
        print("the independent source is left out: no folder is given with --independent", file=sys.stderr)
    names["power"] = [power_name(size, retry) for size in POWER_SIZES for retry in POWER_RETRIES]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    return [
        task(options, code, source, name, seed)
        for seed in seeds
        for source, found in names.items()
        for name in found
        if not options.only or source in options.only or name in options.only
    ]


def task(options: argparse.Namespace, code: str, source: str, name: str, seed: int) -> Task:
    """Return one task; the independent source always has real texts of its own."""
    return Task(source, name, seed, bool(options.texts), round(SCALES[source] * options.scale, 3), code)


def read_results(path: Path, code: str | None) -> list[Result]:
    """Return the latest result of every log, in order; a line that was cut by an interruption is left out."""
    latest: dict[tuple[Any, ...], Result] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except ValueError:
            print("a broken line of the results is left out", file=sys.stderr)
            continue
        if code is None or row["code"] == code:
            latest[tuple(row[name] for name in Task.__slots__)] = row
    return [latest[key] for key in sorted(latest)]


def measure(tasks: Iterable[Task], options: argparse.Namespace) -> None:
    """Do what is missing among the tasks and append each result."""
    done = {tuple(r[name] for name in Task.__slots__) for r in read_results(options.results, None) if "error" not in r}
    missing = [task for task in tasks if task.key not in done]
    places = Places(options.texts, options.independent, options.scratch, options.memory_mb * 1_000_000)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    # Workers are not replaced after a number of runs: an executor that does so can stand still for ever (CPython issue 115634).
    context = multiprocessing.get_context("spawn")
    with (
        options.results.open("a", encoding="utf-8", newline="\n") as file,
        ProcessPoolExecutor(options.workers, mp_context=context) as pool,
    ):
        futures = [pool.submit(run, task, places) for task in missing]
        for number, future in enumerate(as_completed(futures), start=1):
            result = future.result()
            file.write(json.dumps(result, sort_keys=True) + "\n")
            file.flush()
            print(f"{number}/{len(missing)} {_line(result)}", file=sys.stderr, flush=True)


def _line(result: Result) -> str:
    name = f"{result['source']} {result['name']} {result['seed']} {result['seconds']:.0f} s"
    if "error" in result:
        return f"{name}: failed, {result['error'].strip().splitlines()[-1]}"
    grades = Counter(group["grade"] for group in result["groups"])
    found, known = (sum(counts[i] for counts in result["known"].values()) for i in (0, 1))
    return f"{name}: found {found} of {known}, accused {accused(result)}, groups {dict(grades)}"


def attack(options: argparse.Namespace, code: str) -> None:
    """Let somebody who knows the rules change his pool step by step, once per seed."""
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        while True:
            _, missing = next_attack(read_results(options.results, code), seed)
            if not missing:
                break
            before = len(read_results(options.results, code))
            measure([task(options, code, "attacker", name, seed) for name in missing], options)
            if len(read_results(options.results, code)) == before:
                sys.exit("the attacker's logs cannot be examined")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2, help="seeds per log")
    parser.add_argument("--first-seed", type=int, default=501, help="first seed; development used seeds below 500")
    parser.add_argument("--only", nargs="+", help="sources or names of logs")
    parser.add_argument(
        "--attacker", action="store_true", help="only the attacker, who takes some thirty runs per seed"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the size of all logs")
    parser.add_argument("--workers", type=int, default=2, help="processes, each with one thread")
    parser.add_argument("--memory-mb", type=int, default=1500, help="memory of each process")
    parser.add_argument("--texts", type=Path, help="folder of real prompts; none: all texts are invented")
    parser.add_argument("--independent", type=Path, help="folder of another author's generators")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results" / "validation.jsonl")
    parser.add_argument("--scratch", type=Path, help="folder for logs and cases; those with an accused innocent stay")
    parser.add_argument("--any-code", action="store_true", help="count results of other code too")
    parser.add_argument("--write", type=Path, help="Markdown file to write")
    options = parser.parse_args()
    for folder in ("texts", "independent", "scratch"):
        if getattr(options, folder):
            setattr(options, folder, getattr(options, folder).resolve())
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    code = code_sha256()
    if options.attacker:
        attack(options, code)
    else:
        measure(plan(options, code), options)
    text = document(read_results(options.results, None if options.any_code else code))
    if options.write:
        options.write.write_text(text, encoding="utf-8", newline="\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
