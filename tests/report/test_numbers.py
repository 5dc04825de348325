"""Numbers in the report are those of the tables, counted here again by other means."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows, write_rows
from distilforensics.core.progress import Silent
from distilforensics.core.schema import TABLES
from distilforensics.report import queries
from distilforensics.report.chapters.pictures import all_days
from distilforensics.report.stage import render_report

LIMITS = Limits(600_000_000, 2)


def cells(report, anchor):
    """Return the rows of a table in the page as lists of texts."""
    body = report.tree.find(f".//*[@id='{anchor}']")
    return [
        [" ".join("".join(cell.itertext()).split()) for cell in row]
        for row in body.iter("tr")
        if row[0].tag != "th" or row[0].get("scope") == "row"
    ]


def annex(report, name):
    """Return a CSV annex as dictionaries."""
    with (report.case.report / "exhibits" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_balance_on_the_page_is_the_sum_over_the_sources(full):
    """Read = kept + quarantined + repeated + out of scope, in words and per file."""
    logs = [row for row in read_rows(full.case, "sources") if row["role"] == "log"]
    total = {
        key: sum(row[key] for row in logs)
        for key in ("n_read", "n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")
    }
    expected = "{n_read:,} read = {n_kept:,} kept + {n_quarantined:,} quarantined + {n_duplicate:,} repeated + {n_out_of_scope:,} out of scope"

    assert expected.format(**total) in full.text("health")
    assert [["0"]] * 3 == [row[-1:] for row in cells(full, "health-balance")]


def test_members_and_their_counts_are_those_of_the_accounts_table(full):
    """The annex has every member with the assessment's counts, the page shows the first ones."""
    expected = {
        row["account_id"]: row["n_campaign_exchanges"]
        for row in read_rows(full.case, "accounts")
        if row["campaign_id"] == "C-1"
    }
    rows = annex(full, "C-1-members.csv")

    assert expected == {row["account_id"]: int(row["n_campaign_exchanges"]) for row in rows}
    assert [row["account_id"] for row in rows][:40] == [row[1] for row in cells(full, "campaign-c-1-members")]


def test_days_and_hours_of_a_campaign_add_up_to_its_exchanges(full):
    """Both figures count the same exchanges as the assessment."""
    (campaign,) = [row for row in read_rows(full.case, "campaigns") if row["campaign_id"] == "C-1"]
    days = annex(full, "C-1-days.csv")
    hours = annex(full, "C-1-hours.csv")
    features = read_rows(full.case, "exchange_features", ["started_at"])

    assert campaign["n_exchanges"] == sum(int(row["n_own"]) for row in days)
    assert campaign["n_exchanges"] == sum(int(value) for row in hours for key, value in row.items() if key != "column")
    assert len(features) == sum(int(row["n_own"]) + int(row["n_rest"]) for row in days)
    assert len(all_days({row["started_at"].date() for row in features})) == len(days)


def test_load_classes_count_every_account_once(full):
    """Members and the rest are each counted in one class."""
    accounts = read_rows(full.case, "accounts")
    rows = annex(full, "C-1-load.csv")

    assert sum(a["campaign_id"] == "C-1" for a in accounts) == sum(int(row["own"]) for row in rows)
    assert sum(a["campaign_id"] is None for a in accounts) == sum(int(row["rest"]) for row in rows)


def test_shared_values_name_their_holders_and_their_rarity(full):
    """A payment fingerprint of eight members is counted with eight members and 28 pairs."""
    rows = {(row["attribute"], row["value"]): row for row in annex(full, "C-1-shared-values.csv")}

    assert ("8", "28", "8") == tuple(
        rows["payment", "pay-01"][key] for key in ("n_members", "n_pairs", "n_accounts_in_log")
    )


def test_exhibits_lead_to_the_record_they_quote(full):
    """Record id, line, offset and hash on the page are those of the row in exchanges."""
    lines = (full.case.report / "exhibits" / "C-1-exhibits.jsonl").read_text(encoding="ascii").splitlines()
    quoted = [json.loads(line) for line in lines]
    known = {
        row["record_id"]: row
        for row in read_rows(full.case, "exchanges", ["record_id", "raw_sha256", "source_line", "prompt_text"])
    }

    assert 3 <= len(quoted)
    for number, row in enumerate(quoted, start=1):
        card = full.text(f"exhibit-c-1-e{number}")
        assert known[row["record_id"]]["raw_sha256"] == row["raw_sha256"]
        assert known[row["record_id"]]["prompt_text"] == row["prompt_text"]
        assert f"line {known[row['record_id']]['source_line']:,}" in card
        assert row["raw_sha256"] in card


