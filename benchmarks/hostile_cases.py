"""Damaged and made-up cases: whatever is in one, the program says so in sentences.

    python benchmarks/hostile_cases.py CASE --minutes 60 --folder FOLDER

Every round copies the case, changes it (bytes flipped, files cut, swapped, emptied, JSON of other shapes, escape sequences as values) and runs
the commands that read cases on it. Printed and kept are rounds with a traceback, an internal error, a raw control character in the output, a
file written outside of the case and the temporary folder, or an attempt to use the network. Exit code 1 if there were any.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from guard import reports_of, run_guarded

HOSTILE = (
    "\x1b]0;owned\x07",
    "\x1b[2J",
    "../../../outside",
    "\u202eevil",
    "a\x00b",
    "=1+1",
    "<script>",
    "\ud800",
)
SHAPES: tuple[Any, ...] = (None, 0, -1, 1e308, [], {}, "", [[]], {"a": {}}, True, *HOSTILE)
COMMANDS = (
    ("verify", "{case}"),
    ("show", "{case}", "campaign", "C-01"),
    ("show", "{case}", "account", "{account}"),
    ("sql", "{case}", "select * from exchanges limit 3"),
    ("cite", "{case}", "{record}"),
    ("report", "{case}"),
)
MAY_STAND = frozenset("\n\t")


def change(case: Path, rng: random.Random) -> str:
    """Change one thing in a case and say what."""
    files = [path for path in sorted(case.rglob("*")) if path.is_file() and path.stat().st_size]
    kind = rng.choice(("flip", "cut", "empty", "swap", "remove", "json", "json", "append"))
    if kind == "json":
        return _reshape(rng.choice([path for path in files if path.suffix in {".json", ".jsonl"}]), rng)
    path = rng.choice(files)
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    if kind == "flip":
        for _ in range(rng.choice((1, 8, 64))):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del content[rng.randrange(len(content)) :]
    elif kind == "empty":
        content.clear()
    elif kind == "append":
        content += rng.choice(HOSTILE).encode("utf-8", "surrogatepass") * 9
    elif kind == "swap":
        other = rng.choice([file for file in files if file.suffix == path.suffix])
        content = bytearray(other.read_bytes())
    if kind == "remove":
        path.unlink()
    else:
        path.write_bytes(content)
    return f"{kind} {path.relative_to(case)}"


def _reshape(path: Path, rng: random.Random) -> str:
    """Replace a value somewhere in a JSON file by one of another shape."""
    path.chmod(0o600)
    lines = (
        path.read_text(encoding="utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text(encoding="utf-8")]
    )
    number = rng.randrange(len(lines))
    value = json.loads(lines[number])
    place, trail = value, []
    while isinstance(place, (dict, list)) and place:
        key = rng.choice(list(place) if isinstance(place, dict) else range(len(place)))
        trail.append(str(key))
        if not isinstance(place[key], (dict, list)) or not place[key] or rng.random() < 0.3:
            place[key] = rng.choice(SHAPES)
            break
        place = place[key]
    lines[number] = json.dumps(value if rng.random() < 0.95 else rng.choice(SHAPES))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"json {path.name} {'.'.join(trail)}"


def faults(folder: Path, case: Path, names: dict[str, str]) -> list[str]:
    """Run every command on a case and return what must not happen."""
    found = []
    for command in COMMANDS:
        arguments = [part.format(case=case, **names) for part in command]
        try:
            done = run_guarded(["-m", "distilforensics", *arguments], folder, [case], 300)
        except subprocess.TimeoutExpired:
            found.append(f"{command[0]}: no end within five minutes")
            continue
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        if "Traceback" in said or done.returncode in {70, -11, -6}:
            found.append(f"{command[0]}: exit code {done.returncode}\n{said[-1500:]}")
        if any((ord(c) < 32 and c not in MAY_STAND) or 127 <= ord(c) < 160 or c == "\u202e" for c in said):
            found.append(f"{command[0]}: a raw control character")
        found += [f"{command[0]}: {line}" for line in reports_of(said)]
    return found


def main() -> int:
    """Run until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--account", default="acct_1")
    parser.add_argument("--record", default="0000000000000000:1")
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True)
    end = time.monotonic() + 60 * chosen.minutes
    counts: Counter[str] = Counter()
    seed = chosen.seed
    while time.monotonic() < end:
        rng = random.Random(seed)
        case = chosen.folder.resolve() / "case"
        shutil.rmtree(case, ignore_errors=True)
        shutil.copytree(chosen.case, case)
        what = [change(case, rng) for _ in range(rng.choice((1, 1, 2, 5)))]
        for fault in faults(chosen.folder.resolve(), case, {"account": chosen.account, "record": chosen.record}):
            counts["faults"] += 1
            print(f"seed {seed}: {'; '.join(what)}\n  {fault}", flush=True)
        counts["rounds"] += 1
        seed += 1
    print(f"{counts['rounds']} cases, {counts['rounds'] * len(COMMANDS)} commands, {counts['faults']} faults")
    return 1 if counts["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
