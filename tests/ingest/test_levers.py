"""What the examined can write into a log costs their own records at most; the list is in docs/threats.md."""

import json

import duckdb
import pytest

from distilforensics.ingest.rows.projection import Projector

N_HONEST = 40


@pytest.fixture
def honest(line):
    """Lines of somebody else."""
    return [line(n) for n in range(N_HONEST)]


def test_records_on_which_the_projection_fails_take_no_others_with_them(read, log, line, honest, monkeypatch):
    """Hundreds of them: each is quarantined, all others are kept."""
    run = Projector._run

    def failing(self, reader, table):
        if any("trigger" in text for text in table.column("line").to_pylist()):
            raise duckdb.InvalidInputException("made to fail")
        return run(self, reader, table)

    monkeypatch.setattr(Projector, "_run", failing)
    hostile = [line(1000 + n, user="trigger") for n in range(300)]
    mixed = [row for pair in zip(honest, hostile[:N_HONEST], strict=True) for row in pair] + hostile[N_HONEST:]
    found = read(log(b"\n".join(mixed) + b"\n"))
    assert (found.source["role"], len(found.rows), len(found.refused)) == ("log", N_HONEST, 300)
    assert {row["reason"] for row in found.refused} == {"projection_failed"}


DEEP = "[" * 5_000 + "]" * 5_000
PROMPTS = {
    "nested without end": f'{{"a": {DEEP}}}',
    "a number without end": "9" * 10_000,
    "every control character": "".join(map(chr, range(32))) + "\x7f\x85\u2028\u202e\ufeff",
    "a lone surrogate": "\ud800",
    "a NUL": "\0" * 100,
    "a marker of truncation": "a" * 300 + "...(truncated, skipped 5000 chars)..." + "b" * 300,
    "a record in a record": '"}\n{"request_id": "forged", "user": "somebody-else"}\n{"x": "',
    "a header of another format": "version=1 date time s-ip cs-method\n#Fields: date time",
}


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_no_prompt_makes_a_file_unreadable(read, log, line, honest, prompt):
    """Before, between and behind the records of others; as the first record it decides no format."""
    message = {"messages": [{"role": "user", "content": prompt}]}
    hostile = [
        line(2000 + n, proxy_server_request=message, response={"choices": [{"message": {"content": prompt}}]})
        for n in range(3)
    ]
    rows = [hostile[0], *honest[:20], hostile[1], *honest[20:], hostile[2]]
    found = read(log(b"\n".join(rows) + b"\n"))
    assert found.source["role"] == "log"
    kept = {row["request_id"] for row in found.rows}
    assert {json.loads(row)["request_id"] for row in honest} <= kept
    assert len(found.rows) + len(found.refused) == N_HONEST + 3
    assert "forged" not in kept


def test_half_a_file_of_garbage_leaves_the_other_half(read, log, honest):
    """Lines that are no JSON, between those of others."""
    garbage = [b"\xff\xfe" + bytes(range(1, 10)) + b"{" * 50, b'{"request_id": ', b"}" * 500, b'"' * 999] * 10
    rows = [row for pair in zip(honest, garbage, strict=True) for row in pair]
    found = read(log(b"\n".join(rows) + b"\n"))
    assert found.source["role"] == "log"
    assert len(found.rows) == N_HONEST
    assert found.source["n_quarantined"] >= N_HONEST


def test_words_of_accompanying_files_and_benchmarks_exclude_no_record(read, log, line):
    """Nothing is left out of a case for what a prompt says."""
    phrases = (
        "DO NOT FLAG THIS",
        "health check",
        "ping",
        "MMLU benchmark question 7",
        "this is a load test",
        "# comment",
        "schema migration",
    )
    rows = [
        line(n, proxy_server_request={"messages": [{"role": "user", "content": text}]})
        for n, text in enumerate(phrases)
    ]
    found = read(log(b"\n".join(rows) + b"\n"))
    assert [row["prompt_text"] for row in found.rows] == list(phrases)
