"""A counted share with its exact interval; the only way in which error rates are stated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

CONFIDENCE = 0.95
"""Two-sided confidence of every interval."""


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

        Source: Clopper and Pearson, Biometrika 26 (1934), as `scipy.stats.binomtest(...).proportion_ci(method="exact")`.
        """
        if not self.n_total:
            return None
        from scipy.stats import binomtest

        bounds = binomtest(self.n_of, self.n_total).proportion_ci(confidence_level=CONFIDENCE, method="exact")
        return float(bounds.low), float(bounds.high)

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


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 6)
