"""Damaged and made-up cases: whatever is in one, the program says so in sentences.

    python benchmarks/hostile_cases.py CASE --minutes 60 --folder FOLDER

Every round copies the case, changes it (bytes flipped, files cut, swapped, emptied, JSON of other shapes, values of tables made up or taken
away, escape sequences as values), its tables as often as its report, and runs the commands that read cases on it. Printed and kept are rounds
with a traceback, an internal error, a raw control character in the output, a file written outside of the case and the temporary folder, or an
attempt to use the network. Exit code 1 if there were any.
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

import pyarrow as pa
import pyarrow.parquet as pq
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
NUMBERS = (None, 0, -1, 2**31, 2**62)
COMMANDS = (
    ("verify", "{case}"),
    ("show", "{case}"),
    ("show", "{case}", "tests"),
    ("show", "{case}", "health"),
    ("show", "{case}", "campaign", "C-01"),
    ("explain", "{case}", "{account}"),
    ("compare", "{case}", "{account}", "{other}"),
    ("show", "{case}", "account", "{account}"),
    ("sql", "{case}", "select * from exchanges limit 3"),
    ("cite", "{case}", "{record}"),
    ("report", "{case}"),
)
MAY_STAND = frozenset("\n\t")


def change(case: Path, rng: random.Random) -> str:
    """Change one thing in a case and say what."""
    places = [path for path in sorted(case.iterdir()) if path.is_file() or any(path.rglob("*"))]
    inside = [(place, *sorted(place.rglob("*"))) for place in rng.sample(places, len(places))]
    files = [path for paths in inside for path in paths if path.is_file() and path.stat().st_size]
    kind = rng.choice(("flip", "cut", "empty", "swap", "remove", "json", "json", "append", "table", "table", "table"))
    if kind == "table":
        return _forge(rng.choice([path for path in files if path.suffix == ".parquet"]), rng)
    if kind == "json":
        return _reshape(rng.choice([path for path in files if path.suffix in {".json", ".jsonl"}]), rng)
    path = rng.choice([path for paths in inside[:1] for path in paths if path in files] or files)
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


def _forge(path: Path, rng: random.Random) -> str:
    """Put made-up values of the right type into a column of a table, or none."""
    path.chmod(0o600)
    table = pq.read_table(path)
    if not table.num_rows:
        return f"table {path.name} is empty"
    place = rng.randrange(table.num_columns)
    field = table.schema.field(place)
    values = table.column(place).to_pylist()
    choices: tuple[Any, ...] = (None,)
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
        choices = (None, *(text for text in HOSTILE if text.isprintable() or "\ud800" not in text), "x" * 100_000)
    elif pa.types.is_integer(field.type) or pa.types.is_floating(field.type):
        choices = NUMBERS
    elif pa.types.is_list(field.type):
        choices = (None, [])
    for row in range(len(values)) if rng.random() < 0.5 else rng.sample(range(len(values)), min(3, len(values))):
        values[row] = rng.choice(choices)
    try:
        forged = pa.array(values, field.type)
    except (pa.ArrowInvalid, OverflowError, pa.ArrowTypeError):
        forged = pa.nulls(len(values), field.type)
    pq.write_table(table.set_column(place, field, forged), path, write_page_checksum=True)
    return f"table {path.name} {field.name}"


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
    parser.add_argument("--folder", type=Path, required=True)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True)
    members = pq.read_table(
        chosen.case / "findings" / "accounts.parquet", columns=["account_id", "campaign_id"]
    ).to_pylist()
    account, other, *_ = [row["account_id"] for row in members if row["campaign_id"] is not None]
    (fact, *_) = pq.read_table(chosen.case / "findings" / "campaign_facts.parquet", columns=["record_ids"]).to_pylist()
    names = {"account": account, "other": other, "record": fact["record_ids"][0]}
    end = time.monotonic() + 60 * chosen.minutes
    counts: Counter[str] = Counter()
    seed = chosen.seed
    while time.monotonic() < end:
        rng = random.Random(seed)
        case = chosen.folder.resolve() / "case"
        shutil.rmtree(case, ignore_errors=True)
        shutil.copytree(chosen.case, case)
        what = [change(case, rng) for _ in range(rng.choice((1, 1, 2, 5)))]
        for fault in faults(chosen.folder.resolve(), case, names):
            counts["faults"] += 1
            print(f"seed {seed}: {'; '.join(what)}\n  {fault}", flush=True)
        counts["rounds"] += 1
        seed += 1
    print(f"{counts['rounds']} cases, {counts['rounds'] * len(COMMANDS)} commands, {counts['faults']} faults")
    return 1 if counts["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
