"""Row templates unfold into tables as they read."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.catalogue.casefile import noise, read_cases, unfold
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.analysis.catalogue.loader import Heuristic


def rows(table: str, *templates: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the unfolded rows as dictionaries without the columns that are NULL."""
    return [
        {name: value for name, value in row.items() if value is not None}
        for row in unfold(table, list(templates)).to_pylist()
    ]


def test_a_row_is_repeated_over_accounts_and_time() -> None:
    """`repeat`, `accounts` and `every` are the shorthands for exchanges."""
    found = rows("exchange_features", {"repeat": 3, "accounts": 2, "every": "90s", "prompt_hash": "p{i}"})
    assert found == [
        {"record_id": "r0000000", "account_id": "acct_0000", "started_at": datetime(2026, 3, 2, 9, 0, 0), "prompt_hash": "p0"},
        {"record_id": "r0000001", "account_id": "acct_0001", "started_at": datetime(2026, 3, 2, 9, 1, 30), "prompt_hash": "p1"},
        {"record_id": "r0000002", "account_id": "acct_0000", "started_at": datetime(2026, 3, 2, 9, 3, 0), "prompt_hash": "p2"},
    ]  # fmt: skip


def test_record_ids_run_on_over_templates() -> None:
    """Records of one table stay unique."""
    found = rows("exchange_features", {"repeat": 2, "account_id": "a"}, {"account_id": "b"})
    assert [row["record_id"] for row in found] == ["r0000000", "r0000001", "r0000002"]


def test_expressions_are_integer_arithmetic_on_i() -> None:
    """Texts and numbers take the value of the expression in braces."""
    (_, second) = rows(
        "exchange_features",
        {"repeat": 2, "account_id": "a{(i + 2) * 3 // 2}_{i % 2}", "output_tokens": "{10 - i}", "status": "ok"},
    )
    assert (second["account_id"], second["output_tokens"]) == ("a4_1", 9)


def test_times_may_add_spans() -> None:
    """A time text carries spans after plus signs, with expressions inside."""
    (row,) = rows("exchange_features", {"account_id": "a", "started_at": "2026-03-02 10:00:00 + {7 * 2}m + 500ms"})
    assert row["started_at"] == datetime(2026, 3, 2, 10, 14, 0, 500_000)


def test_types_follow_the_schema() -> None:
    """Lists, dates, flags and doubles take their column's type."""
    (row,) = rows("exchange_features", {"account_id": 7, "lexicon_marks": ["mark{i}"]})
    assert (row["account_id"], row["lexicon_marks"]) == ("7", ["mark0"])
    assert rows("account_days", {"account_id": "a", "day": "2026-03-02"})[0]["day"] == date(2026, 3, 2)
    assert rows("links", {"account_a": "a", "weight": "{3}"})[0]["weight"] == 3.0


def test_noise_is_fixed_and_spreads_evenly() -> None:
    """The same x and n always give the same number; a thousand of them reach every bin about equally."""
    drawn = [noise(x, 10) for x in range(1000)]
    assert drawn == [noise(x, 10) for x in range(1000)]
    assert min(drawn.count(value) for value in range(10)) > 70


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({"shoe_size": 4}, "unknown column 'shoe_size'"),
        ({"account_id": "{open('x')}"}, "expected integers, i"),
        ({"account_id": "{i.real}"}, "expected integers, i"),
        ({"account_id": "{i // 0}"}, "cannot evaluate"),
        ({"account_id": "{i +}"}, "cannot evaluate"),
        ({"account_id": "a", "output_tokens": "many"}, "value is 'many', expected a number"),
        ({"account_id": "a", "started_at": "yesterday"}, "time is 'yesterday'"),
        ({"account_id": "a", "every": "soon"}, "time span is 'soon'"),
    ],
)
def test_what_does_not_fit_is_refused(template: dict[str, Any], message: str) -> None:
    """Mistakes in cases are named, never taken as NULL."""
    with pytest.raises(HeuristicError, match=message.replace("(", r"\(")):
        unfold("exchange_features", [template])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {name: a, kind: fires}", "a case has keys"),
        ("- {name: a, kind: works, given: {}, expect: []}", "kind is 'works'"),
        ("- {name: a, kind: below, given: {}}", "case 'a' expects nothing"),
        ("- {name: a, kind: below, given: {}, expected: []}", "a case has keys"),
        ("- [", "not valid YAML"),
    ],
)
def test_a_faulty_cases_file_is_refused(make_heuristic: Callable[..., Heuristic], text: str, message: str) -> None:
    """The message names the heuristic whose cases are meant."""
    with pytest.raises(HeuristicError, match=message) as caught:
        read_cases(make_heuristic(cases=text))
    assert str(caught.value).startswith("structure.example cases: ")
