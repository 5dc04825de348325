"""The assessment of planted logs: one campaign becomes one campaign, innocent accounts and benign twins are not accused."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.stages import file_sha256, folder_sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    Names = Callable[[str, int], list[str]]

PRODUCT = "You are the assistant of a well known editor. Help the person with their files and keep answers short."
TENANTS = {"tenant_id": lambda i: f"tenant_{i}"}
"""Tenants are named, so that nothing has to be left open."""


def pool_and_people(planted: Any, names: Names, n_pool: int = 30, n_people: int = 60) -> None:
    """Plant a pool with a frame, and people."""
    planted.pool(names("pool", n_pool), tenant_id=lambda i: f"pool_{i}")
    planted.people(names("person", n_people), **TENANTS)


def test_a_pool_is_one_strong_campaign_and_nobody_else_is_in_it(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Prefix and parameters are two seeds of one campaign."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(planted.template("prefix"), *full)
    planted.observe(planted.template("parameters"), "coordination.equal_load")
    found = planted.assess()

    assert ["strong"] == found.grades, found.campaigns
    assert name_accounts("pool", 30) == found.members()
    assert (30, 1200, 1200) == tuple(
        found.campaigns[0][key] for key in ("n_accounts", "n_exchanges", "n_exchanges_members")
    )
    assert [planted.template("prefix")] == found.campaigns[0]["templates"]
    assert list(full[:2]) == [h for h in found.campaigns[0]["heuristics"] if h.startswith("coordination")]


def test_every_account_of_the_log_has_a_row(planted: Any, name_accounts: Names, full: tuple[str, ...]) -> None:
    """Also those that nothing could be computed for."""
    pool_and_people(planted, name_accounts)
    planted.send("timeless", at=planted_zero(), started_at=None)
    planted.build()
    planted.observe(planted.template("prefix"), *full)
    found = planted.assess()

    everybody = [*name_accounts("person", 60), *name_accounts("pool", 30), "timeless"]
    assert everybody == [row["account_id"] for row in found.accounts]
    assert (1, None, None) == tuple(found.accounts[-1][key] for key in ("n_exchanges", "campaign_id", "first_seen"))


def planted_zero() -> Any:
    """Return no time at all."""
    from datetime import timedelta

    return timedelta()


def test_people_who_share_the_product_prompt_of_the_pool_are_left_out(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Most accounts of the system prompt are the pool's, so the groups are merged; the mixture tells the people apart."""
    planted.pool(name_accounts("pool", 30), system_text=PRODUCT, tenant_id=lambda i: f"pool_{i}")
    planted.people(name_accounts("user", 20), system_text=PRODUCT, largest=200, tenant_id=lambda i: f"user_{i}")
    planted.people(name_accounts("person", 60), **TENANTS)
    planted.build()
    planted.observe(planted.template("prefix", "write down"), *full)
    planted.observe(planted.template("system"), "coordination.equal_load")
    found = planted.assess()

    assert name_accounts("pool", 30) == found.members()
    reasons = {row["account_id"]: row["reason_not_in_campaign"] for row in found.accounts}
    assert "0.0 % of these exchanges carry its beginning of the prompt" in reasons["user_000"]
    assert reasons["person_000"] is None


