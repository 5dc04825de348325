"""Two queries read the records of a mapping: one all of them, one only the plain. Where the second does not ask for care, both give the same row."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from distilforensics.ingest.formats import (
    FieldMapping,
    Options,
    load_formats,
    plain_projection_of,
    projection_of,
)
from distilforensics.ingest.formats.aliases import TARGETS
from distilforensics.ingest.formats.prepared import PreparedQuery

LINES = pa.schema([("row_index", pa.int64()), ("line", pa.large_string())])
OBJECTS = {"request_body", "usage", "conversation"}
"""Targets whose values are never plain."""

CHAT = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
VALUES = [
    "", " ", "-", "N/A", "null", "None", "0", "1", "12.5", "1,000", "-3", "1e3", "true", "x" * 300, "é", "\u200bq", "[REDACTED]", "REDACTED",
    "ok", "error", "200", "200.0", "429", "599", "600", "http://a.example/v1", "/v1/chat/completions", "POST /v1/messages HTTP/1.1", "GET / HTTP/1.1",
    "POST", "GET", "2026-02-01T00:00:00", "1769904000", "1769904000.5", "192.0.2.1", "::1", "stop", "length", "AS64500", "gpt-4o-2024-08-06",
    "us.anthropic.claude-3-sonnet-20240229-v1:0", "... (litellm_truncated 20 chars) ...", "[]", "{}", "[1]", '["a", "b"]', '"q"', '"', "{", "[",
    "{'role': 'user', 'content': 'q'}", "[{'role': 'user', 'content': 'q'}]", "Message(role='user', content='q')", "data: {}", "event: x",
    json.dumps(CHAT), json.dumps(CHAT[1:]), json.dumps(CHAT[:1]), json.dumps([*CHAT, {"role": "assistant", "content": "a"}]),
    json.dumps([{"role": "user", "content": [{"type": "text", "text": "q"}]}]), json.dumps([{"role": "human", "content": "q"}]),
    json.dumps([{"role": "user", "content": ""}]), json.dumps([{"role": "user", "content": None}]), json.dumps([{"role": "User", "content": "q"}]),
    json.dumps([{"role": "system", "content": None}, {"role": "user", "content": "q"}]), json.dumps([{"content": "q"}]), json.dumps({"a": 1}),
    json.dumps([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]),
    json.dumps({"choices": [{"message": {"content": "a"}}]}), 0, 1, -1, 2.5, True, False, None, [], {}, ["a"], {"a": {"b": 1}}, CHAT, [CHAT],
]  # fmt: skip
"""What may stand in a field, plain and not."""


@pytest.fixture
def both(connection):
    """Return, for records of a format, pairs of the rows that both queries give where the second asks for no care."""
    planned = {}

    def read(spec, options, lines):
        key = f"{spec.id} {options}"
        if key not in planned:
            plain = plain_projection_of(spec, options, connection)
            queries = (projection_of(spec, options, connection), plain) if plain else ()
            names = (f"{side}_{len(planned)}" for side in ("all_records", "plain_records"))
            planned[key] = [
                PreparedQuery(connection, name, query, LINES.empty_table())
                for name, query in zip(names, queries, strict=bool(queries))
            ]
        if not planned[key]:
            return []
        table = pa.table([range(len(lines)), lines], schema=LINES)
        whole, plain = ({row["row_index"]: row for row in query.run(table).to_pylist()} for query in planned[key])
        pairs = [(whole[index], row) for index, row in plain.items() if not row.pop("needs_care")]
        assert plain.keys() == whole.keys()
        return pairs

    return read


def differences(pairs):
    return {
        (name, str(full[name]), str(plain[name])) for full, plain in pairs for name in full if full[name] != plain[name]
    }


def test_samples_are_read_alike(both, sample_lines):
    """Every sample of every format whose records can be plain."""
    n_plain = 0
    for spec in load_formats().values():
        for example in spec.examples if spec.mapping is not None or spec.query is not None else ():
            lines = sample_lines(f"{spec.id}.{example.name.rpartition('.')[2]}")
            # Documents and tables with a head of their own are taken apart before.
            lines = (
                lines if spec.framing == "text" else [line for line in lines if line[:1] == "{" and line[-1:] == "}"]
            )
            pairs = both(spec, Options(), lines)
            n_plain += len(pairs)
            assert set() == differences(pairs), spec.id

    assert n_plain > 50


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"is_cache_left_out": True, "is_reasoning_left_out": True, "must_show_calls": True},
        {"null_words": ("x",), "decimal": ",", "thousands": "."},
    ],
    ids=["nothing said", "counts and calls", "notation"],
)
@pytest.mark.parametrize(
    "without", [{"request_line", "messages"}, {"prompt_text", "latency_ms", "operation"}], ids=["prompt", "messages"]
)
def test_any_value_in_any_field_is_read_alike(both, choices, without):
    """One strange value at a time, in a record that is plain otherwise."""
    targets = sorted(TARGETS - OBJECTS - without)
    mapping = FieldMapping(columns={target: target for target in targets}, **choices)
    usual = {
        "started_at": "2026-02-01T00:00:00Z",
        "account_id": "a",
        "model_requested": "m",
        "input_tokens": 5,
        "output_tokens": 7,
    }
    records = [usual | {target: value} for target in targets for value in VALUES]
    lines = [json.dumps(record) for record in records if _is_read(record)]

    pairs = both(load_formats()["generic"], Options(mapping=mapping), lines)

    assert len(pairs) > len(lines) / 2
    assert set() == differences(pairs)


def _is_read(record):
    """Messages that are no JSON make the second query fail; the first reads the whole chunk then."""
    messages = record.get("messages")
    if not isinstance(messages, str) or not messages.startswith("["):
        return True
    try:
        json.loads(messages)
    except ValueError:
        return False
    return True
