"""How a pool chooses the account of the next call. The kinds are those of published account-pool programs.

Source: round robin (default of one pool proxy), least recently used (default of two relays), a random channel (a gateway),
and sticky sessions that leave an account only when it is limited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

KINDS = ("round_robin", "least_recently_used", "random", "sticky", "weighted")


class Scheduler(Protocol):
    """Chooses among the accounts of a pool; `candidates` are indices of accounts that are alive and not cooling down, ascending."""

    def pick(self, candidates: Sequence[int]) -> int:
        """Return the index of the account that takes the next call."""

    def limited(self, index: int) -> None:
        """Learn that the account answered with a limit error."""


class RoundRobin:
    """Takes the accounts in a fixed circle."""

    def __init__(self) -> None:
        self._last = -1

    def pick(self, candidates: Sequence[int]) -> int:
        """Return the next account after the last one."""
        self._last = next((index for index in candidates if index > self._last), candidates[0])
        return self._last

    def limited(self, index: int) -> None:
        """Ignore the limit: the circle goes on."""


class LeastRecentlyUsed:
    """Takes the account that has rested longest, passing over some that are busy."""

    def __init__(self, rng: Random, skip_share: float) -> None:
        self._rng = rng
        self._skip_share = skip_share
        self._last_use: dict[int, int] = {}
        self._clock = 0

    def pick(self, candidates: Sequence[int]) -> int:
        """Return the longest rested account; each one is skipped with probability `skip_share`."""
        left = list(candidates)
        chosen = self._longest_rested(left)
        while len(left) > 1 and self._rng.random() < self._skip_share:
            left.remove(chosen)
            chosen = self._longest_rested(left)
        self._clock += 1
        self._last_use[chosen] = self._clock
        return chosen

    def limited(self, index: int) -> None:
        """Ignore the limit: a limited account was used a moment ago and comes last anyway."""

    def _longest_rested(self, candidates: Sequence[int]) -> int:
        return min(candidates, key=lambda index: (self._last_use.get(index, -1), index))


class RandomChoice:
    """Takes any account with equal probability."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng

    def pick(self, candidates: Sequence[int]) -> int:
        """Return any candidate."""
        return candidates[int(self._rng.random() * len(candidates))]

    def limited(self, index: int) -> None:
        """Ignore the limit."""


class Weighted:
    """Takes the accounts by chance with unequal probabilities, as if each had an owner of its own."""

    def __init__(self, rng: Random, weights: Sequence[float]) -> None:
        self._rng = rng
        self._weights = weights

    def pick(self, candidates: Sequence[int]) -> int:
        """Return a candidate by its weight."""
        return self._rng.choices(candidates, weights=[self._weights[index] for index in candidates], k=1)[0]

    def limited(self, index: int) -> None:
        """Ignore the limit."""


class Sticky:
    """Stays on one account until it is limited or gone, then hands over to the longest rested one."""

    def __init__(self) -> None:
        self._current: int | None = None
        self._last_use: dict[int, int] = {}
        self._clock = 0

    def pick(self, candidates: Sequence[int]) -> int:
        """Return the current account, or the one that rested longest after a hand-over."""
        current = self._current
        if current is None or current not in candidates:
            current = min(candidates, key=lambda index: (self._last_use.get(index, -1), index))
        self._clock += 1
        self._current = current
        self._last_use[current] = self._clock
        return current

    def limited(self, index: int) -> None:
        """Leave the limited account."""
        if index == self._current:
            self._current = None


def make_scheduler(kind: str, rng: Random, *, skip_share: float = 0.0, weights: Sequence[float] = ()) -> Scheduler:
    """Return a scheduler of one of `KINDS`.

    Raises:
        ValueError: If `kind` is unknown.
    """
    if kind == "round_robin":
        return RoundRobin()
    if kind == "least_recently_used":
        return LeastRecentlyUsed(rng, skip_share)
    if kind == "random":
        return RandomChoice(rng)
    if kind == "sticky":
        return Sticky()
    if kind == "weighted":
        return Weighted(rng, weights)
    raise ValueError(f"scheduler {kind!r}, expected one of {', '.join(KINDS)}")
