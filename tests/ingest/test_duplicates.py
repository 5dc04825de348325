"""Duplicates are labels: exact lines, the same record in other bytes, repeated runs of web server lines."""

import json

import pytest

NGINX = '198.51.100.{0} - user{0} [03/Feb/2026:04:05:{1:02d} +0000] "POST /v1/chat/completions HTTP/1.1" 200 {2} "-" "curl/8.5"'


@pytest.fixture
def labelled(table):
    """(line of the record, line of the first occurrence, class) of all duplicates."""

    def pairs():
        return [
            (row["record_id"].split(":")[1], row["duplicate_of"].split(":")[1], row["duplicate_class"])
            for row in table("duplicates")
        ]

    return pairs


def web_lines(n, shift=0):
    """Lines of a web server that are all different."""
    return [NGINX.format(i % 5, i // 5 % 60, 100 + i + shift) for i in range(n)]


def test_the_same_bytes_in_one_file_are_a_duplicate(ingest, log, line, labelled, table):
    """A gateway that logs twice; the record stays in the table."""
    ingest(log(b"\n".join([line(1), line(2), line(1), line(1)]) + b"\n"))
    assert labelled() == [("3", "1", "exact_line"), ("4", "1", "exact_line")]
    assert len(table("exchanges")) == 4
    assert (table("sources")[0]["n_kept"], table("sources")[0]["n_duplicate"]) == (2, 2)


def test_the_same_bytes_in_another_file_are_a_duplicate(ingest, log, line, labelled):
    """A file that was rotated and copied; the line end does not matter."""
    log(line(1) + b"\n" + line(2) + b"\n", "a.jsonl")
    path = log(line(3) + b"\r\n" + line(2) + b"\r\n", "b.jsonl")
    ingest(path.parent)
    assert labelled() == [("2", "2", "exact_line")]


def test_the_same_record_in_other_bytes_is_a_duplicate(ingest, log, record, line, labelled):
    """An export with other spaces and one more field."""
    log(line(1) + b"\n", "a.jsonl")
    path = log(json.dumps(record(1, extra=1), separators=(",", ":")).encode() + b"\n", "b.jsonl")
    ingest(path.parent)
    assert labelled() == [("1", "1", "same_record")]


@pytest.mark.parametrize(
    "change",
    [
        {"prompt_tokens": 1},
        {"startTime": "2026-02-03T05:00:00.000Z"},
        {"user": "someone else"},
        {"response": {"choices": [{"message": {"content": "another answer"}}]}},
        {"request_id": "another"},
    ],
)
def test_the_same_id_with_anything_else_different_is_no_duplicate(ingest, log, line, labelled, change):
    """Callers can choose request ids, so that an id alone must not make a record disappear."""
    ingest(log(line(1) + b"\n" + line(1, **change) + b"\n"))
    assert labelled() == []


def test_a_copy_of_a_copy_leads_to_the_first_record(ingest, log, record, line, labelled):
    """Exact copy of a record that is itself the same as an earlier one."""
    spaced = json.dumps(record(1), indent=None, separators=(", ", ":  ")).encode()
    ingest(log(b"\n".join([line(1), spaced, spaced]) + b"\n"))
    assert labelled() == [("2", "1", "same_record"), ("3", "1", "same_record")]


def test_equal_lines_of_a_web_server_are_kept_and_counted(ingest, log, labelled, table):
    """Two requests of one client in one second give the same line."""
    lines = web_lines(30)
    log("\n".join([*lines, lines[3], lines[3], *web_lines(5, 500)]).encode(), "access.log")
    path = log("\n".join([*web_lines(20, 900), lines[4], lines[7]]).encode(), "access.log.1")
    ingest(path.parent)
    assert labelled() == []
    assert [row["n_repeated"] for row in table("sources")] == [2, 0]


def test_a_run_of_lines_that_comes_again_is_a_duplicate(ingest, log, labelled, table):
    """The same log under another name, with a few lines more."""
    lines = web_lines(40)
    log("\n".join(lines).encode(), "access.log")
    path = log("\n".join([*web_lines(3, 900), *lines[10:30], *web_lines(3, 800)]).encode(), "access.log.1")
    ingest(path.parent)
    assert labelled() == [(str(4 + i), str(11 + i), "exact_line") for i in range(20)]
    assert [row["n_kept"] for row in table("sources")] == [40, 6]


def test_flagged_duplicates_are_not_counted_as_flagged_records(ingest, log, line, table):
    """`n_flagged` is about records that are kept."""
    damaged = line(1).replace(b"question", b"qu\xffestion")
    ingest(log(b"\n".join([damaged, line(2), damaged]) + b"\n"))
    assert (table("sources")[0]["n_flagged"], table("sources")[0]["n_kept"]) == (1, 2)


def test_duplicates_over_runs_point_to_the_earlier_run(ingest, log, line, labelled):
    """What came first stays, whatever the names."""
    ingest(log(line(1) + b"\n" + line(2) + b"\n", "z.jsonl"))
    ingest(log(line(2) + b"\n" + line(3) + b"\n", "a.jsonl"))
    assert labelled() == [("1", "2", "exact_line")]
