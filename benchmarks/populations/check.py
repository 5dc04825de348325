"""Run the program over logs with campaigns and honest look-alikes and print one line each, worst first.

    python benchmarks/populations/check.py --seed 5 --texts DIR --work DIR [--program distilforensics] [--only slow honest-1]

found: campaign accounts at moderate or better. accused: innocents at moderate or better, strong ones in brackets. weak: innocents
named at weak. operator: accounts of campaigns + innocents listed as one operator without an accusation. Take a new seed each time.
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import generate
import polars as pl

GRADES = {"weak": 1, "moderate": 2, "strong": 3}
MIXES: dict[str, tuple[list[str], list[str]]] = {
    "ordinary": (["none"], []), "slow": (["slow"], []), "chameleon": (["chameleon"], []), "conversations": (["passed_conversations"], []),
    "station": (["station"], []), "graders": (["graders"], []), "small_pools": (["small_pools"], []), "no_text": (["no_text"], []),
    "replaced": (["replaced"], []), "queue": (["queue"], ["--format", "litellm_spend"]), "sharded": (["sharded"], []),
    "mixed": (["mixed"], []), "mixed-spend": (["mixed"], ["--format", "litellm_spend"]), "slow-blind": (["slow"], ["--no-directory"]),
    "honest-1": (["fleet_bare", "vendor_loop", "classroom", "vpn"], []), "honest-2": (["fleet_teams", "vendor_queue", "outage_probes", "vouchers"], []),
    "honest-3": (["integrator", "shared_cache", "hackathon", "carrier_nat", "six_keys"], []),
    "honest-4": (["agency", "vendor_timers", "benchmark_shards", "virtual_cards", "family"], []),
    "honest-5": (["byok_router", "single_flight", "benchmark_whole", "privacy_mail", "support_team"], []),
    "honest-6": (["attempts_gateway", "ci_template", "companion_app", "fleet_bare"], []),
    "honest-7": (["limited_flight", "shared_cache"], []), "honest-7-no-text": (["limited_flight", "shared_cache"], ["--no-text"]),
    "honest-8": (["pair_class", "share_links", "crowd_work", "mentors"], []),
    "honest-9": (["remote_class", "critique_circle", "service_centre"], []),
    "honest-10": (["integrator_pooled", "departments"], []),
    "honest-11": (["backend_flight", "launch_flight", "agents_market", "franchise"], []),
    "honest-12": (["news_wire", "prepaid_packs", "paid_courses", "market_flight"], []),
    "honest-13": (["talking_figures", "key_ring_contest", "greeted_flight", "outfitter"], []),
    "honest-14": (["teachers_key", "employee_keys", "safety_round", "two_readers"], []),
    "honest-15": (["sister_papers", "dispatched_experts", "offered_again"], []),
    **{f"pool-{kind}": ([kind], []) for kind in ("rented_keys", "two_providers", "aged_accounts", "played_users", "trial_chain", "agent_tree")},
    "honest-18": (["digest_cache", "procurement", "follow_the_sun"], []), "honest-19": (["migration", "volunteers", "shared_board"], []),
    "honest-16": (["help_channel"], []), "honest-17": (["research_gateway", "night_desks"], []),
    "honest-20": (["checking_office", "resting_keys"], []),
    "honest-21": (["resold_tenants"], []),
    "honest-no-payer": (["launch_flight", "franchise", "paid_courses", "agents_market"], ["--without", "payment"]),
    "honest-no-mail": (["employee_keys", "two_readers", "departments", "teachers_key"], ["--without", "mail", "tenant"]),
    "honest-no-network": (["backend_flight", "agency", "outfitter", "key_ring_contest"], ["--without", "network", "client"]),
    "honest-spend": (["fleet_bare", "attempts_gateway", "vendor_queue", "support_team"], ["--format", "litellm_spend"]),
    "honest-no-text": (["vendor_loop", "single_flight", "six_keys", "fleet_teams"], ["--no-text"]),
    "both-1": (["queue", "vendor_loop", "outage_probes", "shared_cache"], []), "both-2": (["graders", "support_team", "fleet_bare", "vouchers"], []),
    "both-3": (["station", "byok_router", "companion_app", "vpn"], []), "both-4": (["slow", "classroom", "benchmark_shards", "ci_template"], []),
}  # fmt: skip


def score(case: Path, log: Path) -> dict[str, Counter[str]]:
    """Count accounts per persona: in the log, at each grade or better, and listed as one operator; campaigns carry a star."""
    labels = pl.read_parquet(log / "labels.parquet").rows_by_key("account_id", named=True, unique=True)
    alias: dict[str, set[str]] = {a: {a} for a in labels}
    for name, account, _ in pl.read_parquet(log / "aliases.parquet").select("alias", "account_id", "kind").iter_rows():
        alias.setdefault(name, set()).add(account)
    best: dict[str, int] = {}
    operated: set[str] = set()
    for name, grade in (
        pl.read_parquet(case / "findings" / "accounts.parquet").select("account_id", "grade").iter_rows()
    ):
        for account in alias.get(str(name), ()):
            best[account] = max(best.get(account, 0), GRADES.get((grade or "").lower(), 0))
            if "operator" in (grade or "").lower():
                operated.add(account)
    counts: dict[str, Counter[str]] = {key: Counter() for key in ("all", "weak", "moderate", "strong", "operator")}
    for account, row in labels.items():
        persona = row["persona"] + ("*" if row["truth"] == "campaign" else "")
        counts["all"][persona] += 1
        counts["operator"][persona] += account in operated
        for grade, rank in GRADES.items():
            counts[grade][persona] += best.get(account, 0) >= rank
    return counts


def line(name: str, c: dict[str, Counter[str]], seconds: float) -> tuple[tuple[int, int, float, int], str]:
    """Return the sort key and the line of one log."""

    def total(key: str, campaign: bool) -> int:  # noqa: FBT001
        return sum(n for persona, n in c[key].items() if persona.endswith("*") == campaign)

    wanted, found, accused, strong = (
        total("all", True),
        total("moderate", True),
        total("moderate", False),
        total("strong", False),
    )
    weak = total("weak", False) - accused
    share = found / wanted if wanted else 1.0
    people = {p: f"{c['moderate'][p]}/{n}" for p, n in sorted(c["all"].items()) if p.endswith("*") or c["moderate"][p]}
    people |= {
        f"{p} weak": f"{c['weak'][p]}/{n}" for p, n in sorted(c["all"].items()) if not c["moderate"][p] and c["weak"][p]
    }
    operator = f"{total('operator', True)}+{total('operator', False)}"
    text = f"{name:15} found {f'{found}/{wanted}' if wanted else '-':>9}  accused {accused:3} ({strong}) of {total('all', False)}"
    text += f"  weak {weak:3}  operator {operator:>7}  {seconds:4.0f} s  "
    return (-strong, -accused, share, -weak), text + ", ".join(f"{p} {v}" for p, v in people.items())


def main() -> None:
    """Generate, run and score the mixes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="distilforensics", help="command, for example 'python -m distilforensics'")
    parser.add_argument("--only", nargs="*", default=[*MIXES], metavar="MIX", help=" ".join(MIXES))
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    o = parser.parse_args()
    lines = []
    for name in o.only:
        kinds, options = MIXES[name]
        log, case = o.work / f"{name}-{o.seed}" / "log", o.work / f"{name}-{o.seed}" / "case"
        if not (log / "labels.parquet").exists():
            texts = ["--texts", str(o.texts)] if o.texts else []
            generate.main([*kinds, *options, *texts, "--seed", str(o.seed), "--scale", str(o.scale), "--out", str(log)])
        shutil.rmtree(case, ignore_errors=True)
        begun = time.perf_counter()
        done = subprocess.run(
            [*shlex.split(o.program), "run", str(log / "logs"), "--case", str(case), "--quiet"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1) or not (case / "findings" / "accounts.parquet").exists():
            sys.exit(f"{name}: {done.stdout[-500:]}{done.stderr[-1500:]}")
        lines.append(line(name, score(case, log), time.perf_counter() - begun))
        print(lines[-1][1], flush=True)
    print("\nWorst first:", *(text for _, text in sorted(lines)), sep="\n")


if __name__ == "__main__":
    main()
