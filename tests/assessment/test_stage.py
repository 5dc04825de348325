"""The assessment of planted logs: a pool becomes one campaign, a fleet one operator, and nobody else is named."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.stages import file_sha256, folder_sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    Names = Callable[[str, int], list[str]]

TENANTS = {"tenant_id": lambda i: f"tenant_{i}"}


def pool_and_people(planted: Any, names: Names, n_pool: int = 30, n_people: int = 60, **pool: Any) -> None:
    """Plant a pool that hands refused calls over and pays in fours, and people."""
    accounts = names("pool", n_pool)
    planted.pool(accounts, **({"tenant_id": lambda i: f"pool_{i}"} | pool))
    planted.fail_over(accounts, n=40)
    planted.join(accounts, payment_fingerprint=lambda i: f"card_{i // 4}")
    planted.people(names("person", n_people), **TENANTS)


def test_a_pool_is_one_campaign_and_nobody_else_is_in_it(planted: Any, name_accounts: Names) -> None:
    """Hand-overs between known customers, and one card for four of them."""
    pool_and_people(planted, name_accounts)
    planted.build()
    found = planted.assess()

    assert found.grades == ["moderate"], found.campaigns
    assert found.members() == name_accounts("pool", 30)
    assert [row["fact_id"] for row in found.campaign_facts if row["is_counted"]] == ["handover", "payment", "frame"]
    assert found.campaigns[0]["facts"] == ["handover", "payment", "frame"]
    handover = found.campaign_facts[0]
    assert (handover["value"], handover["of"]) == (40, 40)


def test_a_handover_cites_the_failed_call_and_the_one_that_follows(planted: Any, name_accounts: Names) -> None:
    """Two records of one prompt, the first refused, of two accounts."""
    pool_and_people(planted, name_accounts)
    planted.build()
    records = planted.assess().campaign_facts[0]["record_ids"]
    rows = {row["record_id"]: row for row in planted.exchanges}

    failed, next_one = rows[records[0]], rows[records[1]]
    assert (failed["status"], next_one["status"]) == ("limited", "ok")
    assert failed["prompt_text"] == next_one["prompt_text"]
    assert failed["account_id"] != next_one["account_id"]


def test_a_fleet_without_tenant_or_card_is_one_operator_and_keeps_its_facts(planted: Any, name_accounts: Names) -> None:
    """The same calls; whose accounts these are is not in the log."""
    accounts = name_accounts("pod", 30)
    planted.pool(accounts)
    planted.fail_over(accounts, n=40)
    planted.people(name_accounts("person", 60), **TENANTS)
    planted.build()
    found = planted.assess()

    assert found.campaigns == []
    assert found.campaign_facts[0]["campaign_id"] == "X-01"
    assert {row["grade"] for row in found.accounts if row["account_id"] in accounts} == {
        "one operator, purpose unknown"
    }
    outcomes = {row["explanation_id"]: row["outcome"] for row in found.campaign_explanations}
    assert outcomes["operator.few_customers"] == "cannot tell"


def test_a_prompt_that_many_send_in_an_outage_is_no_handover(planted: Any, name_accounts: Names) -> None:
    """Forty customers repeat one built-in probe until it is answered."""
    shops = name_accounts("shop", 40)
    planted.people(shops, **TENANTS)
    for number, shop in enumerate(shops):
        for minute in range(5):
            at = timedelta(days=2, minutes=minute, seconds=number)
            status = "error" if minute < 4 else "ok"
            planted.send(shop, at, prompt_text="Please answer this connection test with READY", status=status)
    planted.build()
    found = planted.assess()

    assert (found.campaigns, found.explained_groups) == ([], [])


def test_two_pools_are_two_campaigns(planted: Any, name_accounts: Names) -> None:
    """Different frames, different hand-overs."""
    pool_and_people(planted, name_accounts)
    other = name_accounts("ring", 20)
    frame = "List every fact about the following matter and weigh it against all the others before you answer: "
    planted.pool(other, frame=frame, max_output_tokens=2048, tenant_id=lambda i: f"ring_{i}")
    planted.fail_over(other, n=40, frame=frame)
    planted.join(other, payment_fingerprint=lambda i: f"ring_card_{i // 4}")
    planted.build()
    found = planted.assess()

    assert len(found.campaigns) == 2
    assert sorted([found.members("C-01"), found.members("C-02")]) == [name_accounts("pool", 30), other]


def test_every_account_of_the_log_has_a_row(planted: Any, name_accounts: Names) -> None:
    """Also those that nothing could be computed for."""
    pool_and_people(planted, name_accounts)
    planted.send("timeless", at=timedelta(), started_at=None)
    planted.build()
    found = planted.assess()

    everybody = [*name_accounts("person", 60), *name_accounts("pool", 30), "timeless"]
    assert everybody == [row["account_id"] for row in found.accounts]
    assert (1, None, None) == tuple(found.accounts[-1][key] for key in ("n_exchanges", "campaign_id", "first_seen"))


def test_leads_and_what_fired_beside_the_facts_are_shown_and_not_counted(planted: Any, name_accounts: Names) -> None:
    """Evidence is in order, facts speak for it, the rest is neutral, and no word claims more."""
    pool_and_people(planted, name_accounts)
    planted.build()
    planted.observe(planted.template("prefix"), "harvest.capability_focus", "infrastructure.no_ramp")
    found = planted.assess()

    key = [(row["campaign_id"], row["side"], row["source"], row["entity_id"] or "") for row in found.campaign_evidence]
    sides = {row["source"]: row["side"] for row in found.campaign_evidence}
    assert sorted(key) == key
    assert (sides["fact.handover"], sides["harvest.capability_focus"], sides["infrastructure.no_ramp"]) == (
        "for", "neutral", "neutral",
    )  # fmt: skip
    assert not any(
        word in row["statement"] for row in found.campaign_evidence for word in ("proves", "guilty", "thief")
    )


def test_findings_json_states_balance_heuristics_campaigns_and_what_is_not_known(
    planted: Any, name_accounts: Names
) -> None:
    """The contract for other programs."""
    pool_and_people(planted, name_accounts)
    case = planted.build()
    planted.assess()
    found = json.loads((case.findings / "findings.json").read_text(encoding="utf-8"))

    total = found["balance"]["total"]
    parts = ("n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")
    assert len(planted.exchanges) == total["n_read"] == sum(total[key] for key in parts)
    assert [("C-01", "moderate", 30)] == [
        (row["campaign_id"], row["grade"], row["n_accounts"]) for row in found["campaigns"]
    ]
    assert found["error_rates"]["is_measured_for_this_log"] is False
    assert {"n_examined": 90, "n_in_campaigns": 30, "n_in_no_campaign": 60} == found["accounts"]
    assert {"is_measured_for_this_log", "reason"} <= set(found["error_rates"])
    assert found["error_rates"]["reason"]


def test_findings_json_names_what_this_log_could_not_be_asked(planted: Any, name_accounts: Names) -> None:
    """A heuristic that was not evaluated stands among the limits with its reason."""
    planted.people(name_accounts("person", 20))
    case = planted.build()
    planted.assess()
    found = json.loads((case.findings / "findings.json").read_text(encoding="utf-8"))

    assert "coordination.rotation says nothing: the log carries no start." in found["limits"]


def test_csv_annexes_are_no_formulas(planted: Any, name_accounts: Names) -> None:
    """An account id that a spreadsheet would calculate is guarded; Parquet keeps the exact value."""
    planted.people(["=SUM(A1)", *name_accounts("person", 20)], **TENANTS)
    case = planted.build()
    found = planted.assess()
    rows = list(csv.DictReader(io.StringIO((case.findings / "accounts.csv").read_text(encoding="utf-8"), newline="")))

    assert ("=SUM(A1)", "'=SUM(A1)") == (found.accounts[0]["account_id"], rows[0]["account_id"])


def test_the_same_bytes_at_any_number_of_threads(planted: Any, name_accounts: Names) -> None:
    """Findings are a function of the tables alone."""
    pool_and_people(planted, name_accounts)
    case = planted.build()
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
