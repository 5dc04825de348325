"""How often groups of two providers match: those of one pool, which should, and those of unrelated pools, which should not.

    python benchmarks/matching.py --folder FOLDER --seeds 1,2,3 [--scale 0.5] [--unrelated CASE ...]

For every seed and scenario one service is simulated and shared out to two providers: half of the pool's accounts and half of the customers to
each, no account and no customer to both, other payment methods at the second. Groups of different seeds have nothing to do with each other,
nor have those of the given cases, which come from other generators; what their names have before the first dash is the scenario.
Pools of one scenario may use the same frame and program by design, and are counted apart. Intervals are exact (95 %); pairs of groups that
share a case are not independent of each other, so pairs of cases are counted as well.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import itertools
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from distilforensics.accuracy.proportion import Proportion
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows
from distilforensics.pipeline.matching.comparing import compare, sightings
from distilforensics.pipeline.matching.marks import Group, Key, accounts_with, groups_of

SCENARIOS = (
    "pool_round_robin",
    "pool_random",
    "pool_sticky",
    "heavy_chaff",
    "relay",
    "cleaner",
    "low_and_slow",
    "evasive",
)
LIMITS = Limits(2_000_000_000, 1)


def program(*arguments: str) -> None:
    """Run the program."""
    subprocess.run([sys.executable, "-m", "distilforensics", *arguments], check=True, stdout=subprocess.DEVNULL)


def side(name: str) -> int:
    """Return 0 or 1, by chance of the hash."""
    return hashlib.sha256(name.encode()).digest()[0] % 2


def share_out(service: Path, providers: list[Path]) -> None:
    """Write the logs of one service as those of two providers; accounts of one tenant stay together, those of the pool do not."""
    with (service / "labels.csv").open(newline="") as stream:
        pool = {row["account_id"] for row in csv.DictReader(stream) if row["campaign_id"]}
    place: dict[str, int] = {}
    lines: tuple[list[str], list[str]] = ([], [])
    for line in (service / "logs" / "litellm" / "LiteLLM_SpendLogs.jsonl").read_text().splitlines():
        call = json.loads(line)
        account = call["user"]
        place.setdefault(account, side(account if account in pool or not call["team_id"] else call["team_id"]))
        lines[place[account]].append(line)
    with (service / "logs" / "accounts.csv").open(newline="") as stream:
        accounts = list(csv.DictReader(stream))
    for number, folder in enumerate(providers):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "calls.jsonl").write_text("\n".join(lines[number]) + "\n")
        with (folder / "accounts.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, accounts[0].keys())
            writer.writeheader()
            for row in accounts:
                if place.get(row["account_id"]) == number:
                    writer.writerow(row | ({"payment_fingerprint": row["payment_fingerprint"][::-1]} if number else {}))


def two_providers(folder: Path, scenario: str, seed: int, scale: float = 1.0) -> list[Path]:
    """Return the cases of one service at two providers, made unless they are there."""
    cases = [folder / f"{scenario}-{seed}-{name}" for name in "ab"]
    if not all((case / "report" / "report.html").exists() for case in cases):
        service = folder / f"{scenario}-{seed}-service"
        sized = ["--seed", str(seed), "--scale", str(scale)]
        program("simulate", scenario, "--out", str(service), *sized, "--formats", "litellm_spendlogs", "-q", "--force")
        logs = [case.with_suffix(".logs") for case in cases]
        share_out(service, logs)
        for case, log in zip(cases, logs, strict=True):
            program("run", str(log), "--case", str(case), "--threads", "1", "-q")
    return cases


def pool_groups(case: Path) -> set[str]:
    """Return the groups of a case most of whose accounts are the pool's."""
    pool = pool_of(case)
    n: Counter[str] = Counter()
    for row in read_rows(open_case(case), "accounts", ["account_id", "campaign_id", "grade", "reason_not_in_campaign"]):
        name = row["campaign_id"] or (row["grade"] and str(row["reason_not_in_campaign"]).partition(":")[0])
        if name:
            n[name] += 1 if row["account_id"] in pool else -1
    return {name for name, more in n.items() if more > 0}


def count(one: list[Group], other: list[Group], n: Counter[str], names: str) -> None:
    """Count groups that have nothing to do with each other, by what is told of them."""
    told = compare(one, other)
    n["groups"] += len(one) * len(other)
    n["cases"] += bool(one and other)
    n["false groups"] += sum(pair.is_match for pair in told)
    n["false cases"] += any(pair.is_match for pair in told)
    n["resembling"] += sum(not pair.is_match for pair in told)
    for pair in told:
        kinds = ", ".join(f"{common.kind} {common.bits}" for common in pair.common)
        print(f"  {names}: {'MATCHED' if pair.is_match else 'one kind in common'}: {kinds}", flush=True)


