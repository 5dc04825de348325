"""Write a labelled log of ordinary customers with campaigns or honest look-alikes among them.

    python benchmarks/populations/generate.py slow vendor_loop:40 --seed 3 --texts DIR --out LOG
    python benchmarks/populations/generate.py queue:60:retry=hour,cards=none --seed 3 --out LOG

A kind may carry its size and, for campaigns, the operator's habits. `none` adds nothing to the ordinary customers. The same
arguments give the same bytes. Written are LOG/logs/*.jsonl, LOG/logs/accounts.csv (generic), LOG/labels.parquet, LOG/aliases.parquet.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import background
import campaigns
import honest
from texts import Texts
from world import COLUMNS, World, write

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = (*campaigns.CAMPAIGNS, "mixed", *honest.HONEST)


def add(world: World, kind: str) -> None:
    """Add KIND[:N[:habit=value,...]] to a log."""
    name, size, habits = ([*kind.split(":", 2), "", ""])[:3]
    n = int(size) if size else None
    if name in honest.HONEST:
        honest.add(world, name, n)
    elif name in KINDS:
        campaigns.add(world, name, n, dict(pair.split("=") for pair in habits.split(",") if pair))
    elif name != "none":
        raise SystemExit(f"known: none {' '.join(KINDS)}; unknown kind {name}")


def listing() -> str:
    """Return all kinds with what they are, and the habits of operators."""
    made = {name: entry[0] for name, entry in campaigns.CAMPAIGNS.items()}
    kinds = "\n".join(f"{name:22}{kind.__doc__}" for name, kind in (made | honest.HONEST).items())
    habits = "\n".join(
        f"{name:22}{' '.join(dict.fromkeys(values))}"
        for name, values in (campaigns.HABITS | campaigns.ON_REQUEST).items()
    )
    return f"Kinds\n{kinds}\n{'mixed':22}Three to five campaigns and three small pools.\n\nHabits\n{habits}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the log."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "kinds", nargs="*", metavar="KIND", help="KIND[:N[:habit=value,...]]; without any, the kinds are listed"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--scale", type=float, default=1.0, help="1 means about 600 ordinary accounts")
    parser.add_argument("--format", choices=("generic", "litellm_spend"), default="generic")
    parser.add_argument("--no-text", action="store_true", help="leave prompts and answers out (always so with no_text)")
    parser.add_argument("--no-directory", action="store_true", help="write no accounts.csv")
    parser.add_argument(
        "--without", nargs="*", default=(), choices=COLUMNS, help="columns of identity that the log lacks"
    )
    parser.add_argument("--texts", type=Path, help="folder with prompts_*.parquet; without it a small grammar is used")
    parser.add_argument("--out", type=Path)
    o = parser.parse_args(arguments)
    if not o.kinds or o.out is None:
        print(listing())
        return
    begun = time.perf_counter()
    world = World(o.seed, o.days, Texts(o.texts, o.seed))
    background.settle(world, 600 * o.scale)
    for kind in o.kinds:
        add(world, kind)
    has_text = not o.no_text and not any(kind.split(":")[0] == "no_text" for kind in o.kinds)
    counts = write(world, o.out, o.format, has_text=has_text, has_directory=not o.no_directory, without=o.without)
    personas: dict[str, list[int]] = {}
    for a in world.accounts:
        if counts[a.account_id]:
            row = personas.setdefault(f"{a.persona}{'*' if a.campaign else ''}", [0, 0])
            row[0], row[1] = row[0] + 1, row[1] + counts[a.account_id]
    print(
        json.dumps(
            {
                "exchanges": counts.total(),
                "seconds": round(time.perf_counter() - begun, 1),
                "accounts and exchanges (* campaign)": personas,
            }
        )
    )


if __name__ == "__main__":
    main()
