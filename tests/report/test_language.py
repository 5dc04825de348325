"""The report in another language: every sentence has its translation with the same places, nothing stays English, the numbers are the same."""

from __future__ import annotations

import importlib.resources
import re
import shutil
from types import SimpleNamespace

import html5lib
import jinja2
import pytest
from jinja2 import nodes

from distilforensics.analysis.health import health_files
from distilforensics.assessment import fact, work_facts
from distilforensics.case.layout import open_case
from distilforensics.cli.options import report_options
from distilforensics.core.finding import REVIEWS
from distilforensics.core.progress import Silent
from distilforensics.report import catalogue, render
from distilforensics.report.language import LANGUAGES, PLACE, language_of
from distilforensics.report.pdf import LACKING
from distilforensics.report.result import fixed_text, short_sentences
from distilforensics.report.stage import render_report
from tests.report.conftest import load, run_sql

GERMAN = language_of("de")
ENGLISH_PAGES = ("style.css.j2",)
"""Without words."""
ENGLISH_WORDS = re.compile(r"\b(the|of|and|is|are|with|from|accounts?|requests?|not|which|that|were|by|to|on|March)\b")
HEALTH_TEXT = re.compile(r'^title = "(.*)"$|\'([a-z -]+)\' as part|union all\nselect\n    \'([a-z -]+)\'', re.MULTILINE)
"""Titles of checks of the log, and the names of what they look at."""
BANNED = (
    r"(?i)\b(Täter|Dieb|gestohlen|Diebstahl|Angreifer|Betrug|betrügerisch|ve"
    r"rdächtig|zweifellos|eindeutig|sicherlich|offensichtlich)"
)


def templates():
    """Return the name and text of each template."""
    folder = importlib.resources.files("distilforensics.report") / "templates"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.name.endswith(".j2")}


def constants(node):
    """Return the texts that an argument may be: one, or those of its conditions."""
    if isinstance(node, nodes.CondExpr):
        return constants(node.expr1) + constants(node.expr2)
    assert isinstance(node, nodes.Const)
    return [node.value]


def said():
    """Return every sentence that a template says; a sentence that is no constant fails."""
    trees = [jinja2.Environment(autoescape=True).parse(text) for text in templates().values()]
    calls = [call for tree in trees for call in tree.find_all(nodes.Call)]
    return {
        text
        for call in calls
        if isinstance(call.node, nodes.Name) and call.node.name == "say"
        for text in constants(call.args[0])
    }


def fixed():
    """Return the words, lists and titles that are translated as they stand."""
    files = [
        *catalogue.read_files(catalogue.catalogue_folder()).values(),
        *catalogue.read_files(catalogue.explanation_folder()).values(),
    ]
    health = [
        path.read_text("utf-8")
        for path in (importlib.resources.files("distilforensics.analysis") / "health").iterdir()
        if path.name.endswith(".sql")
    ]
    columns = (importlib.resources.files("distilforensics.report") / "queries" / "log_columns.sql").read_text("utf-8")
    return {
        *render.STATUS_WORDS.values(), *render.TIE_WORDS.values(), *render.MARK_WORDS.values(), *(file.header["title"] for file in files),
        *(text for entry in (*fixed_text("terms"), *fixed_text("limits"), *fixed_text("rule")) for text in entry.values()),
        *(text for sql in health for found in HEALTH_TEXT.findall(sql) for text in found if text),
        *fixed_text("asks").values(),
        *fact.TITLES.values(),
        *(part for text in fact.EXCLUDES.values() for part in re.split(r"; |, (?!also)", text)),
        *(a or b for a, b in re.findall(r'\bas (?:"([^"]+)"|(\w+))[,\n]', columns) if (a or b) not in ("counted", "n_records")),
        *(text for file in health_files() for text in (file.header["title"], *file.header["parts"])),
        "strong", "moderate", "weak", "fits", "in part", "excluded", "cannot tell", "coordination", "identity",
        "content", "purpose", "accounts directory", "noted", "organisation or tenant", *REVIEWS, LACKING,
    }  # fmt: skip


def test_every_sentence_of_the_templates_has_its_translation_with_the_same_places():
    """A sentence may use a place twice, or say a number in another place."""
    known = GERMAN.sentences
    different = [
        english
        for table in (GERMAN.sentences, GERMAN.statements)
        for english, german in table.items()
        if {place[0] for place in PLACE.findall(english)} != {place[0] for place in PLACE.findall(german)}
    ]

    assert 250 < len(said())
    assert set() == said() - set(known)
    assert [] == different


