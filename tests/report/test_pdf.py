"""The PDF files: tagged PDF/A-3 of few pages with the words of the HTML, files inside, the same bytes each time, nothing of a log as markup."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from datetime import datetime

import html5lib
import pikepdf
import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.core.errors import UsageError
from distilforensics.core.progress import Silent
from distilforensics.report.pdf import LACKING, Attached, drawn, page_data, pdf_of
from distilforensics.report.stage import PAGES, render_report

LIMITS = Limits(600_000_000, 2)
MOMENT = datetime(2026, 3, 5, 23, 57, 2)
MOST_PAGES = {
    ("pool", "full"): 12, ("benign", "full"): 3, ("metadata_only", "full"): 3,
    ("pool", "letter"): 2, ("benign", "letter"): 2, ("metadata_only", "letter"): 2,
    ("pool", "disclosure"): 12, ("benign", "disclosure"): 3, ("metadata_only", "disclosure"): 3,
}  # fmt: skip
RENDER = """
import sys
from pathlib import Path
from distilforensics.report.pdf import pdf_of
sys.stdout.buffer.write(pdf_of(Path(sys.argv[1]).read_bytes(), (), None))
"""


def page_of(report, edition):
    return (report.case.report / f"{PAGES[edition]}.html").read_bytes()


def opened(content):
    return pikepdf.open(io.BytesIO(content))


def tags(pdf):
    """Return how often each kind of structure element occurs, and the elements."""
    found = []

    def walk(node):
        if isinstance(node, pikepdf.Array):
            for child in node:
                walk(child)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                found.append(node)
            if "/K" in node:
                walk(node.K)

    walk(pdf.Root.StructTreeRoot.K)
    return Counter(str(node.S) for node in found), found


def attached(path):
    """Return the files inside of a PDF by name."""
    with pikepdf.open(path) as pdf:
        return {name: pdf.attachments[name].get_file().read_bytes() for name in list(pdf.attachments)}


def words_of(data):
    """Return the words that a page hands to the layout, in order."""
    if isinstance(data, str):
        return data
    if isinstance(data, list):
        return " ".join(filter(None, map(words_of, data)))
    if isinstance(data, dict):
        keys = ("caption", "head", "parts", "rows", "items", "value", "note", "term", "meaning", "text", "blocks")
        return " ".join(filter(None, (words_of(data[key]) for key in keys if key in data)))
    return ""


@pytest.mark.parametrize(("name", "edition"), MOST_PAGES)
def test_an_edition_is_a_short_tagged_file_for_the_archive(sample, name, edition):
    """Pages within the limits, what PDF/A-3a and PDF/UA-1 state of themselves, title and language, a structure with headings and described figures."""
    page = page_of(sample(name), edition)
    pdf = opened(pdf_of(page, (), MOMENT))
    counts, elements = tags(pdf)
    metadata = pdf.open_metadata()
    html = html5lib.parse(page.decode(), treebuilder="etree", namespaceHTMLElements=False)

    assert len(pdf.pages) <= MOST_PAGES[name, edition]
    assert ("3", "A") == (metadata["pdfaid:part"], metadata["pdfaid:conformance"])
    assert pdf.Root.MarkInfo.Marked
    assert ("en", [595, 842]) == (str(pdf.Root.Lang), [round(x) for x in pdf.pages[0].mediabox[2:]])
    assert "1" == metadata["pdfuaid:part"]
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert 1 == counts["/H1"]
    assert len(html.findall(".//main//h2")) == counts["/H2"]
    assert len(html.findall(".//main//h3")) == counts["/H3"]
    assert len(html.findall(".//table")) == counts["/Table"] == counts["/THead"]
    assert len(html.findall(".//figure")) == counts["/Figure"]
    assert all(len(str(node.Alt)) > 40 for node in elements if str(node.S) == "/Figure")
    assert [] == pdf.check_pdf_syntax()


@pytest.mark.parametrize("edition", PAGES)
def test_it_says_what_the_page_says(sample, edition):
    """Every word of header, content and footer, in order, none twice."""
    page = page_of(sample("pool"), edition)
    html = html5lib.parse(page.decode(), treebuilder="etree", namespaceHTMLElements=False)
    for svg in [e for e in html.iter() if str(e.tag).endswith("svg")]:
        svg.clear()
    said = "".join("".join(html.find(f".//{part}").itertext()) for part in ("header/h1", "main", "footer"))

    def squeezed(text):
        return re.sub(r"[\s\u200b]+", "", text)

    assert squeezed(drawn(said)) == squeezed(words_of(page_data(page)["blocks"]))


def test_findings_and_lists_of_hashes_are_inside(sample, tmp_path):
    """The full edition carries the case's own files; the others carry findings without any account, record or path."""
    report = sample("pool")
    shutil.copytree(report.case.root, tmp_path / "copy")
    case = open_case(tmp_path / "copy")
    render_report(case, LIMITS, Silent(), report.catalogue, is_with_pdf=True)
    files = {edition: attached(case.report / f"{PAGES[edition]}.pdf") for edition in PAGES}
    annexes = case.report / "annexes"

    assert {
        "findings.json": (case.findings / "findings.json").read_bytes(),
        "SHA256SUMS": (annexes / "SHA256SUMS").read_bytes(),
        "tables-sha256.txt": (annexes / "tables-sha256.txt").read_bytes(),
        "method.json": (annexes / "method.json").read_bytes(),
    } == files["full"]
    for edition in ("letter", "disclosure"):
        (content,) = files[edition].values()
        campaign = json.loads(content)["campaigns"][0]
        assert (28, 1927) == (campaign["n_accounts"], campaign["n_requests"])
        accounts = {row["account_id"] for row in report.rows("accounts.csv")}
        assert [] == [name for name in accounts if name.encode() in content]
        assert b".jsonl" not in content


