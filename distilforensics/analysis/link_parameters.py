"""The parameters of linkage, read from the one file that states them with unit and reason."""

from __future__ import annotations

import importlib.resources
import math
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from distilforensics.analysis.kinds import kinds
from distilforensics.core.sqlfile import common_parameters


@dataclass(frozen=True, slots=True)
class Comparison:
    """How agreement on one attribute is weighed."""

    attribute: str
    family: str
    m: float
    disagreement: bool
    pairs: bool
    window_s: float | None = None
    """Seconds within which the agreement has to fall, None if it has no time."""

    def window_millibits(self, span_s: float) -> int:
        """Return what it weighs, in thousandths of a bit, that an agreement by chance falls into the window, in a log of this length."""
        if self.window_s is None or span_s <= self.window_s:
            return 0
        return math.floor(1000 * math.log2(span_s / self.window_s))

    @property
    def millibits_against(self) -> int:
        """Weight, in thousandths of a bit, of two known and different values: log2((1 - m) / (1 - u)) with u near 0."""
        return math.ceil(-1000 * math.log2(1 - self.m) - 1e-6) if self.disagreement else 0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Weights, in thousandths of a bit, at which something happens; they follow from the number of accounts."""

    strong: int
    alone: int

    def times(self, factor: float) -> Thresholds:
        """Return the thresholds moved by a factor, as the stability check needs them."""
        return Thresholds(round(self.strong * factor), round(self.alone * factor))


@cache
def stated() -> dict[str, Any]:
    """Return the parameter file as data."""
    return tomllib.loads((importlib.resources.files(__package__) / "link_parameters.toml").read_text(encoding="utf-8"))


def limit(name: str) -> float:
    """Return one value of the section `limits`."""
    return float(stated()["limits"][name]["default"])


def comparisons() -> list[Comparison]:
    """Return the compared attributes by name: those of the parameter file, and the kinds of groups that link."""
    m, window = limit("agreement"), common_parameters()["moment_us"]["default"] / 1e6
    found = [
        Comparison(
            name, entry["family"], m, entry["disagreement"], entry["pairs"], window if name == "handover" else None
        )
        for name, entry in stated()["comparisons"].items()
    ]
    found += [
        Comparison(kind.name, "program", m, disagreement=False, pairs=False) for kind in kinds().values() if kind.links
    ]
    return sorted(found, key=lambda comparison: comparison.attribute)


def families() -> list[str]:
    """Return the attribute families by name; the position is the bit in a pair's mask."""
    return sorted({comparison.family for comparison in comparisons()})


def thresholds(n_accounts: int) -> Thresholds:
    """Return the thresholds for a log of so many accounts."""
    expected = math.log2(max(1, n_accounts))
    strong = round(1000 * max(limit("strong_floor_bits"), expected))
    return Thresholds(strong, round(strong * limit("alone_factor")))
