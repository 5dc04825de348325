"""False alarms of a scheduled examination over nights of honest look-alikes.

    python benchmarks/false_alarms.py --nights 30 --seeds 1,2 --folder FOLDER

Each seed is one service of its own whose customers look like harvesters and are none (`simulate hard_negatives`). Every night brings a log,
every night is examined, and what is told is counted per grade. Intervals are exact (95 %). Nights of one service are not independent, since
an examination looks at all nights so far; services are.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from soak import Series, calm, write_nights

from distilforensics.accuracy.proportion import Proportion

GRADES = ("weak", "moderate", "strong")


def main() -> None:
    """Examine all services and print what was told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    nights: Counter[str] = Counter()
    services: Counter[str] = Counter()
    n_nights = n_services = n_records = 0
    for seed in map(int, chosen.seeds.split(",")):
        folder = chosen.folder / str(seed)
        logs = write_nights(folder, chosen.nights, chosen.scale, seed, scenario="hard_negatives", days=chosen.nights)
        series = Series(folder / "calm")
        calm(series, logs)
        told = [
            {e["grade"] for change in ("new", "grown", "changed") for e in r.get(change, [])} for r in series.reports
        ]
        n_services += 1
        n_nights += len(told)
        n_records += len(series.records())
        for least, grade in enumerate(GRADES):
            loud = [night for night in told if night & set(GRADES[least:])]
            nights[grade] += len(loud)
            services[grade] += bool(loud)
        print(f"seed {seed}: {len(told)} nights, alarms in {sum(map(bool, told))}", flush=True)
    print(f"{n_services} services, {n_nights} nights, {n_records} records")
    for grade in GRADES:
        print(
            f"{grade} or more: nights {Proportion(nights[grade], n_nights)}, services {Proportion(services[grade], n_services)}"
        )


if __name__ == "__main__":
    main()
