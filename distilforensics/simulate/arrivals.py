"""When things happen: day and week cycles in a person's own time zone, sessions, pauses between messages, steady streams.

Shapes follow what is known of chat services: most people come rarely and a few very often, gaps inside a conversation are of minutes
with a long tail, evenings and office hours differ, week-ends are quieter for work and not for leisure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.simulate.exchange import DAY, HOUR, MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from random import Random

    from distilforensics.simulate.exchange import Exchange

LEISURE_HOURS = (1, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 5, 6, 5, 5, 5, 6, 7, 8, 10, 11, 10, 7, 3)
OFFICE_HOURS = (0, 0, 0, 0, 0, 0, 1, 3, 9, 12, 12, 10, 6, 9, 11, 10, 8, 4, 2, 1, 1, 1, 0, 0)
SERVICE_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 10, 10, 10, 10, 10, 11, 11, 10, 9, 7, 5, 3)
"""Relative weights of the 24 local hours; the shapes are the project's own."""

_THINKING_MEDIAN_S = 75.0
_THINKING_SIGMA = 1.0
_PRODUCT_GAP_S = 2.5


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often and when one person comes: sessions per day, hours of the local day, week-end factor and zone."""

    sessions_per_day: float
    hours: tuple[int, ...]
    weekend_factor: float
    utc_offset_hours: int

    def sessions(self, rng: Random, day_start: int) -> list[int]:
        """Return the sorted starts of the sessions in the UTC day that begins at `day_start`, at hours weighed by local time."""
        weekday = (day_start // DAY + 3) % 7
        expected = self.sessions_per_day * (self.weekend_factor if weekday >= 5 else 1.0)
        hours = rng.choices(range(24), weights=self.hours, k=poisson(rng, expected))
        return sorted(
            day_start + (hour - self.utc_offset_hours) % 24 * HOUR + int(rng.random() * HOUR) for hour in hours
        )


def poisson(rng: Random, mean: float) -> int:
    """Return a Poisson variate; above 50 the normal approximation is used."""
    if mean <= 0:
        return 0
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def thinking_gap(rng: Random) -> int:
    """Return the pause of a person between an answer and the next message, microseconds: median 75 s, long tail."""
    return int(rng.lognormvariate(math.log(_THINKING_MEDIAN_S), _THINKING_SIGMA) * MICROSECONDS)


def program_gap(rng: Random) -> int:
    """Return the pause of a program between a response and its next call, microseconds."""
    return int(rng.expovariate(1 / _PRODUCT_GAP_S) * MICROSECONDS) + 50_000


def cycle_times(
    rng: Random, start: int, end: int, count: float, hours: tuple[float, ...], utc_offset_hours: int
) -> list[int]:
    """Return about `count` sorted times in [start, end) of a Poisson process whose rate follows `hours`, a day or a longer time again and again."""
    total_weight = sum(hours)
    n_hours = max(1, (end - start) // HOUR)
    times: list[int] = []
    for index in range(n_hours):
        hour_start = start + index * HOUR
        local_hour = (hour_start // HOUR + utc_offset_hours) % len(hours)
        expected = count / n_hours * len(hours) * hours[local_hour] / total_weight
        times.extend(hour_start + int(rng.random() * HOUR) for _ in range(poisson(rng, expected)))
    times.sort()
    return times


def in_time_order(days: Iterable[tuple[int, list[Exchange]]]) -> Iterator[Exchange]:
    """Yield the exchanges of consecutive days in order of time; what runs past midnight waits for the next day.

    Args:
        days: End of the day in microseconds and the exchanges that were started from it, in any order.
    """
    pending: list[Exchange] = []
    for day_end, produced in days:
        pending.extend(produced)
        pending.sort()
        ready = next((index for index, exchange in enumerate(pending) if exchange.started_at >= day_end), len(pending))
        yield from pending[:ready]
        del pending[:ready]
    yield from pending