def test_pdf_is_kept_up_until_it_is_switched_off(sample, tmp_path):
    """A run that does not say renews it; --no-pdf removes it."""
    report = sample("benign")
    shutil.copytree(report.case.root, tmp_path / "copy")
    case = open_case(tmp_path / "copy")

    def render(**chosen):
        outcome = render_report(case, LIMITS, Silent(), report.catalogue, **chosen)
        return outcome.is_skipped, sorted(p.relative_to(case.report).as_posix() for p in case.report.rglob("*.pdf"))

    every = sorted(f"{name}.pdf" for name in PAGES.values())
    assert (True, []) == render()
    assert (False, every) == render(is_with_pdf=True)
    assert (True, every) == render()
    (case.report / "report.pdf").unlink()
    assert (False, every) == render()
    assert (False, []) == render(is_with_pdf=False)


def test_two_processes_set_the_same_bytes(sample):
    """Another hash seed, zone and locale, and no date but that of the log."""
    path = sample("pool").case.report / "report.html"
    outputs = [
        subprocess.run(
            [sys.executable, "-c", RENDER, str(path)],
            check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "SOURCE_DATE_EPOCH": seed},
        ).stdout
        for seed, zone in (("1", "UTC"), ("4711", "Pacific/Auckland"))
    ]  # fmt: skip

    assert 50_000 < len(outputs[0])
    assert hashlib.sha256(outputs[0]).digest() == hashlib.sha256(outputs[1]).digest()


def html_with(text):
    """Return a small page with a text in every kind of place."""
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        f'<!DOCTYPE html><html lang="en"><body><header><p class="meta">{shown}</p><h1>{shown[:400]}</h1></header><main id="main">'
        f'<p>{shown} <code>{shown}</code> <q>{shown}</q></p><pre>{shown}</pre><div class="scroll"><table><caption>{shown}</caption>'
        f'<thead><tr><th scope="col">{shown}</th></tr></thead><tbody><tr><td class="id">{shown}</td></tr></tbody></table></div>'
        f'<dl class="terms"><dt>{shown}</dt><dd>{shown}</dd></dl></main><footer><p>{shown}</p></footer></body></html>'
    ).encode()


