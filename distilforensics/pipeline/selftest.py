"""Known answers on this machine: does this installation still do what it is said to do?

For an examiner who has to show that the tools of a laboratory work before they are used: every check has an answer that is
known beforehand, and two of them must fail on purpose.
"""

from __future__ import annotations

import multiprocessing
import re
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from distilforensics.core.errors import DistilForensicsError
from distilforensics.core.progress import Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

_BOUND = re.compile(r"(>=|<|==)\s*([0-9.]+)")
_FAULTS = (
    DistilForensicsError, duckdb.Error, pa.ArrowException, ArithmeticError, AssertionError, AttributeError, ImportError,
    LookupError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What a broken installation may raise."""
_MAX_WORKERS = 4
"""Processes for the heuristic cases; each takes about 200 MB."""
_SCENARIO = {"scenario": "pool", "seed": 7, "scale": 0.3, "days": 3, "formats": ["litellm_spendlogs"]}
"""A small log with one pool of accounts, which is known to be found whole and alone."""


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """One known answer and what came out."""

    name: str
    expected: str
    found: str
    is_passed: bool
    seconds: float


def run_selftest(limits: Limits, progress: Progress) -> list[KnownAnswer]:
    """Return all checks in order; nothing but a temporary folder is written."""
    checks: list[KnownAnswer] = []
    with tempfile.TemporaryDirectory(prefix="distilforensics-selftest-") as folder:
        whole = _checks(Path(folder), limits)
        progress.begin("selftest", "Comparing with known answers", total_steps=len(whole))
        for name, expected, work in whole:
            start = time.perf_counter()
            try:
                found, is_passed = work()
            except _FAULTS as e:  # a check that breaks is a check that fails, and the others are still of use
                found, is_passed = f"{type(e).__name__}: {e}", False
            checks.append(KnownAnswer(name, expected, found, is_passed, time.perf_counter() - start))
            progress.advance(steps=1, item=name)
    n_failed = sum(not check.is_passed for check in checks)
    progress.end("all known answers came out" if not n_failed else f"{n_failed} known answers did not come out")
    return checks


def _checks(folder: Path, limits: Limits) -> list[tuple[str, str, Callable[[], tuple[str, bool]]]]:
    exam = _Examination(folder, limits)
    return [
        ("engine versions", "within the stated bounds", _versions),
        ("heuristic files", "no issue, hashes as locked", _catalogue),
        ("heuristic cases", "all behave as stated", lambda: _heuristic_cases(min(limits.threads, _MAX_WORKERS))),
        ("simulated log", "read whole, balance closes", exam.read_whole),
        ("planted pool", "found at moderate or better, all accounts", exam.pool_found),
        ("other accounts", "none accused", exam.nobody_else),
        ("one thread", "same bytes", exam.same_bytes),
        ("sealed case", "intact", exam.intact),
        ("damaged case", "damage is noticed", exam.damage_noticed),
    ]


def _versions() -> tuple[str, bool]:
    wrong, n_checked = [], 0
    for line in metadata.requires("distilforensics") or ():
        requirement, _, marker = line.partition(";")
        name = re.split(r"[<>=!~ \[]", requirement, maxsplit=1)[0]
        if "extra" in marker:
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong += [] if marker else [f"{name} is missing"]
            continue
        n_checked += 1
        if not all(_holds(version, sign, bound) for sign, bound in _BOUND.findall(requirement)):
            wrong.append(f"{name} {version}, expected {requirement}")
    engines = ", ".join(f"{name} {metadata.version(name)}" for name in ("duckdb", "pyarrow"))
    return "; ".join(wrong) or f"{n_checked} libraries; {engines}", not wrong


def _holds(version: str, sign: str, bound: str) -> bool:
    have, want = (tuple(int(part) for part in re.findall(r"\d+", text)) for text in (version, bound))
    width = max(len(have), len(want))
    have, want = (numbers + (0,) * (width - len(numbers)) for numbers in (have, want))
    return {">=": have >= want, "<": have < want, "==": have == want}[sign]


def _catalogue() -> tuple[str, bool]:
    from distilforensics.analysis.catalogue.lint import lint_catalog
    from distilforensics.analysis.catalogue.loader import load_catalog

    issues = lint_catalog(())
    return f"{len(load_catalog())} heuristics, {len(issues)} issues", not issues


def _heuristic_cases(n_workers: int) -> tuple[str, bool]:
    from distilforensics.analysis.catalogue.testing import all_cases, run_case_by_id

    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_workers, mp_context=spawning) as pool:
        results = list(pool.map(run_case_by_id, all_cases(), chunksize=8))
    failed = [f"{result.heuristic_id}: {result.name}" for result in results if not result.is_passed]
    return "; ".join(failed[:3]) or f"{len(results)} of {len(results)}", not failed


class _Examination:
    """One small log, examined with several threads and analysed again with one."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._roles: dict[str, str] = {}

    @property
    def _case(self) -> Case:
        from distilforensics.case.layout import open_case

        return open_case(self._folder / "case")

    def read_whole(self) -> tuple[str, bool]:
        """Simulate the log and examine it."""
        from distilforensics.case.engines.duckdb import Limits
        from distilforensics.case.tables import read_rows
        from distilforensics.evaluation.labels import read_labels
        from distilforensics.ingest.options import IngestOptions
        from distilforensics.pipeline.run import run_case
        from distilforensics.simulate import simulate

        settings = dict(_SCENARIO)
        written = simulate(str(settings.pop("scenario")), self._folder / "simulated", **settings)  # type: ignore[arg-type]
        limits = Limits(self._limits.memory_bytes, max(2, self._limits.threads))
        run_case([str(self._folder / "simulated" / "logs")], self._folder / "case", IngestOptions(), limits, Silent())
        labels = read_labels(self._folder / "simulated" / "labels.csv")
        pairs = labels.select("account_id", "campaign_id").rows()
        self._roles = {name: "other" if campaign is None else "pool" for name, campaign in pairs}
        rows = [row for row in read_rows(self._case, "sources") if row["role"] == "log"]
        n_read, n_kept = (sum(row[key] for row in rows) for key in ("n_read", "n_kept"))
        return f"{n_kept:,} of {written.n_exchanges:,} records", n_read == n_kept == written.n_exchanges

    def _graded(self, role: str) -> tuple[int, int]:
        """Return how many accounts of a role are at moderate or strong, and how many there are."""
        from distilforensics.case.tables import read_rows

        rows = read_rows(self._case, "accounts", ["account_id", "grade"])
        own = [row for row in rows if self._roles.get(row["account_id"]) == role]
        return sum(row["grade"] in {"moderate", "strong"} for row in own), len(own)

    def pool_found(self) -> tuple[str, bool]:
        """Compare the campaign with the labels."""
        n_found, n_all = self._graded("pool")
        return f"{n_found} of {n_all} accounts", n_found == n_all > 0

    def nobody_else(self) -> tuple[str, bool]:
        """Count the innocents that are accused."""
        n_accused, n_all = self._graded("other")
        return f"{n_accused} of {n_all} accounts", n_accused == 0 < n_all

    def same_bytes(self) -> tuple[str, bool]:
        """Analyse the log again with one thread and compare the tables and findings."""
        from distilforensics.case.engines.duckdb import Limits
        from distilforensics.pipeline.power.copying import INGESTED, copy_case
        from distilforensics.pipeline.power.measuring import ANALYSIS

        again = copy_case(self._case, self._folder / "again", INGESTED)
        for step in ANALYSIS:
            step.work(again, Limits(self._limits.memory_bytes, 1), Silent())
        first, second = (dict(_hashes(case)) for case in (self._case, again))
        differing = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
        return "; ".join(differing[:3]) or f"{len(first)} files", not differing

    def intact(self) -> tuple[str, bool]:
        """Verify the sealed case."""
        from distilforensics.case.verification import verify

        result = verify(self._case)
        problems = [str(problem) for problem in result.problems]
        return "; ".join(problems[:2]) or f"{result.n_files} files hashed", not problems

    def damage_noticed(self) -> tuple[str, bool]:
        """Change one byte of a table and verify again."""
        from distilforensics.case.verification import verify

        path = self._case.table_path("accounts")
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.chmod(0o644)
        path.write_bytes(content)
        problems = verify(self._case).problems
        named = [problem for problem in problems if path.name in str(problem)]
        return f"{len(problems)} problems named", bool(named)


def _hashes(case: Case) -> Iterator[tuple[str, str]]:
    from distilforensics.case.stages import file_sha256

    for folder in (case.data, case.findings):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield path.relative_to(case.root).as_posix(), file_sha256(path)
