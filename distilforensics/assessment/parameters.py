"""Every number of the assessment with its unit and reason. They are stated in findings.json and in the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Parameters:
    """Rules of candidates, members and grades."""

    min_accounts: int = 20
    """Accounts. Pools of two to six subscriptions of one person are common and no harvest; disclosed campaigns start at hundreds."""
    core_share: float = 0.1
    """Share of a group's typical load from which on an account counts when groups are compared; occasional users blur every comparison."""
    merge_jaccard: float = 0.5
    """Common accounts / all accounts of two groups from which on both are the same set: the majority is common."""
    merge_overlap: float = 0.5
    """Share of the smaller group's accounts that a larger one must have before it can take the smaller one in."""
    supported_share: float = 0.5
    """Share of the larger group's accounts that such smaller groups must account for; a popular text that a pool uses as well is not supported."""
    majority: float = 0.5
    """Share of the votes of a candidate's seeds (one for each coordination heuristic that fired on them) on which its accounts agree."""
    min_votes: float = 0.75
    """Share of these votes that a member must exceed if no text of its own tells it; users of what a pool relays share up to that with it."""
    min_member_rate: float = 0.25
    """Share of the typical account's exchanges per active day with the campaign's templates; schedulers give nearly equal shares."""
    min_member_exchanges: int = 3
    """Exchanges with the campaign's templates; one or two may be a coincidence or a copied prompt."""
    min_own_share: float = 0.25
    """Share that these exchanges must have in all of an account's, against the median carrier; who writes a lot comes near a reworded frame now and then."""
    min_support_bits: float = 4.0
    """Bits of shared network, payment, key, sign-up and mail domain (16 times as common among those who sent many) that replace rate, number and share; where
    nothing but a product's prompt, parameters or program tells members and the median carrier has them, members must have them as well."""
    min_member_links: int = 2
    """Links inside of a cluster at least half of which sends the campaign's exchanges that replace the same rules; one link is one transitive edge."""
    min_tie_kinds: int = 2
    """Kinds of ties with members (payment, sign-up, network) that make an account a member that sent nothing of theirs; each alone is a coincidence."""
    min_tie_partners: int = 2
    """Accounts with which these ties are; a network and the minutes of a sign-up in common with one account are hardly two ties."""
    min_member_hours: float = 0.5
    """Share of the typical carrier's hours of the day that a member must be active in, where only pace, program or parameters tell exchanges apart."""
    min_common_share: float = 0.5
    """Median share of exchanges that carry a kind of template, from which on the kind belongs to the mixture of the campaign."""
    min_mixture_share: float = 0.5
    """Share of that median that a member must reach; an account that shares only the product prompt or the parameters has 0."""
    containment: float = 0.8
    """Share of a group's exchanges that must be the members' before what was observed on it counts for the campaign."""
    min_contained_share: float = 0.5
    """Share of a group's accounts that must be members, since some heuristics count accounts and not exchanges."""
    min_contained_accounts: int = 10
    """Members that such a group must have; smaller ones say little about the whole."""
    min_coordination_coverage: float = 0.5
    """Share of the members on whose groups a coordination heuristic must have fired to bear the grade: it says what holds them together."""
    min_coverage: float = 0.25
    """The same for other families: cards and exits are shared in parts of a pool, frames follow subjects."""
    max_overlap_of_campaigns: float = 0.5
    """Share of a candidate's members in a stronger campaign from which on it is a part of that campaign."""
    same_members: float = 0.9
    """Common accounts / all accounts of the members with and without a heuristic, from which on the campaign is still the same one."""
    lift_probability: float = 0.001
    """Largest one-sided Fisher probability, times the number of tests, at which observations on single accounts count for a campaign."""
    min_lift: float = 3.0
    """Share of members on which such a heuristic fired / share of the other accounts."""
    exhibit_records: int = 10
    """Records cited per piece of evidence; each from another account."""

    def as_dict(self) -> dict[str, float]:
        """Return the parameters as JSON-ready data."""
        return asdict(self)


PARAMETERS = Parameters()
"""The values in force."""