HOSTILE = (
    "#eval(\"1\") $x$ *b* _e_ `raw` @ref <label> [c] \\u{41} // comment",
    '#read("/etc/passwd") #image("https://evil.example/x.png") #link("https://evil.example")[x]',
    "中文测试 한국어 اَلْعَرَبِيَّةُ हिन्दी ไทย 😀 e\u0301 a\u0328\u0301 \u0e33\u0e33 \U0001f469\u200d\U0001f469",
    "\u202eevil\u202c \ufeff \x07 \x1b[2J",
    "A" * 20_000,
    "=HYPERLINK(\"https://evil.example\")",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_set_as_text(text):
    """No script, action or link comes of it, nothing is read, and scripts that the fonts lack are escapes and no failure."""
    pdf = opened(pdf_of(html_with(text), [Attached("findings.json", "{}", "application/json", "x")], MOMENT))
    kinds = {str(annotation.Subtype) for page in pdf.pages for annotation in page.get("/Annots", ())}
    raw = b"".join(obj.read_bytes() for obj in pdf.objects if isinstance(obj, pikepdf.Stream))

    assert set() == kinds
    assert "/OpenAction" not in pdf.Root
    assert ["findings.json"] == list(pdf.attachments)
    assert b"root:x:" not in raw
    assert b"/JavaScript" not in raw


def test_a_file_with_codes_in_place_of_characters_says_so():
    """In the language of the page; one that shows all characters does not speak of it."""
    plain = page_data(html_with("Grüße, Привет, 1\u202f234"))["blocks"]
    chinese = page_data(html_with("中文"))["blocks"]
    german = page_data(html_with("中文").replace(b'lang="en"', b'lang="de"'))["blocks"]

    assert "lack" not in words_of(plain)
    assert LACKING == words_of(chinese[-1])
    assert "\\u4e2d\\u6587" in words_of(chinese)
    assert words_of(german[-1]).startswith("Zeichen, die den Schriften dieser Datei fehlen")


def embedded(font):
    """Return whether the file carries the font's shapes."""
    fonts = list(font.DescendantFonts) if "/DescendantFonts" in font else [font]
    return all({"/FontFile", "/FontFile2", "/FontFile3"} & set(f.FontDescriptor.keys()) for f in fonts)


@pytest.mark.parametrize("edition", PAGES)
def test_a_file_keeps_the_rules_of_the_archive(sample, edition):
    """ISO 19005-3: no cipher, script, action or link outside; colours, fonts and files inside; plain metadata; words that can be copied out."""
    pdf = opened(
        pdf_of(page_of(sample("pool"), edition), [Attached("a.json", "{}", "application/json", "A file")], MOMENT)
    )
    objects = [o for o in pdf.objects if isinstance(o, (pikepdf.Dictionary, pikepdf.Stream))]
    fonts = [
        o
        for o in objects
        if (o.get("/Type") == "/Font" and "/DescendantFonts" in o) or o.get("/Subtype") in ("/TrueType", "/Type1")
    ]
    intents = [i for i in pdf.Root.OutputIntents if str(i.S) == "/GTS_PDFA1"]
    specs = [o for o in objects if o.get("/Type") == "/Filespec"]

    assert not pdf.is_encrypted
    assert 2 == len(pdf.trailer.ID)
    assert 1 == len(intents)
    assert intents[0].DestOutputProfile.read_bytes()[36:40] == b"acsp"
    assert 2 <= len(fonts)
    assert all(map(embedded, fonts))
    assert all("/ToUnicode" in font for font in fonts)
    assert "/Filter" not in pdf.Root.Metadata
    assert not [
        o
        for o in objects
        if o.get("/S") in ("/JavaScript", "/Launch", "/URI", "/SubmitForm", "/ImportData", "/Movie", "/Sound")
    ]
    assert not {"/OpenAction", "/AA", "/AcroForm", "/NeedsRendering"} & set(pdf.Root.keys())
    assert not [
        o
        for o in objects
        if (isinstance(o, pikepdf.Stream) and "LZW" in str(o.get("/Filter", ""))) or ("/F" in o and "/Length" in o)
    ]
    assert ["/Data"] == [str(spec.AFRelationship) for spec in specs]
    assert all("/UF" in spec and "/F" in spec.EF for spec in specs)
    assert all("/Tabs" in page and str(page.Tabs) == "/S" for page in pdf.pages if "/Annots" in page)


def test_characters_without_a_picture_are_escapes():
    """Latin, Greek and Cyrillic stay; the others are written as code."""
    assert "Zürich Ελλάδα Москва “x” ≥" == drawn("Zu\u0308rich Ελλάδα Москва “x” ≥")
    assert "\\u4e2d\\u6587 \\U0001f600 \\u202e" == drawn("中文 \U0001f600 \u202e")


def test_without_the_library_there_is_a_way_out(monkeypatch):
    """The message names what to install."""
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(UsageError, match="PDF needs a library that is not installed, expected typst"):
        pdf_of(html_with("x"), (), MOMENT)
