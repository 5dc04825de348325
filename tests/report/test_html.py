"""The page is one self-contained, accessible document: no script, no reference to outside, sound structure."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from itertools import pairwise

from distilforensics.cli.main import cli

HEADINGS = ("h1", "h2", "h3", "h4")


def test_nothing_in_the_page_runs_or_loads_anything(any_report):
    """No script, no frame, no image from elsewhere, no event attribute."""
    names = Counter(element.tag for element in any_report.tree.iter() if isinstance(element.tag, str))
    attributes = {key for element in any_report.tree.iter() for key in element.attrib}

    assert {} == {
        name: names[name]
        for name in (
            "script",
            "iframe",
            "object",
            "embed",
            "img",
            "link",
            "base",
            "form",
            "image",
            "use",
            "foreignObject",
        )
        if names[name]
    }
    assert set() == {
        key
        for key in attributes
        if key.startswith("on")
        or key in ("src", "srcset", "style", "action", "formaction", "{http://www.w3.org/1999/xlink}href")
    }


def test_a_content_security_policy_forbids_everything_but_inline_style(any_report):
    """The policy stands in the head before the style."""
    (policy,) = [
        m.get("content") for m in any_report.all(".//meta") if m.get("http-equiv") == "Content-Security-Policy"
    ]

    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert any_report.html.index("Content-Security-Policy") < any_report.html.index("<style>")


def test_links_lead_inside_the_page_or_to_annexes_that_exist(any_report):
    """Every anchor has its target and every annex its file."""
    ids = {element.get("id") for element in any_report.tree.iter() if element.get("id")}
    targets = {a.get("href") for a in any_report.all(".//a")}
    files = {target for target in targets if not target.startswith("#")}

    assert set() == {target for target in targets if target.startswith("#") and target[1:] not in ids}
    assert {f for f in files if f.startswith("exhibits/")} == files
    assert set() == {f for f in files if not (any_report.case.report / f).is_file()}


def test_every_id_is_given_once(any_report):
    """Repeated ids would break labels and anchors."""
    ids = Counter(element.get("id") for element in any_report.tree.iter() if element.get("id"))

    assert {} == {name: n for name, n in ids.items() if n > 1}


def test_headings_start_with_one_h1_and_skip_no_level(any_report):
    """Readers with a screen reader move by headings."""
    main = [e for e in any_report.tree.iter() if e.tag in HEADINGS]
    levels = [int(e.tag[1]) for e in main if "Contents" not in "".join(e.itertext())]

    assert 1 == levels.count(1)
    assert [] == [(a, b) for a, b in pairwise(levels) if b > a + 1]


def test_the_page_has_language_landmarks_and_a_skip_link(any_report):
    """lang, main, nav, header, footer, and the first link leads to main."""
    landmarks = {name: len(any_report.all(f".//{name}")) for name in ("main", "nav", "header", "footer")}

    assert "en" == any_report.tree.get("lang")
    assert {"main": 1, "nav": 1, "header": 1, "footer": 1} == landmarks
    assert "#main" == any_report.all(".//a")[0].get("href")


def test_every_table_has_a_caption_and_scoped_headings(any_report):
    """A table that is read aloud cell by cell stays understandable."""
    tables = any_report.all(".//table")

    assert 10 < len(tables)
    assert [] == [table.get("id") for table in tables if table.find("caption") is None]
    assert [] == [
        "".join(th.itertext()) for th in any_report.all(".//th") if th.get("scope") not in ("col", "row", "colgroup")
    ]


def test_every_drawing_has_title_description_and_data_beside_it(full):
    """A drawing is named by its own title and description, and the numbers stand in a table in the same figure."""
    figures = [
        f for f in full.all(".//figure") if f.find("svg") is not None or any(e.tag.endswith("svg") for e in f.iter())
    ]

    assert 8 == len(figures)
    for figure in figures:
        (svg,) = [e for e in figure.iter() if e.tag.endswith("svg")]
        children = {child.tag.rpartition("}")[2]: child for child in svg}
        assert "img" == svg.get("role")
        assert svg.get("aria-labelledby") == f"{children['title'].get('id')} {children['desc'].get('id')}"
        assert children["title"].text
        assert children["desc"].text
        assert figure.find(".//details//table/tbody/tr") is not None


def test_contents_list_every_chapter_in_order(any_report):
    """The list of contents and the headings agree."""
    listed = [
        " ".join("".join(li.itertext()).split()) for li in any_report.all(".//nav//li") if li.get("class") != "sub"
    ]
    headings = [" ".join("".join(h.itertext()).split()) for h in any_report.all(".//main//h2")]

    assert [re.sub(r"\W", "", text) for text in headings] == [re.sub(r"\W", "", text) for text in listed]


def test_statements_carry_a_number_and_a_type(any_report):
    """Numbers run through the whole report without a hole, types come from the closed list."""
    statements = [e for e in any_report.all(".//div") if e.get("class") == "statement"]
    numbers = [int(e.get("id")[1:]) for e in statements]
    types = {"".join(e.find("span[@class='claim']").itertext()) for e in statements}

    assert list(range(1, len(statements) + 1)) == numbers
    assert 15 < len(numbers)
    assert types <= {"observed", "computed", "inferred", "asserted"}


def test_print_has_page_numbers_and_repeats_table_heads(full):
    """The style carries an A4 page with running head and number."""
    style = full.all(".//style")[0].text

    assert "size: A4" in style
    assert 'counter(page) " of " counter(pages)' in style
    assert "thead { display: table-header-group; }" in style
    assert "Case 2026\\00002d0147" in style


def test_colours_of_text_have_a_contrast_of_at_least_seven_to_one(full):
    """Ink, soft text and accent against white, as WCAG computes it."""
    style = full.all(".//style")[0].text
    colours = dict(re.findall(r"--(ink|soft|accent): (#[0-9a-f]{6})", style))

    assert {"ink", "soft", "accent"} == set(colours)
    assert [] == [name for name, value in colours.items() if 1.05 / (luminance(value) + 0.05) < 7]


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_commands_printed_for_verification_exist(any_report):
    """Every `distilforensics` line of the chapter parses with the program's own command line."""
    chapter = any_report.tree.find(".//*[@id='verification']")
    lines = [line for pre in chapter.iter("pre") for line in "".join(pre.itertext()).splitlines()]
    own = [shlex.split(line.partition("&&")[0])[1:] for line in lines if line.startswith("distilforensics ")]

    assert 4 <= len(own)
    for verb, *arguments in own:
        options = {name for parameter in cli.commands[verb].params for name in parameter.opts}
        assert [] == [argument for argument in arguments if argument.startswith("--") and argument not in options]