def test_fill_rates_are_counts_of_values(full):
    """Columns counted by the query equal the counts of values in the tables."""
    rows = {row["name"]: int(row["n_filled"]) for row in annex(full, "fill-rates.csv")}
    known = read_rows(full.case, "exchanges", ["request_id", "temperature", "session_id"])

    assert {name: sum(row[name] is not None for row in known) for name in known[0]} == {
        name: rows[name] for name in known[0]
    }


def test_quarantine_is_listed_by_reason_with_its_place(full):
    """Reasons with their counts and the line of an example."""
    reasons = Counter(row["reason"] for row in read_rows(full.case, "quarantine"))
    rows = cells(full, "health-quarantine")

    assert {name: str(n) for name, n in reasons.items()} == {row[0]: row[1] for row in rows}
    assert "40" == rows[0][3]


def test_totals_that_disagree_are_shown_as_differing(full, tmp_path):
    """A campaign whose stated size is not what its rows add up to is marked, not passed over."""
    case = copy_of(full.case, tmp_path)
    rows = read_rows(case, "campaigns")
    case.table_path("campaigns").unlink()
    write_rows(
        case,
        "campaigns",
        [row | {"n_exchanges": row["n_exchanges"] + 1} if row["campaign_id"] == "C-2" else row for row in rows],
    )

    render_report(case, LIMITS, Silent(), full.catalogue)

    text = (case.report / "report.html").read_text(encoding="utf-8")
    assert 1 == text.count("<strong>differs</strong>")
    assert 0 == full.html.count("<strong>differs</strong>")


def test_members_that_sent_nothing_of_the_campaign_are_told_apart(full, tmp_path):
    """No account is said to have sent what it did not send."""
    case = copy_of(full.case, tmp_path)
    rows = read_rows(case, "accounts")
    silent = [row["account_id"] for row in rows if row["campaign_id"] == "C-1"][:2]
    case.table_path("accounts").unlink()
    write_rows(
        case, "accounts", [row | {"n_campaign_exchanges": 0} if row["account_id"] in silent else row for row in rows]
    )

    render_report(case, LIMITS, Silent(), full.catalogue)

    text = (case.report / "report.html").read_text(encoding="utf-8")
    assert "2 of the 24 accounts of the campaign sent none of these exchanges." in text
    assert "22 accounts sent " in text
    assert "sent none of these exchanges" not in full.html


def test_every_query_of_the_report_is_printed_with_its_hash_and_lies_in_the_annexes(full):
    """What the page says was run is the text in the file."""
    for query in queries.load_all():
        assert query.sha256 in full.text(f"query-{query.name}")
        assert f"{query.sql}\n" == (full.case.report / "exhibits" / "queries" / f"{query.name}.sql").read_text(
            encoding="utf-8"
        )


def test_every_query_names_the_tables_it_reads_and_ends_in_a_stated_order(full):
    """The header agrees with the text; rows come in a stated order wherever there can be several."""
    names = {*TABLES, *queries.TEMPORARY}
    single = {"totals", "balance_total", "silent_hours", "account_counts", *queries.TEMPORARY}
    for query in queries.load_all():
        read = {name for name in names if re.search(rf"\b(?:from|join)\s+{name}\b", query.sql)}
        assert read - set(queries.TEMPORARY) <= set(query.reads), query.name
        assert read & set(queries.TEMPORARY) == set(query.through), query.name
        assert (
            query.name in single
            or "order by" in query.sql.rsplit(")", 1)[-1].lower()
            or re.search(r"order by [a-z_., \n]+(limit \$\w+)?$", query.sql.lower())
        ), query.name


def copy_of(case, root):
    """Return a writable copy of a case."""
    shutil.copytree(case.root, root / "copy")
    return open_case(root / "copy")
