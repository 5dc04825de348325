"""Every number of the main document has a query, is computed again from the tables alone, and is what independent code finds."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from itertools import pairwise

import duckdb
import pytest

from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows, write_rows

SAMPLE_NAMES = ("pool", "benign", "metadata_only")
UNMARKED = {"code", "pre", "q", "svg", "style", "title", "dt"}
"""Elements whose digits are quotations, hashes, drawings or terms."""


def unmarked_numbers(tree) -> list[str]:
    """Return numbers in the text of the page that are not marked with the name of their query."""
    found = []

    def walk(element, is_free):
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        kinds = set((element.get("class") or "").split())
        free = is_free or name in UNMARKED or name == "data" or bool(kinds & {"id", "lit", "stated", "meta", "terms"})
        texts = [element.text] if not free else []
        for child in element:
            walk(child, free)
            texts += [child.tail] if not free else []
        found.extend(text.strip() for text in texts if text and re.search(r"\d", text))

    walk(tree.find(".//body"), is_free=False)
    return found


ALLOWED = (
    re.compile(r"^\d+ (Every|Hand-overs|Load|Ties|What|Harmless|How|The log)"),  # headings
    re.compile(r"^Figure \d\."),
    re.compile(r"SHA-256"),
    re.compile(r"^Made by distilforensics"),
)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_number_of_the_main_document_names_its_query(sample, name):
    """What is not marked is a heading, a quotation or a fixed term."""
    found = [text for text in unmarked_numbers(sample(name).tree) if not any(p.search(text) for p in ALLOWED)]

    assert [] == found


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_number_is_computed_again_in_stock_duckdb(sample, name):
    """The script reads the page and the tables and finds them equal."""
    results = Counter(row[-1] for row in sample(name).recompute())

    assert 20 < results["equal"]
    assert results.keys() <= {"equal", "holds"}
    assert results["holds"] >= {"pool": 15, "benign": 0, "metadata_only": 14}[name]


@pytest.fixture
def copied(sample, tmp_path):
    """A copy of the pool's case that a test may change."""
    report = sample("pool")
    shutil.copytree(report.case.root, tmp_path / "copy")
    return type(report), open_case(tmp_path / "copy")


def script_of(case):
    return (case.report / "recompute.sql").read_text(encoding="utf-8")


def run(case, monkeypatch):
    """Run the script in the folder of a case."""
    monkeypatch.chdir(case.root)
    with duckdb.connect() as connection:
        for statement in connection.extract_statements(script_of(case)):
            connection.execute(statement)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('value="1927">1,927<', 'value="1928">1,928<'),
        ('value="1927">1,927<', 'value="1927">1,827<'),
        ('name="answer.C-01.1.n_requests"', 'name="answer.C-01.1.n_invented"'),
    ],
)
def test_a_wrong_number_in_the_page_fails(copied, monkeypatch, before, after):
    """Whether the value, the text or the name is wrong."""
    _, case = copied
    page = case.report / "report.html"
    text = page.read_text(encoding="utf-8")
    assert before in text
    page.write_text(text.replace(before, after), encoding="utf-8")

    with pytest.raises(duckdb.Error, match="numbers differ"):
        run(case, monkeypatch)


def test_a_changed_table_fails(copied, monkeypatch):
    """One member less in the table of accounts."""
    _, case = copied
    rows = read_rows(case, "accounts")
    first = next(row for row in rows if row["campaign_id"])
    case.table_path("accounts").unlink()
    write_rows(case, "accounts", [row | {"campaign_id": None} if row is first else row for row in rows])

    with pytest.raises(duckdb.Error, match="numbers differ"):
        run(case, monkeypatch)


def number(report, name):
    """Return the value of a number of the page."""
    values = {e.get("value") for e in report.all(".//data") if e.get("data-name") == name}
    assert 1 == len(values), name
    return float(values.pop())


FAILED = ("limited", "error", "blocked")


