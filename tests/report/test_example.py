"""The committed example is a whole report: what it lists is there, with the hashes that it prints, made by the program of today."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import html5lib
import pytest

EXAMPLE = Path(__file__).parents[2] / "reports" / "example"


@pytest.fixture(scope="module")
def tree():
    """The example as a tree."""
    text = (EXAMPLE / "report.html").read_text(encoding="utf-8")
    return html5lib.parse(text, treebuilder="etree", namespaceHTMLElements=False)


def test_the_example_lists_its_annexes_with_their_hashes():
    """Every file beside the page is in the list, and no other one; the page prints the hash of the list."""
    folder = EXAMPLE / "annexes"
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS"}

    assert [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}" for name, path in sorted(files.items())] == lines
    assert hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest() in (EXAMPLE / "report.html").read_text(
        encoding="utf-8"
    )


def test_the_example_is_what_the_program_writes_today(sample):
    """The same words and figures, but for the case data that the examiner states and the hashes that depend on them."""

    def words(text):
        main = text[text.index("<main") :]
        return re.sub(r"(?s)<dl class=\"case\">.*?</dl>|<p class=\"seals\">.*?</p>", "", main)

    assert words(sample("pool").html) == words((EXAMPLE / "report.html").read_text(encoding="utf-8"))


def test_the_example_runs_nothing_and_leads_nowhere(tree):
    """No script, and links to the page and its annexes alone."""
    targets = [a.get("href") for a in tree.iter("a")]

    assert [] == tree.findall(".//script")
    assert [] == [target for target in targets if not target.startswith("#") and not (EXAMPLE / target).is_file()]
