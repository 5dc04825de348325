"""What the names and values of fields say about records without a known format: which field is which column, and how times and numbers are written.

Nothing is guessed: two fields that could both be one column are refused with both named, unless they hold the same values in the sample, and so
are times whose day could be the month.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from distilforensics.core.errors import InputRefusedError
from distilforensics.core.text import shown
from distilforensics.ingest.catalogue.aliases import (
    CONTENT,
    PRINCIPALS,
    STATISTICS,
    WEAK_ALIASES,
    WEB_COLUMNS,
    WORDS,
    normalised,
    target_of_path,
    words_of,
)
from distilforensics.ingest.catalogue.mapped import COUNTS, GIVES, NUMBERS
from distilforensics.ingest.catalogue.mapping import STEP, FieldMapping, RowRule
from distilforensics.ingest.catalogue.notations import is_usual, number_style, time_formats
from distilforensics.ingest.recognition.leaves import decoded, is_time, with_places
from distilforensics.ingest.recognition.token_counts import is_cache_left_out, is_reasoning_left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_WHOLE_DAY = re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?|\d\d?[./-]\d\d?[./-]\d{4}")
_TIME_OF_DAY = re.compile(r"\d\d?:\d\d(:\d\d([.,]\d+)?)?( ?[AaPp][Mm])?")
_STATUS_CODE = re.compile(r"[1-5]\d\d(\.0)?")
_NUMBER = re.compile(r"-?\d+([.,]\d+)*")
_TEXTS = frozenset({"prompt_text", "response_text", "system_text", "messages", "conversation"})
_HOLDERS = _TEXTS | {"request_body", "usage", "tools", "response_format", "reasoning_effort"}
"""Columns whose fields may hold objects and lists."""

_EXACT_DIGITS = 15
"""Digits of a number that a spreadsheet keeps; it writes zeros in place of further ones."""

_ROUNDED_ZEROS = 3
"""Zeros behind them by which ids are told to be rounded, those of all different ids together."""
_DURATION = re.compile(r"(\d+h)?(\d+m)?([\d.]+(s|ms|us|µs|ns))?")
"""A duration with its unit; one without is in a unit that nobody said."""

_NEVER_CLAIMED = frozenset({"api_key_id", "tenant_id", "project_id", "client_ip", "client_country", "client_asn"})
"""Columns that say who called and from where, which no caller fills."""

_REQUEST_LINE = re.compile(r"[A-Z]{3,8} \S+( HTTP/[\d.]+)?")
_BODY_KEYS = frozenset({"messages", "contents", "prompt", "input"})


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Sample:
    """What detection sees of a file."""

    name: str
    """File name, without folders."""
    records: Sequence[Mapping[str, Any] | str]
    """Records from the beginning, the middle and the end: decoded objects, or text lines where a line is no JSON object."""
    _told: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, question: object, answer: Callable[[], _T]) -> _T:
        """Return the answer to a question about the sample, which is worked out when it is asked first."""
        if question not in self._told:
            self._told[question] = answer()
        found: _T = self._told[question]
        return found


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the fields of a sample say: clear columns, columns with several candidates, and fields left over."""

    columns: Mapping[str, str]
    ambiguous: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...]
    empty: frozenset[str] = frozenset()
    """Columns whose fields hold nothing in the whole sample: no word, no text, no token."""
    day: str | None = None
    """Field with the day, where that of `started_at` has only the time of day."""
    records: Sequence[Mapping[str, Any]] = field(default=(), repr=False, compare=False)
    """The sampled objects, with what lies inside of their fields under the paths by which a mapping names it."""

    @property
    def known(self) -> frozenset[str]:
        """Columns that some field could be."""
        return frozenset({*self.columns, *self.ambiguous})

    @property
    def times(self) -> list[str]:
        """The sampled times as they are written, the day before the time of day."""
        parts = (self.day, self.columns.get("started_at"))
        rows = ([record.get(name) for name in parts if name] for record in self.records)
        return [" ".join(map(str, row)) for row in rows if row and all(part not in (None, "") for part in row)]

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
        is_told = bool(self.known & PRINCIPALS) or self.n_kinds > 1 or "request_body" in self.known
        return self.is_log and is_told

    @property
    def counts(self) -> list[str]:
        """Fields that say something about many calls together."""
        return sorted(
            name
            for name in self.unused
            if STATISTICS.fullmatch(normalised(name)) or normalised(name) in WORDS["counts"]
        )

    @property
    def summaries(self) -> list[str]:
        """Those among them that fewer than half of the records have, as a summary between or behind calls."""
        return [name for name in self.counts if not _is_usual(self.records, name)]


