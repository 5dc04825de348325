"""How times and numbers are written, told from their values; a notation that leaves a doubt is never chosen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from distilforensics.ingest.catalogue.aliases import NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

TIME_FORMATS = (
    "%b %d, %Y @ %H:%M:%S.%f", "%b %d, %Y @ %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M:%S",
    "%d.%m.%y %H:%M:%S", "%d.%m.%y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%Y %I:%M:%S %p",
    "%m/%d/%Y, %I:%M:%S.%f %p", "%d/%m/%Y, %I:%M:%S.%f %p", "%m/%d/%Y, %I:%M:%S %p", "%d/%m/%Y, %I:%M:%S %p", "%m/%d/%Y, %H:%M:%S",
    "%d/%m/%Y, %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%b %d, %Y %H:%M:%S", "%b %d, %Y, %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%a %b %d %H:%M:%S %Y",
    "%b %d, %Y at %I:%M:%S %p", "%d %b %Y at %H:%M:%S", "%d %b %Y à %H:%M:%S", "%d %b %Y %H:%M:%S", "%d. %b %Y %H:%M:%S", "%d. %b %Y, %H:%M:%S",
    "%d. %b %Y um %H:%M:%S",
)  # fmt: skip
"""Notations of times beyond ISO, epoch and the common log format, as exports of spreadsheets and dashboards write them."""

MONTHS = {name: english for english, names in NAMES["months"].items() for name in names.split()}
"""Names of months in small letters, in English, German, French and Spanish -> the short English one that notations mean."""

MONTH = r"\p{L}{3,}\.?"
"""A word that may be a month, for the engine."""

_MONTH = re.compile(r"[^\W\d_]{3,}\.?")
_DECIMAL_COMMA = re.compile(r"(\d+|\d{1,3}([. \xa0\u202f'\u2019]\d{3})+),(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3})+,\d+|0,\d+")
_USUAL = re.compile(
    r"\s*(\d{4}[-/](\d|W\d)|\d+(\.\d+)?([eE]\+?\d+)?\s*$|\d\d/[A-Z][a-z]{2}/\d{4}:|/Date\(\d|\d{8}T\d{6}"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT|([A-Z][a-z]{2}, )?\d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|UTC|[+-]\d))"
)
_SMALL_NUMBER = re.compile(r"\d{1,8}(\.\d+)?")
_EPOCH = re.compile(r"(\d{10}|\d{13}|\d{16}|\d{19})(\.\d+)?")


def time_formats(times: Sequence[str]) -> list[str]:
    """Return the notations beyond the usual ones in which all times can be read; empty if they are usual."""
    if not times or all(map(_USUAL.match, times)):
        return []
    return [notation for notation in TIME_FORMATS if all(is_written(time, notation) for time in times)]


def is_usual(time: str) -> bool:
    """Tell whether a time is one in ISO notation, in that of web servers, or in seconds or parts of them since 1970."""
    return _USUAL.match(time) is not None and not _SMALL_NUMBER.fullmatch(time.strip())


def moment_of(time: object) -> float | None:
    """Return a time in ISO notation or since 1970 in seconds, by the clock of its zone; None if it is written otherwise."""
    text = str(time).strip().removesuffix("UTC").removesuffix("GMT").strip()
    number = _EPOCH.fullmatch(text)
    if number is not None:
        return float(text) / 10.0 ** (len(number[1]) - 10)
    try:
        return datetime.fromisoformat(text.replace("/", "-")).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def is_written(time: str, notation: str) -> bool:
    """Tell whether a time can be read in a notation."""
    if "%b" in notation:
        time = _MONTH.sub(lambda match: MONTHS.get(match[0].lower().rstrip("."), match[0]), time, count=1)
    try:
        datetime.strptime(time.strip(), notation)  # noqa: DTZ007 - only the notation is of interest
    except ValueError:
        return False
    return True


_GROUP_MARKS = (",", ".", "'", "\u2019", "\u202f", "\xa0", " ")
"""What stands between groups of three digits."""


def number_style(texts: Sequence[str], counts: Sequence[str] = ()) -> tuple[str, str]:
    """Return the character between groups of three digits and the decimal mark, as all columns of numbers together show them.

    A file is written in one style: a decimal comma in the costs tells that 1.234 tokens are more than a thousand. So do the tokens alone,
    which have no fractions, unless another number has one behind a point.

    Args:
        texts: Numbers of all columns.
        counts: Those among them that are whole numbers by what their column means.
    """
    plain = [text.strip(" $€£\xa0\u202f") for text in texts]
    whole = [text.strip() for text in counts]
    has_groups = any(_is_grouped(text, ".") for text in whole)
    has_point = any("." in text and not _is_grouped(text, ".") for text in plain)
    has_comma = (has_groups and not has_point) or any(_DECIMAL_COMMA.fullmatch(text) for text in plain)
    if not any("." in text for text in plain) and not any("," in text for text in whole):
        # 1,234 beside 1234 is no thousand: the file does not mark thousands.
        has_comma |= any(_is_grouped(text, ",") for text in plain) and any(map(re.compile(r"\d{4,}").fullmatch, plain))
    decimal = "," if has_comma else "."
    marks = (mark for mark in _GROUP_MARKS if mark != decimal)
    usual = (
        "."
        if has_comma
        else ","
        if any(text.strip() != short for text, short in zip(texts, plain, strict=True))
        else ""
    )
    return next((mark for mark in marks if any(_is_grouped(text, mark) for text in plain)), usual), decimal


def _is_grouped(text: str, mark: str) -> bool:
    """Tell whether a number has groups of three digits with the mark between them."""
    return re.fullmatch(rf"[1-9]\d{{0,2}}({re.escape(mark)}\d{{3}})+([.,]\d+)?", text) is not None
