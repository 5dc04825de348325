"""The main document and its annexes are self-contained, accessible pages: no script, no reference to outside, sound structure."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from itertools import pairwise

import html5lib

from distilforensics.cli.main import cli

ACTIVE = {"script", "iframe", "object", "embed", "img", "link", "base", "form", "image", "use", "foreignObject"}


def pages(report):
    """Return path -> tree of all pages of a report."""
    return {
        path.relative_to(report.case.report).as_posix(): html5lib.parse(
            path.read_text(encoding="utf-8"), treebuilder="etree", namespaceHTMLElements=False
        )
        for path in sorted(report.case.report.rglob("*.html"))
    }


def test_nothing_runs_or_loads_anything(any_report):
    """No active element, no address but links, and a policy that forbids everything but inline style; one annex alone has a script."""
    for name, tree in pages(any_report).items():
        if name == "annexes/browse.html":
            continue
        tags = {e.tag.rpartition("}")[2] for e in tree.iter() if isinstance(e.tag, str)}
        attributes = {key for e in tree.iter() for key in e.attrib}
        (policy,) = [m.get("content") for m in tree.iter("meta") if m.get("http-equiv") == "Content-Security-Policy"]

        assert set() == tags & ACTIVE, name
        assert set() == {
            key for key in attributes if key.startswith("on") or key in ("src", "srcset", "style", "action")
        }, name
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'"), name
        assert "url(" not in tree.find(".//style").text, name


def test_links_lead_inside_the_report(any_report):
    """Every link has its target, in the page or in another file of the report."""
    known = pages(any_report)
    ids = {name: {e.get("id") for e in tree.iter() if e.get("id")} for name, tree in known.items()}
    for name, tree in known.items():
        for a in tree.iter("a"):
            path, _, anchor = a.get("href").partition("#")
            target = (any_report.case.report / name).parent / path if path else any_report.case.report / name
            assert target.is_file(), (name, a.get("href"))
            if anchor:
                assert anchor in ids[target.resolve().relative_to(any_report.case.report.resolve()).as_posix()]


def test_ids_headings_and_landmarks_are_sound(any_report):
    """Ids are given once; headings begin with one h1 and skip no level; the first link leads to the content."""
    for name, tree in pages(any_report).items():
        ids = Counter(e.get("id") for e in tree.iter() if e.get("id"))
        levels = [int(e.tag[1]) for e in tree.iter() if e.tag in ("h1", "h2", "h3", "h4")]
        landmarks = {tag: len(tree.findall(f".//{tag}")) for tag in ("main", "header", "footer")}

        assert {} == {key: n for key, n in ids.items() if n > 1}, name
        assert 1 == levels.count(1), name
        assert [] == [(a, b) for a, b in pairwise(levels) if b > a + 1], name
        assert {"main": 1, "header": 1, "footer": 1} == landmarks, name
        assert "en" == tree.get("lang"), name
        assert "#main" == next(tree.iter("a")).get("href"), name


def test_tables_have_captions_scopes_and_a_frame_to_scroll_in(any_report):
    """A table is named, its headings say what they head, and where it is wide it scrolls within itself, with the keyboard too."""
    for name, tree in pages(any_report).items():
        frames = [e for e in tree.iter("div") if e.get("class") == "scroll"]
        framed = [t for e in frames for t in e.iter("table")]

        assert len(framed) == len(tree.findall(".//table")), name
        assert [] == [t for t in framed if not "".join(t.find("caption").itertext()).strip()], name
        assert {"col"} >= {th.get("scope") for th in tree.iter("th")}, name
        assert [] == [e for e in frames if e.get("tabindex") != "0" or not e.get("aria-label")], name


def test_figures_have_words_and_rows_beside_them(full):
    """Each drawing has a title and a description, and its rows in a file."""
    figures = full.all(".//figure")

    assert 4 <= len(figures)
    for figure in figures:
        (svg,) = [e for e in figure.iter() if str(e.tag).endswith("svg")]
        named = {child.tag.rpartition("}")[2]: child for child in svg if child.get("id")}
        assert "img" == svg.get("role")
        assert svg.get("aria-labelledby") == f"{named['title'].get('id')} {named['desc'].get('id')}"
        assert len(named["desc"].text) > 40
        assert (full.case.report / figure.find("figcaption//a").get("href")).is_file()


def test_colours_have_the_contrast_of_aa(full):
    """Text and the colours of drawn text at least 4.5 to 1 against white and against the grey behind quotations."""
    style = full.all(".//style")[0].text
    colours = dict(re.findall(r"--(ink|soft|accent|wash): (#[0-9a-f]{6})", style))
    drawn = {e.get("fill") for e in full.tree.iter() if str(e.tag).endswith("text")}

    for colour in (colours["ink"], colours["soft"], colours["accent"], *drawn):
        assert 4.5 <= 1.05 / (luminance(colour) + 0.05), colour
    assert 4.5 <= (luminance(colours["wash"]) + 0.05) / (luminance(colours["soft"]) + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_print_has_running_heads_and_cuts_no_figure(full):
    """A4, page numbers, the case number on every page."""
    style = full.all(".//style")[0].text

    assert "size: A4" in style
    assert 'counter(page) " of " counter(pages)' in style
    assert "Case 2026\\00002d0147" in style
    assert re.search(r"figure, tr, [^{]*\{ break-inside: avoid; \}", style)


def test_commands_printed_for_checking_exist(any_report):
    """Each `distilforensics` command parses with the program's own command line; files that are named are there."""
    chapter = " ".join("".join(code.itertext()) for code in any_report.all(".//code"))
    script = "".join(any_report.all(".//main//pre")[-1].itertext())
    commands = [shlex.split(text)[1] for text in re.findall(r"distilforensics [a-z]+ [A-Z]+", chapter)]

    assert {"verify", "cite"} <= set(commands) <= set(cli.commands)
    for path in re.findall(r"report/\S+\.sql|report/annexes/SHA256SUMS", script):
        assert (any_report.case.root / path).is_file(), path


def test_page_one_answers_the_first_questions(sample):
    """How many accounts, how many requests, when, what was taken, how sure, what else: before the second section."""
    text = sample("pool").html.partition("<h2 id")[0]

    for words in (
        "accounts (of",
        "requests, ",
        "What was asked for",
        "What indicates that they acted together",
        "What else could explain it",
        "of three grades",
    ):
        assert words in text
