"""The chapter on power: what was planted and found, or that nothing was measured."""

import pytest

from distilforensics.case.tables import write_rows

ROW = {
    "is_careful": False,
    "requests_per_day": 26,
    "dilution": 0.5,
    "seed": 1,
    "exchanges_per_account": 260,
    "n_exchanges": 5200,
    "n_rerouted": 5200,
    "n_found": 0,
    "is_found": False,
    "n_innocents": 0,
}


@pytest.fixture
def measured(render):
    """Return a function that renders a quiet case with rows in the table `power`."""

    def build(*rows):
        report = render(has_campaigns=False)
        write_rows(report.case, "power", [ROW | row for row in rows])
        return type(report)(report.case, report.catalogue)

    return build


def test_a_report_without_a_measurement_says_so_and_names_the_command(quiet):
    """In the chapter and in the summary."""
    for anchor in ("power", "summary"):
        assert "was not measured" in quiet.text(anchor)
        assert "distilforensics selftest --inject CASE --write" in quiet.text(anchor)


def test_a_quiet_report_says_what_would_have_been_found(measured):
    """The sentence stands in summary and chapter, the rows in a table and an annex."""
    report = measured({"n_accounts": 20}, {"n_accounts": 40, "n_found": 40, "grade": "strong", "is_found": True})
    sentence = (
        "A campaign of 40 accounts with about 260 exchanges each (26 a day, 50 % of it for unrelated customers; cards, addresses, sign-ups partly shared)"
        " would have been found; one of 20 accounts was missed."
    )
    rows = report.all(".//*[@id='power-planted']//tbody/tr")

    assert sentence in report.text("power")
    assert sentence in report.text("summary")
    assert "In none of the copies" in report.text("power")
    assert ["20", "40"] == [row.findall("td")[2].text for row in rows]
    assert (report.case.report / "exhibits/power.csv").is_file()


def test_innocents_that_planting_accused_are_not_passed_over(measured):
    """Beside the reach, in bold."""
    report = measured({"n_accounts": 40, "n_found": 40, "is_found": True, "n_innocents": 3})

    assert "3 accounts that were not planted reached the grade moderate or strong" in report.text("power")
    assert report.all(".//*[@id='power']//strong")


def test_a_log_that_holds_no_planted_campaign_is_told(measured):
    """An empty table is a measurement without a result."""
    assert "too small to hold a planted campaign" in measured().text("power")
