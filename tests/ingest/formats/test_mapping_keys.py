"""Every key of a mapping file does what the how-to page says of it, and without it the row would be another."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.core.errors import UsageError
from distilforensics.ingest.catalogue.mapping import parse_mapping
from distilforensics.ingest.formats import FieldMapping, Options, read_mapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS = """\
[columns]
started_at = "t"
account_id = "who"
input_tokens = "tokens"
output_tokens = "out"
cost_usd = "cost"
latency_ms = "took"
status = "state"
session_id = "extra -> $.thread"
"""
RECORD = {
    "t": "2026-03-02T10:00:00Z", "who": "anna", "tokens": 7, "out": 3, "cost": 0.5, "took": 1500, "state": "ok", "kind": "call",
    "extra": '{"thread": "th-1"}',
}  # fmt: skip

KEYS: dict[str, tuple[str, dict[str, Any], str, Any]] = {
    "date format": ('[time]\nformat = "%d.%m.%Y %H:%M"\n', {"t": "03.02.2026 10:05"}, "started_at", datetime(2026, 2, 3, 10, 5)),
    "end instead of start": ("[time]\nis_end = true\n", {}, "started_at", datetime(2026, 3, 2, 9, 59, 58, 500000)),
    "relative times": (
        '[time]\nunit = "ms"\nrelative_to = 2026-03-01T00:00:00Z\n', {"t": 90_500}, "started_at", datetime(2026, 3, 1, 0, 1, 30, 500000),
    ),
    "zone": ('[time]\nzone = "Asia/Kolkata"\n', {"t": "2026-03-02 10:00:00"}, "started_at", datetime(2026, 3, 2, 4, 30)),
    "thousands": ('[numbers]\nthousands = "."\ndecimal = ","\n', {"tokens": "1.024"}, "input_tokens", 1024),
    "decimal comma": ('[numbers]\nthousands = "."\ndecimal = ","\n', {"cost": "1.234,5"}, "cost_usd", 1234.5),
    "null words": ('[values]\nnull = ["(leer)"]\n', {"who": "(leer)"}, "account_id", None),
    "row filter": ('[[rows]]\nfield = "kind"\nis_not = ["call"]\nreason = "ping"\n', {"kind": "ping"}, "out_of_scope", "ping"),
    "row filter by value": ('[[rows]]\nfield = "kind"\nis = ["ping"]\nreason = "ping"\n', {"kind": "ping"}, "out_of_scope", "ping"),
    "words": ('[words.status]\n3 = "error"\n', {"state": "3"}, "status", "error"),
    "constants": ('[constants]\ngateway = "house"\n', {}, "gateway", "house"),
}  # fmt: skip
"""Key -> what it says in the file, what the record has, and what the column is with it."""


@pytest.fixture
def row(project: Any, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that reads one record by a mapping file."""

    def read(text: str, **changes: Any) -> dict[str, Any]:
        path = tmp_path / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        found: dict[str, Any] = project("generic", [RECORD | changes], Options(mapping=read_mapping(path)))[0]
        return found

    return read


@pytest.mark.parametrize("name", KEYS)
def test_a_key_changes_the_column_that_it_is_about(name: str, row: Callable[..., dict[str, Any]]) -> None:
    """With it the column is right, and without it another."""
    text, changes, column, expected = KEYS[name]
    assert row(COLUMNS + text, **changes)[column] == expected
    assert row(COLUMNS, **changes)[column] != expected


def test_json_in_text_is_followed_and_what_is_none_is_nothing(row: Callable[..., dict[str, Any]]) -> None:
    """A field that holds no JSON gives no value, and does not stop the record."""
    assert row(COLUMNS)["session_id"] == "th-1"
    assert row(COLUMNS, extra="no json")["session_id"] is None
    assert row(COLUMNS, extra='{"thread": {"id": 1}}')["account_id"] == "anna"
    plain = COLUMNS.replace("extra -> $.thread", "extra")
    assert row(plain)["session_id"] != "th-1"


def test_a_filter_keeps_what_it_does_not_name(row: Callable[..., dict[str, Any]]) -> None:
    """Other records stay calls."""
    for name in ("row filter", "row filter by value"):
        assert row(COLUMNS + KEYS[name][0])["out_of_scope"] is None


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ({"cache": {"field": "by"}}, "is or is_not"),
        ({"reasoning": "x"}, "left_out"),
    ],
)
def test_what_is_said_of_tokens_is_checked(tokens, said):
    """A word that says nothing, or a rule without words, would leave counts as they are."""
    with pytest.raises(UsageError, match=said):
        parse_mapping({"columns": {"started_at": "t"}, "tokens": tokens}, where="m.toml")


def test_only_some_records_leave_out_the_cache_and_others_the_reasoning(project):
    """A gateway before several providers writes what each of them counts."""
    tables = {
        "columns": {
            "started_at": "t",
            "input_tokens": "i",
            "cache_read_tokens": "c",
            "output_tokens": "o",
            "reasoning_tokens": "r",
        },
        "tokens": {"cache": {"field": "by", "is": ["anthropic"]}, "reasoning": {"field": "by", "is": ["google"]}},
    }
    mapping = parse_mapping(tables, where="m.toml")
    rows = project(
        "generic",
        [{"t": 1777863721, "i": 9, "c": 4, "o": 5, "r": 3, "by": by} for by in ("anthropic", "google")],
        Options(mapping=mapping),
    )

    assert [(row["input_tokens"], row["output_tokens"]) for row in rows] == [(13, 5), (9, 8)]


@pytest.mark.parametrize(
    ("target", "value"), [("latency_ms", 12.5), ("latency_s", 0.0125), ("latency_us", 12500), ("latency_ns", 12500000)]
)
def test_durations_have_their_unit(target, value, project):
    """All become milliseconds."""
    mapping = FieldMapping({"started_at": "t", target: "d"})

    assert project("generic", [{"t": 1777863721, "d": value}], Options(mapping=mapping))[0]["latency_ms"] == 12.5
