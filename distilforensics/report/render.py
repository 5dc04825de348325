"""Turns the result into pages: one main document and the readable annexes.

Rules that keep text of a log harmless: every value passes `show` (control, bidirectional and invisible characters become
escapes) and is escaped for HTML; templates put no value into href, style, unquoted attributes or comments except anchors
and annex paths, which this package makes itself; a name that does not exist is an error.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from distilforensics.analysis.kinds import kinds
from distilforensics.core import units
from distilforensics.core.text import show
from distilforensics.report.language import ENGLISH, NONE, Language, language_of
from distilforensics.report.result import fixed_text

ENGLISH_LANGUAGE = language_of(ENGLISH)
IDENT_CHARS = 120
STATUS_WORDS = {"ok": "answered", "limited": "rate limit", "error": "error", "blocked": "blocked"}
TIE_WORDS = {
    "payment": "payment method", "signup": "sign-up within ten minutes", "ip": "address", "ip_prefix": "network", "email_domain": "mail domain",
    "client": "program", "api_key": "key", "handover": "handed a failed request", "tenant": "customer", "network": "address or network",
    "mail": "mail domain", **{kind.name: kind.words for kind in kinds().values()},
}  # fmt: skip
MARK_WORDS = {
    "task_math": "mathematics", "task_code": "programming", "grader_rubric": "grading of texts", "cot_elicitation": "written-out reasoning",
    "encoded_block": "encoded text", "replayed_reasoning": "replayed reasoning",
}  # fmt: skip


def page(template: str, language: Language = ENGLISH_LANGUAGE, **values: Any) -> bytes:  # noqa: ANN401 - handed on to the template
    """Return a page rendered from a template as UTF-8."""
    text = _environment(language.code).get_template(template).render(**values)
    return (re.sub(r"\n[ \t]*(?:\n[ \t]*)+", "\n", text).strip() + "\n").encode("utf-8", "backslashreplace")


def compile_pages() -> None:
    """Compile all templates of English pages, which is most of what the first page of a process takes."""
    environment = _environment(ENGLISH)
    for name in environment.list_templates(extensions=["j2"]):
        environment.get_template(name)


@cache
def _environment(code: str) -> jinja2.Environment:
    language = language_of(code)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("distilforensics.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalised,
    )

    def stated(value: object, limit: int = 2000) -> Markup | str:
        found = language.stated(value)
        return (
            language.grouped(cut(found, limit))
            if found is not None
            else Markup('<span lang="en">{}</span>').format(cut(value, limit))
        )

    environment.filters |= {
        "cut": cut,
        "css_string": css_string,
        "excerpt": excerpt,
        "moment": units.moment,
        "plain": lambda value: language.grouped(plain(value)) if isinstance(value, (int, float)) else plain(value),
        "stated": stated,
        "word": language.text,
    }
    environment.globals |= {
        "say": language.say, "n": language.printed, "lang": code, "terms": fixed_text("terms"), "limits": fixed_text("limits"),
        "rule": fixed_text("rule"), "status_words": STATUS_WORDS, "tie_words": TIE_WORDS, "mark_words": MARK_WORDS, "size": units.size,
    }  # fmt: skip
    return environment


def cut(value: object, limit: int = IDENT_CHARS) -> str:
    """Return a text escaped for display and cut, with the number of characters left out."""
    text = show(NONE if value is None else value)
    return text if len(text) <= limit else f"{text[:limit]} … (+{len(text) - limit})"


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
        return ENGLISH_LANGUAGE.shown(value)
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
