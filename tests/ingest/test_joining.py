"""Records that together say one exchange become one, with both places; what has no partner is counted and never dropped."""

from __future__ import annotations

import gzip
import json
from datetime import datetime

import pytest

BEGAN = datetime(2026, 2, 1)


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def request(number, **body):
    messages = [{"role": "user", "content": f"question {number}"}]
    body = {"model": "gpt-4o-mini", "messages": messages, "n": 4} | body
    return {"custom_id": f"request-{number}", "method": "POST", "url": "/v1/chat/completions", "body": body}


def answer(number, text="answer", created=1770091506):
    body = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": created + number,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": f"{text} {number}"}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 7 + number, "completion_tokens": 5},
    }
    response = {"status_code": 200, "request_id": f"req_{text}_{number}", "body": body}
    return {"id": f"batch_req_{text}_{number}", "custom_id": f"request-{number}", "response": response, "error": None}


def llm_row(call, sequence, **changes):
    row = {"TimeGenerated": f"2026-02-03T04:05:{call:02d}.5Z", "CorrelationId": f"c-{call}", "SequenceNumber": sequence}
    row |= {"DeploymentName": "d", "ModelName": "gpt-4o-2024-08-06", "OperationName": "ChatCompletions_Create"}
    return row | {"PromptTokens": 0, "CompletionTokens": 0} | changes


def gateway_row(call, **changes):
    properties = {"apimSubscriptionId": f"sub-{call}", "operationId": "ChatCompletions_Create", "responseCode": 200}
    row = {
        "callerIpAddress": f"192.0.2.{call}",
        "category": "GatewayLogs",
        "correlationId": f"c-{call}",
        "durationMs": 90,
    }
    return row | {"time": f"2026-02-03T04:05:{call:02d}.1Z", "properties": properties} | changes


