"""Who belongs to a candidate: accounts that send what the others send, in the same mixture and at a rate near theirs.

A scheduler gives every account the same work. An honest account that shares the product prompt, the parameters or the address of a pool
does not send its frame, and differs in the mixture whatever it shares otherwise.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from distilforensics.analysis.kinds import kind_of, kinds
from distilforensics.assessment.material import typical
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.assessment.candidates import Candidate
    from distilforensics.assessment.material import Material
    from distilforensics.assessment.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Load:
    """What an account sent with a candidate's templates, in total and by kind of template."""

    n_exchanges: int
    n_days: int
    n_hours: int = 24
    """Hours of the day (UTC) with an exchange."""
    by_kind: Mapping[str, int] = field(default_factory=dict)
    support: float = 0.0
    """Bits by which network, payment, key, sign-up and mail domain are more common among the other carriers than elsewhere."""
    own_share: float = 1.0
    """Share of all exchanges of the account."""

    @property
    def rate(self) -> float:
        """Exchanges per active day, so that accounts that began late or ended early compare with the others."""
        return self.n_exchanges / self.n_days

    def share(self, kind: str) -> float:
        """Return the share of the exchanges that carry a template of the kind."""
        return self.by_kind.get(kind, 0) / self.n_exchanges


@dataclass(frozen=True, slots=True)
class Membership:
    """Members with their campaign exchanges, and the accounts that came near with the reason why they were left out."""

    members: Mapping[str, int]
    left_out: Mapping[str, str]

    @property
    def bearing(self) -> frozenset[str]:
        """Members that sent something of the campaign's. Those attached for their ties bear no grade, since the ties would count twice."""
        return frozenset(account for account, n_exchanges in self.members.items() if n_exchanges)


def decide_members(
    candidate: Candidate, loads: Mapping[str, Load], material: Material, parameters: Parameters
) -> Membership:
    """Return members and left-out accounts of a candidate.

    Args:
        candidate: The candidate.
        loads: Account to load with the candidate's templates; empty if it has none.
        material: For clusters and profiles.
        parameters: Thresholds.
    """
    if not candidate.templates:
        return _by_links(candidate, material, parameters)
    standard = _standard(candidate, loads, parameters)
    links = _links_in_clusters(loads, material, parameters)
    members: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for account in sorted(candidate.accounts | set(loads)):
        load = loads.get(account)
        if load is None:
            left_out[account] = "carries a group of the campaign, sent none of the templates that define it"
        elif account in candidate.doubtful and not candidate.has_own_text:
            left_out[account] = (
                f"shows at most {units.share(parameters.min_votes, 1)} of what the campaign's accounts have in common"
            )
        elif reason := _reason(load, standard, links.get(account, 0), parameters):
            left_out[account] = reason
        else:
            members[account] = load.n_exchanges
    membership = Membership(members, left_out)
    # Ties lead from members to others, so that they must not begin at accounts that are members by program or parameters alone.
    if not candidate.is_coordinated or not candidate.has_own_text:
        return membership
    return _with_tied(membership, loads, material, parameters)


def _with_tied(
    membership: Membership, loads: Mapping[str, Load], material: Material, parameters: Parameters
) -> Membership:
    """Add the accounts that sent nothing of the campaign's and share two of payment, sign-up and network with members: they carry chaff, or wait.

    One is not enough: strangers buy the same prepaid card, sign up in the same minutes after a broadcast, and use the same exit.
    Nor are two with one account: who is in the same network at the same time signs up together with somebody now and then.
    """
    told = membership.members.keys()
    kinds = [
        {account: tied & told for account, tied in kind.items() if tied & told}
        for kind in (material.payers, material.made_together, material.neighbours)
    ]
    added = {
        account: 0
        for account in frozenset().union(*kinds) - loads.keys() - told
        for tied in [[kind[account] for kind in kinds if account in kind]]
        if len(tied) >= parameters.min_tie_kinds and len(frozenset().union(*tied)) >= parameters.min_tie_partners
    }
    left_out = {account: reason for account, reason in membership.left_out.items() if account not in added}
    return Membership(dict(sorted({**membership.members, **added}.items())), left_out)


@dataclass(frozen=True, slots=True)
class _Standard:
    """What the typical carrier of a candidate does: exchanges per active day, mixture of templates, hours of the day."""

    rate: float = 0.0
    mixture: Mapping[str, float] = field(default_factory=dict)
    n_hours: float = 0.0
    support: float = 0.0
    """Bits of common surroundings that a member must have."""
    own_share: float = 0.0
    """Share of all exchanges of the median carrier that are the candidate's."""
    is_matched_by_wording: bool = False
    """Whether its exchanges are told by a resemblance, which happens by chance now and then."""


