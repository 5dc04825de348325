"""The rows of all campaigns: every query runs once for all of them, and chapters take what is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from distilforensics.report.chapters.work import Work


@dataclass(frozen=True, slots=True)
class CampaignRows:
    """Rows of each campaign query by campaign id, and the exchanges of the whole log per day."""

    days: Mapping[str, list[dict[str, Any]]]
    heat: Mapping[str, list[dict[str, Any]]]
    members: Mapping[str, list[dict[str, Any]]]
    load: Mapping[str, list[dict[str, Any]]]
    spread: Mapping[str, list[dict[str, Any]]]
    attributes: Mapping[str, list[dict[str, Any]]]
    pairs: Mapping[str, list[dict[str, Any]]]
    link_totals: Mapping[str, list[dict[str, Any]]]
    clusters: Mapping[str, list[dict[str, Any]]]
    differences: Mapping[str, list[dict[str, Any]]]
    templates: Mapping[str, list[dict[str, Any]]]
    stability: Mapping[str, list[dict[str, Any]]]
    log_days: Mapping[date, int]


def load(work: Work) -> CampaignRows:
    """Run the queries and return their rows."""
    return CampaignRows(
        days=work.by_campaign("campaign_days"),
        heat=work.by_campaign("campaign_heat"),
        members=work.by_campaign("campaign_members"),
        load=work.by_campaign("campaign_load"),
        spread=work.by_campaign("campaign_load_spread"),
        attributes=work.by_campaign("campaign_link_attributes"),
        pairs=work.by_campaign("campaign_link_pairs"),
        link_totals=work.by_campaign("campaign_link_totals"),
        clusters=work.by_campaign("campaign_clusters"),
        differences=work.by_campaign("campaign_link_differences"),
        templates=work.by_campaign("campaign_templates"),
        stability=work.by_campaign("campaign_stability"),
        log_days={row["day"]: row["n_exchanges"] for row in work.rows("log_days")},
    )
