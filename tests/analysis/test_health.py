"""Evidence health: each question finds what it looks for, says nothing of a sound log, and knows what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from distilforensics.analysis.health import answers, costs_of, health_files
from distilforensics.core.schema import TABLES

START = datetime(2026, 3, 2)
FILES = {file.name: file for file in health_files()}
READ = sorted({table for file in FILES.values() for table in file.reads})


def test_what_a_check_says_it_costs_exists():
    """Facts and columns that a header names wrongly would suffer from nothing, unseen."""
    kinds = {"handover", "takeover", "conversation", "answer", "payment", "signup", "network", "mail", "synchrony", "scheduler", "frame", "rewording",
             "purpose", "attested"}  # fmt: skip
    columns = {column.name for column in TABLES["exchanges"].columns}
    columns |= {f"accounts_directory.{column.name}" for column in TABLES["accounts_directory"].columns}
    for file in FILES.values():
        assert set(file.header.get("facts", ())) <= kinds, file.name
        assert set(file.header.get("columns", ())) <= columns, file.name
        assert file.header.get("concerns") in {None, "order", "complete"}, file.name


def ask(name: str, **tables: list[dict[str, Any]]) -> dict[str, tuple[str, int, int]]:
    """Return part -> verdict, affected and checked for a question about tables; those that are not named are empty."""
    with duckdb.connect() as connection:
        for table in READ:
            rows = pa.Table.from_pylist(tables.get(table, []), schema=TABLES[table].arrow)
            connection.register("rows_made", rows)
            connection.execute(f"create table {table} as from rows_made")
        found = list(answers(connection, FILES[name]))
    parts = {*FILES[name].header["parts"], *(part for row in found for part in row["columns"])}
    assert name == "missing_columns" or {row["part"] for row in found} <= parts
    return {row["part"]: (row["verdict"], row["n_affected"], row["n_checked"]) for row in found}


def calls(n: int = 40, **values: Any) -> list[dict[str, Any]]:
    """Return calls a minute apart; a value that is a function is called with the number of the call."""
    return [
        {
            "record_id": f"r{i:04d}",
            "account_id": f"a{i % 3}",
            "started_at": START + timedelta(minutes=i),
            "parse_flags": [],
        }
        | {name: value(i) if callable(value) else value for name, value in values.items()}
        for i in range(n)
    ]


def test_texts_cut_at_one_length_are_a_pile():
    """Twenty and more of exactly the greatest length; the log's own word counts as well."""
    cut = calls(60, prompt_chars=lambda i: min(2048, 1800 + 10 * i), response_chars=lambda i: 100 + i)
    found = ask("cut_texts", exchanges=cut)
    assert found["prompt"] == ("costs", 35, 60)
    assert found["answer"] == ("fine", 0, 60)
    told = calls(60, prompt_chars=lambda i: i, prompt_state=lambda i: "truncated" if i < 6 else "full")
    assert ask("cut_texts", exchanges=told)["prompt"] == ("costs", 6, 60)
    short = calls(60, response_chars=3)
    assert ask("cut_texts", exchanges=short)["answer"] == ("fine", 0, 60)


@pytest.mark.parametrize("word", ["anonymous", "N/A", "default_user_id", "00000000-0000-0000-0000-000000000000", "-"])
def test_words_for_nothing_are_no_ids(word):
    """As many programs write them."""
    found = ask("placeholder_ids", exchange_features=calls(10, account_id=lambda i: word if i < 4 else f"u-{i}"))
    assert found["account"] == ("costs", 4, 10)
    assert ask("placeholder_ids", exchange_features=calls(10))["account"] == ("fine", 0, 10)


def test_ids_on_several_records():
    """Duplicates are left out of it."""
    rows = calls(10, request_id=lambda i: f"id-{i // 2}")
    assert ask("reused_ids", exchanges=rows)["request id"] == ("costs", 10, 10)
    left_out = [{"record_id": f"r{i:04d}"} for i in range(1, 10, 2)]
    assert ask("reused_ids", exchanges=rows, duplicates=left_out)["request id"] == ("fine", 0, 5)


