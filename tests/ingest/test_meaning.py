"""Nothing means something else: every kind of export that once was read with a wrong meaning, as a small log of its own."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CALL = {
    "timestamp": "2026-05-04T03:02:01Z",
    "user_id": "u-1",
    "model": "m-1",
    "prompt": "p",
    "prompt_tokens": 7,
    "completion_tokens": 5,
}


def calls(n=12, **changes):
    """Records of calls, a second apart, each of its own user."""
    return [
        CALL | {"timestamp": f"2026-05-04T03:{i // 60:02d}:{i % 60:02d}Z", "user_id": f"u-{i}"} | changes
        for i in range(n)
    ]


def jsonl(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def table(rows, delimiter=","):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def values(found, *names):
    return [tuple(row[name] for name in names) for row in found.rows]


@pytest.mark.parametrize(
    ("before", "address", "account"),
    [
        ("api.example.org:443 192.0.2.7 - -", "192.0.2.7", None),
        ("api.example.org 192.0.2.7 - ada", "192.0.2.7", "ada"),
        ("api.example.org 8443 192.0.2.7 - ada", "192.0.2.7", "ada"),
        ("api.example.org [2001:db8::7] - ada lovelace", "2001:db8::7", "ada lovelace"),
        ("203.0.113.9, 198.51.100.1 192.0.2.7 - -", "203.0.113.9", None),
        ("- 192.0.2.7 - ada", "192.0.2.7", "ada"),
        ("192.0.2.7 - ada lovelace", "192.0.2.7", "ada lovelace"),
        ("192.0.2.7 ident ada", "192.0.2.7", "ada"),
        ("client.example.net - ada", None, "ada"),
    ],
)
def test_what_stands_before_the_address_is_no_address(before, address, account, read, log):
    """Hosts, ports and forwarded addresses before the address must not become users."""
    line = f'{before} [04/May/2026:03:02:01 +0000] "POST /v1/messages HTTP/1.1" 200 90 "-" "sdk/1"'
    found = read(log("\n".join([line] * 5).encode(), "access.log"))

    assert values(found, "client_ip", "account_id") == [(address, account)] * 5


def test_an_access_log_in_json_has_the_scope_of_one_in_text(read, log):
    """Health checks, static files and preflights are no calls of a model, whatever the notation."""
    called = [
        ("POST", "/v1/chat/completions"),
        ("GET", "/healthz"),
        ("GET", "/app.css"),
        ("OPTIONS", "/v1/chat/completions"),
    ]
    records = [
        {
            "time_iso8601": "2026-05-04T03:02:01Z",
            "remote_addr": "192.0.2.7",
            "request_method": method,
            "uri": path,
            "status": "200",
        }
        for method, path in called * 5
    ]
    lines = [
        {
            "ts": "2026-05-04T03:02:01Z",
            "remote_ip": "192.0.2.7",
            "request": f"{method} {path}?x=1 HTTP/1.1",
            "status": 200,
        }
        for method, path in called * 5
    ]

    for content in (records, lines):
        found = read(log(jsonl(content)))
        assert (found.source["n_kept"], found.source["n_out_of_scope"]) == (5, 15)
        assert {row["operation"] for row in found.rows} == {"chat"}


def test_the_log_of_a_search_engine_has_the_scope_of_a_web_server(read, log):
    """Its `response` is a status and no answer, its `url` the path."""
    records = [
        {
            "@timestamp": f"2026-05-04T03:02:0{i}Z",
            "clientip": "192.0.2.7",
            "verb": verb,
            "url": path,
            "response": 200,
            "bytes": 55,
            "agent": "k6",
        }
        for i, (verb, path) in enumerate([("GET", "/health"), ("POST", "/v1/messages")] * 3)
    ]
    found = read(log(jsonl(records)))

    assert values(found, "operation", "http_status", "response_text", "user_agent") == [("chat", 200, None, "k6")] * 3
    assert found.source["n_out_of_scope"] == 3


def test_numbers_are_no_texts(read, log):
    """A column named like a text may count something."""
    records = [CALL | {"prompt": 7, "output": "5"}] * 3

    assert values(read(log(jsonl(records))), "prompt_text", "response_text") == [(None, None)] * 3


def test_an_id_that_callers_choose_makes_no_call_disappear(ingest, log, table):
    """One id on every call, whole seconds and nothing else to tell calls apart but the address."""
    records = [CALL | {"request_id": "trace-me", "client_ip": f"192.0.2.{i % 9}"} for i in range(60)]
    ingest(log(jsonl(records)))

    assert table("duplicates") == []


def test_one_id_on_everything_is_no_id(ingest, log, table):
    """Whatever the word; equal calls within one second are calls."""
    ingest(log(jsonl([CALL | {"request_id": "0"}] * 20)))

    assert table("duplicates") == []


def test_a_word_for_no_value_is_no_value_in_any_column(ingest, log, table):
    """Neither an id that makes calls duplicates, nor a client, a session or a key that strangers share."""
    words = (
        "-", "None", "null", "N/A", "unknown", "(null)", "undefined", "", "nil", "--", "?", "#N/A", "(not set)", "<nil>", "N.A.", "not available",
        "missing", "unset", "[none]",
    )  # fmt: skip
    fields = (
        "request_id",
        "response_id",
        "session_id",
        "api_key",
        "user_agent",
        "org_id",
        "trace_id",
        "client_ip",
        "country",
    )
    ingest(log(jsonl([CALL | dict.fromkeys(fields, word) for word in words for _ in range(20)])))
    columns = (
        "request_id",
        "response_id",
        "session_id",
        "api_key_id",
        "user_agent",
        "tenant_id",
        "trace_id",
        "client_ip",
        "client_country",
    )

    assert table("duplicates") == []
    assert {row[name] for row in table("exchanges") for name in columns} == {None}


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (
            [{"date": "2026-05-04", "user_id": "u", "model": "m", "prompt_tokens": 9, "num_requests": 3}] * 5,
            "sums over many calls",
        ),
        (
            [
                {"day": i, "timestamp": f"2026-05-0{i}", "user_id": "u", "model": "m", "input_tokens": 9}
                for i in range(1, 6)
            ],
            "beginning of a day",
        ),
        *(
            (
                [{"timestamp": time(i), "user_id": "u", "model": "m", "input_tokens": 9} for i in range(1, 9)],
                "beginning of a day",
            )
            for time in (
                lambda i: 1_777_593_600 + 86_400 * i,
                lambda i: str(1_777_593_600_000 + 3_600_000 * i),
                lambda i: f"2026/05/0{i}",
                lambda i: f"0{i}.05.2026",
                lambda i: f"2026-0{i}",
                lambda i: f"2026-05-0{i} 00:00:00.000 UTC",
                lambda i: f"2026-05-04T03:{5 * i:02d}:00+02:00",
            )
        ),
        ([CALL | {"sum_output_tokens": 3}] * 5, "sums over many calls"),
        ([CALL | {"kind": kind, "parent": "p"} for kind in ("CHAIN", "LLM", "TOOL")], "spans of traces"),
        (
            [
                {"created_at": f"2026-05-04T03:02:0{i}Z", "user_id": f"u{i}", "model": "m", "rpm_limit": 5}
                for i in range(5)
            ],
            "not calls",
        ),
        (
            [
                {
                    "created_at": f"2026-05-04T03:02:0{i}Z",
                    "user_id": f"u{i}",
                    "model": None,
                    "prompt_tokens": 0,
                    "amount": 9,
                }
                for i in range(5)
            ],
            "unknown log format",
        ),
        ([CALL | {"span_id": "a", "parent_span_id": "b"}] * 5, "spans of traces"),
        ([{"created_at": "2026-05-04T03:02:01Z", "model": "m", "hue": 5}] * 5, "doubtful format"),
    ],
)
def test_sums_spans_and_tables_of_administration_are_refused_with_the_reason(records, said, read, log):
    """A log shows that it is one."""
    source = read(log(jsonl(records))).source

    assert (source["role"], source["n_kept"]) == ("refused", 0)
    assert said in source["reason"]


def test_payments_between_calls_are_no_calls(read, log):
    """A record that holds no model, token, text, path, error or duration shows no call; failed calls do."""
    payment = {
        "timestamp": "2026-05-04T03:02:01Z",
        "user_id": "u",
        "model": "",
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "prompt": "",
        "status": "ok",
    }
    failed = payment | {"status": "error"}
    found = read(log(jsonl([*calls(), payment, payment, failed])))

    assert (found.source["n_kept"], found.source["n_out_of_scope"]) == (13, 2)


@pytest.mark.parametrize("time", ["2026-05-04 03:00", "2026-05-04T03:05:00.250Z", "1777863600.5"])
def test_calls_within_one_minute_are_no_sums(time, read, log):
    """A burst on the hour in a log that shows minutes, and fractions of a second, are times of calls."""
    assert read(log(jsonl([CALL | {"timestamp": time}] * 6))).source["n_kept"] == 6


def test_calls_without_a_user_are_still_calls(read, log):
    """Model, tokens and time suffice; there is no account then."""
    records = [{name: value for name, value in call.items() if name != "user_id"} for call in calls()]

    assert values(read(log(jsonl(records))), "account_id") == [(None,)] * 12


USAGE = {
    "anthropic": ({"input_tokens": 3, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 2, "output_tokens": 5}, (45, 40, 2, 5, None)),
    "anthropic parts": ({"input_tokens": 3, "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 4}, "output_tokens": 5}, (9, None, 6, 5, None)),  # noqa: E501
    "converse": ({"inputTokens": 3, "outputTokens": 5, "cacheReadInputTokens": 40, "cacheWriteInputTokens": 2}, (45, 40, 2, 5, None)),
    "chat": ({"prompt_tokens": 90, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 64}, "completion_tokens_details": {"reasoning_tokens": 11}}, (90, 64, None, 20, 11)),  # noqa: E501
    "responses": ({"input_tokens": 90, "output_tokens": 20, "input_tokens_details": {"cached_tokens": 64}, "output_tokens_details": {"reasoning_tokens": 11}}, (90, 64, None, 20, 11)),  # noqa: E501
    "gemini": ({"promptTokenCount": 90, "candidatesTokenCount": 20, "thoughtsTokenCount": 11, "cachedContentTokenCount": 64}, (90, 64, None, 31, 11)),
    "vertex": ({"prompt_token_count": 90, "candidates_token_count": 20, "thoughts_token_count": 11}, (90, None, None, 31, 11)),
    "hits": ({"prompt_tokens": 90, "completion_tokens": 20, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 26}, (90, 64, None, 20, None)),
    "split": ({"input": 26, "input_cached_tokens": 64, "output": 20, "output_reasoning_tokens": 11, "total": 121}, (90, 64, None, 31, 11)),
    "cached beside": ({"inputTokens": 3, "outputTokens": 5, "cacheReadInputTokens": 40, "totalTokens": 48}, (43, 40, None, 5, None)),
    "cached within": ({"inputTokens": 43, "outputTokens": 5, "cacheReadInputTokens": 40, "totalTokens": 48}, (43, 40, None, 5, None)),
    "passed on": ({"input_tokens": 45, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 2, "output_tokens": 5, "total_tokens": 50}, (45, 40, 2, 5, None)),  # noqa: E501
    "metrics": ({"inputTokenCount": 3, "outputTokenCount": 5, "cacheReadInputTokenCount": 40, "cacheWriteInputTokenCount": 2}, (45, 40, 2, 5, None)),
    "camel": ({"inputTokens": 90, "outputTokens": 20, "totalTokens": 110, "cachedInputTokens": 64, "reasoningTokens": 11}, (90, 64, None, 20, 11)),
    "details": ({"input_tokens": 90, "output_tokens": 20, "total_tokens": 110, "input_token_details": {"cache_read": 64, "cache_creation": 2}, "output_token_details": {"reasoning": 11}}, (90, 64, 2, 20, 11)),  # noqa: E501
    "thoughts within": ({"promptTokenCount": 90, "candidatesTokenCount": 31, "thoughtsTokenCount": 11, "totalTokenCount": 121}, (90, None, None, 31, 11)),
    "thoughts beside": ({"prompt_tokens": 90, "completion_tokens": 20, "total_tokens": 140, "completion_tokens_details": {"reasoning_tokens": 30}}, (90, None, None, 50, 30)),  # noqa: E501
    "interactions": ({"total_input_tokens": 90, "total_output_tokens": 20, "total_thought_tokens": 11, "total_cached_tokens": 64}, (90, 64, None, 31, 11)),
    "local": ({"prompt_eval_count": 90, "eval_count": 20}, (90, None, None, 20, None)),
    "nested": ({"billed_units": {"input_tokens": 80}, "tokens": {"input_tokens": 90, "output_tokens": 20}}, (90, None, None, 20, None)),
    "whole": ({"input": 90, "input_cached_tokens": 64, "output": 20, "total": 110}, (90, 64, None, 20, None)),
}  # fmt: skip


def test_counts_of_every_provider_mean_the_same(read, log):
    """Cached tokens within the input and reasoning within the output, wherever the provider counts them."""
    record = {key: value for key, value in CALL.items() if not key.endswith("tokens")}
    found = read(log(jsonl(record | {"usage": usage} for usage, _ in USAGE.values())))
    columns = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")

    assert dict(zip(USAGE, values(found, *columns), strict=True)) == {
        name: counts for name, (_, counts) in USAGE.items()
    }


def test_flat_counts_that_leave_out_the_cache_are_completed(read, log):
    """Told by the names of the fields, or by more cached than input tokens."""
    named = {"input_tokens": 50, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 2, "output_tokens": 5}
    shown = {"prompt_tokens": 3, "cached_tokens": 40, "completion_tokens": 5}
    base = {key: value for key, value in CALL.items() if not key.endswith("tokens")}

    assert values(read(log(jsonl([base | named] * 3))), "input_tokens") == [(92,)] * 3
    assert values(read(log(jsonl([base | shown] * 3))), "input_tokens") == [(43,)] * 3


def test_spend_logs_that_leave_out_the_cache_are_completed_and_flagged(read, log, line):
    """As releases of LiteLLM before 1.67 wrote them."""
    usage = {"prompt_tokens": 13, "cache_creation_input_tokens": 900, "cache_read_input_tokens": 0}
    found = read(log(line(3, metadata={"usage_object": usage}) + b"\n"))

    assert values(found, "input_tokens", "cache_write_tokens", "parse_flags") == [(913, 900, ["cache_left_out"])]


ANSWERS = {
    "chat": ({"id": "c", "choices": [{"message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}]}, ("yes", 0, "stop")),
    "tools": ({"choices": [{"message": {"content": None, "tool_calls": [{"id": "t"}, {"id": "u"}]}, "finish_reason": "tool_calls"}]}, (None, 2, "tool")),
    "refusal": ({"choices": [{"message": {"content": None, "refusal": "no"}, "finish_reason": "stop"}]}, ("no", 0, "stop")),
    "text": ({"object": "text_completion", "choices": [{"text": "yes", "finish_reason": "length"}]}, ("yes", 0, "length")),
    "responses": ({"object": "response", "status": "completed", "output": [{"type": "reasoning", "summary": []}, {"type": "function_call", "name": "f"}, {"type": "message", "content": [{"type": "output_text", "text": "yes"}]}]}, ("yes", 1, "stop")),  # noqa: E501
    "messages": ({"type": "message", "role": "assistant", "content": [{"type": "thinking", "thinking": "hm", "signature": "s"}, {"type": "text", "text": "yes"}, {"type": "tool_use", "id": "t"}], "stop_reason": "tool_use"}, ("yes", 1, "tool")),  # noqa: E501
    "gemini": ({"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "ye"}, {"text": "s"}, {"functionCall": {"name": "f"}}]}, "finishReason": "MAX_TOKENS"}]}, ("yes", 1, "length")),  # noqa: E501
    "error": ({"error": {"type": "overloaded_error", "message": "try again"}}, (None, None, None)),
    "ollama": ({"model": "m", "message": {"role": "assistant", "content": "yes"}, "done_reason": "stop"}, ("yes", 0, "stop")),
    "generate": ({"model": "m", "response": "yes", "done": True, "done_reason": "stop", "context": [1]}, ("yes", None, "stop")),
    "converse": ({"output": {"message": {"role": "assistant", "content": [{"text": "yes"}, {"toolUse": {"name": "f"}}]}}, "stopReason": "tool_use"}, ("yes", 1, "tool")),  # noqa: E501
    "titan": ({"inputTextTokenCount": 9, "results": [{"outputText": "yes", "completionReason": "FINISH"}]}, ("yes", None, "stop")),
    "outputs": ({"outputs": [{"text": "yes", "stop_reason": "length"}]}, ("yes", None, "length")),
    "completions": ({"completions": [{"data": {"text": "yes"}, "finishReason": {"reason": "endoftext"}}]}, ("yes", None, "stop")),
    "parts of a message": ({"finish_reason": "COMPLETE", "message": {"role": "assistant", "content": [{"type": "text", "text": "yes"}]}}, ("yes", 0, "stop")),
    "text and id": ({"text": "yes", "generation_id": "g", "finish_reason": "COMPLETE"}, ("yes", None, "stop")),
    "predictions": ({"predictions": [{"candidates": [{"author": "1", "content": "yes"}]}]}, ("yes", None, None)),
    "within output": ({"output": {"choices": [{"finish_reason": "stop", "message": {"content": "yes"}}]}, "usage": {"input_tokens": 9}}, ("yes", 0, "stop")),
    "text of output": ({"output": {"text": "yes", "finish_reason": "stop"}, "usage": {"input_tokens": 9}}, ("yes", None, "stop")),
    "result": ({"object": "chat.completion", "result": "yes", "usage": {"prompt_tokens": 9}}, ("yes", None, None)),
    "success": ({"success": True, "result": {"response": "yes"}}, ("yes", None, None)),
    "pieces": ({"id": "p", "status": "succeeded", "output": ["y", "es"]}, ("yes", None, None)),
    "body": ({"status_code": 200, "body": {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}}, ("yes", 0, "stop")),
    "generations": ({"generations": [[{"text": "yes"}]]}, ("yes", None, None)),
    "constructor": ({"lc": 1, "type": "constructor", "kwargs": {"content": "yes"}}, ("yes", None, None)),
    "list": ([{"generated_text": "yes"}], ("yes", None, None)),
    "choices alone": ([{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}], ("yes", 0, "stop")),
    "parts alone": ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "yes"}], ("yes", 0, None)),
    "message with tools": ({"role": "assistant", "content": None, "tool_calls": [{"id": "t"}]}, (None, 1, None)),
    "chunks": ([{"id": "c", "choices": [{"delta": {"content": "y"}}]}, {"id": "c", "choices": [{"delta": {"content": "es"}, "finish_reason": "stop"}]}], ("yes", None, "stop")),  # noqa: E501
    "candidates in pieces": ([{"candidates": [{"content": {"parts": [{"text": part}]}}]} for part in ("y", "es")], ("yes", None, None)),
    "picture": ({"created": 1, "data": [{"b64_json": "AAAA"}]}, (None, None, None)),
    "gate": ({"statusCode": 401, "message": "no key"}, (None, None, None)),
}  # fmt: skip


@pytest.mark.parametrize(
    "encode",
    [lambda answer: answer, json.dumps, lambda answer: json.dumps(json.dumps(answer))],
    ids=["object", "text", "twice"],
)
def test_the_answer_of_every_provider_is_its_text(encode, read, log):
    """Tools and the reason of the end besides; never the object as text."""
    found = read(log(jsonl(CALL | {"response": encode(answer)} for answer, _ in ANSWERS.values())))
    told = values(found, "response_text", "n_tool_calls", "finish_reason")

    assert dict(zip(ANSWERS, told, strict=True)) == {name: expected for name, (_, expected) in ANSWERS.items()}


@pytest.mark.parametrize(
    "lines",
    [
        ['{"id": "c", "choices": [{"delta": {"content": "y"}}]}', '{"id": "c", "choices": [{"delta": {"content": "es"}}], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}', "[DONE]"],  # noqa: E501
        ['{"type": "message_start", "message": {"id": "c", "usage": {"input_tokens": 9, "output_tokens": 1}}}', '{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "yes"}}', '{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}'],  # noqa: E501
        ['{"type": "response.created"}', '{"type": "response.completed", "response": {"id": "c", "object": "response", "output": [{"type": "message", "content": [{"type": "output_text", "text": "yes"}]}], "usage": {"input_tokens": 9, "output_tokens": 2}}}'],  # noqa: E501
    ],
    ids=["chat", "messages", "responses"],
)  # fmt: skip
def test_a_streamed_answer_is_its_text(lines, read, log):
    """Its events, as they went over the wire, are no text; equal answers would differ in ids."""
    written = "".join(f"event: e\ndata: {line}\n\n" for line in lines)
    record = {name: value for name, value in CALL.items() if not name.endswith("tokens")}
    found = read(log(jsonl([record | {"response": written}] * 3)))

    assert values(found, "response_text", "response_id", "input_tokens", "output_tokens") == [("yes", "c", 9, 2)] * 3


def test_json_with_words_of_providers_stays_the_answer(read, log):
    """A word or two of them do not make an answer object."""
    answers = [
        '{"name": "Ann", "text": "x"}', '{"message": {"content": "x"}}', '{"content": "a", "type": "b"}', '[{"role": "boss", "name": "x"}]',
        '{"id": 3, "content": "a"}',
    ]  # fmt: skip
    found = read(log(jsonl(CALL | {"response": answer} for answer in answers)))

    assert [row["response_text"] for row in found.rows] == answers


def test_json_that_a_model_was_asked_for_stays_the_answer(read, log):
    """It has none of the fields of a provider's object."""
    found = read(log(jsonl([CALL | {"response": '{"city": "Oslo"}'}] * 3)))

    assert values(found, "response_text", "response_state") == [('{"city": "Oslo"}', "full")] * 3


