"""Small exports that were once read with a wrong meaning: each folder gives the right rows, in a whole ingest without any option."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from distilforensics.core.errors import InputRefusedError

CASES = Path(os.environ.get("DISTILFORENSICS_CASES", Path(__file__).parents[2].parent / "shared" / "cases"))
"""One folder per situation; kept outside of the repository."""

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason=f"the exports lie outside of the repository, in {CASES}")


@pytest.fixture
def rows_of(ingest, table):
    """Ingest a folder; return the kept rows and the source of each file by name."""

    def run(name, **choices):
        ingest(CASES / name, **choices)
        sources = {row["path"]: row for row in table("sources")}
        copies = {row["record_id"] for row in table("duplicates")}
        rows = {path: [] for path in sources}
        by_hash = {row["source_sha256"]: path for path, row in sources.items()}
        for row in table("exchanges"):
            if row["record_id"] not in copies:
                rows[by_hash[row["source_sha256"]]].append(row)
        return rows, sources

    return run


def balance(source):
    return tuple(source[f"n_{name}"] for name in ("read", "kept", "quarantined", "duplicate", "out_of_scope"))


def values(rows, *names):
    return Counter(tuple(row[name] for name in names) for row in rows)


def test_hosts_before_the_address_are_no_accounts(rows_of):
    """A virtual host stands first, with and without users."""
    rows, _ = rows_of("nginx")

    assert {name: len(found) for name, found in rows.items()} == dict.fromkeys(rows, 200)
    assert not any(row["account_id"] for row in rows["a_vhost_combined.log"])
    assert all(
        row["account_id"].startswith("cust") for name in ("b_vhost_user.log", "f_plain.log") for row in rows[name]
    )
    assert all(row["client_ip"] for found in rows.values() for row in found)


def test_an_access_log_in_json_has_the_scope_of_the_combined_one(rows_of):
    """Health checks, static files and preflights are no calls."""
    _, sources = rows_of("nginx-json")

    assert {name: balance(source)[-1] for name, source in sources.items()} == {
        "access.json": 450,
        "same_as_combined.log": 450,
    }
    assert sum(source["n_kept"] + source["n_duplicate"] for source in sources.values()) == 200


@pytest.mark.parametrize(
    ("folder", "n"), [("caller-chosen-id", 600), ("placeholder-ids", 200), ("hidden-by-a-prompt", 4000)]
)
def test_no_call_is_dropped_or_hidden(folder, n, rows_of):
    """Neither by an id that callers choose, nor by a placeholder, nor by control characters in one prompt."""
    rows, sources = rows_of(folder)

    assert sum(map(len, rows.values())) == n
    assert not any(source["n_quarantined"] or source["n_duplicate"] for source in sources.values())


def test_sums_per_day_are_no_calls(rows_of):
    """The rows of calls alone count."""
    rows, sources = rows_of("daily-aggregates")

    assert sources["LiteLLM_DailyUserSpend.csv"]["role"] == "usage"
    assert sum(row["input_tokens"] for row in rows["LiteLLM_SpendLogs.csv"]) == 74_850


def test_usage_is_read_by_the_shape_of_its_object(rows_of):
    """Cached tokens belong to the input, answers are texts and never JSON."""
    rows, _ = rows_of("usage-objects")

    counts = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
    assert values(rows["calls.jsonl"], *counts) == {(50_003, 48_000, 2_000, 550, None): 20}
    assert values(rows["gemini.jsonl"], *counts, "response_text") == {(10, None, None, 320, 300, "the answer"): 20}
    assert values(rows["openai_cached.jsonl"], *counts, "response_text", "n_tool_calls") == {
        (100, 64, None, 20, 10, None, 1): 20
    }


def test_equal_answers_are_equal_texts(rows_of):
    """Twelve answer objects that differ in their ids alone."""
    rows, _ = rows_of("openai-responses")

    assert len(rows["responses.jsonl"]) == 12
    assert len(values(rows["responses.jsonl"], "response_text")) == 1
    assert all(row["reasoning_tokens"] is not None for row in rows["responses.jsonl"])


def test_the_input_includes_what_was_written_to_the_cache(rows_of):
    """Rows of releases that left it out."""
    rows, _ = rows_of("litellm-cache-left-out")

    assert len(rows["rows.jsonl"]) == 10
    assert all(row["input_tokens"] >= row["cache_write_tokens"] for row in rows["rows.jsonl"])
    assert any("cache_left_out" in row["parse_flags"] for row in rows["rows.jsonl"])


def test_a_trace_is_no_call(rows_of):
    """The reason says what to export instead."""
    with pytest.raises(InputRefusedError, match="export the observations"):
        rows_of("langfuse-traces")


def test_numbers_of_spreadsheets_are_read_in_the_style_of_their_file(rows_of):
    """An id that went through a number is none; thousands and decimal commas are not mixed up."""
    rows, _ = rows_of("spreadsheet-csv")

    assert {name: len(found) for name, found in rows.items()} == {
        "ansi_1252.csv": 20, "excel_de.csv": 20, "excel_de_iso.csv": 20, "mangled.csv": 30, "us_thousands.csv": 20,
    }  # fmt: skip
    assert values(rows["mangled.csv"], "account_id") == {(None,): 30}
    assert all("id_inexact" in row["parse_flags"] for row in rows["mangled.csv"])
    for name in ("excel_de.csv", "excel_de_iso.csv"):
        assert values([rows[name][0]], "input_tokens", "output_tokens", "latency_ms") == {(1234, 500, 1334.5): 1}
    assert values([rows["us_thousands.csv"][0]], "input_tokens", "output_tokens") == {(12_340, 1_500): 1}
    assert len(values(rows["ansi_1252.csv"], "account_id")) == 2


def test_a_dashboard_export_is_read_in_its_notation(rows_of):
    """Its times, its thousands and its dash for nothing."""
    rows, _ = rows_of("kibana")

    assert len(rows["discover.csv"]) == 20
    assert rows["discover.csv"][0]["started_at"] == datetime(2026, 2, 3, 4, 5, 6, 789000)
    assert rows["discover.csv"][0]["input_tokens"] == 1_230
    assert "-" not in {value for row in rows["discover.csv"] for value in row.values() if isinstance(value, str)}


def test_a_second_header_is_read(rows_of):
    """Joined tables with another order of columns, and titles before the header."""
    rows, _ = rows_of("joined-csv")

    assert {name: len(found) for name, found in rows.items()} == {"concatenated_other_order.csv": 40, "report.csv": 20}
    found = rows["concatenated_other_order.csv"]
    assert {row["input_tokens"] > row["output_tokens"] for row in found} in ({True}, {False})


def test_logs_through_a_collector_are_unwrapped(rows_of):
    """Four ways out of one collector hold the same twenty calls."""
    _, sources = rows_of("bedrock-cloudwatch")

    assert {source["format"].partition("/")[0] for source in sources.values()} == {"bedrock_invocation"}
    assert [sum(counts) for counts in zip(*map(balance, sources.values()), strict=True)] == [80, 20, 0, 60, 0]


def test_a_bare_list_is_refused_once(rows_of, table):
    """One refusal per record, not one per event."""
    _, sources = rows_of("bedrock-bare-array", max_malformed=1.0)

    assert balance(sources["mixed.jsonl"]) == (30, 20, 10, 0, 0)
    assert len(table("quarantine")) == 10


def test_what_decoders_had_in_hand_is_kept(rows_of):
    """A wrong checksum loses no line that could be decoded."""
    _, sources = rows_of("checksums")

    assert {name: source["n_kept"] + source["n_duplicate"] for name, source in sources.items()} == {
        "ck.zst": 20_000,
        "crc.gz": 20_000,
        "s_crc.gz": 184,
    }
    assert all("checksum" in source["reason"] for source in sources.values())


@pytest.mark.parametrize("path", sorted((CASES / "parquet-damage").glob("*.parquet")), ids=lambda path: path.stem)
def test_a_damaged_table_is_refused_with_its_hash(path, ingest, log, table):
    """The good log beside it is examined."""
    call = b'{"timestamp": "2026-02-03T04:05:06Z", "user_id": "a", "model": "m", "prompt_tokens": 1, "completion_tokens": 2}\n'
    ingest(path, log(call * 3, "good.jsonl"))

    found = {Path(row["path"]).name: row for row in table("sources")}
    assert found[path.name]["role"] == "refused"
    assert len(found[path.name]["source_sha256"]) == 64
    assert len(table("exchanges")) == 3


def test_a_dump_says_how_to_export_its_calls(rows_of):
    """Text of COPY is a table without a header; it is refused with the way out, or read."""
    try:
        rows, _ = rows_of("sql-dump")
    except InputRefusedError as e:
        assert "export" in str(e) or "--mapping" in str(e)  # noqa: PT017
    else:
        assert rows["copy_text.tsv"]


def test_every_spelling_of_a_time_that_leaves_no_doubt_is_read(rows_of, table):
    """Names of zones other than UTC, and days that could be months, leave doubts."""
    rows, _ = rows_of("times", max_malformed=1.0)

    quarter = {14: (0, 0, 0), 2: (3, 5, 6), 6: (16, 5, 6), 8: (11, 5, 6), 15: (4, 8, 6)}
    for row in rows["spellings.jsonl"]:
        hour, minute, second = quarter.get(row["source_line"], (4, 5, 6))
        if row["source_line"] == 3:
            assert row["started_at"] == datetime(2026, 2, 2, 22, 35, 6, 789000)
            continue
        day = 4 if row["source_line"] == 14 else 3
        assert row["started_at"].replace(microsecond=0) == datetime(2026, 2, day, hour, minute, second), row[
            "started_at_raw"
        ]
    assert sorted(row["source_line"] for row in rows["spellings.jsonl"]) == [n for n in range(1, 16) if n not in (7, 9)]
    assert {row["detail"].partition(" is ")[2][1:24] for row in table("quarantine")} >= {
        "2026-02-03 04:05:06 PST",
        '03/02/2026 04:05", expe',
    }


def test_hours_that_clocks_show_twice_or_not_at_all_are_flagged(rows_of):
    """Only the zone makes them so."""
    rows, _ = rows_of("times", max_malformed=1.0, assume_time_zone="Europe/Berlin")

    flags = {row["started_at_raw"]: row["parse_flags"] for row in rows["fold.jsonl"]}
    assert sum("ts_ambiguous" in found for found in flags.values()) == 1
    assert sum("ts_nonexistent" in found for found in flags.values()) == 1
