"""What a finished case says about itself, read from its tables: the figures of the closing summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.accuracy.power import statements
from distilforensics.core.finding import Grade, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from distilforensics.case.layout import Case

BALANCE = ("n_read", "n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign in the summary."""

    campaign_id: str
    grade: Grade
    n_accounts: int
    n_exchanges: int
    output_tokens: int | None
    first_seen: datetime | None
    last_seen: datetime | None
    facts: tuple[str, ...]
    """Titles of the facts that bear its grade, the strongest first."""


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """Figures of a whole case; tables that do not exist yet count as empty."""

    n_sources: Mapping[str, int]
    """Role -> number of input files."""
    n_bytes: int
    n_bytes_decoded: int
    balance: Mapping[str, int]
    """Records of the logs; accounts directories have rows and no exchanges."""
    quarantine_reasons: Mapping[str, int]
    first_started_at: datetime | None
    last_started_at: datetime | None
    n_accounts: int
    output_tokens: int
    """Output tokens of all accounts; 0 if none are logged."""
    heuristics: Mapping[str, tuple[str, ...]]
    """State -> ids."""
    reasons: Mapping[str, str]
    """Heuristic id -> why it was not evaluated or is inconclusive."""
    campaigns: tuple[CampaignLine, ...]
    n_explained: int
    """Groups that were examined and are no campaign."""
    usage: tuple[Mapping[str, Any], ...]
    """Rows of `reconciliation_totals`: what usage exports state beside the log."""
    power: tuple[str, ...]
    """How small a campaign would have been found, in sentences; empty if it was not measured."""

    def has_campaign_at(self, grade: Grade) -> bool:
        """Return whether a campaign reaches a grade."""
        return any(campaign.grade.rank >= grade.rank for campaign in self.campaigns)


def summarise(case: Case) -> CaseSummary:
    """Return the figures of a case."""
    sources = _rows(case, "sources")
    states = _rows(case, "heuristic_states", ["heuristic_id", "state", "reason"])
    accounts = _rows(case, "accounts", ["account_id", "output_tokens"])
    facts = [
        row
        for row in _rows(case, "campaign_facts", ["campaign_id", "title", "is_counted", "is_telling"])
        if row["is_counted"] and row["is_telling"]
    ]
    return CaseSummary(
        n_sources=_count(row["role"] for row in sources),
        n_bytes=sum(row["n_bytes"] or 0 for row in sources),
        n_bytes_decoded=sum(row["n_bytes_decoded"] or 0 for row in sources),
        balance={column: sum(row[column] or 0 for row in sources if row["role"] == "log") for column in BALANCE},
        quarantine_reasons=_count(row["reason"] for row in _rows(case, "quarantine", ["reason"])),
        first_started_at=min((row["first_started_at"] for row in sources if row["first_started_at"]), default=None),
        last_started_at=max((row["last_started_at"] for row in sources if row["last_started_at"]), default=None),
        n_accounts=len(accounts),
        output_tokens=sum(row["output_tokens"] or 0 for row in accounts),
        heuristics={
            state.value: tuple(sorted(row["heuristic_id"] for row in states if row["state"] == state))
            for state in State
        },
        reasons={row["heuristic_id"]: row["reason"] for row in states if row["reason"]},
        campaigns=tuple(_campaign(row, facts) for row in _rows(case, "campaigns")),
        n_explained=len(_rows(case, "explained_groups", ["group_id"])),
        usage=tuple(_rows(case, "reconciliation_totals")),
        power=tuple(statements(_rows(case, "power"))),
    )


def _rows(case: Case, name: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    from distilforensics.case.tables import read_rows

    return read_rows(case, name, columns) if case.table_files(name) else []


def _count(values: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _campaign(row: Mapping[str, Any], facts: Iterable[Mapping[str, Any]]) -> CampaignLine:
    return CampaignLine(
        row["campaign_id"],
        Grade(row["grade"]),
        row["n_accounts"],
        row["n_exchanges"],
        row["output_tokens"],
        row["first_seen"],
        row["last_seen"],
        tuple(fact["title"] for fact in facts if fact["campaign_id"] == row["campaign_id"]),
    )
