"""Turns the context of a report into one HTML file: chapters first, then the frame with contents and lists made from them.

Rules that keep text of a log harmless: every value passes `show` (control, bidirectional and invisible characters become
escapes) and is escaped for HTML; templates put no value into href, style, unquoted attributes or comments except anchors
and annex paths, which this package makes itself; a name that does not exist is an error.
"""

from __future__ import annotations

import re
from datetime import UTC
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup

from distilforensics.core import units
from distilforensics.core.text import show
from distilforensics.report.numbering import Entry, Numbering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from distilforensics.report.annexes import Annex
    from distilforensics.report.context import Column, Report

NONE = "–"  # noqa: RUF001 - printed where a log carries no value
IDENT_CHARS = 160
PROSE_CHARS = 1_200
EXCERPT_CHARS = 420
LIST_ITEMS = 3
_NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")

_CHAPTERS = (
    ("explained", "Groups that were examined and explained"),
    ("accounts", "Accounts"),
    ("heuristics", "Heuristics: what was looked for"),
    ("health", "Evidence health: what is missing or doubtful in the log"),
    ("sources", "Sources"),
    ("methods", "Methods"),
    ("error-rates", "Error rates"),
    ("power", "Power: what would have been found"),
    ("limits", "What this report does not establish"),
    ("verification", "How to verify this report"),
    ("glossary", "Glossary"),
    ("references", "References"),
    ("heuristics-detail", "Annex: heuristics in detail"),
    ("annexes", "Annex: files, queries, lists"),
)


def page(report: Report, annexes: Sequence[Annex], on_chapter: Callable[[str], None]) -> str:
    """Return the whole report as HTML.

    Args:
        report: The context.
        annexes: Files below report/exhibits that the report lists.
        on_chapter: Called with the title of every chapter when it is done.
    """
    environment = _environment(report.case.display_time_zone)
    plan = _plan(report)
    numbers = Numbering({anchor: Entry(str(n), title, anchor) for n, (anchor, title, _, _) in enumerate(plan, start=1)})
    chapters = []
    for anchor, title, template, values in plan:
        context = {"report": report, "numbers": numbers, "annexes": annexes, "anchor": anchor, **values}
        chapters.append(Markup(environment.get_template(template).render(context)))  # noqa: S704 - rendered with autoescape
        on_chapter(title)
    frame = environment.get_template("report.html.j2")
    text = frame.render(report=report, numbers=numbers, chapters=chapters, annexes=annexes)
    return re.sub(r"[ \t]+\n", "\n", re.sub(r"\n[ \t]*(?:\n[ \t]*)+", "\n", text)).strip() + "\n"


