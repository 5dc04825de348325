"""A log with a hundred thousand accounts gives a report that can still be opened, and says where the rest is."""

from __future__ import annotations

import csv
import importlib.util
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import html5lib
import pikepdf
import pytest

from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.assessment.tie_weights import RATES
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case, open_case, write_json
from distilforensics.case.tables import write_batches, write_rows
from distilforensics.core.progress import Silent
from distilforensics.core.schema import EXCHANGES, TABLES
from distilforensics.report.stage import READS, render_report

_LENGTH = importlib.util.spec_from_file_location("report_length", Path(__file__).with_name("test_length.py"))
_MODULE = importlib.util.module_from_spec(_LENGTH)
_LENGTH.loader.exec_module(_MODULE)
estimated_pages = _MODULE.estimated_pages

N_ACCOUNTS, N_MEMBERS, N_CAMPAIGNS, N_EXPLAINED, N_SOURCES = 100_000, 25_000, 40, 300, 400
START = datetime(2026, 3, 2)


def member(n):
    """Return campaign and grade of the n-th account; the first campaign holds most of the members."""
    if n >= N_MEMBERS:
        return None, None
    number = 1 if n < N_MEMBERS - 20 * (N_CAMPAIGNS - 1) else 2 + (n - (N_MEMBERS - 20 * (N_CAMPAIGNS - 1))) // 20
    return f"C-{number}", "strong" if number == 1 else "weak"


def account_rows():
    """Return 100,000 accounts, one in seven of the honest ones left out for a stated reason."""
    for n in range(N_ACCOUNTS):
        campaign, grade = member(n)
        yield {
            "account_id": f"account-with-a-long-identifier-{n:08d}", "campaign_id": campaign, "grade": grade, "n_exchanges": 1 + n % 900,
            "output_tokens": 10 * n, "first_seen": START, "last_seen": START + timedelta(days=40), "tenant_id": f"tenant-{n % 9000}",
            "n_campaign_exchanges": 1 if campaign else None, "support": [f"prefix:{k:016x}" for k in range(12)] if campaign else None,
            "link_weight": 12.5 if campaign else None, "reason_not_in_campaign": "too few exchanges" if not campaign and n % 7 == 0 else None,
        }  # fmt: skip


def feature_rows():
    """Return one exchange per account."""
    for n in range(N_ACCOUNTS):
        yield {
            "record_id": f"{'a' * 16}:{n}",
            "account_id": f"account-with-a-long-identifier-{n:08d}",
            "started_at": START + timedelta(minutes=n % 57_600),
            "output_tokens": 5,
        }


def campaign_rows(accounts):
    """Return 40 campaigns, one of them with most members, each with sixty templates."""
    sizes = {}
    for row in accounts:
        sizes[row["campaign_id"]] = sizes.get(row["campaign_id"], 0) + 1
    for number in range(1, N_CAMPAIGNS + 1):
        n = sizes[f"C-{number}"]
        yield {
            "campaign_id": f"C-{number}", "grade": "strong" if number == 1 else "weak", "n_accounts": n, "n_exchanges": n, "n_exchanges_members": n,
            "input_tokens": n, "output_tokens": n, "n_distinct_prompts": n, "first_seen": START, "last_seen": START, "facts": [],
            "heuristics": ["structure.template_span"], "templates": [], "clusters": [], "grade_reason": "the rule",
            "grade_without": [f"fact fact-{place}: strong" for place in range(1, 13)] if number == 1 else [],
        }  # fmt: skip


def evidence_rows():
    """Return fifty pieces of evidence per campaign."""
    for campaign in range(1, N_CAMPAIGNS + 1):
        for n in range(50):
            yield {
                "campaign_id": f"C-{campaign}", "side": ("for", "against")[n % 2], "claim": "computed", "source": f"structure.h{n}", "entity_id": "g",
                "statement": f"Statement number {n} with some numbers of its own, such as 12,345 and 0.02.", "n_exchanges": 5, "n_accounts": 5,
                "record_ids": [f"{'a' * 16}:{k}" for k in range(10)],
            }  # fmt: skip


def fact_rows():
    """Return a dozen facts with long statements of the largest campaign, the heaviest first."""
    kinds = ("coordination",) * 6 + ("identity",) * 4 + ("content", "purpose")
    for place, kind in enumerate(kinds, start=1):
        yield {
            "campaign_id": "C-1", "fact_id": f"fact-{place}", "place": place, "title": f"A mechanism of the {place}th kind that the accounts show",
            "kind": kind, "statement": f"{N_MEMBERS:,} accounts show it. " * 30, "weight": 900.0 / place, "value": N_MEMBERS, "of": N_MEMBERS,
            "comparison": 0.01, "n_accounts": N_MEMBERS, "excludes": "independent customers, a class, a benchmark, a shared cache",
            "is_counted": place < 10, "is_telling": place % 2 == 0, "record_ids": [f"{'a' * 16}:{k}" for k in range(10)],
        }  # fmt: skip


