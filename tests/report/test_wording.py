"""The report states what a log shows; it does not accuse, it does not claim more than it can, it speaks plainly."""

from __future__ import annotations

import importlib.resources
import re

import pytest

from distilforensics.report import queries
from distilforensics.report.chapters import overview

BANNED = (
    r"prov(?:es?|en|ed|ing)\b", r"proof\b", r"certainly\b", r"certainty\b", r"undoubted", r"no doubt", r"guilt", r"thie(?:f|ves)\b",
    r"theft\b", r"stole", r"steal", r"criminal", r"culprit", r"perpetrat", r"attacker", r"malicious", r"illegal", r"illicit", r"fraud",
    r"suspect", r"definitely", r"conclusive\b(?<!inconclusive)", r"beyond", r"obviously", r"clearly", r"error[- ]free", r"100 % certain",
    r"hits?\b", r"smells?\b", r"distillation attack(?!s, (?:23 February|CCS))",
)  # fmt: skip
"""Words that claim more than a log can show, or accuse, or are not the project's term for the thing."""


def own_words(report) -> str:
    """Return what the report itself says: without quotations, code, file names and the public record."""
    skipped = set()
    for element in report.tree.iter():
        if (
            element.tag in ("blockquote", "code", "pre", "style")
            or element.get("id") in ("references", "glossary", "heuristics-detail")
            or "k-ident" in (element.get("class") or "")
        ):
            skipped |= set(element.iter())
    return " ".join(
        " ".join(
            [e.text or "" for e in report.tree.iter() if e not in skipped]
            + [e.tail or "" for e in report.tree.iter() if e not in skipped or e.tag == "code"]
        ).split()
    )


@pytest.mark.parametrize("word", BANNED)
def test_a_word_that_claims_too_much_is_nowhere_in_the_report(any_report, word):
    """Over whole rendered reports."""
    found = re.search(rf"\b{word}", own_words(any_report), re.IGNORECASE)

    assert None is found, found and own_words(any_report)[max(0, found.start() - 60) : found.end() + 60]


def test_no_word_of_the_project_names_an_actor(any_report):
    """Names of vendors and laboratories stand in the references alone, as assertions of their authors."""
    names = ("Anthropic", "OpenAI", "Alibaba", "DeepSeek", "Moonshot", "MiniMax", "China", "Chinese")
    text = " ".join(
        " ".join(s.itertext())
        for s in any_report.all(".//main/section")
        if s.get("id") not in ("references", "heuristics-detail")
    )

    assert [] == [name for name in names if name in text]


def test_a_log_without_campaigns_gets_a_whole_report_that_accuses_nobody(quiet):
    """It says so, states what was examined and what every silent heuristic would have fired on."""
    text = quiet.text()
    anchors = {section.get("id") for section in quiet.all(".//main/section")}
    silent = [
        h
        for h in ("Equal load over the accounts of a group", "Activity without daily rhythm")
        if f"{h} . Did not fire. It would have fired on: 20 accounts" in text
    ]

    assert "This report accuses nobody." in text
    assert 2 == len(silent)
    assert {
        "summary",
        "explained",
        "accounts",
        "heuristics",
        "health",
        "sources",
        "methods",
        "error-rates",
        "limits",
        "verification",
    } <= anchors
    assert [] == [anchor for anchor in anchors if anchor.startswith("campaign")]


def test_silence_for_want_of_data_is_not_called_silence(bare):
    """Heuristics on texts are not evaluated on a log without texts, with the reason, in the summary too."""
    summary = bare.text("summary")

    assert (
        "One frame, many accounts, many fills . Not evaluated: column prompt_text is filled in 0 % of rows" in summary
    )
    assert "A heuristic that could not be evaluated says nothing in either direction." in summary
    assert "Prompt: no text in this record (not logged)" in bare.text()


def test_error_rates_are_not_claimed_where_they_were_not_measured(full):
    """The chapter says that nothing is known, and no percentage stands in it."""
    text = full.text("error-rates")

    assert "No error rate is known for this log: neither" in text
    assert None is re.search(r"\d\s?%", text)