def suggest_mapping(sample: Sample, *, is_deep: bool = True) -> Suggestion:
    """Return what the fields of a sample's records say, and if that is asked for what lies inside of them."""
    return sample.once(("fields", is_deep), lambda: _suggestion(sample, is_deep=is_deep))


def _suggestion(sample: Sample, *, is_deep: bool) -> Suggestion:
    objects = [record for record in sample.records if isinstance(record, Mapping)]
    records, paths = with_places(objects) if is_deep else (objects, {})
    candidates: dict[str, list[str]] = {}
    unused = []
    for name in sorted({name for record in objects for name in record}):
        target = _target((name,), name, records)
        if "." in name:
            target = _unclaimed(target, tuple(name.split(".")), {})
        if target is None:
            unused.append(name)
        else:
            candidates.setdefault(target, []).append(name)
    _add_weak_names(candidates, unused)
    _add_places(candidates, records, paths)
    _give_team_to_project(candidates)
    if "response_text" not in candidates and _have_answers(records, candidates.get("messages", ())):
        candidates["conversation"] = candidates.pop("messages")
    _give_claimed_users(candidates, records, paths)
    day = _day_beside_clock(candidates, records, unused)
    columns: dict[str, str] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    for target, found in candidates.items():
        if target == "started_at":
            found = [name for name in found if normalised(name) in WORDS["starts"]] or found
        if len(found) > 1 and not _are_same(records, found):
            ambiguous[target] = tuple(found)
        elif (place := _place(found[0], records, paths) if target not in _HOLDERS else found[0]) is not None:
            columns[target] = place
    if "cost_usd" in columns and _is_other_currency(records, columns["cost_usd"]):
        unused.append(columns.pop("cost_usd"))
        candidates.pop("cost_usd")
    used = {name for found in candidates.values() for name in found} | {day}
    empty = frozenset(target for target, found in candidates.items() if not says_something(records, found))
    return Suggestion(columns, ambiguous, tuple(name for name in unused if name not in used), empty, day, records)


def _add_weak_names(candidates: dict[str, list[str]], unused: Sequence[str]) -> None:
    """Take fields with names that count only where no better one is; a key beside a value says what that is of."""
    has_value = any(normalised(name) == "value" for name in unused)
    for name in unused:
        target = WEAK_ALIASES.get(normalised(name))
        is_of_value = has_value and normalised(name) == "key"
        if target is not None and not is_of_value and not set(candidates.get(target, ())) - set(unused):
            candidates.setdefault(target, []).append(name)


def _add_places(
    candidates: dict[str, list[str]], records: Sequence[Mapping[str, Any]], paths: Mapping[str, tuple[str, ...]]
) -> None:
    """Take places inside of fields for columns that no field at the top could be, where only one place could be a column."""
    wholes: set[tuple[str, ...]] = {(name,) for target in _HOLDERS for name in candidates.get(target, ())}
    given = {name for target in ("request_body", "usage") if target in candidates for name in GIVES[target]}
    found: dict[str, list[str]] = {}
    always = cache(lambda outer: _are_always_objects(records, outer))
    for source, names in paths.items():
        weak = WEAK_ALIASES.get(normalised(names[-1]))
        target = _target(names, source, records) or (str(weak) if weak in ("operation", "client_ip") else None)
        target = _unclaimed(target, names, paths)
        if target is not None and STEP in source and not always(source.rpartition(STEP)[0]):
            target = None  # a caller who writes an object where others write words names no column
        if target is not None and not (_is_of_exporter(names) or _is_usual(records, source)):
            target = None  # nor does one who writes what hardly anybody else does
        is_inside = any(names[:n] in wholes or (target, *names[:n]) in wholes for n in range(1, len(names)))
        if target == "started_at" and is_inside and names[-1] != "created":
            continue
        if target is not None and (not is_inside or target == "started_at") and target not in given:
            found.setdefault(target, []).append(source)
            wholes.add(names if target in _HOLDERS else (target, *names))
    for target, sources in found.items():
        if target not in candidates and (len(sources) == 1 or _are_same(records, sources)):
            candidates[target] = sources


