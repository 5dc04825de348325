"""Times linkage on a synthetic table of accounts and counts how clean the clusters are.

Usage: python benchmarks/linkage.py [N_ACCOUNTS] [MEMORY_LIMIT_MB]

The accounts are private people, companies with shared egress, card and domain, and one pool of 5 % of all accounts behind a proxy
that some private people use as well. Values have heavy-tailed popularity. Prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from distilforensics.analysis.stage import link_accounts
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import Case, create_case
from distilforensics.case.tables import read_rows, write_batches, write_rows
from distilforensics.core.progress import Silent
from distilforensics.core.schema import TABLES

POOL_SHARE = 0.05
COMPANY_SHARE = 0.4
PROXY_USER_SHARE = 0.05


class Attributes:
    """Collects (account, attribute, value) rows as arrays."""

    def __init__(self) -> None:
        """Start empty."""
        self.parts: list[tuple[np.ndarray, str, np.ndarray]] = []

    def add(self, attribute: str, accounts: np.ndarray, values: np.ndarray, prefix: str = "") -> None:
        """Add one value per account, as text."""
        self.parts.append((accounts, attribute, np.char.add(prefix or f"{attribute}:", values.astype(str))))

    def table(self) -> pa.Table:
        """Return the rows that the features would write: distinct, shared by two accounts at least, in order."""
        accounts = np.concatenate([part[0] for part in self.parts])
        names = np.concatenate([np.full(len(part[0]), part[1]) for part in self.parts])
        values = np.concatenate([part[2] for part in self.parts])
        table = pa.table({"account_id": account_ids(accounts), "attribute": names, "value": values})
        table = table.group_by(["account_id", "attribute", "value"]).aggregate([([], "count_all")])
        shared = table.group_by(["attribute", "value"]).aggregate([([], "count_all")])
        shared = shared.filter(pa.compute.greater(shared["count_all"], 1)).select(["attribute", "value"])
        table = table.join(shared, ["attribute", "value"], join_type="left semi")
        table = table.sort_by([("attribute", "ascending"), ("value", "ascending"), ("account_id", "ascending")])
        n_exchanges = pa.nulls(table.num_rows, pa.int64())
        return table.select(["account_id", "attribute", "value"]).append_column("n_exchanges", n_exchanges)


def account_ids(numbers: np.ndarray) -> np.ndarray:
    """Return ids that sort by number."""
    return np.char.add("acct_", np.char.zfill(numbers.astype(str), 8))


def zipf(rng: np.random.Generator, n_values: int, n: int, exponent: float = 1.0) -> np.ndarray:
    """Return value numbers with frequencies 1 / rank ** exponent."""
    weights = 1 / np.arange(1, n_values + 1) ** exponent
    return rng.choice(n_values, n, p=weights / weights.sum())


def population(rng: np.random.Generator, n: int) -> tuple[Attributes, np.ndarray, np.ndarray]:
    """Return attributes, tenant number per account (-1 for none) and whether the account is in the pool."""
    everybody, found = np.arange(n), Attributes()
    is_pool = everybody < n * POOL_SHARE
    is_company = (everybody >= n * POOL_SHARE) & (everybody < n * (POOL_SHARE + COMPANY_SHARE))
    private = everybody[~is_pool & ~is_company]
    companies = everybody[is_company]
    tenant = np.full(n, -1)
    sizes = np.minimum(400, np.ceil(rng.lognormal(1.5, 1.2, len(companies)))).astype(int)
    tenant[companies] = np.repeat(np.arange(len(sizes)), sizes)[: len(companies)]
    found.add("client", everybody, zipf(rng, 200, n))
    found.add("parameters", everybody, zipf(rng, 300, n))
    found.add("system", everybody, zipf(rng, 5_000, n))
    for attribute, size in (("prefix", 100_000), ("suffix", 200_000), ("prompt", 400_000)):
        found.add(attribute, np.repeat(everybody, 6), zipf(rng, size, 6 * n, 0.8))
    found.add("email_domain", private, zipf(rng, 40, len(private)))
    found.add("signup", everybody, rng.integers(0, 365 * 144, n))
    for day in range(4):
        carrier = private[rng.random(len(private)) < 0.3]
        found.add("ip", carrier, zipf(rng, 4_000, len(carrier), 0.5), f"carrier{day % 2}:")
        found.add("ip_prefix", carrier, zipf(rng, 60, len(carrier), 0.5), "carrier:")
    for attribute in ("payment", "email_domain", "ip", "ip_prefix"):
        found.add(attribute, companies, tenant[companies], "company:")
    _add_pool(rng, found, everybody[is_pool], private[rng.random(len(private)) < PROXY_USER_SHARE])
    return found, tenant, is_pool


def _add_pool(rng: np.random.Generator, found: Attributes, pool: np.ndarray, proxy_users: np.ndarray) -> None:
    found.add("payment", pool, pool // 8, "pool:")
    found.add("signup", pool, pool // 25, "pool:")
    found.add("email_domain", pool, zipf(rng, 40, len(pool)))
    found.add("prefix", pool, np.zeros(len(pool), dtype=int), "pool:")
    n_exits = max(24, len(pool) // 4)
    for users, n_each in ((pool, 8), (proxy_users, 3)):
        exits = rng.integers(0, n_exits, n_each * len(users))
        found.add("ip", np.repeat(users, n_each), exits, "proxy:")
        found.add("ip_prefix", np.repeat(users, n_each), exits // 60, "proxy:")


def write_case(root: Path, n: int, seed: int) -> tuple[Case, np.ndarray]:
    """Write the two tables that linkage reads and return the case with the pool's mask."""
    attributes, tenant, is_pool = population(np.random.default_rng(seed), n)
    case = create_case(root)
    write_batches(case, "account_attributes", attributes.table().cast(TABLES["account_attributes"].arrow).to_batches())
    schema = TABLES["account_profiles"].arrow
    columns = {
        "account_id": account_ids(np.arange(n)),
        "tenant_id": [f"t{x}" if x >= 0 else None for x in tenant.tolist()],
    }
    profiles = pa.table(
        [
            pa.array(columns[field.name], field.type) if field.name in columns else pa.nulls(n, field.type)
            for field in schema
        ],
        schema=schema,
    )
    write_batches(case, "account_profiles", profiles.to_batches())
    named = [
        f"tenant {tenant}" if tenant else f"account {account}"
        for account, tenant in zip(columns["account_id"].tolist(), columns["tenant_id"], strict=True)
    ]
    rows = ({"account_id": a, "named_customer": b} for a, b in zip(columns["account_id"].tolist(), named, strict=True))
    write_rows(case, "customers", rows)
    return case, is_pool


