"""What a file is: logs of one format, directories of accounts, companions of logs, and what is refused with its reason."""

import json

import pytest

from distilforensics.core.errors import UsageError
from distilforensics.ingest.batch import Settings
from distilforensics.ingest.options import IngestOptions
from distilforensics.ingest.reading.batches import BatchReader

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.mark.parametrize(
    ("name", "content", "role", "reason"),
    [
        ("README.md", b"# Export\n\nOne file per day.\n", "ignored", "accompanies logs by its name"),
        ("manifest.json", b'{"files": ["a.jsonl"]}', "ignored", "accompanies logs by its name"),
        ("labels.csv", b"account_id,label\na,1\nb,0\n", "ignored", "labels"),
        (".DS_Store", b"Bud1", "ignored", "accompanies logs by its name"),
        ("chart.png", PNG, "ignored", "image"),
        ("empty.jsonl", b"", "ignored", "empty"),
        ("blank.jsonl", b"\n\n  \n", "ignored", "white space"),
        ("noise.log", bytes(range(256)) * 40, "refused", "binary"),
        ("logs.zip", b"PK\x03\x04" + b"x" * 40, "refused", "ZIP archive; unpack it"),
        ("logs.tar", b"x" * 257 + b"ustar\x0000", "refused", "tar archive"),
        ("unknown.jsonl", b'{"surprise": 1}\n{"surprise": 2}\n', "refused", "unknown log format"),
        ("unknown.csv", b"colour,size\nred,1\nblue,2\n", "refused", "unknown log format"),
        ("server.log", b"started\nlistening on port 80\n", "refused", "unknown log format"),
    ],
)
def test_files_that_are_no_logs_are_told_with_a_reason(read, log, name, content, role, reason):
    """Ignored if they are plainly something else, refused if they may be logs."""
    found = read(log(content, name))
    assert (found.source["role"], found.rows, found.refused) == (role, [], [])
    assert reason in found.source["reason"]
    assert found.source["source_sha256"] is not None


def test_a_log_with_the_name_of_a_companion_is_still_a_log(read, log, line):
    """Content decides; the name only where content says nothing."""
    found = read(log(line(1) + b"\n", "README.md"))
    assert (found.source["role"], found.source["n_kept"]) == ("log", 1)


def test_doubtful_content_is_refused_with_the_candidates(read, log, line):
    """A few records of a format among much else are no log of it."""
    content = b"".join(b'{"metric": %d}\n' % n for n in range(30)) + line(1) + b"\n" + line(2) + b"\n"
    found = read(log(content))
    assert found.source["role"] == "refused"
    assert "litellm_spendlogs (low" in found.source["reason"]
    assert "--format" in found.source["reason"]


def test_a_format_that_is_given_wins(read, log, line):
    """Also over doubt; what does not fit goes to quarantine."""
    content = b"".join(b'{"metric": %d}\n' % n for n in range(30)) + line(1) + b"\n"
    found = read(log(content), format="litellm_spendlogs")
    assert (found.source["format_confidence"], found.source["n_kept"], len(found.refused)) == ("given", 1, 30)


def test_lines_of_text_are_read_as_text(read, log):
    """A web server's log, with comments, blank lines and bytes that are no UTF-8."""
    text = b'198.51.100.7 - u1 [03/Feb/2026:04:05:06 +0000] "POST /v1/chat/completions HTTP/1.1" 200 512 "-" "curl/8.5"'
    content = b"#comment\n" + text + b"\r\n\n" + text.replace(b"curl", b"c\xffrl") + b"\nno log line\n"
    found = read(log(content, "access.log"))
    assert found.places() == [(2, 0), (4, 0)]
    assert (found.source["n_blank"], found.flags()[4]) == (2, ["invalid_utf8"])
    assert found.rows[1]["user_agent"] == "c\\xffrl/8.5"
    assert [line for line, _ in found.reasons()] == [5]


def test_fields_with_obvious_names_are_mapped(read, log):
    """A log of no known product."""
    rows = [
        {
            "timestamp": f"2026-02-03T04:05:{n:02d}Z",
            "account_id": f"a{n}",
            "prompt": "p",
            "output_tokens": n,
            "model": "m",
        }
        for n in range(5)
    ]
    found = read(log("".join(json.dumps(row) + "\n" for row in rows).encode()))
    assert (found.source["format"], found.source["format_confidence"]) == ("generic/1", "medium")
    assert [row["output_tokens"] for row in found.rows] == [0, 1, 2, 3, 4]