def test_every_fixed_text_has_its_translation():
    """Words, terms, titles of tests, facts and explanations."""
    assert 150 < len(fixed())
    assert set() == fixed() - set(GERMAN.sentences)


def test_annexes_speak_the_language_of_the_report(german):
    """Headings, headings of columns and fixed sentences; what is quoted from the log or is a name of a column in a file stays as it is."""
    folder = german("pool") / "report" / "annexes"
    left = {}
    for path in sorted(folder.glob("*.html")):
        tree = html5lib.parse(path.read_text(encoding="utf-8"), treebuilder="etree", namespaceHTMLElements=False)
        assert "de" == tree.get("lang"), path.name
        words = {
            "".join(e.itertext()).strip()
            for tag in ("h1", "h2", "h3", "th", "caption", "label", "button")
            for e in tree.iter(tag)
        }
        if english := {word for word in words if GERMAN.sentences.get(word, word) != word}:
            left[path.name] = english

    assert {} == left
    assert {"evidence.html", "exhibits.html", "frameworks.html", "tests.html", "browse.html"} <= {
        p.name for p in folder.glob("*.html")
    }


def test_the_catalogue_holds_no_sentence_that_nobody_says():
    """What neither templates nor lists hold stands in a module of the report or of the assessment, or in a figure's caption."""
    folders = [
        importlib.resources.files("distilforensics") / name
        for name in ("report", "report/frameworks", "assessment", "analysis", "analysis/health", "core")
    ]
    code = "".join(
        path.read_text("utf-8")
        for folder in folders
        for path in folder.iterdir()
        if path.name.endswith((".py", ".sql", ".toml"))
    )
    code = re.sub(r'"\s*\n\s*f?"', "", code)
    left = set(GERMAN.sentences) - said() - fixed()

    assert [] == sorted(
        text
        for text in left
        if text not in code and not text.startswith("shared ") and text.replace(" ", "_") not in code
    )


def test_templates_hold_no_words_outside_of_sentences():
    """Words beside `say` would stay English; names of commands in a block of code do."""
    environment = jinja2.Environment(autoescape=True)
    found = []
    for name, text in templates().items():
        if name in ENGLISH_PAGES:
            continue
        data = "".join(
            part.data
            for output in environment.parse(re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)).find_all(nodes.Output)
            for part in output.nodes
            if isinstance(part, nodes.TemplateData)
        )
        data = re.sub(
            r"(?s)<style>.*?</style>|<!DOCTYPE[^>]*>|<[^>]*>|sha256sum LOGFILE.*?log_totals\.sql|[\w:-]+=\"[^\"]*\"?",
            " ",
            data,
        )
        found += [(name, word) for word in re.findall(r"[A-Za-z]{2,}", data)]

    assert [] == [pair for pair in found if pair[1] not in ("SHA", "amp", "nbsp", "macros")]


EXPLANATIONS = [
    (file.header["id"], text)
    for file in catalogue.read_files(catalogue.explanation_folder()).values()
    for text in re.findall(r"'((?:''|[^'])*)'", re.sub(r"--.*", "", file.body))
    if len(text) > 12 and " " in text and not text.endswith(": ")
]


@pytest.mark.parametrize(("name", "text"), EXPLANATIONS)
def test_sentences_of_explanations_can_be_said(name, text):
    """Each text in the query, with numbers in its places, and cut into sentences as the report does."""
    filled = re.sub(r"\{[^{}]*\}", "7", text.replace("by {}", "by payment method")).lstrip("; ")

    assert [] == [part for part in short_sentences(filled) if GERMAN.stated(part) is None], name


@pytest.mark.parametrize("kind", fact.EXCLUDES)
def test_what_a_fact_excludes_can_be_said(kind):
    """As the report puts it."""
    german = GERMAN.stated(f"Not produced by: {fact.EXCLUDES[kind]}.")

    assert german is not None
    assert not ENGLISH_WORDS.search(german)


@pytest.mark.parametrize("kind", ["handover", "conversation", "answer"])
@pytest.mark.parametrize(("control", "anyway"), [((2, 1000), (0, 12)), ((0, 0), (3, 12))])
def test_sentences_of_ties_can_be_said(kind, control, anyway):
    """As the assessment makes them, whatever the numbers."""
    ties = [SimpleNamespace(delay_us=90_000_000)]
    english = work_facts._tie_statement(kind, ties, 1234, 12, 2345, 40, control, anyway)
    german = GERMAN.stated(english)

    assert german is not None
    assert not ENGLISH_WORDS.search(german)
    assert re.findall(r"[\d,]+", english)[0] in german


