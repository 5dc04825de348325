"""Turns the result into pages: one main document and the readable annexes.

Rules that keep text of a log harmless: every value passes `show` (control, bidirectional and invisible characters become
escapes) and is escaped for HTML; templates put no value into href, style, unquoted attributes or comments except anchors
and annex paths, which this package makes itself; a name that does not exist is an error.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from distilforensics.core import units
from distilforensics.core.text import show
from distilforensics.report.result import fixed_text

if TYPE_CHECKING:
    from distilforensics.report.ledger import Row

NONE = "–"  # noqa: RUF001 - printed where a log carries no value
IDENT_CHARS = 120
STATUS_WORDS = {"ok": "answered", "limited": "rate limit", "error": "error", "blocked": "blocked"}
TIE_WORDS = {
    "payment": "payment method", "signup": "sign-up within ten minutes", "ip": "address", "ip_prefix": "network", "email_domain": "mail domain",
    "client": "program", "api_key": "key", "handover": "handed a failed request", "tenant": "customer", "suffix": "end of prompts",
    "prefix": "beginning of prompts", "near": "wording of prompts", "passage": "passage in prompts", "prompt": "whole prompts",
    "parameters": "call parameters", "program": "program", "pace": "even pace", "varied": "varied parameters",
    "system": "system prompt", "mark": "kind of request", "network": "address or network", "mail": "mail domain",
}  # fmt: skip
MARK_WORDS = {
    "task_math": "mathematics", "task_code": "programming", "grader_rubric": "grading of texts", "cot_elicitation": "written-out reasoning",
    "encoded_block": "encoded text", "policy_rewrite": "safe versions of sensitive questions", "replayed_reasoning": "replayed reasoning",
}  # fmt: skip


def page(template: str, **values: Any) -> bytes:  # noqa: ANN401 - handed on to the template
    """Return a page rendered from a template as UTF-8."""
    text = _environment().get_template(template).render(**values)
    return (re.sub(r"\n[ \t]*(?:\n[ \t]*)+", "\n", text).strip() + "\n").encode("utf-8", "backslashreplace")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("distilforensics.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalised,
    )
    environment.filters |= {
        "cut": cut,
        "css_string": css_string,
        "excerpt": excerpt,
        "moment": units.moment,
        "plain": plain,
    }
    environment.globals |= {
        "n": printed, "some": some, "terms": fixed_text("terms"), "limits": fixed_text("limits"), "rule": fixed_text("rule"),
        "status_words": STATUS_WORDS, "tie_words": TIE_WORDS, "mark_words": MARK_WORDS, "size": units.size,
    }  # fmt: skip
    return environment


def printed(row: Row, key: str, form: str = "") -> Markup:
    """Return a number of a row as the reader sees it, marked with its name so that it can be computed again.

    Args:
        row: Row of a query.
        key: Column.
        form: For times: day (2 March 2026), date (2 March), clock (03:25:03) or short (2 Mar 03:25:03).
    """
    value = row[key]
    if value is None:
        return Markup("{}").format(NONE)
    return Markup('<data class="n" data-name="{}.{}" value="{}">{}</data>').format(
        row.name, key, stated(value), shown(value, form)
    )


def stated(value: object) -> str:
    """Return a value as the engine writes it."""
    return str(value)


def shown(value: object, form: str = "") -> str:
    """Return a value as the reader sees it."""
    if isinstance(value, (datetime, date)):
        patterns = {
            "day": "{0.day} {0:%B %Y}",
            "date": "{0.day} {0:%B}",
            "clock": "{0:%H:%M:%S}",
            "short": "{0.day} {0:%b %H:%M:%S}",
        }
        return patterns.get(form, "{0}").format(value)
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def some(row: Row, key: str, one: str, many: str = "") -> Markup:
    """Return a number with its noun: `1 account`, `24 accounts`."""
    noun = one if row[key] == 1 else many or f"{one}s"
    return printed(row, key) + Markup(" ") + noun


def cut(value: object, limit: int = IDENT_CHARS) -> str:
    """Return a text escaped for display and cut, with the number of characters left out."""
    text = show(NONE if value is None else value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def excerpt(value: object, limit: int) -> str:
    """Return the beginning of a text in one paragraph, cut between words, with an ellipsis where something is left out."""
    text = " ".join(str(value or "").split())
    if len(text) > limit:
        text = f"{text[:limit].rsplit(' ', 1)[0]} …"
    return show(text)


def plain(value: object) -> str:
    """Return a value of an annex table."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, (int, float)):
        return shown(value)
    return cut(value, 400)


def _finalised(value: object) -> object:
    """Make text safe to show; `None` becomes a dash."""
    if value is None:
        return NONE
    if isinstance(value, (Markup, jinja2.Undefined)) or not isinstance(value, str):
        return value
    return value if value.isascii() and value.isprintable() else "\n".join(map(show, value.split("\n")))


def css_string(value: object) -> Markup:
    """Return a text as the inside of a CSS string: everything but letters, digits and blanks as an escape."""
    text = show(value)[:80]
    return Markup("".join(c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):06x}" for c in text))  # noqa: S704 - escaped here
