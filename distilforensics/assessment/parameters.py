"""Every number of the assessment with its unit and reason. They are stated in findings.json and in the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Parameters:
    """Rules of candidates, members and grades."""

    min_accounts: int = 20
    """Accounts. Pools of two to six subscriptions of one person are common and no harvest; disclosed campaigns start at hundreds."""
    merge_overlap: float = 0.5
    """Share of the smaller group's accounts that two groups must have in common to be one candidate."""
    containment: float = 0.8
    """Share of a group's accounts that must be members before what was observed on it counts for the campaign."""
    min_contained_accounts: int = 10
    """Accounts of such a group; smaller ones say little about the whole."""
    min_member_rate: float = 0.25
    """Share of the median member's exchanges per active day that an account must send with the campaign's templates to be a member."""
    min_member_exchanges: int = 3
    """Exchanges with the campaign's templates; one or two may be a coincidence or a copied prompt."""
    min_member_links: int = 2
    """Links to other members that make an account a member of a campaign without templates; one link is one transitive edge."""
    exhibit_records: int = 10
    """Records cited per piece of evidence; each from another account."""

    def as_dict(self) -> dict[str, float]:
        """Return the parameters as JSON-ready data."""
        return asdict(self)


PARAMETERS = Parameters()
"""The values in force."""
