"""Which campaigns are planted, and in which order: the sizes are halved at the boundary between found and not found.

A larger campaign is taken to be found if a smaller one of the same kind is; the order goes once through all kinds before it
refines one of them, so that an interrupted measurement has learnt most of what it could.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What planted campaigns have in common besides their size."""

    requests_per_day: int
    """Requests per account and day, other traffic included."""
    dilution: float
    """Share of the accounts' exchanges that belongs to unrelated customers."""
    is_careful: bool = False
    """No shared payment methods, addresses and sign-up times."""


@dataclass(frozen=True, slots=True, order=True)
class Plant:
    """One campaign to plant."""

    kind: Kind
    n_accounts: int
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON and for tables."""
        return {**asdict(self.kind), "n_accounts": self.n_accounts, "seed": self.seed}


@dataclass(frozen=True, slots=True)
class Search:
    """The sizes of one kind that the log can hold, ascending."""

    kind: Kind
    sizes: tuple[int, ...]


def next_plant(searches: Sequence[Search], seeds: Sequence[int], found: Mapping[Plant, bool]) -> Plant | None:
    """Return the campaign whose outcome says most, None if every boundary is known."""
    waiting = []
    for number, search in enumerate(searches):
        low, high = _boundary(search, seeds, found)
        if low < high:
            middle = (low + high) // 2
            plants = [Plant(search.kind, search.sizes[middle], seed) for seed in seeds]
            waiting.append((-(high - low), number, next(plant for plant in plants if plant not in found)))
    return min(waiting)[2] if waiting else None


def n_runs_left(searches: Sequence[Search], seeds: Sequence[int], found: Mapping[Plant, bool]) -> int:
    """Return an upper estimate of the runs that are still needed."""
    widths = [high - low for low, high in (_boundary(search, seeds, found) for search in searches)]
    return sum(width.bit_length() for width in widths) * len(seeds)


def _boundary(search: Search, seeds: Sequence[int], found: Mapping[Plant, bool]) -> tuple[int, int]:
    """Return the range of places among the sizes in which the smallest found one lies; the number of sizes means none."""
    low, high = 0, len(search.sizes)
    while low < high:
        middle = (low + high) // 2
        outcome = size_outcome(found.get(Plant(search.kind, search.sizes[middle], seed)) for seed in seeds)
        if outcome is None:
            break
        low, high = (low, middle) if outcome else (middle + 1, high)
    return low, high


def size_outcome(outcomes: Iterable[bool | None]) -> bool | None:
    """Return whether a size is found: with every seed yes, with one no is enough for no, else not known."""
    known = list(outcomes)
    if any(outcome is False for outcome in known):
        return False
    return True if all(known) else None