def test_a_user_of_the_request_is_the_end_user_and_the_key_is_the_account(read, log):
    """A caller can write anything into `user`; nobody can claim a key."""
    base = {key: value for key, value in CALL.items() if key != "user_id"}
    records = [base | {"api_key_id": f"key-{i % 2}", "user": f"claimed-{i}"} for i in range(8)]
    found = read(log(jsonl(records)))

    assert {(row["account_id"], row["api_key_id"]) for row in found.rows} == {("key-0", "key-0"), ("key-1", "key-1")}
    assert {row["end_user_id"] for row in found.rows} == {f"claimed-{i}" for i in range(8)}


def test_nobody_is_no_account(read, log):
    """Strangers without an account share such words; a number that went through a table with gaps keeps its digits."""
    for word in ("anonymous", "guest", "00000000-0000-0000-0000-000000000000"):
        found = read(log(jsonl(calls(user_id=word, api_key_id="k"))))
        assert values(found, "account_id", "parse_flags") == [(None, ["account_placeholder"])] * 12
    assert values(read(log(jsonl(calls(user_id="1042.0")))), "account_id") == [("1042",)] * 12


def test_a_time_that_lost_its_digits_is_refused(read, log):
    """Five digits after the point of 1.77555E+09 tell hours and no seconds; all digits of a number tell its time."""
    found = read(log(jsonl(calls(timestamp="1.77555E+09"))))
    assert {row["reason"] for row in found.refused} == {"invalid_timestamp"}

    found = read(log(jsonl(calls(timestamp="1.777863721E+09"))))
    assert {str(row["started_at"]) for row in found.rows} == {"2026-05-04 03:02:01"}


