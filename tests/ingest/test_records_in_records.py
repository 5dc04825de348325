"""Records that collectors, data frames, databases and query interfaces put into others come out as they went in."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pytest

NAMES = ("timestamp", "user_id", "model", "prompt", "response", "input_tokens", "output_tokens")
ROWS = [(f"2026-05-04T03:02:0{i}.000Z", f"u-{i}", "m-1", f"q{i}", f"a{i}", 10 + i, 20 + i) for i in (1, 2, 3)]
CALLS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]
UNTIMED = [{key: value for key, value in call.items() if key != "timestamp"} for call in CALLS]
NS = 1_777_863_720_000_000_000


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


def table(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def typed(call):
    return {key: {"N": str(value)} if isinstance(value, int) else {"S": value} for key, value in call.items()}


HITS = {
    "hits": {
        "total": {"value": 3},
        "hits": [{"_index": "i", "_id": str(n), "_source": c, "sort": [n]} for n, c in enumerate(CALLS)],
    }
}
SHAPES = {
    "search answer": json.dumps({"took": 5, "_shards": {"total": 1}, **HITS}),
    "search answer over lines": json.dumps({"took": 5, "_shards": {"total": 1}, **HITS, "aggregations": {"a": {"b": 1}}}, indent=2),
    "search answer with fields": json.dumps({"hits": {"hits": [{"_id": "1", "fields": {k: [v] for k, v in c.items()}} for c in CALLS]}}),
    "page in a page": json.dumps({"success": True, "data": {"page": 1, "items": CALLS, "total": 3}}),
    "events in results": json.dumps({"results": [{"events": CALLS}]}),
    "frame by rows": json.dumps({"columns": NAMES, "index": [0, 1, 2], "data": ROWS}),
    "frame by columns": json.dumps({name: {str(i): row[n] for i, row in enumerate(ROWS)} for n, name in enumerate(NAMES)}),
    "frame by numbers": json.dumps({str(i): call for i, call in enumerate(CALLS)}, indent=1),
    "tables": json.dumps({"tables": [{"name": "PrimaryResult", "columns": [{"name": n, "type": "string"} for n in NAMES], "rows": ROWS}]}),
    "compact rows": json.dumps({"meta": [{"name": n, "type": "String"} for n in NAMES], "data": ROWS, "rows": 3}),
    "streams": json.dumps({"status": "success", "data": {"resultType": "streams", "result": [
        {"stream": {"app": "gw"}, "values": [[str(NS + i * 10**9), json.dumps(call)] for i, call in enumerate(UNTIMED, 1)]}]}}),
    "events with their time": lines([{"time": NS // 10**9 + i, "host": "h", "event": call} for i, call in enumerate(UNTIMED, 1)]),
    "attributes in attributes": json.dumps({"data": [
        {"id": "1", "type": "log", "attributes": {"timestamp": call["timestamp"], "status": "info", "attributes": free}}
        for call, free in zip(CALLS, UNTIMED, strict=True)]}),
    "texts in a table": table([("Date", "Host", "Message"), *((c["timestamp"], "h", json.dumps(u)) for c, u in zip(CALLS, UNTIMED, strict=True))]),
    "columns of a sync": lines([{"_airbyte_ab_id": "x", "_airbyte_emitted_at": 1, "_airbyte_data": call} for call in CALLS]),
    "typed items": lines([{"Item": typed(call)} for call in CALLS]),
    "typed values": lines([call | {"_id": {"$oid": "65"}, "timestamp": {"$date": call["timestamp"]},
        "input_tokens": {"$numberLong": str(call["input_tokens"])}} for call in CALLS]),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_what_a_record_wraps_is_read_as_if_it_were_not_wrapped(shape, read, log):
    """Times, people, texts and numbers; whatever stands around them."""
    found = read(log(SHAPES[shape].encode(), "export.csv" if shape == "texts in a table" else "export.json"))
    names = ("account_id", "model_requested", "prompt_text", "response_text", "input_tokens", "output_tokens")

    assert [str(row["started_at"]) for row in found.rows] == [f"2026-05-04 03:02:0{i}" for i in (1, 2, 3)]
    assert [tuple(row[name] for name in names) for row in found.rows] == [row[1:] for row in ROWS]
    assert (found.source["n_quarantined"], found.source["n_out_of_scope"]) == (0, 0)


def test_an_answer_with_a_list_does_not_make_a_log_an_answer_of_an_interface(read, log):
    """The answer of a call holds a list of objects as well; the records around it are the calls."""
    answer = {"results": [{"outputText": "a", "tokenCount": 3}], "inputTextTokenCount": 5}
    found = read(log(lines([call | {"response": answer, "result": {"items": [{"a": 1}]}} for call in CALLS]).encode()))

    assert [row["account_id"] for row in found.rows] == ["u-1", "u-2", "u-3"]


def test_the_time_of_a_wrapper_stands_back_behind_that_of_the_record(read, log):
    """A collector takes a line in later than it was written, under whatever name the time has."""
    records = [
        {"@timestamp": "2026-05-04T09:00:00Z", "log": json.dumps(free | {"ts": call["timestamp"]})}
        for call, free in zip(CALLS, UNTIMED, strict=True)
    ]
    found = read(log(lines(records).encode()))

    assert [str(row["started_at"]) for row in found.rows] == [f"2026-05-04 03:02:0{i}" for i in (1, 2, 3)]


def test_a_table_in_an_object_with_rows_of_another_length_is_no_table(read, log):
    """Values that cannot be given to names are refused, not shifted."""
    found = read(log(json.dumps({"columns": NAMES, "data": [*ROWS, ROWS[0][:-1]]}).encode(), "frame.json"))

    assert found.source["role"] == "refused"


def test_lines_whose_fields_are_listed_keep_their_place_and_bytes(read, log):
    """A server that was restarted lists other fields; a chunk may end anywhere."""
    first = "#Software: x\n#Fields: date time cs-method cs-uri-stem c-ip s-port sc-status\n"
    second = "#Fields: date time s-port c-ip sc-status cs-uri-stem cs-method\r\n"
    lines = [
        "2026-05-04 03:02:01 POST /v1/messages 192.0.2.1 443 200\n",
        "2026-05-04 03:02:02 443 192.0.2.2 429 /v1/messages POST\r\n",
    ]
    content = (first + lines[0] + second + lines[1]).encode()
    found = read(log(content, "u_ex.log"))

    assert [(row["client_ip"], row["http_status"], row["source_line"]) for row in found.rows] == [
        ("192.0.2.1", 200, 3),
        ("192.0.2.2", 429, 5),
    ]
    for row, line in zip(found.rows, lines, strict=True):
        raw = content[row["source_offset"] :][: row["source_length"]]
        assert (raw, hashlib.sha256(raw).hexdigest()) == (line.strip().encode(), row["raw_sha256"])
