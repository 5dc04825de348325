"""Nights of a scheduled examination with everything that goes wrong, beside the same nights undisturbed.

    python benchmarks/soak.py --nights 30 --folder FOLDER

Every night brings a log. In the disturbed series the examination is killed at a random moment, meets a full disk, reads a log that is still
growing, or misses one that has vanished and comes back; what it left is for the next night, and only the last one is undisturbed.
Printed at the end, and exit code 1 unless all of it holds: both cases verify, hold the same records and the same campaigns; the changes that
were told lead from night to night to the campaigns of the end, so that none was dropped on the way and none told twice unless it was said to be
repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from distilforensics.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DISTURBANCES = ("kill", "kill", "full disk", "growing log", "vanished log", "none")
CONFIG = """case = "case"
inputs = ["logs/*.jsonl", "logs/*.csv"]
reports = "reports"
fail_on = "weak"
[limits]
threads = 1
memory = "1GB"
"""
LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
n = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (n, n))
from distilforensics.cli.diagnostics import run_cli
sys.exit(run_cli(sys.argv[1:]))
"""
"""Runs the command with a limit on the size of every file: as a full disk, it fails in the middle of a write."""

TOLD = ("new", "grown", "changed", "ended", "unchanged")
REFUSES = frozenset({2, 3, 74})
"""Exit codes of a night that could not do its work and says so: no file, a refused log, a full disk."""