def _standard(candidate: Candidate, loads: Mapping[str, Load], parameters: Parameters) -> _Standard:
    """Return the kinds of templates that most accounts with a full load carry in most exchanges with their median share, and the rest.

    Where no text tells the exchanges apart, the clock has to: a program that runs at night is not the one that runs all day.
    Who varies the parameters of every call also varies loads and hours, and is told by that.
    What is asked for says less than its wording, and so do the prompt, the parameters and the program that a product gives to everybody who
    uses it: people have these as well, but do not share networks and payments with a pool that has. Where its accounts share these, members do.
    """
    own_kinds = {kind_of(template) for template in candidate.templates}
    rate = typical(load.rate for load in loads.values())
    carriers = [load for load in loads.values() if load.rate >= parameters.min_member_rate * rate]
    if not carriers:
        return _Standard(rate)
    medians = {kind: statistics.median(load.share(kind) for load in carriers) for kind in kinds()}
    mixture = {kind: share for kind, share in medians.items() if share >= parameters.min_common_share}
    if own_kinds == {"varied"}:
        return _Standard(mixture=mixture)
    ties = statistics.median(load.support for load in carriers)
    asks_for_ties = ties >= parameters.min_support_bits and (own_kinds == {"mark"} or not candidate.has_own_text)
    return _Standard(
        rate=rate,
        mixture=mixture,
        n_hours=0.0 if candidate.has_text else statistics.median(load.n_hours for load in carriers),
        support=parameters.min_support_bits if asks_for_ties else 0.0,
        own_share=statistics.median(load.own_share for load in carriers),
        is_matched_by_wording=own_kinds == {"near"},
    )


def _reason(load: Load, standard: _Standard, n_links: int, parameters: Parameters) -> str | None:
    """Return why an account is no member, None if it is one."""
    for kind, share in standard.mixture.items():
        if load.share(kind) < parameters.min_mixture_share * share:
            return (
                f"sent templates of the campaign, but {units.share(load.share(kind), 1)} of these exchanges carry its "
                f"{kinds()[kind].words}, against {units.share(share, 1)} at the median carrier"
            )
    if load.n_hours < parameters.min_member_hours * standard.n_hours:
        return f"is active in {load.n_hours} hours of the day, the typical carrier in {standard.n_hours:.0f}"
    if load.support < standard.support:
        return (
            f"sends what others send as well, and what it shares with the others (network, payment, sign-up, mail domain) weighs "
            f"{load.support:.1f} bits, less than {standard.support:.0f}"
        )
    is_tied = n_links >= parameters.min_member_links or load.support >= parameters.min_support_bits
    is_by_the_way = load.own_share < parameters.min_own_share * standard.own_share
    if is_by_the_way and (standard.is_matched_by_wording or not is_tied):
        return (
            f"its templates are in {units.share(load.own_share, 1)} of all that it sent, in {units.share(standard.own_share, 1)} at the "
            f"median carrier; below {units.share(parameters.min_own_share, 1)} of it"
        )
    if is_tied:
        return None
    if load.n_exchanges < parameters.min_member_exchanges:
        return (
            f"sent its templates {load.n_exchanges} times, fewer than {parameters.min_member_exchanges}, and what it shares with "
            f"the others (network, payment, sign-up, mail domain) weighs {load.support:.1f} bits, less than {parameters.min_support_bits:.0f}"
        )
    if load.rate < parameters.min_member_rate * standard.rate:
        return (
            f"sent its templates {load.rate:.1f} times per active day, the typical carrier {standard.rate:.1f}; "
            f"below {units.share(parameters.min_member_rate, 1)} of it"
        )
    return None


def _links_in_clusters(loads: Mapping[str, Load], material: Material, parameters: Parameters) -> dict[str, int]:
    """Return account to its links inside of clusters most of whose accounts send the candidate's templates, and not just once or twice."""
    found: dict[str, int] = {}
    for links in material.cluster_links.values():
        n_sending = sum(
            account in loads and loads[account].n_exchanges >= parameters.min_member_exchanges for account in links
        )
        if n_sending >= parameters.min_contained_share * len(links):
            found.update(links)
    return found


def _by_links(candidate: Candidate, material: Material, parameters: Parameters) -> Membership:
    links = {
        account: max(material.cluster_links.get(seed, {}).get(account, 0) for seed in candidate.seeds)
        for account in sorted(candidate.accounts)
    }
    needed = max(parameters.min_member_links, parameters.min_member_rate * statistics.median(links.values()))
    members: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for account, n_links in links.items():
        if n_links >= needed:
            members[account] = material.profiles[account]["n_exchanges"]
        else:
            left_out[account] = f"tied to the campaign by {n_links} links, fewer than {needed:.1f}"
    return Membership(members, left_out)
