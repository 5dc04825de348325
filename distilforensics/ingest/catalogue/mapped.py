"""From a mapping of fields to columns to the query that reads records by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from distilforensics.core.schema import COUNT, EXCHANGES, REAL
from distilforensics.ingest.catalogue.aliases import TARGETS
from distilforensics.ingest.catalogue.columns import fill, library_file, list_literal, literal, written_columns
from distilforensics.ingest.catalogue.mapping import STEP, TIME_UNITS, json_path
from distilforensics.ingest.catalogue.notations import MONTH, MONTHS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.ingest.catalogue.joins import Join
    from distilforensics.ingest.catalogue.mapping import FieldMapping, RowRule, Source

JOIN_COLUMNS = frozenset({"join_keys", "join_order", "is_part"})
"""What a query yields by which records meet."""

NUMBERS = frozenset(column.name for column in EXCHANGES.columns if column.type in (COUNT, REAL)) | {
    "latency_s",
    "latency_us",
    "latency_ns",
}
"""Targets that hold numbers."""

COUNTS = frozenset(column.name for column in EXCHANGES.columns if column.type == COUNT)
"""Of these, targets that hold whole numbers."""

TICKS = "ticks"
"""Times in units of 100 nanoseconds since the year 1, as .NET counts."""

_WRITTEN_AS = {"ended_at": ("ended_at_raw",), "finish_reason": ("finish_reason_raw",), "tools": ("tools_json", "n_tools"),
    "started_at": ("started_at_raw",), "latency": ("latency_ms",), "latency_s": ("latency_ms",), "latency_us": ("latency_ms",), "latency_ns": ("latency_ms",),
    "http_status": ("http_status", "status"),
    "status": ("http_status", "status"), "model_requested": ("model_requested", "model_raw"), "model_served": ("model_served", "model_raw"),
    "prompt_text": ("prompt_text", "prompt_state", "system_text", "messages_json", "n_turns"),
    "request_line": ("operation", "out_of_scope"), "http_method": ("out_of_scope",)}  # fmt: skip
"""Targets that fill other columns than the one of their name."""

_REQUEST = (
    "prompt_text", "prompt_state", "system_text", "messages_json", "n_turns", "model_requested", "model_raw", "is_stream", "n_choices",
    "max_output_tokens", "temperature", "top_p", "n_tools", "tools_json", "response_format", "reasoning_effort", "end_user_id",
)  # fmt: skip
_USAGE = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
_ANSWER = (
    "response_text", "response_state", "response_id", "model_served", "model_raw", "n_tool_calls", "finish_reason_raw", "reasoning_signature",
    "reasoning_refusals", "error_type", "status", *_USAGE,
)  # fmt: skip
GIVES = {
    "request_body": _REQUEST,
    "messages": ("prompt_text", "prompt_state", "system_text", "messages_json", "n_turns"),
    "conversation": ("prompt_text", "prompt_state", "system_text", "messages_json", "n_turns", "response_text", "response_state"),
    "response_text": _ANSWER,
    "usage": _USAGE,
}  # fmt: skip
"""Targets that hold objects, and the columns that these can give."""


_TEXTS = frozenset({"prompt_text", "response_text", "system_text", "messages", "conversation", "request_body"})
"""Targets in which a word for nothing may be what somebody wrote."""

_NO_ANSWERS = "answers as not materialized (select *, given_json as answer_json, given_answer as a from given),\n"
_OTHER_ANSWERS = """-- Most answers are read as they are; what is none is looked at once more as the answer of another program.
others as not materialized (
    select
        *,
        case
            when case when given_json is null
                then starts_with(response_field, '[') or starts_with(response_field, 'data:') or starts_with(response_field, 'event:')
                    or is_printed(response_field)
                else is_other_answer(given_answer)
            end then plain_answer(response_field)
        end as other_json
    from given
),

