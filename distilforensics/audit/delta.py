"""What has changed since the last examination: campaigns matched by the accounts that they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Change(StrEnum):
    """What became of a campaign."""

    NEW = "new"
    """It shares no account with an earlier one."""
    GROWN = "grown"
    """More accounts or exchanges than before."""
    CHANGED = "changed"
    """Other accounts or another grade, without having grown."""
    ENDED = "ended"
    """No longer reported, or part of another campaign now."""
    UNCHANGED = "unchanged"
    """The same accounts, exchanges and grade."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as the accounts table shows it."""

    campaign_id: str
    grade: Grade
    accounts: frozenset[str]
    n_exchanges: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One campaign then and now; `before` is None for new ones, `after` for ended ones."""

    change: Change
    before: Campaign | None
    after: Campaign | None
    merged_into: str | None = None
    """For ended ones: the campaign that now has most of its accounts."""

    @property
    def n_accounts_added(self) -> int:
        """Accounts that are in it now and were not."""
        return len(self._accounts(self.after) - self._accounts(self.before))

    @property
    def n_accounts_removed(self) -> int:
        """Accounts that were in it and are not now."""
        return len(self._accounts(self.before) - self._accounts(self.after))

    @property
    def n_exchanges_added(self) -> int:
        """Exchanges now minus exchanges then."""
        return (self.after.n_exchanges if self.after else 0) - (self.before.n_exchanges if self.before else 0)

    @property
    def demands_attention(self) -> bool:
        """It is new, has grown, or its grade has risen."""
        if self.change in (Change.NEW, Change.GROWN):
            return True
        return bool(self.before and self.after and self.after.grade.rank > self.before.grade.rank)

    @staticmethod
    def _accounts(campaign: Campaign | None) -> frozenset[str]:
        return campaign.accounts if campaign else frozenset()


def campaigns_of(accounts: Iterable[Mapping[str, Any]]) -> list[Campaign]:
    """Return the campaigns in rows of an accounts table, sorted by id."""
    members: dict[str, list[Mapping[str, Any]]] = {}
    for row in accounts:
        if row["campaign_id"] is not None:
            members.setdefault(row["campaign_id"], []).append(row)
    return [
        Campaign(
            campaign_id,
            Grade(rows[0]["grade"]),
            frozenset(row["account_id"] for row in rows),
            sum(row["n_campaign_exchanges"] or 0 for row in rows),
        )
        for campaign_id, rows in sorted(members.items())
    ]


@dataclass(slots=True)
class _Pairing:
    """One-to-one matches, made from the largest overlap down."""

    partner: dict[str, Campaign] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def add(self, before: Campaign, after: Campaign) -> None:
        if before.campaign_id not in self.taken and after.campaign_id not in self.partner:
            self.partner[after.campaign_id] = before
            self.taken.add(before.campaign_id)


def compare(before: list[Campaign], after: list[Campaign]) -> list[Difference]:
    """Return what became of every campaign: those of now in their order, then the ended ones."""
    overlaps = [(len(old.accounts & new.accounts), old, new) for old in before for new in after]
    pairing = _Pairing()
    for n_shared, old, new in sorted(overlaps, key=lambda item: (-item[0], item[1].campaign_id, item[2].campaign_id)):
        if n_shared:
            pairing.add(old, new)
    differences = [_difference(pairing.partner.get(new.campaign_id), new) for new in after]
    for old in before:
        if old.campaign_id not in pairing.taken:
            heirs = [(n, new.campaign_id) for n, other, new in overlaps if other is old and n]
            heir = min(heirs, key=lambda item: (-item[0], item[1]))[1] if heirs else None
            differences.append(Difference(Change.ENDED, old, None, heir))
    return differences


def _difference(before: Campaign | None, after: Campaign) -> Difference:
    if before is None:
        change = Change.NEW
    elif after.accounts - before.accounts or after.n_exchanges > before.n_exchanges:
        change = Change.GROWN
    elif (before.accounts, before.n_exchanges, before.grade) == (after.accounts, after.n_exchanges, after.grade):
        change = Change.UNCHANGED
    else:
        change = Change.CHANGED
    return Difference(change, before, after)
