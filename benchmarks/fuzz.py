"""Reads damaged logs for as long as is asked: whatever bytes come, the balance closes, kept records are found again, and nothing is raised.

Begins with the samples of all formats, as lines, tables, Parquet and compressed, and damages them before or after compression. A log that the reader
answers as none before (another reason, flag, format, framing or encoding) is kept and damaged further. Which bytes did it is printed as a test that can
be run again.

    python benchmarks/fuzz.py --minutes 60
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import hashlib
import io
import itertools
import json
import re
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from distilforensics.ingest.batch import Batch, Settings
from distilforensics.ingest.examples import OPTIONS
from distilforensics.ingest.formats import load_formats
from distilforensics.ingest.reading.batches import BatchReader

MEMORY_BYTES = 1_500_000_000
"""What this process may use at its peak; the inputs are small."""

COMPRESSIONS = {
    "": lambda content: content,
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".zst": lambda content: zstandard.ZstdCompressor().compress(content),
    ".bz2": bz2.compress,
}

FRAGMENTS = (
    b"\n", b"\r\n", b"\r", b"\0", b"\0" * 40, b"\xef\xbb\xbf", b"\xff\xfe", b"\x1e", b",", b";", b"\t", b"[", b"]", b"{", b"}", b"{}", b'"', b"'",
    b"\\", b"\\N", b'""', b" ", b"null", b"NaN", b"1e999", b"-1", b"99999999999999999999", b"\xff", b"\xc3", b'{"a": "\\ud83d"}', b"[1, 2]", b"#",
    b"sep=;\n", b'{"logEvents": [], "messageType": "DATA_MESSAGE"}', b'{"message": "{}"}', b'{"data": [', b"resourceSpans", b"COPY t FROM stdin;\n",
    b"0001-01-01T00:00:00Z", b"2026-W06-2T04:05:06Z", b"/Date(-1)/", b"639999999999999999", b"PAR1", b"PK\x03\x04", b"\x1f\x8b\x08",
)  # fmt: skip
"""What stands between records, opens or closes them, or looks like the beginning of something else."""


def _samples() -> list[tuple[str, bytes]]:
    """Return (name, bytes) of every sample, and of those that are objects also as Parquet."""
    found = []
    for spec in load_formats().values():
        for example in spec.examples:
            found.append((f"{spec.id}-{example.name}", example.sample))
            if example.name.endswith(".jsonl"):
                found.append((f"{spec.id}.parquet", _as_parquet(example.sample)))
    return found


def _as_parquet(sample: bytes) -> bytes:
    records = [json.loads(line) for line in sample.splitlines() if line.startswith(b"{")]
    names = sorted({name for record in records for name in record})
    columns = {name: [None if record.get(name) is None else str(record[name]) for record in records] for name in names}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns or {"a": ["b"]}), sink, write_page_checksum=True)
    return sink.getvalue()


SAMPLES = _samples()

KEPT_LOGS = 3_000
"""Damaged logs that are damaged further, at most."""

KEPT_BYTES = 100_000
"""Size of such a log, at most."""


@st.composite
def logs(draw: st.DrawFn) -> tuple[str, bytes]:
    """Return the name and the bytes of a damaged log."""
    name, content = draw(st.sampled_from(SAMPLES))
    content = _damaged(draw, content, draw(st.integers(0, 5)))
    suffix = draw(st.sampled_from(["", "", *COMPRESSIONS]))
    packed = COMPRESSIONS[suffix](content)
    return name + suffix, _damaged(draw, packed, draw(st.integers(0, 2))) if suffix else packed


def _damaged(draw: st.DrawFn, content: bytes, n_edits: int) -> bytes:
    kinds = ("cut", "double", "insert", "replace", "flip", "end", "splice", "repeat")
    for _ in range(n_edits):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.integers(1, 80))
        kind = draw(st.sampled_from(kinds))
        piece, rest = content[at : at + length], content[at + length :]
        fragment = draw(st.sampled_from(FRAGMENTS))
        changed = {
            "cut": lambda rest=rest: rest,
            "double": lambda piece=piece, rest=rest: piece * 2 + rest,
            "insert": lambda piece=piece, rest=rest, fragment=fragment: fragment + piece + rest,
            "replace": lambda rest=rest, fragment=fragment: fragment + rest,
            "flip": lambda at=at, content=content: (
                bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :] if content else b""
            ),
            "end": lambda: b"",
            "splice": lambda: draw(st.sampled_from(SAMPLES))[1],
            "repeat": lambda piece=piece, rest=rest: piece * 50 + rest,
        }[kind]()
        content = content[:at] + changed
    return content


class Fuzzer:
    """Reads logs one by one in this process and checks what comes of each."""

    def __init__(self) -> None:
        """Open a reader in a folder of its own."""
        self._folder = Path(tempfile.mkdtemp(prefix="distilforensics-fuzz-"))
        self._reader = BatchReader(Settings(OPTIONS, b"key", 1, 1_000_000_000), lambda *_: None)
        self._numbers = itertools.count()
        self._answers: set[tuple[object, ...]] = set()
        self.new: list[tuple[str, bytes]] = []
        """Logs that were answered as none before."""

    def close(self) -> None:
        """Remove the folder."""
        self._reader.close()
        shutil.rmtree(self._folder)

    def check(self, name: str, content: bytes) -> None:
        """Read a log and check its balance and the bytes of its records.

        Raises:
            AssertionError: the balance does not close, or a record is not where its row says.
        """
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        path = folder / name
        path.write_bytes(content)
        try:
            (stored,) = self._reader.read(Batch("part-000000.parquet", folder, (str(path),), (name,), {}))
            rows, refused = _written(folder)
        finally:
            shutil.rmtree(folder)
        source = stored["row"]
        self._keep_if_new(name, content, _answer(source, rows, refused))
        assert source["n_read"] == source["n_kept"] + source["n_quarantined"] + source["n_out_of_scope"]
        if source["role"] != "log":
            assert source["role"] in ("ignored", "refused", "accounts_directory", "usage")
            assert source["reason"] or source["role"] == "usage"
            return
        assert (len(rows), len(refused)) == (source["n_kept"], source["n_quarantined"])
        assert len({row["record_id"] for row in rows}) == len(rows)
        if source["compression"] == "none" and source["encoding"] == "utf-8" and not name.endswith(".parquet"):
            for row in [*rows, *refused]:
                if row["source_offset"] is not None:
                    raw = content[row["source_offset"] :][: row["source_length"]]
                    assert hashlib.sha256(raw).hexdigest() == row["raw_sha256"]
                    assert content[: row["source_offset"]].count(b"\n") + 1 == row["source_line"]

    def _keep_if_new(self, name: str, content: bytes, answer: tuple[object, ...]) -> None:
        if answer not in self._answers and len(self._answers) < KEPT_LOGS and len(content) <= KEPT_BYTES:
            self._answers.add(answer)
            self.new.append((name, content))


def _answer(
    source: dict[str, object], rows: list[dict[str, object]], refused: list[dict[str, object]]
) -> tuple[object, ...]:
    """Return what the reader said of a log, without names and numbers."""
    told = tuple(source[name] for name in ("role", "format", "format_confidence", "compression", "encoding"))
    reason = re.sub(r"\d+|'[^']*'", "", str(source["reason"]))
    flags = tuple(sorted({flag for row in rows for flag in row["parse_flags"]}))
    return (*told, reason, flags, tuple(sorted({row["reason"] for row in refused})))


def _written(folder: Path) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return the rows of the part with those that wait for others, and the refused records."""
    names = ["record_id", "source_line", "source_offset", "source_length", "raw_sha256"]
    kept = [path for name in ("part-000000.parquet", "halves.parquet") if (path := folder / name).is_file()]
    rows = [row for path in kept for row in pq.read_table(path, columns=[*names, "parse_flags"]).to_pylist()]
    quarantine = folder / "quarantine.parquet"
    return rows, pq.read_table(quarantine, columns=[*names[1:], "reason"]).to_pylist() if quarantine.is_file() else []


def run(minutes: float, first_seed: int) -> int:
    """Read damaged logs until the time is up, and return how many were read."""
    fuzzer, n_read, end = Fuzzer(), 0, time.monotonic() + 60 * minutes
    try:
        for number in itertools.count(first_seed):

            @seed(number)
            @settings(
                max_examples=200, deadline=None, database=None, phases=[Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
                print_blob=False,
            )  # fmt: skip
            @given(logs())
            def check(log: tuple[str, bytes]) -> None:
                nonlocal n_read
                n_read += 1
                fuzzer.check(*log)

            check()
            # Between two runs of Hypothesis alone, which repeats what it drew from these.
            SAMPLES.extend(fuzzer.new)
            fuzzer.new.clear()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            assert peak < MEMORY_BYTES, f"{peak} bytes at the peak, expected at most {MEMORY_BYTES}"
            if time.monotonic() > end:
                print(
                    f"{n_read} damaged logs read, seeds {first_seed} to {number}, {peak // 1_000_000} MB at the peak,"
                    f" {len(SAMPLES)} logs to begin with: nothing found"
                )
                return n_read
    finally:
        fuzzer.close()
    return n_read


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    sys.exit(0 if run(chosen.minutes, chosen.seed) else 1)
