"""The main document stays short: pages estimated from its text and figures, words, and where the first figure stands.

Chromium printed the samples on 12, 2 and 3 pages; the estimate was fitted to that and is a page high at most.
"""

from __future__ import annotations

import math

import pytest

LINE_CHARS, LINE_PX, PAGE_PX, WIDTH_PX = 97, 18.5, 985, 665
"""Of an A4 page as the style prints it: characters in a line, height of a line, of a page, and width."""
BLOCKS = {"p", "li", "h1", "h2", "h3", "figcaption", "pre", "dd"}


def heights(report):
    """Return (element, height in px) in the order of the page."""
    found = []
    inside = {e for tr in report.all(".//tr") for e in tr.iter()} | {
        e for ul in report.all(".//ul[@class='boxes']") for e in ul.iter()
    }
    for element in report.tree.find(".//body").iter():
        tag = str(element.tag).rpartition("}")[2]
        if tag == "svg":
            _, _, width, height = map(float, element.get("viewBox").split())
            found.append((element, WIDTH_PX * height / width + 20))
        elif tag == "tr":
            cells = list(element)
            share = 1.15 * LINE_CHARS / max(1, len(cells))
            lines = max((math.ceil(len(" ".join("".join(c.itertext()).split())) / share) for c in cells), default=1)
            found.append(
                (element, 9 + 16 * min(lines, 1 + sum(len("".join(c.itertext())) for c in cells) // LINE_CHARS))
            )
        elif tag in BLOCKS and element not in inside:
            text = "".join(element.itertext())
            lines = sum(
                max(1, math.ceil(len(line) / LINE_CHARS)) for line in (text.splitlines() if tag == "pre" else [text])
            )
            found.append((element, lines * LINE_PX + {"h1": 30, "h2": 45, "h3": 20, "p": 9}.get(tag, 5)))
        elif tag == "ul" and element.get("class") == "boxes":
            found.append((element, 80))
    return found


def estimated_pages(report) -> float:
    """Return the pages that the main document takes in print, with a tenth for what is kept together."""
    return 1.1 * sum(height for _, height in heights(report)) / PAGE_PX


def words(report) -> int:
    return len(report.text("main").split())


@pytest.mark.parametrize(
    ("name", "most_pages", "most_words"), [("pool", 12, 4400), ("benign", 3, 900), ("metadata_only", 4, 1300)]
)
def test_the_main_document_of_a_sample_is_short(sample, name, most_pages, most_words):
    """Pages, words and bytes."""
    report = sample(name)

    assert estimated_pages(report) <= most_pages
    assert words(report) <= most_words
    assert len(report.html) < 400_000


def test_the_first_figure_stands_on_the_second_page(sample):
    """At most two pages from the top."""
    above = 0.0
    for element, height in heights(sample("pool")):
        if str(element.tag).endswith("svg"):
            break
        above += height

    assert above / PAGE_PX < 1.5


def test_the_invented_log_with_two_campaigns_stays_short(full):
    """Further campaigns are a row of a table and an annex of their own."""
    assert estimated_pages(full) <= 12
    assert (full.case.report / "annexes" / "group-C-2.html").is_file()