def test_two_logs_with_other_mappings_in_one_batch(read, log):
    """Each source is read by its own mapping, and rows stay in order of the files."""
    first = (
        b'{"timestamp": "2026-02-03T04:05:06Z", "account_id": "a", "prompt": "p", "output_tokens": 1, "model": "m"}\n'
    )
    second = b'{"time": "2026-02-03T04:05:06Z", "user_id": "b", "completion_tokens": 2, "prompt": "p", "model": "m"}\n'
    paths = [log(first, "1.jsonl"), log(second, "2.jsonl"), log(first.replace(b": 1", b": 3"), "3.jsonl")]
    found = read(*paths)
    assert [(row["account_id"], row["output_tokens"]) for row in found.rows] == [("a", 1), ("b", 2), ("a", 3)]


def test_ambiguous_fields_are_refused_with_both_named(read, log):
    """Two times that differ: the examiner must choose."""
    row = {"created_at": "2026-02-03T04:05:06Z", "timestamp": "2026-02-03T04:05:00Z", "user_id": "a", "prompt": "p"}
    found = read(log(json.dumps(row | {"model": "m", "output_tokens": 2}).encode()))
    assert found.source["role"] == "refused"
    assert "created_at" in found.source["reason"]
    assert "--mapping" in found.source["reason"]


def test_a_number_that_no_double_holds_hides_no_file(read, log):
    """In a line that is damaged besides; the sniffing goes on."""
    good = b'{"timestamp": "2026-02-03T04:05:06Z", "user_id": "a", "model": "m", "output_tokens": 2}\n'
    found = read(log(b'"x":1}\n' + good + b'{"n": ' + b"7" * 400 + b', "a": 1} {"b": 2}\n' + good))
    assert [row["account_id"] for row in found.rows] == ["a", "a"]


def test_a_time_of_the_start_is_that_of_the_call(read, log):
    """Whatever other times a record has."""
    row = {"created_at": "2026-02-03T04:05:06Z", "start_time": "2026-02-03T04:05:00Z", "user_id": "a", "prompt": "p"}
    found = read(log(json.dumps(row | {"model": "m", "output_tokens": 2}).encode()))
    assert [str(row["started_at"]) for row in found.rows] == ["2026-02-03 04:05:00"]


def test_a_mapping_file_reads_a_log_of_unknown_names(read, log, tmp_path):
    """Also a CSV whose header fits nothing."""
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[columns]\nstarted_at = "when"\naccount_id = "who"\noutput_tokens = "many"\n')
    found = read(log(b"when,who,many\n2026-02-03T04:05:06Z,a,7\n", "odd.csv"), mappings=(mapping,))
    assert [(row["account_id"], row["output_tokens"]) for row in found.rows] == [("a", 7)]
    assert found.source["format_confidence"] == "given"


def test_a_mapping_does_not_change_known_formats(read, log, line, tmp_path):
    """It is for logs of unknown formats."""
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[columns]\nstarted_at = "when"\n')
    assert read(log(line(1)), mappings=(mapping,)).source["format"] == "litellm_spendlogs/1"


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"format": "nothing"}, "expected one of"),
        ({"account_field": "$.x[", "format": "nginx_combined"}, "account-field"),
        ({"assume_time_zone": "Mars/Phobos"}, "time zone"),
    ],
)
def test_choices_that_cannot_be_used_are_errors_before_anything_is_read(choices, message):
    """Not one refused source per file."""
    with pytest.raises(UsageError, match=message):
        BatchReader(Settings(IngestOptions(**choices), b"", 1, 10**9), lambda *told: None)


def test_pages_of_a_known_record_type_are_read_as_records(read, log, record):
    """A key named like a page inside a record of a known format is no page."""
    found = read(log(json.dumps(record(1, data=[{"a": 1}])).encode()))
    assert (found.source["n_kept"], found.rows[0]["request_id"]) == (1, "chatcmpl-1")


def test_one_line_longer_than_the_sample_is_recognised(read, log, record):
    """An array on one line whose first megabyte holds only some of its records."""
    records = [record(n, end_user="x" * 1000) for n in range(2000)]
    found = read(log(json.dumps(records).encode(), "spend.json"))
    assert found.source["n_kept"] == 2000


def test_junk_at_the_beginning_does_not_hide_the_log(read, log, line):
    """Large files are sampled in the middle and at the end too."""
    junk = b"".join(b"warning: something happened %d\n" % n for n in range(40))
    content = junk + b"".join(line(n, end_user="x" * 2000) + b"\n" for n in range(800))
    found = read(log(content))
    assert (found.source["format"], len(found.refused)) == ("litellm_spendlogs/1", 40)
