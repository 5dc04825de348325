"""A citation is the record's own bytes, whatever the file is wrapped in."""

import bz2
import contextlib
import csv
import gzip
import hashlib
import io
import lzma
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.pipeline.citation import cite

SAMPLES = Path(__file__).parents[2] / "sample_logs" / "pool" / "logs"
BROKEN = b'{"broken": "\x1b[2J'


def spend_log():
    """Thirty good records and a broken one with an escape sequence."""
    with next(SAMPLES.rglob("*.jsonl.zst")).open("rb") as stream:
        lines = zstandard.ZstdDecompressor().stream_reader(stream).read(1_000_000).split(b"\n")[:30]
    return [*lines[:10], BROKEN, *lines[10:]]


def requests():
    """Thirty rows of the gateway's CSV as dictionaries."""
    with gzip.open(next(SAMPLES.rglob("*.csv.gz")), "rt", encoding="utf-8", newline="") as stream:
        return list(islice(csv.DictReader(stream), 30))


def parquet():
    """The rows as a Parquet file of three row groups."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(requests()), sink, row_group_size=10)
    return sink.getvalue()


def csv_text():
    """The rows as CSV in which one prompt holds line ends."""
    rows = requests()
    rows[4]["prompt"] = "first line\nsecond line"
    sink = io.StringIO(newline="")
    writer = csv.DictWriter(sink, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return sink.getvalue().encode()


JSON_LINES = b"".join(line + b"\n" for line in spend_log())
FILES = {
    "LiteLLM_SpendLogs.jsonl": JSON_LINES,
    "LiteLLM_SpendLogs.jsonl.gz": gzip.compress(JSON_LINES, mtime=0),
    "LiteLLM_SpendLogs.jsonl.bz2": bz2.compress(JSON_LINES),
    "LiteLLM_SpendLogs.jsonl.xz": lzma.compress(JSON_LINES),
    "LiteLLM_SpendLogs.jsonl.zst": zstandard.compress(JSON_LINES),
    "requests.csv": csv_text(),
    "requests.parquet": parquet(),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with the files, and the case that was made of them by a relative path."""
    home = tmp_path_factory.mktemp("cited")
    (home / "logs").mkdir()
    for name, content in FILES.items():
        (home / "logs" / name).write_bytes(content)
    with contextlib.chdir(home):
        ingest = ["ingest", "logs", "--case", "case", "-q", "--max-malformed", "1", "--threads", "1"]
        assert run_cli(ingest) == ExitCode.COMPLETE
    return home


@pytest.fixture
def case(home, monkeypatch):
    """The case, in the folder from which it was made."""
    monkeypatch.chdir(home)
    return open_case(home / "case")


def rows_of(case, name, table="exchanges"):
    """Return the rows of a file in the order of its lines."""
    (source,) = [row for row in read_rows(case, "sources") if Path(row["path"]).name == name]
    rows = [row for row in read_rows(case, table) if row["source_sha256"] == source["source_sha256"]]
    return sorted(rows, key=lambda row: row["source_line"])


@pytest.mark.parametrize("name", FILES)
def test_every_record_of_a_file_is_cited_with_its_hash(case, name, small_limits):
    """First, last and one in between, kept or quarantined; compression does not matter."""
    rows = rows_of(case, name)

    assert 30 == len(rows)
    for row in (rows[0], rows[4], rows[17], rows[-1]):
        citation = cite(case, row["record_id"], small_limits)

        assert row["raw_sha256"] == citation.raw_sha256 == hashlib.sha256(citation.raw).hexdigest()
        assert (row["source_line"], "exchange") == (citation.line, citation.kind)
    if "jsonl" in name:
        assert spend_log()[20] == cite(case, f"{rows[0]['source_sha256'][:16]}:21", small_limits).raw


def test_a_csv_record_over_two_lines_is_cited_whole(case, small_limits):
    """With the line end inside of its quotes."""
    row = next(row for row in rows_of(case, "requests.csv") if "second line" in row["prompt_text"])

    assert b'"first line\nsecond line"' in cite(case, row["record_id"], small_limits).raw


def test_a_quarantined_record_can_be_cited_and_cannot_harm_the_terminal(case, capsys):
    """The screen gets escapes."""
    (refused,) = rows_of(case, "LiteLLM_SpendLogs.jsonl.gz", "quarantine")
    code = run_cli(["cite", str(case.root), f"{refused['source_sha256'][:16]}:11"])
    text = capsys.readouterr().out

    assert ExitCode.COMPLETE == code
    assert '{"broken": "\\x1b[2J' in text
    assert "\x1b" not in text
    assert "LiteLLM_SpendLogs.jsonl.gz:11" in text
