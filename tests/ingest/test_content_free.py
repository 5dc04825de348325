"""`--content-free`: a case without a readable word of anybody's prompts and answers, with the findings of one that has them."""

import hashlib
import json
import re
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows

PLANTED = "zebrafinch"
CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": f'{{"q": "{PLANTED}"}}'}}
KEYED = re.compile(r"\b(prompt|prefix|suffix|system|passage|near):[0-9a-f]{8,}")


@pytest.fixture(scope="module")
def free_case(tmp_path_factory):
    """The sample log with a campaign, read without its texts."""
    case = tmp_path_factory.mktemp("free") / "case"
    logs = "sample_logs/pool/logs"
    command = [
        sys.executable,
        "-m",
        "distilforensics",
        "run",
        logs,
        "--case",
        str(case),
        "--content-free",
        "--threads",
        "1",
        "-q",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return case


def values_of(path):
    """Return all that a file says, as text."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        return f"{table.to_pylist()} {table.schema.metadata}"
    return path.read_bytes().decode("utf-8", "replace")


def holding(folder, word):
    """Return the files of a folder in which a word stands."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and word in values_of(path).lower()]


def full_record(record):
    """Return a record with the planted word wherever a caller or a model writes."""
    return record(
        proxy_server_request={
            "messages": [
                {"role": "system", "content": f"You are {PLANTED} one."},
                {"role": "user", "content": f"What is a {PLANTED}? " * 12},
                {"role": "assistant", "content": f"A {PLANTED} is a bird.", "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "1", "content": f"{PLANTED} found"},
                {"role": "user", "content": f"And {PLANTED} 4711?"},
            ],
            "tools": [{"type": "function", "function": {"name": "look", "description": f"looks for {PLANTED}"}}],
            "response_format": {"type": "json_schema", "json_schema": {"name": PLANTED, "schema": {"title": PLANTED}}},
        },
        response={"choices": [{"finish_reason": "stop", "message": {"content": f"It is {PLANTED}.", "reasoning_content": PLANTED}}]},
    )  # fmt: skip


def test_no_word_of_a_text_is_in_any_file(record, log, tmp_path):
    """Prompts, answers, system prompts, tool definitions and results, schemas, and records that could not be read."""
    lines = [json.dumps(full_record(record)), *(json.dumps(record(n)) for n in range(2, 40)), '{"broken ' + PLANTED]
    path = log("\n".join(lines).encode())
    for name, options in (("free", ["--content-free"]), ("with", [])):
        command = ["run", str(path), "--case", str(tmp_path / name), "--max-malformed", "1", "--no-power", *options]
        result = subprocess.run(
            [sys.executable, "-m", "distilforensics", *command], check=False, capture_output=True, text=True
        )
        assert result.returncode == 0, result.stderr
        assert PLANTED not in result.stdout + result.stderr
    assert holding(tmp_path / "with", PLANTED)
    assert not holding(tmp_path / "free", PLANTED)
    assert not holding(tmp_path / "free", "question 7")


def test_a_part_is_written_without_texts(read, record, log):
    """Not even the files that a batch leaves while it is read have them."""
    found = read(log(json.dumps(full_record(record)).encode()), is_content_free=True)
    assert not holding(found.folder, PLANTED)
    [row] = found.rows
    assert row["prompt_chars"] == len(f"And {PLANTED} 4711?")
    assert row["text_fingerprints"]["earlier_prompt_hash"] is not None


def test_equal_texts_have_equal_fingerprints_under_one_key_only(read, record, log):
    """The fingerprints tie records together; without the secret nobody can try texts until a hash fits."""
    rows = [full_record(record), full_record(record) | {"request_id": "chatcmpl-2"}]
    path = log("\n".join(map(json.dumps, rows)).encode())
    one, two = read(path, is_content_free=True).rows
    assert one["text_fingerprints"] == two["text_fingerprints"]
    assert one["text_fingerprints"]["prompt_hash"] != plain_hash(read(path).rows[0]["prompt_text"])


def plain_hash(text):
    """Return what anybody can compute of a text."""
    return hashlib.md5(text.lower().encode(), usedforsecurity=False).hexdigest()[:16]


@pytest.mark.parametrize(
    "name", ["campaigns", "accounts", "campaign_facts", "heuristic_states", "links", "populations"]
)
def test_findings_are_those_of_the_case_with_texts(free_case, sample_case, name):
    """Every table of findings is the same, but for the names of templates, which are keyed."""

    def rows(case):
        text = [json.dumps(row, default=str) for row in read_rows(open_case(case), name)]
        return sorted(KEYED.sub(r"\1:x", line) for line in text)

    assert rows(free_case) == rows(sample_case("pool"))


def test_a_citation_shows_the_record_of_the_evidence(free_case):
    """What is not in the case is still in the log."""
    record_id = read_rows(open_case(free_case), "exchanges", ["record_id"])[0]["record_id"]
    command = [sys.executable, "-m", "distilforensics", "cite", str(free_case), record_id]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "messages" in result.stdout or "content" in result.stdout