def _unclaimed(target: str | None, names: tuple[str, ...], paths: Mapping[str, tuple[str, ...]]) -> str | None:
    """Return what a place is by its name, given that a caller writes what stands in a body or in metadata: a user there is an end user."""
    above = {*words_of(names[:-1]), *(normalised(name) for name in names[:-1])}
    if target == "account_id":
        is_body = normalised(names[-1]) == "user" and (*names[:-1], "messages") in paths.values()
        return "end_user_id" if is_body or not WORDS["claims"].isdisjoint(above) else target
    return None if target in _NEVER_CLAIMED and not (WORDS["claims"] - {"request"}).isdisjoint(above) else target


def _is_of_exporter(names: tuple[str, ...]) -> bool:
    """Tell whether a place lies only inside of what programs put around the fields of calls, and of nothing that a caller writes."""
    above = {*words_of(names[:-1]), *(normalised(name) for name in names[:-1])}
    return above <= (WORDS["containers"] | WORDS["let_in"]) - WORDS["claims"]


def _is_usual(records: Sequence[Mapping[str, Any]], source: str) -> bool:
    """Tell whether at least half of the records have a place."""
    return 2 * sum(source in record for record in records) >= len(records)


def _are_always_objects(records: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Tell whether a text is that of an object wherever there is one."""
    values = (record[name] for record in records if record.get(name) not in (None, ""))
    return all(isinstance(value, Mapping) or decoded(value) is not None for value in values)


def _have_answers(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    """Tell whether the last message of every record is one that a model wrote."""
    found = [record[name] for name in names for record in records if record.get(name)]
    ends = [value[-1] for value in found if isinstance(value, list) and value]
    return len(found) == len(ends) > 0 and all(
        isinstance(end, Mapping) and end.get("role") == "assistant" for end in ends
    )


def _day_beside_clock(
    candidates: dict[str, list[str]], records: Sequence[Mapping[str, Any]], unused: Sequence[str]
) -> str | None:
    """Return the only field of days if the only field of times of day is the time, so that both together are when a call began."""
    names: set[str] = {*unused, *candidates.get("started_at", ())}
    days = [name for name in names if _are_all(_WHOLE_DAY, records, name) and _tells(name, "days")]
    clocks = [name for name in names if _are_all(_TIME_OF_DAY, records, name) and _tells(name, "clocks")]
    if len(days) != 1 or len(clocks) != 1 or set(candidates.get("started_at", ())) - {*days, *clocks}:
        return None
    candidates["started_at"] = clocks
    return days[0]


def _tells(name: str, list_of_words: str) -> bool:
    """Tell whether a name says nothing else than words of a list, or is that of a column with the time of a call."""
    return target_of_path((name,)) == "started_at" or normalised(name) in WORDS[list_of_words]


def _are_all(kind: re.Pattern[str], records: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [record[name] for record in records if record.get(name) not in (None, "")]
    return bool(values) and all(isinstance(value, str) and kind.fullmatch(value.strip()) for value in values)


def _is_other_currency(records: Sequence[Mapping[str, Any]], cost: str) -> bool:
    """Tell whether costs are not, or not all, in dollars of the United States."""
    names = {name for record in records for name in record if normalised(name).endswith(("currency", "currencycode"))}
    words = {str(record[name]).upper() for record in records for name in names if record.get(name)}
    return bool(words - {"USD", "$", "US$"}) or any(set("€£¥₹") & set(str(record.get(cost))) for record in records)


def _place(name: str, records: Sequence[Mapping[str, Any]], paths: Mapping[str, object]) -> str | None:
    """Return where the value of a field stands that should be a text or a number: in an object its id or name, of a list its first; None if nowhere."""
    values = [record[name] for record in records if record.get(name) is not None]
    path = name if name in paths else None if set('"\\') & set(name) else f'$."{name}"'
    if any(isinstance(value, list) for value in values):
        return path and f"{path}[0]"
    objects = [value for value in values if isinstance(value, Mapping)]
    if not objects:
        return name
    keys = (key for key in ("id", "name", "username") if path and all(key in value for value in objects))
    return next((f"{path}.{key}" for key in keys), None)


def says_something(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    """Tell whether some record has a value other than nothing and zero in one of some fields."""
    return any(
        record.get(name) not in (None, "", "-", 0, "0", "null", "None", {}, []) for record in records for name in names
    )


def _target(names: tuple[str, ...], source: str, records: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the column of a field or of a place inside of one, by its names and by what it holds."""
    short = normalised(names[0]) if len(names) == 1 else ""
    values = [record[source] for record in records if record.get(source) not in (None, "")]
    target: str | None = target_of_path(names)
    if short in ("request", "body", "requestbody") or target == "request_body":
        if values and all(isinstance(value, str) and _REQUEST_LINE.fullmatch(value) for value in values):
            return "request_line"
        return "request_body" if any(_is_body(value) for value in values) else None
    if short == "requesttime" and any("body_bytes_sent" in record for record in records):
        return "latency_s"
    if short == "requesttime" and values and all(is_time(str(value)) for value in values):
        return "started_at"
    if short == "message" and any(isinstance(value, Mapping) and value.get("role") == "assistant" for value in values):
        return "response_text"
    if target == "prompt_text" and values and all(map(_is_whole_request, values)):
        return "request_body"
    if target in _TEXTS and values and all(_NUMBER.fullmatch(str(value)) for value in values):
        is_code = target == "response_text" and all(_STATUS_CODE.fullmatch(str(value)) for value in values)
        return "http_status" if is_code else None
    return target if target is None or _may_hold(target, values, is_inside=len(names) > 1) else None


def _may_hold(target: str, values: Sequence[Any], *, is_inside: bool) -> bool:
    """Tell whether values are such as a column holds of which the name alone says too little."""
    if target == "started_at":
        return not is_inside or all(is_time(str(value)) for value in values)
    if target == "response_text":
        return 2 * sum(map(_is_of_http, values)) <= len(values)
    if target == "usage":
        return any(isinstance(value, Mapping) for value in values)
    if target == "latency":
        return bool(values) and all(_DURATION.fullmatch(str(value)) for value in values)
    return target != "http_method" or all(isinstance(value, str) and value.isupper() for value in values)


def _is_of_http(value: object) -> bool:
    """Tell whether a value is an answer of a server with a status or headers, in which that of the model may stand as the body."""
    return isinstance(value, Mapping) and (
        isinstance(value.get("headers"), Mapping)
        or any(_STATUS_CODE.fullmatch(str(value.get(key))) for key in ("status", "statusCode", "status_code"))
    )


def _is_whole_request(value: object) -> bool:
    """Tell whether a value is a request with its model, and not only what was said."""
    found = decoded(value) or value
    return isinstance(found, Mapping) and "model" in found and _is_body(found)


def _is_body(value: object) -> bool:
    """Tell whether a value is the body of a request, as an object or encoded as text once or twice."""
    for _ in range(2):
        if isinstance(value, str) and value[:1] in ("{", '"'):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                return False
    return isinstance(value, Mapping) and bool(_BODY_KEYS & value.keys())


def _give_team_to_project(candidates: dict[str, list[str]]) -> None:
    """Take a team beside an organisation for a project of it."""
    tenants = candidates.get("tenant_id", [])
    teams = [name for name in tenants if "team" in normalised(name)]
    if teams and len(tenants) > len(teams) and "project_id" not in candidates:
        candidates["tenant_id"] = [name for name in tenants if name not in teams]
        candidates["project_id"] = teams


def _give_claimed_users(
    candidates: dict[str, list[str]], records: Sequence[Mapping[str, Any]], paths: Mapping[str, tuple[str, ...]]
) -> None:
    """Take a user that the caller may have claimed for the end user where the log has the key, which cannot be claimed.

    `user` is always a claim beside a key; another name is one if a key stands with several users.
    """
    keys, accounts = candidates.get("api_key_id"), candidates.get("account_id", [])
    if not keys:
        return
    last = {name: normalised(paths.get(name, (name,))[-1]) for name in accounts}
    claimed = [
        name
        for name in accounts
        if last[name] in WORDS["claimed"] and (last[name] == "user" or _has_several(records, keys[0], name))
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
        len({json.dumps(_said(record.get(name)), sort_keys=True, default=str) for name in names}) == 1
        for record in records
    )


def _said(value: object) -> object:
    """Return the text of a message, and anything else as it is."""
    return value["content"] if isinstance(value, Mapping) and isinstance(value.get("content"), str) else value


def automatic_mapping(sample: Sample) -> FieldMapping:
    """Return the mapping that the names and values of a sample's fields give.

    Raises:
        InputRefusedError: several fields could be one column, no time or nothing of a model call is there, or times are ambiguous or unreadable.
    """
    suggestion = suggest_mapping(sample)
    hint = f"distilforensics mapping {shown(sample.name)} > m.toml writes a mapping file to begin with; edit it and use --mapping m.toml"

    def refused(why: str, what_to_do: str = "") -> InputRefusedError:
        return InputRefusedError(why, where=sample.name, hint=f"{what_to_do}; {hint}" if what_to_do else hint)

    if suggestion.ambiguous:
        pairs = "; ".join(
            f"{target} could be {' or '.join(map(shown, names))}"
            for target, names in sorted(suggestion.ambiguous.items())
        )
        raise refused(f"fields are ambiguous: {pairs}, expected one field per column")
    if not suggestion.is_log:
        raise refused(
            "no field is named like a time and none like a part of a model call (model, tokens, prompt, response), expected both",
            "give the format with --format",
        )
    records, columns = suggestion.records, suggestion.columns
    for target in ("account_id", "api_key_id"):
        if _are_rounded([str(record.get(columns.get(target, ""), "")) for record in records]):
            raise refused(
                f"the ids in {shown(columns[target])} went through numbers: all digits after the fifteenth are zeros, so that strangers share them",
                "export the ids as text; if they are right, describe the file with --mapping",
            )
    time_format = _time_format(suggestion.times, refused)
    numbers, counts = (
        [
            str(record[name])
            for target, name in columns.items()
            if target in kind
            for record in records
            if isinstance(record.get(name), str)
        ]
        for kind in (NUMBERS, COUNTS)
    )
    thousands, decimal = number_style(numbers, counts)
    return FieldMapping(
        columns,
        day=suggestion.day,
        time_format=time_format,
        thousands=thousands,
        decimal=decimal,
        is_cache_left_out=is_cache_left_out(columns, records),
        is_reasoning_left_out=is_reasoning_left_out(columns, records),
        rules=tuple(RowRule(name, "sum_over_calls", ("",), are_exchanges=True) for name in suggestion.summaries),
        must_show_calls=True,
    )


def _time_format(times: Sequence[str], refused: Callable[[str, str], InputRefusedError]) -> str | None:
    """Return how times are written, None if as usual."""
    formats = time_formats(times)
    if len(formats) > 1:
        raise refused(
            f"times could be written {' or '.join(formats)}, expected one notation",
            f'say which with [time] format = "{formats[0]}" in a mapping file',
        )
    if times and not formats and not any(map(is_usual, times)):
        raise refused(
            f"times such as {shown(times[0])} are in no notation that is known",
            "say how they are written with [time] in a mapping file",
        )
    return formats[0] if formats else None


def _are_rounded(ids: Sequence[str]) -> bool:
    """Tell whether long ids have zeros in place of the digits that a spreadsheet does not keep."""
    long = {one for one in ids if one.isascii() and one.isdigit() and len(one) > _EXACT_DIGITS}
    zeros = [one[_EXACT_DIGITS:] for one in long]
    return sum(map(len, zeros)) >= _ROUNDED_ZEROS and not any(tail.strip("0") for tail in zeros)
