"""Plain records are read by a projection of their own: it gives the same rows as that of all records, and leaves the others to it."""

import json

import numpy as np
import pyarrow as pa
import pytest

from distilforensics.ingest.catalogue.aliases import TARGETS
from distilforensics.ingest.formats import FieldMapping, Options
from distilforensics.ingest.framing.records import Reader
from distilforensics.ingest.rows.projection import YIELD, Projector

MAPPING = FieldMapping(
    {
        "started_at": "t", "account_id": "a", "client_ip": "ip", "model_requested": "m", "messages": "messages", "prompt_text": "prompt",
        "response_text": "answer", "system_text": "system", "input_tokens": "in", "latency_ms": "ms", "status": "status",
    }
)  # fmt: skip
PLAIN = [
    '{"t": "2026-02-01T00:00:00.25Z", "a": "u1", "ip": "192.0.2.1", "m": "gpt-4o", "prompt": "Hello", "answer": "Hi", "in": 3, "ms": 7.5}',
    '{"t": "2026-02-01 00:00:00", "a": "anonymous", "ip": "2001:db8::1", "status": 429, "in": "many"}',
    '{"t": 1770000000.5, "a": "1.5E+11", "ip": "192.0.2.x", "m": "-", "answer": ""}',
    '{"t": "01/Feb/2026:00:00:00 +0100", "a": "sk-a1b2c3d4e5f6g7h8", "ms": -1}',
    '{"t": null, "prompt": "***"}',
    '{"t": "2026-02-01T00:00:00Z", "messages": [{"role": "user", "content": "one"}], "answer": "cut ... [truncated 20 chars]"}',
    '{"t": "2026-02-01T00:00:00Z", "messages": [{"role": "system", "content": "be"}, {"role": "user", "content": "two"}]}',
    '{"t": "2026-02-01T00:00:00Z", "messages": [{"role": "user", "content": "a"}, {"role": "assistant"}, {"role": "user", "content": "c"}]}',
    '{"t": "1970-01-01T00:00:00Z", "messages": [{"role": "user", "content": "[REDACTED]"}], "prompt": "said beside"}',
]
ODD = [
    '{"t": "2026-02-01T00:00:00+02:00"}',
    '{"t": "Mon, 02 Feb 2026 04:05:06 GMT"}',
    '{"t": "yesterday"}',
    '{"t": "2026-02-01T00:00:00Z", "prompt": "{\\"messages\\": [{\\"role\\": \\"user\\", \\"content\\": \\"inside\\"}]}"}',
    '{"t": "2026-02-01T00:00:00Z", "prompt": "[{\\"role\\": \\"user\\", \\"content\\": \\"list\\"}]"}',
    '{"t": "2026-02-01T00:00:00Z", "answer": {"choices": [{"message": {"content": "object"}, "finish_reason": "stop"}]}}',
    '{"t": "2026-02-01T00:00:00Z", "answer": "data: {}"}',
    '{"t": "2026-02-01T00:00:00Z", "system": [{"type": "text", "text": "parts"}]}',
    '{"t": "2026-02-01T00:00:00Z", "messages": [{"role": "user", "content": [{"type": "text", "text": "part"}]}]}',
    '{"t": "2026-02-01T00:00:00Z", "messages": [{"from": "human", "value": "other names"}]}',
    '{"t": "2026-02-01T00:00:00Z", "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "last"}]}',
    '{"t": "2026-02-01T00:00:00Z", "messages": [{"role": "user", "content": null}]}',
    '{"t": "2026-02-01T00:00:00Z", "messages": []}',
    '{"t": "2026-02-01T00:00:00Z", "messages": "said"}',
    '{"t": "2026-02-01T00:00:00Z", "messages": [{"role": "system"}, {"role": "user", "content": "b"}]}',
]

CHAT = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
VALUES = [
    "", " ", "-", "N/A", "null", "None", "0", "1", "12.5", "1,000", "-3", "1e3", "true", "x" * 300, "é", "\u200bq", "[REDACTED]", "REDACTED",
    "ok", "error", "200", "200.0", "429", "599", "600", "http://a.example/v1", "/v1/chat/completions", "POST /v1/messages HTTP/1.1", "GET / HTTP/1.1",
    "POST", "GET", "2026-02-01T00:00:00", "1769904000", "1769904000.5", "192.0.2.1", "::1", "stop", "length", "AS64500", "gpt-4o-2024-08-06",
    "us.anthropic.claude-3-sonnet-20240229-v1:0", "... (litellm_truncated 20 chars) ...", "[]", "{}", "[1]", '["a", "b"]', '"q"', '"', "{",
    "{'role': 'user', 'content': 'q'}", "Message(role='user', content='q')", "data: {}", "event: x",
    json.dumps(CHAT), json.dumps(CHAT[1:]), json.dumps(CHAT[:1]), json.dumps([*CHAT, {"role": "assistant", "content": "a"}]),
    json.dumps([{"role": "user", "content": [{"type": "text", "text": "q"}]}]), json.dumps([{"role": "human", "content": "q"}]),
    json.dumps([{"role": "user", "content": ""}]), json.dumps([{"role": "user", "content": None}]), json.dumps([{"role": "User", "content": "q"}]),
    json.dumps([{"role": "system", "content": None}, {"role": "user", "content": "q"}]), json.dumps([{"content": "q"}]), json.dumps({"a": 1}),
    json.dumps([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]),
    json.dumps({"choices": [{"message": {"content": "a"}}]}), 0, 1, -1, 2.5, True, False, None, [], {}, ["a"], {"a": {"b": 1}}, CHAT, [CHAT],
]  # fmt: skip
"""What may stand in a field, plain and not."""