def test_measured_rates_stand_with_their_intervals_and_never_as_a_bare_zero(rated):
    """No innocent account was accused, so the upper bound is given; what was not used is named with the reason."""
    text = rated.text("error-rates")
    table = rated.text("error-rates-measured")

    assert "“confirmed cases of May” with 1,000 accounts of 10 known campaigns and 20,000 innocent accounts" in text
    assert "innocent accounts strong 0 of 20,000 0 of 1,000 at most 0.369 %" in table
    assert "campaign accounts strong 960 of 1,000 9 of 10 55.4 % to 99.75 %" in table
    assert "at least 13.1 %" in rated.text("error-rates-base")
    assert "The measurement “cases of June” was supplied and not used: it was measured with other rules." in text
    assert None is re.search(r"(?<![\d.])0 %", text)
    assert "Error rates are stated in" in rated.text("summary")


def test_a_reference_is_described_and_a_refused_one_named(rated, full):
    """With a benign period its size stands there; without one it is said that nothing can be claimed."""
    text = rated.text("error-rates")

    assert "150 accounts over 28 days, 200 sets" in text
    assert "A reference of 150 accounts over 3 days was named and not used: it is too short." in text
    assert "every set is ranked among the others of this log. That orders them and supports no claim." in full.text(
        "error-rates"
    )


def test_a_campaign_says_what_becomes_of_it_at_moved_thresholds(full):
    """In words below the grade, and per heuristic in the table of stability."""
    strong, weak = full.text("campaign-c-1"), full.text("campaign-c-2")

    assert (
        "With all firing thresholds 25 % stricter at once the grade would be the same, without 1 heuristic that bears it (evasion.flat_clock)"
        in strong
    )
    assert "with all of them 25 % laxer it would be the same, with 1 heuristic more (coordination.baton_pass)" in strong
    assert "the grade would be inconclusive" in weak
    assert "Fired at a threshold 25 % stricter" in full.text("campaign-c-1-stability")


def test_evidence_against_stands_beside_evidence_for_in_one_table(full):
    """One table with two columns, each piece with its type, benign explanations with their outcome."""
    table = full.tree.find(".//*[@id='campaign-c-1-evidence-table']/table")
    heads = ["".join(th.itertext()) for th in table.findall("thead/tr/th")]
    first = [" ".join("".join(cell.itertext()).split()) for cell in table.findall("tbody/tr")[0]]

    assert ["Fits H1: operated together to collect outputs", "Speaks against H1, or fits H2"] == heads
    assert first[0].startswith("computed 2,880 exchanges of 24 accounts fill one frame")
    assert first[1].startswith("observed The same accounts also sent 600 requests")
    assert "checked: does not explain this group" in full.text("campaign-c-1-benign-table")
    assert "could not be checked on this log" in full.text("campaign-c-1-benign-table")
    assert "checked: holds at least in part" in full.text("campaign-c-2-benign-table")


def test_what_the_report_does_not_establish_stands_in_the_summary_and_in_full(full):
    """Both places have one entry per limit."""
    limits = overview.fixed_text("limits")

    assert 8 <= len(limits)
    assert [] == [
        limit["title"]
        for limit in limits
        if limit["text"] not in full.text("limits") or limit["short"] not in full.text("summary")
    ]


def test_every_reference_is_an_assertion_of_its_authors(full):
    """The public record is marked as asserted, with how it was read."""
    rows = full.tree.findall(".//table[@id='references-table']/tbody/tr")

    assert len(overview.fixed_text("references")) == len(rows)
    assert {("asserted", "primary"), ("asserted", "secondary")} == {(row[4].text, row[5].text) for row in rows}


def test_templates_and_texts_hold_no_banned_word_that_a_report_may_not_reach():
    """Branches of templates that the three reports do not take are read as files."""
    folder = importlib.resources.files("distilforensics.report")
    texts = [
        path.read_text(encoding="utf-8") for path in (folder / "templates").iterdir() if path.name.endswith(".html.j2")
    ]
    texts += [(folder / "texts" / f"{name}.toml").read_text(encoding="utf-8") for name in ("limits", "explanations")]
    texts += [query.title for query in queries.load_all()]
    found = [
        match[0]
        for text in texts
        for word in BANNED
        for match in [re.search(rf"\b{word}", text, re.IGNORECASE)]
        if match
    ]

    assert 15 < len(texts)
    assert [] == found
