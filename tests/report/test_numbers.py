"""Every number of the main document has a query, is computed again from the tables alone, and is what independent code finds."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter, defaultdict
from itertools import pairwise
from statistics import median

import duckdb
import pytest

from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows, write_rows

SAMPLE_NAMES = ("pool", "benign", "metadata_only")
UNMARKED = {"code", "pre", "q", "svg", "style", "title", "dt"}
"""Elements whose digits are quotations, hashes, drawings or terms."""


def unmarked_numbers(tree) -> list[str]:
    """Return numbers in the text of the page that are not marked with the name of their query."""
    found = []

    def walk(element, is_free):
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        kinds = set((element.get("class") or "").split())
        free = is_free or name in UNMARKED or name == "data" or bool(kinds & {"id", "lit", "stated", "meta", "terms"})
        texts = [element.text] if not free else []
        for child in element:
            walk(child, free)
            texts += [child.tail] if not free else []
        found.extend(text.strip() for text in texts if text and re.search(r"\d", text))

    walk(tree.find(".//body"), is_free=False)
    return found


ALLOWED = (
    re.compile(r"^\d+ (Every|Hand-overs|Load|Ties|What|Harmless|How|The log)"),  # headings
    re.compile(r"^Figure \d\."),
    re.compile(r"SHA-256"),
    re.compile(r"^Made by distilforensics"),
)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_number_of_the_main_document_names_its_query(sample, name):
    """What is not marked is a heading, a quotation or a fixed term."""
    found = [text for text in unmarked_numbers(sample(name).tree) if not any(p.search(text) for p in ALLOWED)]

    assert [] == found


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_every_number_is_computed_again_in_stock_duckdb(sample, name):
    """The script reads the page and the tables and finds them equal."""
    results = Counter(row[-1] for row in sample(name).recompute())

    assert 20 < results["equal"]
    assert results.keys() <= {"equal", "holds"}
    assert results["holds"] >= {"pool": 30, "benign": 0, "metadata_only": 29}[name]


@pytest.fixture
def copied(sample, tmp_path):
    """A copy of the pool's case that a test may change."""
    report = sample("pool")
    shutil.copytree(report.case.root, tmp_path / "copy")
    return type(report), open_case(tmp_path / "copy")


def script_of(case):
    return (case.report / "recompute.sql").read_text(encoding="utf-8")


def run(case, monkeypatch):
    """Run the script in the folder of a case."""
    monkeypatch.chdir(case.root)
    with duckdb.connect() as connection:
        for statement in connection.extract_statements(script_of(case)):
            connection.execute(statement)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('value="1927">1,927<', 'value="1928">1,928<'),
        ('value="1927">1,927<', 'value="1927">1,827<'),
        ('name="answer.C-01.1.n_requests"', 'name="answer.C-01.1.n_invented"'),
    ],
)
def test_a_wrong_number_in_the_page_fails(copied, monkeypatch, before, after):
    """Whether the value, the text or the name is wrong."""
    _, case = copied
    page = case.report / "report.html"
    text = page.read_text(encoding="utf-8")
    assert before in text
    page.write_text(text.replace(before, after), encoding="utf-8")

    with pytest.raises(duckdb.Error, match="numbers differ"):
        run(case, monkeypatch)


def test_a_changed_table_fails(copied, monkeypatch):
    """One member less in the table of accounts."""
    _, case = copied
    rows = read_rows(case, "accounts")
    first = next(row for row in rows if row["campaign_id"])
    case.table_path("accounts").unlink()
    write_rows(case, "accounts", [row | {"campaign_id": None} if row is first else row for row in rows])

    with pytest.raises(duckdb.Error, match="numbers differ"):
        run(case, monkeypatch)


@pytest.fixture(scope="module")
def pool(sample):
    """The pool's log as plain rows: members, their requests, everything else."""
    report = sample("pool")
    features = read_rows(report.case, "exchange_features")
    accounts = {row["account_id"]: row for row in read_rows(report.case, "accounts")}
    profiles = {row["account_id"]: row for row in read_rows(report.case, "account_profiles")}
    (campaign,) = read_rows(report.case, "campaigns")
    members = {name for name, row in accounts.items() if row["campaign_id"] == "C-01"}
    own = [row for row in features if row["account_id"] in members and row["prefix_template"] in campaign["templates"]]
    return report, features, members, own, profiles


def number(report, name):
    """Return the value of a number of the page."""
    values = {e.get("value") for e in report.all(".//data") if e.get("data-name") == name}
    assert 1 == len(values), name
    return float(values.pop())


def expect(report, query, **values):
    """Assert values of the first row of a query as the page states them."""
    assert values == {key: number(report, f"{query}.1.{key}") for key in values}


