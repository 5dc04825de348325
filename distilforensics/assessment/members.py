"""Who belongs to a candidate: accounts that send what the others send, in the same mixture and at a rate near theirs.

A scheduler gives every account the same work. An honest account that shares the product prompt, the parameters or the address of a pool
does not send its frame, and differs in the mixture whatever it shares otherwise.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from distilforensics.assessment.material import typical
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.assessment.candidates import Candidate
    from distilforensics.assessment.material import Material
    from distilforensics.assessment.parameters import Parameters

KINDS = ("system", "prefix", "suffix", "near", "passage", "prompt", "parameters")
"""Kinds of templates in the order of the columns of `candidate_loads.sql`."""

_WORDS = {
    "system": "system prompt",
    "prefix": "beginning of the prompt",
    "suffix": "end of the prompt",
    "near": "reworded frame",
    "passage": "injected passage",
    "prompt": "whole prompt",
    "parameters": "call parameters",
}


@dataclass(frozen=True, slots=True)
class Load:
    """What an account sent with a candidate's templates, in total and by kind of template."""

    n_exchanges: int
    n_days: int
    by_kind: Mapping[str, int] = field(default_factory=dict)

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
    rate = typical(load.rate for load in loads.values())
    mixture = _mixture(loads, rate, parameters)
    links = _links_in_clusters(loads, material, parameters)
    members: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for account in sorted(candidate.accounts | set(loads)):
        load = loads.get(account)
        reason = _reason(load, rate, mixture, links.get(account, 0), parameters)
        if reason is None and load is not None:
            members[account] = load.n_exchanges
        else:
            left_out[account] = str(reason)
    return Membership(members, left_out)


def _mixture(loads: Mapping[str, Load], rate: float, parameters: Parameters) -> dict[str, float]:
    """Return the kinds of templates that most accounts with a full load carry in most exchanges, with their median share."""
    carriers = [load for load in loads.values() if load.rate >= parameters.min_member_rate * rate]
    medians = {kind: statistics.median(load.share(kind) for load in carriers) for kind in KINDS} if carriers else {}
    return {kind: share for kind, share in medians.items() if share >= parameters.min_common_share}


def _reason(
    load: Load | None, rate: float, mixture: Mapping[str, float], n_links: int, parameters: Parameters
) -> str | None:
    """Return why an account is no member, None if it is one."""
    if load is None:
        return "linked to accounts of the campaign, sent none of its templates"
    for kind, share in mixture.items():
        if load.share(kind) < parameters.min_mixture_share * share:
            return (
                f"sent templates of the campaign, but {units.share(load.share(kind), 1)} of these exchanges carry its "
                f"{_WORDS[kind]}, against {units.share(share, 1)} at the median carrier"
            )
    if n_links >= parameters.min_member_links:
        return None
    if load.n_exchanges < parameters.min_member_exchanges:
        return f"sent its templates {load.n_exchanges} times, fewer than {parameters.min_member_exchanges}"
    if load.rate < parameters.min_member_rate * rate:
        return (
            f"sent its templates {load.rate:.1f} times per active day, the typical carrier {rate:.1f}; "
            f"below {units.share(parameters.min_member_rate, 1)} of it"
        )
    return None


def _links_in_clusters(loads: Mapping[str, Load], material: Material, parameters: Parameters) -> dict[str, int]:
    """Return account to its links inside of clusters most of whose accounts send the candidate's templates."""
    found: dict[str, int] = {}
    for links in material.cluster_links.values():
        if sum(account in loads for account in links) >= parameters.min_contained_share * len(links):
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
