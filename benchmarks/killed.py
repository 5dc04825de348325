"""A run killed at ten points, each time taken up again, ends in the bytes of a run that nobody disturbed.

    python benchmarks/killed.py --folder FOLDER --copies 24 [--points 10]

Every process of the run gets SIGKILL at evenly spaced moments of the time that the undisturbed run took; then the same command is given again.
What may differ is what tells the time: run.json, custody.jsonl, and the manifests and the seal over them. Exits with 1 if anything else does.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from pathlib import Path

from large_logs import PROGRAM, metadata_logs, watched

OF_TIME = frozenset(
    {"run.json", "custody.jsonl", "tagmanifest-sha256.txt", "manifest-sha256.txt", "bag-info.txt", "seal.txt"}
)


def contents(case: Path) -> dict[str, str]:
    """Return the hash of every file of a case that must be equal, by its path."""
    return {
        str(path.relative_to(case)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(case.rglob("*"))
        if path.is_file() and path.name not in OF_TIME
    }


def main() -> int:
    """Run undisturbed, then killed at each point; tell what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where logs lie; those that are there are used again"
    )
    parser.add_argument(
        "--copies", type=int, default=24, help="copies of a log of 172,000 exchanges: 24 are 4.1 million"
    )
    parser.add_argument("--points", type=int, default=10)
    parser.add_argument("--memory", default="4GB")
    options = parser.parse_args()
    made = metadata_logs(options.folder, options.copies)
    case = options.folder / "case"
    command = [*PROGRAM, "run", str(made.logs), "--case", str(case), "--memory-limit", options.memory, "-q"]
    shutil.rmtree(case, ignore_errors=True)
    whole = watched(command)
    if whole.exit_code:
        return 1
    expected = contents(case)
    print(f"undisturbed: {whole.wall_s:.0f} s, {len(expected):,} files", flush=True)
    is_equal = True
    for point in range(1, options.points + 1):
        shutil.rmtree(case)
        moment = whole.wall_s * point / (options.points + 1)
        killed = watched(command, kill_after=moment)
        resumed = watched(command)
        found = contents(case)
        differing = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        is_equal &= not differing and resumed.exit_code == 0
        print(
            f"killed after {moment:.0f} s (exit code {killed.exit_code}), taken up again in {resumed.wall_s:.0f} s: "
            f"{'equal' if not differing else f'{len(differing)} files differ: ' + ', '.join(differing[:5])}",
            flush=True,
        )
    return 0 if is_equal else 1


if __name__ == "__main__":
    raise SystemExit(main())