def test_tokens_without_answers_and_answers_without_tokens():
    """Where the log has both in general."""
    rows = calls(
        10,
        output_tokens=lambda i: 5 if i < 8 else None,
        response_chars=3,
        response_state=lambda i: "full" if i > 2 else "not_logged",
    )
    found = ask("tokens_and_texts", exchanges=rows)
    assert found == {"tokens without answer": ("costs", 3, 8), "answer without tokens": ("costs", 2, 7)}
    assert ask("tokens_and_texts", exchanges=calls(10, output_tokens=5))["tokens without answer"] == (
        "cannot tell",
        10,
        0,
    )


def test_holes_in_running_numbers():
    """Sparse numbers of a busier system are no running numbers."""
    rows = calls(100, request_id=lambda i: f"req-{i if i < 50 else i + 20}")
    assert ask("sequence_holes", exchanges=rows)["request id"] == ("costs", 20, 120)
    assert ask("sequence_holes", exchanges=calls(100, request_id=lambda i: f"req-{i}"))["request id"] == (
        "fine",
        0,
        100,
    )
    sparse = calls(100, request_id=lambda i: f"req-{1000 * i}")
    assert ask("sequence_holes", exchanges=sparse)["request id"] == ("cannot tell", 0, 0)


def test_hours_that_are_silent_only_once():
    """A quiet night of every day is none."""
    rows = [
        row | {"started_at": START + timedelta(days=day, hours=hour, minutes=i)}
        for day in range(5)
        for hour in range(8, 20)
        for i, row in enumerate(calls(12))
        if (day, hour) != (2, 11)
    ]
    assert ask("silent_hours", exchange_features=rows)["hour"] == ("costs", 1, 60)
    whole = [row for row in rows if row["started_at"].hour != 11]
    assert ask("silent_hours", exchange_features=whole)["hour"] == ("fine", 0, 55)


def test_clocks_that_contradict_each_other():
    """Within a record, and between the log and the directory."""
    rows = calls(10, ended_at=lambda i: START + timedelta(minutes=i, seconds=-1 if i < 2 else 1))
    profiles = [{"account_id": "a", "first_seen": START, "created_at": START + timedelta(hours=1)}]
    found = ask("clocks", exchanges=rows, account_profiles=profiles)
    assert found == {"answer before request": ("costs", 2, 10), "request before sign-up": ("costs", 1, 1)}


def test_times_with_and_without_zone():
    """One kind alone is no mixture."""
    mixed = calls(10, time_kind=lambda i: "iso_naive" if i < 3 else "iso_offset")
    assert ask("mixed_zones", exchanges=mixed)["time"] == ("costs", 3, 10)
    assert ask("mixed_zones", exchanges=calls(10, time_kind="iso_naive"))["time"] == ("fine", 0, 10)


def test_times_that_are_there_twice_and_times_that_are_coarse():
    """By the flag of the ingest and by how times are written."""
    twice = calls(10, parse_flags=lambda i: ["ts_ambiguous"] if not i else [])
    assert ask("ambiguous_times", exchanges=twice)["time"] == ("costs", 1, 10)
    coarse = calls(10, time_resolution_us=lambda i: 1_000_000 if i < 6 else 1000)
    assert ask("coarse_times", exchange_features=coarse)["time"] == ("costs", 6, 10)
    assert ask("coarse_times", exchange_features=calls(10, time_resolution_us=1000))["time"] == ("fine", 0, 10)


def test_a_sample_is_told_by_its_conversations():
    """With the measures of the populations; without conversations nobody can tell."""
    steps = [{"measure": "conversation_steps", "n_accounts": 20, "median": 0.6}]
    assert ask("sampling", populations=steps)["turn"] == ("costs", 40, 100)
    whole = [*steps, {"measure": "whole_conversations", "n_accounts": 12, "median": 1.0}]
    assert ask("sampling", populations=whole)["turn"] == ("fine", 0, 100)
    assert ask("sampling")["turn"] == ("cannot tell", 0, 0)


def test_columns_that_are_not_there():
    """Records of one turn have no other messages; a directory is asked for as well."""
    rows = calls(10, prompt_state="full", n_turns=1, client_ip=lambda i: "192.0.2.1" if i < 2 else None)
    found = ask("missing_columns", exchanges=rows, accounts_directory=[{"account_id": "a", "plan": "p"}])
    assert (found["prompt"], found["messages"]) == (("fine", 0, 10), ("fine", 0, 10))
    assert (found["address"], found["answer"], found["sign-up"]) == (
        ("costs", 8, 10),
        ("costs", 10, 10),
        ("costs", 1, 1),
    )


