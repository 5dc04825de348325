"""Few exchanges and what speaks for them: network, payment, sign-up."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Names = Callable[[str, int], list[str]]

FRAME = "Turn what stands below into plain words and leave nothing of it out, also where it is unclear: "


def test_an_account_with_one_exchange_is_a_member_by_what_it_shares_and_a_stranger_is_not(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Thirty accounts behind one exit send many; three behind it send one each, and so do three people at home."""
    pool, few, strangers = name_accounts("pool", 30), name_accounts("few", 3), name_accounts("stranger", 3)
    planted.pool(pool, frame=FRAME, client_ip="203.0.113.7", tenant_id=lambda i: f"pool_{i}")
    for number, account in enumerate([*few, *strangers]):
        address = "203.0.113.7" if account in few else f"198.51.100.{number}"
        planted.send(
            account,
            timedelta(hours=5 + number),
            prompt_text=f"{FRAME}note {number}",
            client_ip=address,
            tenant_id=f"t_{account}",
        )
    planted.people(name_accounts("person", 60), tenant_id=lambda i: f"person_{i}", client_ip=lambda i: f"192.0.2.{i}")
    planted.build()
    planted.observe(planted.template("prefix", "turn what"), *full)
    found = planted.assess()

    assert sorted([*pool, *few]) == found.members()
    reasons = {row["account_id"]: row["reason_not_in_campaign"] for row in found.accounts}
    assert "sent its templates 1 times, fewer than 3" in reasons["stranger_000"]
    assert "weighs 0.0 bits" in reasons["stranger_000"]


def test_accounts_attached_for_their_ties_are_counted_apart_and_bear_no_grade(
    planted: Any, name_accounts: Names, full: tuple[str, ...]
) -> None:
    """Nineteen accounts that sent something are too few for a campaign, whatever is attached to them; twenty are enough."""
    pool, silent = name_accounts("pool", 20), name_accounts("silent", 3)
    planted.pool(pool, client_ip=lambda i: f"203.0.113.{i % 4}", tenant_id=lambda i: f"pool_{i}")
    planted.people(silent, client_ip=lambda i: f"203.0.113.{i}", tenant_id=lambda i: f"silent_{i}")
    planted.people(name_accounts("person", 300), largest=1, tenant_id=lambda i: f"person_{i}")
    planted.join(pool, payment_fingerprint=lambda i: f"card_{i // 4}")
    planted.join(silent, payment_fingerprint=lambda i: f"card_{i}")
    planted.build()
    planted.observe(planted.template("prefix"), *full)
    found = planted.assess()

    members = {row["account_id"]: row["n_campaign_exchanges"] for row in found.accounts if row["campaign_id"]}
    assert dict.fromkeys(silent, 0) == {name: n for name, n in members.items() if not n}
    (row,) = [row for row in found.campaign_evidence if row["source"] == "facts.size"]
    assert row["statement"].startswith("20 accounts (6.2 % of the log) sent 800 exchanges")
    assert "3 accounts more sent none of these" in row["statement"]

    planted.exchanges = [row for row in planted.exchanges if row["account_id"] != pool[0]]
    shutil.rmtree(planted.case.root)
    planted.build()
    assert [] == planted.assess().grades
