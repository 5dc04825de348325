"""The committed example is a whole report: what it lists is there, with the hashes that it prints."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import html5lib
import pytest

from distilforensics.analysis.heuristics.loader import load_catalog

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"


@pytest.fixture(scope="module")
def tree():
    """The example as a tree."""
    text = (EXAMPLE / "report.html").read_text(encoding="utf-8")
    return html5lib.parse(text, treebuilder="etree", namespaceHTMLElements=False)


def test_the_example_lists_its_annexes_with_their_hashes(tree):
    """Every file beside the page is listed, and no other one."""
    table = tree.find(".//*[@id='annexes-files-table']")
    rows = [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")][1:]
    files = {p.relative_to(EXAMPLE / "exhibits").as_posix(): p for p in EXAMPLE.glob("exhibits/**/*") if p.is_file()}

    assert {row[0]: row[3] for row in rows} == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()
    }


def test_the_example_was_made_with_the_heuristics_of_today():
    """Its annexes hold every query of the catalogue, as it is now."""
    today = {f"{heuristic.id}.sql": heuristic.file.body.strip() for heuristic in load_catalog()}
    annexes = EXAMPLE / "exhibits" / "heuristics"

    assert today == {path.name: path.read_text(encoding="utf-8").strip() for path in annexes.iterdir()}


def test_the_example_shows_a_campaign_and_totals_that_agree(tree):
    """The simulated pool is found, and everything that was counted twice is equal."""
    text = " ".join(" ".join(tree.itertext()).split())
    results = ["".join(row[-1].itertext()) for row in tree.iterfind(".//*[@id='methods-checks-table']/table/tbody/tr")]

    assert re.search(r"Campaign C-0*1\b", text)
    assert {"equal"} == set(results)


def test_the_example_runs_nothing_and_leads_nowhere(tree):
    """No script, and links to the page and its annexes alone."""
    assert [] == tree.findall(".//script")
    assert [] == [
        a.get("href")
        for a in tree.iter("a")
        if not a.get("href").startswith("#") and not (EXAMPLE / a.get("href")).is_file()
    ]
