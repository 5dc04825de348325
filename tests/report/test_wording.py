"""The report speaks plainly: short sentences, one word for one thing, no claim beyond the log, no text where there is none."""

from __future__ import annotations

import ast
import importlib.resources
import re
import shutil
from pathlib import Path

import pytest

from distilforensics.cli.diagnostics import run_cli
from distilforensics.core.sqlfile import read_sql_file
from distilforensics.report import catalogue
from distilforensics.report.factors import frameworks

BANNED = (
    r"prov(?:en|ing)\b", r"proof\b", r"undoubted", r"no doubt", r"guilt", r"thie(?:f|ves)\b", r"theft\b", r"stole", r"steal", r"criminal",
    r"culprit", r"perpetrat", r"attacker", r"malicious", r"illegal", r"illicit", r"fraud", r"suspect", r"definitely", r"obviously",
    r"conclusive\b(?<!inconclusive)", r"certainly", r"100 % certain", r"smells?\b", r"is no folder", r"relieve each other", r"1 campaigns", r"1 accounts",
    r"exhibit(?:s)? show(?:s)? that", r"probabl[ye]", r"(?:must|surely|clearly) (?:have|be|was|were)", r"conclude that", r"in order to (?:train|copy)",
    r"heuristics?\b", r"confounders?\b", r"exchanges\b",
)  # fmt: skip
"""Words that accuse, claim more than a log can show, or are not the report's word for the thing."""

MOST_WORDS = 30
SAMPLES = Path(__file__).parents[2] / "sample_logs"
SAMPLE_NAMES = ("pool", "benign", "metadata_only")
BLOCKS = {"p", "li", "dd", "dt", "td", "th", "h1", "h2", "h3", "figcaption", "caption"}


def own_blocks(report):
    """Return the blocks of text of the main document that the report itself says, without quotations, names and code."""
    skipped = set()
    for element in report.tree.iter():
        kinds = set((element.get("class") or "").split())
        if element.tag in ("blockquote", "pre", "style", "title", "q", "code") or kinds & {"stated", "id", "meta"}:
            skipped |= set(element.iter())
    blocks = []
    for element in report.tree.iter():
        if element.tag in BLOCKS and element not in skipped:
            parts = [element.text or ""]
            for child in element.iter():
                if child is not element:
                    parts += [child.text or "" if child not in skipped else "X", child.tail or ""]
            blocks.append(" ".join("".join(parts).split()))
    return blocks


def sentences(block):
    """Return the sentences of a block."""
    return [part for part in re.split(r"(?<=[.?!:;])\s+", block) if part]


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_no_sentence_is_longer_than_thirty_words(sample, name):
    """Parts between semicolons and colons count as sentences of their own."""
    parts = [part for block in own_blocks(sample(name)) for part in sentences(block)]

    assert 30 < len(parts)
    assert [] == [part for part in parts if len(part.split()) > MOST_WORDS]


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_no_word_accuses_claims_too_much_or_has_a_second_name(sample, name):
    """Over what the report itself says."""
    text = " ".join(own_blocks(sample(name)))

    assert [] == [match[0] for word in BANNED if (match := re.search(rf"\b{word}", text, re.IGNORECASE))]


