"""A counted share with its exact interval; the only way in which error rates are stated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

CONFIDENCE = 0.95
"""Two-sided confidence of every interval."""

_LAST_DIGITS = 4e-16
"""Relative change of a double that is no change."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """`n_of` out of `n_total`, with the two-sided exact (Clopper-Pearson) 95 % interval; without a total there is no rate and no bound."""

    n_of: int
    n_total: int

    @property
    def rate(self) -> float | None:
        """The share from 0 to 1, None without a total."""
        return self.n_of / self.n_total if self.n_total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper bound from 0 to 1, None without a total.

        Source: Clopper and Pearson, Biometrika 26 (1934).
        """
        if not self.n_total:
            return None
        tail = (1 - CONFIDENCE) / 2
        low = _rate_with(tail, self.n_of, self.n_total)
        high = _rate_with(1 - tail, self.n_of + 1, self.n_total) if self.n_of < self.n_total else 1.0
        return low, high

    def as_dict(self) -> dict[str, Any]:
        """Return counts, rate and bounds for JSON, shares rounded to six digits."""
        low, high = self.interval or (None, None)
        return {
            "n_of": self.n_of,
            "n_total": self.n_total,
            "rate": _rounded(self.rate),
            "ci95_low": _rounded(low),
            "ci95_high": _rounded(high),
        }

    def __str__(self) -> str:
        """Return words that never claim certainty: at 0 the upper bound is given, at all the lower one."""
        if self.interval is None:
            return "none to judge"
        low = _percent(self.interval[0], ROUND_FLOOR)
        high = _percent(self.interval[1], ROUND_CEILING)
        if self.n_of == 0:
            return f"0 of {self.n_total:,} (at most {high})"
        if self.n_of == self.n_total:
            return f"{self.n_of:,} of {self.n_total:,} (at least {low})"
        return f"{self.n_of:,} of {self.n_total:,} = {_percent(self.n_of / self.n_total, ROUND_HALF_EVEN)} ({low} to {high})"


def percent(share: float, *, is_lower: bool) -> str:
    """Return a bound in per cent, rounded outwards so that it stays one."""
    return _percent(share, ROUND_FLOOR if is_lower else ROUND_CEILING)


def _percent(share: float, rounding: str) -> str:
    """Return three significant digits of a share or, above 99 %, two of what is missing, so that only 0 is 0 % and only 1 is 100 %."""
    percent = Decimal(repr(share)) * 100
    if percent == 0:
        return "0 %"
    last_digit = percent.adjusted() - 2 if percent <= 99 or percent == 100 else (100 - percent).adjusted() - 1
    return f"{percent.quantize(Decimal(1).scaleb(last_digit), rounding=rounding).normalize():f} %"


def _rate_with(chance: float, n_of: int, n_total: int) -> float:
    """Return the rate at which `n_of` or more out of `n_total` have the given chance; 0 if they have more at any rate."""
    low, high = 0.0, float(n_of > 0)
    while low < (middle := (low + high) / 2) < high:
        if chance_of_at_least(n_of, n_total, middle) < chance:
            low = middle
        else:
            high = middle
    return high


def chance_of_at_least(n_of: int, n_total: int, rate: float) -> float:
    """Return the probability of `n_of` or more successes in `n_total` independent trials of a rate inside of 0 to 1.

    It is an incomplete beta function, computed by its continued fraction.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 6.6.4 and 26.5.8.
    """
    if n_of == 0:
        return 1.0
    a, b, x = n_of, n_total - n_of + 1, rate
    is_turned = x > (a + 1) / (a + b + 2)
    if is_turned:  # there the fraction converges for the opposite event alone
        a, b, x = b, a, 1 - x
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    part = math.exp(logarithm) / a / _continued_fraction(a, b, x)
    return 1 - part if is_turned else part


def _continued_fraction(a: int, b: int, x: float) -> float:
    """Return 1 + d1 / (1 + d2 / (1 + ...)), from its beginning and up to where nothing changes any more (Lentz 1976)."""
    value, upper, lower, change, step = 1.0, 1.0, 0.0, 0.0, 0
    while abs(change - 1) > _LAST_DIGITS:
        step += 1
        half = step // 2
        product = half * (b - half) if step % 2 == 0 else -(a + half) * (a + b + half)
        term = product * x / ((a + step - 1) * (a + step))
        lower = 1 / (1 + term * lower)
        upper = 1 + term / upper
        change = upper * lower
        value *= change
    return value


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)