def sighted(groups: list[Group], case: Path, key: Key) -> tuple[set[str], int]:
    """Return the accounts of a case that hold marks of groups of another one, and the number of its accounts."""
    wanted: dict[str, list[str]] = {}
    for group in groups:
        for kind, values in group.marks.items():
            wanted.setdefault(kind, []).extend(values)
    holders, n_accounts = accounts_with(open_case(case), key, wanted, LIMITS)
    return {sighting.account_id for sighting in sightings(groups, holders, n_accounts)}, n_accounts


def pool_of(case: Path) -> set[str]:
    """Return the accounts of the simulated pool."""
    labels = case.with_name(f"{case.name[:-2]}-service") / "labels.csv"
    with labels.open(newline="") as stream:
        return {row["account_id"] for row in csv.DictReader(stream) if row["campaign_id"]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--unrelated", type=Path, nargs="*", default=[], metavar="CASE")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    secret = chosen.folder / "key"
    secret.write_text(hashlib.sha256(b"benchmark").hexdigest())
    key = Key(secret)
    found: Counter[str] = Counter()
    unrelated: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    services: list[tuple[str, list[Path]]] = []
    for scenario, seed in itertools.product(chosen.scenarios.split(","), map(int, chosen.seeds.split(","))):
        services.append((scenario, two_providers(chosen.folder, scenario, seed, chosen.scale)))
    services += [(case.name.partition("-")[0], [case]) for case in chosen.unrelated]
    groups = {case: groups_of(open_case(case), key, LIMITS) for _, cases in services for case in cases}
    for _, cases in services:
        if len(cases) > 1:
            own_service(cases, groups, key, found, unrelated[False])
    for (design, one), (other_design, other) in itertools.combinations(services, 2):
        for a, b in itertools.product(one, other):
            count(groups[a], groups[b], unrelated[design == other_design], f"{a.name} {b.name}")
    cases = [case for _, service in services for case in service]
    for number, case in enumerate(cases):
        other = cases[(number + 7) % len(cases)]
        accounts, n_accounts = sighted(groups[case], other, key) if groups[case] else (set(), 0)
        found["strangers"] += len(accounts)
        found["accounts of strangers"] += n_accounts
    print(f"services whose pool both providers see: matched {Proportion(found['matched'], found['both'])}")
    print(f"accounts of the pool at the other provider: sighted {Proportion(found['sighted'], found['pool'])}")
    print(f"customers at the other provider: sighted {Proportion(found['accused'], found['customers'])}")
    print(f"accounts of unrelated logs: sighted {Proportion(found['strangers'], found['accounts of strangers'])}")
    for is_same, n in unrelated.items():
        print(f"pairs of {'the same' if is_same else 'different'} scenarios, other seeds:")
        print(f"  groups matched {Proportion(n['false groups'], n['groups'])}")
        print(f"  groups with one kind in common {Proportion(n['resembling'], n['groups'])}")
        print(f"  cases matched {Proportion(n['false cases'], n['cases'])}")


def own_service(
    cases: list[Path], groups: dict[Path, list[Group]], key: Key, found: Counter[str], unrelated: Counter[str]
) -> None:
    """Compare the two providers of one pool: its groups should match, those of customers should not."""
    a, b = cases
    own = {case: [group for group in groups[case] if group.name in pool_groups(case)] for case in cases}
    others = {case: [group for group in groups[case] if group not in own[case]] for case in cases}
    is_matched = any(pair.is_match for pair in compare(own[a], own[b]))
    found["both"] += bool(own[a] and own[b])
    found["matched"] += is_matched
    count(others[a], groups[b], unrelated, f"{a.name} {b.name}")
    count(own[a], others[b], unrelated, f"{a.name} {b.name}")
    for case, other in ((a, b), (b, a)):
        if own[case]:
            here = {row["account_id"] for row in read_rows(open_case(other), "accounts", ["account_id"])}
            accounts, _ = sighted(own[case], other, key)
            pool = pool_of(other) & here
            found["pool"] += len(pool)
            found["sighted"] += len(pool & accounts)
            found["customers"] += len(here - pool)
            found["accused"] += len(accounts - pool)
    print(
        f"{a.name[:-2]}: {len(own[a])} and {len(own[b])} groups of the pool, {'' if is_matched else 'not '}matched",
        flush=True,
    )


if __name__ == "__main__":
    main()
