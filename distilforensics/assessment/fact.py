"""A fact: one mechanism, as far as a log shows it in a group of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a fact is about."""

    COORDINATION = "coordination"
    IDENTITY = "identity"
    CONTENT = "content"
    PURPOSE = "purpose"


@dataclass(frozen=True, slots=True)
class Fact:
    """One mechanism, as far as this log shows it in a candidate."""

    fact_id: str
    title: str
    kind: Kind
    bits: float
    """What it weighs against accounts that have nothing to do with each other, and between customers that the log tells apart."""
    count: int
    of: int | None
    comparison: float | None
    """Count or share that accounts outside of every candidate show, or that is expected by chance."""
    n_accounts: int
    statement: str
    excludes: str
    """Innocent causes that do not produce it."""
    record_ids: tuple[str, ...] = ()
    is_counted: bool = True
    """Whether it reaches the floors of bits, calls and accounts."""
    is_telling: bool = True
    """Whether it tells a pool from a product, a vendor and a fleet; a fact that these show by nature bears no grade alone."""
    n_apart: int = 0
    """Of a fact of ties: how many lie between customers that the log tells apart."""
    n_quick: int = 0
    """Of these, how many came so soon after that a program must have sent them."""
    n_unforced: int = 0
    """Of conversations between such customers, how many went on elsewhere though the call before was not refused."""
    is_of_one_day: bool = False
    """Of sign-ups: whether they are those of one day, so that without it too few are left to count."""
    is_beyond_payers: bool = True
    """Of a shared identity: whether it counts between payers as well, rather than only among accounts that one of them pays for."""


TITLES = {
    "takeover": "With refused calls the work goes over to the next account",
    "manner": "Refused calls go on in the manner of the account that was refused",
    "handover": "Refused calls go on at other customers' accounts",
    "conversation": "Conversations go on at other customers' accounts",
    "answer": "Answers of some accounts come back as inputs of others",
    "payment": "One payment method behind several customers",
    "signup": "Accounts of several customers were made within the same ten minutes",
    "network": "Several customers share rare networks",
    "mail": "Several customers share rare mail domains or a mailbox",
}
"""What the facts of ties and identities are called."""

EXCLUDES = {
    "takeover": "independent customers, a product's users, a vendor's loop, a shared cache, an outage, common hours, a limit alone",
    "manner": "independent customers, a product's users, a shared cache, an outage, a class; not a service that customers lend their accounts",
    "handover": "independent customers, a product's users, a vendor's loop, a shared cache, an outage, a benchmark; if most come within seconds, also a class",
    "conversation": "independent customers, a product's users, a vendor's loop, a shared cache, a benchmark; if most come within seconds, also a class",
    "answer": "independent customers, a product's users, a vendor's loop, an outage, a benchmark",
    "payment": "independent customers, a product's users, a vendor that works with its customers' accounts",
    "signup": "independent customers, a vendor whose customers came one by one; not a course or a contest",
    "network": "independent customers",
    "mail": "independent customers",
}
"""Their innocent causes that they exclude."""
