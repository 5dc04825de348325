"""Places the facts of campaigns under the factors of published frameworks, and says where the log is silent.

A framework is a file in `frameworks/`: factors with the ids of facts (assessment/facts.py) and explanations that belong to them. A factor
for which nothing was found is no factor that is absent: the log gives no evidence either way, and that is printed.
"""

from __future__ import annotations

import importlib.resources
import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.report.releases import MOST_CHANGES, NEAR_DAYS, RELEASES_FILE, compare, read_releases
from distilforensics.report.render import MARK_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.case.layout import Case
    from distilforensics.report.ledger import Ledger
    from distilforensics.report.releases import Release, Timeline
    from distilforensics.report.result import Campaign, Log

SILENT = "No evidence either way."
MOST_MARKS = 3
"""Kinds of requests that are named for a factor on abilities."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One thing that belongs to a factor: a fact, an explanation, a comparison."""

    kind: str
    """fact, fact below the floor, explanation, kind of requests or timeline"""
    ref: str
    """Id of the fact or explanation; empty for a comparison."""
    text: str


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of a framework for one campaign."""

    factor_id: str
    title: str
    evidence: Sequence[Placed]
    silence: str
    """What is said where nothing was found; empty if something was."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A framework for one campaign."""

    framework_id: str
    title: str
    source: str
    campaign_id: str
    factors: Sequence[Factor]


@cache
def frameworks() -> tuple[dict[str, Any], ...]:
    """Return the frameworks that are shipped, the bill first, then by id."""
    folder = importlib.resources.files("distilforensics.report") / "frameworks"
    read = [tomllib.loads(f.read_text(encoding="utf-8")) for f in folder.iterdir() if f.name.endswith(".toml")]
    return tuple(sorted(read, key=lambda framework: (framework["id"] != "hr8283", framework["id"])))


def calendar_of(case: Case) -> list[Release] | None:
    """Return the calendar of releases of a case; None if the examiner put in none."""
    path = case.calibration / RELEASES_FILE
    return read_releases(path) if path.is_file() else None


def place(
    ledger: Ledger, campaigns: Sequence[Campaign], log: Log, releases: Sequence[Release] | None
) -> list[Placement]:
    """Return each framework for each campaign."""
    found = []
    for campaign in campaigns:
        timeline = _timeline(ledger, campaign, log, releases)
        found += [_placement(framework, campaign, timeline) for framework in frameworks()]
    return found


def as_json(placements: Sequence[Placement], releases: Sequence[Release] | None) -> dict[str, Any]:
    """Return placements and calendar as JSON-ready data."""
    calendar = None if releases is None else [{"date": r.day.isoformat(), "name": r.name} for r in releases]
    return {"calendar_of_releases": calendar, "placements": [asdict(placement) for placement in placements]}


def _timeline(ledger: Ledger, campaign: Campaign, log: Log, releases: Sequence[Release] | None) -> Timeline:
    rows = ledger.rows("campaign_days", is_drawn=True, campaign_id=campaign.campaign_id)
    first, last = log.totals["first_seen"], log.totals["last_seen"]
    if first is None or last is None:
        raise UsageError("holds no request", where="log")
    return compare({row["day"]: row["n_requests"] for row in rows}, first.date(), last.date(), releases)


def _placement(framework: Mapping[str, Any], campaign: Campaign, timeline: Timeline) -> Placement:
    return Placement(
        framework_id=framework["id"],
        title=framework["title"],
        source=framework["source"],
        campaign_id=campaign.campaign_id,
        factors=[_factor(factor, campaign, timeline) for factor in framework["factors"]],
    )


def _factor(factor: Mapping[str, Any], campaign: Campaign, timeline: Timeline) -> Factor:
    evidence = [
        Placed(
            "fact" if fact.row["is_counted"] else "fact below the floor",
            fact.fact_id,
            f"{fact.title}. {fact.statement}",
        )
        for fact in campaign.facts
        if fact.fact_id in factor.get("facts", ())
    ]
    evidence += [
        Placed("explanation", x.explanation_id, f"{x.title}: {x.outcome}. {' '.join(x.because)}")
        for x in campaign.explanations
        if x.explanation_id in factor.get("explanations", ()) and x.outcome in ("fits", "in part")
    ]
    if factor.get("has_marks"):
        evidence += _marks(campaign)
    silence = factor.get("silent", "")
    if factor.get("has_timeline"):
        if timeline.state == "compared":
            evidence.append(Placed("timeline", "", _compared(timeline)))
        silence = _not_compared(timeline)
    return Factor(factor["id"], factor["title"], evidence, "" if evidence else f"{SILENT} {silence}".strip())


def _marks(campaign: Campaign) -> list[Placed]:
    """Return the kinds of requests that are at least twice as frequent in the campaign as in the rest of the log."""
    found = [
        row
        for row in campaign.marks
        if row["rest_percent"] is not None and row["own_percent"] >= max(1, 2 * row["rest_percent"])
    ]
    if not found:
        return []
    words = [
        f"{MARK_WORDS.get(row['mark'], row['mark'].replace('_', ' '))} {row['own_percent']:g} % against {row['rest_percent']:g} %"
        for row in found[:MOST_MARKS]
    ]
    return [Placed("kind of requests", "", f"By the words in them, against the rest of the log: {', '.join(words)}.")]


def _compared(timeline: Timeline) -> str:
    return (
        f"Of the {len(timeline.changes)} largest changes from day to day, {timeline.n_near} lie within {NEAR_DAYS} days of a release"
        f" of the calendar ({timeline.n_releases} of them in the {timeline.n_days} days of the log). If the calendar is moved over the days"
        f" of the log, at least as many do in {timeline.n_shifts_as_near} of {timeline.n_shifts} places. The calendar is the examiner's."
    )


def _not_compared(timeline: Timeline) -> str:
    return {
        "no calendar": "No calendar of releases was supplied, so the changes of the traffic were compared with none.",
        "too short": f"The log covers {timeline.n_days} days; a calendar is compared with {MOST_CHANGES} changes over 14 days or more.",
        "no release in the log": "No release of the calendar falls into the days of the log.",
    }.get(timeline.state, "")
