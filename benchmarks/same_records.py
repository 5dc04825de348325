"""Tells whether two versions of the ingest make the same of a folder of logs: every table, every source, every record hash.

    python benchmarks/same_records.py make FOLDER [--seeds 3]      # samples of all formats as lines, tables and Parquet, whole and damaged
    python benchmarks/same_records.py read FOLDER RESULTS          # once with each version, told by PYTHONPATH
    python benchmarks/same_records.py compare RESULTS OTHER        # exits with 1 and names what differs

Rows and their order count; how they are encoded in the Parquet files does not.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from fuzz import COMPRESSIONS, FRAGMENTS, SAMPLES

from distilforensics.ingest.batch import Batch, Settings
from distilforensics.ingest.examples import OPTIONS
from distilforensics.ingest.formats import load_formats
from distilforensics.ingest.reading.batches import BatchReader

TABLES = (
    "part-000000.parquet",
    "halves.parquet",
    "quarantine.parquet",
    "accounts_directory.parquet",
    "usage_sums.parquet",
)
REPEATS = 40
"""Copies of a sample in one file, so that blocks hold more than a few records."""


def _as_csv(sample: bytes, *, is_quoted: bool) -> bytes:
    """Return records as a table, with objects as JSON in cells."""
    records = [json.loads(line) for line in sample.splitlines() if line.startswith(b"{")]
    names = list(dict.fromkeys(name for record in records for name in record))
    sink = io.StringIO()
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL)
    writer.writerow(names)
    for record in records:
        values = [record.get(name) for name in names]
        writer.writerow([json.dumps(value) if isinstance(value, dict | list) else value for value in values])
    return sink.getvalue().encode()


def _typed_parquet(sample: bytes) -> bytes | None:
    """Return records as Parquet with the types that Arrow finds for them."""
    records = [json.loads(line) for line in sample.splitlines() if line.startswith(b"{")]
    sink = io.BytesIO()
    try:
        pq.write_table(pa.Table.from_pylist(records), sink, write_page_checksum=True)
    except (pa.ArrowException, ValueError, TypeError):
        return None
    return sink.getvalue()


def _damaged(content: bytes, random_: random.Random) -> bytes:
    for _ in range(random_.randint(1, 5)):
        at, length = random_.randrange(len(content) + 1), random_.randint(1, 80)
        piece, fragment = content[at : at + length], random_.choice(FRAGMENTS)
        changed = random_.choice([b"", piece * 2, fragment + piece, fragment, fragment + piece * 30])
        content = content[:at] + changed + content[at + length :]
    return content


def make(folder: Path, n_seeds: int) -> None:
    """Write the logs."""
    folder.mkdir(parents=True, exist_ok=True)
    logs = dict(SAMPLES)
    for spec in load_formats().values():
        for example in spec.examples:
            name, sample = f"{spec.id}-{example.name}", example.sample
            logs[f"{name}.many"] = (sample if sample.endswith(b"\n") else sample + b"\n") * REPEATS
            if example.name.endswith(".jsonl"):
                try:
                    logs[f"{name}.csv"] = _as_csv(sample, is_quoted=False)
                    logs[f"{name}.quoted.csv"] = _as_csv(sample * REPEATS, is_quoted=True)
                except json.JSONDecodeError:
                    continue
                if (typed := _typed_parquet(sample * REPEATS)) is not None:
                    logs[f"{name}.typed.parquet"] = typed
    random_ = random.Random(1)
    for name, content in sorted(logs.items()):
        (folder / name).write_bytes(content)
        for seed in range(n_seeds):
            suffix = random_.choice(["", "", "", *COMPRESSIONS])
            (folder / f"damaged-{seed}-{name}{suffix}").write_bytes(COMPRESSIONS[suffix](_damaged(content, random_)))
    print(f"{len(list(folder.iterdir()))} logs")


def read(folder: Path, results: Path, threads: int, pattern: str) -> None:
    """Read every log alone, then all beside each other, and keep what comes of them."""
    shutil.rmtree(results, ignore_errors=True)
    files = sorted(path for path in folder.rglob(pattern) if path.is_file())
    names = [str(path.relative_to(folder)).replace("/", "~") for path in files]
    reader = BatchReader(Settings(OPTIONS, b"key", threads, 2_000_000_000), lambda *_: None)
    groups = [([path], [name]) for path, name in zip(files, names, strict=True)] + [
        (files[i : i + 200], names[i : i + 200]) for i in range(0, len(files), 200) if pattern == "*"
    ]
    for number, (paths, labels) in enumerate(groups):
        target = results / (labels[0] if len(labels) == 1 else f"group-{number}")
        target.mkdir(parents=True)
        batch = Batch(TABLES[0], target, tuple(map(str, paths)), tuple(labels), {})
        try:
            (target / "sources.json").write_text(json.dumps(reader.read(batch), indent=1, sort_keys=True))
        except Exception as e:  # noqa: BLE001 - another version must fail in the same way
            (target / "sources.json").write_text(f"{type(e).__name__}: {e}")
    reader.close()
    print(f"{len(groups)} batches read")


def compare(results: Path, other: Path) -> int:
    """Print what differs and return how many batches do."""
    names = sorted({path.name for path in results.iterdir()} & {path.name for path in other.iterdir()})
    n = 0
    for name in names:
        found = _differences(results / name, other / name)
        n += bool(found)
        for difference in found:
            print(f"{name}: {difference}")
    print(f"{len(names)} batches compared, {n} differ")
    return n


def _differences(a: Path, b: Path) -> list[str]:
    found = []
    if (a / "sources.json").read_text() != (b / "sources.json").read_text():
        found.append("sources")
    for table in TABLES:
        if (a / table).is_file() != (b / table).is_file():
            found.append(f"{table} in one only")
        elif (a / table).is_file():
            left, right = (pq.read_table(folder / table) for folder in (a, b))
            if not left.equals(right):
                columns = [name for name in left.column_names if not left[name].equals(right[name])]
                found.append(f"{table}: {len(left)} and {len(right)} rows, columns {', '.join(columns)}")
    return found


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make")
    making.add_argument("folder", type=Path)
    making.add_argument("--seeds", type=int, default=3)
    reading = commands.add_parser("read")
    reading.add_argument("folder", type=Path)
    reading.add_argument("results", type=Path)
    reading.add_argument("--threads", type=int, default=1)
    reading.add_argument("--only", default="*", metavar="PATTERN")
    comparing = commands.add_parser("compare")
    comparing.add_argument("results", type=Path)
    comparing.add_argument("other", type=Path)
    options = parser.parse_args()
    if options.command == "make":
        make(options.folder, options.seeds)
    elif options.command == "read":
        read(options.folder, options.results, options.threads, options.only)
    else:
        sys.exit(1 if compare(options.results, options.other) else 0)


if __name__ == "__main__":
    main()
