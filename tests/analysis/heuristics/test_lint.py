"""Every rule of the linter finds what it is for, and the catalogue breaks none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.catalogue.check import Subject
from distilforensics.analysis.catalogue.document import HEADINGS
from distilforensics.analysis.catalogue.lint import CHECKS, lint_catalog
from distilforensics.analysis.catalogue.loader import load_catalog
from distilforensics.analysis.catalogue.lock import lock_entry
from distilforensics.analysis.catalogue.references import unknown_references
from distilforensics.analysis.catalogue.testing import create_tables, scratch_connection
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic

    Fill = Callable[[dict[str, list[dict[str, Any]]]], duckdb.DuckDBPyConnection]
    Make = Callable[..., Heuristic]

CASES = """\
- {name: a, kind: fires, given: {}, expect: [{entity_id: x, is_fired: true}]}
- {name: b, kind: below, given: {}, expect: []}
- {name: c, kind: benign, given: {}, expect_none_fired: true}
"""
DOCUMENT = "# An example\n\n" + "\n".join(f"## {heading}\nText.\n" for heading in HEADINGS)


@pytest.fixture(scope="module")
def tables() -> Iterator[Fill]:
    """Return a function that gives an engine with empty tables, one for all tests: rules only parse and describe."""
    with scratch_connection() as connection:
        create_tables(connection, {})
        yield lambda _: connection


def messages(make: Make, tables: Fill, name: str, body: str | None = None, **changes: Any) -> list[str]:
    """Return what the rule of this name says about the example with changes."""
    given = {"cases": CASES, "document": DOCUMENT} | changes
    heuristic = make(**given) if body is None else make(body, **given)
    subject = Subject.of(heuristic, tables({}), {heuristic.id: lock_entry(heuristic)})
    (check,) = [check for check in CHECKS if check.name == name]
    return list(check.find(subject))


def select(value: str, *, source: str = "groups", tail: str = "order by entity_id", more: str = "") -> str:
    """Return a query on groups with the given value expression."""
    return (
        f"select group_id as entity_id, n_accounts >= $min_accounts as is_fired, {value} as value, null::double as baseline, "
        f"$min_exchanges::double as threshold, n_exchanges, n_accounts{more} from {source} {tail}"
    )


def test_the_catalogue_has_no_issues() -> None:
    """All shipped heuristics keep all rules."""
    assert [f"{issue.heuristic_id}: {issue.check}: {issue.message}" for issue in lint_catalog()] == []


def test_the_example_has_no_issues(make_heuristic: Make, tables: Fill) -> None:
    """So that each test below changes one thing."""
    heuristic = make_heuristic(cases=CASES, document=DOCUMENT)
    subject = Subject.of(heuristic, tables({}), {heuristic.id: lock_entry(heuristic)})
    assert [issue for check in CHECKS for issue in check.issues(subject)] == []


def test_an_issue_carries_name_severity_and_advice(make_heuristic: Make, tables: Fill) -> None:
    """What the command line prints."""
    subject = Subject.of(make_heuristic(cases=CASES), tables({}), {})
    issues = [issue for check in CHECKS for issue in check.issues(subject)]
    assert {issue.check for issue in issues} == {"document", "lock"}
    assert all(issue.severity == "error" and issue.advice for issue in issues)


def test_keys_out_of_order_are_found(make_heuristic: Make, tables: Fill) -> None:
    """`requires_order` has its place between needs and params."""
    found = messages(make_heuristic, tables, "key_order", requires_order=True)
    assert found == ["params stands where requires_order is expected"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limitations": []}, "limitations is empty"),
        ({"tags": ["scary"]}, "tag scary is of no known vocabulary"),
        ({"modified": "2026-01-01"}, "modified lies before date"),
        ({"date": "yesterday"}, "date yesterday or modified 2026-11-23 is no date"),
    ],
)
def test_an_unfilled_header_is_found(make_heuristic: Make, tables: Fill, changes: dict[str, Any], message: str) -> None:
    """Lists, tags and dates are looked at."""
    assert messages(make_heuristic, tables, "header", **changes) == [message]


def test_sentences_must_name_parameters_that_exist(make_heuristic: Make, tables: Fill) -> None:
    """A number written out goes stale; a misspelt name is printed as it stands."""
    found = messages(make_heuristic, tables, "sentences", sees="20 accounts", volume="$min_acounts accounts")
    assert found == ["sees names no parameter", "volume names $min_acounts, which is no parameter"]


def test_undeclared_and_unused_parameters_are_found(make_heuristic: Make, tables: Fill) -> None:
    """Header and query name the same parameters."""
    params = {"unused": {"default": 1, "unit": "x", "why": "y"}}
    found = messages(make_heuristic, tables, "parameters", params=params)
    assert found == [
        "$min_accounts is used and not declared",
        "$min_exchanges is used and not declared",
        "params.unused is declared and not used",
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("groups join templates on true", "reads is ['groups'], the query reads ['groups', 'templates']"),
        ("secrets", "secrets is no table that heuristics may read"),
        ("read_parquet('/etc/x.parquet')", "table function read_parquet is not allowed"),
        ("'x.parquet'", "x.parquet is no table that heuristics may read"),
    ],
)
def test_reading_something_else_is_found(make_heuristic: Make, tables: Fill, source: str, message: str) -> None:
    """Tables, functions that open files, and files named as tables."""
    assert message in messages(make_heuristic, tables, "reads", select("1.0::double", source=source))


def test_common_table_expressions_are_not_read_tables(make_heuristic: Make, tables: Fill) -> None:
    """A name that the query defines itself needs no entry in reads."""
    body = "with large as (select * from groups) " + select("1.0::double", source="large")
    assert messages(make_heuristic, tables, "reads", body) == []


def test_wrong_columns_are_found_on_empty_tables(make_heuristic: Make, tables: Fill) -> None:
    """A wrong type, an undeclared column, a star."""
    assert "('value', 'INTEGER')" in messages(make_heuristic, tables, "columns", select("1"))[0]
    (found,) = messages(make_heuristic, tables, "columns", select("1.0::double", more=", kind"))
    assert found == "the query's further columns are ['kind'], the header declares []"
    body = f"with found as ({select('1.0::double', tail='')}) select * from found order by entity_id"
    assert messages(make_heuristic, tables, "columns", body) == ["the outermost SELECT uses *"]


def test_an_order_without_the_key_is_found(make_heuristic: Make, tables: Fill) -> None:
    """Rows with equal values would come in any order."""
    found = messages(make_heuristic, tables, "order", select("1.0::double", tail="order by value"))
    assert found == ["the outermost ORDER BY does not name entity_id"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("epoch(now())", "now() is not allowed"),
        ("random()", "random() is not allowed"),
        ("hash(group_id)::double", "hash() is not allowed"),
        ("approx_count_distinct(group_id)", "approx_count_distinct() is not allowed"),
        ("mode(n_exchanges)", "mode() is not allowed"),
        ("first(n_exchanges)", "needs an order by inside: `first(n_exchanges)`"),
        ("arg_max(n_exchanges, n_accounts)", "needs an order by inside: `arg_max(n_exchanges, n_accounts)`"),
        ("stddev_pop(n_exchanges)", "needs an order by inside: `stddev_pop(n_exchanges)`"),
        (
            "sum(n_exchanges / nullif(n_accounts, 0))",
            "a sum of real numbers needs an order by inside: `sum(n_exchanges / nullif(n_accounts, 0))`",
        ),
    ],
)
def test_what_depends_on_clock_chance_or_row_order_is_found(
    make_heuristic: Make, tables: Fill, value: str, message: str
) -> None:
    """The same log must give the same bytes."""
    assert messages(make_heuristic, tables, "determinism", select(value)) == [message]


@pytest.mark.parametrize(
    "value",
    [
        "first(n_exchanges order by group_id)",
        "first_value(n_exchanges) over (order by group_id)",
        "arg_max(n_exchanges, (n_accounts, group_id))",
        "sum(n_exchanges / nullif(n_accounts, 0) order by group_id)",
        "sum((n_exchanges / nullif(n_accounts, 0))::bigint)",
        "sum(n_exchanges)",
        "median(n_exchanges)",
        "md5(group_id)",
    ],
)
def test_what_is_a_function_of_the_rows_passes(make_heuristic: Make, tables: Fill, value: str) -> None:
    """Given orders, row values that break ties, and integers are fine."""
    assert messages(make_heuristic, tables, "determinism", select(value)) == []


@pytest.mark.parametrize(
    ("value", "n_issues"),
    [
        ("n_exchanges / n_accounts", 1),
        ("n_exchanges % n_accounts", 1),
        ("n_exchanges / 0", 1),
        ("ln(n_exchanges)", 1),
        ("n_exchanges / nullif(n_accounts, 0)", 0),
        ("n_exchanges / greatest(n_accounts, 1)", 0),
        ("n_exchanges / 2", 0),
        ("n_exchanges / $min_accounts", 0),
        ("n_exchanges / (2 * nullif(n_accounts, 0))", 0),
        ("ln(greatest(n_exchanges, 1) / nullif(n_accounts, 0))", 0),
        ("log2(nullif(n_exchanges, 0)::double)", 0),
    ],
)
def test_unguarded_divisions_and_logarithms_are_found(
    make_heuristic: Make, tables: Fill, value: str, n_issues: int
) -> None:
    """Zero would stop the scan or give infinity."""
    assert len(messages(make_heuristic, tables, "division", select(value))) == n_issues


def test_a_group_heuristic_must_read_the_group_views(make_heuristic: Make, tables: Fill) -> None:
    """Otherwise it would judge groups that no other heuristic judges."""
    body = select("1.0::double", source="(select template_id as group_id, n_exchanges, n_accounts from templates)")
    assert messages(make_heuristic, tables, "group_views", body, reads=["templates"]) != []
    assert messages(make_heuristic, tables, "group_views", body, reads=["templates"], entity="log") == []


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ("", "no case of kind fires"),
        (CASES.replace("kind: benign", "kind: below"), "no case of kind benign"),
        (CASES.replace("name: b", "name: a"), "two cases have the same name"),
        (CASES.replace("is_fired: true", "is_fired: false"), "case 'a' is of kind fires and expects no firing"),
    ],
)
def test_missing_and_contradictory_cases_are_found(
    make_heuristic: Make, tables: Fill, cases: str, message: str
) -> None:
    """Each kind is there and expects what it is for."""
    assert message in messages(make_heuristic, tables, "cases", cases=cases)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (DOCUMENT.replace("# An example\n", "# Another\n", 1), "the document does not start with `# An example`"),
        (DOCUMENT.replace("## Assumptions\nText.", "## Assumptions\n"), "`## Assumptions` is empty"),
    ],
)
def test_an_incomplete_document_is_found(make_heuristic: Make, tables: Fill, document: str, message: str) -> None:
    """Title, headings and text."""
    assert messages(make_heuristic, tables, "document", document=document) == [message]


def test_a_missing_heading_is_found(make_heuristic: Make, tables: Fill) -> None:
    """The headings are compared with the list."""
    (found,) = messages(make_heuristic, tables, "document", document=DOCUMENT.replace("## Assumptions\nText.\n", ""))
    assert found.startswith("headings are ['Behaviour', 'Data that shows it', 'How an adversary beats it'")


def test_accusing_words_are_found(make_heuristic: Make, tables: Fill) -> None:
    """In the header and in the document."""
    found = messages(make_heuristic, tables, "wording", description="Proves theft.", document=DOCUMENT + "An alert.\n")
    assert found == ["the word `Proves` is not used here", "the word `theft` is not used here", "the word `alert` is not used here"]  # fmt: skip


def test_a_long_sentence_is_found(make_heuristic: Make, tables: Fill) -> None:
    """Thirty words pass; a colon ends a sentence as a full stop does."""
    thirty = " ".join(["One", *["word"] * 29])
    assert messages(make_heuristic, tables, "sentence_length", description=f"{thirty}. {thirty}: more.") == []
    found = messages(make_heuristic, tables, "sentence_length", description=f"Short. {thirty} more.")
    assert found == ["31 words from `One word word word`"]


def test_two_statements_or_no_select_are_refused(make_heuristic: Make, tables: Fill) -> None:
    """The parser of the engine decides."""
    with pytest.raises(HeuristicError, match="2 statements, expected exactly one SELECT"):
        messages(make_heuristic, tables, "order", "select 1; select 2")
    with pytest.raises(HeuristicError, match="not a SELECT"):
        messages(make_heuristic, tables, "order", "drop table groups")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("confounders/class.sql", 'references = ["coordination.baton_pas"]'),
        ("grades.py", "IDENTITY = frozenset({'infrastructure.link_grpah'})"),
        ("span.md", "as `structure.template_spann` does"),
        ("span.sql", "an instruction at the beginning is left to structure.template_spann"),
    ],
)
def test_a_name_that_no_heuristic_has_is_found(tmp_path: Path, name: str, text: str) -> None:
    """In the header of an explanation, in the rules of grading, in a document."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{text}, 'harvest.grader_rubric'\n", encoding="utf-8")
    known = {heuristic.id for heuristic in load_catalog()}

    assert [name] == [file for file, _ in unknown_references(known, tmp_path)]
