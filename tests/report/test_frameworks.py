"""Facts under the factors of frameworks: ids exist, silence is said, and a calendar of releases is compared with an exact null."""

from __future__ import annotations

import json
import random
import shutil
from datetime import date, timedelta

import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows
from distilforensics.cli.diagnostics import run_cli
from distilforensics.core.errors import UsageError
from distilforensics.core.progress import Silent
from distilforensics.report.catalogue import explanation_folder
from distilforensics.report.factors import SILENT, frameworks
from distilforensics.report.releases import Release, compare, read_releases, releases_csv
from distilforensics.report.stage import render_report

FACTS = {
    "handover", "takeover", "manner", "conversation", "answer", "payment", "signup", "network", "mail", "synchrony", "scheduler", "frame", "rewording",
    "purpose", "attested",
}  # fmt: skip
FIRST = date(2026, 3, 1)


def days(*places):
    return [Release(FIRST + timedelta(days=place), f"Model {place}") for place in places]


def placements(report):
    return json.loads((report.case.report / "annexes" / "frameworks.json").read_text(encoding="utf-8"))["placements"]


def test_frameworks_name_facts_and_explanations_that_exist():
    """Each fact of the assessment has a place in the bill; a factor without anything to find says why."""
    explanations = {f"confounder.{path.name.removesuffix('.sql')}" for path in explanation_folder().iterdir()}
    named = set()
    for framework in frameworks():
        ids = [factor["id"] for factor in framework["factors"]]
        assert len(ids) == len(set(ids))
        for factor in framework["factors"]:
            named |= set(factor.get("facts", ()))
            assert set(factor.get("facts", ())) <= FACTS
            assert set(factor.get("explanations", ())) <= explanations
            assert factor.get("facts") or factor.get("has_timeline") or factor.get("silent")

    assert ["hr8283", "atlas", "owasp"] == [framework["id"] for framework in frameworks()]
    assert named == FACTS


def test_every_fact_of_a_campaign_stands_where_the_framework_puts_it(sample):
    """With its statement, and marked if it does not count; what the log is silent on says so."""
    report = sample("pool")
    facts = {row["fact_id"]: row for row in read_rows(report.case, "campaign_facts")}
    factors = {f["id"]: f for framework in frameworks() for f in framework["factors"]}
    seen = set()
    for placement in placements(report):
        for factor in placement["factors"]:
            placed = [e for e in factor["evidence"] if e["kind"].startswith("fact")]
            seen |= {e["ref"] for e in placed}
            assert {e["ref"] for e in placed} == set(factors[factor["factor_id"]].get("facts", ())) & set(facts)
            for e in placed:
                fact = facts[e["ref"]]
                assert e["text"] == f"{fact['title']}. {fact['statement']}"
                assert (e["kind"] == "fact") == fact["is_counted"]
            assert factor["silence"].startswith(SILENT) == (not factor["evidence"])

    assert seen == set(facts)


def test_a_log_without_campaign_has_nothing_to_place(sample):
    """And says so."""
    assert [] == placements(sample("benign"))
    assert "nothing to place" in "".join(sample("benign").annex("frameworks.html").itertext())


def test_traffic_that_follows_a_calendar_is_told_from_traffic_that_does_not():
    """Bursts two days after each of three releases among sixty days; bursts elsewhere; no calendar; a short log."""
    last = FIRST + timedelta(days=59)
    after = {FIRST + timedelta(days=place): 100 for place in (12, 30, 50)}
    elsewhere = {FIRST + timedelta(days=place): 100 for place in (5, 22, 41)}
    calendar = days(11, 29, 49)
    follows, does_not = (compare(requests, FIRST, last, calendar) for requests in (after, elsewhere))

    assert ("compared", 5, 60) == (follows.state, follows.n_near, follows.n_shifts)
    assert follows.n_shifts_as_near <= 4
    assert 0 == does_not.n_near
    assert 60 == does_not.n_shifts_as_near
    assert "no calendar" == compare(after, FIRST, last, None).state
    assert "too short" == compare(after, FIRST, FIRST + timedelta(days=6), calendar).state
    assert "no release in the log" == compare(after, FIRST, last, [Release(date(2025, 1, 1), "x")]).state


def test_the_null_is_exact_under_chance():
    """Bursts on days drawn at random: a share as small as a tenth comes in about a tenth of the draws, and not more often."""
    small = 0
    for seed in range(300):
        rng = random.Random(seed)
        requests = {FIRST + timedelta(days=place): 50 + rng.randrange(100) for place in range(60)}
        found = compare(requests, FIRST, FIRST + timedelta(days=59), days(*rng.sample(range(60), 4)))
        small += found.n_shifts_as_near <= 0.1 * found.n_shifts

    assert small <= 45


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'date,name\n2026-03-04,Model 5\n2026-03-02,"Model, 4"\n'),
        (
            "a.toml",
            '[[releases]]\ndate = 2026-03-04\nname = "Model 5"\n[[releases]]\ndate = "2026-03-02"\nname = "Model, 4"\n',
        ),
    ],
)
def test_a_calendar_is_read_from_csv_or_toml(tmp_path, name, text):
    """In the order of dates; the case keeps it as CSV that reads back."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read_releases(tmp_path / name)
    (tmp_path / "kept.csv").write_text(releases_csv(found), encoding="utf-8")

    assert [(date(2026, 3, 2), "Model, 4"), (date(2026, 3, 4), "Model 5")] == [(r.day, r.name) for r in found]
    assert found == read_releases(tmp_path / "kept.csv")


@pytest.mark.parametrize("text", ["day;model\n1;2\n", "date,name\n04.03.2026,x\n", "\x00\xff", "[[releases]]\n"])
def test_what_is_no_calendar_is_refused_with_its_place(tmp_path, text):
    """The message names the file and what is expected."""
    path = tmp_path / ("a.toml" if text.startswith("[") else "a.csv")
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(UsageError, match="expected"):
        read_releases(path)


def test_a_calendar_that_is_put_into_a_case_changes_the_annex(sample, tmp_path, capsys):
    """The case keeps it, the report is made again and prints it; without a new one it stays."""
    shutil.copytree(sample("pool").case.root, tmp_path / "case")
    (tmp_path / "r.csv").write_text("date,name\n2026-03-04,Model <5>\n", encoding="utf-8")

    assert 0 == run_cli(["report", "-q", "--case", str(tmp_path / "case"), "--releases", str(tmp_path / "r.csv")])
    case = open_case(tmp_path / "case")
    page = (case.report / "annexes" / "frameworks.html").read_text(encoding="utf-8")
    assert "2026-03-04: Model &lt;5&gt;" in page
    assert "The log covers 4 days" in page
    assert render_report(case, Limits(600_000_000, 2), Silent()).is_skipped