class Series:
    """One case with its folder of logs, and all that its runs have told."""

    def __init__(self, folder: Path) -> None:
        """Write the configuration; the folder has `logs` already."""
        self.folder = folder
        (folder / "audit.toml").write_text(CONFIG, encoding="utf-8")
        self.reports: list[dict[str, Any]] = []
        self.codes: Counter[str] = Counter()
        self.seconds = 10.0

    def examine(self, *, kill_after: float | None = None, max_bytes: int | None = None) -> None:
        """Run the examination once, perhaps killed after some time or with a limit on the size of every file."""
        start_with = ["-m", "distilforensics"] if max_bytes is None else ["-c", LIMITED, str(max_bytes)]
        command = [sys.executable, *start_with, "audit", str(self.folder / "audit.toml"), "--json", "-q"]
        start = time.monotonic()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            try:
                out, err = process.communicate(timeout=kill_after)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
        if kill_after is None and max_bytes is None:
            self.seconds = time.monotonic() - start
        self.codes[str(process.returncode)] += 1
        if process.returncode > 1 and process.returncode not in REFUSES:
            raise SystemExit(f"exit code {process.returncode}:\n{err}")
        if "Traceback" in err or process.returncode == 70:
            raise SystemExit(f"internal error:\n{err}")
        self.reports += [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return sorted rows of a query over the tables of the case, with `{case}` for its folder."""
        return sorted(duckdb.connect().execute(query.format(case=self.folder / "case")).fetchall(), key=repr)

    def records(self) -> list[tuple[object, ...]]:
        """Return the records that count, by the hash of their bytes."""
        return self.rows(
            "select raw_sha256 from read_parquet('{case}/data/exchanges/*.parquet') as e "
            "anti join read_parquet('{case}/data/duplicates.parquet') using (record_id)"
        )

    def campaigns(self) -> list[tuple[object, ...]]:
        """Return the campaigns with grade, sizes and accounts."""
        return self.rows(
            "select c.campaign_id, c.grade, c.n_accounts, c.n_exchanges, list(a.account_id order by a.account_id) "
            "from read_parquet('{case}/findings/campaigns.parquet') as c "
            "left join read_parquet('{case}/findings/accounts.parquet') as a using (campaign_id) group by all"
        )

    def told(self) -> tuple[set[Campaign], list[str]]:
        """Return the campaigns that follow from what was told, and where what was told contradicts itself, see `follow`."""
        return follow(self.reports)

    def is_intact(self) -> bool:
        """Verify the case."""
        command = [sys.executable, "-m", "distilforensics", "verify", str(self.folder / "case"), "-q"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


Campaign = tuple[str, int, int]
"""Grade, accounts and exchanges."""


def follow(reports: Iterable[Mapping[str, Any]]) -> tuple[set[Campaign], list[str]]:
    """Follow what was told from night to night; return the campaigns of the end and every contradiction.

    A report tells what has become of the campaigns since an earlier one: the last one, or, if it says that it repeats, any before it. A campaign
    that is told to have grown or to be as it was must have been told before as the report says it was, one that is new must not, and none may
    vanish without having ended. An alarm that was dropped on some night is therefore missed on the next one.
    """
    states: list[dict[str, Campaign]] = [{}]
    contradictions: list[str] = []
    for number, report in enumerate(reports, 1):
        bases = reversed(states) if report["is_repeated"] else states[-1:]
        found = [_against(report, base) for base in bases]
        contradictions += [f"report {number}: {text}" for text in min(found, key=len)]
        states.append(
            {e["campaign_id"]: _campaign(e) for change in TOLD if change != "ended" for e in report.get(change, [])}
        )
    return set(states[-1].values()), contradictions


def _campaign(entry: Mapping[str, Any]) -> Campaign:
    return entry["grade"], entry["n_accounts"], entry["n_exchanges"]


def _against(report: Mapping[str, Any], base: Mapping[str, Campaign]) -> list[str]:
    """Return what a report says that does not follow from the campaigns on which it builds."""
    left = dict(base)
    found = []
    for change in TOLD:
        for entry in report.get(change, []):
            before = entry["campaign_id_before"]
            if change == "new":
                found += [f"{entry['campaign_id']} is new and names an earlier one"] if before else []
                continue
            known = left.pop(before, None)
            grade, n_accounts, n_exchanges = _campaign(entry)
            was = (
                entry["grade_before"],
                n_accounts - entry["n_accounts_added"] + entry["n_accounts_removed"],
                n_exchanges - entry["n_exchanges_added"],
            )
            if change == "ended":
                was = (grade, n_accounts, n_exchanges)
            if known is None:
                found.append(f"{before} is {change} and was never told")
            elif known != was:
                found.append(f"{before} is {change} and was told as {known}, now said to have been {was}")
    return found + [f"{name} is no longer told and has not ended" for name in left]


def write_nights(
    folder: Path, nights: int, scale: float, seed: int, scenario: str = "pool", days: int | None = None
) -> list[Path]:
    """Write one log per night and return them in order: equal parts of a simulated log in order of time."""
    simulate(scenario, folder / "all", seed=seed, formats=("litellm_spendlogs",), scale=scale, days=days)
    lines = [
        line
        for path in sorted((folder / "all" / "logs").rglob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    lines.sort(key=lambda line: str(json.loads(line)["startTime"]))
    accounts = (folder / "all" / "logs" / "accounts.csv").read_bytes()
    shutil.rmtree(folder / "all")
    (folder / "nightly").mkdir()
    for name in ("calm", "disturbed"):
        (folder / name / "logs").mkdir(parents=True)
        (folder / name / "logs" / "accounts.csv").write_bytes(accounts)
    paths = [folder / "nightly" / f"{night:03d}.jsonl" for night in range(nights)]
    for night, path in enumerate(paths):
        part = lines[len(lines) * night // nights : len(lines) * (night + 1) // nights]
        path.write_text("\n".join(part) + "\n", encoding="utf-8")
    return paths


def calm(series: Series, logs: list[Path]) -> None:
    """Examine every night."""
    for log in logs:
        shutil.copy(log, series.folder / "logs")
        series.examine()


def disturbed(series: Series, logs: list[Path], rng: random.Random) -> Counter[str]:
    """Examine every night while something goes wrong; return how often which."""
    counts: Counter[str] = Counter()
    vanished: list[Path] = []
    for number, log in enumerate(logs):
        there = series.folder / "logs" / log.name
        for name in [*vanished]:
            shutil.copy(name, series.folder / "logs")
            vanished.remove(name)
        shutil.copy(log, there)
        if number == len(logs) - 1:
            break
        kind = rng.choice(DISTURBANCES) if number else "none"
        counts[kind] += 1
        if kind == "kill":
            series.examine(kill_after=rng.uniform(0.05, 1) * series.seconds)
        elif kind == "full disk":
            series.examine(max_bytes=int(10 ** rng.uniform(2, 5.5)))
        elif kind == "growing log":
            content = log.read_bytes()
            there.write_bytes(content[: int(len(content) * rng.uniform(0.2, 0.8))])  # torn in the middle of a line
            series.examine()
            there.write_bytes(content)
        elif kind == "vanished log":
            there.unlink()
            vanished.append(log)
            series.examine()
        else:
            series.examine()
        print(f"night {number + 1} of {len(logs)}: {kind}", file=sys.stderr, flush=True)
    series.examine()
    series.examine()  # what the last one left, such as changes that were not delivered
    return counts


def main() -> int:
    """Run both series and print what holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--scale", type=float, default=0.7)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True)
    logs = write_nights(chosen.folder, chosen.nights, chosen.scale, chosen.seed)
    one, two = Series(chosen.folder / "calm"), Series(chosen.folder / "disturbed")
    with ThreadPoolExecutor(2) as both:
        waiting = both.submit(calm, one, logs)
        counts = disturbed(two, logs, random.Random(chosen.seed))
        waiting.result()
    told, contradictions = two.told()
    quarantined = two.rows("select reason, count(*) from read_parquet('{case}/data/quarantine.parquet') group by 1")
    holds = {
        "both cases are intact": one.is_intact() and two.is_intact(),
        "the same records": one.records() == two.records() and len(one.records()) > 0,
        "the same campaigns, and there are some": one.campaigns() == two.campaigns() != [],
        "no alarm lost": told == {(row[1], row[2], row[3]) for row in two.campaigns()},
        "no alarm dropped on the way, none told twice unsaid": not contradictions,
    }
    print(f"nights {len(logs)}, records {len(one.records())}, campaigns {len(one.campaigns())}")
    print("disturbances: " + ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())))
    print("exit codes: " + ", ".join(f"{n} of {code}" for code, n in sorted(two.codes.items())))
    print(f"quarantined in the disturbed series: {quarantined}")
    for text in contradictions:
        print(text)
    for sentence, is_true in holds.items():
        print(f"{'yes' if is_true else 'NO ':4}{sentence}")
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
