"""CSV exports: rows as JSON objects, physical places, and what exporters do to cells."""

import csv
import io
import json

import pytest

from distilforensics.ingest.framing import csv_records, lines


def table_of(records, **style):
    """CSV text of records, objects in cells as JSON."""
    names = list(dict.fromkeys(name for record in records for name in record))
    sink = io.StringIO()
    writer = csv.writer(sink, **{"lineterminator": "\n", **style})
    writer.writerow(names)
    for record in records:
        cells = (record.get(name, "") for name in names)
        writer.writerow(json.dumps(cell) if isinstance(cell, dict | list) else cell for cell in cells)
    return sink.getvalue()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_a_table_gives_the_rows_that_json_lines_give(read, log, record, delimiter):
    """The same table, exported in two ways."""
    records = [record(n) for n in range(1, 5)]
    as_table = read(log(table_of(records, delimiter=delimiter).encode(), "spend.csv"))
    as_lines = read(log("".join(json.dumps(record) + "\n" for record in records).encode(), "spend.jsonl"))
    names = ("request_id", "started_at", "account_id", "input_tokens", "prompt_text", "response_text", "cost_usd")
    assert [[row[name] for name in names] for row in as_table.rows] == [
        [row[name] for name in names] for row in as_lines.rows
    ]
    assert (as_table.source["n_blank"], as_table.source["format"]) == (1, "litellm_spendlogs/1")


def test_quoted_line_ends_belong_to_their_cell(read, log, record):
    """The place of a row is its first physical line."""
    text = table_of([record(1, end_user="a\nb\n\nc"), record(2)])
    found = read(log(text.encode(), "spend.csv"))
    assert found.places() == [(2, 0), (6, 0)]
    assert found.rows[0]["end_user_id"] == "a\nb\n\nc"
    assert found.source["n_lines"] == 6


def test_leading_zeros_and_exponents_stay_text(read, log, record):
    """Cells are text, whatever they look like."""
    found = read(log(table_of([record(1, user="000123", team_id="1e5")]).encode(), "spend.csv"))
    assert (found.rows[0]["account_id"], found.rows[0]["tenant_id"]) == ("000123", "1e5")


def test_empty_cells_are_absent(read, log, record):
    """An empty cell is no empty text."""
    found = read(log(table_of([record(1, end_user="", user=""), record(2)]).encode(), "spend.csv"))
    assert found.rows[0]["end_user_id"] is None


def test_ragged_rows_are_refused(read, log, record):
    """Too few and too many cells; the rows around them are read."""
    rows = table_of([record(n) for n in range(1, 5)]).splitlines()
    rows[2] = rows[2].rpartition(",")[0]
    rows[3] += ",more"
    found = read(log("\n".join(rows).encode(), "spend.csv"))
    assert found.reasons() == [(3, "ragged_row"), (4, "ragged_row")]
    assert found.places() == [(2, 0), (5, 0)]


def test_an_open_quote_costs_its_line_only(read, log, record):
    """Engines swallow the rest of the file into that cell."""
    rows = table_of([record(n) for n in range(1, 7)]).splitlines()
    rows[2] = rows[2].replace("acompletion", '"acompletion', 1)
    found = read(log("\n".join(rows).encode(), "spend.csv"))
    assert found.reasons() == [(3, "csv_malformed")]
    assert [line for line, _ in found.places()] == [2, 4, 5, 6, 7]


def test_an_open_quote_in_the_last_row_is_refused(read, log, record):
    """The end of the file comes before the end of the cell."""
    rows = table_of([record(1), record(2)]).splitlines()
    rows[2] = rows[2].replace("acompletion", '"acompletion', 1)
    found = read(log("\n".join(rows).encode(), "spend.csv"))
    assert found.reasons() == [(3, "csv_malformed")]


def test_a_header_that_comes_again_is_no_record(read, log, record):
    """Concatenated exports; blank rows too."""
    text = table_of([record(1)])
    found = read(log((text + "\n" + text.replace("chatcmpl-1", "chatcmpl-2")).encode(), "spend.csv"))
    assert (found.source["n_blank"], found.source["n_kept"]) == (3, 2)


def test_guards_against_formulas_are_undone_with_a_flag(read, log, record):
    """LiteLLM puts an apostrophe before cells that a spreadsheet would calculate."""
    found = read(log(table_of([record(1, end_user="'=cmd"), record(2, end_user="it's")]).encode(), "spend.csv"))
    assert [row["end_user_id"] for row in found.rows] == ["=cmd", "it's"]
    assert found.flags() == {2: ["csv_apostrophe"]}


def test_json_that_was_escaped_twice_is_read_with_a_flag(read, log, record):
    """The export tool of a vendor doubles quotes two times."""
    request = json.dumps(record(1)["proxy_server_request"]).replace('"', '""')
    found = read(log(table_of([record(1, proxy_server_request=request)]).encode(), "spend.csv"))
    assert found.rows[0]["prompt_text"] == "question 1"
    assert found.flags() == {2: ["double_escaped"]}


def test_text_that_only_begins_like_json_stays_text(read, log, record):
    """A brace is no object."""
    found = read(log(table_of([record(1, end_user="{not json"), record(2, end_user="[1")]).encode(), "spend.csv"))
    assert [row["end_user_id"] for row in found.rows] == ["{not json", "[1"]


def test_crlf_marks_and_invalid_utf8(read, log, record):
    """A byte order mark before the header, CR LF after every row, a byte that is no text."""
    text = b"\xef\xbb\xbf" + table_of([record(1, end_user="@@"), record(2)], lineterminator="\r\n").encode()
    found = read(log(text.replace(b"@@", b"\xff"), "spend.csv"))
    assert found.rows[0]["end_user_id"] == "\\xff"
    assert found.flags() == {2: ["invalid_utf8"]}
    assert found.source["n_kept"] == 2


def test_rows_span_blocks(read, log, record, monkeypatch):
    """Whatever the block size, rows are the same."""
    text = table_of([record(n, end_user="a\nb" * (n % 4)) for n in range(30)]).encode()
    whole = read(log(text, "spend.csv"))
    monkeypatch.setattr(lines, "CHUNK_BYTES", 500)
    monkeypatch.setattr(csv_records, "CHUNK_BYTES", 900)
    assert read(log(text, "spend.csv")).rows == whole.rows


def test_a_physical_line_beyond_the_limit_is_refused(read, log, record):
    """As in JSON lines."""
    text = table_of([record(1), record(2, end_user="x" * 5000), record(3)]).encode()
    found = read(log(text, "spend.csv"), max_line_bytes=3000)
    assert found.reasons() == [(3, "line_too_long")]
    assert found.places() == [(2, 0), (4, 0)]


def test_a_header_that_is_no_utf8_does_not_stop_the_table(read, log):
    """The name of one column is damaged; the others are read."""
    header = b"timestamp,user_id,model,prompt_tokens,completion_tokens,\xffnote\n"
    rows = b"".join(b"2026-02-03T04:05:%02dZ,u-%d,m,%d,5,x\n" % (i, i, i) for i in range(9))
    found = read(log(header + rows, "calls.csv"))

    assert [(row["account_id"], row["input_tokens"]) for row in found.rows] == [(f"u-{i}", i) for i in range(9)]
