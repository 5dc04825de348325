"""What the names and values of fields say about records without a known format: which field is which column, and how times and numbers are written.

Nothing is guessed: two fields that could both be one column are refused with both named, unless they hold the same values in the sample, and so
are times whose day could be the month.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import InputRefusedError
from distilforensics.core.text import shown
from distilforensics.ingest.formats.aliases import (
    ADMINISTRATION_NAMES,
    CLAIMED,
    CONTENT,
    COUNT_NAMES,
    KIND_NAMES,
    KINDS_AROUND_CALLS,
    MACHINES,
    PEOPLE,
    PHASE_NAMES,
    PHASES,
    PRINCIPALS,
    PROGRAM_NAMES,
    SIGNS_OF_CALLS,
    SPAN_NAMES,
    STATISTICS,
    WEAK_ALIASES,
    WEB_COLUMNS,
    WRITER_NAMES,
    normalised,
    target_of,
)
from distilforensics.ingest.formats.mapped import COUNTS, NUMBERS
from distilforensics.ingest.formats.mapping import FieldMapping
from distilforensics.ingest.formats.token_counts import is_cache_left_out, is_reasoning_left_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


TIME_FORMATS = (
    "%b %d, %Y @ %H:%M:%S.%f", "%b %d, %Y @ %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S GMT", "%Y%m%dT%H%M%SZ", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%b %d, %Y %H:%M:%S", "%b %d, %Y, %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%a %b %d %H:%M:%S %Y",
)  # fmt: skip
"""Notations of times beyond ISO, epoch and the common log format, as exports of spreadsheets and dashboards write them."""

_DECIMAL_COMMA = re.compile(r"(\d+|\d{1,3}([. \xa0\u202f'\u2019]\d{3})+),(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3})+,\d+|0,\d+")
_DAY = re.compile(r"\d{4}[-/]\d\d?([-/]\d\d?)?|\d\d?[./]\d\d?[./]\d{4}")
_CLOCK = re.compile(
    r"(\d{4})[-/](\d\d?)[-/](\d\d?)[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,]0+)?)?)? ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)?"
)
_EPOCH_DIGITS = {10: 1, 13: 1000, 16: 1_000_000, 19: 1_000_000_000}
_PERIOD_SECONDS = 300
_STATUS_CODE = re.compile(r"[1-5]\d\d(\.0)?")
_NUMBER = re.compile(r"-?\d+([.,]\d+)*")
_TEXTS = frozenset({"prompt_text", "response_text", "system_text", "messages", "conversation"})
_HOLDERS = _TEXTS | {"request_body", "usage", "tools", "response_format", "reasoning_effort"}
"""Columns whose fields may hold objects and lists."""

_EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps; it writes zeros in place of further ones."""

_ROUNDED_ZEROS = 3
"""Zeros behind them by which ids are told to be rounded, those of all different ids together."""
_REQUEST_LINE = re.compile(r"[A-Z]{3,8} \S+( HTTP/[\d.]+)?")
_BODY_KEYS = frozenset({"messages", "contents", "prompt", "input"})


@dataclass(frozen=True, slots=True)
class Sample:
    """What detection sees of a file."""

    name: str
    """File name, without folders."""
    records: Sequence[Mapping[str, Any] | str]
    """Records from the beginning, the middle and the end: decoded objects, or text lines where a line is no JSON object."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the fields of a sample say: clear columns, columns with several candidates, and fields left over."""

    columns: Mapping[str, str]
    ambiguous: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...]
    empty: frozenset[str] = frozenset()
    """Columns whose fields hold nothing in the whole sample: no word, no text, no token."""

    @property
    def known(self) -> frozenset[str]:
        """Columns that some field could be."""
        return frozenset({*self.columns, *self.ambiguous})

    @property
    def is_log(self) -> bool:
        """Whether there is a time, and something that only calls of a model have or the fields of a web server."""
        return "started_at" in self.known and (self.n_kinds > 0 or all(self.known & names for names in WEB_COLUMNS))

    @property
    def n_kinds(self) -> int:
        """How many of model, tokens and texts are there."""
        return sum(bool((self.known - self.empty) & names) for names in CONTENT)

    @property
    def tells_of_use(self) -> bool:
        """Whether there are tokens or texts, which tables of administration do not have."""
        return any((self.known - self.empty) & names for names in CONTENT[1:])

    @property
    def is_clear(self) -> bool:
        """Whether the fields suffice to read the records as calls without being told so: whose call, or two kinds of content."""
        return self.is_log and (bool(self.known & PRINCIPALS) or self.n_kinds > 1)


