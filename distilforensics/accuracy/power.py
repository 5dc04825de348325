"""What planted campaigns say about silence: from one row per planted campaign to the sentences that report, summary and findings print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NOT_MEASURED = "The smallest campaign that would have been found in this log was not measured."
HOW = "distilforensics selftest --inject CASE --write"


@dataclass(frozen=True, slots=True)
class Reach:
    """How small a campaign of one kind is found."""

    requests_per_day: int
    dilution: float
    is_careful: bool
    found_from: int | None
    """Accounts of the smallest campaign from which on all planted ones were found; None if the largest one was missed."""
    missed_up_to: int | None
    """Accounts of the largest campaign that was missed with some seed."""
    exchanges_per_account: int
    """Of the campaign that `found_from`, else `missed_up_to` names."""
    n_seeds: int
    """Times that the smallest found campaign was planted."""

    def sentence(self) -> str:
        """Return the reach in words."""
        size = self.found_from if self.found_from is not None else self.missed_up_to or 0
        of_accounts = (
            f"{units.count(size)} accounts with about {units.count(self.exchanges_per_account)} exchanges each"
        )
        kind = self._kind()
        if self.found_from is None:
            return f"A campaign of {of_accounts} ({kind}) would have been missed; no larger one was planted."
        missed = (
            f"one of {units.count(self.missed_up_to)} accounts was missed"
            if self.missed_up_to
            else "smaller ones were not planted"
        )
        return f"A campaign of {of_accounts} ({kind}) would have been found; {missed}."

    def _kind(self) -> str:
        mixed = f", {self.dilution:.0%} of it for unrelated customers".replace("%", " %") if self.dilution else ""
        shared = "none shared" if self.is_careful else "partly shared"
        return f"{units.count(self.requests_per_day)} a day{mixed}; cards, addresses, sign-ups {shared}"


def statements(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the reach per kind of campaign in words, and the innocents that planting brought into a campaign, if any."""
    n_innocents = sum(row["n_innocents"] for row in rows)
    warning = (
        f"INNOCENTS ACCUSED: over all copies, {units.count(n_innocents)} accounts that were not planted reached moderate or"
        " strong because of a planted campaign."
    )
    return [*(reach.sentence() for reach in reaches(rows)), *([warning] if n_innocents else [])]


def reaches(rows: Iterable[Mapping[str, Any]]) -> list[Reach]:
    """Return the reach per kind of campaign, ordered by operator's care, requests per day and dilution."""
    kinds: dict[tuple[bool, int, float], list[Mapping[str, Any]]] = {}
    for row in rows:
        kinds.setdefault((row["is_careful"], row["requests_per_day"], row["dilution"]), []).append(row)
    return [_reach(kinds[kind]) for kind in sorted(kinds)]


def _reach(rows: list[Mapping[str, Any]]) -> Reach:
    missed_up_to = max((row["n_accounts"] for row in rows if not row["is_found"]), default=None)
    larger = [row["n_accounts"] for row in rows if missed_up_to is None or row["n_accounts"] > missed_up_to]
    found_from = min(larger, default=None)
    size = found_from if found_from is not None else missed_up_to
    at_size = [row for row in rows if row["n_accounts"] == size]
    return Reach(
        requests_per_day=rows[0]["requests_per_day"],
        dilution=rows[0]["dilution"],
        is_careful=rows[0]["is_careful"],
        found_from=found_from,
        missed_up_to=missed_up_to,
        exchanges_per_account=min(row["exchanges_per_account"] for row in at_size),
        n_seeds=len(at_size),
    )