def test_numbers_group_thousands_by_a_narrow_blank():
    """A comma would end the whole number for many readers; names that hold one stay as they are."""
    assert "1\u202f234 und 1\u202f234\u202f567, 12, 0,5 und ab1,234" == GERMAN.grouped(
        "1,234 und 1,234,567, 12, 0,5 und ab1,234"
    )
    assert "1,234" == language_of("en").grouped("1,234")


def test_what_the_catalogue_lacks_stays_english_and_is_marked():
    """A statement that a newer assessment makes is printed as it is, with its language, and escaped."""
    text = render._environment("de").from_string("{{ x | stated }}").render(x="Nobody <b>knows</b> this.")

    assert '<span lang="en">Nobody &lt;b&gt;knows&lt;/b&gt; this.</span>' == text


@pytest.fixture(scope="module")
def german(sample, tmp_path_factory):
    """Return a function that renders a sample's report in German, beside the English one."""
    done = {}

    def run(name):
        if name not in done:
            root = shutil.copytree(sample(name).case.root, tmp_path_factory.mktemp("german") / name)
            render_report(open_case(root), load("invented").LIMITS, Silent(), language="de")
            done[name] = root
        return done[name]

    return run


def own_words(path):
    """Return the texts of a page that are this program's own: no quotation, no code, no name from the log."""
    tree = html5lib.parse(path.read_text(encoding="utf-8"), treebuilder="etree", namespaceHTMLElements=False)
    skipped = {
        inner
        for element in tree.iter()
        if element.tag in ("style", "pre", "code", "q") or {"id"} & set((element.get("class") or "").split())
        for inner in element.iter()
    }
    parents = {child: parent for parent in tree.iter() for child in parent}
    texts = [element.text for element in tree.iter() if element not in skipped and element.text]
    texts += [element.tail for element in tree.iter() if element.tail and parents.get(element) not in skipped]
    texts += [element.get("aria-label") for element in tree.iter() if element.get("aria-label")]
    return tree, [" ".join(text.split()) for text in texts if text.strip()]


@pytest.mark.parametrize("name", ["pool", "benign", "metadata_only"])
@pytest.mark.parametrize("page", ["report", "editions/letter", "editions/disclosure"])
def test_a_german_page_holds_no_english_sentence_and_no_english_date(german, name, page):
    """Every word of this program, in texts, tables, figures and labels; no month before its day without a year."""
    tree, words = own_words(german(name) / "report" / f"{page}.html")

    assert "de" == tree.find(".").get("lang")
    assert [] == [element for element in tree.iter() if element.get("lang") == "en"]
    assert 40 < len(words)
    assert [] == [text for text in words if ENGLISH_WORDS.search(text)]
    assert [] == re.findall(BANNED, " ".join(words))
    assert [] == [text for text in words if re.search(r"\d (?:March|Mar|März) |(?<![\d-])03-0\d", text)]


def test_the_german_report_says_the_same_numbers_and_they_are_computed_again(german, sample):
    """The same names of numbers with the same values as in English, and the script in the folder agrees with what is printed."""
    pattern = re.compile(r'<data class="n" data-name="([^"]+)" value="([^"]*)">')
    root = german("pool")
    html = (root / "report/report.html").read_text(encoding="utf-8")
    results = run_sql(root, (root / "report/recompute.sql").read_text(encoding="utf-8"))

    assert set(pattern.findall(sample("pool").html)) == set(pattern.findall(html))
    assert re.fullmatch(r"all \d{3} numbers are equal", results[-2][0][0])
    assert "1\u202f927</data>" in html


def test_the_language_is_kept_until_another_is_chosen(german):
    """As with PDF files; the same choice is no change, and English comes back byte for byte."""
    case = open_case(german("benign"))
    limits = load("invented").LIMITS
    before = (case.report / "report.html").read_bytes()

    assert render_report(case, limits, Silent()).is_skipped
    assert not render_report(case, limits, Silent(), language="en").is_skipped
    assert b'<html lang="en">' in (case.report / "report.html").read_bytes()
    render_report(case, limits, Silent(), language="de")
    assert before == (case.report / "report.html").read_bytes()


def test_the_command_line_offers_the_languages_that_there_are():
    """The list of the option is that of the catalogues."""
    command = report_options(lambda **_: None)
    (option,) = [p for p in command.__click_params__ if p.name == "language"]

    assert list(LANGUAGES) == list(option.type.choices)