def test_rounded_ids_are_refused(read, log):
    """A spreadsheet keeps fifteen digits and writes zeros for the others, without a sign that it did."""
    source = read(log(jsonl(calls(user_id="123456789012346000")))).source
    assert "fifteenth" in source["reason"]

    assert read(log(jsonl(calls(user_id="123456789012346001")))).source["n_kept"] == 12


def test_names_with_dots_are_told_by_the_longest_part(read, log):
    """Cached tokens are no second input."""
    record = {
        "timestamp": CALL["timestamp"],
        "user_id": "u",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 90,
    }
    record |= {"gen_ai.usage.cache_read.input_tokens": 64, "gen_ai.usage.output_tokens": 5}
    found = read(log(jsonl([record] * 3)))

    assert values(found, "input_tokens", "cache_read_tokens", "output_tokens") == [(90, 64, 5)] * 3


@pytest.mark.parametrize("name", ["key", "key_name", "key_alias", "token_name", "client_id"])
def test_a_key_of_any_name_beats_a_claimed_user(name, read, log):
    """Beside it, `user` is what the caller says."""
    records = [call | {name: "k", "user": call["user_id"]} for call in calls()]
    for record in records:
        del record["user_id"]

    assert values(read(log(jsonl(records))), "account_id", "end_user_id") == [("k", f"u-{i}") for i in range(12)]


