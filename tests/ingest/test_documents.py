"""JSON documents: arrays, pretty-printed objects and answers of interfaces, with every record's exact bytes."""

import json

import pytest

from distilforensics.ingest.framing import documents, pooling


@pytest.fixture
def records(record):
    """Seven records with text that looks like structure."""
    return [record(n, user='x"\\ {[\n]}' * (n % 3)) for n in range(1, 8)]


LAYOUTS = {
    "array on one line": json.dumps,
    "pretty array": lambda records: json.dumps(records, indent=2),
    "pretty objects": lambda records: "\n".join(json.dumps(record, indent=4) for record in records) + "\n",
    "page on one line": lambda records: json.dumps({"has_more": False, "data": records, "n": [1, {"data": 2}]}),
    "pretty page": lambda records: json.dumps({"success": True, "result": records, "errors": []}, indent=1),
    "pages by line": lambda records: "\n".join(json.dumps({"logs": records[i : i + 3]}) for i in (0, 3, 6)),
    "odata": lambda records: json.dumps({"@odata.context": "x", "value": records}),
}


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize(("window", "block"), [(1 << 20, 1 << 20), (61, 1 << 20), (64, 700)])
def test_every_layout_gives_the_same_records(read, log, records, layout, window, block, monkeypatch):
    """Records span windows and blocks; their bytes are found again at their offsets."""
    monkeypatch.setattr(documents, "WINDOW_BYTES", window)
    monkeypatch.setattr(documents, "CHUNK_BYTES", block)
    monkeypatch.setattr(pooling, "CHUNK_BYTES", block)
    text = LAYOUTS[layout](records)
    found = read(log(text.encode(), "export.json"))
    assert [row["request_id"] for row in found.rows] == [record["request_id"] for record in records]
    assert found.refused == []
    assert found.source["n_lines"] == text.count("\n") + (not text.endswith("\n"))


def test_records_on_one_line_are_numbered_across_blocks(read, log, records, monkeypatch):
    """The numbers go on where the last block stopped, so that record ids stay unique."""
    monkeypatch.setattr(documents, "CHUNK_BYTES", 700)
    monkeypatch.setattr(pooling, "CHUNK_BYTES", 700)
    found = read(log(json.dumps(records).encode(), "export.json"))
    assert found.places() == [(1, n) for n in range(7)]


def test_elements_that_are_no_objects_are_refused(read, log, record):
    """Scalars and arrays between records are accounted for."""
    text = f"[{json.dumps(record(1))}, 42, null, {json.dumps(record(2))}, [1], {json.dumps(record(3))}]"
    found = read(log(text.encode(), "export.json"))
    assert [row["request_id"] for row in found.rows] == ["chatcmpl-1", "chatcmpl-2", "chatcmpl-3"]
    assert found.places() == [(1, 0), (1, 3), (1, 5)]
    assert [(row["sub_index"], row["raw_prefix"]) for row in found.refused] == [(1, b"42"), (2, b"null"), (4, b"[1]")]


def test_a_pretty_array_goes_on_after_a_damaged_record(read, log, records):
    """A missing quote costs one record, not the rest of the file."""
    text = json.dumps(records, indent=2).replace('"request_id": "chatcmpl-3"', '"request_id: "chatcmpl-3"')
    found = read(log(text.encode(), "export.json"))
    assert [row["request_id"] for row in found.rows] == [f"chatcmpl-{n}" for n in (1, 2, 4, 5, 6, 7)]
    assert len(found.refused) == 1
    assert found.refused[0]["source_line"] == text[: text.index("chatcmpl-3")].count("\n")


def test_a_raw_line_end_inside_a_string_is_repaired(read, log, records):
    """JSON has none; the record is read with a flag and the next one is found."""
    text = json.dumps(records, indent=2).replace("question 2", "ques\ntion 2")
    found = read(log(text.encode(), "export.json"))
    assert len(found.rows) == 7
    assert [row["parse_flags"] for row in found.rows if row["parse_flags"]] == [["control_character"]]


