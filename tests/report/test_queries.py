"""Every query in the annexes runs as it stands in stock DuckDB over the tables of the case, and gives what the case states."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

import duckdb
import pytest

from distilforensics.assessment.candidates import RATES, _score, _sets
from distilforensics.assessment.log import load_log
from distilforensics.assessment.parameters import PARAMETERS
from distilforensics.assessment.weights import of_share
from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows, write_rows
from distilforensics.report import catalogue


@cache
def rows_of(root, path):
    """Return the rows of the last statement of a query over a case that nobody changes; several tests look at them."""
    return run(open_case(root), path)


def run(case, path):
    """Return columns and rows of the last statement of a query."""
    before = Path.cwd()
    os.chdir(case.root)
    try:
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            for statement in connection.extract_statements(path.read_text(encoding="utf-8")):
                cursor = connection.execute(statement)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        os.chdir(before)


def queries(report, folder):
    return sorted((report.case.report / "annexes" / "queries" / folder).glob("*.sql"))


@pytest.mark.parametrize("name", ["pool", "benign", "metadata_only"])
def test_every_printed_query_runs(sample, name):
    """Of the report, of each test and of each explanation: parameters are bound, views and relations included."""
    report = sample(name)
    own, tests, explanations = (queries(report, folder) for folder in (".", "tests", "explanations"))

    assert {"membership", "candidates"} <= {path.stem for path in own}
    assert len(read_rows(report.case, "heuristic_states")) == len(tests)
    assert len(catalogue.read_files(catalogue.explanation_folder())) + 1 == len(
        explanations
    )  # one file asks who operates
    for path in (*own, *tests, *explanations):
        assert "$" not in path.read_text(encoding="utf-8").replace("'$'", "")
        rows_of(report.case.root, path)


def test_membership_is_counted_again_from_the_tables(sample, tmp_path):
    """Ties, two identities in common, requests of the common kind. Every member has one of them; one that was slipped in has no tie."""
    case = sample("pool").case
    members = {r["account_id"]: r for r in read_rows(case, "accounts") if r["campaign_id"]}
    templates = {r["campaign_id"]: set(r["templates"]) for r in read_rows(case, "campaigns")}
    ties, identities, common = defaultdict(set), defaultdict(set), defaultdict(set)
    for row in read_rows(case, "work_ties"):
        if row["relation"] != "same" and {row["account_id"], row["other_account_id"]} <= members.keys():
            for account in (row["account_id"], row["other_account_id"]):
                ties[account].add(row["work"])
    for row in read_rows(case, "shared_values"):
        if row["kind"] in ("payment", "signup", "network"):
            identities[row["account_id"]].add((row["kind"], row["value"]))
    for row in read_rows(case, "template_exchanges"):
        if row["account_id"] in members and row["template_id"] in templates[members[row["account_id"]]["campaign_id"]]:
            common[row["account_id"]].add(row["record_id"])
    alike = {
        a: sum(len({kind for kind, _ in identities[a] & identities[b]}) > 1 for b in members if b != a) for a in members
    }
    expected = {a: (len(ties[a]), alike[a], len(common[a])) for a in members}
    query = case.report / "annexes" / "queries" / "membership.sql"

    assert expected == {r["account_id"]: (r["n_ties"], r["n_alike"], r["n_common_requests"]) for r in run(case, query)}
    assert all(map(any, expected.values()))
    assert {a: n for a, (_, _, n) in expected.items()} == {a: r["n_campaign_exchanges"] for a, r in members.items()}

    shutil.copytree(case.root, tmp_path / "case")
    copy = open_case(tmp_path / "case")
    rows = read_rows(copy, "accounts")
    innocent = next(r["account_id"] for r in rows if r["account_id"] not in {*members, *ties, *identities})
    write_rows(copy, "accounts", [r | ({"campaign_id": "C-01"} if r["account_id"] == innocent else {}) for r in rows])
    slipped = next(r for r in run(copy, query) if r["account_id"] == innocent)

    assert (0, 0, 0) == (slipped["n_ties"], slipped["n_partners"], slipped["n_alike"])
    assert slipped["n_common_requests"] < min(n for _, _, n in expected.values())


def test_what_a_campaign_can_begin_with_is_counted_again_from_the_tables(sample):
    """Hand-overs inside of each group and their weight; the heaviest group is that of the campaign."""
    case = sample("pool").case
    holders, failed, groups_of = defaultdict(set), Counter(), defaultdict(set)
    for row in read_rows(case, "group_loads"):
        holders[row["group_id"]].add(row["account_id"])
        failed[row["group_id"]] += row["n_failed"]
    for row in read_rows(case, "tie_groups"):
        groups_of[row["record_id"]].add(row["group_id"])
    moved = defaultdict(set)
    for row in read_rows(case, "work_ties"):
        for group in groups_of[row["record_id"]]:
            is_inside = {row["account_id"], row["other_account_id"]} <= holders[group]
            if row["kind"] == "handover" and row["relation"] != "same" and is_inside:
                moved[group].add(row["work"])
    found = run(case, case.report / "annexes" / "queries" / "candidates.sql")
    bits = {g: of_share(len(works), max(failed[g], len(works)), RATES["handover"]) for g, works in moved.items()}

    assert {g: pytest.approx(value, abs=0.001) for g, value in bits.items()} == {
        r["group_id"]: r["bits"] for r in found
    }
    assert "C-01" == found[0]["campaign_id"]


def test_the_heaviest_set_and_its_rivals_are_weighed_again_from_the_tables(sample):
    """Ties and identities of each set that competed, by a query that shares no code with the assessment; its own code agrees."""
    case = sample("pool").case
    log = load_log(case)
    found = run(case, case.report / "annexes" / "queries" / "rivals.C-01.sql")
    (first,) = [row for row in read_rows(case, "candidate_steps") if row["campaign_id"] == "C-01" and row["step"] == 1]
    expected = {
        name: (len(members), round(_score(log, members, group), 3))
        for name, group, members in _sets(log, frozenset(log.accounts), PARAMETERS)
    }

    assert expected == {row["name"]: (row["n_accounts"], round(row["bits"], 3)) for row in found}
    assert first["n_tried"] == len(found) > 20
    assert [first["group_id"]] == [row["name"] for row in found if row["is_taken"]] == [found[0]["name"]]


def failing(case):
    """Return the names of the checks of what the program chose that do not hold."""
    folder = case.report / "annexes" / "queries"
    return {row["name"].partition(": ")[2] for row in run(case, folder / "checks.sql") if not row["holds"]}


def without_last_member(rows):
    """Return steps that say of the last account of the first step that it never came in."""
    return [row | {"added": row["added"][:-1], "n_accounts": row["n_accounts"] - 1} for row in rows]


def with_a_stranger(rows):
    """Return accounts of which the last that is in no campaign is said to be in one."""
    stranger = [row for row in rows if row["campaign_id"] is None][-1]
    return [row | ({"campaign_id": "C-01"} if row is stranger else {}) for row in rows]


@pytest.mark.parametrize(
    ("table", "change", "expected"),
    [
        ("candidate_steps", lambda rows: [row | {"bits": row["bits"] + 1} for row in rows], {"most bits of a set"}),
        (
            "candidate_steps", without_last_member,
            {"most bits of a set", "accounts in which the steps and the table of accounts differ"},
        ),
        ("candidate_steps", lambda rows: [r | {"n_tried": r["n_tried"] - 1} for r in rows], {"sets that competed"}),
        (
            "accounts", with_a_stranger,
            {"accounts in which the steps and the table of accounts differ", "members that nothing holds"},
        ),
        ("work_ties", lambda rows: rows[:-1], {"most bits of a set", "sets that competed"}),
    ],
)  # fmt: skip
def test_what_the_program_chose_is_checked_by_the_rules_that_it_states(sample, tmp_path, table, change, expected):
    """Another weight, a member less in the steps or more in the accounts, a rival kept silent, a tie that is gone: each is named."""
    case = open_case(Path(shutil.copytree(sample("pool").case.root, tmp_path / "case")))
    assert set() == failing(case)

    write_rows(case, table, change(read_rows(case, table)))

    assert expected == failing(case)


def test_queries_of_tests_give_the_observations_of_the_case(sample):
    """Entity, whether it fired, and the value."""
    report = sample("pool")
    stated = {}
    for row in read_rows(report.case, "observations"):
        stated.setdefault(row["heuristic_id"], {})[row["entity_id"]] = (row["is_fired"], row["value"])
    paths = queries(report, "tests")

    assert {row["heuristic_id"] for row in read_rows(report.case, "heuristic_states")} == {p.stem for p in paths}
    for path in paths:
        rows = rows_of(report.case.root, path)
        found = {
            row["entity_id"]: (row["is_fired"], row["value"] if row["value"] is None else round(row["value"], 6))
            for row in rows
        }
        assert stated.get(path.stem, {}).items() <= found.items(), path.stem


def test_queries_of_explanations_give_the_statements_of_the_case(sample):
    """The sentence with its numbers, for each campaign."""
    report = sample("pool")
    stated = {
        row["source"]: row["statement"]
        for row in read_rows(report.case, "campaign_evidence")
        if row["source"].startswith("confounder.")
    }

    assert 3 < len(stated)
    for path in queries(report, "explanations"):
        if path.stem == "operators":
            continue
        said = {row["candidate_id"]: row["statement"] for row in rows_of(report.case.root, path)}
        assert stated[f"confounder.{path.stem}"].startswith(said["C-01"].removesuffix(".")), path.stem


def test_parameters_of_tests_are_those_that_were_used(sample):
    """Each parameter stands in the query as its value."""
    report = sample("pool")
    row = next(r for r in read_rows(report.case, "heuristic_states") if r["heuristic_id"] == "coordination.rotation")
    text = (report.case.report / "annexes/queries/tests/coordination.rotation.sql").read_text(encoding="utf-8")

    assert f"round({json.loads(row['parameters'])['max_ratio']} * spread_expected" in text