@pytest.mark.parametrize(
    ("value", "expected"), [({"id": "u", "seen": 7}, "u"), ({"name": "u"}, "u"), (["u"], "u"), ({"seen": 7}, None)]
)
def test_an_object_is_no_account(value, expected, read, log):
    """Its id is; what else it holds would make an account of every call."""
    assert values(read(log(jsonl(calls(user_id=value)))), "account_id") == [(expected,)] * 12


@pytest.mark.parametrize(
    ("text", "expected"),
    [("***", "redacted"), ("<redacted>", "redacted"), ("long ... [truncated 200 chars]", "truncated"), ("-", "not_logged"), ("No [x] truncated", "full")],
)  # fmt: skip
def test_what_stands_in_place_of_a_text_is_told(text, expected, read, log):
    """Strangers share such words, and a text that was cut is not all that was sent."""
    found = read(log(jsonl(calls(prompt=text, response=text))))

    assert values(found, "prompt_state", "response_state") == [(expected, expected)] * 12
    assert {row["prompt_text"] is None for row in found.rows} == {expected in ("redacted", "not_logged")}


def test_ids_that_went_through_a_number_make_no_account(read, log):
    """Thirty strangers would be one."""
    rows = [["timestamp", "user_id", "request_id", "model", "prompt_tokens"]]
    rows += [[f"2026-05-04 03:02:{i:02d}", "9.87654E+14", "1.2E+16", "m", 5] for i in range(30)]
    found = read(log(table(rows), "calls.csv"))

    assert {(row["account_id"], row["request_id"]) for row in found.rows} == {(None, None)}
    assert all("id_inexact" in row["parse_flags"] for row in found.rows)