def test_the_size_of_the_campaign_is_counted_from_the_log(pool):
    """Accounts, requests, tokens and their parts of the log."""
    report, features, members, own, _ = pool
    output = sum(row["output_tokens"] or 0 for row in own)
    whole = sum(row["output_tokens"] or 0 for row in features)

    expect(report, "answer.C-01", n_accounts=len(members), n_requests=len(own), output_tokens=output)
    expect(
        report, "answer.C-01",
        output_percent=round(100 * output / whole), accounts_percent=round(100 * len(members) / len({r["account_id"] for r in features})),
        median_output=median(row["output_tokens"] for row in own if row["status"] == "ok" and row["output_tokens"]),
        n_other_requests=sum(row["account_id"] in members for row in features) - len(own),
    )  # fmt: skip


FAILED = ("limited", "error", "blocked")


def followed(features, seconds):
    """Return each request with the next one of the same prompt within so many seconds; prompts of more than six accounts left out."""
    by_prompt = defaultdict(list)
    for row in sorted(features, key=lambda row: (row["started_at"], row["record_id"])):
        if row["prompt_hash"]:
            by_prompt[row["prompt_hash"]].append(row)
    private = [rows for rows in by_prompt.values() if len({row["account_id"] for row in rows}) <= 6]
    pairs = [(a, b) for rows in private for a, b in pairwise(rows) if a["account_id"] != b["account_id"]]
    return [(a, b) for a, b in pairs if (b["started_at"] - a["started_at"]).total_seconds() <= seconds]


def test_hand_overs_are_counted_from_the_log(pool):
    """The next request with the same prompt, over accounts and not inside of a customer, once per prompt, with both controls."""
    report, features, members, _, profiles = pool

    def customers(row):
        profile = profiles[row["account_id"]]
        return {(key, profile[key]) for key in ("tenant_id", "organization", "payment_fingerprint") if profile[key]}

    pairs = followed(features, 3600)
    across = [(a, b) for a, b in pairs if a["status"] in FAILED and not customers(a) & customers(b)]
    handed = [(a, b) for a, b in across if {a["account_id"], b["account_id"]} <= members]
    own = [row for row in features if row["account_id"] in members]
    others = [row for row in features if row["account_id"] not in members and row["status"] in FAILED]
    expect(
        report, "handover_totals.C-01",
        n_failed=sum(row["status"] in FAILED for row in own), n_moved=len({a["prompt_hash"] for a, _ in handed}),
        n_pairs=len({(a["account_id"], b["account_id"]) for a, b in handed}), n_limited=sum(row["status"] == "limited" for row in own),
        median_seconds=round(median((b["started_at"] - a["started_at"]).total_seconds() for a, b in handed), 1),
        n_answered_moved=sum(a["status"] == "ok" and a["account_id"] in members for a, _ in pairs),
        n_failed_others=len(others), n_moved_others=len(across) - len(handed),
    )  # fmt: skip


def test_the_page_and_the_fact_state_the_same_hand_overs(pool):
    """Failed requests, how many go on, and how many of them between customers that the log tells apart."""
    report, *_ = pool
    (fact,) = [row for row in read_rows(report.case, "campaign_facts") if row["fact_id"] == "handover"]
    h = {
        key: number(report, f"handover_totals.C-01.1.{key}")
        for key in ("n_moved", "n_failed", "n_distinct", "n_failed_others")
    }

    assert (fact["value"], fact["of"]) == (h["n_moved"], h["n_failed"])
    assert f"In {h['n_distinct']:.0f} cases the log names both customers" in fact["statement"]
    assert f"Of the {h['n_failed_others']:.0f} such calls of accounts outside" in fact["statement"]


def test_records_cited_for_a_fact_are_its_exhibits(pool):
    """Each record of the fact is quoted, and its statement in the annex links to all of them."""
    report, *_ = pool
    (fact,) = [row for row in read_rows(report.case, "campaign_facts") if row["fact_id"] == "handover"]
    text = (report.case.report / "annexes" / "exhibits.jsonl").read_text(encoding="utf-8")
    labels = {row["record_id"]: row["label"] for row in map(json.loads, text.splitlines())}
    (statement,) = [li for li in report.annex("evidence.html").iter("li") if li.get("id") == "fact-C-01-1"]

    assert 10 == len(fact["record_ids"])
    assert [labels[record] for record in fact["record_ids"]] == [a.text for a in statement.iter("a")]


def test_weights_of_facts_are_those_of_the_assessment(pool):
    """Bits of every fact in the table, and their sum in the figure over those that count."""
    report, *_ = pool
    facts = read_rows(report.case, "campaign_facts")
    drawn = report.rows("figures/fact_weights.C-01.csv")

    assert [row["fact_id"] for row in sorted(facts, key=lambda row: row["place"])] == [row["fact_id"] for row in drawn]
    for row in facts:
        if row["weight"]:
            assert round(row["weight"], 1) == number(report, f"facts.C-01.{row['place']}.bits")
    svg = next(f for f in report.all(".//figure") if f.get("id") == "figure-weights-C-01")
    total = sum(round(row["weight"], 1) for row in facts if row["is_counted"])
    assert f"{total:.1f}" in [text.text for text in svg.iter() if str(text.tag).endswith("text")]


