"""What `show` and `explain` draw for a person: one screen, the strongest first, in sentences; everything else is in the tables behind it."""

from __future__ import annotations

import sys
from statistics import median
from typing import TYPE_CHECKING, Any

from distilforensics.cli.drawing import bars, hours, paragraph, summed
from distilforensics.core import units
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.lookup import Section
    from distilforensics.pipeline.summary import CaseSummary

    Rows = list[dict[str, Any]]

_SHORTEST = 24
"""Lines of a terminal that says nothing of its height."""
_PAIRS = 2
_LONGEST_NAME = 28
_DRAWN = 3
"""Campaigns of a summary whose load is drawn."""

FACTS = {
    "handover": "refused calls that go on elsewhere",
    "conversation": "conversations that go on elsewhere",
    "answer": "answers that come back elsewhere",
    "scheduler": "equal loads and turns",
    "payment": "shared payment",
    "signup": "shared times of sign-up",
    "network": "shared networks",
    "mail": "shared mail domains",
    "frame": "the common text",
    "purpose": "what is asked for",
}
"""Facts as one names them in half a sentence."""


def rows_of(sections: Sequence[Section]) -> dict[str, Rows]:
    """Return the rows of sections by their key."""
    return {section.key: [dict(zip(section.columns, row, strict=True)) for row in section.rows] for section in sections}


def loads_of(case: Case, summary: CaseSummary, limits: Limits) -> dict[str, Rows]:
    """Return the requests per hour of the strongest campaigns, as many as one looks at."""
    from distilforensics.pipeline.lookup import load

    ids = [campaign.campaign_id for campaign in summary.campaigns[:_DRAWN]]
    return {name: rows_of(load(case, name, limits))["load"] for name in ids}


def campaign_screen(found: Mapping[str, Rows], case_name: str, size: tuple[int, int], output: Output) -> Iterator[str]:
    """Yield the lines of a campaign or of a group."""
    width, height = min(100, size[0]), max(_SHORTEST, size[1])
    (campaign,) = found["campaign"]
    name = show(campaign["campaign_id"])
    top = [*_head(campaign, output, width), *_load(found["load"], width), *_hours(found["hours"])]
    top += [
        *_accounts(found["accounts"], campaign["n_accounts"], width),
        *_handovers(found["handovers"], width, output),
    ]
    end = ["", f"  all    distilforensics show {case_name} campaign {name} --all"]
    if found["accounts"]:
        end.append(f"  why    distilforensics explain {case_name} {show(found['accounts'][0]['account_id'])}")
    yield from top
    left = height - len(top) - len(end) - 2
    facts = [fact for fact in found["facts"] if fact["is_counted"]]
    yield output.heading("For one operator, the heaviest first", sys.stdout)
    facts = [fact for fact in found["facts"] if fact["is_counted"]]
    whole = [line for fact in facts for line in _fact(fact, width, is_whole=True)]
    yield from whole if len(whole) <= left else (line for fact in facts for line in _fact(fact, width, is_whole=False))
    explanations = [show(row["title"]) for row in found["explanations"]]
    against = f"not excluded: {'; '.join(explanations)}" if explanations else "every innocent explanation is excluded"
    yield from paragraph(f"  Against  {against}", width, " " * 11, most=2)
    yield from _notes(found, width)
    yield from end


def _notes(found: Mapping[str, Rows], width: int) -> Iterator[str]:
    for row in found.get("notes", []):
        status = f", {row['status']}" if row["status"] else ""
        yield from paragraph(f"  Note     {show(row['by'])}{status}: {show(row['text'])}", width, " " * 11)


def _fact(fact: Mapping[str, Any], width: int, *, is_whole: bool) -> Iterator[str]:
    weight = f"{fact['bits']:.0f} bits" if fact["bits"] else "-"
    text = f"{show(fact['title'])}{'. ' + show(fact['statement']) if is_whole else ''}"
    yield from paragraph(f"  {weight:<8} {text}", width, " " * 11, most=None if is_whole else 1)