@pytest.mark.parametrize(
    ("tokens", "cost", "expected"),
    [
        ("1'234", "1'000.5", (1234, 1000.5)),
        ("1\u202f234", "0,5", (1234, 0.5)),
        ("1 234", "1 000,25", (1234, 1000.25)),
        ("1.234", "1.000,25", (1234, 1000.25)),
        ("1.234", "2", (1234, 2.0)),
        ("1.234", "0.125", (None, 0.125)),
        ("1234", "1,234", (1234, 1.234)),
        ("1\u202f234", "0,125", (1234, 0.125)),
        ("1234", "0,12 $", (1234, 0.12)),
    ],
)
def test_every_style_of_numbers_is_told_from_the_file(tokens, cost, expected, read, log):
    """Apostrophes, spaces and points between groups of three digits."""
    rows = [
        ["timestamp", "user_id", "model", "prompt_tokens", "cost"],
        *([f"2026-05-04 03:02:{i:02d}", "u", "m", tokens, cost] for i in range(5)),
    ]

    assert values(read(log(table(rows), "calls.csv")), "input_tokens", "cost_usd") == [expected] * 5


@pytest.mark.parametrize("first", [b"", b"sep=;\n", b"\xef\xbb\xbfsep=;\r\n"])
def test_a_spreadsheet_with_decimal_commas_is_read_in_its_style(first, read, log):
    """One style for the whole file: the cost tells what 2.345 tokens are."""
    rows = [["timestamp", "user_id", "model", "prompt_tokens", "completion_tokens", "cost"]]
    rows += [[f"04.05.2026 03:02:{i:02d}", f"u{i}", "m", "2.345", "17", "0,25"] for i in range(9)]
    found = read(log(first + table(rows, ";"), "calls.csv"))

    assert values(found, "input_tokens", "output_tokens", "cost_usd") == [(2345, 17, 0.25)] * 9
    assert str(found.rows[0]["started_at"]) == "2026-05-04 03:02:00"


def test_thousands_and_currencies_are_no_part_of_a_number(read, log):
    """As American spreadsheets write them."""
    rows = [["timestamp", "user_id", "model", "prompt_tokens", "cost"]]
    rows += [[f"2026-05-04 03:02:{i:02d}", f"u{i}", "m", "1,234,567" if i else "89", "$1,000.25"] for i in range(9)]

    assert values(read(log(table(rows), "calls.csv")), "input_tokens", "cost_usd")[:2] == [
        (89, 1000.25),
        (1234567, 1000.25),
    ]


def test_a_day_that_could_be_a_month_is_refused(read, log):
    """Half a year lies between the two."""
    rows = [["timestamp", "user_id", "model"], *([f"05/04/2026 03:02:{i:02d}", "u", "m"] for i in range(9))]
    source = read(log(table(rows), "calls.csv")).source

    assert source["role"] == "refused"
    assert "times could be written" in source["reason"]


def test_an_export_of_a_dashboard_is_read(read, log):
    """Its own notation of times, grouped digits, and a dash for nothing."""
    rows = [["@timestamp", "user.id", "model", "usage.prompt_tokens", "user_agent"]]
    rows += [[f"May 4, 2026 @ 03:02:{i:02d}.250", f"u{i}", "m", "2,345", "-"] for i in range(9)]
    found = read(log(table(rows), "discover.csv"))

    assert values(found, "input_tokens", "user_agent", "account_id")[3] == (2345, None, "u3")
    assert found.rows[0]["started_at"].microsecond == 250_000


def test_tables_joined_with_another_order_of_columns_are_read_by_their_own_headers(read, log):
    """Input and output tokens must not be exchanged in the second half."""
    first = [
        ["timestamp", "user_id", "model", "prompt_tokens", "completion_tokens"],
        *(["2026-05-04 03:02:01", "u", "m", 500, 7] for _ in range(9)),
    ]
    second = [
        ["completion_tokens", "prompt_tokens", "timestamp", "model", "user_id"],
        *([7, 500, "2026-05-04 03:02:01", "m", "u"] for _ in range(9)),
    ]
    found = read(log(table(first) + table(second), "joined.csv"))

    assert values(found, "input_tokens", "output_tokens", "account_id") == [(500, 7, "u")] * 18