def columns(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


def of_source(table, name):
    return next(row for row in table("sources") if row["path"] == name)


@pytest.mark.parametrize("order", [("a.jsonl", "b.jsonl"), ("b.jsonl", "a.jsonl")])
def test_a_batch_is_joined_whatever_file_comes_first(order, ingest, log, table):
    """The exchange has the place, time and tokens of the answer, and the prompt and parameters of the request."""
    requests = log(lines(*map(request, range(3))), order[0])
    answers = log(lines(*map(answer, reversed(range(3)))), order[1])
    ingest(requests, answers)

    found = columns(
        table("exchanges"),
        "source_line",
        "prompt_text",
        "response_text",
        "n_choices",
        "input_tokens",
        "model_requested",
    )
    assert found == [(i + 1, f"question {n}", f"answer {n}", 4, 7 + n, "gpt-4o-mini") for i, n in enumerate((2, 1, 0))]
    joined = table("joined_records")
    assert columns(joined, "source_line", "source_format") == [(n + 1, "openai_batch_input/2") for n in (2, 1, 0)]
    assert [row["record_id"] for row in joined] == [row["record_id"] for row in table("exchanges")]
    content = requests.read_bytes()
    for row in joined:
        assert (
            json.loads(content[row["source_offset"] :][: row["source_length"]])["custom_id"]
            == f"request-{row['source_line'] - 1}"
        )
    assert (
        of_source(table, order[0])["reason"] == f"3 of 3 records joined with records of {order[1]}, 0 without a partner"
    )


def test_what_has_no_partner_is_counted_and_kept(ingest, log, table):
    """An answer without request is an exchange as before; a request without answer is none, and both are said."""
    ingest(log(lines(request(1), request(2)), "requests.jsonl"), log(lines(answer(2), answer(3)), "answers.jsonl"))

    assert columns(table("exchanges"), "prompt_text", "response_text") == [
        ("question 2", "answer 2"),
        (None, "answer 3"),
    ]
    assert columns(table("out_of_scope"), "reason", "n_records", "first_line") == [
        ("part_of_a_call", 1, 2),
        ("request_without_answer", 1, 1),
    ]
    requests = of_source(table, "requests.jsonl")
    assert (requests["n_read"], requests["n_kept"], requests["n_out_of_scope"]) == (2, 0, 2)
    assert "1 of 2 records joined with records of answers.jsonl, 1 without a partner" in requests["reason"]


def test_batches_that_number_their_requests_alike_are_told_apart_by_their_files(ingest, log, table):
    """The ids of a larger batch alone fit the answers; where two files of requests fit equally well, nothing is joined."""
    small = log(lines(*map(request, range(2))), "requests-1.jsonl")
    large = log(lines(*(request(n, max_tokens=9) for n in range(4))), "requests-2.jsonl")
    ingest(small, large, log(lines(*map(answer, range(4))), "answers-2.jsonl"))
    assert columns(table("exchanges"), "max_output_tokens") == [(9,)] * 4


def test_an_id_that_fits_two_batches_joins_nothing(ingest, log, table):
    """Two files of requests have all the ids of the answers."""
    files = [log(lines(*(request(n, max_tokens=m) for n in range(2))), f"requests-{m}.jsonl") for m in (1, 2)]
    ingest(*files, log(lines(*map(answer, range(2))), "answers.jsonl"))

    assert columns(table("exchanges"), "prompt_text") == [(None,)] * 2
    assert table("joined_records") == []


def test_an_id_that_stands_twice_joins_nothing(ingest, log, table):
    """Within one file, or in two runs of the same requests."""
    requests = log(lines(request(1), request(2), request(2, max_tokens=9), request(3)), "requests.jsonl")
    first = log(lines(answer(1), answer(2), answer(3)), "answers-1.jsonl")
    ingest(requests, first, log(lines(answer(3, "other")), "answers-2.jsonl"))

    assert columns(table("exchanges"), "prompt_text") == [("question 1",), (None,), (None,), (None,)]


def test_a_copy_of_a_record_does_not_make_its_id_ambiguous(ingest, log, table):
    """Exports that overlap hold records twice, byte for byte; the exchange is one and its copy a duplicate."""
    requests = log(lines(request(1), request(1)), "requests.jsonl")
    ingest(requests, log(lines(answer(1), answer(2)), "answers-1.jsonl"), log(lines(answer(1)), "answers-2.jsonl"))

    assert columns(table("exchanges"), "prompt_text", "response_text").count(("question 1", "answer 1")) == 2
    assert len(table("duplicates")) == 1


def test_an_answer_of_another_model_is_not_that_of_the_request(ingest, log, table):
    """The ids alone would join two batches that have nothing to do with each other."""
    ingest(log(lines(request(1, model="o3")), "requests.jsonl"), log(lines(answer(1)), "answers.jsonl"))

    assert columns(table("exchanges"), "prompt_text") == [(None,)]


def test_a_batch_of_anthropic_is_joined_at_the_time_that_is_given(ingest, log, table):
    """Neither file has a time."""
    params = {"model": "claude-opus-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "question"}]}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-5-20251101",
        "content": [{"type": "text", "text": "answer"}],
    }
    requests = log(lines({"custom_id": "r", "params": params}, {"custom_id": "s", "params": params}), "requests.jsonl")
    results = [
        {"custom_id": "r", "result": {"type": "succeeded", "message": message}},
        {"custom_id": "s", "result": {"type": "expired"}},
    ]
    ingest(requests, log(lines(*results), "results.jsonl"), log_began=BEGAN)

    found = columns(table("exchanges"), "started_at", "prompt_text", "response_text", "status", "max_output_tokens")
    assert found == [(BEGAN, "question", "answer", "ok", 9), (BEGAN, "question", None, "error", 9)]


def test_rows_of_a_gateway_and_its_messages_are_one_call(ingest, log, table):
    """Tokens of one row, pieces of the texts of others, caller and status of the gateway's own log; the earliest time is the start."""
    messages = [
        llm_row(1, 3, ResponseMessages=[{"role": "assistant", "content": "the answer"}]),
        llm_row(1, 2, RequestMessages=[{"role": "user", "content": "half of a question"}]),
        llm_row(1, 1, RequestMessages=[{"role": "user", "content": "the first "}]),
        llm_row(1, 0, PromptTokens=24, CompletionTokens=30),
        llm_row(2, 0, PromptTokens=25, CompletionTokens=31),
        llm_row(3, 1, RequestMessages=[{"role": "user", "content": "lost"}]),
    ]
    ingest(log(lines(*messages), "messages.jsonl"), log(lines(gateway_row(1), gateway_row(4)), "gateway.jsonl"))

    rows = {row["trace_id"] or row["request_id"]: row for row in table("exchanges")}
    assert sorted(rows) == ["c-1", "c-2", "c-4"]
    names = ("account_id", "client_ip", "http_status", "input_tokens", "prompt_text", "response_text", "prompt_state")
    assert columns([rows["c-1"]], *names) == [
        ("sub-1", "192.0.2.1", 200, 24, "the first half of a question", "the answer", "full")
    ]
    assert rows["c-1"]["started_at"] == datetime(2026, 2, 3, 4, 5, 1, 100000)
    assert columns([rows["c-2"], rows["c-4"]], "account_id", "input_tokens") == [(None, 25), ("sub-4", None)]
    assert columns(table("out_of_scope"), "n_records") == [(1,), (4,)] or columns(
        table("out_of_scope"), "n_records"
    ) == [(4,), (1,)]


@pytest.mark.parametrize("change", [{"time": "2026-02-05T04:05:01Z"}, {"correlationId": "c-9"}, {"correlationId": "-"}])
def test_a_record_that_contradicts_the_call_is_not_joined(change, ingest, log, table):
    """Days apart, or with another id or none."""
    rows = [gateway_row(1) | change]
    ingest(
        log(lines(llm_row(1, 0, PromptTokens=24), llm_row(2, 0)), "messages.jsonl"), log(lines(*rows), "gateway.jsonl")
    )

    assert len(table("exchanges")) == 3
    assert table("joined_records") == []


def test_a_partner_that_comes_later_is_joined_then(ingest, log, table):
    """A case that grows gives what one ingest of all files gives."""
    answers = log(lines(*map(answer, range(3))), "answers.jsonl")
    requests = log(lines(*map(request, range(3))), "requests.jsonl")
    ingest(answers)
    assert columns(table("exchanges"), "prompt_text") == [(None,)] * 3
    ingest(answers, requests)
    assert columns(table("exchanges"), "prompt_text") == [(f"question {n}",) for n in range(3)]
    ingest(answers, requests)
    assert len(table("exchanges")) == 3


def test_texts_that_are_not_kept_are_joined_as_fingerprints(ingest, log, table):
    """What is kept of the request and what is kept of the answer stand in one row."""
    ingest(log(lines(request(1)), "requests.jsonl"), log(lines(answer(1)), "answers.jsonl"), is_content_free=True)

    (row,) = table("exchanges")
    assert (row["prompt_text"], row["response_text"], row["prompt_state"]) == (None, None, "full")
    kept = row["text_fingerprints"]
    assert kept["prompt_hash"]
    assert kept["response_hash"]
    assert kept["prompt_sha256"]
    assert kept["response_sha256"]


@pytest.mark.parametrize("threads", [1, 2])
def test_joined_exchanges_have_the_same_bytes_at_any_thread_count(threads, ingest, case, log):
    """The part is a table like any other."""
    from distilforensics.case.engines.duckdb import Limits

    many = range(2000)
    files = log(lines(*map(request, many)), "requests.jsonl"), log(lines(*map(answer, reversed(many))), "answers.jsonl")
    ingest(*files, limits=Limits(memory_bytes=2_000_000_000, threads=threads))
    first = (case.table_path("exchanges") / "part-joined.parquet").read_bytes()
    ingest(*files, limits=Limits(memory_bytes=2_000_000_000, threads=3 - threads), log_began=BEGAN)

    assert (case.table_path("exchanges") / "part-joined.parquet").read_bytes() == first


CALL_ID = "0a1b2c3d-0000-4000-8000-00000000000"


def bedrock_record(number, model="anthropic.claude-3-haiku-20240307-v1:0", operation="InvokeModel"):
    path = f"s3://logs/AWSLogs/0/BedrockModelInvocationLogs/us-east-1/data/{CALL_ID}{number}"
    return {
        "schemaType": "ModelInvocationLog", "schemaVersion": "1.0", "timestamp": "2026-02-03T04:05:06Z", "accountId": "012345678901",
        "identity": {"arn": "arn:aws:iam::012345678901:user/ada"}, "region": "us-east-1", "requestId": f"{CALL_ID}{number}",
        "operation": operation, "modelId": model,
        "input": {"inputContentType": "application/json", "inputBodyS3Path": f"{path}_input.json.gz", "inputTokenCount": 90210},
        "output": {"outputContentType": "application/json", "outputBodyS3Path": f"{path}_output.json.gz", "outputTokenCount": 12},
    }  # fmt: skip


ASKED = {
    "max_tokens": 300,
    "system": [{"type": "text", "text": "be brief"}],
    "messages": [{"role": "user", "content": "a long question"}],
}
ANSWERED = {
    "id": "msg_1",
    "role": "assistant",
    "content": [{"type": "text", "text": "an answer"}],
    "stop_reason": "end_turn",
}
STREAMED = [
    {"type": "message_start", "message": {"id": "msg_1"}},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "an "}},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "answer"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
]


