"""`inspect` tells what files are through the reading path of an ingest, from their beginning, and stores nothing."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from distilforensics.core.errors import UsageError
from distilforensics.ingest.formats import load_formats
from distilforensics.ingest.inspection import SAMPLE_COLUMNS, inspect_sources
from distilforensics.ingest.options import IngestOptions

SAMPLES = Path(__file__).parent / "formats" / "samples"
NEEDS = {
    "test.text": ["account_id", "started_at", "prompt_text|prompt_sha256"],
    "test.tokens": ["account_id", "input_tokens", "output_tokens"],
    "test.sign_up": ["account_id", "accounts_directory.created_at"],
    "test.payment_or_session": ["account_id", "accounts_directory.payment_fingerprint|session_id"],
    "test.nothing": [],
}


@pytest.fixture
def folder(tmp_path):
    """A folder with logs of several formats, a directory, labels and things that are no logs."""
    for name in ("accounts.csv", "labels.csv"):
        shutil.copy(SAMPLES / name, tmp_path / name)
    samples = {
        name: load_formats()[name].examples[0].sample
        for name in ("nginx_combined", "litellm_spendlogs", "bedrock_invocation")
    }
    (tmp_path / "nginx_combined.log").write_bytes(samples["nginx_combined"])
    (tmp_path / "litellm_spendlogs.jsonl").write_bytes(samples["litellm_spendlogs"])
    (tmp_path / "bedrock.json.gz").write_bytes(gzip.compress(samples["bedrock_invocation"]))
    (tmp_path / "unknown.jsonl").write_text('{"when": 1, "who": "x"}\n{"when": 2, "who": "y"}\n')
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 50)
    return tmp_path


def look(*inputs, options=IngestOptions()):  # noqa: B008
    found = inspect_sources([str(given) for given in inputs], options, NEEDS)
    return {Path(item.path).name: item for item in found}


def test_every_file_of_a_folder_is_told_in_order(folder):
    """Role, format, confidence, compression."""
    found = look(folder)

    assert {
        "accounts.csv": ("accounts_directory", None, None, "none"),
        "bedrock.json.gz": ("log", "bedrock_invocation/1", "high", "gzip"),
        "labels.csv": ("ignored", None, None, "none"),
        "litellm_spendlogs.jsonl": ("log", "litellm_spendlogs/1", "high", "none"),
        "nginx_combined.log": ("log", "nginx_combined/1", "high", "none"),
        "picture.png": ("ignored", None, None, "none"),
        "unknown.jsonl": ("refused", None, None, "none"),
    } == {name: (item.role, item.format, item.confidence, item.compression) for name, item in found.items()}
    assert list(found) == sorted(found)


def test_a_log_is_described_by_its_beginning(folder):
    """Counts, refusals with their line, doubts, time range, fill rates and a sample."""
    found = look(folder / "litellm_spendlogs.jsonl")["litellm_spendlogs.jsonl"]

    assert (28, 3, 5) == (found.n_sampled, found.n_refused, found.n_out_of_scope)
    assert [16, 17, 18] == [refusal["line"] for refusal in found.refusals]
    assert {
        "address_list": 1,
        "negative_latency": 1,
        "secret_hashed": 1,
        "tokens_unreadable": 1,
        "ts_naive": 1,
    } == found.flags
    assert (datetime(2026, 3, 1, 10, 0, 1, 250000), datetime(2026, 3, 1, 11, 0, 4, 250000)) == (
        found.first_started_at,
        found.last_started_at,
    )
    assert (1.0, 0.0, 0.3) == (found.fill["account_id"], found.fill["ja4"], found.fill["project_id"])
    assert len(found.sample) == 5
    assert list(SAMPLE_COLUMNS) == list(found.sample[0])
    assert found.sample[0]["prompt_text"] == "Name a prime above 90."
    assert len(found.sample[1]["prompt_text"]) == 121


def test_heuristics_are_told_by_what_the_exchanges_carry(folder):
    """A directory among the inputs counts for all logs; without it the need is missing."""
    without = look(folder / "nginx_combined.log")["nginx_combined.log"].heuristics
    with_directory = look(folder)["nginx_combined.log"].heuristics

    assert [
        ("test.nothing", 1.0, ()),
        ("test.payment_or_session", 0.0, ("accounts_directory.payment_fingerprint|session_id",)),
        ("test.sign_up", 0.0, ("accounts_directory.created_at",)),
        ("test.text", 0.0, ("prompt_text|prompt_sha256",)),
        ("test.tokens", 0.0, ("input_tokens", "output_tokens")),
    ] == [(item.heuristic_id, item.share, item.missing) for item in without]
    assert {"test.payment_or_session": 0.5, "test.sign_up": 0.5} == {
        item.heuristic_id: item.share for item in with_directory if item.share == 0.5
    }


def test_alternatives_count_together(folder):
    """`a|b` holds where either is there."""
    found = {item.heuristic_id: item.share for item in look(folder)["litellm_spendlogs.jsonl"].heuristics}

    assert found["test.tokens"] == round(19 / 20, 6)
    assert 0 < found["test.text"] < 1


def test_an_unknown_log_comes_with_a_mapping_to_edit(folder):
    """The examiner sees all fields; a known log has no such suggestion."""
    found = look(folder)

    assert '"when"' in found["unknown.jsonl"].suggested_mapping
    assert "unknown log format" in found["unknown.jsonl"].reason
    assert found["bedrock.json.gz"].suggested_mapping is None
    assert found["accounts.csv"].suggested_mapping is None


def test_a_mapping_file_is_used(folder, tmp_path):
    """As by an ingest."""
    mapping = tmp_path / "map.toml"
    mapping.write_text('[columns]\nstarted_at = "when"\naccount_id = "who"\n')
    (tmp_path / "unknown.jsonl").write_text('{"when": 1772359200, "who": "x"}\n')
    found = look(tmp_path / "unknown.jsonl", options=IngestOptions(mappings=(mapping,)))["unknown.jsonl"]

    assert ("generic/1", "given", "x") == (found.format, found.confidence, found.sample[0]["account_id"])


def test_a_large_file_is_not_read_to_its_end(tmp_path):
    """Only its beginning is projected."""
    line = '192.0.2.1 - - [01/Mar/2026:10:00:01 +0000] "POST /v1/messages HTTP/1.1" 200 1 "-" "' + "a" * 900 + '"\n'
    path = tmp_path / "access.log"
    path.write_text(line * 60_000)
    found = look(path)["access.log"]

    assert 0 < found.n_sampled < 60_000
    assert found.n_bytes == len(line) * 60_000


def test_a_damaged_log_is_told_with_its_damage(tmp_path):
    """Lines that are no JSON are refused as by an ingest."""
    lines = load_formats()["bedrock_invocation"].examples[0].sample.decode().splitlines()
    (tmp_path / "log.jsonl").write_text("\n".join([*lines[:14], "{broken", *lines[:14]]) + "\n")
    found = look(tmp_path / "log.jsonl")["log.jsonl"]

    assert (29, 1, "high") == (found.n_sampled, found.n_refused, found.confidence)
    assert found.refusals[0]["line"] == 15


def test_hostile_values_cannot_break_the_output(tmp_path):
    """Everything is data; refusal details are safe to print."""
    record = {"timestamp": "\x1b[31m", "account_id": "=cmd()", "model": "\u202e", "prompt": "\x00"}
    (tmp_path / "log.jsonl").write_text(
        json.dumps(record) + "\n" + json.dumps(record | {"timestamp": 1772359200}) + "\n"
    )
    found = look(tmp_path / "log.jsonl")["log.jsonl"]

    assert found.refusals[0]["detail"].isprintable()
    assert json.loads(json.dumps(found.as_dict(), default=str))["sample"][0]["account_id"] == "=cmd()"


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\x00" * 100, b"\x1f\x8b\x08\x00broken", b"[", b"{", b"PK\x03\x04zip"]
)
def test_an_empty_or_broken_file_is_told_and_does_not_fail(content, tmp_path):
    """No file makes an inspection fail."""
    (tmp_path / "log.jsonl").write_bytes(content)
    found = look(tmp_path / "log.jsonl")["log.jsonl"]

    assert found.role in ("ignored", "refused", "archive")
    assert found.reason


def test_a_file_that_cannot_be_opened_is_refused(tmp_path, monkeypatch):
    """It is told with the others."""
    (tmp_path / "log.jsonl").write_text("{}")
    opened = Path.open

    def denied(self, *arguments, **options):
        if self.name == "log.jsonl":
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", denied)
    found = look(tmp_path / "log.jsonl")["log.jsonl"]

    assert ("refused", True) == (found.role, "cannot be opened" in found.reason)


def test_an_input_that_names_nothing_is_a_usage_error(tmp_path):
    """As by an ingest."""
    with pytest.raises(UsageError, match="no file"):
        inspect_sources([str(tmp_path / "none.log")], IngestOptions())


def test_an_inspection_changes_nothing(folder):
    """No file is written, none is changed."""
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    look(folder)

    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_members_of_an_archive_are_told_one_by_one(tmp_path):
    """As an ingest would read them, with what is refused of them; the copies are gone afterwards."""
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("logs/spend.jsonl", load_formats()["litellm_spendlogs"].examples[0].sample)
        archive.writestr("../out.jsonl", b"{}")
    found = {Path(item.path).name: item for item in inspect_sources([str(tmp_path)], IngestOptions(), NEEDS)}

    assert (found["export.zip"].role, found["export.zip"].reason) == ("archive", "1 members read, 1 refused")
    assert (found["out.jsonl"].role, found["out.jsonl"].n_bytes) == ("refused", 0)
    spend = found["spend.jsonl"]
    assert spend.path == f"{tmp_path}/export.zip!logs/spend.jsonl"
    assert (spend.role, spend.format, spend.confidence) == ("log", "litellm_spendlogs/1", "high")
    assert spend.n_sampled > 3
    assert len(spend.heuristics) == len(NEEDS)
