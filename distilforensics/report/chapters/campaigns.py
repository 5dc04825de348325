"""The chapters on campaigns: sizes, evidence for and against, figures, members, links, templates, exhibits, stability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.report.annexes import safe_name
from distilforensics.report.chapters import exhibits, pictures
from distilforensics.report.chapters.campaign_rows import CampaignRows, load
from distilforensics.report.chapters.work import columns
from distilforensics.report.context import Campaign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.report.chapters.work import Work
    from distilforensics.report.context import Evidence

FULL_CHAPTERS = 20
"""Campaigns with a chapter of their own; weaker ones beyond are listed with their evidence in a table."""

MEMBERS_SHOWN = 40
TEMPLATES_SHOWN = 12
STABILITY_SHOWN = 40

MEMBER_COLUMNS = columns(
    "number|No.|count", "account_id|Account|ident", "tenant_id|Tenant|ident", "n_campaign_exchanges|Exchanges of the campaign|count",
    "n_exchanges|All exchanges|count", "output_tokens|Output tokens, all|count", "first_seen|First seen, UTC|date", "last_seen|Last seen, UTC|date",
    "n_links|Links to members|count", "link_weight|Their weight, bits|real", "support|What ties it to the campaign|support",
)  # fmt: skip
MEMBER_ANNEX_COLUMNS = (
    *MEMBER_COLUMNS,
    *columns(
        "stays_at_higher_threshold|Linked at a threshold 25 % higher|flag",
        "created_at|Sign-up, UTC|time",
        "plan|Plan|text",
    ),
)


def collect(work: Work, evidence: Mapping[str, list[Evidence]]) -> list[Campaign]:
    """Return all campaigns, strongest first."""
    facts = work.rows("campaigns")
    if not facts:
        return []
    sets = load(work)
    cited = exhibits.choose(work, facts[:FULL_CHAPTERS], evidence)
    return [
        _campaign(work, sets, row, evidence.get(row["campaign_id"], []), cited, is_full=place < FULL_CHAPTERS)
        for place, row in enumerate(facts)
    ]


def _campaign(
    work: Work,
    sets: CampaignRows,
    facts: dict[str, Any],
    evidence: list[Evidence],
    cited: exhibits.Chosen,
    *,
    is_full: bool,
) -> Campaign:
    name = facts["campaign_id"]
    file = safe_name(name)
    anchor = f"campaign-{file.lower()}"
    shown = cited.exhibits.get(name, []) if is_full else []
    return Campaign(
        campaign_id=name,
        anchor=anchor,
        grade=facts["grade"],
        grade_reason=facts["grade_reason"] or "",
        facts=facts,
        is_full=is_full,
        evidence=evidence,
        timeline=pictures.timeline(work, sets, name, anchor) if is_full else None,
        heat=pictures.heat(work, sets, name, anchor) if is_full else None,
        load=pictures.load(work, sets, name, anchor) if is_full else None,
        matrix=pictures.matrix(work, sets, name, anchor) if is_full and sets.pairs.get(name) else None,
        links=sets.link_totals[name][0],
        exhibits=shown,
        n_records_cited=cited.n_cited.get(name, 0),
        **_tables(work, sets, name, anchor),
    )


def _tables(work: Work, sets: CampaignRows, name: str, anchor: str) -> dict[str, Any]:
    file = safe_name(name)
    attributes = sets.attributes.get(name, [])
    return {
        "spread": work.table(
            "campaign_load_spread", _spread_rows(sets, name), columns(
                "who|Accounts|text", "n_accounts|Number|count", "total|Exchanges|count", "lowest|Lowest|count", "median|Median|count",
                "highest|Highest|count", "dispersion|Index of dispersion|real"),
            anchor=f"{anchor}-spread", caption="Exchanges per account: spread among members and among all accounts outside of campaigns"),
        "members": work.table(
            "campaign_members", sets.members.get(name, []), MEMBER_COLUMNS, anchor=f"{anchor}-members", caption=f"Members of {name}",
            most=MEMBERS_SHOWN, rule="the members with most exchanges of the campaign", exhibit=f"{file}-members", annex_columns=MEMBER_ANNEX_COLUMNS),
        "attributes": work.table(
            "campaign_link_attributes", attributes, columns(
                "attribute|Attribute|text", "value|Value|ident", "n_members|Members that share it|count", "n_pairs|Pairs|count",
                "n_accounts_in_log|Accounts in the whole log|count", "weight|Highest match weight, bits|real"),
            anchor=f"{anchor}-attributes", caption="Values that members share, and how rare they are in this log",
            n_rows=attributes[0]["n_values"] if attributes else 0, rule="the values that tie most members", exhibit=f"{file}-shared-values"),
        "clusters": work.table(
            "campaign_clusters", sets.clusters.get(name, []), columns(
                "cluster_id|Cluster|ident", "n_accounts|Accounts|count", "n_links|Links|count", "density|Density|share",
                "attribute_types|Attribute types|text", "weakest_bridge|Weakest bridge|ident", "weakest_bridge_weight|Its weight, bits|real",
                "stability|Stability|real"),
            anchor=f"{anchor}-clusters", caption="Linkage clusters and how firmly they hold together"),
        "templates": work.table(
            "campaign_templates", sets.templates.get(name, []), columns(
                "template_id|Template|ident", "kind|Kind|text", "n_member_exchanges|Exchanges of members|count", "n_members|Members|count",
                "n_outside_exchanges|Exchanges of others|count", "n_outside_accounts|Other accounts|count", "template_text|Normalised text|excerpt"),
            anchor=f"{anchor}-templates", caption="Templates of the campaign, used by members and by all other accounts", most=TEMPLATES_SHOWN,
            rule="the templates with most exchanges of members", exhibit=f"{file}-templates"),
        "stability": work.table(
            "campaign_stability", sets.stability.get(name, []), columns(
                "heuristic_id|Heuristic|ident", "title|Title|text", "entity_id|Group|ident", "n_repetitions|Repetitions|count", "n_fired|Still fired|count"),
            anchor=f"{anchor}-stability", caption="Firing when a tenth of the group's accounts is left out", most=STABILITY_SHOWN,
            rule="the first rows by heuristic and group", exhibit=f"{file}-stability"),
    }  # fmt: skip


def _spread_rows(sets: CampaignRows, name: str) -> list[dict[str, Any]]:
    rest = sets.spread.get("", [])
    names = {
        "own": "members, exchanges of the campaign",
        "all": "members, all their exchanges",
        "rest": "accounts outside of campaigns",
    }
    rows = {row["series"]: row for row in [*sets.spread.get(name, []), *rest]}
    return [rows[key] | {"who": names[key]} for key in names if key in rows]