@pytest.mark.parametrize("answered", [ANSWERED, STREAMED], ids=["whole", "streamed"])
def test_a_body_that_was_stored_apart_is_joined_with_its_record(answered, ingest, log, table):
    """Packed or not, on one line or on many; the record says who called, the bodies what was said."""
    log(lines(bedrock_record(1)), "records.jsonl")
    log(gzip.compress(json.dumps(ASKED, indent=1).encode()), f"data/{CALL_ID}1_input.json.gz")
    folder = log(json.dumps(answered).encode(), f"data/{CALL_ID}1_output.json").parents[1]
    ingest(folder)

    (row,) = table("exchanges")
    names = (
        "prompt_text",
        "system_text",
        "response_text",
        "max_output_tokens",
        "finish_reason",
        "input_tokens",
        "prompt_state",
        "response_state",
    )
    assert columns([row], *names) == [("a long question", "be brief", "an answer", 300, "stop", 90210, "full", "full")]
    assert row["account_id"] == "arn:aws:iam::012345678901:user/ada"
    assert len(table("joined_records")) == 2
    assert columns(table("out_of_scope"), "reason", "n_records") == [("part_of_a_call", 1)] * 2


def test_bodies_without_record_and_records_without_body_are_said(ingest, log, table):
    """Neither is dropped, and a body is no call by itself although it looks like one."""
    log(lines(bedrock_record(1)), "records.jsonl")
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 1770091506,
        "model": "m",
        "choices": [{"message": {"role": "assistant", "content": "a"}}],
    }
    folder = log(json.dumps(body | {"usage": {"prompt_tokens": 1}}).encode(), f"data/{CALL_ID}2_output.json").parents[1]
    log(b'{"messages": [', f"data/{CALL_ID}3_input.json")
    ingest(folder)

    assert columns(table("exchanges"), "prompt_state", "response_state") == [("offloaded", "offloaded")]
    assert columns(table("out_of_scope"), "reason", "n_records") == [("body_without_its_record", 1)]
    assert [row["source_line"] for row in table("quarantine")] == [1]
    assert of_source(table, "records.jsonl")["reason"] == "0 of 1 records joined, 1 without a partner"