CHOICES = {
    "nothing said": {},
    "counts and calls": {"is_cache_left_out": True, "is_reasoning_left_out": True, "must_show_calls": True},
    "notation": {"null_words": ("x",), "decimal": ",", "thousands": "."},
}


@pytest.fixture(scope="module")
def projector():
    """With the projection of plain records."""
    return Projector(b"key", 1_000_000_000)


@pytest.fixture(scope="module")
def careful():
    """Reads every record with the projection of all records."""
    made = Projector(b"key", 1_000_000_000)
    made._plan_plain = lambda *_: None
    return made


def project(projector, lines, mapping=MAPPING):
    """Return the rows of lines in their order, with how many needed care."""
    table = projector.project(
        Reader("generic", Options(mapping=mapping)),
        np.arange(len(lines)),
        pa.chunked_array([pa.array(lines, pa.large_string())]),
    ).table
    return table.sort_by("row_index")


@pytest.mark.parametrize("line", PLAIN + ODD)
def test_a_record_has_the_same_row_in_both(projector, careful, line):
    """Whatever its fields hold."""
    assert project(projector, [line]).equals(project(careful, [line]))


def test_a_record_has_the_same_row_whatever_stands_beside_it(careful):
    """Texts of one are never those of another."""
    lines = PLAIN + ODD
    together = project(careful, lines).drop_columns("row_index")
    alone = [project(careful, [line]).drop_columns("row_index") for line in lines]
    assert together.to_pylist() == [row for table in alone for row in table.to_pylist()]


def test_records_that_need_care_stand_among_plain_ones(projector, careful, monkeypatch):
    """They are read apart, and nobody else is."""
    read = []
    run = projector._run
    monkeypatch.setattr(
        projector, "_run", lambda reader, table: read.extend(table["line"].to_pylist()) or run(reader, table)
    )
    projector._plain.clear()
    lines = [line for pair in zip(PLAIN * 2, ODD + PLAIN, strict=False) for line in pair]
    assert project(projector, lines).equals(project(careful, lines))
    assert read == [line for line in lines if line in ODD]


def test_what_only_the_plain_projection_cannot_read_is_no_damage(projector, careful):
    """Messages as Python writes them are no JSON; the record is."""
    lines = [
        PLAIN[0],
        """{"t": "2026-02-01T00:00:00Z", "messages": "[{'role': 'user', 'content': 'q'}]"}""",
        "{",
        PLAIN[1],
    ]
    found = project(projector, lines)
    assert found["row_index"].to_pylist() == [0, 1, 3]
    assert found.equals(project(careful, lines))
    assert found.schema.equals(YIELD)


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize(
    "without", [{"request_line", "messages"}, {"prompt_text", "latency_ms", "operation"}], ids=["prompt", "messages"]
)
def test_any_value_in_any_field_is_read_alike(projector, careful, choices, without):
    """One strange value at a time, in a record that is plain otherwise; whoever changes one query has to change the other."""
    targets = sorted(TARGETS - {"request_body", "usage", "conversation"} - without)
    mapping = FieldMapping(columns={target: target for target in targets}, **choices)
    usual = {
        "started_at": "2026-02-01T00:00:00Z", "account_id": "a", "model_requested": "m", "input_tokens": 5, "output_tokens": 7
    }  # fmt: skip
    # Messages that only begin like a list make the whole projection of plain records fail; a test above is about them.
    records = [
        usual | {target: value}
        for target in targets
        for value in VALUES
        if (target, value) != ("messages", "[REDACTED]")
    ]
    lines = [json.dumps(record) for record in records]
    plain, full = (project(one, lines, mapping).to_pylist() for one in (projector, careful))

    assert projector._plain[Reader("generic", Options(mapping=mapping)).key] is not None
    assert set() == {
        (name, str(row[name]), str(other[name]))
        for row, other in zip(full, plain, strict=True)
        for name in row
        if row[name] != other[name]
    }
