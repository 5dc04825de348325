"""How many exchanges can be judged, and which column is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.analysis.heuristics.coverage import Coverage, measure_coverage

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic

    Fill = Callable[[dict[str, list[dict[str, Any]]]], duckdb.DuckDBPyConnection]
    Make = Callable[..., Heuristic]


def coverage(connection: duckdb.DuckDBPyConnection, heuristic: Heuristic) -> Coverage:
    """Return the coverage of one heuristic."""
    return measure_coverage(connection, [heuristic])[heuristic.id]


def test_rows_that_carry_every_needed_column_are_counted(make_heuristic: Make, tables: Fill) -> None:
    """Three of ten exchanges lack one of two columns."""
    given = {
        "exchanges": [
            {"repeat": 7, "account_id": "a", "input_tokens": 1, "output_tokens": 1},
            {"repeat": 2, "account_id": "a", "input_tokens": 1},
            {"account_id": "a"},
        ]
    }
    heuristic = make_heuristic(needs=["input_tokens", "output_tokens"])
    assert coverage(tables(given), heuristic) == Coverage(7, 10, None)


def test_either_of_two_columns_serves_a_need_with_a_bar(make_heuristic: Make, tables: Fill) -> None:
    """Text or exported hash."""
    given = {"exchanges": [{"repeat": 4, "prompt_text": "x"}, {"repeat": 3, "prompt_sha256": "y"}, {"repeat": 2}]}
    assert coverage(tables(given), make_heuristic(needs=["prompt_text|prompt_sha256"])) == Coverage(7, 9, None)


def test_a_column_that_no_exchange_carries_is_named(make_heuristic: Make, tables: Fill) -> None:
    """Every absent column is named, in words."""
    heuristic = make_heuristic(needs=["account_id", "temperature", "prompt_text|prompt_sha256"])
    found = coverage(tables({"exchanges": [{"repeat": 3, "account_id": "a"}]}), heuristic)
    assert found == Coverage(0, 3, "no exchange carries temperature; none carries prompt_text or prompt_sha256")


def test_columns_that_never_meet_in_one_row_are_said_to_be_apart(make_heuristic: Make, tables: Fill) -> None:
    """Two sources, one with prompts and one with tokens."""
    given = {"exchanges": [{"repeat": 3, "prompt_text": "x"}, {"repeat": 3, "output_tokens": 5}]}
    heuristic = make_heuristic(needs=["prompt_text", "output_tokens"])
    assert coverage(tables(given), heuristic).missing == "no exchange carries all of prompt_text, output_tokens"


def test_duplicates_are_not_counted(make_heuristic: Make, tables: Fill) -> None:
    """An exchange that repeats an earlier one is neither evaluable nor part of the total."""
    connection = tables({"exchanges": [{"repeat": 5, "account_id": "a"}]})
    connection.execute("insert into duplicates (record_id) values ('r0000003')")
    assert coverage(connection, make_heuristic()) == Coverage(4, 4, None)


def test_the_accounts_directory_serves_all_exchanges_or_none(make_heuristic: Make, tables: Fill) -> None:
    """One filled row in the directory is enough; an address in the log does as well."""
    given: dict[str, list[dict[str, Any]]] = {
        "exchanges": [{"repeat": 5, "account_id": "a"}, {"client_ip": "192.0.2.1"}]
    }
    heuristic = make_heuristic(needs=["client_ip|accounts_directory.payment_fingerprint"])
    connection = tables(given)
    assert coverage(connection, heuristic) == Coverage(1, 6, None)
    connection.execute("insert into accounts_directory (account_id, payment_fingerprint) values ('a', 'p')")
    assert coverage(connection, heuristic) == Coverage(6, 6, None)


def test_an_absent_directory_is_named_as_such(make_heuristic: Make, tables: Fill) -> None:
    """The examiner learns that a directory would help."""
    heuristic = make_heuristic(needs=["accounts_directory.created_at"])
    found = coverage(tables({"exchanges": [{"account_id": "a"}]}), heuristic)
    assert found.missing == "no exchange carries accounts directory: created_at"