def test_requests_alone_say_what_is_missing(ingest, log, table):
    """Half of a batch is no log; the answers are the other half."""
    ingest(log(lines(request(1), request(2)), "requests.jsonl"))

    assert table("exchanges") == []
    assert "give the file of their answers" in table("sources")[0]["reason"]


def exported(group, scope, item, *items):
    return {group: [{"resource": {"attributes": []}, scope: [{item: list(items)}]}]}


def attributes(**values):
    named = {"gen_ai." + name.replace("__", "."): value for name, value in values.items()}
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in named.items()
    ]


def test_a_span_and_the_log_event_of_its_call_are_one_exchange(ingest, log, table):
    """The event has the texts and the span the times; an event of another span is a call of its own."""
    said = {"operation__name": "chat", "request__model": "m", "usage__input_tokens": 9}
    span = {
        "traceId": "t",
        "spanId": "s1",
        "startTimeUnixNano": "1770091506000000000",
        "endTimeUnixNano": "1770091508000000000",
    }
    event = {"traceId": "t", "timeUnixNano": "1770091508000000000"}
    events = [
        event | {"spanId": name, "attributes": attributes(**said, prompt=f"question of {name}")}
        for name in ("s1", "s2")
    ]
    ingest(
        log(
            lines(exported("resourceSpans", "scopeSpans", "spans", span | {"attributes": attributes(**said)})),
            "traces.jsonl",
        ),
        log(lines(exported("resourceLogs", "scopeLogs", "logRecords", *events)), "logs.jsonl"),
    )

    assert sorted(columns(table("exchanges"), "request_id", "prompt_text", "latency_ms", "input_tokens")) == [
        ("s1", "question of s1", 2000.0, 9),
        ("s2", "question of s2", None, 9),
    ]


def test_a_call_in_two_tables_of_one_platform_counts_once(ingest, log, table):
    """One has the texts, the other the tokens and the workspace; a call that only one has stays."""
    texts = [
        {"databricks_request_id": f"d-{n}", "request_time": f"2026-02-03T04:05:0{n}Z", "status_code": 200, "requester": "ada",
            "request": '{"messages": [{"role": "user", "content": "q"}]}', "response": None}
        for n in range(3)
    ]  # fmt: skip
    usage = "workspace_id,databricks_request_id,requester,status_code,request_time,input_token_count,output_token_count,request_streaming\n"
    usage += "".join(f"w,d-{n},ada,200,2026-02-03T04:05:0{n}Z,{n},7,true\n" for n in range(1, 4))
    log(lines(*texts), "texts.jsonl")
    ingest(log(usage.encode(), "usage.csv").parent)
    rows = sorted(table("exchanges"), key=lambda row: row["request_id"])
    assert columns(rows, "request_id", "tenant_id", "input_tokens", "prompt_text") == [
        ("d-0", None, None, "q"), ("d-1", "w", 1, "q"), ("d-2", "w", 2, "q"), ("d-3", "w", 3, None)
    ]  # fmt: skip