def test_the_band_of_the_loads_is_the_narrowest_with_most_accounts(pool):
    """Tried for every place of the band."""
    report, features, members, own, _ = pool
    loads = Counter(row["account_id"] for row in own)
    width = max(1, -(-2 * int(median(loads.values())) // 100))
    best = max(sum(low <= n <= low + width for n in loads.values()) for low in loads.values())
    others = Counter(row["account_id"] for row in features if row["account_id"] not in members)

    expect(report, "load_totals.C-01", n_senders=len(loads), n_inside=best)
    expect(report, "load_totals.C-01", others_low=min(others.values()), others_high=max(others.values()))


def test_shared_payments_and_sign_ups_are_counted_over_customers(pool):
    """A value counts if accounts of two customers have it; members are compared with members, others with others."""
    report, _, members, _, profiles = pool

    def sharing(names, value_of):
        holders = defaultdict(set)
        for name in names:
            if value_of(profiles[name]) is not None:
                holders[value_of(profiles[name])].add(profiles[name]["tenant_id"] or name)
        return sum(value_of(profiles[n]) is not None and len(holders[value_of(profiles[n])]) > 1 for n in names)

    def ten_minutes(row):
        at = row["created_at"]
        return at and at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0)

    others = set(profiles) - members
    kinds = {"payment": lambda row: row["payment_fingerprint"], "signup": ten_minutes}
    for place, value_of in enumerate(kinds.values(), start=1):
        assert sharing(members, value_of) == number(report, f"ties_totals.C-01.{place}.n_members_shared")
        assert sharing(others, value_of) == number(report, f"ties_totals.C-01.{place}.n_others_shared")


def test_what_was_taken_is_counted_by_model(pool):
    """Requests, answers and tokens of the campaign, and its part of each model's output in the log."""
    report, features, _, own, _ = pool
    taken, log = defaultdict(lambda: [0, 0, 0]), Counter()
    for row in features:
        log[row["model"]] += row["output_tokens"] or 0
    for row in own:
        counts = taken[row["model"]]
        counts[0] += 1
        counts[1] += row["status"] == "ok"
        counts[2] += row["output_tokens"] or 0
    ordered = sorted(taken.items(), key=lambda item: -item[1][2])

    assert 2 <= len(ordered)
    for place, (model, (n, answered, output)) in enumerate(ordered, start=1):
        stated = {
            key: number(report, f"taken_models.C-01.{place}.{key}")
            for key in ("n_requests", "n_answered", "output_tokens", "log_percent")
        }
        assert stated == {
            "n_requests": n,
            "n_answered": answered,
            "output_tokens": output,
            "log_percent": round(100 * output / log[model]),
        }


def test_who_goes_on_after_a_failure_is_counted_from_a_log_without_text(bare):
    """The next request of the group within fifteen seconds, after failures, where no hand-over is known."""
    own_of = {row["account_id"] for row in read_rows(bare.case, "accounts") if row["campaign_id"] == "C-2"}
    (campaign,) = [row for row in read_rows(bare.case, "campaigns") if row["campaign_id"] == "C-2"]
    assert not campaign["templates"]
    own = [row for row in read_rows(bare.case, "exchange_features") if row["account_id"] in own_of]
    own.sort(key=lambda row: (row["started_at"], row["record_id"]))
    moved = [
        a["account_id"] != b["account_id"] and (b["started_at"] - a["started_at"]).total_seconds() <= 15
        for a, b in pairwise(own)
        if a["status"] in FAILED
    ]
    page = bare.annex("group-C-2.html")
    values = {e.get("data-name"): e.get("value") for e in page.iter("data")}

    assert str(sum(row["status"] in FAILED for row in own)) == values["succession_totals.C-2.1.n_failed"]
    assert str(sum(moved)) == values["succession_totals.C-2.1.n_moved"]


def test_figures_are_drawn_from_all_their_rows(pool):
    """The file beside a figure has as many rows as the caption states, and the load figure has every account once."""
    report, _, members, _, profiles = pool
    files = {f.find("figcaption//a").get("href"): f for f in report.all(".//figure")}
    loads = report.rows("figures/loads.C-01.csv")

    assert 6 <= len(files)
    for path, figure in files.items():
        shown = figure.find("figcaption//data").get("value")
        assert int(shown) == len(report.rows(path.removeprefix("annexes/"))), path
    assert len(members) == sum(int(row["n_accounts"]) for row in loads if row["is_member"] == "True")
    assert len(profiles) - len(members) == sum(int(row["n_accounts"]) for row in loads if row["is_member"] == "False")
