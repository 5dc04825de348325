"""All exports of products at once: what comes out of each file, in one ingest over the folder that holds one export per product."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest.stage import ingest

HERE = Path(__file__).parent
EXPORTS = Path(os.environ.get("DISTILFORENSICS_EXPORTS", HERE.parents[1].parent / "shared" / "samples"))
"""One file per product; kept outside of the repository."""

EXPECTED = {row["file"]: row for row in map(json.loads, (HERE / "exports_of_products.jsonl").read_text().splitlines())}
BEGAN = IngestOptions(log_began=datetime(2026, 2, 1))
TECHNICAL = {
    "record_id", "source_sha256", "source_offset", "source_length", "raw_sha256", "source_format", "started_at_raw", "prompt_chars", "response_chars",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason=f"the exports lie outside of the repository, in {EXPORTS}")


def outcome(folder, options, case_folder):
    """Return what an ingest makes of every file of a folder: file -> role, format, balance, reasons and rows without empty columns."""
    case = create_case(case_folder)
    ingest(case, [str(folder)], options, Limits(memory_bytes=2_000_000_000, threads=1), Silent())
    sources = read_rows(case, "sources")
    tables = {name: read_rows(case, name) for name in ("exchanges", "out_of_scope", "quarantine")}
    found = {}
    for source in sources:
        of_file = {
            name: [row for row in rows if row["source_sha256"] == source["source_sha256"]]
            for name, rows in tables.items()
        }
        found[source["path"]] = {
            "file": source["path"],
            "role": source["role"],
            "format": source["format"] and source["format"].partition("/")[0],
            "counts": [source[f"n_{name}"] for name in ("read", "kept", "quarantined", "duplicate", "out_of_scope")],
            "out_of_scope": {row["reason"]: row["n_records"] for row in of_file["out_of_scope"]},
            "quarantine": {f"line {row['source_line']}": row["reason"] for row in of_file["quarantine"]},
            "rows": [] if source["role"] != "log" else [written(row) for row in of_file["exchanges"]],
        }
    return found


def written(row):
    """Return the columns of a row that hold something, JSON-ready."""
    kept = {name: value for name, value in row.items() if value not in (None, [], "") and name not in TECHNICAL}
    return json.loads(json.dumps(kept, default=lambda value: value.isoformat()))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What comes out of every file if the beginning of the log is known."""
    return outcome(EXPORTS, BEGAN, tmp_path_factory.mktemp("began") / "case")


@pytest.mark.parametrize("name", EXPECTED)
def test_an_export_gives_the_right_rows(name, found):
    """Role, format, balance, reasons, and every column of every row, compared with what the file holds."""
    assert found[name] == EXPECTED[name]


def test_every_export_is_looked_at(found):
    """A file that is added has to be given its rows."""
    assert sorted(found) == sorted(EXPECTED)


def test_most_exports_need_no_option(tmp_path):
    """Files that hold calls are read; those that do not are ignored; only what cannot be placed in time asks for an option."""
    found = outcome(EXPORTS, IngestOptions(), tmp_path / "case")
    refused = {name for name, file in found.items() if file["role"] == "refused"}

    assert refused == {
        "anthropic_message_batch_results.jsonl", "anthropic_messages_pair.jsonl", "burstgpt.csv", "helicone_export_trailing_comma.json",
        "lmsys_chat_1m.jsonl", "mooncake_trace.jsonl", "qwen_bailian.jsonl", "vllm.log",
    }  # fmt: skip
    assert sum(file["role"] == "log" for file in found.values()) >= 35
