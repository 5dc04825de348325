"""Plants campaigns one after the other in copies of a case, runs the stages on them and writes down what was found.

The case itself is read and never written. Results are lines of JSON in the work folder, each with what it depends on, so that
an interrupted measurement goes on where it was and a changed log or program begins anew.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from distilforensics.accuracy.power import statements
from distilforensics.case.layout import write_file
from distilforensics.case.stages import package_sha256, stage_sha256, tables_sha256
from distilforensics.case.tables import read_rows
from distilforensics.core import units
from distilforensics.core.errors import CaseError
from distilforensics.core.finding import Grade
from distilforensics.core.progress import Silent
from distilforensics.pipeline.power.copying import INGESTED, copy_case
from distilforensics.pipeline.power.parameters import DILUTIONS, FOUND_SHARE, PUBLISHED_RATE, SIZES
from distilforensics.pipeline.power.plan import Kind, Plant, Search, n_runs_left, next_plant
from distilforensics.pipeline.power.planting import plant, sizes_for
from distilforensics.pipeline.power.traffic import READS, read_traffic
from distilforensics.pipeline.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.pipeline.power.planting import Planted
    from distilforensics.pipeline.power.traffic import Traffic
    from distilforensics.pipeline.steps import Step

RESULTS = "results.jsonl"
ANALYSIS = tuple(step for step in STEPS if step.name != "report")
"""The stages that decide what is found."""


@dataclass(frozen=True, slots=True)
class PowerOptions:
    """What the examiner chooses about a measurement."""

    sizes: tuple[int, ...] = SIZES
    dilutions: tuple[float, ...] = DILUTIONS
    requests_per_day: tuple[int, ...] = ()
    """Empty: what is ordinary in this log, and the rate of the largest public case."""
    seeds: tuple[int, ...] = (1,)
    is_careful: bool = False
    max_seconds: float = 1800.0


SHORT = PowerOptions(dilutions=(0.0,), requests_per_day=(PUBLISHED_RATE,))
"""Campaigns at the rate of the largest public case that do nothing else: three are planted at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one planted campaign."""

    plant: Plant
    n_exchanges: int
    """The campaign's own exchanges."""
    n_rerouted: int
    n_found: int
    """Planted accounts in campaigns graded moderate or strong."""
    grade: str | None
    """Highest grade of a campaign that holds planted accounts."""
    n_innocents: int
    """Other accounts at moderate or strong that were not there before."""
    seconds: float

    @property
    def is_found(self) -> bool:
        """The campaign would have been found."""
        return self.n_found >= FOUND_SHARE * self.plant.n_accounts

    def row(self) -> dict[str, Any]:
        """Return the row of the table `power`."""
        return {
            **self.plant.as_dict(),
            "exchanges_per_account": round((self.n_exchanges + self.n_rerouted) / self.plant.n_accounts),
            "n_exchanges": self.n_exchanges,
            "n_rerouted": self.n_rerouted,
            "n_found": self.n_found,
            "grade": self.grade,
            "is_found": self.is_found,
            "n_innocents": self.n_innocents,
        }


@dataclass(frozen=True, slots=True)
class Measurement:
    """All outcomes, in order of kind, size and seed."""

    outcomes: tuple[Outcome, ...]
    is_complete: bool
    """Every boundary is known; else time ran out."""
    key: str
    """What the outcomes depend on: log, code, parameters."""
    left_out: tuple[str, ...]
    """Largest campaigns that this log can hold, in words, where larger ones were asked for."""

    @property
    def statements(self) -> list[str]:
        """How small a campaign is found, in sentences."""
        return statements([outcome.row() for outcome in self.outcomes])


