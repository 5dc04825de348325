"""Exports in shapes that no format is about: what lies inside of fields counts, and what is not a whole call is none."""

from __future__ import annotations

import csv
import io
import json

import pytest

from distilforensics.ingest.recognition.leaves import with_places

TIMES = [f"2026-05-04T03:02:0{i}.500Z" for i in (1, 2, 3)]
CALLS = list(
    zip(TIMES, ("ada", "bo", "ada"), ("gpt-4o", "gpt-4o", "gpt-4o-mini"), (1101, 1202, 1303), (51, 62, 73), strict=True)
)
READ = [(f"{time[:10]} {time[11:19]}", *rest) for time, *rest in CALLS]


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def table(header, rows, delimiter=","):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue().encode()


SHAPES = {
    "fields in fields": lines({"@timestamp": t, "user": {"id": u}, "host": {"ip": "192.0.2.1"}, "cloud": {"account": {"id": "owner"}},
        "gen_ai": {"request": {"model": m}, "usage": {"input_tokens": i, "output_tokens": o}}} for t, u, m, i, o in CALLS),
    "names that say where a field lay": table(
        ("timestamp", "jsonPayload.user", "jsonPayload.model", "jsonPayload.input_tokens", "jsonPayload.output_tokens", "insertId"),
        [(*call, n) for n, call in enumerate(CALLS)]),
    "attributes in a cell": table(("timestamp", "user_Id", "customDimensions", "itemType"), [(t, u, json.dumps(
        {"gen_ai.request.model": m, "gen_ai.usage.input_tokens": str(i), "gen_ai.usage.output_tokens": str(o)}), "x") for t, u, m, i, o in CALLS]),
    "types behind names": table(("TimeGenerated [UTC]", "UserId_s", "Model_s", "PromptTokens_d", "CompletionTokens_d"), CALLS),
    "day beside the time of day": table(
        ("Datum", "Uhrzeit", "Benutzer", "Modell", "Eingabe-Tokens", "Ausgabe-Tokens"),
        [(f"{t[8:10]}.{t[5:7]}.{t[:4]}", t[11:19], u, m, f"{i:,}".replace(",", "."), o) for t, u, m, i, o in CALLS], ";"),
    "a time of the start and others": lines({"created_at": TIMES[-1], "timestamp": "2026-05-04T09:00:00Z", "start_time": t, "user_id": u, "model": m,
        "input_tokens": i, "output_tokens": o} for t, u, m, i, o in CALLS),
    "a summary beside the answer of the server": lines({"time": t, "consumer": {"username": u}, "response": {"status": 200, "headers": {"a": "b"}},
        "llm_summary": {"model": m, "prompt_tokens": i, "completion_tokens": o}} for t, u, m, i, o in CALLS),
    "lines in a table": table(("Date", "Line", "tsNs"), [(t, json.dumps({"user_id": u, "model": m, "input_tokens": i, "output_tokens": o}), 7)
        for t, u, m, i, o in CALLS]),
    "cells with a value": json.dumps({"schema": {"fields": [{"name": n} for n in ("ts", "user_id", "model", "input_tokens", "output_tokens")]},
        "rows": [{"f": [{"v": str(value)} for value in call]} for call in CALLS]}).encode(),
    "cells with a field": json.dumps({"results": [[{"field": name, "value": str(value)} for name, value in
        zip(("@timestamp", "user_id", "model", "input_tokens", "output_tokens"), call, strict=True)] for call in CALLS], "status": "Complete"}).encode(),
    "pairs of names and values": "".join(f'time={t} level=info msg="a call" user_id={u} model={m} input_tokens={i} output_tokens={o}\n'
        for t, u, m, i, o in CALLS).encode(),
    "a line of a collector before the object": "".join(
        f'<134>1 {t} host stdout F {json.dumps({"user_id": u, "model": m, "input_tokens": i, "output_tokens": o})}\n' for t, u, m, i, o in CALLS).encode(),
    "months of other languages": table(("Horodatage", "Utilisateur", "Modèle", "Jetons d'entrée", "Jetons de sortie"),
        [(f"4 mai 2026 à {t[11:19]}", *rest) for t, *rest in CALLS], ";"),
    "narrow spaces in times": table(("Date", "User", "Model", "Input tokens", "Output tokens"),
        [(f"May 4, 2026 at {int(t[11:13])}:{t[14:19]}\u202fAM", *rest) for t, *rest in CALLS]),
    "times of a browser": lines({"Time": f"/Date({1777863721500 + 1000 * n})/", "User": u, "Model": m, "InputTokens": i, "OutputTokens": o}
        for n, (_, u, m, i, o) in enumerate(CALLS)),
    "messages of a queue": lines({"topic": "calls", "offset": n, "timestamp": t, "key": "partition", "value": json.dumps(
        {"user_id": u, "model": m, "usage": {"in": i, "out": o}})} for n, (t, u, m, i, o) in enumerate(CALLS)),
    "a summary behind the calls": lines([*({"ts": t, "user_id": u, "model": m, "input_tokens": i, "output_tokens": o} for t, u, m, i, o in CALLS),
        {"ts": TIMES[-1], "model": "all", "total_requests": 3, "input_tokens": 3606}]),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_what_lies_inside_of_fields_is_read(shape, read, log):
    """Without an option, and nothing of a host or of the owner of a cloud for that of the caller."""
    found = read(log(SHAPES[shape], "export.csv" if b"{" not in SHAPES[shape][:1] else "export.jsonl"))
    names = ("account_id", "model_requested", "input_tokens", "output_tokens")
    assert [(str(row["started_at"])[:19], *(row[name] for name in names)) for row in found.rows] == READ
    assert not any(row["client_ip"] or row["response_text"] for row in found.rows)


def test_a_user_inside_of_what_a_caller_sends_is_an_end_user(read, log):
    """Callers put what they like there."""
    found = read(
        log(lines({"ts": t, "model": m, "input_tokens": i, "metadata": {"user_id": u}} for t, u, m, i, _ in CALLS))
    )
    assert [(row["account_id"], row["end_user_id"]) for row in found.rows] == [(None, call[1]) for call in CALLS]


WORDS = ("They ", "flap ", "quickly.")
PIECES = {
    "by their name": [{"ts": t, "user": u, "model": m, "delta": word} for t, u, m, *_ in CALLS for word in WORDS],
    "by an id": [{"ts": t, "request_id": t, "user": u, "model": m, "response": word} for t, u, m, *_ in CALLS for word in WORDS],
    "with tokens on the last": [{"ts": t, "req": t, "user": u, "model": m, "text": word, "output_tokens": o if word == WORDS[-1] else None}
        for t, u, m, _, o in CALLS for word in WORDS],
    "by a mark of the end": [{"model": m, "created_at": t, "response": word, "done": word == WORDS[-1], "eval_count": o}
        for t, _, m, _, o in CALLS for word in WORDS],
}  # fmt: skip


@pytest.mark.parametrize("kind", PIECES)
def test_pieces_of_streamed_answers_are_refused(kind, read, log):
    """Each would count as a call with a text of a word."""
    found = read(log(lines(PIECES[kind])))
    assert (found.source["role"], "streamed" in found.source["reason"]) == ("refused", True)


def test_turns_of_a_conversation_are_no_pieces(read, log):
    """Each has a question, however fast they follow."""
    turns = [
        {"ts": t, "message_id": t[:18], "user": "ada", "model": "m", "prompt": f"q{t}", "response": f"a{t}"}
        for t in TIMES
    ]
    assert len(read(log(lines(turns * 2))).rows) == 6


@pytest.mark.parametrize("time", ["3 helmikuuta 2026 klo 04:05:06", "46056.58688"])
def test_times_in_no_known_notation_are_refused_at_once(time, read, log):
    """Not record by record."""
    found = read(log(lines({"time": time, "user_id": u, "model": m, "input_tokens": i} for _, u, m, i, _ in CALLS)))
    assert "no notation that is known" in found.source["reason"]


def test_a_trail_beside_a_log_of_the_same_calls_counts_once(ingest, log, table):
    """The events keep their place and are labelled."""
    calls = [{"schemaType": "ModelInvocationLog", "timestamp": t, "accountId": "1", "identity": {"arn": "a"}, "region": "r", "requestId": f"id-{n}",
        "operation": "InvokeModel", "modelId": "m", "input": {}, "output": {}} for n, t in enumerate(TIMES)]  # fmt: skip
    events = [{"eventVersion": "1", "userIdentity": {"arn": "a"}, "eventTime": t, "eventSource": "bedrock.amazonaws.com", "eventName": "InvokeModel",
        "requestID": f"id-{n}", "recipientAccountId": "1", "eventID": str(n)} for n, t in enumerate(TIMES, 1)]  # fmt: skip
    log(lines(calls), "calls.jsonl")
    ingest(log(lines(events), "trail.jsonl").parent)
    assert [row["duplicate_class"] for row in table("duplicates")] == ["same_call"] * 2
    assert len(table("exchanges")) == 6


@pytest.mark.parametrize(
    ("encoding", "header"),
    [
        ("cp1252", "Horodatage;Utilisateur;Modèle;Jetons d'entrée;Jetons de sortie"),
        ("cp932", "日時;ユーザーID;モデル;入力トークン数;出力トークン数"),
    ],
)
def test_headings_of_spreadsheets_in_another_encoding_are_told(encoding, header, read, log):
    """Without one of them a log would have no model, or half of its tokens."""
    rows = "".join(";".join(map(str, call)) + "\n" for call in CALLS)
    found = read(log(f"{header}\n{rows}{header}\n{rows}".encode(encoding), "export.csv"))
    names = ("account_id", "model_requested", "input_tokens", "output_tokens")
    assert [(str(row["started_at"])[:19], *(row[name] for name in names)) for row in found.rows] == READ * 2


def a_call(n, **more):
    """One record of a gateway of one's own."""
    return {"ts": TIMES[n % len(TIMES)], "model": "m", "input_tokens": 5, "output_tokens": 7, **more}


def test_what_a_caller_writes_names_no_account(read, log):
    """A key or a tenant in metadata, an object in a text, a user in a body: they are the caller's words."""
    calls = [a_call(n, user_id=f"acct{n}", metadata={}, note="hello") for n in range(12)]
    calls += [
        a_call(
            n,
            user_id=f"evil{n}",
            metadata={"key_id": "z", "tenant": "t", "client_ip": "192.0.2.9"},
            note='{"account_id": "victim"}',
        )
        for n in range(2)
    ]
    found = read(log(lines(calls)))
    assert [row["account_id"] for row in found.rows] == [call["user_id"] for call in calls]
    assert {(row["api_key_id"], row["tenant_id"], row["client_ip"]) for row in found.rows} == {(None, None, None)}


def test_events_of_one_id_but_of_another_tenant_are_other_calls(ingest, log, table):
    """An id that was blacked out on export is no id either."""
    call = {"schemaType": "ModelInvocationLog", "timestamp": TIMES[0], "accountId": "1", "identity": {"arn": "a"}, "region": "r", "requestId": "id-1",
        "operation": "InvokeModel", "modelId": "m", "input": {}, "output": {}}  # fmt: skip
    event = {"eventVersion": "1", "userIdentity": {"arn": "b"}, "eventTime": TIMES[0], "eventSource": "bedrock.amazonaws.com", "eventName": "InvokeModel",
        "requestID": "id-1", "recipientAccountId": "2", "eventID": "e"}  # fmt: skip
    log(lines([call]), "calls.jsonl")
    ingest(log(lines([event]), "trail.jsonl").parent)
    assert table("duplicates") == []


def test_a_key_of_many_characters_over_many_places_costs_nothing():
    """The path of every place below it would hold it."""
    record = {"k" * 60_000: {f"c{n}": n for n in range(20_000)}, "user": {"id": "u"}}
    _, paths = with_places([record])
    assert list(paths) == ["$.user.id"]


def test_pieces_under_names_of_their_own_are_told_by_how_they_are_cut(read, log):
    """Whatever their text and what binds them is called."""
    pieces = [{"ts": t, "user": u, "model": m, "leg": t[:19], "bit": word} for t, u, m, *_ in CALLS for word in WORDS]
    found = read(log(lines(pieces)))
    assert (found.source["role"], "streamed" in found.source["reason"]) == ("refused", True)


def test_what_one_caller_filled_names_no_column(read, log):
    """An object that nobody else sends is theirs, whatever its parts are called."""
    calls = [a_call(n, user_id=f"acct{n}", notes={}) for n in range(12)]
    calls[3]["notes"] = {"account_id": "victim", "client_ip": "192.0.2.9", "prompt": "words"}
    found = read(log(lines(calls)))
    assert [row["account_id"] for row in found.rows] == [f"acct{n}" for n in range(12)]
    assert {(row["client_ip"], row["prompt_text"]) for row in found.rows} == {(None, None)}


def test_who_was_let_in_is_an_account_where_most_calls_had_no_key(read, log):
    """A gateway puts it into a field of its own, and leaves that out of calls that it turned away."""
    calls = [a_call(n, **({"auth": {"account_id": f"acct{n}"}} if n % 3 == 0 else {})) for n in range(12)]
    found = read(log(lines(calls)))
    assert [row["account_id"] for row in found.rows] == [f"acct{n}" if n % 3 == 0 else None for n in range(12)]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("cp1252", "Größe für Müller prüfen"), ("cp932", "今日の天気は?"), ("gb18030", "今天天气怎么样")],
)
def test_cells_of_spreadsheets_in_another_encoding_are_read(encoding, text, read, log):
    """As what they say, with a flag; what nothing tells stays as it was."""
    header = {
        "cp1252": "ts,Modell,Eingabetext,Größe",
        "cp932": "ts,モデル,プロンプト,x",
        "gb18030": "ts,model,prompt,用户",
    }[encoding]
    rows = "".join(f"{t},m,{text if n % 2 else 'plain'},x\n" for n, t in enumerate(TIMES))
    found = read(log(f"{header}\n{rows}".encode(encoding), "export.csv"))
    assert [row["prompt_text"] for row in found.rows] == [text if n % 2 else "plain" for n in range(len(TIMES))]
    assert [row["parse_flags"] for row in found.rows][:2] == [[], ["transcoded"]]