def _head(campaign: Mapping[str, Any], output: Output, width: int) -> Iterator[str]:
    tokens = campaign["output_tokens"]
    taken = f", {units.count(tokens)} output tokens" if tokens is not None else ""
    size = f"{units.count(campaign['n_accounts'])} accounts, {units.count(campaign['n_exchanges'])} requests{taken}"
    head = f"{show(campaign['campaign_id'])}  {campaign['grade']}: {size}"
    first, *rest = paragraph(head, width, " " * 6)
    yield output.heading(first, sys.stdout)
    yield from rest
    weaker = _weaker(campaign["grade_without"] or (), campaign["grade"])
    period = f"{_minute(campaign['first_seen'])} to {_minute(campaign['last_seen'])} UTC. {weaker}".rstrip()
    yield from paragraph(f"      {period}", width, " " * 6)


def _minute(moment: datetime | None) -> str:
    return units.moment(moment)[:16]


def _weaker(without: Sequence[str], grade: str) -> str:
    """Return what the grade would be without the first fact that it depends on."""
    ranks = ("inconclusive", "one operator, purpose unknown", "weak", "moderate", "strong")
    for text in without:
        what, _, left = text.partition(": ")
        if left in ranks and grade in ranks and ranks.index(left) < ranks.index(grade):
            fact = what.removeprefix("fact ")
            return f"Without {FACTS.get(fact, show(fact))} it would be {left}."
    return ""


def _load(rows: Rows, width: int) -> Iterator[str]:
    if not rows:
        return
    first, last = rows[0]["hour"], rows[-1]["hour"]
    sent, failed = hours(rows, "n_exchanges"), hours(rows, "n_failed")
    columns, step = summed(sent, width - 12)
    every = "hour" if step == 1 else f"{step} hours"
    yield f"  Load     {bars(columns)}".rstrip()
    if any(failed):
        yield f"  failed   {bars(summed(failed, width - 12)[0])}".rstrip()
    days = f"{first:%d %b}{f'{last:%d %b}':>{max(7, len(columns) - 6)}}"
    yield (
        f"{'':11}{days}   per {every}, most {units.count(int(max(columns)))}"
        if len(columns) < width - 40
        else f"{'':11}{days}"
    )


def _hours(rows: Rows) -> Iterator[str]:
    own, others = ([0.0] * 24 for _ in range(2))
    for row in rows:
        own[row["hour"]], others[row["hour"]] = row["n_exchanges"], row["n_exchanges_of_others"]
    for title, values in (("Hours", own), ("others", others)):
        if any(values):
            yield f"  {title:<8} {''.join(2 * sign for sign in bars(values))}  {'0 to 23 h UTC' if title == 'Hours' else 'all other accounts'}"


def _accounts(rows: Rows, n_accounts: int, width: int) -> Iterator[str]:
    loads = [row["n_campaign_exchanges"] for row in rows]
    if not loads:
        return
    shown = loads[: width - 12]
    rest = n_accounts - len(shown)
    counted = f"{loads[0]} to {loads[-1]} requests each, half of them at most {median(loads):g}"
    told = f"and {units.count(rest)} more" if rest > 0 else counted
    if len(shown) + len(told) + 13 <= width:
        yield f"  Accounts {bars(shown)}  {told}"
    else:
        yield f"  Accounts {bars(shown)}"
        yield f"{'':11}{told}"


def _handovers(rows: Rows, width: int, output: Output) -> Iterator[str]:
    if not rows:
        return
    yield output.heading("Failed calls that another account sent next", sys.stdout)
    for row in rows[:_PAIRS]:
        text = f"{_short(row['account_id'])} -> {_short(row['other_account_id'])}  {row['n_calls']}x, {row['delay_seconds']} s"
        room = width - len(text) - len(row["record_id"]) - 4
        yield f"  {text}  {row['record_id']}" if room >= 0 else f"  {text}"
    if len(rows) > _PAIRS:
        yield f"  and {len(rows) - _PAIRS} more pairs of accounts"


