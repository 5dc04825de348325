"""The rows of the campaign, explained group and account tables."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from distilforensics.assessment.material import Material, kind_of
from distilforensics.case.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from distilforensics.assessment.examined import Examined
    from distilforensics.case.layout import Case


def campaign_row(campaign_id: str, examined: Examined, material: Material) -> dict[str, Any]:
    """Return the row of one campaign."""
    members = examined.membership.members
    return {
        "campaign_id": campaign_id,
        "grade": examined.verdict.grade.value,
        "n_accounts": len(members),
        "n_exchanges": examined.totals["n_exchanges"],
        "n_exchanges_members": sum(material.profiles[account]["n_exchanges"] for account in members),
        "input_tokens": examined.totals["input_tokens"],
        "output_tokens": examined.totals["output_tokens"],
        "n_distinct_prompts": examined.totals["n_distinct_prompts"],
        "first_seen": examined.totals["first_seen"],
        "last_seen": examined.totals["last_seen"],
        "families": sorted({found.observation.family for found in examined.fired.values()}),
        "heuristics": sorted(examined.fired),
        "templates": _of_kind(examined.groups, is_cluster=False),
        "clusters": _of_kind(examined.groups, is_cluster=True),
        "grade_reason": examined.verdict.reason,
        "is_stable_without_any_heuristic": examined.verdict.is_stable_without_any_heuristic,
        "is_stable_without_accounts": examined.verdict.is_stable_without_accounts,
    }


def explained_row(group_id: str, examined: Examined) -> dict[str, Any]:
    """Return the row of a candidate that is not reported as a campaign, with the explanation that stands."""
    statements = [check.statement for check in examined.checks if check.verdict == "applies"]
    return {
        "group_id": group_id,
        "n_accounts": len(examined.membership.members),
        "n_exchanges": examined.totals["n_exchanges"],
        "explanation": ", ".join(examined.explanations) or "insufficient",
        "statement": " ".join(statements) or f"Not enough for a grade: {examined.verdict.reason}.",
        "heuristics": sorted(examined.fired),
        "templates": _of_kind(examined.groups, is_cluster=False),
        "clusters": _of_kind(examined.groups, is_cluster=True),
    }


def _of_kind(groups: Iterable[str], *, is_cluster: bool) -> list[str]:
    return sorted(group for group in groups if (kind_of(group) == "cluster") == is_cluster)


def account_rows(case: Case, campaigns: Mapping[str, Examined], material: Material) -> list[dict[str, Any]]:
    """Return one row per account of the log, in order of account id."""
    home = {account: campaign for campaign, e in reversed(list(campaigns.items())) for account in e.membership.members}
    left_out = {
        account: f"{campaign}: {reason}"
        for campaign, e in reversed(list(campaigns.items()))
        for account, reason in e.membership.left_out.items()
        if account not in home
    }
    weights, shared = _links_within(case, home)
    rows = []
    for account, profile in sorted(material.profiles.items()):
        campaign = home.get(account)
        examined = campaigns[campaign] if campaign else None
        rows.append(
            {
                key: profile[key]
                for key in ("account_id", "n_exchanges", "output_tokens", "first_seen", "last_seen", "tenant_id")
            }
            | {
                "campaign_id": campaign,
                "grade": examined.verdict.grade.value if examined else None,
                "n_campaign_exchanges": examined.membership.members[account] if examined else None,
                "support": _support(account, examined, material, shared.get(account, set())) if examined else None,
                "link_weight": round(weights[account], 6) if examined and account in weights else None,
                "reason_not_in_campaign": left_out.get(account),
            }
        )
    return rows


def _links_within(case: Case, home: Mapping[str, str]) -> tuple[dict[str, float], dict[str, set[str]]]:
    weights: dict[str, float] = defaultdict(float)
    shared: dict[str, set[str]] = defaultdict(set)
    for link in read_rows(case, "links", ["account_a", "account_b", "weight", "attributes"]):
        if link["account_a"] not in home or home[link["account_a"]] != home.get(link["account_b"]):
            continue
        names = {entry["attribute"] for entry in link["attributes"]}
        for account in (link["account_a"], link["account_b"]):
            weights[account] += link["weight"]
            shared[account] |= names
    return weights, shared


def _support(account: str, examined: Examined, material: Material, attributes: set[str]) -> list[str]:
    groups = [group for group in examined.groups if account in material.group_accounts.get(group, frozenset())]
    return sorted(groups) + sorted(f"link:{attribute}" for attribute in attributes)