def measure(
    case: Case,
    work: Path,
    choices: PowerOptions,
    limits: Limits,
    progress: Progress,
    *,
    steps: Sequence[Step] = ANALYSIS,
) -> Measurement:
    """Return how small a planted campaign is found in a copy of the case's log.

    Raises:
        CaseError: the case is not finished or was analysed with another version.
    """
    require_current(case, steps)
    work.mkdir(parents=True, exist_ok=True)
    key = measurement_key(case)
    try:
        return _measure_copies(
            copy_case(case, work / "log", (*INGESTED, *READS)), case, work, key, choices, limits, progress, steps
        )
    finally:
        for name in ("log", "planted"):
            shutil.rmtree(work / name, ignore_errors=True)


def _measure_copies(
    base: Case,
    case: Case,
    work: Path,
    key: str,
    choices: PowerOptions,
    limits: Limits,
    progress: Progress,
    steps: Sequence[Step],
) -> Measurement:
    start = time.perf_counter()
    traffic = read_traffic(base, limits)
    searches, left_out = _searches(traffic, choices)
    wanted = {search.kind for search in searches}
    known = _stored(case, key) | _known(work / RESULTS, key)
    outcomes = {plant: known[plant] for plant in known if plant.kind in wanted and plant.seed in choices.seeds}
    before = _accused(base)
    n_left = n_runs_left(searches, choices.seeds, _found(outcomes))
    n_new = 0
    if searches:
        progress.begin("power", "Planting campaigns in copies of this log", total_steps=n_left or None)
    while (chosen := next_plant(searches, choices.seeds, _found(outcomes))) is not None:
        usual = fmean(outcome.seconds for outcome in outcomes.values()) if outcomes else 0.0
        if time.perf_counter() - start + usual > choices.max_seconds:
            break
        outcomes[chosen] = _try(base, work / "planted", traffic, chosen, before, limits, steps)
        _append(work / RESULTS, key, outcomes[chosen])
        n_new += 1
        still = n_runs_left(searches, choices.seeds, _found(outcomes))
        progress.advance(steps=max(0, n_left - still), item=in_words(outcomes[chosen]))
        n_left = still
    if searches:
        progress.end(f"{n_new} campaigns planted, {len(outcomes) - n_new} known from before")
    return Measurement(
        outcomes=tuple(outcomes[plant] for plant in sorted(outcomes)),
        is_complete=next_plant(searches, choices.seeds, _found(outcomes)) is None,
        key=key,
        left_out=left_out,
    )


def in_words(outcome: Outcome) -> str:
    """Return an outcome in a few words."""
    verdict = "found" if outcome.is_found else "not found"
    mixed = f", {units.share(outcome.plant.kind.dilution, 1)} other traffic" if outcome.plant.kind.dilution else ""
    return f"{outcome.plant.n_accounts} accounts, {outcome.plant.kind.requests_per_day} a day{mixed}: {verdict}"


def require_current(case: Case, steps: Sequence[Step]) -> None:
    """Refuse a case whose findings are not those of this version: its power would be that of another program.

    Raises:
        CaseError: a stage is missing or another version ran it.
    """
    for step in steps:
        path = case.stages / f"{step.name}.json"
        record = json.loads(path.read_bytes()) if path.is_file() else {}
        if record.get("code") != stage_sha256(step.name):
            what = "was run by another version" if record else "has not been run"
            raise CaseError(
                f"stage {step.name} {what}",
                where=str(case.root),
                hint="the same `distilforensics run LOGS... --case DIR` again brings the case up to this version",
            )


def measurement_key(case: Case) -> str:
    """Return a hash of what outcomes depend on: the ingested log, the code of the stages, what is planted."""
    code = {step.name: stage_sha256(step.name) for step in ANALYSIS}
    depends = {
        "log": tables_sha256(case, ("exchanges", "duplicates", "accounts_directory", "account_mailboxes")),
        "code": code | {name: package_sha256(f"distilforensics.{name}") for name in ("pipeline.power", "simulate")},
    }
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()