def test_a_document_that_breaks_off_has_one_refused_record(read, log, records):
    """Inside a record, and between two."""
    inside = read(log(json.dumps(records, indent=1).encode()[:-200], "a.json"))
    assert [row["reason"] for row in inside.refused] == ["torn_document"]
    assert len(inside.rows) == 6
    text = "[\n" + ",\n".join(json.dumps(record, indent=1) for record in records) + ","
    between = read(log(text.encode(), "b.json"))
    assert [(row["reason"], row["source_length"]) for row in between.refused] == [("torn_document", 0)]
    assert len(between.rows) == 7


def test_text_after_the_document_is_refused(read, log, records):
    """Nothing that was in the file goes unmentioned."""
    found = read(log((json.dumps(records, indent=1) + "\nEND OF EXPORT\n").encode(), "export.json"))
    assert [(row["reason"], row["raw_prefix"]) for row in found.refused] == [("not_json", b"END OF EXPORT")]


def test_a_record_beyond_the_limit_ends_the_document(read, log, record, monkeypatch):
    """It is hashed to the end of the file and refused; what came before it is kept."""
    monkeypatch.setattr(documents, "CHUNK_BYTES", 4096)
    text = json.dumps([record(1), record(2, user="x" * 60_000), record(3)], indent=1)
    found = read(log(text.encode(), "export.json"), max_line_bytes=9000)
    assert [row["request_id"] for row in found.rows] == ["chatcmpl-1"]
    assert [row["reason"] for row in found.refused] == ["line_too_long"]


def test_an_object_alone_is_one_record(read, log, record):
    """One object per file, pretty or not, with or without a line end."""
    plain = read(log(json.dumps(record(1)).encode(), "time_12_id"))
    pretty = read(log(json.dumps(record(1), indent=2).encode(), "object.json"))
    assert (plain.source["n_kept"], pretty.source["n_kept"]) == (1, 1)
    assert plain.rows[0]["prompt_text"] == pretty.rows[0]["prompt_text"] == "question 1"


def test_escaped_quotes_and_backslashes_are_no_structure(read, log, record):
    """Runs of backslashes of any length before quotes."""
    records = [record(n, user="\\" * n + '"' + "{" * n) for n in range(40)]
    found = read(log(json.dumps(records).encode(), "export.json"))
    assert [row["account_id"] for row in found.rows] == [record["user"] for record in records]


def test_a_page_without_a_list_is_a_record_itself(read, log, record):
    """Objects between pages are not lost."""
    text = json.dumps({"data": [record(1)]}) + "\n" + json.dumps(record(2)) + "\n" + json.dumps({"data": [record(3)]})
    found = read(log(text.encode(), "export.json"))
    assert [row["request_id"] for row in found.rows] == ["chatcmpl-1", "chatcmpl-2", "chatcmpl-3"]


def test_shapes_are_told_from_the_beginning_of_a_document(record):
    """A list whose end is beyond what is looked at."""
    whole = json.dumps({"meta": {"x": 1}, "items": [record(1), record(2)]})
    shape = documents.shape_of_document(whole[:-60].encode())
    assert (shape.page_key, len(shape.sample)) == ("items", 1)
    assert documents.shape_of_document(b"{'no': 'json'}") is None


def test_a_list_named_content_is_that_of_a_page_only_beside_its_number(read, log):
    """A message has one too, of its parts."""
    calls = [
        {"ts": f"2026-05-04T03:02:0{n}Z", "user_id": "u", "model": "m", "content": [{"type": "text", "text": "a"}]}
        for n in range(3)
    ]
    messages = "".join(json.dumps(call) + "\n" for call in calls).encode()
    assert [row["account_id"] for row in read(log(messages, "messages.jsonl")).rows] == ["u"] * 3
    page = json.dumps({"page": 1, "size": 3, "content": [{**call, "content": "a"} for call in calls]}).encode()
    assert [row["account_id"] for row in read(log(page, "page.json")).rows] == ["u"] * 3