def suggest_mapping(sample: Sample) -> Suggestion:
    """Return what the fields of a sample's records say."""
    records = _records(sample)
    candidates: dict[str, list[str]] = {}
    unused = []
    names = sorted({name for record in records for name in record})
    for name in names:
        target = _target(name, records)
        if target is None:
            unused.append(name)
        else:
            candidates.setdefault(target, []).append(name)
    for target, aliases in WEAK_ALIASES.items():
        found = [name for name in unused if normalised(name) in aliases]
        if target not in candidates and found:
            candidates[target] = found
    _give_team_to_project(candidates)
    _give_claimed_users(candidates, records)
    columns: dict[str, str] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    for target, found in candidates.items():
        if len(found) > 1 and not _are_same(records, found):
            ambiguous[target] = tuple(found)
        elif (place := _place(found[0], records) if target not in _HOLDERS else found[0]) is not None:
            columns[target] = place
    if "cost_usd" in columns and _is_other_currency(records, columns["cost_usd"]):
        unused.append(columns.pop("cost_usd"))
        candidates.pop("cost_usd")
    used = {name for found in candidates.values() for name in found}
    empty = frozenset(target for target, found in candidates.items() if not _says_something(records, found))
    return Suggestion(columns, ambiguous, tuple(name for name in unused if name not in used), empty)


def _is_other_currency(records: Sequence[Mapping[str, Any]], cost: str) -> bool:
    """Tell whether costs are not, or not all, in dollars of the United States."""
    names = {name for record in records for name in record if normalised(name).endswith(("currency", "currencycode"))}
    words = {str(record[name]).upper() for record in records for name in names if record.get(name)}
    return bool(words - {"USD", "$", "US$"}) or any(set("€£¥₹") & set(str(record.get(cost))) for record in records)


def _place(name: str, records: Sequence[Mapping[str, Any]]) -> str | None:
    """Return where the value of a field stands that should be a text or a number: in an object its id or name, of a list its first; None if nowhere."""
    values = [record[name] for record in records if record.get(name) is not None]
    is_plain = not set('"\\') & set(name)
    if any(isinstance(value, list) for value in values):
        return f'$."{name}"[0]' if is_plain else None
    objects = [value for value in values if isinstance(value, Mapping)]
    if not objects:
        return name
    return next(
        (f'$."{name}".{key}' for key in ("id", "name") if is_plain and all(key in value for value in objects)), None
    )


