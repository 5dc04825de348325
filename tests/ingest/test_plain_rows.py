"""Tables whose rows are cut by array operations give what the parser of tables gives, row by row."""

import csv
import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.ingest.framing.plain_rows import plain_rows
from distilforensics.ingest.reading.recogniser import Recogniser

NAMES = (
    "timestamp",
    "request_id",
    "account_id",
    "model",
    "input_tokens",
    "output_tokens",
    "prompt",
    "response",
    "note",
)
ODD_CELLS = (
    "", " ", "a,b", 'say "x"', '"', '""', "a\nb", "a\r\nb", "back\\slash", "'=1+1", "'quoted'", '{"a": 1}', "[1, 2]", "[no json", "tab\there",
    "ünï", "\u00a0", "account_id", "bell\a", "\ufeffmark", "a\rb", "0", "\u2028",
)  # fmt: skip


def table(*, quoting, line_end, seed, n_rows=300):
    """A table with odd cells, rows of wrong length, blank rows, repeated headers and bytes that are no UTF-8."""
    random_ = random.Random(seed)
    sink = io.StringIO()
    writer = csv.writer(sink, quoting=quoting, lineterminator=line_end)
    writer.writerow(NAMES)
    for n in range(n_rows):
        row = [f"2026-02-03T04:05:{n % 60:02d}Z", f"r{n}", f"a{n % 7}", "m-1", str(n), "7", "ask", "answer", "x"]
        if n % 5 == 0:
            row[random_.randrange(len(row))] = random_.choice(ODD_CELLS)
        if n % 31 == 0:
            row = random_.choice([row[:-1], [*row, "more"], list(NAMES), [], ["", ""], [*NAMES[:-1], "other"]])
        writer.writerow(row)
    content = sink.getvalue().encode()
    return content.replace(b",ask,answer,x", b",ask,\xff\xfe,x", 3).replace(b",ask,answer", b',as"k,answer', 1)


def outcome(read, log, content, name="calls.csv"):
    """What is kept of a table and what is refused."""
    found = read(log(content, name))
    counts = ("n_read", "n_kept", "n_quarantined", "n_blank", "n_lines", "n_flagged", "unknown_keys")
    return found.rows, found.refused, {name: found.source[name] for name in counts}


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize(("line_end", "seed"), [("\n", 1), ("\r\n", 2)])
def test_plain_rows_are_read_as_all_others(read, log, monkeypatch, quoting, line_end, seed):
    """With and without the short way: the same rows, refusals and counts."""
    content = table(quoting=quoting, line_end=line_end, seed=seed)
    short = outcome(read, log, content)
    monkeypatch.setattr(Recogniser, "takes_cells", lambda *_: False)
    assert short == outcome(read, log, content)
    assert len(short[0]) > 200
    assert short[1]


def test_only_rows_that_need_no_care_are_plain():
    """Quotes that surround a cell are cut off, doubled ones are one; a quote in an odd place, an escape or guarded cell needs care."""
    lines = [b'1,"a, b","say ""x"""', b"2,,", b'3,a"b,c', b"4,\\,c", b"5,'=1,c", b"6,b", b'"7",b,c']
    buffer = b"\n".join(lines)
    ends = [buffer.index(line) + len(line) for line in lines]
    starts = [end - len(line) for end, line in zip(ends, lines, strict=True)]
    found = plain_rows(buffer, *(pa.array(places).to_numpy() for places in (starts, ends)), ("n", "x", "y"), ",")
    assert found.is_plain.tolist() == [True, True, False, False, False, False, True]
    assert found.cells.to_pylist() == [
        {"n": "1", "x": "a, b", "y": 'say "x"'}, {"n": "2", "x": None, "y": None}, {"n": "7", "x": "b", "y": "c"}
    ]  # fmt: skip


def test_columns_of_parquet_are_read_as_objects_are(read, log, monkeypatch):
    """Texts, numbers, times, truth values and nothing at all: the same rows and hashes whichever way a column goes."""
    times = pa.array([1_770_091_505_000_000, None, 1_770_091_505_123_000], pa.timestamp("us", "UTC"))
    columns = {
        "timestamp": times, "request_id": ["r1", None, 'r"3\n'], "account_id": ["a", None, "ü"], "model": pa.array(["m", None, "m"]).dictionary_encode(),
        "input_tokens": pa.array([1, None, 3], pa.int32()), "temperature": [0.7, None, 1e-7], "stream": [True, None, False],
        "prompt": ["[1]", None, "a\0b"], "response": ["{}", None, "\\"], "extra": [float("nan"), None, 2.0],
    }  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    short = outcome(read, log, sink.getvalue(), "calls.parquet")
    monkeypatch.setattr("distilforensics.ingest.framing.parquet_records._columns_of", lambda _: (None, None))
    assert short == outcome(read, log, sink.getvalue(), "calls.parquet")
    assert short[2]["n_read"] == 3
