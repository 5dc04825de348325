"""Dirt that exporters, log rotation and broken writers leave in JSON lines: every record keeps its place, every line is accounted for."""

import json

import pytest

from distilforensics.ingest.framing import lines, pooling, records


def test_clean_lines_become_rows_with_their_places(read, log, line):
    """Three lines, three rows; ids are the source's short hash and the line."""
    found = read(log(b"".join(line(n) + b"\n" for n in (1, 2, 3))))
    assert found.places() == [(1, 0), (2, 0), (3, 0)]
    assert [row["record_id"] for row in found.rows] == [f"{found.source['source_sha256'][:16]}:{n}" for n in (1, 2, 3)]
    assert [row["prompt_text"] for row in found.rows] == ["question 1", "question 2", "question 3"]
    assert {row["source_format"] for row in found.rows} == {"litellm_spendlogs/1"}


def test_a_file_without_a_last_line_end_keeps_its_last_record(read, log, line):
    """The last line counts although no LF follows it."""
    found = read(log(line(1) + b"\n" + line(2)))
    assert (found.source["n_lines"], found.source["n_kept"]) == (2, 2)


def test_carriage_returns_belong_to_the_line_end(read, log, line):
    """CR LF: the CR is no part of the record, so that the same record has the same hash in both conventions."""
    with_cr = read(log(line(1) + b"\r\n" + line(2) + b"\r\n", "a.jsonl"))
    without = read(log(line(1) + b"\n" + line(2) + b"\n", "b.jsonl"))
    assert [row["raw_sha256"] for row in with_cr.rows] == [row["raw_sha256"] for row in without.rows]


def test_blank_lines_are_counted_and_are_no_records(read, log, line):
    """Lines of white space stand outside of the balance."""
    found = read(log(line(1) + b"\n\n  \t\r\n" + line(2) + b"\n"))
    assert (found.source["n_lines"], found.source["n_blank"], found.source["n_read"]) == (4, 2, 2)
    assert found.places() == [(1, 0), (4, 0)]


def test_byte_order_marks_at_any_line_are_dropped_with_a_flag(read, log, line):
    """Concatenated exports carry marks in the middle."""
    found = read(log(b"\xef\xbb\xbf" + line(1) + b"\n\xef\xbb\xbf" + line(2) + b"\n"))
    assert found.flags() == {1: ["bom"], 2: ["bom"]}


def test_runs_of_nul_before_a_line_are_skipped_with_a_flag(read, log, line):
    """What logrotate leaves with copytruncate."""
    found = read(log(b"\0" * 5000 + line(1) + b"\n" + b"\0" * 10 + line(2) + b"\n"))
    assert found.flags() == {1: ["nul_stripped"], 2: ["nul_stripped"]}
    assert [row["source_offset"] for row in found.rows] == [5000, 5000 + len(line(1)) + 11]