def test_a_popular_prompt_does_not_swallow_the_pool_that_uses_it(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """A coordination heuristic fired on the product's prompt because of the pool inside; it is explained, the pool is reported."""
    planted.pool(name_accounts("pool", 25), system_text=PRODUCT, tenant_id=lambda i: f"pool_{i}")
    planted.people(name_accounts("user", 120), system_text=PRODUCT, largest=900, tenant_id=lambda i: f"user_{i}")
    planted.build()
    planted.observe(planted.template("prefix", "write down"), *full)
    planted.observe(planted.template("system"), *full)
    found = planted.assess()

    assert name_accounts("pool", 25) == found.members()
    assert ["strong"] == found.grades
    assert ["confounder.product_default"] == found.explanations


def test_parts_of_a_pool_are_one_campaign(planted: Any, name_accounts: Names, full: tuple[str, ...]) -> None:
    """Each half of the pool works on a frame of its own; the common parameters hold them together."""
    pool = name_accounts("pool", 60)
    planted.pool(pool[:30], tenant_id=lambda i: f"left_{i}")
    planted.pool(
        pool[30:],
        frame="Grade the two answers below as a strict examiner would and explain: ",
        tenant_id=lambda i: f"right_{i}",
    )
    planted.people(name_accounts("person", 60), **TENANTS)
    planted.build()
    for beginning in ("write down", "grade the two"):
        planted.observe(planted.template("prefix", beginning), *full)
    planted.observe(planted.template("parameters"), *full[:2])
    found = planted.assess()

    assert ["strong"] == found.grades
    assert pool == found.members()


def test_two_pools_are_two_campaigns(planted: Any, name_accounts: Names, full: tuple[str, ...]) -> None:
    """Nothing but the parameters' default is common, and that is popular."""
    planted.pool(name_accounts("left", 40), tenant_id=lambda i: f"left_{i}")
    planted.pool(
        name_accounts("right", 30),
        frame="Grade the two answers below as a strict examiner would and explain: ",
        max_output_tokens=512,
        tenant_id=lambda i: f"right_{i}",
    )
    planted.people(name_accounts("person", 60), **TENANTS)
    planted.build()
    for beginning in ("write down", "grade the two"):
        planted.observe(planted.template("prefix", beginning), *full)
    found = planted.assess()

    assert [("C-01", 40), ("C-02", 30)] == [(row["campaign_id"], row["n_accounts"]) for row in found.campaigns]
    assert name_accounts("left", 40) == found.members("C-01")


def test_a_group_inside_of_a_campaign_is_no_second_campaign(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Twenty of sixty accounts got a variant of the frame as well."""
    pool = name_accounts("pool", 60)
    planted.pool(pool, tenant_id=lambda i: f"pool_{i}")
    planted.pool(
        pool[:22],
        frame="Grade the two answers below as a strict examiner would and explain: ",
        tenant_id=lambda i: f"pool_{i}",
    )
    planted.people(name_accounts("person", 60), **TENANTS)
    planted.build()
    for beginning in ("write down", "grade the two"):
        planted.observe(planted.template("prefix", beginning), *full)
    found = planted.assess()

    assert [60] == [row["n_accounts"] for row in found.campaigns]
    assert [] == found.explained_groups


def test_a_part_of_a_campaign_that_is_too_small_by_itself_is_not_listed_apart(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Eighteen of sixty accounts come through another gateway, which writes the parameters in another way."""
    pool = name_accounts("pool", 60)
    planted.pool(pool, tenant_id=lambda i: f"pool_{i}", max_output_tokens=lambda i: 2048 if i < 18 else 4096)
    planted.people(name_accounts("person", 60), **TENANTS)
    planted.build()
    planted.observe(planted.template("prefix", "write down"), *full)
    planted.observe(planted.template("parameters", "max_output_tokens=2048"), *full)
    found = planted.assess()

    assert [60] == [row["n_accounts"] for row in found.campaigns]
    assert [] == found.explained_groups


def test_a_neighbour_at_the_pools_address_is_not_accused(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """A shared exit, prepaid card and mail service put it into the cluster; what it sends is not the pool's."""
    pool, neighbours = name_accounts("pool", 30), name_accounts("neighbour", 3)
    planted.pool(pool, client_ip="203.0.113.1", tenant_id=lambda i: f"pool_{i}")
    planted.people(neighbours, client_ip="203.0.113.1", tenant_id=lambda i: f"neighbour_{i}")
    planted.people(name_accounts("person", 1000), **TENANTS)
    planted.join(pool, payment_fingerprint=lambda i: f"card_{i // 15}", email_domain="quick.example")
    planted.join(neighbours, payment_fingerprint="card_0", email_domain="quick.example")
    planted.build()
    planted.observe(planted.template("prefix", "write down"), *full)
    planted.observe(planted.cluster(), "coordination.equal_load", "infrastructure.link_graph")
    found = planted.assess()

    assert pool == found.members()
    neighbour = next(row for row in found.accounts if row["account_id"] == "neighbour_000")
    assert (
        "C-01: carries a group of the campaign, sent none of the templates that define it"
        == neighbour["reason_not_in_campaign"]
    )
    member = next(row for row in found.accounts if row["account_id"] == "pool_000")
    assert member["link_weight"] > 8
    assert {"link:payment", "link:ip_prefix"} <= set(member["support"])


def test_a_class_is_explained(planted: Any, name_accounts: Names) -> None:
    """Equal exercises from one network in the mornings of one school."""
    from datetime import timedelta

    for day in range(5):
        for i in range(30 * 8):
            at = timedelta(days=day, hours=9, seconds=25 * i)
            task = f"Explain in your own words the exercise that follows and check it twice: {words_of(day, i // 30)}"
            planted.send(
                f"student_{i % 30:03d}", at, prompt_text=task, client_ip="198.51.100.7", tenant_id=f"person_{i % 30}"
            )
    planted.people(name_accounts("person", 40), **TENANTS)
    planted.build()
    fired = (
        "coordination.equal_load",
        "structure.template_span",
        "structure.coverage_growth",
        "infrastructure.fan_in_out",
    )
    planted.observe(planted.template("prefix", "explain in your"), *fired)
    found = planted.assess()

    assert (["confounder.class, confounder.shared_assignment, confounder.timers"], []) == (
        found.explanations,
        found.campaigns,
    )
    assert {None} == {row["campaign_id"] for row in found.accounts}
    assert "X-01: examined group, explained by confounder.class, confounder.shared_assignment, confounder.timers" in {
        row["reason_not_in_campaign"] for row in found.accounts
    }


def words_of(day: int, exercise: int) -> str:
    """Return the text of an exercise."""
    return f"{['river', 'stone', 'cloud', 'light', 'metal'][day]} and {['heat', 'time', 'work', 'load', 'speed', 'sound', 'field', 'wave'][exercise]}"


@pytest.mark.parametrize(
    ("explanation", "n_accounts", "days", "values"),
    [
        ("confounder.one_tenant", 30, 5, {"tenant_id": "agency"}),
        ("confounder.personal_pool", 6, 5, {"tenant_id": lambda i: f"one_{i}"}),
        ("confounder.evaluation_run, confounder.one_tenant", 30, 5, {"tenant_id": "laboratory", "temperature": 0.0}),
        ("confounder.batch_job, confounder.one_tenant", 30, 5, {"tenant_id": "publisher", "output_tokens": 20}),
        ("confounder.reseller", 12, 5, {"tenant_id": lambda i: f"shop_{i}", "end_user_id": lambda i: f"user_{i}"}),
    ],
)
def test_benign_twins_of_a_pool_are_explained(
    planted: Any,
    name_accounts: Names,
    full: tuple[str, ...],
    explanation: str,
    n_accounts: int,
    days: int,
    values: dict[str, Any],
) -> None:
    """The same traffic, told apart by who sends it and what for; the most specific explanation comes first."""
    planted.pool(name_accounts("twin", n_accounts), days=days, **values)
    if "end_user_id" in values:
        for number, row in enumerate(planted.exchanges):
            row["end_user_id"] = f"user_{number % 97}"
    planted.people(name_accounts("person", 60), **TENANTS)
    planted.build()
    planted.observe(planted.template("prefix", "write down"), *full)
    found = planted.assess()

    assert ([explanation], []) == (found.explanations, found.campaigns)


def test_an_open_question_forbids_strong(planted: Any, name_accounts: Names, full: tuple[str, ...]) -> None:
    """The log names no tenants and no payment: a customer with many keys cannot be excluded."""
    planted.pool(name_accounts("pool", 30))
    planted.people(name_accounts("person", 60))
    planted.build()
    planted.observe(planted.template("prefix", "write down"), *full)
    found = planted.assess()

    assert ["moderate"] == found.grades
    assert "confounder.one_tenant" in found.campaigns[0]["grade_reason"]


def test_one_coordination_heuristic_alone_is_not_strong(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Leaving it out leaves no candidate at all."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(planted.template("prefix"), *full[:1], *full[2:])
    found = planted.assess()

    assert ["moderate"] == found.grades
    assert (False, True) == tuple(
        found.campaigns[0][key] for key in ("is_stable_without_any_heuristic", "is_stable_without_accounts")
    )


def test_what_fires_on_all_accounts_only_does_not_count_as_stable(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Infrastructure fired in nine of ten repetitions: without it the conjunction has two legs."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(planted.template("prefix"), *full[:4])
    planted.observe(planted.template("prefix"), *full[4:], is_stable=False)
    found = planted.assess()

    assert [("moderate", False)] == [(row["grade"], row["is_stable_without_accounts"]) for row in found.campaigns]


def test_leads_are_shown_and_never_counted(planted: Any, name_accounts: Names) -> None:
    """Volume says how much, not that something is wrong."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(
        planted.template("prefix"), "coordination.equal_load", "coordination.rotation", "harvest.output_volume"
    )
    found = planted.assess()

    assert ([], ["insufficient"]) == (found.grades, found.explanations)
    shown = [row["statement"] for row in found.campaign_evidence if row["source"] == "harvest.output_volume"]
    assert shown[0].endswith("It is a lead and bears no grade.")


def test_a_heuristic_on_few_members_does_not_bear_the_grade(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Twelve of sixty accounts share a suffix on which infrastructure fired; the rest of the campaign does not."""
    pool = name_accounts("pool", 60)
    planted.pool(pool, tenant_id=lambda i: f"pool_{i}")
    for number, row in enumerate(planted.exchanges):
        if int(row["account_id"][5:]) < 12:
            row["prompt_text"] += " and close with the summary that is asked for in the style sheet of this house"
            row["prompt_chars"] = len(row["prompt_text"]) + 0 * number
    planted.people(name_accounts("person", 60), **TENANTS)
    planted.build()
    planted.observe(planted.template("prefix", "write down"), *full[:4])
    planted.observe(planted.template("suffix"), *full[4:])
    found = planted.assess()

    assert ["moderate"] == found.grades
    assert ["coordination", "structure"] == found.campaigns[0]["families"]
    shown = [row["statement"] for row in found.campaign_evidence if row["source"] == full[4]]
    assert shown[0].endswith("It concerns 20.0 % of the members and bears no grade.")


def test_structure_with_ties_of_identity_is_weak_without_coordination(planted: Any, name_accounts: Names) -> None:
    """A frame over many tenants who share cards is worth a weak grade, a frame with low ties is not."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(planted.template("prefix"), "structure.template_span", "infrastructure.shared_payment")
    found = planted.assess()

    assert (["weak"], 30) == (found.grades, len(found.members()))


def test_structure_without_strong_ties_is_nothing(planted: Any, name_accounts: Names) -> None:
    """A low heuristic describes ordinary engineering."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(planted.template("prefix"), "structure.template_span", "evasion.flat_clock")
    found = planted.assess()

    assert ([], []) == (found.grades, found.explained_groups)


def test_observations_on_single_accounts_count_by_lift(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Fired on all members and on no other account: the third leg of the conjunction."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(planted.template("prefix"), *full[:4], "harvest.output_harvest_ratio")
    for account in name_accounts("pool", 30):
        planted.observe(account, "evasion.restless")
    for account in name_accounts("person", 60):
        planted.observe(account, "evasion.restless", is_fired=False)
    found = planted.assess()

    assert ["strong"] == found.grades
    row = next(row for row in found.campaign_evidence if row["source"] == "evasion.restless")
    assert "on 30 of 30 members that could be judged, on 0 of 60 other accounts" in row["statement"]


def test_evidence_stands_on_both_sides_with_records(planted: Any, name_accounts: Names, full: tuple[str, ...]) -> None:
    """What fired, what stayed silent, what could not be judged, what else explains it, and rows to look at."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(planted.template("prefix"), *full)
    planted.observe(planted.template("prefix"), "coordination.synchrony", is_fired=False)
    found = planted.assess()

    key = [(row["campaign_id"], row["side"], row["source"], row["entity_id"] or "") for row in found.campaign_evidence]
    sides = {row["source"]: row["side"] for row in found.campaign_evidence}
    assert sorted(key) == key
    assert ("for", "against", "neutral", "neutral") == tuple(
        sides[source]
        for source in ("coordination.equal_load", "coordination.synchrony", "confounder.class", "facts.size")
    )
    records = next(row["record_ids"] for row in found.campaign_evidence if row["source"] == "coordination.equal_load")
    owners = {row["record_id"]: row["account_id"] for row in planted.exchanges}
    assert 10 == len(records) == len({owners[record] for record in records})
    assert all(owners[record].startswith("pool") for record in records)
    assert not any(
        word in row["statement"] for row in found.campaign_evidence for word in ("proves", "guilty", "thief")
    )


def test_findings_json_states_balance_heuristics_campaigns_and_what_is_not_known(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """The contract for other programs."""
    pool_and_people(planted, name_accounts)
    case = planted.build()
    planted.observe(planted.template("prefix"), *full)
    planted.assess()
    found = json.loads((case.findings / "findings.json").read_text(encoding="utf-8"))

    total = found["balance"]["total"]
    parts = ("n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")
    assert len(planted.exchanges) == total["n_read"] == sum(total[key] for key in parts)
    assert sorted(full) == [row["heuristic_id"] for row in found["heuristics"]]
    assert [("C-01", "strong", 30)] == [
        (row["campaign_id"], row["grade"], row["n_accounts"]) for row in found["campaigns"]
    ]
    assert found["error_rates"]["is_measured_for_this_log"] is False
    assert {"n_examined": 90, "n_in_campaigns": 30, "n_in_no_campaign": 60} == found["accounts"]
    assert "coordination.rotation says nothing: the log carries no start." not in found["limits"]
    assert {"is_measured_for_this_log", "reason"} <= set(found["error_rates"])
    assert found["error_rates"]["reason"]


def test_findings_json_names_what_this_log_could_not_be_asked(planted: Any, name_accounts: Names) -> None:
    """A heuristic that was not evaluated stands among the limits with its reason."""
    planted.people(name_accounts("person", 20))
    case = planted.build()
    planted.assess()
    found = json.loads((case.findings / "findings.json").read_text(encoding="utf-8"))

    assert "coordination.rotation says nothing: the log carries no start." in found["limits"]


def test_csv_annexes_are_no_formulas(planted: Any, name_accounts: Names, full: tuple[str, ...]) -> None:
    """An account id that a spreadsheet would calculate is guarded; Parquet keeps the exact value."""
    planted.pool(["=SUM(A1)", *name_accounts("pool", 29)], tenant_id=lambda i: f"pool_{i}")
    planted.people(name_accounts("person", 60), **TENANTS)
    case = planted.build()
    planted.observe(planted.template("prefix", "write down"), *full)
    found = planted.assess()
    rows = list(csv.DictReader(io.StringIO((case.findings / "accounts.csv").read_text(encoding="utf-8"), newline="")))

    assert ("=SUM(A1)", "'=SUM(A1)") == (found.accounts[0]["account_id"], rows[0]["account_id"])


def test_the_same_bytes_at_any_number_of_threads(planted: Any, name_accounts: Names, full: tuple[str, ...]) -> None:
    """Findings are a function of the tables alone."""
    pool_and_people(planted, name_accounts)
    case = planted.build()
    planted.observe(planted.template("prefix"), *full)
    hashes = []
    for threads in (1, 2):
        (case.stages / "assessment.json").unlink(missing_ok=True)
        planted.assess(Limits(500_000_000, threads))
        hashes.append(folder_sha256(case, case.findings))

    assert hashes[0] == hashes[1]
    assert "findings/findings.json" in hashes[0]
    assert file_sha256(case.findings / "findings.json") == hashes[0]["findings/findings.json"]


def test_a_log_without_anything_gives_empty_findings(planted: Any, name_accounts: Names) -> None:
    """Nothing fired: no campaign, no explained group, all accounts listed."""
    planted.people(name_accounts("person", 20))
    planted.build()
    found = planted.assess()

    assert ([], [], 20) == (found.campaigns, found.explained_groups, len(found.accounts))