MESSAGES = [{"role": "user", "content": "q"}]
TEXTS = {
    "values that name their type": {"ts": 0, "user_id": "u", "model": "m", "input": {"type": "chat_messages", "value": MESSAGES},
        "output": {"type": "chat_messages", "value": [{"role": "assistant", "content": "a"}]}},
    "a value that is a text": {"ts": 0, "user_id": "u", "model": "m", "input": {"type": "text", "value": "q"}, "output": {"type": "text", "value": "a"}},
    "conversations that end with the answer": {"ts": 0, "user_id": "u", "chat": {"models": ["m"], "messages": [*MESSAGES,
        {"role": "assistant", "content": "a"}]}},
    "a request under a name for prompts, and the time in the answer": {"input": {"model": "m", "messages": MESSAGES}, "output": {"object":
        "chat.completion", "created": 1777863721, "choices": [{"message": {"role": "assistant", "content": "a"}}]}},
    "bodies of a service of one's own": {"ts": 0, "req": {"method": "POST", "url": "/v1/messages", "body": {"model": "m", "max_tokens": 5,
        "messages": MESSAGES}}, "res": {"statusCode": 200, "body": {"type": "message", "content": [{"type": "text", "text": "a"}]}}},
}  # fmt: skip


@pytest.mark.parametrize("shape", TEXTS)
def test_texts_are_found_in_what_lies_around_them(shape, read, log):
    """The prompt and the answer, not the JSON that holds them."""
    found = read(log(lines(TEXTS[shape] | ({"ts": t} if "ts" in TEXTS[shape] else {}) for t in TIMES)))
    assert [(row["prompt_text"], row["response_text"]) for row in found.rows] == [("q", "a")] * len(TIMES)
    assert {row["model_requested"] for row in found.rows} <= {"m", None if "chat" in TEXTS[shape] else "m"}


