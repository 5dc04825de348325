"""A small sealed case with evidence, written straight through the table contract."""

import hashlib

import pyarrow as pa
import pytest

from distilforensics.case import custody, manifest
from distilforensics.case.layout import create_case, write_file, write_json
from distilforensics.case.tables import write_batches, write_rows
from distilforensics.core.schema import TABLES

LINES = [b'{"n": 1}', b'{"n": 2}', b'{"n": 2}', b"broken", b'{"health": true}']


@pytest.fixture
def evidence(tmp_path):
    """A log of five records: two kept, one duplicate, one quarantined, one out of scope."""
    path = tmp_path / "evidence" / "logs" / "gateway.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(line + b"\n" for line in LINES))
    return path


def write_tables(case, evidence):
    """Write the five tables of the ingest for `evidence`."""
    content = evidence.read_bytes()
    source = hashlib.sha256(content).hexdigest()
    ids = {line: f"{source[:16]}:{line}" for line in (1, 2, 3)}
    rows = [{"record_id": ids[line], "source_sha256": source, "source_line": line} for line in ids]
    table = pa.Table.from_pylist(rows, schema=TABLES["exchanges"].arrow)
    write_batches(case, "exchanges", table.to_batches(), path=case.table_path("exchanges") / "part.parquet")
    write_rows(case, "duplicates", [{"record_id": ids[3], "duplicate_of": ids[2], "duplicate_class": "exact_line"}])
    write_rows(case, "quarantine", [{"source_sha256": source, "source_line": 4, "reason": "not_json"}])
    write_rows(
        case, "out_of_scope", [{"source_sha256": source, "reason": "health check", "n_records": 1, "first_line": 5}]
    )
    balance = {"n_read": 5, "n_kept": 2, "n_quarantined": 1, "n_duplicate": 1, "n_out_of_scope": 1}
    stated = {"source_sha256": source, "path": "logs/gateway.jsonl", "role": "log", "n_bytes": len(content)}
    write_rows(case, "sources", [stated | balance])


@pytest.fixture
def sealed(tmp_path, evidence):
    """A sealed case over `evidence`, whose run was started in the folder above `logs`."""
    case = create_case(tmp_path / "case")
    cwd = str(evidence.parent.parent)
    custody.append(case, "run started", {"cwd": cwd})
    write_tables(case, evidence)
    write_rows(case, "accounts", [])
    write_file(case.report / "report.html", b"<!doctype html>")
    write_json(case.stages / "ingest.json", {"stage": "ingest"})
    write_json(case.run_record, {"cwd": cwd, "custody": custody.head(case)})
    manifest.seal(case)
    return case
