"""Who belongs to a candidate: accounts that sent its templates at a rate near the others', or that are tied to it by several links."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.assessment.candidates import Candidate
    from distilforensics.assessment.material import Material
    from distilforensics.assessment.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Load:
    """What an account sent with a candidate's templates."""

    n_exchanges: int
    n_days: int

    @property
    def rate(self) -> float:
        """Exchanges per active day, so that accounts that began late or ended early compare with the others."""
        return self.n_exchanges / self.n_days


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
    enough = [load.rate for load in loads.values() if load.n_exchanges >= parameters.min_member_exchanges]
    median = statistics.median(enough) if enough else 0.0
    members: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for account in sorted(candidate.accounts | set(loads)):
        load = loads.get(account)
        if load is None:
            left_out[account] = "linked to accounts of the campaign, sent none of its templates"
        elif load.n_exchanges < parameters.min_member_exchanges:
            left_out[account] = (
                f"sent its templates {load.n_exchanges} times, fewer than {parameters.min_member_exchanges}"
            )
        elif load.rate < parameters.min_member_rate * median:
            left_out[account] = (
                f"sent its templates {load.rate:.1f} times per active day, the median member {median:.1f}; "
                f"below {units.share(parameters.min_member_rate, 1)} of it"
            )
        else:
            members[account] = load.n_exchanges
    return Membership(members, left_out)


def _by_links(candidate: Candidate, material: Material, parameters: Parameters) -> Membership:
    members: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for account in sorted(candidate.accounts):
        n_links = max(material.cluster_links.get(seed, {}).get(account, 0) for seed in candidate.seeds)
        if n_links >= parameters.min_member_links:
            members[account] = material.profiles[account]["n_exchanges"]
        else:
            left_out[account] = f"tied to the campaign by {n_links} link, fewer than {parameters.min_member_links}"
    return Membership(members, left_out)
