"""Parquet logs: rows as canonical JSON, numbered; damage refuses the file."""

import datetime as dt
import hashlib
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq

from distilforensics.ingest.framing import parquet_records


def parquet_of(records, **columns):
    """A Parquet file of records as bytes."""
    table = pa.Table.from_pylist(records)
    for name, values in columns.items():
        table = table.append_column(name, values)
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def test_rows_are_numbered_and_have_no_offset(read, log, record):
    """The line is the row; the hash is that of the row's canonical JSON."""
    found = read(log(parquet_of([record(1), record(2)]), "spend.parquet"))
    assert found.places() == [(1, 0), (2, 0)]
    assert [(row["source_offset"], row["source_length"]) for row in found.rows] == [(None, None), (None, None)]
    canonical = json.dumps(record(1), sort_keys=True, separators=(",", ":")).encode()
    assert found.rows[0]["raw_sha256"] == hashlib.sha256(canonical).hexdigest()


def test_the_same_records_as_lines_and_as_parquet_have_the_same_content(read, log, record):
    """Typed columns come out as the text they stand for."""
    start = dt.datetime(2026, 2, 3, 4, 5, 6, 789_000)
    typed = [record(n, startTime=start.replace(tzinfo=dt.UTC)) for n in (1, 2)]
    found = read(log(parquet_of(typed), "spend.parquet"))
    assert [row["started_at"] for row in found.rows] == [start, start]
    assert [row["prompt_text"] for row in found.rows] == ["question 1", "question 2"]


def test_values_without_json_form_become_text(read, log, record):
    """Bytes, decimals, dates, NaN and maps."""
    n = 1
    columns = {
        "raw": pa.array([b"\xff\x00"]),
        "day": pa.array([dt.date(2026, 2, 3)]),
        "share": pa.array([float("nan")]),
        "tags": pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())),
        "big": pa.array([2**64 - 1], pa.uint64()),
    }
    found = read(log(parquet_of([record(n)], **columns), "spend.parquet"))
    assert found.source["unknown_keys"] == ["big", "day", "raw", "share", "tags"]
    assert found.source["n_kept"] == 1


def test_batches_are_cut_into_chunks(read, log, record, monkeypatch):
    """Row numbers go on from chunk to chunk."""
    monkeypatch.setattr(parquet_records, "CHUNK_BYTES", 2000)
    monkeypatch.setattr(parquet_records, "BATCH_ROWS", 3)
    found = read(log(parquet_of([record(n) for n in range(20)]), "spend.parquet"))
    assert [line for line, _ in found.places()] == list(range(1, 21))


def test_a_damaged_file_is_refused(read, log, record):
    """A flipped byte in a page, and a file that breaks off."""
    content = bytearray(parquet_of([record(n) for n in range(200)]))
    cut = read(log(bytes(content[:-100]), "cut.parquet"))
    assert (cut.source["role"], cut.rows) == ("refused", [])
    assert "Parquet" in cut.source["reason"]


def test_a_flipped_bit_anywhere_costs_the_file_at_most(read, log, record):
    """One byte in 29 of a small table in turn: a refusal or the rows, never an error of a library."""
    content = parquet_of([record(n) for n in range(3)])
    for position in range(0, len(content), 29):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        found = read(log(bytes(damaged), "spend.parquet"))
        assert found.source["role"] in ("log", "refused", "ignored")
        assert found.source["source_sha256"] == hashlib.sha256(damaged).hexdigest()