@pytest.mark.parametrize(
    "second",
    [
        ["ACCOUNT_ID", "TIMESTAMP", "MODEL", "COMPLETION_TOKENS", "PROMPT_TOKENS"],
        ["account", "ts", "model_name", "tokens_out", "tokens_in"],
        ["user_id", "timestamp", "model", "output_tokens", "input_tokens"],
    ],
)
def test_tables_joined_with_other_names_are_read_by_what_these_mean(second, read, log):
    """Otherwise input and output would be exchanged in the second half, or missing there."""
    rows = [["timestamp", "account_id", "model", "prompt_tokens", "completion_tokens"]]
    rows += [[f"2026-05-04 03:02:{i:02d}", f"u{i}", "m", 90 + i, 5] for i in range(20)]
    rows += [second, *([f"u{i}", f"2026-05-04 03:03:{i:02d}", "m", 5, 90 + i] for i in range(20))]
    found = read(log(table(rows), "calls.csv"))

    assert values(found, "account_id", "input_tokens", "output_tokens") == [(f"u{i}", 90 + i, 5) for i in range(20)] * 2


def test_numbered_and_padded_tables_are_read(read, log):
    """R and pandas number the rows in a column without a name; psql and people put spaces around cells."""
    lines = [f"2026-05-04 03:02:{i:02d},u{i},m,9" for i in range(9)]
    numbered = ",timestamp,user_id,model,prompt_tokens\n" + "".join(f"{i},{line}\n" for i, line in enumerate(lines))
    padded = " timestamp | user_id | model | prompt_tokens \n" + "".join(
        " " + line.replace(",", " | ") + " \n" for line in lines
    )
    spaced = "timestamp, user_id, model, prompt_tokens, prompt\n" + "".join(
        line.replace(",", ", ") + ', "a, b"\n' for line in lines
    )

    for content in (numbered, padded, spaced):
        found = read(log(content.encode(), "calls.csv"))
        assert values(found, "account_id", "input_tokens") == [(f"u{i}", 9) for i in range(9)]
    assert values(found, "prompt_text") == [("a, b",)] * 9


@pytest.mark.parametrize("cell", ["'00120", '="00120"'])
def test_what_keeps_the_zeros_of_an_id_in_a_spreadsheet_is_no_part_of_it(cell, read, log):
    """The same account has no such marks in another export."""
    rows = [
        ["timestamp", "user_id", "model", "prompt"],
        *([f"2026-05-04 03:02:{i:02d}", cell, "m", "'9 lives"] for i in range(5)),
    ]

    assert values(read(log(table(rows), "calls.csv")), "account_id", "prompt_text") == [("00120", "'9 lives")] * 5


def test_titles_before_the_header_are_no_rows(read, log):
    """As reports write them."""
    content = b"Usage report\nGenerated,2026-05-05\n\n" + table(
        [["timestamp", "user_id", "model"], *(["2026-05-04 03:02:01", "u", "m"] for _ in range(9))]
    )
    source = read(log(content, "report.csv")).source

    assert (source["n_kept"], source["n_quarantined"]) == (9, 0)


def test_a_caller_cannot_write_a_header(read, log):
    """A prompt that is the name of a column changes nothing."""
    rows = [
        ["timestamp", "user_id", "model", "prompt"],
        *(["2026-05-04 03:02:01", "user_id", "m", "prompt"] for _ in range(9)),
    ]

    assert values(read(log(table(rows), "calls.csv")), "account_id", "prompt_text") == [("user_id", "prompt")] * 9


@pytest.mark.parametrize(
    ("written", "flags"),
    [
        ("2026-10-25 02:30:00", ["ts_naive", "ts_ambiguous"]),
        ("2026-03-29 02:30:00", ["ts_naive", "ts_nonexistent"]),
        ("2026-10-25 03:30:00", ["ts_naive"]),
        ("2026-10-25T02:30:00Z", []),
    ],
)
def test_local_times_that_occur_twice_or_never_are_flagged(written, flags, read, log):
    """Only where the examiner names the zone of naive times."""
    found = read(log(jsonl([CALL | {"timestamp": written}])), assume_time_zone="Europe/Berlin")

    assert found.rows[0]["parse_flags"] == flags


def bedrock(i):
    return {
        "schemaType": "ModelInvocationLog", "timestamp": f"2026-05-04T03:02:{i:02d}Z", "accountId": "001122334455", "requestId": f"r-{i}",
        "identity": {"arn": "arn:aws:iam::001122334455:user/ada"}, "operation": "Converse", "modelId": "amazon.nova-pro-v1:0",
        "input": {"inputBodyJson": {"messages": [{"role": "user", "content": [{"text": f"q{i}"}]}]}, "inputTokenCount": 4},
        "output": {"outputBodyJson": {"output": {"message": {"content": [{"text": f"a{i}"}]}}, "stopReason": "end_turn"}, "outputTokenCount": 6},
    }  # fmt: skip


def wrapped():
    texts = [json.dumps(bedrock(i)) for i in range(10)]
    event = {"timestamp": 1777863721000, "logStreamName": "s"}
    return {
        "subscription.json": json.dumps(
            {
                "messageType": "DATA_MESSAGE",
                "owner": "1",
                "logEvents": [{"id": "i", "timestamp": 1, "message": t} for t in texts],
            }
        ),
        "filtered.json": json.dumps({"events": [event | {"message": text} for text in texts]}, indent=1),
        "export": "".join(f"2026-05-04T03:02:01.000Z {text}\n" for text in texts),
        "firehose": "".join(
            json.dumps({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "i", "timestamp": 1, "message": t}]})
            for t in texts
        ),
        "insights.csv": table(
            [["@timestamp", "@message"], *(["2026-05-04 03:02:01", text] for text in texts)]
        ).decode(),
        "docker.log": "".join(
            json.dumps({"log": text + "\n", "stream": "stdout", "time": "2026-05-04T03:02:01Z"}) + "\n"
            for text in texts
        ),
        "kubernetes.log": "".join(f"2026-05-04T03:02:01.1Z stdout F {text}\n" for text in texts),
        "elastic.jsonl": "".join(json.dumps({"_index": "i", "_source": json.loads(text)}) + "\n" for text in texts),
    }


