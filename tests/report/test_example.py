"""The committed example is a whole report: what it lists is there, with the hashes that it prints, made by the program of today."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path

import html5lib
import pikepdf
import pytest

from distilforensics.report.pdf import Attached, pdf_of
from distilforensics.report.stage import PAGES

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


@pytest.mark.parametrize("edition", PAGES)
def test_the_pdf_of_the_example_is_set_again_byte_for_byte(edition):
    """From the committed page and the files inside of the committed PDF, with the date of the last request."""
    path = EXAMPLE / f"{PAGES[edition]}.pdf"
    with pikepdf.open(path) as pdf:
        inside = {
            name: Attached(
                name,
                pdf.attachments[name].get_file().read_bytes().decode(),
                pdf.attachments[name].get_file().mime_type,
                pdf.attachments[name].description,
            )
            for name in list(pdf.attachments)
        }
        moment = datetime.strptime(str(pdf.docinfo["/CreationDate"]), "D:%Y%m%d%H%M%S%z")
    order = ("findings.json", "SHA256SUMS", "tables-sha256.txt", "method.json")
    attached = [inside[name] for name in order if name in inside]

    assert len(inside) == (4 if edition == "full" else 1)
    assert path.read_bytes() == pdf_of((EXAMPLE / f"{PAGES[edition]}.html").read_bytes(), attached, moment)


def test_the_example_runs_nothing_and_leads_nowhere(tree):
    """No script, and links to the page and its annexes alone."""
    targets = [a.get("href") for a in tree.iter("a")]

    assert [] == tree.findall(".//script")
    assert [] == [target for target in targets if not target.startswith("#") and not (EXAMPLE / target).is_file()]