def explanation_rows():
    """Return twenty-four explanations with long statements."""
    for place in range(1, 25):
        yield {
            "campaign_id": "C-1", "explanation_id": f"confounder.number_{place}", "place": place,
            "title": f"The {place}th harmless explanation of such a group",
            "outcome": ("excluded", "in part", "cannot tell")[place % 3], "statement": f"The group is not that: {'12.5 % of the requests do so, ' * 12}.",
            "ask": "Ask billing which accounts belong to one customer.", "is_capping": False,
        }  # fmt: skip


def explained_rows():
    """Return three hundred groups that were explained."""
    for n in range(N_EXPLAINED):
        same = {"n_accounts": 5, "n_exchanges": 9, "explanation": "class", "statement": "A class."}
        yield same | {"group_id": f"X-{n}"}


def source_rows():
    """Return four hundred log files."""
    for n in range(N_SOURCES):
        counts = dict.fromkeys(("n_quarantined", "n_duplicate", "n_out_of_scope", "n_flagged", "n_blank"), 0)
        size = N_ACCOUNTS // N_SOURCES
        named = {"source_sha256": f"{n:064x}", "path": f"logs/part-{n:04d}.jsonl"}
        yield counts | named | {"role": "log", "n_bytes": 1, "n_read": size, "n_kept": size}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The report on such a case."""
    case = create_case(tmp_path_factory.mktemp("large") / "case")
    accounts = list(account_rows())
    tables = {
        "accounts": accounts, "exchange_features": feature_rows(), "campaigns": campaign_rows(accounts), "campaign_evidence": evidence_rows(),
        "sources": source_rows(), "explained_groups": explained_rows(), "campaign_facts": fact_rows(), "campaign_explanations": explanation_rows(),
    }  # fmt: skip
    case.table_path("exchanges").mkdir(parents=True)
    for name in READS:
        if not TABLES[name].is_dataset:
            write_rows(case, name, tables.get(name, ()))
    write_empty_part(case)
    used = {"rules": PARAMETERS.as_dict(), "rates": RATES}
    write_json(case.stages / "assessment.json", {"stage": "assessment", "parameters": used})
    write_json(case.findings / "findings.json", {"facts": [dict(row) for row in fact_rows()]})
    render_report(case, Limits(1_500_000_000, 2), Silent())
    return case


def write_empty_part(case):
    """Write a part of the exchanges without rows; the report needs the columns alone."""
    write_batches(
        case, "exchanges", EXCHANGES.arrow.empty_table().to_batches(), path=case.table_path("exchanges") / "0.parquet"
    )


def test_the_page_stays_small(large):
    """A few megabytes at most, whatever the number of accounts."""
    assert (large.report / "report.html").stat().st_size < 5_000_000


def test_the_page_names_the_campaigns_and_gives_each_its_size(large):
    """Twelve in the table, the strongest in full, ten with an annex of their own."""
    text = (large.report / "report.html").read_text(encoding="utf-8")
    groups = sorted(path.name for path in (large.report / "annexes").glob("group-*.html"))

    with (large.report / "annexes" / "campaigns.csv").open(encoding="utf-8", newline="") as stream:
        assert N_CAMPAIGNS == len(list(csv.DictReader(stream)))
    assert "the first twelve; all are in" in text
    assert f'value="{N_MEMBERS - 20 * (N_CAMPAIGNS - 1)}"' in text
    assert 9 == len(groups)


def test_the_printed_length_does_not_grow_with_the_log(large):
    """Words and figures of a page about 25,000 accounts."""
    tree = html5lib.parse((large.report / "report.html").read_text(encoding="utf-8"), namespaceHTMLElements=False)
    report = SimpleNamespace(tree=tree, all=tree.findall)

    assert estimated_pages(report) <= 12


def test_readable_annexes_stay_short_and_csv_files_are_complete(large):
    """The page on accounts shows the first ones and says so; the file has every account."""
    page = (large.report / "annexes" / "accounts.html").read_text(encoding="utf-8")
    with (large.report / "annexes" / "accounts.csv").open(encoding="utf-8", newline="") as stream:
        accounts = [row["account_id"] for row in csv.DictReader(stream)]

    assert f"The first 200 of {N_ACCOUNTS:,} rows." in page
    assert len(page) < 300_000
    assert N_ACCOUNTS == len(accounts) == len(set(accounts))


def test_the_pdf_of_a_large_case_stays_short_and_small(large):
    """Each edition at its limit of pages and far below five megabytes, findings and hashes inside."""
    case = open_case(large.root)
    render_report(case, Limits(1_500_000_000, 2), Silent(), is_with_pdf=True)
    for name, most in (("report", 12), ("editions/disclosure", 12), ("editions/letter", 2)):
        path = case.report / f"{name}.pdf"
        with pikepdf.open(path) as pdf:
            assert len(pdf.pages) <= most, name
        assert path.stat().st_size < 5_000_000, name
        assert (case.report / f"{name}.html").stat().st_size < 5_000_000, name