def test_columns_that_come_and_go():
    """Half of the days with, half without."""
    rows = [
        row
        | {"started_at": START + timedelta(days=day, minutes=i), "session_id": "s" if day < 2 else None, "status": "ok"}
        for day in range(4)
        for i, row in enumerate(calls(30))
    ]
    assert ask("fill_over_time", exchanges=rows) == {"session_id": ("costs", 2, 4)}


def test_files_that_a_manifest_announces():
    """Named by their place in a store; those that are here have all their records."""
    announced = [
        {"name": "p-1/observations/20260302.jsonl", "n_records": 40},
        {"name": "p-1/observations/20260303.jsonl", "n_records": 7},
    ]
    sources = [{"path": "export/20260302.jsonl", "role": "log", "n_read": 30}]
    found = ask("absent_files", sources=sources, announced_files=announced)
    assert found["file of a manifest"] == ("costs", 1, 2)
    assert found["record of an announced file"] == ("costs", 10, 40)


def test_files_that_a_numbering_or_the_log_announces():
    """Names with days are no numbers of files; a text in a file of its own is said by the record."""
    sources = [{"path": f"out/part-{n:04d}.jsonl", "role": "log"} for n in (0, 1, 3, 4)]
    found = ask(
        "absent_files", sources=sources, exchanges=calls(4, prompt_state=lambda i: "full" if i else "offloaded")
    )
    assert found["numbered file"] == ("costs", 1, 5)
    assert found["text in a file of its own"] == ("costs", 1, 4)
    assert found["file of a manifest"] == ("cannot tell", 0, 0)
    days = [{"path": f"log-202603{n:02d}.jsonl", "role": "log"} for n in (1, 2, 3, 9)]
    assert ask("absent_files", sources=days)["numbered file"] == ("cannot tell", 0, 0)


@dataclass
class Stated:
    """What a heuristic states of itself."""

    id: str
    needs: tuple[str, ...] = ()
    requires_order: bool = False
    requires_complete: bool = False


CATALOGUE = [
    Stated("by_prompt", ("account_id", "prompt_text|prompt_sha256")),
    Stated("by_address", ("client_ip",)),
    Stated("by_order", ("account_id",), requires_order=True),
    Stated("by_all", (), requires_complete=True),
]


def check(*columns: str, concerns: str | None = None, share: float = 1.0, verdict: str = "costs") -> dict[str, Any]:
    """Return an answer that says what suffers."""
    return {
        "check_id": "missing_columns",
        "part": "p",
        "verdict": verdict,
        "columns": columns,
        "concerns": concerns,
        "n_affected": share,
        "n_checked": 1.0,
    }


def suffering(*checks: dict[str, Any], state: str = "silent") -> list[tuple[str, str]]:
    """Return which heuristics suffer, and how."""
    rows = costs_of(checks, CATALOGUE, dict.fromkeys((heuristic.id for heuristic in CATALOGUE), state))
    return [(row["heuristic_id"], row["effect"]) for row in rows]


def test_what_suffers_from_what():
    """By the columns that a heuristic needs, by order and by completeness; only from what costs something."""
    assert suffering(check("client_ip")) == [("by_address", "sees less")]
    assert suffering(check("client_ip"), state="not_evaluated") == [("by_address", "is switched off")]
    assert suffering(check(concerns="order")) == [("by_order", "sees less")]
    assert suffering(check(concerns="complete"), state="inconclusive") == [("by_all", "is switched off")]
    assert suffering(check("client_ip", verdict="noticed")) == []


def test_another_column_that_does_is_enough():
    """Prompts are missing, their hashes are not."""
    assert suffering(check("prompt_text")) == []
    assert suffering(check("prompt_text"), check("prompt_sha256")) == [("by_prompt", "sees less")] * 2
    assert suffering(check("prompt_text", "prompt_sha256", share=0.1)) == [("by_prompt", "sees less")]
    assert suffering(check("prompt_text") | {"check_id": "cut_texts"}) == [("by_prompt", "sees less")]
