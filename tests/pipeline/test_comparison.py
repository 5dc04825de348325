"""Two cases are compared, and what is recorded explains what differs."""

from dataclasses import replace

import pytest

from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows, write_rows
from distilforensics.core.errors import IntegrityError
from distilforensics.pipeline.comparison import UNEXPLAINED, compare_cases
from distilforensics.pipeline.run import run_case


@pytest.fixture
def make(tmp_path, reading, small_limits, notes, fake_stages, names_log):
    """Make a case of the log and of more logs."""

    def call(name, *more, **options):
        inputs = [str(path) for path in (names_log, *more)]
        changed = replace(reading, **options)
        return run_case(inputs, tmp_path / name, changed, small_limits, notes, **fake_stages).case

    return call


def kinds(result):
    """Kinds of the differences."""
    return {difference.kind for difference in result.differences}


def test_the_same_run_twice_is_equal(make):
    """Times and folders are no difference."""
    result = compare_cases(make("a"), make("b"))

    assert ((), ()) == (result.differences, result.causes)


def test_a_changed_option_is_named(make):
    """Only the option differs, with both values."""
    result = compare_cases(make("a"), make("b", max_ratio=7.0))

    assert [("option", "max_ratio", 7.0)] == [(d.kind, d.what, d.second) for d in result.differences]
    assert ("other options of reading",) == result.causes


def test_more_inputs_explain_a_larger_campaign(make, tmp_path):
    """The campaign is matched by shared accounts; the new account has a grade that it had not."""
    more = tmp_path / "more.log"
    more.write_text("pool-c\n")
    result = compare_cases(make("a"), make("b", more))
    campaign = next(d for d in result.differences if d.kind == "campaign")

    assert ("other inputs",) == result.causes
    assert (2, 3, 2) == (campaign.first["n_accounts"], campaign.second["n_accounts"], campaign.second["n_shared"])
    assert [("pool-c", None, "moderate")] == [
        (d.what, d.first, d.second) for d in result.differences if d.kind == "account"
    ]


def test_nothing_recorded_explains_a_tampered_table(make):
    """An account that lost its grade is named, and no cause is made up."""
    case, other = make("a"), make("b")
    rows = read_rows(other, "accounts")
    write_rows(other, "accounts", [row | {"grade": None} if row["account_id"] == "pool-a" else row for row in rows])
    result = compare_cases(case, open_case(other.root))

    assert {"table", "account"} == kinds(result)
    assert [("pool-a", "moderate", None)] == [
        (d.what, d.first, d.second) for d in result.differences if d.kind == "account"
    ]
    assert (UNEXPLAINED,) == result.causes


def test_a_table_that_is_none_is_an_error_of_integrity(make):
    """Not a fault of the program."""
    case, other = make("a"), make("b")
    other.table_path("accounts").write_bytes(b"no table")

    with pytest.raises(IntegrityError, match="table accounts cannot be read"):
        compare_cases(case, other)
