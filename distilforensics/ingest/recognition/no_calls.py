"""Why records that have the fields of calls are none: sums, spans, pieces of answers, parts of calls, messages, tables of administration, lines of programs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from distilforensics.core.text import shown
from distilforensics.ingest.catalogue.aliases import (
    KINDS_AROUND_CALLS,
    MACHINES,
    PEOPLE,
    SIGNS_OF_CALLS,
    WORDS,
    normalised,
    words_of,
)
from distilforensics.ingest.catalogue.mapping import STEP
from distilforensics.ingest.catalogue.notations import moment_of
from distilforensics.ingest.recognition.suggestion import says_something

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.ingest.recognition.suggestion import Suggestion

_DAY = re.compile(r"\d{4}[-/]\d\d?([-/]\d\d?)?|\d\d?[./]\d\d?[./]\d{4}")
_PERIOD_SECONDS = 300
"""Of the shortest periods over which exports sum."""


def why_no_calls(suggestion: Suggestion) -> str | None:
    """Return why records that have the fields of calls are none, or None."""
    records = suggestion.records
    names = {normalised(name) for record in records for name in record}
    counts = [name for name in suggestion.counts if name not in suggestion.summaries]
    if counts:
        return f"sums over many calls, not calls: there is {', '.join(map(shown, counts))}"
    if names & WORDS["spans"] or _kinds(records) & KINDS_AROUND_CALLS:
        return "spans of traces, of which only some are calls of a model"
    part = _piece_of_an_answer(suggestion) or _part_of_a_call(records, suggestion) or _writer(records, suggestion)
    if part is not None:
        return part
    rows = _unused(suggestion, "administration")
    if rows and not suggestion.tells_of_use:
        return f"rows of users, keys, payments, limits or models, not calls: there is {', '.join(map(shown, rows))}"
    lines = _unused(suggestion, "program")
    if lines and not suggestion.tells_of_use and not suggestion.known & SIGNS_OF_CALLS:
        return f"lines of a program or judgements on answers, not calls: there is {', '.join(map(shown, lines))}"
    model = suggestion.columns.get("model_requested", "")
    if (
        (model.startswith("$.") or STEP in model)
        and not suggestion.tells_of_use
        and not suggestion.known & SIGNS_OF_CALLS
    ):
        return f"settings that name a model, not calls: there is {shown(model)}, and nothing of a call besides"
    if _are_periods(suggestion.times):
        return "every time is the beginning of a day, an hour or some minutes: sums, or calls without their times"
    return None


def _unused(suggestion: Suggestion, list_of_words: str) -> list[str]:
    return sorted(name for name in suggestion.unused if normalised(name) in WORDS[list_of_words])


_ASKED = frozenset(
    {"prompt_text", "messages", "conversation", "request_body", "input_tokens", "output_tokens", "usage"}
)
"""Columns of which at most one piece of a streamed answer has something."""

_PIECE_SECONDS = 2.0
"""Between pieces of one answer, at most on average."""


def _piece_of_an_answer(suggestion: Suggestion) -> str | None:
    """Return that records are pieces of answers that were streamed: by a name, or since most ids stand on several that only go on with a text."""
    if suggestion.known & _ASKED == frozenset() and (told := _unused(suggestion, "pieces")):
        return f"pieces of answers that were streamed, not calls: there is {', '.join(map(shown, told))}"
    for name in _unused(suggestion, "ends_of_pieces"):
        if len({_is_end(record[name]) for record in suggestion.records if record.get(name) is not None}) > 1:
            return f"pieces of answers that were streamed, not calls: {shown(name)} says which is the last of each"
    columns = suggestion.columns
    texts = [columns["response_text"]] if "response_text" in columns else _unused(suggestion, "piece_texts")
    broken = [
        name for name in suggestion.unused if _is_broken_text([record.get(name) for record in suggestion.records])
    ]
    texts += broken
    ids = [
        name
        for name in suggestion.unused
        if (broken and name not in broken)
        or set(words_of((name,))) & {"id", "req", "request", "message", "msg", "stream"}
    ]
    ids += [columns[target] for target in ("request_id", "response_id", "trace_id") if target in columns]
    for name in ids:
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for record in suggestion.records:
            if record.get(name) not in (None, ""):
                groups.setdefault(str(record[name]), []).append(record)
        several = [found for found in groups.values() if len(found) > 1]
        if (
            len(groups) > 1
            and 2 * len(several) >= len(groups)
            and all(_go_on(found, suggestion, texts) for found in several)
        ):
            return f"several records of each {shown(name)} that only go on with a text, pieces of answers that were streamed"
    return None


def _is_broken_text(values: Sequence[object]) -> bool:
    """Tell whether texts are cut within sentences: many begin or end with a space, which hardly any whole text does."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    return len(texts) > 3 and 4 * sum(text != text.strip() for text in texts) >= len(texts)


def _is_end(value: object) -> bool:
    return str(value).lower() in ("true", "1", "[done]")


def _go_on(found: Sequence[Mapping[str, Any]], suggestion: Suggestion, texts: Sequence[str]) -> bool:
    """Tell whether records of one id are those of one caller, follow at once, differ in a text, and at most one of them has a prompt or tokens."""
    columns = suggestion.columns
    callers = [columns[target] for target in ("account_id", "api_key_id", "model_requested") if target in columns]
    asked = [columns[target] for target in _ASKED if target in columns]
    seconds = [
        moment for record in found if (moment := moment_of(record.get(columns.get("started_at", "")))) is not None
    ]
    return (
        any(len({str(record.get(name)) for record in found}) == len(found) for name in texts)
        and all(len({str(record.get(name)) for record in found}) == 1 for name in callers)
        and sum(says_something([record], asked) for record in found) <= 1
        and (not seconds or max(seconds) - min(seconds) <= _PIECE_SECONDS * len(found))
    )


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
    for name in sorted({name for record in records for name in record if normalised(name) in WORDS["phase_fields"]}):
        words = [[str(record.get(name)).lower() for record in found] for found in several]
        if all(len(set(one)) == len(one) and WORDS["phases"].issuperset(map(normalised, one)) for one in words):
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
    for name in sorted({name for record in records for name in record if normalised(name) in WORDS["writers"]}):
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
        if normalised(name) in WORDS["span_kinds"] and isinstance(value, str)
    }


def _are_periods(times: Sequence[str]) -> bool:
    """Tell whether all times are days without hours, or stand on the hour or on a multiple of five minutes."""
    if times and all(map(_DAY.fullmatch, times)):
        return True
    moments = [moment for time in times if (moment := moment_of(time)) is not None and moment.is_integer()]
    if len(moments) < max(len(times), 3):
        return False
    n_different = len(set(moments))
    has_seconds = all(time.count(":") != 1 for time in times)
    if all(moment % 3600 == 0 for moment in moments) and (has_seconds or n_different > 2):
        return True
    return n_different > 4 and all(moment % _PERIOD_SECONDS == 0 for moment in moments)