def test_templates_and_fixed_texts_hold_no_banned_word():
    """Branches that no sample takes are read as files."""
    folder = importlib.resources.files("distilforensics.report")
    texts = {
        path.name: path.read_text(encoding="utf-8")
        for kind in ("templates", "texts")
        for path in (folder / kind).iterdir()
    }
    words = {name: re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", " ", text, flags=re.DOTALL) for name, text in texts.items()}
    found = [
        (name, match[0])
        for name, text in words.items()
        for word in BANNED
        if (match := re.search(rf"\b{word}", text, re.IGNORECASE))
        and not (name == "terms.toml" and match[0].startswith("exchange"))
    ]

    assert 15 < len(texts)
    assert [] == found


def test_no_name_of_a_vendor_or_laboratory_stands_in_the_fixed_texts():
    """The report names nobody but what the log names."""
    folder = importlib.resources.files("distilforensics.report")
    text = "".join(
        path.read_text(encoding="utf-8") for kind in ("templates", "texts") for path in (folder / kind).iterdir()
    )

    assert [] == [
        name for name in ("Anthropic", "OpenAI", "Alibaba", "DeepSeek", "Moonshot", "MiniMax", "China") if name in text
    ]


def test_a_log_without_text_never_speaks_of_a_text_that_it_has_not(sample):
    """No template, no instruction, no wording, no sample; the first line says what cannot be shown."""
    report = sample("metadata_only")
    text = report.text("main")

    assert "This log holds no prompts and no answers. Coordination can be shown, not what was collected." in text
    for word in (
        "template",
        "same words",
        "wording",
        "instruction that",
        "word for word",
        "Samples",
        "different from one another",
        "to collect model answers",
    ):
        assert word not in text, word


def test_explanations_have_the_outcomes_of_the_assessment_and_those_that_cap_come_first(full):
    """Four outcomes; what is not excluded says whom to ask; the table is read from the first row."""
    rows = [
        [" ".join("".join(c.itertext()).split()) for c in row]
        for row in full.all(".//div[@aria-label='Harmless explanations']//tbody/tr")
    ]

    assert ["excluded", "fits", "cannot tell", "in part"] == [row[1] for row in rows]
    assert [True, False, False, False] == ["caps the grade" in row[0] for row in rows]
    assert [False, True, True, True] == ["Ask " in row[2] for row in rows]


def test_a_fact_says_what_does_not_produce_it_or_why_it_does_not_count(full):
    """In the table of facts, in the order of the assessment."""
    rows = [
        [" ".join("".join(c.itertext()).split()) for c in row]
        for row in full.all(".//div[@aria-label='Facts, by kind, the heaviest first']//tbody/tr")
    ][-5:]

    assert ["coordination, telling", "coordination", "identity, telling", "identity, not counted", "purpose"] == [
        r[1] for r in rows
    ]
    assert ["171.2", "–", "64.5", "3.2", "–"] == [row[2] for row in rows]  # noqa: RUF001 - as printed
    assert "Not produced by: independent customers, a product's users, a shared cache." in rows[0][3]
    assert rows[3][3].endswith("Below the floor, not counted.")


CLAIMS = re.compile(
    r"(indicates?|consistent with|may|might|as if|that they|would|and not reported)\b[^.]*\bruns? as one\b|\brun as one, by whom",
    re.IGNORECASE,
)
"""How the report may speak of accounts that are run as one."""


@pytest.mark.parametrize("name", ["full", "unknown", "pool", "metadata_only"])
def test_accounts_are_never_said_to_be_run_as_one_without_indicates_or_may(name, request, sample):
    """Title, first page and all that follows."""
    report = sample(name) if name in SAMPLE_NAMES else request.getfixturevalue(name)
    found = [s for b in own_blocks(report) for s in re.split(r"(?<=[.?!])\s+", b) if "run as one" in s.lower()]

    assert found
    assert [] == [sentence for sentence in found if not CLAIMS.search(sentence)]


def test_the_title_claims_as_much_as_the_grades_bear(full, sample):
    """Groups of different grades are said to be indicated, neither strongly nor weakly; that all collect is said where each shows it."""
    heading = " ".join("".join(full.all(".//h1")[0].itertext()).split())

    assert ["strong", "weak"] == [row["grade"] for row in full.rows("campaigns.csv")]
    assert heading.startswith("The log indicates that ")
    assert heading.endswith(" accounts in 2 groups were run as one")
    assert sample("pool").all(".//title")[0].text.endswith(" were run as one and collected model answers")
    assert heading == full.all(".//title")[0].text


def test_groups_of_one_operator_are_listed_without_accusation(unknown, sample):
    """The first page says that nobody is accused, what is seen, whom to ask, and what would change it."""
    for report in (unknown, sample("metadata_only")):
        text = report.text("main")
        assert "No campaign is reported; " in report.text()
        assert "That accuses nobody." in text
        assert "The calls are dealt out over the accounts as one scheduler does" in text
        assert "What would change it:" in text
        assert "Ask the " in text
        assert "indicates" not in report.all(".//h1")[0].text


def test_a_log_that_names_no_customers_says_that_a_directory_would_help(tmp_path):
    """The sample without texts, its accounts directory left out."""
    logs = shutil.copytree(
        SAMPLES / "metadata_only" / "logs", tmp_path / "logs", ignore=shutil.ignore_patterns("accounts.csv")
    )
    assert 0 == run_cli(["run", "-q", str(logs), "--case", str(tmp_path / "case"), "--no-power"])
    text = " ".join(re.sub(r"<[^>]*>", "", (tmp_path / "case/report/report.html").read_text(encoding="utf-8")).split())

    assert "because the log names no tenant, organisation or payer for most of them" in text
    assert "What would change it: an accounts directory beside the logs" in text


def test_a_log_without_campaign_says_what_would_have_been_seen(sample):
    """In the first paragraph."""
    report = sample("benign")
    first = " ".join("".join(report.all(".//p[@class='lead']")[0].itertext()).split())

    assert "No group of accounts was found that acts as one" in report.text()
    assert "would have been seen" in first


ACCUSING = BANNED[: BANNED.index(r"smells?\b")]
"""Words that accuse or claim too much, without those that are only not the report's word for a thing."""


def test_tests_explanations_facts_and_frameworks_hold_no_banned_word():
    """Titles and sentences that the report takes from elsewhere; descriptions of tests, which it does not print, accuse nobody either."""
    files = [
        *catalogue.read_files(catalogue.catalogue_folder()).values(),
        *catalogue.read_files(catalogue.explanation_folder()).values(),
    ]
    printed = [file.header["title"] for file in files]
    printed += [text for f in frameworks() for item in f["factors"] for text in (item.get("silent", ""),)]
    printed += [text for name in ("facts", "operators", "grades") for text in strings_of(name)]
    printed += [
        text
        for file in files
        for text in re.findall(r"'([^'\n]{20,})'", file.body)
        if file.header["id"].startswith("confounder.")
    ]
    described = [file.header.get("description", "") for file in files]
    found = [
        (text, match[0])
        for text in printed
        for word in BANNED
        if (match := re.search(rf"\b{word}", text, re.IGNORECASE))
    ]
    found += [
        (text, match[0])
        for text in described
        for word in ACCUSING
        if (match := re.search(rf"\b{word}", text, re.IGNORECASE))
    ]

    assert 200 < len(printed) + len(described)
    assert [] == [pair for pair in found if not pair[1].startswith("exchanges") or "{" not in pair[0]]


def strings_of(module):
    """Return the texts in the code of a module of the assessment that are sentences or parts of them, without docstrings."""
    path = importlib.resources.files("distilforensics.assessment") / f"{module}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and " " in node.value
        and id(node) not in documented
    ]


def test_titles_of_queries_are_sentences_of_the_report():
    """They head the files in the annexes."""
    folder = importlib.resources.files("distilforensics.report") / "queries"
    titles = [read_sql_file(path).header["title"] for path in folder.iterdir()]

    assert 40 < len(titles)
    assert [] == [title for title in titles for word in BANNED if re.search(rf"\b{word}", title, re.IGNORECASE)]
