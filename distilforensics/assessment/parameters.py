"""Every number of the assessment with its unit and reason. They are stated in findings.json and in the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from distilforensics.core.sqlfile import common_parameters


def same_as(name: str) -> Any:  # noqa: ANN401 - whatever the field is
    """Return a field whose value is that of a common parameter."""
    return field(default=common_parameters()[name]["default"], metadata={"same_as": name})


@dataclass(frozen=True, slots=True)
class Parameters:
    """Rules of candidates, facts and grades."""

    min_accounts: int = same_as("smallest_set")
    """Accounts of a candidate. People have up to four accounts of their own; the smallest pools that are known have eight."""
    min_growth_bits: float = same_as("rare_bits")
    """Bits that a set must gain before it takes more accounts in; without it half of a small pool was lost to another set in one log of 71."""
    min_partners: float = 3.0
    """Accounts with which an account hands work over in the mean, from which on a set would hang together if one scheduler served it."""
    min_common_share: float = same_as("popular_share")
    """Share of a set's accounts that use a group, before the group's other accounts are looked at."""
    min_reworded_load: float = 0.15
    """Share of the set's median exchanges that an account must have with a text that is known by its likeness alone: four of ten calls of an
    innocent account came near one, where the pool's accounts sent forty each. With 0.1 22 of 55 accounts of a reworded pool were lost."""
    min_text_share: float = same_as("popular_share")
    """Median share of their exchanges that carry a text, among those who send it, before the text makes anybody a member; a pool that hides
    seven of ten calls among others has 0.3, a public question that many ask has 0.01."""
    min_fact_bits: float = 10.0
    """Bits from which on a set is examined at all, and a fact counts, there with those of the sets that were tried on top; a thousand groups are
    tried in a log of some thousand accounts."""
    min_fact_calls: int = 3
    """Different calls, or shared identities, that a fact rests on at least, and calls with a text; one or two may be a coincidence."""
    min_fact_share: float = same_as("few")
    """Share of a candidate's accounts that a fact of identity must concern, of its refused calls that must be handed over, and of a set's median
    exchanges with a text, from which on an account sends it as the others do. Of 45 accounts of a reseller whose router took the next key on one
    day of fourteen, 9 of 255 refused calls were handed over; of the pools that were measured, a fifth at least."""
    few_customers: int = same_as("of_one_operator")
    """Customers that hold most of a candidate, from which down it may be one customer with many keys: an integrator has up to three cards."""
    most: float = same_as("most")
    """Share of a candidate's or a group's accounts or exchanges that counts as most of it: what was observed on a group is said of a candidate
    that has so much of it."""
    quick_seconds: float = 20.0
    """Seconds within which a program sends again; people who sit together need longer to notice, to say and to ask (docs/decisions/0094)."""
    half: float = same_as("half")
    """Share that counts as half: of accounts that must be known before anything is said of customers, that one customer may hold, that send a
    template which defines the candidate, or that show ties (against the set's own) before accounts without any come in with them."""
    exhibit_records: int = 10
    """Records cited per fact."""

    def as_dict(self) -> dict[str, float]:
        """Return the parameters as JSON-ready data."""
        return asdict(self)


PARAMETERS = Parameters()
"""The values in force."""