@pytest.mark.parametrize("name", wrapped())
def test_records_inside_of_the_events_of_collectors_are_read(name, read, log):
    """Each keeps the place and the bytes of what it was wrapped in."""
    found = read(log(wrapped()[name].encode(), name))

    assert found.source["format"] == "bedrock_invocation/1"
    assert values(found, "request_id", "prompt_text", "response_text") == [
        (f"r-{i}", f"q{i}", f"a{i}") for i in range(10)
    ]


@pytest.mark.parametrize("name", ["jsonPayload", "result"])
def test_a_record_without_a_time_has_that_of_its_wrapper(name, read, log):
    """Collectors of clouds and searches keep the time outside."""
    records = [
        {
            "insertId": "i",
            "timestamp": CALL["timestamp"],
            name: {key: value for key, value in CALL.items() if key != "timestamp"},
        }
    ] * 3
    found = read(log(jsonl(records)))

    assert {str(row["started_at"]) for row in found.rows} == {"2026-05-04 03:02:01"}
    assert values(found, "account_id", "input_tokens") == [("u-1", 7)] * 3


def test_a_list_where_a_record_should_be_is_one_refusal(read, log):
    """And not one for each of its elements."""
    lines = [
        json.dumps([{"type": "message_start"}, {"type": "message_stop"}]),
        *(json.dumps(bedrock(i)) for i in range(5)),
    ]
    found = read(log("\n".join(lines).encode()))

    assert (len(found.rows), found.reasons()) == (5, [(1, "not_an_object")])


def test_text_of_a_database_copy_is_read(read, log):
    """Tab-separated, with its own escapes and its own NULL."""
    lines = [
        "timestamp\tuser_id\tmodel\tprompt",
        *(f"2026-05-04 03:02:0{i}+02\t\\N\tm\tone\\ntwo\\\\three" for i in range(9)),
    ]
    found = read(log("\n".join(lines).encode(), "copy.tsv"))

    assert values(found, "account_id", "prompt_text") == [(None, "one\ntwo\\three")] * 9


@pytest.mark.parametrize("name", ["dump.sql", "dump.txt"])
def test_a_dump_of_a_database_is_refused_with_the_way_out(name, read, log):
    """It is evidence, so it is not ignored."""
    content = b'-- PostgreSQL database dump\n\nCOPY public.calls (id, "user") FROM stdin;\n1\tu\n\\.\n'
    source = read(log(content, name)).source

    assert source["role"] == "refused"
    assert "row_to_json" in source["reason"]


def test_a_prompt_of_control_characters_hides_no_table(read, log):
    """What a caller writes does not decide what the file is."""
    rows = [
        ["timestamp", "user_id", "model", "prompt"],
        *([f"2026-05-04 03:02:{i:02d}", f"u{i}", "m", "\x01" * 9000 if i == 1 else "p"] for i in range(9)),
    ]

    assert len(read(log(table(rows), "calls.csv")).rows) == 9


def test_bytes_that_are_no_text_are_refused_and_not_passed_over(read, log):
    """Nobody knows that they are no log."""
    source = read(log(bytes(range(256)) * 40, "calls.bin")).source

    assert (source["role"], source["reason"]) == ("refused", "binary, no log format known for it")


def damaged(compressed, n_from_end):
    """Return the bytes with one changed near the end, where the checksum stands."""
    copy = bytearray(compressed)
    copy[-n_from_end] ^= 0xFF
    return bytes(copy)


@pytest.mark.parametrize("n_members", [1, 3])
def test_a_wrong_checksum_of_gzip_costs_no_record(n_members, read, log):
    """All lines of all members, flagged."""
    parts = [gzip.compress(jsonl(calls(400, session_id=f"s-{i}"))) for i in range(n_members)]
    content = b"".join([damaged(parts[0], 8), *parts[1:]])
    found = read(log(content, "calls.jsonl.gz"), decoded=b"".join(gzip.decompress(part) for part in parts))

    assert len(found.rows) == 400 * n_members
    assert all("checksum_failed" in row["parse_flags"] for row in found.rows)
    assert "checksum" in found.source["reason"]


def test_a_wrong_checksum_of_zstd_costs_no_record(read, log):
    """Likewise, block by block."""
    import zstandard

    plain = jsonl(calls(500))
    whole = zstandard.ZstdCompressor(write_checksum=True).compress(plain)
    found = read(log(damaged(whole, 1) + whole, "calls.jsonl.zst"), decoded=plain + plain)

    assert len(found.rows) == 1000
    assert all("checksum_failed" in row["parse_flags"] for row in found.rows)