answers as not materialized (
    select
        *,
        coalesce(other_json, given_json) as answer_json,
        case when other_json is not null then answer_object(other_json) else given_answer end as a
    from others
),
"""
"""Costs that only mappings with answers pay."""


def mapped_query(
    mapping: FieldMapping,
    pattern: str | None = None,
    other_lines: str | None = None,
    join: Join | None = None,
    *,
    of_cells: bool = False,
) -> tuple[str, frozenset[str]]:
    """Return the query of a mapping and the columns that it can give.

    Args:
        mapping: Where every column stands.
        pattern: For lines of text: a regular expression whose named groups are the fields.
        other_lines: Why lines of another shape are no exchanges; they are refused if None.
        join: How the records meet others.
        of_cells: The fields of `cell_names` are columns `f1`, `f2` and so on.
    """
    fields = _Fields(mapping, pattern, join, of_cells=of_cells)
    columns = _columns(mapping, fields)
    query = fill(
        library_file("mapped.sql"),
        {
            **_records(mapping, fields, columns, pattern, other_lines, join),
            "fields": fields.extraction,
            "columns": "\n".join(f"        {expression} as {target}," for target, expression in columns.items()),
            "other_answers": _OTHER_ANSWERS if "response_text" in mapping.columns else _NO_ANSWERS,
        },
    )
    names = _yields(mapping, GIVES, is_text=pattern is not None)
    return query, names | JOIN_COLUMNS if join is not None else names


_PLAIN_GIVES = {"messages": GIVES["messages"], "response_text": ("response_text", "response_state")}
_NEVER_PLAIN = frozenset({"request_body", "usage", "conversation"})
"""Targets that hold objects always."""


def plain_query(
    mapping: FieldMapping,
    pattern: str | None = None,
    other_lines: str | None = None,
    join: Join | None = None,
    *,
    of_cells: bool = False,
) -> tuple[str, frozenset[str]] | None:
    """Return the query of a mapping for records whose fields are texts and numbers, and the columns that it can give.

    It yields `is_odd` for those that `mapped_query` must read; all others have the same values in both. None if there can be no such records.
    """
    if _NEVER_PLAIN & mapping.columns.keys():
        return None
    fields = _Fields(mapping, pattern, join, of_cells=of_cells)
    written = {
        **_columns(mapping, fields),
        **_records(mapping, fields, _columns(mapping, fields), pattern, other_lines, join),
    }
    # What is the same for all records is written where it is used, so that the engine folds away all that depends on it.
    computed = {name: text for name, text in written.items() if not _CONSTANT.fullmatch(text)}
    parts = {name: f"c_{name}" if name in computed else text for name, text in written.items()}
    query = fill(
        library_file("mapped_plain.sql"),
        parts
        | (_TALK if "messages" in computed else _NO_TALK)
        | {
            "fields": fields.extraction,
            "columns": "\n".join(f"        {text} as c_{name}," for name, text in computed.items()),
            "called": f"request_line_parts({parts['request_line']})",
        },
    )
    names = _yields(mapping, _PLAIN_GIVES, is_text=pattern is not None)
    return query, names | JOIN_COLUMNS if join is not None else names


_CONSTANT = re.compile(r"null::[a-z\[\]]+|true|false")

_TALK = {
    "parsed_messages": """json_transform(
            case when starts_with(c_messages, '[') then c_messages end, '[{"role": "VARCHAR", "content": "VARCHAR"}]'
        )""",
    "last_content": "talk[-1].content",
    "first_role": "talk[1].role",
    "n_messages": "len(talk)",
    "first_system": "case when has_system then talk[1].content end",
    "prompt": "case when talk is null then prompt_field else last_content end",
    "whole_talk": "case when len(talk) > 2 or (len(talk) = 2 and not has_system) then c_messages end",
    "is_odd_talk": """(c_messages is not null and (
            not starts_with(c_messages, '[') or regexp_matches(c_messages, ':\\s*\\[') or last_content is null or talk[-1].role is null
            or not (talk[-1].role = 'user' or talk[-1].role = 'human') or talk[1].role is null or (has_system and talk[1].content is null)
        ))""",
}
"""Conversations of texts that end with a user; what is said otherwise, or in parts, is not plain."""

_NO_TALK = dict.fromkeys(
    ("parsed_messages", "last_content", "first_role", "n_messages", "first_system", "whole_talk"), "null::varchar"
) | {
    "prompt": "prompt_field",
    "is_odd_talk": "false",
}


def _columns(mapping: FieldMapping, fields: _Fields) -> dict[str, str]:
    """Return the expression of every target."""
    parts = dict.fromkeys(sorted(TARGETS), "null::varchar")
    parts |= {target: fields.value(target, source) for target, source in mapping.columns.items()}
    parts |= {target: f"{literal(value)}::varchar" for target, value in mapping.constants.items()}
    if mapping.day is not None:
        parts["started_at"] = f"({fields.value('started_at', mapping.day)} || ' ' || {parts['started_at']})"
    return dict(sorted(parts.items()))


def _records(
    mapping: FieldMapping,
    fields: _Fields,
    columns: dict[str, str],
    pattern: str | None,
    other_lines: str | None,
    join: Join | None,
) -> dict[str, str]:
    """Return what a mapping says about whole records."""
    text = columns["started_at"]
    return {
        "started_text": _started_text(text, mapping),
        "assumed": _assumed(text, mapping),
        **fields.join(join),
        "resolution": _resolution(text, mapping),
        "time_kind": literal(TIME_UNITS[mapping.time_unit or "s"]) if _has_epoch(mapping) else "null::varchar",
        "is_web": "true" if _is_web(mapping) else "false",
        "outside": fields.rules(mapping.rules)
        if other_lines is None
        else f"case when len(v) is null then {literal(other_lines)} else {fields.rules(mapping.rules)} end",
        "unreadable": "len(v) is null" if pattern is not None and other_lines is None else "false",
        "must_show_calls": "true" if mapping.must_show_calls else "false",
        "is_cache_left_out": fields.is_one(mapping.is_cache_left_out),
        "is_reasoning_left_out": fields.is_one(mapping.is_reasoning_left_out),
    }


def cell_names(mapping: FieldMapping, join: Join | None = None) -> tuple[str, ...]:
    """Return the fields that a mapping reads, in order; none if some do not stand at the top of a record under a name of their own."""
    names = _first_steps(mapping, join)
    return () if any(name.startswith("$") for name in names) else tuple(names)


def _first_steps(mapping: FieldMapping, join: Join | None) -> list[str]:
    choices = (mapping.is_cache_left_out, mapping.is_reasoning_left_out)
    rules = (*mapping.rules, *(choice for choice in choices if not isinstance(choice, bool)))
    days = () if mapping.day is None else (mapping.day,)
    written = (*mapping.columns.values(), *(rule.field for rule in rules), *(join.fields if join else ()), *days)
    sources = [source for value in written for source in ((value,) if isinstance(value, str) else value)]
    return sorted({source.partition(STEP)[0] for source in sources})


def _yields(mapping: FieldMapping, gives: Mapping[str, tuple[str, ...]], *, is_text: bool) -> frozenset[str]:
    mapped = {*mapping.columns, *mapping.constants}
    names = {column for target in mapped for column in (*_WRITTEN_AS.get(target, (target,)), *gives.get(target, ()))}
    names |= {"operation"} if "request_line" in mapped or "request_body" in mapped else set()
    names |= {"time_kind"} if _has_epoch(mapping) else set()
    names |= {"out_of_scope"} if mapping.rules or mapping.must_show_calls or _is_web(mapping) else set()
    is_rewritten = mapping.time_format is not None or mapping.relative_to is not None or mapping.lack is not None
    names |= {"started_text"} if is_rewritten else set()
    names |= {"flags"} if mapping.lack is not None else set()
    names |= {"time_resolution_us"} if mapping.lack == "time" or mapping.relative_to is not None else set()
    names |= {"ended_at_raw"} if mapping.is_end else set()
    names |= {"refusal_reason", "refusal_detail"} if is_text else set()
    return frozenset(names & {*written_columns(), "started_text"})


def _is_web(mapping: FieldMapping) -> bool:
    """Tell whether the records are those of a web server: they have a path, and nothing that only calls of a model have."""
    mapped = {*mapping.columns, *mapping.constants}
    return bool({"http_method", "request_line", "operation"} & mapping.columns.keys()) and not mapped & {
        "model_requested", "model_served", "input_tokens", "output_tokens", "prompt_text", "response_text", "messages", "usage", "request_body",
    }  # fmt: skip


_MICROSECONDS = {"s": 1_000_000.0, "ms": 1000.0, "us": 1.0, "ns": 0.001}


def _has_epoch(mapping: FieldMapping) -> bool:
    """Tell whether times are numbers counted from 1970."""
    return mapping.time_unit is not None and mapping.relative_to is None


def _started_text(text: str, mapping: FieldMapping) -> str:
    """Return an expression of the time as a notation that is known."""
    if mapping.relative_to is not None:
        factor = _MICROSECONDS[mapping.time_unit or "s"]
        begin = literal(mapping.relative_to.isoformat(sep=" "))
        elapsed = f"to_microseconds(round(try_cast({text} as double) * {factor})::bigint)"
        # A number beyond 292 years is no elapsed time; the cast of it would raise.
        elapsed = f"case when abs(try_cast({text} as double) * {factor}) < 9e18 then {elapsed} end"
        return f"strftime({begin}::timestamp + {elapsed}, '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    if mapping.lack == "year":
        return _with_year(text, mapping)
    if mapping.lack == "time" and mapping.began is not None:
        return f"coalesce(nullif({text}, ''), {literal(mapping.began.isoformat(sep=' ') + 'Z')})"
    return text if mapping.time_format is None else _reformatted(text, mapping.time_format)


def _with_year(text: str, mapping: FieldMapping) -> str:
    """Return an expression of a time without year as the first such time since the log began; a day of grace is for its zone."""
    if mapping.began is None:
        return "null::varchar"
    first, notation = mapping.began.year, literal(f"%Y {mapping.time_format}")
    moments = [f"try_strptime('{year} ' || {text}, {notation})" for year in (first, first + 1)]
    since = f"{literal(mapping.began.isoformat(sep=' '))}::timestamp - interval 1 day"
    moment = f"case when {moments[0]} >= {since} then {moments[0]} else {moments[1]} end"
    return f"strftime({moment}, '%Y-%m-%d %H:%M:%S')"


def _assumed(text: str, mapping: FieldMapping) -> str:
    """Return the condition that the time, or part of it, is that of the beginning of the log."""
    if mapping.lack is None:
        return "false"
    return f"nullif({text}, '') is null" if mapping.lack == "time" else "true"


def _reformatted(text: str, time_format: str) -> str:
    """Return an expression that writes a time of a foreign notation as an ISO time, with a Z if the notation has an offset."""
    if time_format == TICKS:
        return f"strftime(make_timestamp((try_cast({text} as bigint) - 621355968000000000) // 10), '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    text = f"translate({text}, '\u202f\u00a0', '  ')"
    if "%b" in time_format:
        word = f"regexp_extract({text}, '{MONTH}')"
        months = f"map({list_literal(list(MONTHS))}, {list_literal(list(MONTHS.values()))})"
        text = f"replace({text}, {word}, coalesce({months}[rtrim(lower({word}), '.')], {word}))"
    digits = "%f" if "%f" in time_format else "%g" if "%g" in time_format else ""
    zone = "Z" if "%z" in time_format else ""
    target = "%Y-%m-%d %H:%M:%S" + (f".{digits}" if digits else "") + zone
    return f"strftime(try_strptime({text}, {literal(time_format)}), {literal(target)})"


def _resolution(text: str, mapping: FieldMapping) -> str:
    """Return an expression of the microseconds that the last digit of a time counts, NULL where the rewritten time tells it."""
    if mapping.lack == "time":
        # A time that was assumed is no finer than a day.
        return f"case when {_assumed(text, mapping)} then 86_400_000_000 end"
    if mapping.relative_to is None:
        return "null::bigint"
    decimals = f"strlen(regexp_extract({text}, '\\.(\\d+)', 1))"
    return f"greatest(({_MICROSECONDS[mapping.time_unit or 's']} / 10.0 ** least({decimals}, 9))::bigint, 1)"


class _Fields:
    """The fields of a record that a mapping needs, taken out in one go."""

    def __init__(
        self, mapping: FieldMapping, pattern: str | None, join: Join | None = None, *, of_cells: bool = False
    ) -> None:
        self._mapping = mapping
        self._is_text = pattern is not None
        first = _first_steps(mapping, join)
        self._texts = {name: f"f{n}" if of_cells else f"v[{n}]" for n, name in enumerate(first, 1)}
        if of_cells:
            self.extraction = ", ".join([*self._texts.values(), "null::varchar[]"])
        elif pattern is None:
            self.extraction = f"json_extract_string(line, {list_literal([json_path(name) for name in first])})"
        else:
            groups = re.compile(pattern).groupindex
            parts = ", ".join(f"nullif(g.{name}, '')" for name in first)
            names = list_literal(list(groups))
            self.extraction = (
                f"case when regexp_matches(line, {literal(pattern)}) then"
                f" list_transform([regexp_extract(line, {literal(pattern)}, {names})], lambda g: [{parts}])[1] end"
            )

    def value(self, target: str, source: Source) -> str:
        """Return the expression of a column's value, as text."""
        mapping = self._mapping
        text = self._first_of(source, ("", "-", *mapping.null_words) if target not in _TEXTS else ("",))
        if mapping.null_words:
            text = f"case when not list_contains({list_literal(mapping.null_words)}, {text}) then {text} end"
        if target in mapping.words:
            pairs = " ".join(
                f"when {literal(word)} then {literal(meant)}" for word, meant in mapping.words[target].items()
            )
            text = f"case {text} {pairs} else {text} end"
        if target in NUMBERS and (mapping.thousands or mapping.decimal != "."):
            text = f"plain_number({text}, {literal(mapping.thousands)}, {literal(mapping.decimal)})"
        if mapping.is_python_text and target in ("prompt_text", "response_text", "system_text"):
            text = f"python_text({text})"
        return text

    def _first_of(self, source: Source, for_nothing: Sequence[str] = ("",)) -> str:
        """Return the value of the first field that is there and is none of some words."""
        if isinstance(source, str):
            return self._of(source)
        return "coalesce(" + ", ".join(self._unless(self._of(one), for_nothing) for one in source) + ")"

    @staticmethod
    def _unless(text: str, words: Sequence[str]) -> str:
        for word in words:
            text = f"nullif({text}, {literal(word)})"
        return text

    def _of(self, source: str) -> str:
        name, *steps = source.split(STEP)
        text = self._texts[name]
        for step in steps:
            text = f"json_extract_string(case when json_valid({text}) then {text} end, {literal(json_path(step))})"
        return text

    def join(self, join: Join | None) -> dict[str, str]:
        """Return the expressions of the key by which a record meets others, of its place among them, and of whether it is only a part."""
        if join is None:
            return {"join_keys": "null::varchar[]", "join_order": "null::bigint", "is_part": "null::boolean"}
        key = f"meant({self._first_of(join.key)})" if join.key else "null::varchar"
        part = self.is_one(join.part or join.is_part)
        return {
            "join_keys": f"case when {key} is not null then [sha256({key})] end",
            "join_order": f"try_cast({self._first_of(join.order)} as bigint)" if join.order else "null::bigint",
            "is_part": part,
        }

    def is_one(self, choice: bool | RowRule) -> str:  # noqa: FBT001 - a choice, not a switch
        """Return the expression of whether a record is one of all, none, or those that a rule names."""
        return str(choice).lower() if isinstance(choice, bool) else f"({self.rules((choice,))}) is not null"

    def rules(self, rules: tuple[RowRule, ...]) -> str:
        """Return the expression of the reason why a record is no exchange."""
        cases = []
        for rule in rules:
            is_one = f"coalesce(list_contains({list_literal(rule.values)}, coalesce({self._first_of(rule.field)}, '')), false)"
            cases.append(f"when {'not ' if rule.are_exchanges else ''}{is_one} then {literal(rule.reason)}")
        return f"case {' '.join(cases)} end" if cases else "null::varchar"
