"""The harness derives what the feature queries would give, and says what differs."""

from __future__ import annotations

import importlib.resources
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.core.errors import HeuristicError
from distilforensics.features.shared_content import offer_fingerprints
from distilforensics.features.stage import parameters, query
from distilforensics.heuristics.casefile import TestCase
from distilforensics.heuristics.testing import create_tables, outcome_of_case, run_case, run_cases, scratch_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.heuristics.loader import Heuristic

GIVEN: dict[str, list[dict[str, Any]]] = {
    "exchange_features": [
        {
            "repeat": 300,
            "account_id": "acct_{noise(i, 12)}",
            "tenant_id": "tenant_{noise(i, 12) // 4}",
            "every": "37m",
            "model": "model_{i % 3}",
            "status": "ok",
            "input_tokens": "{10 + i % 7}",
            "output_tokens": "{20 + noise(i, 50)}",
            "client_ip": "192.0.2.{noise(i, 12)}",
            "ip_prefix": "192.0.2.0/24",
            "user_agent": "agent {i % 2}",
            "client": "agent {i % 2}",
            "prompt_hash": "p{noise(i, 90)}",
            "prompt_chars": "{12 + i % 9}",
            "system_template": "system:{i % 2}",
            "prefix_template": "prefix:{noise(i, 40)}",
            "suffix_template": "suffix:{i}",
            "near_template": "near:{noise(i, 9)}",
            "passage_template": "passage:{noise(i, 7)}",
            "parameter_template": "parameters:{noise(i, 3)}",
        },
        {"repeat": 25, "account_id": "sparse", "status": "limited", "end_user_id": "u{i % 3}", "prompt_hash": "s{i}"},
    ],
    "accounts_directory": [
        {"repeat": 6, "account_id": "acct_{i}", "created_at": "2026-01-05 08:00:00 + {i * 4}m", "plan": "pro",
         "payment_fingerprint": "pay_{i // 2}", "email_domain": "mail.example", "organization": "Example"},
    ],
}  # fmt: skip

DERIVED = {
    "templates": "* exclude (template_text)",
    "template_exchanges": "*",
    "account_profiles": "*",
    "account_days": "*",
    "account_attributes": "*",
    "populations": "*",
}


@pytest.mark.parametrize("table", DERIVED)
def test_derived_tables_equal_those_of_the_feature_queries(table: str) -> None:
    """Both are computed from the same exchange features; only the template's text cannot be derived."""
    file = query(table)
    with scratch_connection() as connection:
        create_tables(connection, GIVEN)
        connection.execute(
            (importlib.resources.files("distilforensics.features") / "macros.sql").read_text(encoding="utf-8")
        )
        offer_fingerprints(connection)
        relation = connection.sql(file.body, params=parameters(file)) if parameters(file) else connection.sql(file.body)
        connection.register("by_features", relation.to_arrow_table())
        columns = DERIVED[table]
        if columns == "*":
            columns = ", ".join(relation.columns)
        expected = connection.execute(f"select {columns} from by_features order by all").fetchall()
        found = connection.execute(f"select {columns} from {table} order by all").fetchall()
    assert len(expected) > 0
    assert found == expected


def make_case(**changes: Any) -> TestCase:
    """Return a case about twenty accounts with five exchanges each."""
    given = {"exchange_features": [{"repeat": 100, "accounts": 20, "prefix_template": "prefix:f"}]}
    return TestCase(
        **({"heuristic_id": "structure.example", "name": "a case", "kind": "fires", "given": given} | changes)
    )


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"expect": [{"entity_id": "prefix:f", "value": 100, "is_fired": True}]}, None),
        ({"expect": [{"entity_id": "prefix:f", "value": 100.000002}]}, "prefix:f: value is 100.0, expected 100.000002"),
        ({"expect": [{"entity_id": "prefix:f", "colour": 1}]}, "prefix:f: no column colour"),
        ({"expect": [{"entity_id": "prefix:g"}]}, "no row for prefix:g, only ['prefix:f']"),
        ({"expect": []}, "fired on prefix:f, which the case does not name"),
        ({"expect_none_fired": True}, "fired on prefix:f, expected no firing"),
        ({"expect_state": "silent"}, "state is fired (None), expected silent"),
        ({"expect_state": "silent", "params": {"min_exchanges": 101}}, None),
        ({"expect": [], "given": {"exchange_features": [{"colour": 1}]}}, "unknown column 'colour'"),
        ({"expect": [], "given": {"colours": []}}, "given has unknown table colours"),
    ],
)
def test_a_case_says_what_differs(
    make_heuristic: Callable[..., Heuristic], changes: dict[str, Any], failure: str | None
) -> None:
    """An expectation that holds gives no failure; every other one is named."""
    result = run_case(make_heuristic(), make_case(**changes))
    assert result.is_passed == (failure is None)
    if failure is not None:
        assert failure in " ".join(result.failures)


def test_an_invalid_case_raises_when_asked_for_its_outcome(make_heuristic: Callable[..., Heuristic]) -> None:
    """The harness wraps it into a failure; a caller who wants the outcome gets the error."""
    with pytest.raises(HeuristicError, match="unknown table"):
        outcome_of_case(make_heuristic(), make_case(given={"colours": []}))


def test_cases_can_be_run_for_one_heuristic() -> None:
    """As `heuristics test ID` does."""
    results = run_cases(["structure.template_span"])
    assert {result.kind for result in results} == {"fires", "below", "benign"}
    assert all(result.is_passed for result in results)
