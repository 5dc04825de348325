"""Wrong types, missing fields and hostile texts never make a projection fail: the record is kept or refused with a reason."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilforensics.ingest.catalogue.aliases import TARGETS
from distilforensics.ingest.formats import FieldMapping, Options, load_formats

JSON_FORMATS = ("bedrock_invocation", "litellm_payload", "litellm_spendlogs")
EVERYTHING = Options(mapping=FieldMapping({target: f"$.f.{target}" for target in sorted(TARGETS)}))
KEYS = sorted(
    {
        key
        for name in JSON_FORMATS
        for key in (
            *load_formats()[name].known_keys,
            *re.findall(r'"(\w+)": [{\["]', load_formats()[name].query),
        )
    }
    | {
        "role", "content", "text", "type", "messages", "choices", "message", "delta", "input", "output", "inputBodyJson", "outputBodyJson",
        "system", "prompt", "stop_reason", "arn", "error_information", "error_code", "error_class", "usage_object", "prompt_tokens_details",
        "cached_tokens", "tools", "toolUse", "signature", "generation", "outputText", "results", "inputText", "user_api_key",
    }
)  # fmt: skip
AWKWARD = st.sampled_from(
    [
        "", " ", "-", "0", "-1", "24.5", "1e400", "NaN", "Infinity", "null", "true", "[", "{", "[{", "[]", "{}", '[{"text": 1}]', '{"a": ',
        "9223372036854775808", "2026-03-01T10:00:00Z", "2026-03-01 10:00:00", "1772359200", "arn:", "arn:aws:bedrock::/", "user", "system",
        "InvokeModelWithResponseStream", "Converse", "429", "aembedding", "/v1/messages", "redacted-by-litellm", "sk-", "'; drop table lines; --",
        "\x00", "\x1b[2J", "\u202e\ufeff", "%s%n", "../../etc/passwd", "\ud83d\ude00", "... (litellm_truncated skipped 99999999999999999999 chars) ...",
        "... (litellm_truncated skipped 5 chars", "2001:db8::1", "[::1]:80", "1.2.3.4:5", "10.0.0.*", "300.1.1.1",
    ]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | AWKWARD
    | st.text(max_size=12).filter(lambda text: not any("\ud800" <= character <= "\udfff" for character in text))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
RECORDS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12)


def is_settled(row):
    """A record is kept with a start in bounds, out of scope with a reason, or refused with a reason and a detail."""
    if row["refusal_reason"] is not None:
        return bool(row["refusal_detail"]) and row["out_of_scope"] is None
    return row["out_of_scope"] is not None or row["started_at"] is not None


@pytest.mark.parametrize("format_id", JSON_FORMATS)
@settings(max_examples=20, deadline=None)
@given(records=st.lists(RECORDS, min_size=1, max_size=8))
def test_random_objects_with_the_keys_of_a_format_are_kept_or_refused(format_id, records, project):
    """One row per record, in order, each with its verdict."""
    rows = project(format_id, records)

    assert list(range(len(records))) == [row["row_index"] for row in rows]
    assert all(is_settled(row) for row in rows)


@settings(max_examples=20, deadline=None)
@given(records=st.lists(st.dictionaries(st.sampled_from(sorted(TARGETS)), VALUES, max_size=20), min_size=1, max_size=8))
def test_random_values_in_every_mapped_column_are_kept_or_refused(records, project):
    """Whatever the mapped fields hold."""
    rows = project("generic", [{"f": record} for record in records], EVERYTHING)

    assert all(is_settled(row) for row in rows)
    assert all(row["latency_ms"] is None or row["latency_ms"] >= 0 for row in rows)


@settings(max_examples=12, deadline=None)
@given(
    lines=st.lists(
        st.text(max_size=60)
        | st.builds(
            '{} {} {} [{}] "{}" {} {} "{}" "{}"'.format,
            *[st.sampled_from(["-", "192.0.2.1", "a b", '"', "[", "]", "\\", "é", "\x00"])] * 3,
            st.sampled_from(["01/Mar/2026:10:00:00 +0000", "x", "01/Mar/2026:10:00:00", "99/Mar/2026:10:00:00 +9999"]),
            st.sampled_from(["POST /v1/messages HTTP/1.1", "", "\\x16\\x03", '\\"', "GET /", "POST"]),
            st.sampled_from(["200", "-", "000", "x", "99999"]),
            st.sampled_from(["1", "-", "-5", "9" * 30]),
            st.sampled_from(["-", '\\"', "\\xff", "\\x0", "é"]),
            st.sampled_from(["-", "agent", "\\xC3\\xA9", "\\"]),
        ),
        min_size=50,
        max_size=100,
    )
)
def test_random_lines_of_an_access_log_are_kept_or_refused(lines, project):
    """Quotes, escapes, brackets and NULs in every place."""
    rows = project("nginx_combined", lines)

    assert all(is_settled(row) for row in rows)


@pytest.mark.parametrize("format_id", [*JSON_FORMATS, "generic"])
@pytest.mark.parametrize(
    "line", ["{}", '{"a":1}', '{"startTime":{}}', '{"timestamp":[]}', '{"messages":[null,1,"x",[],{}]}']
)
def test_an_object_without_a_time_is_refused(format_id, line, project):
    """An empty object is no exchange that could be placed in time."""
    options = EVERYTHING if format_id == "generic" else Options()
    row = project(format_id, [line], options)[0]

    assert row["refusal_reason"] == "invalid_timestamp"


def test_a_negative_or_fractional_token_count_is_no_count(project):
    """Such a value becomes NULL with a flag, never a rounded number; nor is 3.000 one, which may be three thousand."""
    mapping = FieldMapping({"started_at": "t", "input_tokens": "i", "output_tokens": "o"})
    values = [
        (-1, 5),
        (2.5, 5),
        ("many", 5),
        (10**19, 5),
        ([1], 5),
        (3.0, 5),
        ("3.000", 5),
        (1e3, 5),
        (None, 5),
        (0, 0),
    ]
    rows = project("generic", [{"t": 1772359200, "i": i, "o": o} for i, o in values], Options(mapping=mapping))

    assert [None, None, None, None, None, 3, None, 1000, None, 0] == [row["input_tokens"] for row in rows]
    assert [*[True] * 5, False, True, False, False, False] == ["tokens_unreadable" in row["flags"] for row in rows]


def test_identifiers_keep_their_leading_zeros_and_all_digits(project):
    """No identifier passes through a number."""
    mapping = FieldMapping({"started_at": "t", "account_id": "a", "request_id": "r", "tenant_id": "n"})
    line = '{"t": 1772359200, "a": "000123", "r": 53742052659013539841234567890, "n": "001234567890"}'
    row = project("generic", [line], Options(mapping=mapping))[0]

    assert ("000123", "53742052659013539841234567890", "001234567890") == (
        row["account_id"],
        row["request_id"],
        row["tenant_id"],
    )


def test_text_comes_through_exactly(project):
    """Combining characters, zero-width characters, NUL and emoji are evidence and stay as they are."""
    text = "e\u0301 \u200b\u00a0 \x00 \U0001f600 \r\n\t \u2028 end"
    record = {"t": 1772359200, "p": text, "r": text[::-1]}
    mapping = FieldMapping({"started_at": "t", "prompt_text": "p", "response_text": "r"})
    row = project("generic", [record], Options(mapping=mapping))[0]

    assert (text, text[::-1], len(text)) == (row["prompt_text"], row["response_text"], row["prompt_chars"])


def test_a_very_long_text_is_measured_in_characters(project):
    """Several megabytes in one field are no special case."""
    text = "ä" * 3_000_000
    mapping = FieldMapping({"started_at": "t", "prompt_text": "p"})
    row = project("generic", [json.dumps({"t": 1772359200, "p": text})], Options(mapping=mapping))[0]

    assert row["prompt_chars"] == 3_000_000


def test_a_text_that_looks_like_a_list_of_parts_stays_a_text(project, sample):
    """Whether content was a text or a list is told from the record's types, not from its first character."""
    text = '[{"type":"text","text":"quoted"}]'
    record = dict(sample("litellm_spendlogs.jsonl").records[0])
    rows = project(
        "litellm_spendlogs",
        [
            record | {"proxy_server_request": {"messages": [{"role": "user", "content": text}]}},
            record | {"proxy_server_request": {"messages": [{"role": "user", "content": json.loads(text)}]}},
        ],
    )

    assert [text, "quoted"] == [row["prompt_text"] for row in rows]


def test_a_caller_cannot_take_itself_out_of_the_evidence_by_a_tag(project, sample):
    """Health checks are told by the identity that the gateway stamps; tags come from callers."""
    record = dict(sample("litellm_spendlogs.jsonl").records[0])
    tagged = record | {"request_tags": ["litellm-internal-health-check"], "end_user": "litellm-internal-health-check"}
    stamped = record | {"api_key": "litellm-internal-health-check"}

    assert [None, "health_check"] == [row["out_of_scope"] for row in project("litellm_spendlogs", [tagged, stamped])]