def _short(name: str) -> str:
    """Return a name that fits; of long ones the end tells more."""
    text = show(name)
    return text if len(text) <= _LONGEST_NAME else f"...{text[3 - _LONGEST_NAME :]}"


def pair_screen(found: Mapping[str, Rows], width: int, output: Output) -> Iterator[str]:
    """Yield the lines of two accounts beside each other: how strongly they are tied first, then by what."""
    width = min(100, width)
    names = [show(account["account_id"]) for account in found["accounts"]]
    bits = f"{found['link'][0]['bits']:.1f} bits tie them" if found["link"] else "they share nothing rare"
    homes = {account["campaign_id"] for account in found["accounts"]}
    home = f"; both are in {show(*homes)}" if len(homes) == 1 and homes != {None} else ""
    first, *rest = paragraph(f"{' and '.join(names)}: {bits}{home}", width, "  ")
    yield output.heading(first, sys.stdout)
    yield from rest
    for account in found["accounts"]:
        known = {
            "requests": units.count(account["n_exchanges"]),
            "customer": account["tenant_id"] or account["organization"],
            "plan": account["plan"],
            "made": _minute(account["created_at"]) if account["created_at"] else None,
        }
        said = ", ".join(f"{what} {show(value)}" for what, value in known.items() if value is not None)
        yield from paragraph(f"  {show(account['account_id'])}  {said}", width, "    ")
    for effect, title in (("ties", "What ties them, the heaviest first"), ("tells apart", "What tells them apart")):
        yield output.heading(title, sys.stdout)
        rows = [row for row in found["attributes"] if row["effect"] == effect]
        for row in rows:
            yield from paragraph(f"  {row['bits']:+.1f} bits  {show(row['statement'])}", width, " " * 13)
        if not rows:
            yield "  nothing"
    if found["next"]:
        yield output.heading("Prompts that one sent and the other sent next", sys.stdout)
    for row in found["next"]:
        went = f"{show(row['account_id'])} ({show(row['status'])}) -> {show(row['next_account_id'])}, {row['delay_seconds']} s"
        yield from paragraph(
            f"  {went}: records {show(row['record_id'])}, {show(row['next_record_id'])}", width, "    "
        )


def explanation_screen(found: Mapping[str, Rows], columns: int, output: Output) -> Iterator[str]:
    """Yield what speaks for and against an account, in sentences with the records that show them."""
    width = min(100, columns)
    (account,) = found["account"]
    home = f"in {show(account['campaign_id'])}, {account['grade']}" if account["campaign_id"] else "in no campaign"
    of = account["n_campaign_exchanges"]
    own = f", {units.count(of)} with the pattern of the campaign" if of else ""
    calls = f"{units.count(account['n_exchanges'])} requests{own}"
    period = f"{_minute(account['first_seen'])} to {_minute(account['last_seen'])} UTC"
    head = f"{show(account['account_id'])}  {home}; {calls}, {period}"
    first, *rest = paragraph(head, width, "  ")
    yield output.heading(first, sys.stdout)
    yield from rest
    yield from _notes(found, width)
    for key, title in (("for", "For one operator"), ("against", "Against, and what is not excluded")):
        yield ""
        yield output.heading(title, sys.stdout)
        if not found[key]:
            yield "  nothing"
        about = None
        for row in found[key]:
            if row["about"] != about:
                about = row["about"]
                yield f"  of {show(about)}:"
            weight = f"{row['bits']:+.1f} bits  " if row["bits"] else ""
            yield from paragraph(f"  - {weight}{show(row['statement'])}", width, "    ")
            if row["record_ids"]:
                yield from paragraph(f"    records {', '.join(map(show, row['record_ids']))}", width, "    ")
