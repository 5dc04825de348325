"""What ties and shared identities weigh in a set of accounts, by one rule for all sets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.assessment import weights
from distilforensics.assessment.log import IDENTITIES, connected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from distilforensics.assessment.log import Account, Log, Tie

SCHEDULING = ("coordination.rotation", "coordination.equal_load", "coordination.single_stream")
"""Heuristics that see one scheduler."""

TELLING_IDENTITIES = ("payment", "signup", "network")
"""Kinds of shared identity that bear a grade; rare mail domains are shared by people who like their privacy."""

TIES = ("handover", "conversation", "answer")
"""Kinds of ties by work: a refused call that another account sends, a conversation that goes on elsewhere, an answer that comes back elsewhere."""

Accounts = frozenset[str]

RATES = {"handover": 0.002, "conversation": 0.0005, "answer": 0.0005}
"""Share of calls of accounts of different customers that make such a tie by chance, per call that could; see docs/validation.md."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What one kind of tie or identity weighs in a set of accounts."""

    bits: float
    count: int
    """Different calls that went on inside of the set; or accounts that share a value with an earlier one of another customer."""
    reference: float
    """Calls that could have; or the count that is expected of as many accounts drawn by lot."""


def weigh(log: Log, members: Accounts, ties: Iterable[Tie] | None = None) -> dict[str, Weight]:
    """Return the weight of every kind of tie and identity in a set of accounts.

    Args:
        log: The log.
        members: The set.
        ties: The ties that count; all of the log's if omitted.
    """
    inside = ties_inside(log, members, ties)
    found = {}
    for kind in TIES:
        count = len({tie.work for tie in inside if tie.kind == kind})
        chances = max(count, sum(log.accounts[account].chances(kind) for account in members))
        found[kind] = Weight(weights.of_share(count, chances, RATES[kind]), count, chances)
    return found | {kind: weigh_identity(log, kind, members) for kind in IDENTITIES}


def ties_inside(log: Log, members: Accounts, ties: Iterable[Tie] | None = None) -> list[Tie]:
    """Return the ties with both ends in a set of accounts, in order of record."""
    if ties is None:  # each is listed at both of its ends
        ties = (tie for account in members for tie in log.ties_of.get(account, ()) if tie.account_id == account)
    found = [tie for tie in ties if tie.account_id in members and tie.other_account_id in members]
    return sorted(found, key=lambda tie: (tie.kind, tie.record_id, tie.other_record_id))


def weigh_identity(log: Log, kind: str, members: Accounts, *, is_beyond_payers: bool = False) -> Weight:
    """Return the weight of the values of one kind of identity that customers of a set share.

    Accounts are counted once, however many addresses they share. Expected is what as many accounts drawn from this log by lot would share,
    value by value.

    Args:
        log: The log.
        kind: Kind of identity.
        members: The set.
        is_beyond_payers: Whether of the accounts that share a value those of the largest payer count as one.
    """
    customers: dict[str, set[str]] = {}
    for value, accounts in _holders(log, kind, members).items():
        largest = _largest_payer(log, accounts) if is_beyond_payers else None
        customers[value] = {_customer(log.accounts[account], largest) for account in accounts}
    pairs = {
        (first, other) for found in customers.values() for first in (min(found),) for other in found if other != first
    }
    count = sum(len(together) - 1 for together in connected(pairs))
    share = len(members) / len(log.accounts)
    expected = sum(
        n_values * (size * share - 1 + (1 - share) ** size) for size, n_values in log.value_sizes[kind].items()
    )
    # A third of an account is what one value too many would be: without it a set in which nothing is expected has infinite weight.
    return Weight(weights.of_count(count, expected + 1 / 3), count, expected)


def _holders(log: Log, kind: str, members: Accounts) -> dict[str, list[str]]:
    shared, found = log.shared[kind], dict[str, list[str]]()
    for account in members & shared.keys():
        for value in shared[account]:
            found.setdefault(value, []).append(account)
    return found


def _largest_payer(log: Log, accounts: Iterable[str]) -> str | None:
    payers = Counter(payer for account in accounts if (payer := log.accounts[account].payment_fingerprint))
    return max(payers, key=lambda payer: (payers[payer], payer), default=None)


def _customer(account: Account, payer: str | None) -> str:
    if payer and account.payment_fingerprint == payer:
        return payer
    return account.organization or account.tenant_id or account.account_id