def _searches(traffic: Traffic, choices: PowerOptions) -> tuple[tuple[Search, ...], tuple[str, ...]]:
    rates = choices.requests_per_day or (traffic.requests_per_day, PUBLISHED_RATE)
    searches, left_out = [], []
    for rate in sorted(set(rates)):
        for dilution in sorted(set(choices.dilutions)):
            kind = Kind(rate, dilution, choices.is_careful)
            sizes = sizes_for(traffic, kind, choices.sizes)
            if sizes:
                searches.append(Search(kind, sizes))
            if set(choices.sizes) - set(sizes):
                mixed = f" with {units.share(dilution, 1)} other traffic" if dilution else ""
                left_out.append(f"{sizes[-1] if sizes else 0} accounts at {rate} requests a day{mixed}")
    return tuple(searches), tuple(left_out)


def _try(
    base: Case,
    folder: Path,
    traffic: Traffic,
    chosen: Plant,
    before: frozenset[str],
    limits: Limits,
    steps: Sequence[Step],
) -> Outcome:
    start = time.perf_counter()
    target = copy_case(base, folder, INGESTED)
    planted = plant(base, target, traffic, chosen, limits)
    for step in steps:
        step.work(target, limits, Silent())
    outcome = _outcome(target, chosen, planted, before, time.perf_counter() - start)
    shutil.rmtree(folder)
    return outcome


def _outcome(target: Case, chosen: Plant, planted: Planted, before: frozenset[str], seconds: float) -> Outcome:
    rows = read_rows(target, "accounts", ["account_id", "grade"])
    grades = [Grade(row["grade"]) for row in rows if row["account_id"] in planted.account_ids and row["grade"]]
    accused = _accused(target)
    return Outcome(
        plant=chosen,
        n_exchanges=planted.n_harvest,
        n_rerouted=planted.n_rerouted,
        n_found=len(accused & planted.account_ids),
        grade=max(grades, key=lambda grade: grade.rank).value if grades else None,
        n_innocents=len(accused - planted.account_ids - before),
        seconds=seconds,
    )


def _accused(case: Case) -> frozenset[str]:
    """Return the accounts in campaigns graded moderate or strong."""
    rows = read_rows(case, "accounts", ["account_id", "grade"])
    return frozenset(row["account_id"] for row in rows if row["grade"] in {Grade.MODERATE, Grade.STRONG})


def _found(outcomes: Mapping[Plant, Outcome]) -> dict[Plant, bool]:
    return {plant: outcome.is_found for plant, outcome in outcomes.items()}


def _append(path: Path, key: str, outcome: Outcome) -> None:
    """Add a line; the file is rewritten as a whole, so that an interruption leaves no half line."""
    line = json.dumps({"key": key, **outcome.row(), "seconds": round(outcome.seconds, 3)}, sort_keys=True)
    earlier = path.read_bytes() if path.is_file() else b""
    write_file(path, earlier + f"{line}\n".encode())


def _known(path: Path, key: str) -> dict[Plant, Outcome]:
    outcomes = (_read(line) for line in _lines(path) if line.get("key") == key)
    return {outcome.plant: outcome for outcome in outcomes}


def _stored(case: Case, key: str) -> dict[Plant, Outcome]:
    """Return the outcomes that the case itself holds, if they are still good."""
    record = case.stages / "power.json"
    if not case.table_files("power") or json.loads(record.read_bytes())["inputs"] != {"measurement": key}:
        return {}
    outcomes = (_read({**row, "seconds": 0.0}) for row in read_rows(case, "power"))
    return {outcome.plant: outcome for outcome in outcomes}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_file():
        yield from (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def _read(line: Mapping[str, Any]) -> Outcome:
    kind = Kind(line["requests_per_day"], line["dilution"], line["is_careful"])
    return Outcome(
        plant=Plant(kind, line["n_accounts"], line["seed"]),
        n_exchanges=line["n_exchanges"],
        n_rerouted=line["n_rerouted"],
        n_found=line["n_found"],
        grade=line["grade"],
        n_innocents=line["n_innocents"],
        seconds=line["seconds"],
    )
