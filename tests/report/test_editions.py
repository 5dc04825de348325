"""The edition for disclosure holds no identifier of the log and nothing that teaches evasion; the letter is short."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import html5lib
import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.tables import read_rows
from distilforensics.core.progress import Silent
from distilforensics.report.editions import pseudonyms
from distilforensics.report.stage import render_report

IDENTIFIERS = {
    "exchanges": (
        "record_id", "account_id", "tenant_id", "project_id", "end_user_id", "api_key_id", "session_id", "trace_id", "request_id",
        "response_id", "client_ip", "user_agent", "ja4", "raw_sha256", "source_sha256",
    ),
    "accounts_directory": ("account_id", "payment_fingerprint", "email_domain", "tenant_id", "organization"),
    "account_attributes": ("value",),
    "sources": ("path", "source_sha256"),
}  # fmt: skip
QUOTED_CHARS = 90


def length_module():
    """Return the module that estimates pages."""
    spec = importlib.util.spec_from_file_location("report_length", Path(__file__).with_name("test_length.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def edition(report, name):
    """Return the text and the tree of an edition."""
    text = (report.case.report / "editions" / f"{name}.html").read_text(encoding="utf-8")
    return text, html5lib.parse(text, treebuilder="etree", namespaceHTMLElements=False)


def identifiers(case):
    """Return every identifier of the log that is long enough to be told from a word."""
    for table, columns in IDENTIFIERS.items():
        for row in read_rows(case, table, list(columns)):
            yield from (
                str(value) for value in row.values() if value and len(str(value)) >= 8 and not str(value).isalpha()
            )


@pytest.mark.parametrize("name", ["pool", "metadata_only"])
def test_the_edition_for_disclosure_holds_no_identifier(sample, name):
    """No account, customer, address, payment, key, program, record, file or hash of the log stands in its bytes."""
    report = sample(name)
    text, _ = edition(report, "disclosure")
    known = set(identifiers(report.case))

    assert 1000 < len(known)
    assert set() == {value for value in known if value in text}


def test_planted_identifiers_stay_out_of_it(render):
    """Accounts and customers that look like words of their own."""
    log = __import__("sys").modules["report_fixture_log"]
    names = {
        account: f"PLANTED-{account}"
        for group in ("POOL", "SMALL_POOL", "CLASS", "CUSTOMERS")
        for account in getattr(log, group)
    }
    groups = {
        group: tuple(names[a] for a in getattr(log, group)) for group in ("POOL", "SMALL_POOL", "CLASS", "CUSTOMERS")
    }

    def planted(row):
        return row | {
            "account_id": names[row["account_id"]],
            "tenant_id": f"PLANTED-{row['tenant_id']}",
            "user_agent": "PLANTED-agent",
        }

    def exchanges():
        return [planted(row) for row in log.exchanges()]

    report = render(log=SimpleNamespace(**vars(log) | groups | {"exchanges": exchanges}))

    assert "PLANTED" in report.html
    assert "PLANTED" not in edition(report, "disclosure")[0]
    assert "PLANTED" in (report.case.report / "annexes" / "pseudonyms.csv").read_text(encoding="utf-8")


def test_a_redacted_report_is_the_edition_for_disclosure_alone(render):
    """With the seals of the full report; the choice is kept, and taken back."""
    report = render()
    case, catalogue, limits = report.case, report.catalogue, Limits(1_000_000_000, 1)

    def files():
        return sorted(path.relative_to(case.report).as_posix() for path in case.report.rglob("*") if path.is_file())

    full, hidden = files(), edition(report, "disclosure")[0]
    render_report(case, limits, Silent(), catalogue, is_redacted=True)
    assert (files(), (case.report / "report.html").read_text(encoding="utf-8")) == (["report.html"], hidden)
    assert not (case.temporary / "report").exists()

    assert render_report(case, limits, Silent(), catalogue).is_skipped
    render_report(case, limits, Silent(), catalogue, is_redacted=False)
    assert (files(), (case.report / "report.html").read_text(encoding="utf-8")) == (full, report.html)


def test_it_quotes_a_few_words_and_no_settings(sample):
    """No passage of a prompt or an answer of ninety characters, no threshold, no power, no test by name."""
    report = sample("pool")
    text, tree = edition(report, "disclosure")
    words = " ".join(" ".join(tree.itertext()).split())
    rows = [row for row in read_rows(report.case, "exchanges", ["prompt_text", "response_text"]) if row["prompt_text"]]
    passages = {
        " ".join(value.split())[:QUOTED_CHARS]
        for row in rows
        for value in row.values()
        if value and len(value) > QUOTED_CHARS
    }

    assert 1000 < len(passages)
    assert set() == {passage for passage in passages if passage in words}
    assert "it fires from" not in text
    assert "it fires up to" not in text
    assert "found from" not in text
    assert not [row for row in read_rows(report.case, "heuristic_states") if row["heuristic_id"] in text]


def test_pseudonyms_need_the_key(sample):
    """They are stable, differ with the key, and the list in the annexes tells them."""
    report = sample("pool")
    rows = {row["account_id"]: row["pseudonym"] for row in report.rows("pseudonyms.csv")}
    shown = edition(report, "disclosure")[0]

    assert len(rows) == len(set(rows.values()))
    assert 20 < sum(name in shown for name in rows.values())
    assert pseudonyms(rows, "one key") == pseudonyms(rows, "one key") != pseudonyms(rows, "another key")


@pytest.mark.parametrize("name", ["pool", "benign", "metadata_only"])
def test_the_letter_has_two_pages(sample, name):
    """With the answer, what is not established, and the seals of the full report."""
    text, tree = edition(sample(name), "letter")
    report = SimpleNamespace(tree=tree, all=tree.findall)

    assert length_module().estimated_pages(report) <= 2.2
    assert "What is not established" in text
    assert "Evidence, SHA-256" in text