def _says_something(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    """Tell whether some record has a value other than nothing and zero in one of some fields."""
    return any(
        record.get(name) not in (None, "", "-", 0, "0", "null", "None", {}, []) for record in records for name in names
    )


def _records(sample: Sample) -> list[Mapping[str, Any]]:
    return [record for record in sample.records if isinstance(record, Mapping)]


def _target(name: str, records: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the column of a field, by its name and by what it holds."""
    short = normalised(name)
    values = [record[name] for record in records if record.get(name) not in (None, "")]
    if short in ("request", "body", "requestbody"):
        if values and all(isinstance(value, str) and _REQUEST_LINE.fullmatch(value) for value in values):
            return "request_line"
        return "request_body" if any(_is_body(value) for value in values) else None
    if short == "requesttime" and any("body_bytes_sent" in record for record in records):
        return "latency_s"
    target = target_of(name)
    if target in _TEXTS and values and all(_NUMBER.fullmatch(str(value)) for value in values):
        is_code = target == "response_text" and all(_STATUS_CODE.fullmatch(str(value)) for value in values)
        return "http_status" if is_code else None
    if target == "usage" and not any(isinstance(value, Mapping) for value in values):
        return None
    if target == "http_method" and not all(isinstance(value, str) and value.isupper() for value in values):
        return None
    return target


def _is_body(value: object) -> bool:
    """Tell whether a value is the body of a request, as an object or encoded as text once or twice."""
    for _ in range(2):
        if isinstance(value, str) and value[:1] in ("{", '"'):
            try:
                value = json.loads(value)
            except ValueError:
                return False
    return isinstance(value, Mapping) and bool(_BODY_KEYS & value.keys())


def _give_team_to_project(candidates: dict[str, list[str]]) -> None:
    """Take a team beside an organisation for a project of it."""
    tenants = candidates.get("tenant_id", [])
    teams = [name for name in tenants if "team" in normalised(name)]
    if teams and len(tenants) > len(teams) and "project_id" not in candidates:
        candidates["tenant_id"] = [name for name in tenants if name not in teams]
        candidates["project_id"] = teams


def _give_claimed_users(candidates: dict[str, list[str]], records: Sequence[Mapping[str, Any]]) -> None:
    """Take a user that the caller may have claimed for the end user where the log has the key, which cannot be claimed.

    `user` is always a claim beside a key; another name is one if a key stands with several users.
    """
    keys, accounts = candidates.get("api_key_id"), candidates.get("account_id", [])
    if not keys:
        return
    claimed = [
        name
        for name in accounts
        if normalised(name) in CLAIMED and (normalised(name) == "user" or _has_several(records, keys[0], name))
    ]
    rest = [name for name in accounts if name not in claimed]
    if claimed and "end_user_id" not in candidates:
        candidates["end_user_id"] = claimed
    if claimed or not accounts:
        candidates["account_id"] = rest or list(keys)


def _has_several(records: Sequence[Mapping[str, Any]], key: str, user: str) -> bool:
    """Tell whether one key stands with several users."""
    users: dict[str, set[str]] = {}
    for record in records:
        if record.get(key) and record.get(user):
            users.setdefault(str(record[key]), set()).add(str(record[user]))
    return any(len(found) > 1 for found in users.values())


def _are_same(records: Iterable[Mapping[str, Any]], names: Sequence[str]) -> bool:
    return all(
        len({json.dumps(record.get(name), sort_keys=True, default=str) for name in names}) == 1 for record in records
    )


def why_no_calls(sample: Sample, suggestion: Suggestion) -> str | None:
    """Return why records that have the fields of calls are none, or None."""
    records = _records(sample)
    names = {normalised(name) for record in records for name in record}
    counts = sorted(
        name for name in suggestion.unused if normalised(name) in COUNT_NAMES or STATISTICS.fullmatch(normalised(name))
    )
    if counts:
        return f"sums over many calls, not calls: there is {', '.join(map(shown, counts))}"
    if names & SPAN_NAMES or _kinds(records) & KINDS_AROUND_CALLS:
        return "spans of traces, of which only some are calls of a model"
    part = _part_of_a_call(records, suggestion) or _writer(records, suggestion)
    if part is not None:
        return part
    rows = sorted(name for name in suggestion.unused if normalised(name) in ADMINISTRATION_NAMES)
    if rows and not suggestion.tells_of_use:
        return f"rows of users, keys, payments, limits or models, not calls: there is {', '.join(map(shown, rows))}"
    lines = sorted(name for name in suggestion.unused if normalised(name) in PROGRAM_NAMES)
    if lines and not suggestion.tells_of_use and not suggestion.known & SIGNS_OF_CALLS:
        return f"lines of a program or judgements on answers, not calls: there is {', '.join(map(shown, lines))}"
    if _are_periods([record.get(suggestion.columns.get("started_at", "")) for record in records]):
        return "every time is the beginning of a day, an hour or some minutes: sums, or calls without their times"
    return None


def _part_of_a_call(records: Sequence[Mapping[str, Any]], suggestion: Suggestion) -> str | None:
    """Return that several records are about one call, if most ids stand on several that name different parts of it."""
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        one = record.get(suggestion.columns.get("request_id", ""))
        if one not in (None, ""):
            by_id.setdefault(str(one), []).append(record)
    several = [found for found in by_id.values() if len(found) > 1]
    if not several or 2 * len(several) < len(by_id):
        return None
    for name in sorted({name for record in records for name in record if normalised(name) in PHASE_NAMES}):
        words = [[str(record.get(name)).lower() for record in found] for found in several]
        if all(len(set(one)) == len(one) and PHASES.issuperset(one) for one in words):
            return f"several records of each call, told apart by {shown(name)}: a mapping with [[rows]] says which of them are the calls"
    return None


def _writer(records: Sequence[Mapping[str, Any]], suggestion: Suggestion) -> str | None:
    """Return that records are messages, if a field says of each whether a person or a model wrote it and no record has both."""
    if suggestion.known >= {"prompt_text", "response_text"} or suggestion.known & {
        "messages",
        "conversation",
        "request_body",
    }:
        return None
    for name in sorted({name for record in records for name in record if normalised(name) in WRITER_NAMES}):
        words = {str(record[name]).lower() for record in records if record.get(name) is not None}
        if words & PEOPLE and words & MACHINES:
            return f"messages of conversations one by one, not calls: {shown(name)} says who wrote each"
    return None


def _kinds(records: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the words in fields that may name the kind of a span."""
    return {
        value.lower()
        for record in records
        for name, value in record.items()
        if normalised(name) in KIND_NAMES and isinstance(value, str)
    }


def _are_periods(written: Sequence[object]) -> bool:
    """Tell whether all times are days without hours, or stand on the hour or on a multiple of five minutes."""
    times = [str(time) for time in written if time not in (None, "")]
    if times and all(map(_DAY.fullmatch, times)):
        return True
    moments = [moment for time in times if (moment := _seconds(time)) is not None]
    if len(moments) < max(len(times), 3):
        return False
    n_different = len(set(moments))
    has_seconds = all(time.count(":") != 1 for time in times)
    if all(moment % 3600 == 0 for moment in moments) and (has_seconds or n_different > 2):
        return True
    return n_different > 4 and all(moment % _PERIOD_SECONDS == 0 for moment in moments)


def _seconds(time: str) -> int | None:
    """Return a time as seconds, of its day if it is written as one; None if it has a fraction or is written otherwise."""
    if time.isascii() and time.isdigit():
        unit = _EPOCH_DIGITS.get(len(time))
        return None if unit is None or int(time) % unit else int(time) // unit
    match = _CLOCK.fullmatch(time)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return (((year * 12 + month) * 31 + day) * 24 + hour) * 3600 + minute * 60 + second


def _texts(records: Sequence[Mapping[str, Any]], name: str | None) -> list[str]:
    """Return the values of a field that are texts."""
    return [value for record in records if isinstance(value := record.get(name or ""), str) and value]


def automatic_mapping(sample: Sample) -> FieldMapping:
    """Return the mapping that the names and values of a sample's fields give.

    Raises:
        InputRefusedError: several fields could be one column, no time or nothing of a model call is there, or times are ambiguous.
    """
    suggestion = suggest_mapping(sample)
    hint = f"distilforensics mapping {shown(sample.name)} > m.toml writes a mapping file to begin with; edit it and use --mapping m.toml"
    if suggestion.ambiguous:
        pairs = "; ".join(
            f"{target} could be {' or '.join(map(shown, names))}"
            for target, names in sorted(suggestion.ambiguous.items())
        )
        raise InputRefusedError(
            f"fields are ambiguous: {pairs}, expected one field per column", where=sample.name, hint=hint
        )
    if not suggestion.is_log:
        raise InputRefusedError(
            "no field is named like a time and none like a part of a model call (model, tokens, prompt, response), expected both",
            where=sample.name,
            hint=f"give the format with --format; {hint}",
        )
    records = _records(sample)
    columns = suggestion.columns
    for target in ("account_id", "api_key_id"):
        if _are_rounded([str(record.get(columns.get(target, ""), "")) for record in records]):
            raise InputRefusedError(
                f"the ids in {shown(columns[target])} went through numbers: all digits after the fifteenth are zeros, so that strangers share them",
                where=sample.name,
                hint=f"export the ids as text; if they are right, describe the file with --mapping; {hint}",
            )
    formats = time_formats(_texts(records, columns.get("started_at")))
    if len(formats) > 1:
        raise InputRefusedError(
            f"times could be written {' or '.join(formats)}, expected one notation",
            where=sample.name,
            hint=f'say which with [time] format = "{formats[0]}" in a mapping file; {hint}',
        )
    numbers = [text for target, name in columns.items() if target in NUMBERS for text in _texts(records, name)]
    counts = [text for target, name in columns.items() if target in COUNTS for text in _texts(records, name)]
    thousands, decimal = number_style(numbers, counts)
    return FieldMapping(
        columns,
        time_format=formats[0] if formats else None,
        thousands=thousands,
        decimal=decimal,
        is_cache_left_out=is_cache_left_out(columns, records),
        is_reasoning_left_out=is_reasoning_left_out(columns, records),
        must_show_calls=True,
    )


def _are_rounded(ids: Sequence[str]) -> bool:
    """Tell whether long ids have zeros in place of the digits that a spreadsheet does not keep."""
    long = {one for one in ids if one.isascii() and one.isdigit() and len(one) > _EXACT_DIGITS}
    zeros = [one[_EXACT_DIGITS:] for one in long]
    return sum(map(len, zeros)) >= _ROUNDED_ZEROS and not any(tail.strip("0") for tail in zeros)


def time_formats(times: Sequence[str]) -> list[str]:
    """Return the notations beyond the usual ones in which all times can be read; empty if they are usual."""
    if not times or all(
        re.match(r"\s*(\d{4}[-/]\d|\d+(\.\d+)?\s*$|\d\d/[A-Z][a-z]{2}/\d{4}:)", time) for time in times
    ):
        return []
    return [notation for notation in TIME_FORMATS if all(is_written(time, notation) for time in times)]


def is_written(time: str, notation: str) -> bool:
    """Tell whether a time can be read in a notation."""
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
