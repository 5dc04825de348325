"""The rows of the tables in findings/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.analysis.kinds import kind_of
from distilforensics.assessment.evidence import fact_row
from distilforensics.assessment.examination import sql, write_pairs
from distilforensics.assessment.sensitivity import sensitivity
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from distilforensics.assessment.examined import Examined
    from distilforensics.assessment.material import Material
    from distilforensics.assessment.sensitivity import Moved

Row = dict[str, Any]


def campaign_row(campaign_id: str, examined: Examined, moved: Moved, material: Material) -> Row:
    """Return the row of one campaign."""
    at_moved = sensitivity(examined, moved)
    return {
        "campaign_id": campaign_id,
        "grade": examined.verdict.grade.value,
        "n_accounts": len(examined.members),
        "n_exchanges": examined.totals["n_exchanges"],
        "n_exchanges_members": _n_exchanges(examined, material),
        "input_tokens": examined.totals["input_tokens"],
        "output_tokens": examined.totals["output_tokens"],
        "n_distinct_prompts": examined.totals["n_distinct_prompts"],
        "first_seen": examined.totals["first_seen"],
        "last_seen": examined.totals["last_seen"],
        "families": sorted({examined.fired[heuristic].observation.family for heuristic in examined.bearing}),
        "heuristics": list(examined.bearing),
        "templates": list(examined.candidate.templates),
        "clusters": _clusters(examined.groups),
        "grade_reason": examined.verdict.reason,
        "is_stable_without_any_heuristic": examined.verdict.is_stable_without_any_heuristic,
        "is_stable_without_accounts": examined.verdict.is_stable_without_accounts,
        "grade_stricter": at_moved.stricter.value,
        "grade_laxer": at_moved.laxer.value,
        "heuristics_lost": list(at_moved.lost),
        "heuristics_gained": list(at_moved.gained),
    }


def explained_row(group_id: str, examined: Examined) -> Row:
    """Return the row of a candidate that is not reported as a campaign, with the explanation that stands."""
    by_id = {check.confounder_id: check.statement for check in examined.checks}
    statements = [by_id[explanation] for explanation in examined.explanations]
    return {
        "group_id": group_id,
        "n_accounts": len(examined.members),
        "n_exchanges": examined.totals["n_exchanges"],
        "explanation": ", ".join(examined.explanations) or "insufficient",
        "statement": " ".join(statements) or f"Not enough for a grade: {examined.verdict.reason}.",
        "heuristics": sorted(examined.fired),
        "templates": list(examined.candidate.templates),
        "clusters": _clusters(examined.groups),
    }


def _clusters(groups: Iterable[str]) -> list[str]:
    return sorted(group for group in groups if kind_of(group) == "cluster")


def _n_exchanges(examined: Examined, material: Material) -> int:
    return sum(material.profiles[account]["n_exchanges"] for account in examined.members)


def fact_rows(campaign_id: str, examined: Examined, material: Material) -> list[Row]:
    """Return what can be counted about a candidate, and what its members do besides."""
    n_accounts, n_sent, n_log_accounts = len(examined.members), len(examined.membership.bearing), len(material.profiles)
    n_exchanges, n_members = examined.totals["n_exchanges"], _n_exchanges(examined, material)
    n_log = sum(profile["n_exchanges"] for profile in material.profiles.values())
    first, last = (units.moment(examined.totals[key]) for key in ("first_seen", "last_seen"))
    size = (
        f"{units.count(n_sent)} accounts ({units.share(n_sent, n_log_accounts)} of the log) sent "
        f"{units.count(n_exchanges)} exchanges ({units.share(n_exchanges, n_log)} of the log) from {first} to {last}."
    )
    if n_accounts > n_sent:
        size += (
            f" {units.count(n_accounts - n_sent)} accounts more sent none of these and belong to the group by two ties of payment, sign-up or "
            "network with accounts that did; they bear no grade."
        )
    other = (
        f"The same accounts sent {units.count(n_members - n_exchanges)} exchanges ({units.share(n_members - n_exchanges, n_members)} "
        "of theirs) that do not carry the templates of the group."
    )
    left_out = f"{units.count(len(examined.membership.left_out))} accounts carry some of its groups and are no members."
    return [
        fact_row(campaign_id, "facts.size", size, n_exchanges=n_exchanges, n_accounts=n_accounts),
        fact_row(
            campaign_id,
            "facts.other_traffic",
            other,
            side="against" if n_members > n_exchanges else "neutral",
            n_exchanges=n_members - n_exchanges,
            n_accounts=n_accounts,
        ),
        fact_row(campaign_id, "facts.left_out", left_out, n_accounts=len(examined.membership.left_out)),
    ]


def account_rows(
    connection: duckdb.DuckDBPyConnection,
    campaigns: Mapping[str, Examined],
    others: Mapping[str, Examined],
    material: Material,
) -> list[Row]:
    """Return one row per account of the log, in order of account id."""
    home = {account: name for name, e in campaigns.items() for account in sorted(e.members)}
    reasons = _reasons(campaigns, others)
    links = _links_within(connection, home)
    keys = ("account_id", "n_exchanges", "output_tokens", "first_seen", "last_seen", "tenant_id")
    known = [{key: profile[key] for key in keys} for profile in material.profiles.values()]
    relation = connection.sql(sql("accounts_without_profile"))
    known += [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    rows = []
    for account in sorted(known, key=lambda row: str(row["account_id"])):
        name = account["account_id"]
        examined = campaigns[home[name]] if name in home else None
        millibits, attributes = links.get(name, (None, []))
        rows.append(
            account
            | {
                "campaign_id": home.get(name),
                "grade": examined.verdict.grade.value if examined else None,
                "n_campaign_exchanges": examined.membership.members[name] if examined else None,
                "support": _support(name, examined, attributes, material) if examined else None,
                "link_weight": millibits / 1000 if millibits is not None else None,
                "reason_not_in_campaign": None if examined else reasons.get(name),
            }
        )
    return rows


def _reasons(campaigns: Mapping[str, Examined], others: Mapping[str, Examined]) -> dict[str, str]:
    """Return account to why it is in no campaign, of the strongest candidate that it came near to."""
    reasons: dict[str, str] = {}
    for name, e in campaigns.items():
        for account, reason in e.membership.left_out.items():
            reasons.setdefault(account, f"{name}: {reason}")
    for name, e in others.items():
        why = f"explained by {', '.join(e.explanations)}" if e.explanations else "not enough for a grade"
        for account in sorted(e.members):
            reasons.setdefault(account, f"{name}: examined group, {why}")
    return reasons


def _links_within(connection: duckdb.DuckDBPyConnection, home: Mapping[str, str]) -> dict[str, tuple[int, list[str]]]:
    write_pairs(connection, "campaign_accounts", ("account_id", "campaign_id"), sorted(home.items()))
    rows = connection.execute(sql("links_within")).fetchall()
    return {account: (millibits, attributes) for account, millibits, attributes in rows}


def _support(account: str, examined: Examined, attributes: Iterable[str], material: Material) -> list[str]:
    groups = (*examined.candidate.seeds, *_clusters(examined.groups))
    carried = {group for group in groups if account in material.group_accounts.get(group, frozenset())}
    return sorted(carried) + [f"link:{attribute}" for attribute in attributes]
