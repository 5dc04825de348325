"""What is planted, with the reason of every number. None of them is known to a heuristic."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SIZES = (10, 20, 30, 40, 80, 160)
"""Accounts of the planted campaigns; published pools begin at a handful of accounts, grades at 20."""

DILUTIONS = (0.0, 0.5, 0.7)
"""Share of the accounts' exchanges that belongs to unrelated customers; disclosed pools mixed in up to about two thirds."""

PUBLISHED_RATE = 26
"""Requests per account and day of the largest public case: 28.8 million exchanges, about 25,000 accounts, 45 days (letter of June 2026)."""

FOUND_SHARE = 0.5
"""A planted campaign counts as found if at least this share of its accounts is in campaigns graded moderate or strong, as in `evaluate`."""


@dataclass(frozen=True, slots=True)
class Planting:
    """How a planted campaign is operated, and how much of this log it may take up."""

    scheduler: str = "least_recently_used"
    """Default of two published relays."""
    skip_share: float = 0.1
    """Share of picks that pass over a busy account."""
    rest_minutes: int = 12
    """Rest of an account after a limit error."""
    reissue_seconds: tuple[float, float] = (0.4, 6.0)
    """Time after which a refused request goes to another account."""
    n_networks: int = 4
    """Networks of the shared proxy; each account uses three exits."""
    payment_group: tuple[int, int] = (2, 5)
    """Accounts that share a payment method."""
    own_payment_share: float = 0.25
    """Accounts with a payment method of their own."""
    accounts_per_burst: int = 16
    """Accounts that are signed up in one sitting."""
    signup_gap_seconds: int = 70
    """Mean pause between two sign-ups of a sitting."""
    signup_days_before: tuple[int, int] = (9, 32)
    """Days before the log begins."""
    ordinary_factor: int = 4
    """A customer is ordinary up to this multiple of the median of requests per active day; only ordinary ones are copied from."""
    max_account_share: float = 0.5
    """Planted accounts per unaccused account of the log: with more, the log is no longer the log that is asked about."""
    max_traffic_share: float = 1.0
    """Planted exchanges per exchange of unaccused accounts."""
    max_taken_share: float = 0.6
    """Share of the ordinary customers' exchanges that may be rerouted through planted accounts."""

    def as_dict(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return asdict(self)


PLANTING = Planting()
