"""Compares the reading of every format with a bare read by DuckDB into Parquet of the same file, in processor time.

    python benchmarks/formats.py [--bytes 5e6] [--only FORMAT ...]

A file is the sample of the format, again and again. Queries are planned before the clock starts, as they are in all but the first file of an ingest.
Samples that are one document are left out, since they cannot be made longer by repeating lines.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from distilforensics.ingest.batch import Batch, Settings
from distilforensics.ingest.examples import OPTIONS
from distilforensics.ingest.formats import load_formats
from distilforensics.ingest.reading.batches import BatchReader

GOAL = 1.5
"""Times a bare read, which is what a format may cost."""

BARE = {
    "json": "select * from read_json('{}', format = 'newline_delimited', maximum_object_size = 100000000)",
    "csv": "select * from read_csv('{}', all_varchar = true, header = true)",
    "text": "select * from read_csv('{}', columns = {{'line': 'VARCHAR'}}, delim = '\\x1f', quote = '', escape = '', header = false, auto_detect = false)",
}


def repeated(sample: bytes, kind: str, n_bytes: int) -> bytes:
    """Return a sample as long as is asked; the header of a table stands once."""
    first, _, rest = sample.partition(b"\n") if kind == "csv" else (b"", b"", sample)
    rest = rest.rstrip(b"\n") + b"\n"
    return (first + b"\n" if first else b"") + rest * max(n_bytes // len(rest), 1)


def kind_of(name: str, sample: bytes) -> str | None:
    """Return how a sample is read without knowing its format; None for documents."""
    if name.endswith((".csv", ".tsv")):
        return "csv" if not sample.startswith(b"#") else "text"
    lines = sample.splitlines()
    if lines[0].startswith(b"{"):
        return "json" if all(line.startswith(b"{") and line.rstrip().endswith(b"}") for line in lines) else None
    return None if lines[0].startswith(b"[") else "text"


def seconds_of_reading(path: Path, reader: BatchReader, folder: Path) -> tuple[float, str]:
    """Return the processor time of a second reading, and the format that was told."""
    used, told = 0.0, ""
    for n in range(2):
        part = folder / f"part-{n}"
        part.mkdir()
        start = time.process_time()
        (stored,) = reader.read(Batch("part-000000.parquet", part, (str(path),), (path.name,), {}))
        used, told = time.process_time() - start, stored["row"]["format"] or stored["row"]["role"]
        shutil.rmtree(part)
    return used, told


def seconds_of_bare_read(path: Path, kind: str, folder: Path) -> float:
    """Return the processor time of DuckDB for the same file."""
    connection = duckdb.connect(config={"threads": 1})
    start = time.process_time()
    connection.execute(
        f"copy ({BARE[kind].format(path)}) to '{folder / 'bare.parquet'}' (format parquet, compression zstd)"
    )
    return time.process_time() - start


def _line(ratio: float, speed: float, name: str, kind: str, told: str) -> str:
    return f"{ratio:6.2f} x  {speed:6.1f} MB/s  {kind:4}  {name} ({told})"


def main() -> None:
    """Measure, and print the formats from the slowest to the fastest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=float, default=5e6, help="size of each file")
    parser.add_argument("--only", nargs="*", default=())
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="distilforensics-formats-"))
    reader = BatchReader(Settings(OPTIONS, b"key", 1, 2_000_000_000), lambda *_: None)
    found = []
    try:
        for spec in load_formats().values():
            for example in spec.examples if not arguments.only or spec.id in arguments.only else ():
                kind = kind_of(example.name, example.sample)
                if kind is None or spec.no_calls or spec.usage:
                    continue
                path = folder / f"{spec.id}-{example.name}"
                path.write_bytes(repeated(example.sample, kind, int(arguments.bytes)))
                used, told = seconds_of_reading(path, reader, folder)
                bare = seconds_of_bare_read(path, kind, folder)
                found.append((used / bare, path.stat().st_size / used / 1e6, path.name, kind, told))
                print(_line(*found[-1]), file=sys.stderr, flush=True)
                path.unlink()
    finally:
        reader.close()
        shutil.rmtree(folder)
    for row in sorted(found, reverse=True):
        print(_line(*row))
    print(f"{sum(row[0] > GOAL for row in found)} of {len(found)} above {GOAL} x a bare read")


if __name__ == "__main__":
    main()
