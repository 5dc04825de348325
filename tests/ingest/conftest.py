"""Logs in the shape of LiteLLM spend logs, and ways to read them: one batch in this process, or a whole ingest with or without a worker."""

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pyarrow.parquet as pq
import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent
from distilforensics.ingest import stage
from distilforensics.ingest.batch import Batch, Settings
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest.reading.batches import BatchReader

LIMITS = Limits(memory_bytes=2_000_000_000, threads=2)


@pytest.fixture
def record():
    """Return a spend log row as a dictionary, told apart by a number; keyword arguments replace fields."""

    def make(number=1, **changes):
        row = {
            "request_id": f"chatcmpl-{number}",
            "call_type": "acompletion",
            "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
            "spend": 0.5,
            "prompt_tokens": 10 + number,
            "completion_tokens": 20,
            "startTime": f"2026-02-03T04:{number // 60 % 60:02d}:{number % 60:02d}.789Z",
            "endTime": f"2026-02-03T04:{number // 60 % 60:02d}:{number % 60:02d}.999Z",
            "model": "gpt-4o-mini",
            "model_group": "gpt-4o-mini",
            "user": f"user-{number % 7}",
            "cache_hit": "False",
            "proxy_server_request": {"messages": [{"role": "user", "content": f"question {number}"}]},
            "response": {"choices": [{"finish_reason": "stop", "message": {"content": f"answer {number}"}}]},
            "status": "success",
        }
        return row | changes

    return make


@pytest.fixture
def line(record):
    """Return a spend log row as the bytes of one line, without line end."""

    def make(number=1, **changes):
        return json.dumps(record(number, **changes)).encode()

    return make


@dataclass
class Found:
    """What a batch came to: sources, rows of the part and refused records, all as dictionaries."""

    sources: list
    rows: list
    refused: list
    directory: list = field(default_factory=list)
    folder: Path | None = None

    @property
    def source(self):
        """The only source."""
        assert len(self.sources) == 1
        return self.sources[0]

    def places(self):
        """(line, sub index) of the kept rows."""
        return [(row["source_line"], row["sub_index"]) for row in self.rows]

    def reasons(self):
        """(line, reason) of the refused records."""
        return [(row["source_line"], row["reason"]) for row in self.refused]

    def flags(self):
        """Line -> flags of the kept rows that have any."""
        return {row["source_line"]: row["parse_flags"] for row in self.rows if row["parse_flags"]}


@pytest.fixture(scope="session")
def batch_readers():
    """Readers by options; opening one plans queries, so they are kept for the session."""
    readers: ClassVar = {}
    yield readers
    for reader in readers.values():
        reader.close()


@pytest.fixture
def read(tmp_path, batch_readers):
    """Read files as one batch in this process and check the balance of every source and the bytes of every record."""
    counter = itertools.count()

    def run(*paths, decoded=None, **choices):
        options = IngestOptions(**choices)
        if options not in batch_readers:
            batch_readers[options] = BatchReader(Settings(options, b"key", 2, 2_000_000_000), lambda *told: None)
        folder = tmp_path / "batch" / str(next(counter))
        folder.mkdir(parents=True)
        batch = Batch("part-000000.parquet", folder, tuple(map(str, paths)), tuple(map(str, paths)), {})
        stored = batch_readers[options].read(batch)
        found = Found([source["row"] for source in stored], *_tables(folder), folder=folder)
        for path, source in zip(paths, stored, strict=True):
            content = Path(path).read_bytes() if decoded is None else decoded
            assert_sound(found, source["row"], content)
        return found

    return run


def _tables(folder):
    names = ("part-000000.parquet", "quarantine.parquet", "accounts_directory.parquet")
    return [pq.read_table(folder / name).to_pylist() if (folder / name).exists() else [] for name in names]


def assert_sound(found, source, content):
    """Check the balance of a source and that every record can be read again from its place in the decoded content."""
    rows = [row for row in found.rows if row["source_sha256"] == source["source_sha256"]]
    refused = [row for row in found.refused if row["source_sha256"] == source["source_sha256"]]
    assert source["n_read"] == source["n_kept"] + source["n_quarantined"] + source["n_out_of_scope"]
    if source["role"] == "log":
        assert (len(rows), len(refused)) == (source["n_kept"], source["n_quarantined"])
    ids = [row["record_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    for row in [*rows, *refused]:
        if row["source_offset"] is None:
            continue
        start, length = row["source_offset"], row["source_length"]
        raw = content[start : start + length]
        assert len(raw) == length
        assert hashlib.sha256(raw).hexdigest() == row["raw_sha256"]
        assert content[:start].count(b"\n") + 1 == row["source_line"]
        if "raw_prefix" in row and b"hmac:" not in row["raw_prefix"]:  # a torn hash of a key may look like a secret
            assert row["raw_prefix"] == raw[:4096]


@pytest.fixture
def log(tmp_path):
    """Write a file and return its path."""

    def write(content, name="gateway.jsonl"):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


class InProcess:
    """Stands in for the worker process: the same batches, read in this process."""

    readers: ClassVar = {}
    """Settings -> reader; opening one plans queries, so they are kept for the session."""

    def __init__(self, settings, progress):
        if settings not in self.readers:
            self.readers[settings] = BatchReader(settings, lambda *told: None)
        self._reader = self.readers[settings]
        self._reader._tell = lambda n_bytes, n_rows, _: progress.advance(rows=n_rows, n_bytes=n_bytes)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def read(self, batch):
        """Read a batch."""
        batch.folder.mkdir(parents=True)
        return self._reader.read(batch)


@pytest.fixture
def case(tmp_path):
    """A new case."""
    return create_case(tmp_path / "case")


@pytest.fixture(scope="session", autouse=True)
def readers_in_process():
    """Ends the threads of readers that tests share."""
    yield
    for reader in InProcess.readers.values():
        reader.close()


@pytest.fixture
def ingest(case, monkeypatch):
    """Ingest files into the case without a worker process; returns the summary."""
    monkeypatch.setattr(stage, "Worker", InProcess)

    def run(*inputs, into=case, limits=LIMITS, progress=None, **choices):
        return stage.ingest(
            into, [str(path) for path in inputs], IngestOptions(**choices), limits, progress or Silent()
        )

    return run


@pytest.fixture
def table(case):
    """Return a table of the case as dictionaries."""
    return lambda name, of=case: read_rows(of, name)