def test_a_run_of_nul_longer_than_a_block_is_not_kept_in_memory(read, log, line, monkeypatch):
    """The run spans blocks and exceeds the longest line; the record after it is read."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", 4096)
    found = read(log(line(1) + b"\n" + b"\0" * 50_000 + line(2) + b"\n"), max_line_bytes=2000)
    assert found.places() == [(1, 0), (2, 0)]
    assert found.flags() == {2: ["nul_stripped"]}
    assert found.source["n_lines"] == 2


def test_a_file_of_nothing_but_nul_after_a_record_has_a_blank_line(read, log, line):
    """The unfinished line of NULs counts as a line without record."""
    found = read(log(line(1) + b"\n" + b"\0" * 100))
    assert (found.source["n_lines"], found.source["n_blank"], found.source["n_kept"]) == (2, 1, 1)


def test_record_separators_and_trailing_commas_are_dropped(read, log, line):
    """JSON text sequences and hand-made lists of lines."""
    found = read(log(b"\x1e" + line(1) + b"\n" + line(2) + b",\n" + line(3) + b" , \n"))
    assert found.places() == [(1, 0), (2, 0), (3, 0)]
    assert found.flags() == {}


def test_an_array_with_one_element_per_line_is_read_by_line(read, log, line):
    """Brackets alone on a line are no records; brackets beside an element are no part of it."""
    own_lines = read(log(b"[\n" + line(1) + b",\n" + line(2) + b"\n]\n", "a.json"))
    assert (own_lines.source["n_blank"], own_lines.places()) == (2, [(2, 0), (3, 0)])
    beside = read(log(b"[" + line(1) + b",\n" + line(2) + b"]\n", "b.json"))
    assert beside.places() == [(1, 0), (2, 0)]


def test_invalid_utf8_is_written_as_escapes_with_a_flag(read, log, line):
    """The bytes stay visible in the text."""
    found = read(log(line(1) + b"\n" + line(2).replace(b"question", b"qu\xffestion") + b"\n"))
    assert found.flags() == {2: ["invalid_utf8"]}
    assert found.rows[1]["prompt_text"] == "qu\\xffestion 2"


def test_lone_surrogates_are_replaced_with_a_flag(read, log, line):
    """Other readers store a NUL in their place without a word."""
    found = read(log(line(1).replace(b"question", b"qu\\ud83destion") + b"\n" + line(2) + b"\n"))
    assert found.flags() == {1: ["surrogate_replaced"]}
    assert found.rows[0]["prompt_text"] == "qu\ufffdestion 1"


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_json_does_not_have_become_null_with_a_flag(read, log, line, literal):
    """DuckDB accepts them, other readers do not."""
    found = read(log(line(1).replace(b'"spend": 0.5', b'"spend": ' + literal) + b"\n" + line(2) + b"\n"))
    assert found.flags() == {1: ["nan_literal"]}
    assert (found.rows[0]["cost_usd"], found.rows[1]["cost_usd"]) == (None, 0.5)


def test_the_word_nan_in_a_text_is_no_damage(read, log, line):
    """Only values are literals."""
    found = read(log(line(1, user="NaN lover", end_user="to Infinity") + b"\n"))
    assert (found.flags(), found.rows[0]["account_id"]) == ({}, "NaN lover")


def test_control_characters_in_strings_are_kept_with_a_flag(read, log, line):
    """A raw tab or NUL inside a string is no JSON, but readable."""
    found = read(log(line(1).replace(b"question 1", b"ques\tti\x00on") + b"\n"))
    assert found.flags() == {1: ["control_character"]}
    assert found.rows[0]["prompt_text"] == "ques\tti\0on"


def test_escaped_nul_is_kept(read, log, line):
    """Prompts about NUL characters are real and valid JSON."""
    found = read(log(line(1).replace(b"question 1", b"a\\u0000b") + b"\n"))
    assert (found.flags(), found.rows[0]["prompt_text"]) == ({}, "a\0b")


def test_escapes_that_json_does_not_have_are_doubled_with_a_flag(read, log, line):
    r"""Nginx writes bytes as \\x16."""
    found = read(log(line(1).replace(b"question 1", b"a\\x16b") + b"\n"))
    assert (found.flags(), found.rows[0]["prompt_text"]) == ({1: ["invalid_escape"]}, "a\\x16b")


def test_glued_objects_become_records_of_one_line(read, log, line):
    """Two writers, one line: both records have its number and their own bytes."""
    found = read(log(line(1) + b"\n" + line(2) + line(3) + b"\n" + line(4) + b"\n"))
    assert found.places() == [(1, 0), (2, 0), (2, 1), (3, 0)]
    assert found.flags() == {2: ["glued"]}
    assert [row["record_id"].split(":")[1] for row in found.rows] == ["1", "2", "2.1", "3"]


def test_a_record_that_begins_in_a_torn_line_is_salvaged(read, log, line):
    """The torn beginning is refused, the whole record after it is kept; both are accounted for."""
    torn = line(2)[:150]
    found = read(log(line(1) + b"\n" + torn + line(3) + b"\n" + line(4) + b"\n"))
    assert found.places() == [(1, 0), (2, 1), (3, 0)]
    assert found.reasons() == [(2, "torn_line")]
    assert found.refused[0]["source_length"] == len(torn)
    assert found.flags() == {2: ["torn_neighbour"]}
    assert found.source["n_read"] == 4


def test_a_torn_line_is_refused_with_its_place(read, log, line):
    """A line that breaks off, in the middle of the file and at its end."""
    found = read(log(line(1) + b"\n" + line(2)[:99] + b"\n" + line(3) + b"\n" + line(4)[:50]))
    assert found.reasons() == [(2, "torn_line"), (4, "torn_line")]
    assert [row["source_length"] for row in found.refused] == [99, 50]


@pytest.mark.parametrize(
    ("junk", "reason"),
    [
        (b"42", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"[1, 2]", "not_an_object"),
        (b"Traceback (most recent call last):", "not_json"),
        (b"\xff\xfe\xfd", "not_json"),
        (b"{'single': 1}", "not_json"),
        (b'{"a": 01}', "not_json"),
        (b"{" * 3000 + b"}" * 3000, "not_json"),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, None),
    ],
)
def test_what_is_no_record_is_refused_with_its_reason(read, log, line, junk, reason):
    """Scalars, arrays, text and broken JSON; nesting alone is no damage."""
    found = read(log(line(1) + b"\n" + junk + b"\n" + line(2) + b"\n"))
    expected = [(2, reason)] if reason else [(2, "invalid_timestamp")]
    assert found.reasons() == expected
    assert found.places() == [(1, 0), (3, 0)]


def test_a_record_without_a_time_is_refused_by_the_projection(read, log, line):
    """It cannot be placed; its bytes stay in quarantine."""
    found = read(log(line(1) + b"\n" + line(2, startTime="yesterday") + b"\n"))
    assert found.reasons() == [(2, "invalid_timestamp")]
    assert "yesterday" in found.refused[0]["detail"]


def test_records_out_of_scope_are_counted_with_their_first_line(read, log, line):
    """Health checks of the gateway are valid records and no exchanges."""
    health = line(2, api_key="litellm-internal-health-check")
    found = read(log(line(1) + b"\n" + health + b"\n" + health + b"\n"))
    assert (found.source["n_kept"], found.source["n_out_of_scope"]) == (1, 2)


def test_lines_beyond_the_limit_are_refused_without_being_loaded(read, log, line, monkeypatch):
    """Also if the line spans many blocks; the hash covers all of its bytes."""
    monkeypatch.setattr(lines, "CHUNK_BYTES", 4096)
    long_line = line(2, user="x" * 50_000)
    found = read(log(line(1) + b"\n" + long_line + b"\n" + line(3) + b"\n"), max_line_bytes=2000)
    assert found.reasons() == [(2, "line_too_long")]
    assert found.refused[0]["source_length"] == len(long_line)
    assert found.places() == [(1, 0), (3, 0)]


def test_a_long_line_inside_a_block_and_at_the_end_of_the_file(read, log, line):
    """Both are refused; the second has no line end."""
    long_line = line(2, user="x" * 5000)
    found = read(log(line(1) + b"\n" + long_line + b"\n" + line(3) + b"\n" + long_line), max_line_bytes=2000)
    assert found.reasons() == [(2, "line_too_long"), (4, "line_too_long")]
    assert found.source["n_lines"] == 4


def test_big_integers_and_long_numbers_keep_their_digits(read, log, line):
    """Ids beyond 64 bits are text from beginning to end."""
    raw = line(1).replace(b'"request_id": "chatcmpl-1"', b'"request_id": 123456789012345678901234567890')
    damaged = raw.replace(b'"spend": 0.5', b'"spend": NaN').replace(b"7890,", b"7891,")
    found = read(log(raw + b"\n" + damaged + b"\n"))
    assert [row["request_id"] for row in found.rows] == [
        "123456789012345678901234567890",
        "123456789012345678901234567891",
    ]


def test_old_mac_line_ends_make_one_line_of_glued_records(read, log, line):
    """A lone CR ends no line."""
    found = read(log(b"\r".join(line(n) for n in (1, 2, 3))))
    assert found.source["n_lines"] == 1
    assert found.places() == [(1, 0), (1, 1), (1, 2)]


def test_a_banner_before_json_lines_is_refused_and_the_rest_read(read, log, line):
    """One line of something else does not rule out a format."""
    found = read(log(b"Log started 2026\n" + b"".join(line(n) + b"\n" for n in range(20))))
    assert found.reasons() == [(1, "not_json")]
    assert found.source["n_kept"] == 20


def test_blocks_cut_lines_nowhere(read, log, line, monkeypatch):
    """Whatever the block size, rows are the same."""
    content = (
        b"".join(line(n) + (b"\r\n" if n % 3 else b"\n\n") for n in range(40)) + b"\0\0" + line(41) + b"\n{broken\n"
    )
    whole = read(log(content))
    for n in (700, 1024, 4096):
        monkeypatch.setattr(lines, "CHUNK_BYTES", n)
        monkeypatch.setattr(pooling, "CHUNK_BYTES", n)
        monkeypatch.setattr(records, "CHUNK_BYTES", n)
        parts = read(log(content))
        assert parts.rows == whole.rows
        assert parts.refused == whole.refused
        assert parts.source == whole.source


def test_unknown_keys_are_listed(read, log, line):
    """Top-level keys that the format does not know."""
    found = read(log(line(1, novelty=1, another=2) + b"\n"))
    assert found.source["unknown_keys"] == ["another", "novelty"]


def test_raw_secrets_are_replaced_by_keyed_hashes(read, log, line):
    """No bearer token reaches the tables."""
    found = read(log(line(1, api_key="Bearer sk-abcdef0123456789", user="") + b"\n"))
    assert found.rows[0]["api_key_id"].startswith("hmac:")
    assert found.rows[0]["account_id"] == found.rows[0]["api_key_id"]
    assert "sk-abc" not in json.dumps(found.rows, default=str)


def test_bytes_that_are_no_text_in_an_error_message_are_no_crash(read, log, line):
    """The engine quotes the broken line in its message, and that cannot be decoded."""
    found = read(log(line(1) + b'\n{"request_id": "x"\xff}\n' + line(2) + b"\n"))
    assert found.reasons() == [(2, "not_json")]
    assert found.places() == [(1, 0), (3, 0)]


def test_a_key_that_occurs_twice_is_flagged(read, log, line):
    """Readers disagree which value counts; this one takes the first."""
    doubled = line(2).replace(b'"user": "user-2"', b'"user": "first", "user": "second"')
    found = read(log(line(1) + b"\n" + doubled + b"\n"))
    assert found.flags() == {2: ["dup_key"]}
    assert found.rows[1]["account_id"] == "first"


def test_nested_keys_that_occur_twice_are_not_looked_at(read, log, line):
    """Only top-level keys identify; message lists repeat their keys anyway."""
    found = read(log(line(1, metadata={"user": 1, "status": {"user": 2}}) + b"\n"))
    assert found.flags() == {}


def test_keys_written_into_a_record_late_in_a_mapped_log_are_found(read, log):
    """A caller who can place a quote in a badly escaped log can forge a field."""
    row = b'{"timestamp": "2026-02-03T04:05:06Z", "account_id": "a", "prompt": "p", "output_tokens": 1, "model": "m"}\n'
    forged = row.replace(b'"prompt": "p"', b'"prompt": "p", "account_id": "victim"')
    found = read(log(row * 200 + forged))
    assert found.flags() == {201: ["dup_key"]}
    assert found.rows[200]["account_id"] == "a"
