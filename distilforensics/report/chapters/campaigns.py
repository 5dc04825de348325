"""The chapters on campaigns: sizes, evidence for and against, figures, members, links, templates, exhibits, stability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.report.annexes import safe_name
from distilforensics.report.chapters import exhibits, pictures
from distilforensics.report.chapters.campaign_rows import CampaignRows, load
from distilforensics.report.chapters.work import sentence
from distilforensics.report.context import Campaign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.report.chapters.work import Work
    from distilforensics.report.context import DataTable, Evidence

FULL_CHAPTERS = 20
"""Campaigns with a chapter of their own; weaker ones beyond are listed with their evidence in a table."""

TEMPLATE_CHARS = 200
"""Characters of a template's text that the table shows; the annex has more."""


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
        grade_reason=sentence(facts["grade_reason"] or ""),
        facts=facts,
        n_attached=sum(not row["n_campaign_exchanges"] for row in sets.members.get(name, [])),
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


def _tables(work: Work, sets: CampaignRows, name: str, anchor: str) -> dict[str, DataTable]:
    attributes = sets.attributes.get(name, [])
    file = safe_name(name)
    templates = [row | {"shown": _shown(row)} for row in sets.templates.get(name, [])]

    def table(
        query: str, part: str, rows: Sequence[Mapping[str, Any]], exhibit: str = "", n_rows: int | None = None
    ) -> DataTable:
        target = f"{file}-{exhibit}" if exhibit else ""
        return work.table(query, rows, anchor=f"{anchor}-{part}", exhibit=target, n_rows=n_rows, words={"name": name})

    n_values = attributes[0]["n_values"] if attributes else 0
    return {
        "spread": table("campaign_load_spread", "spread", _spread_rows(sets, name)),
        "members": table("campaign_members", "members", sets.members.get(name, []), "members"),
        "attributes": table("campaign_link_attributes", "attributes", attributes, "shared-values", n_values),
        "differences": table("campaign_link_differences", "differences", sets.differences.get(name, [])),
        "clusters": table("campaign_clusters", "clusters", sets.clusters.get(name, [])),
        "templates": table("campaign_templates", "templates", templates, "templates"),
        "stability": table("campaign_stability", "stability", sets.stability.get(name, []), "stability"),
    }


def _shown(row: Mapping[str, Any]) -> str:
    """Return the part of a template's text that defines it: the end of a suffix, the beginning of anything else."""
    text = row["template_text"] or ""
    if len(text) <= TEMPLATE_CHARS:
        return text
    return f"… {text[-TEMPLATE_CHARS:]}" if row["kind"] == "suffix" else f"{text[:TEMPLATE_CHARS]} …"


def _spread_rows(sets: CampaignRows, name: str) -> list[dict[str, Any]]:
    rest = sets.spread.get("", [])
    names = {
        "own": "members, exchanges of the campaign",
        "all": "members, all their exchanges",
        "rest": "accounts outside of campaigns",
    }
    rows = {row["series"]: row for row in [*sets.spread.get(name, []), *rest]}
    return [rows[key] | {"who": names[key]} for key in names if key in rows]
