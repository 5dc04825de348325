"""The figures of a campaign: when it was active, how loads compare, which members are tied."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from distilforensics.report import figures
from distilforensics.report.annexes import safe_name
from distilforensics.report.context import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from distilforensics.report.chapters.campaign_rows import CampaignRows
    from distilforensics.report.chapters.work import Work
    from distilforensics.report.context import Figure

LONGEST_DAILY_AXIS = 62
"""Days up to which the heat map has one column per day; longer windows have one per week."""

_HOURS = tuple(f"h{hour:02d}" for hour in range(24))


def timeline(work: Work, sets: CampaignRows, name: str, anchor: str) -> Figure:
    """Return exchanges per day, of the campaign and of the rest of the log."""
    own = {row["day"]: row["n_own"] for row in sets.days.get(name, [])}
    other = {day: n - own.get(day, 0) for day, n in sets.log_days.items()}
    days = all_days(sets.log_days)
    rows = [{"day": day, "n_own": own.get(day, 0), "n_rest": other.get(day, 0)} for day in days]
    data = work.table(
        "campaign_days",
        rows,
        anchor=f"{anchor}-days-data",
        exhibit=f"{safe_name(name)}-days",
        words={"name": name},
    )
    highest = max(own.values(), default=0)
    first = min((day for day, n in own.items() if n == highest), default=None)
    n_active = sum(n > 0 for n in own.values())
    return figures.figure(
        figures.daily_bars({name: own, "Rest of the log": other}, days),
        anchor=f"{anchor}-timeline",
        caption=f"Exchanges of {name} per UTC day, above those of the rest of the log; each panel has its own scale",
        description=f"{name} has exchanges on {n_active:,} of the {len(days):,} days of the log; the highest day is {first} with {highest:,}.",
        data=data,
    )


def all_days(counts: Iterable[date]) -> list[date]:
    """Return all days from the first to the last one, without holes."""
    known = sorted(counts)
    return [known[0] + timedelta(days=n) for n in range((known[-1] - known[0]).days + 1)] if known else []


def heat(work: Work, sets: CampaignRows, name: str, anchor: str) -> Figure:
    """Return exchanges by day and hour of the day; by week and hour where the campaign lasts long."""
    rows = sets.heat.get(name, [])
    days = all_days({row["day"] for row in rows})
    is_daily = len(days) <= LONGEST_DAILY_AXIS
    period = "day" if is_daily else "week"
    counts: dict[tuple[date, int], int] = {}
    for row in rows:
        cell = (row["day"] if is_daily else _monday(row["day"]), row["hour_of_day"])
        counts[cell] = counts.get(cell, 0) + row["n_own"]
    names = days if is_daily else days_of_weeks(days)
    unit = "UTC day" if is_daily else "week, named by its Monday (UTC)"
    data = work.table(
        "campaign_heat",
        [{"column": day} | {key: counts.get((day, int(key[1:])), 0) for key in _HOURS} for day in names],
        anchor=f"{anchor}-heat-data",
        exhibit=f"{safe_name(name)}-hours",
        words={"name": name, "period": period, "unit": unit},
        further=[Column(key, key[1:], "count") for key in _HOURS],
    )
    n_hours = len({hour for _, hour in counts})
    cells = [{"column": day.isoformat(), "hour": hour, "n": n} for (day, hour), n in sorted(counts.items())]
    return figures.figure(
        figures.heat_map(cells, [day.isoformat() for day in names], unit=unit),
        anchor=f"{anchor}-heat",
        caption=f"When {name} was active: exchanges by {period} and hour of the day (UTC)",
        description=f"Each cell is one hour of one {period}; darker means more exchanges, white none. {n_hours} of the 24 hours of the day have exchanges.",
        data=data,
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def days_of_weeks(days: Sequence[date]) -> list[date]:
    """Return the Mondays of the weeks in which the days fall."""
    return sorted({_monday(day) for day in days})


def load(work: Work, sets: CampaignRows, name: str, anchor: str) -> Figure:
    """Return how many accounts sent how many exchanges, members beside all accounts outside of campaigns."""
    headings = {
        "own": f"{name}: exchanges of the campaign per member",
        "all": f"{name}: all exchanges per member",
        "rest": "All accounts outside of campaigns",
    }
    rows = [*sets.load.get(name, []), *sets.load.get("", [])]
    classes = _classes(rows, [row for group in sets.load.values() for row in group])
    by_class = {(row["series"], row["low"]): row["n_accounts"] for row in rows}
    table = [
        {"bin": _class_name(step), "low": str(step[0])}
        | {series: by_class.get((series, step[0]), 0) for series in headings}
        for step in classes
    ]
    data = work.table(
        "campaign_load", table, anchor=f"{anchor}-load-data", exhibit=f"{safe_name(name)}-load", words={"name": name}
    )
    panels = {
        heading: [{"bin": row["low"], "n": row[series]} for row in table if row[series]]
        for series, heading in headings.items()
    }
    return figures.figure(
        figures.load_bars({heading: part for heading, part in panels.items() if part}, [row["low"] for row in table]),
        anchor=f"{anchor}-load",
        caption=f"Load per account: members of {name} compared with all accounts outside of campaigns",
        description=(
            "Number of accounts per class of exchanges, named by its lower end; the number of accounts stands on each bar. "
            "Accounts that one scheduler serves fall into few neighbouring classes, independent customers spread over many."
        ),
        data=data,
    )


def _classes(own: Sequence[Mapping[str, Any]], known: Iterable[Mapping[str, Any]]) -> list[tuple[int, int | None]]:
    """Return the classes of load between the lowest and the highest one in use."""
    low, high = min(row["low"] for row in own), max(row["low"] for row in own)
    steps = {row["low"]: row["high"] for row in known}
    return [(start, steps[start]) for start in sorted(steps) if low <= start <= high]


def _class_name(step: tuple[int, int | None]) -> str:
    low, high = step
    if high is None:
        return f"{low:,} and more"
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def matrix(work: Work, sets: CampaignRows, name: str, anchor: str) -> Figure:
    """Return the match weights between the members that are tied most."""
    pairs = sets.pairs[name]
    numbers = {row["account_id"]: row["number"] for row in sets.members[name]}
    linked = {account for row in pairs for account in (row["account_a"], row["account_b"])}
    order = sorted(linked, key=lambda account: numbers[account])
    place = {account: n for n, account in enumerate(order)}
    weights = {_lower(place[row["account_a"]], place[row["account_b"]]): row["weight"] for row in pairs}
    data = work.table(
        "campaign_link_pairs",
        pairs,
        anchor=f"{anchor}-links-data",
        exhibit=f"{safe_name(name)}-links",
        words={"name": name},
    )
    n_linked = sets.link_totals[name][0]["n_linked_members"]
    is_whole = n_linked == len(order)
    shown = "all linked members" if is_whole else f"the {len(order)} with most links of {n_linked:,} linked members"
    labels = [f"{figures.label(account)} (No. {numbers[account]})" for account in order]
    return figures.figure(
        figures.link_matrix(labels, [numbers[account] for account in order], weights),
        anchor=f"{anchor}-links",
        caption=f"Links between members of {name} ({shown}): larger and darker squares mean heavier match weights",
        description=f"A triangle with one row and one column per member, numbered as in the table of members. {len(weights):,} of its pairs are linked.",
        data=data,
    )


def _lower(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a > b else (b, a)
