"""Pools and honest groups that a log cannot tell apart, in figures: what docs/indistinguishable.md says of each.

    python benchmarks/side_by_side.py --seed 21 --texts DIR --independent DIR --work FOLDER

Writes a log per kind, runs the program on it and prints a line per kind: accounts, calls per account, failed calls, how many went on at another
account and how fast, payers, tenants, and how the group is graded or listed. `--independent` is a folder with generate.py and groups.py of
another author; without it the kinds of benchmarks/populations are shown alone.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median

import polars as pl

from distilforensics.assessment.log import load_log
from distilforensics.assessment.tie_weights import ties_inside
from distilforensics.case.layout import open_case

GENERATE = Path(__file__).parent / "populations" / "generate.py"
POPULATIONS = (
    "small_pools", "single_flight", "slow:60:retry=minutes,cards=bulk,exits=own", "remote_class",
    "queue:43:exits=few,cards=bulk,retry=now,clients=one", "backend_flight", "graders:33:clock=office,cards=bulk,retry=minutes", "offered_again",
    "fleet_bare", "vendor_loop", "rented_keys:40:retry=minutes", "volunteers", "agent_tree:40:cards=bulk,retry=now", "shared_board", "aged_accounts",
    "outfitter --without network client",
)  # fmt: skip
INDEPENDENT = ("pool:one_org", "pool:timer", "pool:sessions", "pool:lognorm", "polling_vendor")


def log_of(kind: str, folder: Path, chosen: argparse.Namespace) -> Path:
    """Write the log of a kind and return its folder."""
    log = folder / "log"
    if kind in POPULATIONS:
        texts = ["--texts", str(chosen.texts)] if chosen.texts else []
        command = [str(GENERATE), *kind.split(), "--seed", str(chosen.seed), "--days", "14", "--scale", "0.2", *texts]
        subprocess.run([sys.executable, *command, "--out", str(log)], check=True, capture_output=True)
        return log
    command = ["generate.py", "hard_negatives", "--seed", str(chosen.seed), "--scale", "0.12", "--out", str(log)]
    subprocess.run([sys.executable, *command], cwd=chosen.independent, check=True, capture_output=True)
    command = ["groups.py", str(log), kind, "--seed", str(chosen.seed)]
    subprocess.run([sys.executable, *command], cwd=chosen.independent, check=True, capture_output=True)
    return log


def line_of(kind: str, log_folder: Path, case_folder: Path) -> str:
    """Return the figures of the accounts of a kind."""
    labels = pl.read_parquet(log_folder / "labels.parquet")
    wanted = set(
        labels.filter(pl.col("persona") == (kind.split()[0].partition(":")[0] if kind in POPULATIONS else kind))[
            "account_id"
        ]
    )
    aliases = pl.read_parquet(log_folder / "aliases.parquet").select("alias", "account_id").iter_rows()
    wanted |= {alias for alias, account in aliases if account in wanted}
    case = open_case(case_folder)
    log = load_log(case)
    members = frozenset(wanted & log.accounts.keys())
    rows = [log.accounts[account] for account in sorted(members)]
    calls = sorted(row.n_exchanges for row in rows)
    ties = [tie for tie in ties_inside(log, members) if tie.kind == "handover"]
    delays = [tie.delay_us / 1e6 for tie in ties]
    grades = Counter(
        row["grade"] or "not named"
        for row in pl.read_parquet(case_folder / "findings" / "accounts.parquet").iter_rows(named=True)
        if row["account_id"] in members
    )
    parts = [
        f"{len(rows)} accounts", f"{calls[0]} to {calls[-1]} calls each, median {median(calls):g}",
        f"{sum(row.n_failed for row in rows)} failed", f"{len({tie.work for tie in ties})} handed over",
        *([f"median delay {median(delays):.1f} s, {sum(d <= 20 for d in delays) / len(delays):.0%} within 20 s"] if delays else []),
        f"{len({row.payment_fingerprint for row in rows} - {None})} payers", f"{len({row.tenant_id for row in rows} - {None})} tenants",
        ", ".join(f"{n} {grade}" for grade, n in sorted(grades.items())),
    ]  # fmt: skip
    return f"{kind}: {'; '.join(parts)}"


def main() -> None:
    """Write, run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--independent", type=Path)
    parser.add_argument("--only", nargs="+", metavar="KIND", help="beginnings of kinds; all if omitted")
    parser.add_argument("--work", type=Path, required=True)
    chosen = parser.parse_args()
    for kind in (*POPULATIONS, *(INDEPENDENT if chosen.independent else ())):
        if chosen.only and not kind.startswith(tuple(chosen.only)):
            continue
        folder = chosen.work / re.sub(r"[:= ]", "-", kind)
        folder.mkdir(parents=True)
        log = log_of(kind, folder, chosen)
        command = ["-m", "distilforensics", "run", str(log / "logs"), "--case", str(folder / "case"), "--quiet"]
        done = subprocess.run([sys.executable, *command], check=False, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            sys.exit(f"{kind}: {done.stderr[-1000:]}")
        print(line_of(kind, log, folder / "case"), flush=True)


if __name__ == "__main__":
    main()
