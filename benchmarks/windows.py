"""Measures the window test on real text: how often it differs by chance, and from which share of harvest traffic on it is seen.

Usage: python benchmarks/windows.py FOLDER [TRIALS] [exchanges|accounts]

FOLDER holds prompts_*.parquet with columns family, kind (benign_human, benign_bulk, distill) and prompt. Two protocols, prompts only:

- exchanges: windows of single exchanges, all benign families in equal parts (after arXiv 2606.05725);
- accounts: every account mixes a few benign families in its own way (Dirichlet 0.15), a group replaces a share of every
  account's exchanges by one distill family; `one family` are innocent groups with one purpose.

Prints a Markdown table of rates at p <= 0.01 with exact 95 % intervals. Families whose name ends in `wire` are easy; a line
without them follows.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from distilforensics.core.proportion import Proportion
from distilforensics.windows import parameters
from distilforensics.windows.comparison import Sample, Scale, compare
from distilforensics.windows.sketch import DIMENSIONS, text_vectors
from distilforensics.windows.windows import Sums

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARES = (0.05, 0.1, 0.25, 0.5, 1.0)
LEVEL = 0.01
N_NULL = 199
MAX_ROWS = 3000
CONCENTRATION = 0.15
WINDOWS = (100, 500, 1500)
GROUPS = ((20, 5), (20, 25), (60, 25))
N_POPULATION = 1200
N_ORDINARY = 20


def load(folder: Path) -> dict[str, tuple[bool, np.ndarray]]:
    """Return family -> whether it is a harvest, and the vectors of its different prompts."""
    found = {}
    n_chars, seconds, n_texts = parameters.value("texts", "prompt_chars"), 0.0, 0
    for path in sorted(folder.glob("prompts_*.parquet")):
        table = pl.read_parquet(path, columns=["family", "kind", "prompt"]).unique("prompt", maintain_order=True)
        rows = np.random.default_rng(5).permutation(table.height)[:MAX_ROWS]
        texts = [comparable(text)[:n_chars] for text in table["prompt"].gather(rows).to_list()]
        start = time.perf_counter()
        vectors = np.concatenate([text_vectors(texts[at : at + 2048]) for at in range(0, len(texts), 2048)])
        seconds, n_texts = seconds + time.perf_counter() - start, n_texts + len(texts)
        found[table["family"][0]] = (table["kind"][0] == "distill", vectors.astype(np.int32))
    print(f"{n_texts / seconds:,.0f} prompts per second and core become vectors", file=sys.stderr)
    return found


def comparable(text: str) -> str:
    """Return a prompt as the stage compares it."""
    return re.sub(r"\s+", " ", re.sub(r"[0-9]+", "0", text[:800].lower())).strip()


class Population:
    """Accounts that are made to order, and the reference population that they are compared with."""

    def __init__(self, families: dict[str, tuple[bool, np.ndarray]], sizes: np.ndarray, *, seed: int) -> None:
        """Make a reference account of every size; an account of one exchange is an exchange of any family."""
        self.pools = [vectors for is_distill, vectors in families.values() if not is_distill]
        self.chance = np.random.default_rng(seed)
        sums = self.accounts(sizes)
        self.scale = Scale.of(sums, np.arange(len(sizes)))
        self.rest = Sample(self.scale.apply(sums), sums.n)
        self.seed = 1000 * seed

    def accounts(
        self,
        sizes: np.ndarray,
        *,
        harvest: np.ndarray | None = None,
        share: float = 0.0,
        family: int | None = None,
    ) -> Sums:
        """Return accounts of the given numbers of exchanges."""
        pools = self.pools
        sums = Sums.empty(len(sizes))
        for row, n in enumerate(sizes):
            n_harvest = self.chance.binomial(n, share) if harvest is not None else 0
            mixture = (
                self.chance.dirichlet(np.full(len(pools), CONCENTRATION))
                if n > 1
                else np.full(len(pools), 1 / len(pools))
            )
            counts = self.chance.multinomial(
                n - n_harvest, np.eye(len(pools))[family] if family is not None else mixture
            )
            parts = [pool[self.chance.integers(0, len(pool), k)] for pool, k in zip(pools, counts, strict=True) if k]
            if n_harvest and harvest is not None:
                parts.append(harvest[self.chance.integers(0, len(harvest), n_harvest)])
            sums.vectors[row], sums.n[row] = np.concatenate(parts).sum(axis=0), n
        return sums

    def differs(self, sums: Sums) -> bool:
        """Tell whether the test calls a group different."""
        self.seed += 1
        group, tenths = Sample(self.scale.apply(sums), sums.n), np.arange(len(sums.n)) * 10 // len(sums.n)
        return compare(group, tenths, self.rest, seed=self.seed, n_null=N_NULL).p_value <= LEVEL


def scattered(rng: np.random.Generator, n_accounts: int, n_each: int) -> np.ndarray:
    """Return numbers of exchanges within a factor of two around a typical one."""
    return (
        np.maximum(1, (n_each * 2 ** rng.uniform(-0.5, 0.5, n_accounts)).astype(int))
        if n_each > 1
        else np.ones(n_accounts, dtype=int)
    )


def rates(
    families: dict[str, tuple[bool, np.ndarray]], name: str, n_accounts: int, n_each: int, trials: int
) -> Iterator[str]:
    """Yield the lines of one window size: all harvest families, and those that are not `wire`."""
    rng = np.random.default_rng(n_accounts * n_each)
    harvests = {family: vectors for family, (is_distill, vectors) in families.items() if is_distill}
    false: list[bool] = []
    one: list[bool] = []
    seen: dict[tuple[str, float], list[bool]] = {(family, share): [] for family in harvests for share in SHARES}
    for trial in range(trials):  # every trial has a reference population of its own
        reference = scattered(rng, max(N_POPULATION, 2 * n_accounts), n_each)
        population = Population(families, reference, seed=trial + 1)
        sizes = scattered(rng, n_accounts, n_each)
        false += [population.differs(population.accounts(sizes)) for _ in range(N_ORDINARY)]
        one += [population.differs(population.accounts(sizes, family=f)) for f in range(len(population.pools))]
        for family, share in seen:
            group = population.accounts(sizes, harvest=harvests[family], share=share)
            seen[family, share].append(population.differs(group))
    for label, is_counted in (("", lambda _: True), (" without wire", lambda family: not family.endswith("wire"))):
        cells = [Proportion(sum(false), len(false))]
        for share in SHARES:
            found = [hit for (family, at), hits in seen.items() if at == share and is_counted(family) for hit in hits]
            cells.append(Proportion(sum(found), len(found)))
        cells.append(Proportion(sum(one), len(one)))
        yield f"| {name}{label} | " + " | ".join(str(cell) for cell in cells) + " |"


def main() -> None:
    """Print the table."""
    families = load(Path(sys.argv[1]))
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    shares = " | ".join(f"{share:.0%} harvest" for share in SHARES)
    print(
        f"p <= {LEVEL}, {DIMENSIONS} dimensions, {N_NULL} groups of chance, {trials} trials per family and share, {N_ORDINARY} times as many ordinary groups\n"
    )
    print(f"| window | ordinary groups | {shares} | one benign family |\n|---|---|{'---|' * len(SHARES)}---|")
    windows = {"exchanges": [(n, 1, f"{n} exchanges") for n in WINDOWS]}
    windows["accounts"] = [(n_accounts, n_each, f"{n_accounts} accounts of {n_each}") for n_accounts, n_each in GROUPS]
    for protocol in sys.argv[3:] or windows:
        for n_accounts, n_each, name in windows[protocol]:
            for line in rates(families, name, n_accounts, n_each, trials):
                print(line, flush=True)


if __name__ == "__main__":
    main()