@pytest.mark.parametrize("position", range(3))
def test_a_damaged_table_of_parquet_is_refused_with_its_hash(position, read, log, tmp_path):
    """One flipped bit; the other files are read."""
    path = tmp_path / "whole.parquet"
    pq.write_table(
        pa.Table.from_pylist(calls(300)), path, compression="none", write_page_checksum=True, use_dictionary=False
    )
    content = bytearray(path.read_bytes())
    content[len(content) * (position + 1) // 5] ^= 0x80
    found = read(log(bytes(content), "calls.parquet"), log(jsonl(calls()), "beside.jsonl"), decoded=jsonl(calls()))
    source = next(source for source in found.sources if source["path"].endswith("parquet"))

    assert source["role"] == "refused"
    assert len(source["source_sha256"]) == 64
    assert len(found.rows) == 12


def several(n=6, **changes):
    """Records of calls with what they say by a function of their number; None drops a field."""
    return [
        {key: value for key, value in (call | {k: v(i) if callable(v) else v for k, v in changes.items()}).items() if value is not None}
        for i, call in enumerate(calls(n), 1)
    ]  # fmt: skip


MESSAGES = [{"role": "user", "content": "q"}]
PHASES = [{"event": "request", "completion_tokens": None}, {"event": "response", "prompt": None}]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([call | phase | {"request_id": call["user_id"]} for call in calls(6) for phase in PHASES], "several records of each call, told apart by 'event'"),
        ([call | {"request_id": call["user_id"], "status": word} for call in calls(6) for word in ("started", "completed")], "told apart by 'status'"),
        ([{"created_at": call["timestamp"], "user_id": "u", "model": "m", "role": role, "content": "c"} for call in calls(6) for role in ("user", "assistant")],
         "messages of conversations one by one"),
        ([{"createdAt": c["timestamp"], "user": "u", "model": "m", "isCreatedByUser": i % 2 == 0, "tokenCount": i} for i, c in enumerate(calls(6))],
         "'isCreatedByUser' says who wrote each"),
        ([{"time": c["timestamp"], "level": "INFO", "user_id": c["user_id"], "model": "m", "message": "loaded"} for c in calls(6)], "lines of a program"),
        ([{"timestamp": c["timestamp"], "user_id": c["user_id"], "model": "m", "rating": 5} for c in calls(6)], "judgements on answers"),
        ([{"timestamp": c["timestamp"], "model": "m", "input_tokens": 900, "output_tokens": 9, "window_seconds": 1} for c in calls(6)], "sums over many calls"),
    ],
    ids=["two phases", "life of a call", "messages", "chat messages", "program", "ratings", "windows"],
)  # fmt: skip
def test_records_that_are_parts_of_calls_or_none_are_refused_with_the_reason(records, said, read, log):
    """Each would be counted as a call, and some twice."""
    found = read(log(jsonl([{key: value for key, value in record.items() if value is not None} for record in records])))

    assert found.source["role"] == "refused"
    assert said in found.source["reason"]


def test_a_call_that_was_tried_again_is_two_calls(read, log):
    """One id on two records that differ by how they ended."""
    records = [
        call | {"request_id": call["user_id"], "status": word, "attempt": i}
        for call in calls(6)
        for i, word in enumerate(("error", "ok"))
    ]

    assert read(log(jsonl(records))).source["n_kept"] == 12


def test_a_log_of_a_gateway_may_have_levels(read, log):
    """What tells of a call beside them makes the line one."""
    records = several(prompt=None, prompt_tokens=None, completion_tokens=None, level="info", status=200, latency_ms=12)

    assert read(log(jsonl(records))).source["n_kept"] == 6


@pytest.mark.parametrize(
    ("changes", "cost"),
    [({"cost": 0.5}, 0.5), ({"cost": "$0.5"}, 0.5), ({"cost": 0.5, "currency": "USD"}, 0.5), ({"cost": 0.5, "currency": "EUR"}, None),
     ({"cost": "€0.5"}, None), ({"cost": 0.5, "cost_currency": lambda i: "CNY" if i == 3 else "USD"}, None), ({"cost_cents": 50}, None)],
)  # fmt: skip
def test_costs_in_other_money_are_no_dollars(changes, cost, read, log):
    """Neither other currencies nor cents."""
    assert {row["cost_usd"] for row in read(log(jsonl(several(**changes)))).rows} == {cost}


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"cached_tokens": 4, "total_tokens": 12}, (7, 5)),
        ({"cached_tokens": 4, "total_tokens": 16}, (11, 5)),
        ({"reasoning_tokens": 3, "total_tokens": 12}, (7, 5)),
        ({"reasoning_tokens": 3, "total_tokens": 15}, (7, 8)),
        ({"reasoning_tokens": 50}, (7, 55)),
        ({"prompt_tokens": None, "completion_tokens": None, "tokens": {"prompt": 7, "completion": 5}}, (7, 5)),
    ],
)
def test_a_total_tells_what_is_counted_beside(changes, counts, read, log):
    """Cached tokens and those of reasoning, in fields of their own."""
    assert set(values(read(log(jsonl(several(**changes)))), "input_tokens", "output_tokens")) == {counts}


ANSWER = {
    "id": "x", "choices": [{"message": {"role": "assistant", "content": "it's a"}, "finish_reason": "stop"}], "stream": False, "usage": None,
}  # fmt: skip
PRINTED = "ChatCompletion(id='x', choices=[Choice(finish_reason='stop', index=0, message=ChatCompletionMessage(content='it\\'s a', role='assistant'))])"


@pytest.mark.parametrize(
    ("prompt", "response"),
    [
        ({"messages": str(MESSAGES), "prompt": None}, str(ANSWER)),
        ({"prompt": str(MESSAGES)}, PRINTED),
        ({"messages": str(MESSAGES), "prompt": None}, str({"role": "assistant", "content": "it's a"})),
        (
            {"request": json.dumps(json.dumps({"messages": MESSAGES})), "prompt": None},
            json.dumps(json.dumps(ANSWER)),
        ),
    ],
    ids=["dictionary", "object", "message", "encoded twice"],
)
def test_what_a_program_printed_or_encoded_twice_is_opened(prompt, response, read, log):
    """The text of an answer, not the notation around it, is compared."""
    found = read(log(jsonl(several(**prompt, response=response))))

    assert set(values(found, "prompt_text", "response_text")) == {("q", "it's a")}


def test_what_a_model_was_asked_to_write_in_python_stays(read, log):
    """A dictionary is an answer like any other, and a prompt."""
    found = read(log(jsonl(several(prompt="{'a': 1}", response="{'output': 'x', 'content': 'y'}"))))

    assert set(values(found, "prompt_text", "response_text")) == {("{'a': 1}", "{'output': 'x', 'content': 'y'}")}


def test_several_prompts_of_one_call_are_one_text(read, log):
    """Interfaces for completions and embeddings take a list."""
    assert {row["prompt_text"] for row in read(log(jsonl(several(prompt=["a", "b"])))).rows} == {"a\nb"}


def test_an_address_for_mail_is_the_account_if_nothing_else_is(read, log):
    """People are told apart by it; an id is better."""
    mail = several(user_id=None, email=lambda i: f"u{i}@example.org")

    assert {row["account_id"] for row in read(log(jsonl(mail))).rows} == {f"u{i}@example.org" for i in range(1, 7)}
    assert {row["account_id"] for row in read(log(jsonl(several(email="x@example.org")))).rows} == {
        f"u-{i}" for i in range(6)
    }
