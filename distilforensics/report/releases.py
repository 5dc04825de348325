"""A calendar of releases that the examiner supplies, and how changes of a campaign's traffic lie to it.

Whether traffic follows the development of somebody's model cannot be read from one log alone. What can be counted: the days on which
the traffic of a campaign changed most, how many of them lie close to a date of the calendar, and how many do if the calendar is moved
over the days of the log. The calendar is an assumption of the examiner; the report prints it.
"""

from __future__ import annotations

import csv
import io
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import csv_cell, show, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

RELEASES_FILE = "releases.csv"
"""Name below CASE/calibration."""
NEAR_DAYS = 2
"""A change lies close to a release if it is at most so many days away: an announcement, a weekend, another time zone."""
MOST_CHANGES = 5
"""Changes that are compared: the largest, so that what is compared does not depend on a threshold."""
LEAST_DAYS = 14
"""With fewer days a calendar fits everywhere."""


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """One date of the calendar with its name."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """How the largest changes of a campaign's traffic lie to the calendar."""

    state: str
    """compared, no calendar, too short, no release in the log"""
    n_days: int
    n_releases: int
    """Releases within the days of the log."""
    changes: Sequence[date] = ()
    """Days on which the traffic changed most against the day before, the largest change first."""
    n_near: int = 0
    n_shifts: int = 0
    """Ways to move the calendar over the days of the log, the one that it has included."""
    n_shifts_as_near: int = 0
    """Ways by which at least as many changes lie close to a release."""


def read_releases(path: Path) -> list[Release]:
    """Return the releases of a file in the order of their dates.

    Args:
        path: CSV with the columns `date` and `name`, or TOML with `[[releases]]` and these keys.

    Raises:
        UsageError: the file cannot be read that way, with the place of what is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows: Sequence[Mapping[str, Any]] = (
            tomllib.loads(text)["releases"] if path.suffix == ".toml" else list(csv.DictReader(io.StringIO(text)))
        )
        return sorted({_release(row, number, path) for number, row in enumerate(rows, start=1)})
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error, KeyError, TypeError, AttributeError) as e:
        raise UsageError(
            f"is no calendar of releases ({type(e).__name__}), expected columns date and name",
            where=str(path),
            hint="a line such as 2026-03-04,Model 5 below the heading date,name",
        ) from e


def _release(row: Mapping[str, Any], number: int, path: Path) -> Release:
    day = row["date"]
    if not isinstance(day, date):
        try:
            day = date.fromisoformat(str(day).strip())
        except ValueError as e:
            raise UsageError(
                f"release {number} has the date {shown(day)}, expected YYYY-MM-DD", where=str(path), hint="correct it"
            ) from e
    return Release(date(day.year, day.month, day.day), show(str(row["name"] or "").strip()))


def releases_csv(releases: Iterable[Release]) -> str:
    """Return the calendar as the case keeps it."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(("date", "name"))
    writer.writerows((release.day.isoformat(), csv_cell(release.name)) for release in releases)
    return sink.getvalue()


def compare(requests: Mapping[date, int], first: date, last: date, releases: Sequence[Release] | None) -> Timeline:
    """Return how the changes of a campaign's traffic lie to the calendar.

    The null is exact: the calendar is moved day by day over the days of the log, around its end to its beginning, and the
    number of changes close to a release is counted for each place.

    """
    n_days = (last - first).days + 1
    inside = sorted({(r.day - first).days for r in releases or () if first <= r.day <= last})
    if releases is None:
        return Timeline("no calendar", n_days, 0)
    if n_days < LEAST_DAYS:
        return Timeline("too short", n_days, len(inside))
    if not inside:
        return Timeline("no release in the log", n_days, 0)
    series = [requests.get(first + timedelta(days=place), 0) for place in range(n_days)]
    steps = sorted(
        ((abs(b - a), place) for place, (a, b) in enumerate(pairwise(series), start=1)), key=lambda x: (-x[0], x[1])
    )
    changes = [place for size, place in steps[:MOST_CHANGES] if size]

    def near(shift: int) -> int:
        moved = [(day + shift) % n_days for day in inside]
        return sum(any(abs(change - day) <= NEAR_DAYS for day in moved) for change in changes)

    counts = [near(shift) for shift in range(n_days)]
    return Timeline(
        "compared", n_days, len(inside), [first + timedelta(days=place) for place in changes],
        counts[0], n_days, sum(count >= counts[0] for count in counts),
    )  # fmt: skip