@pytest.mark.parametrize(("encoding", "text"), [("cp1250", "Zażółć gęślą jaźń"), ("cp1251", "Как дела сегодня")])
def test_cells_of_which_nothing_tells_the_code_page_keep_their_bytes(encoding, text, read, log):
    """Letters of another language would be words that nobody wrote."""
    rows = "".join(f"{t},u,m,{text}\n" for t in TIMES)
    found = read(log(f"ts,user_id,model,prompt\n{rows}".encode(encoding), "export.csv"))
    assert all("\\x" in row["prompt_text"] and row["parse_flags"] == ["invalid_utf8"] for row in found.rows)


def test_json_that_somebody_wrote_is_no_wrapper(read, log):
    """Only what programs of traces write is opened, and a key beside a value is no key of an interface."""
    calls = [
        a_call(
            n,
            user_id="u",
            prompt='{"type": "order", "value": [1, 2]}',
            response='{"type": "x", "value": "y"}',
            key="flag",
            value=1,
        )
        for n in range(3)
    ]
    (row,) = {
        tuple(row[name] for name in ("account_id", "api_key_id", "prompt_text", "response_text"))
        for row in read(log(lines(calls))).rows
    }
    assert row == ("u", None, '{"type": "order", "value": [1, 2]}', '{"type": "x", "value": "y"}')
