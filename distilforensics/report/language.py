"""The languages in which the report can speak, each with one catalogue of sentences in `texts/`; English is the language of the code.

A template, a figure or a list of fixed texts holds the English sentence itself, with places for numbers: `say("{n_moved} of {n_failed} moved.", row)`.
The catalogue maps it to the sentence of another language. What the assessment says about a log is stored in English, as a sentence with numbers;
the catalogue has the same sentence with places in it, and is read backwards. A sentence that it lacks stays English and is marked as such.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.report.ledger import Row

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "de")
NONE: Final = "–"  # noqa: RUF001 - printed where a log carries no value
PLACE = re.compile(r"\{(\w+)(?:([:?|])([^{}]*))?\}")
"""A place of a sentence: `{n}` a value, `{n:day}` a time in a form, `{n|account|accounts}` a number with its noun, `{n?is|are}` a word by number."""
_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?!\w|,\d)")
_FORMS = {
    ENGLISH: {"day": "{0.day} {0:%B %Y}", "date": "{0.day} {0:%B}", "clock": "{0:%H:%M:%S}", "short": "{0.day} {0:%b %H:%M:%S}", "tick": "{0.day} {0:%b}"},
    "de": {"day": "{0:%d.%m.%Y}", "date": "{0:%d.%m.}", "clock": "{0:%H:%M:%S}", "short": "{0:%d.%m. %H:%M:%S}", "tick": "{0:%d.%m.}"},
    "": {"day": "{0:%Y-%m-%d}", "date": "{0:%Y-%m-%d}", "clock": "{0:%H:%M:%S}", "short": "{0:%Y-%m-%d %H:%M:%S}", "tick": "{0:%m-%d}"},
}  # fmt: skip
"""Forms of times: as one writes them in the language, ISO 8601 where that is not known; 03-02 alone is 3 February to many."""
_GROUPED = {ENGLISH: ","}
_SEPARATORS = (r"(?<=[.?!])\s+", "; ", ", ")
"""Where a statement that the catalogue lacks as a whole is taken apart: sentences, then parts, then the items of a list."""
MOST_PARTS = 12
"""Items of the longest list; what has more stays English."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the report."""

    code: str
    sentences: Mapping[str, str] = field(default_factory=dict, repr=False)
    statements: Mapping[str, str] = field(default_factory=dict, repr=False)

    def text(self, english: str) -> str:
        """Return a fixed text in this language; English if the catalogue lacks it."""
        return self.sentences.get(english, english)

    def say(self, english: str, *rows: Row, **values: object) -> Markup:
        """Return a sentence of a template with its places filled; numbers carry the name of their query.

        Args:
            english: The sentence in English, with its marks in HTML.
            rows: Rows whose columns the places name; the first that has the column is taken.
            values: What else the places name.
        """
        columns = {name: row for row in reversed(rows) for name in row}

        def filled(match: re.Match[str]) -> str:
            name, kind, rest = match.groups()
            if name in values:
                return str(escape(values[name]))
            row, words = columns[name], (rest or "").split("|")
            if kind == "?":
                return words[0] if row[name] == 1 else words[1]
            number = self.printed(row, name, rest if kind == ":" else "")
            if kind == "|":
                many = words[1] if len(words) > 1 else f"{words[0]}s"
                return f"{number} {words[0] if row[name] == 1 else many}"
            return str(number)

        return Markup(PLACE.sub(filled, self.text(english)))  # noqa: S704 - the sentence is this program's; values are escaped here

    def printed(self, row: Row, key: str, form: str = "") -> Markup:
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
            row.name, key, str(value), self.shown(value, form)
        )

    def shown(self, value: object, form: str = "") -> str:
        """Return a value as the reader sees it."""
        if isinstance(value, (datetime, date)):
            return _FORMS.get(self.code, _FORMS[""]).get(form, "{0}").format(value)
        if isinstance(value, float) and value == int(value):
            value = int(value)
        return self.grouped(f"{value:,}") if isinstance(value, (int, float)) else str(value)

    def grouped(self, text: str) -> str:
        """Return text whose numbers group thousands as this language does: a comma would end the whole number for many readers."""
        return text if self.code == ENGLISH else _NUMBER.sub(lambda match: match[0].replace(",", "\u202f"), text)

    def stated(self, english: object) -> str | None:
        """Return a statement of the assessment in this language, its numbers not yet `grouped`; None if the catalogue cannot say it."""
        text = str(english)
        return text if self.code == ENGLISH or not text else _translated(self.code, text)


@cache
def language_of(code: str) -> Language:
    """Return a language by its code in ISO 639."""
    if code == ENGLISH:
        return Language(ENGLISH)
    text = (importlib.resources.files(__package__) / "texts" / f"{code}.toml").read_text(encoding="utf-8")
    read: dict[str, Any] = tomllib.loads(text)
    return Language(code, read["sentences"], read["statements"])


@cache
def _patterns(code: str) -> Sequence[tuple[re.Pattern[str], str]]:
    """Return the statements of a language as patterns, those with most fixed words first."""
    read = language_of(code).statements
    return [
        (re.compile(_pattern(english), re.DOTALL), translation)
        for english, translation in sorted(read.items(), key=lambda item: (-len(PLACE.sub("", item[0])), item[0]))
    ]


def _pattern(english: str) -> str:
    parts = PLACE.split(english)
    # PLACE has three groups, so that name, kind and rest of a place follow each fixed part; a place ends with its sentence
    fixed, names = parts[::4], parts[1::4]
    return re.escape(fixed[0]) + "".join(
        f"(?P<{name}>(?:(?![.?!] ).)+?){re.escape(rest)}" for name, rest in zip(names, fixed[1:], strict=True)
    )


@lru_cache(maxsize=8192)
def _translated(code: str, text: str) -> str | None:
    """Return a statement in another language: as a whole, without its full stop, or part by part; None if a part is not known."""
    sentences = language_of(code).sentences
    for form in (text, text[:1].upper() + text[1:], text[:1].lower() + text[1:]):
        if form in sentences:
            return sentences[form]
    for pattern, translation in _patterns(code):
        if match := pattern.fullmatch(text):
            return PLACE.sub(functools.partial(_filled, code, match.groupdict()), translation)
    if text.endswith(".") and (found := _translated(code, text[:-1])) is not None:
        return f"{found}."
    for separator in _SEPARATORS:
        found = _listed(code, re.split(separator, text), " " if separator.startswith("(") else separator)
        if found is not None:
            return found
    return None


def _listed(code: str, parts: Sequence[str], between: str) -> str | None:
    """Return statements translated one by one; an item may hold the separator itself."""
    for n in range(1, min(len(parts), MOST_PARTS)):
        first = _translated(code, between.join(parts[:n]))
        rest = _translated(code, between.join(parts[n:])) if first is not None else None
        if rest is not None:
            return f"{first}{between}{rest}"
    return None


def _filled(code: str, groups: Mapping[str, str], place: re.Match[str]) -> str:
    """Return what stands in a place of a statement: numbers as they are, titles and lists translated."""
    text = groups[place[1]]
    return text if re.match(r"[\d<>]", text) else _translated(code, text) or text