def measure(n: int, memory_bytes: int) -> dict[str, Any]:
    """Return times, sizes and the purity of the clusters that hold pool accounts."""
    with tempfile.TemporaryDirectory() as folder:
        case, is_pool = write_case(Path(folder) / "case", n, seed=1)
        n_attributes = sum(1 for _ in read_rows(case, "account_attributes", ["attribute"]))
        start, cpu = time.perf_counter(), time.process_time()
        outcome = link_accounts(case, Limits(memory_bytes, 2), Silent())
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        clusters: dict[str, list[bool]] = {}
        for row in read_rows(case, "cluster_members", ["cluster_id", "account_id"]):
            clusters.setdefault(row["cluster_id"], []).append(bool(is_pool[int(row["account_id"][5:])]))
        mixed = [members for members in clusters.values() if any(members)]
        coverage = read_rows(case, "link_coverage")
    return {
        "accounts": n,
        "attribute_rows": n_attributes,
        "seconds": round(wall, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "memory_limit_mb": memory_bytes // 1_000_000,
        "rows": dict(outcome.n_rows),
        "pairs_made": sum(row["n_pairs"] for row in coverage),
        "values_capped": sum(row["n_values_capped"] for row in coverage),
        "pool_accounts": int(is_pool.sum()),
        "pool_accounts_in_clusters": sum(sum(members) for members in mixed),
        "other_accounts_in_these_clusters": sum(len(members) - sum(members) for members in mixed),
        "clusters_with_pool_accounts": len(mixed),
    }


if __name__ == "__main__":
    n_accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    memory = int(sys.argv[2]) * 1_000_000 if len(sys.argv) > 2 else 2_000_000_000
    print(json.dumps(measure(n_accounts, memory), indent=2))