def test_the_page_and_the_fact_state_the_same_hand_overs(sample):
    """Failed requests, how many go on, and how many of them between customers that the log tells apart."""
    report = sample("pool")
    (fact,) = [row for row in read_rows(report.case, "campaign_facts") if row["fact_id"] == "handover"]
    h = {
        key: number(report, f"handover_totals.C-01.1.{key}")
        for key in ("n_moved", "n_failed", "n_distinct", "n_failed_others")
    }

    assert (fact["value"], fact["of"]) == (h["n_moved"], h["n_failed"])
    assert f"In {h['n_distinct']:.0f} cases the log names both customers" in fact["statement"]
    assert f"Of the {h['n_failed_others']:.0f} such calls of accounts outside" in fact["statement"]


def test_records_cited_for_a_fact_are_its_exhibits(sample):
    """Each record of the fact is quoted, and its statement in the annex links to all of them."""
    report = sample("pool")
    (fact,) = [row for row in read_rows(report.case, "campaign_facts") if row["fact_id"] == "handover"]
    text = (report.case.report / "annexes" / "exhibits.jsonl").read_text(encoding="utf-8")
    labels = {row["record_id"]: row["label"] for row in map(json.loads, text.splitlines())}
    (statement,) = [li for li in report.annex("evidence.html").iter("li") if li.get("id") == "fact-C-01-1"]

    assert 10 == len(fact["record_ids"])
    assert [labels[record] for record in fact["record_ids"]] == [a.text for a in statement.iter("a")]


def test_weights_of_facts_are_those_of_the_assessment(sample):
    """Bits of every fact in the table, and their sum in the figure over those that count."""
    report = sample("pool")
    facts = read_rows(report.case, "campaign_facts")
    drawn = report.rows("figures/fact_weights.C-01.csv")

    assert [row["fact_id"] for row in sorted(facts, key=lambda row: row["place"])] == [row["fact_id"] for row in drawn]
    for row in facts:
        if row["weight"]:
            assert round(row["weight"], 1) == number(report, f"facts.C-01.{row['place']}.bits")
    svg = next(f for f in report.all(".//figure") if f.get("id") == "figure-weights-C-01")
    total = sum(round(row["weight"], 1) for row in facts if row["is_counted"])
    assert f"{total:.1f}" in [text.text for text in svg.iter() if str(text.tag).endswith("text")]


def test_who_goes_on_after_a_failure_is_counted_from_a_log_without_text(bare):
    """The next request of the group within fifteen seconds, after failures, where no hand-over is known."""
    own_of = {row["account_id"] for row in read_rows(bare.case, "accounts") if row["campaign_id"] == "C-2"}
    (campaign,) = [row for row in read_rows(bare.case, "campaigns") if row["campaign_id"] == "C-2"]
    assert not campaign["templates"]
    own = [row for row in read_rows(bare.case, "exchange_features") if row["account_id"] in own_of]
    own.sort(key=lambda row: (row["started_at"], row["record_id"]))
    moved = [
        a["account_id"] != b["account_id"] and (b["started_at"] - a["started_at"]).total_seconds() <= 15
        for a, b in pairwise(own)
        if a["status"] in FAILED
    ]
    page = bare.annex("group-C-2.html")
    values = {e.get("data-name"): e.get("value") for e in page.iter("data")}

    assert str(sum(row["status"] in FAILED for row in own)) == values["succession_totals.C-2.1.n_failed"]
    assert str(sum(moved)) == values["succession_totals.C-2.1.n_moved"]


def test_figures_are_drawn_from_all_their_rows(sample):
    """The file beside a figure has as many rows as the caption states, and the load figure has every account once."""
    report = sample("pool")
    members = {row["account_id"] for row in read_rows(report.case, "accounts") if row["campaign_id"] == "C-01"}
    profiles = read_rows(report.case, "account_profiles")
    files = {f.find("figcaption//a").get("href"): f for f in report.all(".//figure")}
    loads = report.rows("figures/loads.C-01.csv")

    assert 6 <= len(files)
    for path, figure in files.items():
        shown = figure.find("figcaption//data").get("value")
        assert int(shown) == len(report.rows(path.removeprefix("annexes/"))), path
    assert len(members) == sum(int(row["n_accounts"]) for row in loads if row["is_member"] == "True")
    assert len(profiles) - len(members) == sum(int(row["n_accounts"]) for row in loads if row["is_member"] == "False")