def _plan(report: Report) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return anchor, title, template and extra values of every chapter in order."""
    full = [campaign for campaign in report.campaigns if campaign.is_full]
    plan: list[tuple[str, str, str, dict[str, Any]]] = [("summary", "Summary", "summary.html.j2", {})]
    plan += [(c.anchor, f"Campaign {show(c.campaign_id)}", "campaign.html.j2", {"campaign": c}) for c in full]
    if len(full) < len(report.campaigns):
        plan.append(("further-campaigns", "Further campaigns", "further.html.j2", {}))
    return plan + [(anchor, title, f"{anchor}.html.j2", {}) for anchor, title in _CHAPTERS]


def _environment(zone: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("distilforensics.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalised,
        extensions=["jinja2.ext.do"],
    )
    environment.filters |= {
        "count": count,
        "time": clock,
        "moment": lambda value: _unbroken(units.moment(value)),
        "local": lambda value: local(value, zone),
        "cell": cell,
        "ident": lambda value: cut(value, IDENT_CHARS),
        "cut": cut,
        "real": real,
        "css_string": css_string,
        "words": words,
        "spelled": spelled,
    }
    environment.globals |= {"share": units.share, "zip_longest": zip_longest, "plural": plural}
    return environment


def _finalised(value: object) -> object:
    """Make text safe to show; `None` becomes a dash."""
    if value is None:
        return NONE
    return value if isinstance(value, (Markup, jinja2.Undefined)) or not isinstance(value, str) else _shown_lines(value)


def _shown_lines(text: str) -> str:
    """Escape characters that are not for print; line feeds of templates and excerpts stay."""
    return text if text.isascii() and text.isprintable() else "\n".join(map(show, text.split("\n")))


def count(value: int | None) -> str:
    """Return a whole number with grouping."""
    return NONE if value is None else units.count(value)


def real(value: float | None) -> str:
    """Return a number with at most four significant digits behind a leading zero, two decimals otherwise."""
    if value is None:
        return NONE
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"


def day(value: date | str | None) -> str:
    """Return a date as 2026-03-02."""
    return NONE if value is None else str(value)


def clock(value: datetime | None) -> str:
    """Return a time without its zone, for columns whose heading says UTC."""
    return NONE if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def local(value: datetime | None, zone: str) -> Markup:
    """Return a UTC time with the same moment in the zone of display, unless that is UTC."""
    if value is None or zone == "UTC":
        return _unbroken(units.moment(value))
    there = value.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return _unbroken(units.moment(value)) + " " + _unbroken(f"({there:%Y-%m-%d %H:%M:%S %Z})")


def _unbroken(text: str) -> Markup:
    """Return a time that is not broken at its hyphens."""
    return Markup('<span class="t">{}</span>').format(text)


def cut(value: object, limit: int = IDENT_CHARS) -> str:
    """Return a text escaped and cut, with the number of characters left out."""
    text = show(NONE if value is None else value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def words(identifier: object) -> str:
    """Return an identifier such as not_evaluated with blanks."""
    return show(str(identifier).replace("_", " "))


def plural(n: int | None, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 account`, `24 accounts`."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def spelled(text: str) -> str:
    """Return a text that starts with a number up to twelve with that number as a word, for the beginning of a sentence."""
    number, _, rest = text.partition(" ")
    return f"{_NUMBERS[int(number)]} {rest}" if number.isdigit() and int(number) < len(_NUMBERS) else text


def cell(value: object, column: Column) -> str:
    """Return a value of a table as its column says."""
    if value is None:
        return NONE
    plain: dict[str, Callable[[Any], str]] = {
        "count": count, "real": real, "time": clock, "day": day, "date": lambda v: f"{v:%Y-%m-%d}",
        "share": lambda v: units.share(v, 1), "flag": lambda v: "yes" if v else "no",
        "prose": lambda v: cut(v, PROSE_CHARS), "excerpt": lambda v: cut(v, EXCERPT_CHARS), "hash": show,
        "support": _support, "words": words,
    }  # fmt: skip
    return plain.get(column.kind, cut)(value)


def _listed(values: Sequence[object]) -> str:
    shown = [cut(value, 60) for value in values[:LIST_ITEMS]]
    return (
        ", ".join(shown) + (f" and {len(values) - LIST_ITEMS:,} more" if len(values) > LIST_ITEMS else "")
        if values
        else NONE
    )


def _support(values: Sequence[str]) -> str:
    """Return which kinds of templates and which link attributes tie an account to a campaign."""
    kinds: dict[str, int] = {}
    links = []
    for value in values:
        kind, _, rest = value.partition(":")
        if kind == "link":
            links.append(rest.strip())
        else:
            kinds[kind] = kinds.get(kind, 0) + 1
    parts = [f"{kind} ({n})" if n > 1 else kind for kind, n in kinds.items()]
    return "; ".join([*([_listed(parts)] if parts else []), *([f"links: {_listed(links)}"] if links else [])]) or NONE


def css_string(value: object) -> Markup:
    """Return a text as the inside of a CSS string: everything but letters, digits and blanks as an escape."""
    text = show(value)[:80]
    return Markup("".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):06x}" for c in text))  # noqa: S704 - escaped here
