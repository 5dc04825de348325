"""Mappings from the fields of records to columns, as a mapping file or the folder of a format states them."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.catalogue.aliases import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TIME_UNITS = {"s": "epoch_s", "ms": "epoch_ms", "us": "epoch_us", "ns": "epoch_ns"}
"""Units of epoch times in a mapping file and the time_kind each gives."""

LACKS = {
    "beginning": "times count from the beginning of the log",
    "year": "times have no year",
    "time": "records have no time",
}
"""What the times of a log may lack, in words."""

STEP = " -> "
"""Between a field that holds JSON as text and the path inside of it."""

Source = str | tuple[str, ...]
"""Name of a top-level field or a path such as `$.usage.output_tokens` (`$` is the whole record), also `field -> $.path` into text that holds JSON; of several
the first that is there."""


@dataclass(frozen=True, slots=True)
class RowRule:
    """Which records of a log are no exchanges, told by one field."""

    field: Source
    reason: str
    """Reason in table `out_of_scope`."""
    values: tuple[str, ...]
    are_exchanges: bool
    """The values are those of exchanges, all others are not; otherwise the reverse."""


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """Which field of a record becomes which column."""

    columns: Mapping[str, Source]
    """Column -> where its value stands."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Column -> value that holds for every record."""
    time_unit: str | None = None
    """s, ms, us or ns for epoch times; by size if None."""
    time_zone: str | None = None
    """IANA zone of times written without an offset."""
    time_format: str | None = None
    """Notation of times that no other rule reads, such as `%d.%m.%Y %H:%M:%S`; `ticks` for 100 nanoseconds since the year 1."""
    relative_to: datetime | None = None
    """Times are durations from this instant, naive UTC, in `time_unit`, seconds if None."""
    lack: str | None = None
    """What times lack, one of `LACKS`, so that they cannot be placed before `begun` has said when the log began."""
    began: datetime | None = None
    """When a log began whose times lack something, naive UTC."""
    is_end: bool = False
    """The time is that of the end; the start is that less the duration."""
    thousands: str = ""
    """Character between groups of three digits."""
    decimal: str = "."
    null_words: tuple[str, ...] = ()
    """Words that stand for no value, beyond those that always do."""
    is_python_text: bool = False
    """Texts are written as Python writes them in its programs, with its escapes."""
    is_cache_left_out: bool | RowRule = False
    """The count of input tokens leaves out those read from or written to the cache; a rule says of which records."""
    is_reasoning_left_out: bool | RowRule = False
    """Likewise the count of output tokens those of reasoning."""
    rules: tuple[RowRule, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Column -> word of the source -> word that is meant."""
    required: tuple[Source, ...] = ()
    """Fields that a file must have for the mapping to be used on it; told from the columns if empty."""
    file_name: str = field(default="", compare=False)
    """Name of the mapping file, without folders; empty for a mapping that no file states."""
    sha256: str = field(default="", compare=False)
    """SHA-256 of the mapping file."""
    must_show_calls: bool = False
    """Records that hold nothing of a call are none; nobody has said what the file holds."""
    day: Source | None = None
    """Where the day stands, if `started_at` is only the time of day."""

    def fits(self, records: Sequence[object]) -> bool:
        """Tell whether the records of a file are those that the mapping is about; it is forced on no other file."""
        return not self.lacks(records)

    def lacks(self, records: Sequence[object]) -> list[str]:
        """Return the fields for want of which the mapping is not about these records; empty if it is.

        A field counts as there if any sampled record has it, since cells of a table may be empty. Without `required`, the time must be there and at
        least half of the other fields.
        """
        objects = [record for record in records if isinstance(record, Mapping)]
        if self.required:
            return [_named(one) for one in self.required if not any(_has(record, one) for record in objects)]
        time = self.columns.get("started_at", ())
        if time and 2 * sum(_has(record, time) for record in objects) < max(len(records), 1):
            return [_named(time)]
        others = [source for target, source in self.columns.items() if target != "started_at"]
        absent = [_named(one) for one in others if not any(_has(record, one) for record in objects)]
        return absent if 2 * len(absent) > len(others) else []

    def begun(self, began: datetime | None) -> FieldMapping:
        """Return the mapping with the instant at which logs began whose times lack something."""
        if self.lack is None or began is None:
            return self
        return replace(self, relative_to=began) if self.lack == "beginning" else replace(self, began=began)

    @property
    def is_placeless(self) -> bool:
        """No record can be placed in time."""
        return (
            self.lack is not None
            and self.relative_to is None
            and self.began is None
            and (self.lack != "time" or "started_at" not in self.columns)
        )

    def fields(self) -> Iterator[tuple[str, str]]:
        """Yield every column with the field or constant that fills it, in words."""
        for target, source in sorted(self.columns.items()):
            yield target, _named(source)
        for target, value in sorted(self.constants.items()):
            yield target, f"always {json.dumps(value, ensure_ascii=False)}"

    @property
    def time_field(self) -> str:
        """The field that holds the time, as an error names it."""
        time = _named(self.columns.get("started_at", "no field"))
        return time if self.day is None else f"{_named(self.day)} with {time}"

    def as_parameters(self) -> dict[str, Any]:
        """Return the mapping as JSON-ready data for the record of the stage; choices that were not made are left out."""
        chosen = {name: value for name, value in asdict(self).items() if name not in _NOT_RECORDED}
        chosen |= {name: value and value.isoformat() for name in ("relative_to", "began") if (value := chosen[name])}
        chosen["decimal"] = "" if self.decimal == "." else self.decimal
        always = ("columns", "constants", "time_unit", "time_zone")
        return {name: value for name, value in chosen.items() if value or name in always}


_NOT_RECORDED = frozenset({"required", "file_name", "sha256"})
"""What a mapping says besides which field is what: about which files it is, and where it stands."""


def read_mapping(path: Path) -> FieldMapping:
    """Return the mapping in a TOML file.

    Raises:
        UsageError: the file is missing, not TOML, or holds unknown columns, paths or units.
    """
    try:
        raw = path.read_bytes()
        content = tomllib.loads(raw.decode("utf-8"))
    except OSError as e:
        raise UsageError(f"cannot be read: {e.strerror}", where=str(path)) from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"not valid TOML: {e}", where=str(path)) from e
    mapping = parse_mapping(content, where=str(path))
    return replace(mapping, file_name=path.name, sha256=hashlib.sha256(raw).hexdigest())


_TABLES = ("columns", "constants", "time", "numbers", "values", "tokens", "rows", "words", "files")


def parse_mapping(
    content: Mapping[str, Any], *, where: str, are_paths_checked: bool = True, is_untimed: bool = False
) -> FieldMapping:
    """Return the mapping that decoded TOML holds, checked.

    Args:
        content: The tables.
        where: The file, for errors.
        are_paths_checked: Try every path on the engine; not needed for formats, whose samples are tested.
        is_untimed: The records are parts of others, which have the time.

    Raises:
        UsageError: unknown tables, columns, paths or units.
    """
    unknown = sorted(set(content) - set(_TABLES))
    if unknown:
        raise UsageError(
            f"unknown table {shown(unknown[0])}, expected {', '.join(f'[{table}]' for table in _TABLES)}", where=where
        )
    columns = _sources(content.get("columns", {}), where)
    rules = parse_rules(content.get("rows", []), where)
    files = _choices(content, "files", {"fields": (list, "a list of fields")}, where)
    required = tuple(_sources(dict(enumerate(files.get("fields", ()))), where).values())
    time = _time(content, where)
    if are_paths_checked:
        for source in (*columns.values(), *(rule.field for rule in rules), *required, time.get("day", "day")):
            _check_source(source, where)
    constants = _texts(content.get("constants", {}), "[constants]", where)
    for target in sorted({*columns, *constants} - TARGETS):
        raise UsageError(f"unknown column {shown(target)}, expected one of {', '.join(sorted(TARGETS))}", where=where)
    for target in sorted(set(columns) & set(constants)):
        raise UsageError(f"{target} is both a column and a constant, expected one", where=where)
    if not columns.get("started_at") and time.get("lacks") != "time" and not is_untimed:
        raise UsageError("started_at is not mapped, expected the field that holds the time of the request", where=where)
    words = content.get("words", {})
    if not isinstance(words, Mapping):
        raise UsageError(f"[words] is {shown(words)}, expected a table [words.COLUMN]", where=where)
    numbers = _numbers(content, where)
    values = _choices(content, "values", {"null": (list, "a list of words"), "texts": _ONE_TEXT}, where)
    if values.get("texts", "plain") not in ("plain", "python"):
        raise UsageError(f"[values] texts is {shown(values['texts'])}, expected plain or python", where=where)
    tokens = _tokens(content, where)
    return FieldMapping(
        columns,
        constants,
        time.get("unit"),
        time.get("zone"),
        time.get("format"),
        instant(time.get("relative_to"), "[time] relative_to", where),
        time.get("lacks"),
        None,
        time.get("is_end", False),
        numbers.get("thousands", ""),
        numbers.get("decimal", "."),
        tuple(map(str, values.get("null", ()))),
        values.get("texts") == "python",
        tokens.get("cache", False),
        tokens.get("reasoning", False),
        rules,
        {target: _texts(pairs, f"[words.{target}]", where) for target, pairs in words.items()},
        required,
        day=time.get("day"),
    )


def _tokens(content: Mapping[str, Any], where: str) -> dict[str, bool | RowRule]:
    """Return of which records a count leaves out tokens, as [tokens] says it."""
    kinds = ((str, Mapping), "left_out, or of which records: a table with field, and is or is_not")
    tokens = _choices(content, "tokens", {"cache": kinds, "reasoning": kinds}, where)
    for part, choice in tokens.items():
        if choice not in ("included", "left_out") and not isinstance(choice, Mapping):
            raise UsageError(f"[tokens] {part} is {shown(choice)}, expected {kinds[1]}", where=where)
    return {
        part: _rule({"reason": "", **choice}, where) if isinstance(choice, Mapping) else choice == "left_out"
        for part, choice in tokens.items()
    }


_ONE_TEXT = (str, "a text")
_TIME_KEYS = {
    "day": _ONE_TEXT, "unit": _ONE_TEXT, "zone": _ONE_TEXT, "format": _ONE_TEXT, "lacks": _ONE_TEXT, "is_end": (bool, "true or false"),
    "relative_to": ((str, datetime), "a time such as 2026-03-01T00:00:00Z"),
}  # fmt: skip
_PART = re.compile(r"""\.(?:"([^"]*)"|([^.\["]+))|\[(\d+)\]""")


def instant(written: str | datetime | None, name: str, where: str) -> datetime | None:
    """Return an instant that somebody wrote, naive in UTC.

    Args:
        written: A time in ISO notation; without an offset it is UTC.
        name: What it stands for.
        where: The file or option, for errors.

    Raises:
        UsageError: it is no time.
    """
    try:
        moment = datetime.fromisoformat(written) if isinstance(written, str) else written
    except ValueError as e:
        message = f"{name} is {shown(written)}, expected a time such as 2026-03-01T00:00:00Z"
        raise UsageError(message, where=where) from e
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)


def _named(source: Source) -> str:
    return source if isinstance(source, str) else " or ".join(source)


def _has(record: Mapping[str, Any], source: Source) -> bool:
    """Tell whether a decoded record has a field, or one of several."""
    return any(value_at(record, text) not in (None, "") for text in ((source,) if isinstance(source, str) else source))


def value_at(record: object, source: str) -> object:
    """Return what stands at a field or path of a decoded record, None if there is nothing."""
    value: object = record
    for step in source.split(STEP):
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return None
        if not step.startswith("$"):
            value = value.get(step) if isinstance(value, Mapping) else None
            continue
        for quoted, plain, index in _PART.findall(step[1:]):
            if index:
                value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
            else:
                value = value.get(quoted or plain) if isinstance(value, Mapping) else None
    return value


def _texts(table: object, name: str, where: str) -> dict[str, str]:
    if not isinstance(table, Mapping) or not all(isinstance(value, str) for value in table.values()):
        raise UsageError(f"{name} is {shown(table)}, expected names with texts", where=where)
    return dict(table)


def _choices(
    content: Mapping[str, Any], table: str, types: Mapping[str, tuple[Any, str]], where: str
) -> dict[str, Any]:
    """Return a table whose keys are known and whose values have their types: key -> (type, type in words)."""
    found = content.get(table, {})
    if not isinstance(found, Mapping):
        raise UsageError(f"[{table}] is {shown(found)}, expected {', '.join(types)}", where=where)
    for name, value in found.items():
        if name not in types:
            raise UsageError(f"[{table}] has the key {shown(name)}, expected {', '.join(types)}", where=where)
        expected, words = types[name]
        if not isinstance(value, expected):
            raise UsageError(f"[{table}] {name} is {shown(value)}, expected {words}", where=where)
    return dict(found)


def _sources(table: object, where: str) -> dict[str, Source]:
    if not isinstance(table, Mapping):
        raise UsageError(f"[columns] is {shown(table)}, expected names with texts", where=where)
    sources: dict[str, Source] = {}
    for target, written in table.items():
        texts = written if isinstance(written, list) else [written]
        if not texts or not all(isinstance(text, str) for text in texts):
            message = f"{target} is {shown(written)}, expected names with texts: a field, a path, or a list of these"
            raise UsageError(message, where=where)
        sources[target] = written if isinstance(written, str) else tuple(written)
    return sources


def _time(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return how times are written, checked."""
    time = _choices(content, "time", _TIME_KEYS, where)
    if time.get("lacks") not in (None, *LACKS):
        raise UsageError(f"[time] lacks is {shown(time['lacks'])}, expected {', '.join(LACKS)}", where=where)
    if time.get("lacks") == "year" and "format" not in time:
        raise UsageError("[time] lacks a year, expected its format, such as %m-%d %H:%M:%S", where=where)
    if time.get("unit", "s") not in TIME_UNITS:
        raise UsageError(f"[time] unit is {shown(time['unit'])}, expected unit s, ms, us or ns", where=where)
    return time


def _numbers(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return how numbers are written, checked."""
    numbers = _choices(content, "numbers", {"thousands": _ONE_TEXT, "decimal": _ONE_TEXT}, where)
    if numbers.get("decimal", ".") not in (".", ","):
        raise UsageError(f"[numbers] decimal is {shown(numbers['decimal'])}, expected . or ,", where=where)
    if len(numbers.get("thousands", "")) > 1 or numbers.get("thousands") == numbers.get("decimal", "."):
        message = (
            f"[numbers] thousands is {shown(numbers['thousands'])}, expected one character other than the decimal mark"
        )
        raise UsageError(message, where=where)
    return numbers


def parse_rules(written: object, where: str) -> tuple[RowRule, ...]:
    """Return the rules of `[[rows]]`, checked.

    Raises:
        UsageError: a rule lacks something or says too much.
    """
    if not isinstance(written, list):
        raise UsageError(
            f"[rows] is {shown(written)}, expected [[rows]] with field, reason, and is or is_not", where=where
        )
    return tuple(_rule(rule, where) for rule in written)


def _rule(table: object, where: str) -> RowRule:
    kinds = {"is", "is_not"} & set(table) if isinstance(table, Mapping) else set()
    if not isinstance(table, Mapping) or set(table) != {"field", "reason", *kinds} or len(kinds) != 1:
        raise UsageError(f"[[rows]] is {shown(table)}, expected field, reason, and is or is_not", where=where)
    kind = kinds.pop()
    source = _sources({"field": table["field"]}, where)["field"]
    return RowRule(source, table["reason"], tuple(map(str, table[kind])), kind == "is_not")


def _check_source(source: Source, where: str) -> None:
    for text in (source,) if isinstance(source, str) else source:
        for step in text.split(STEP):
            if step.startswith("$") and step != "$" and not is_path(step):
                raise UsageError(
                    f"path is {shown(step)}, expected one such as $.usage.output_tokens without wildcards", where=where
                )


def is_path(source: str) -> bool:
    """Tell whether text is a path to one place in a record; it is tried on the engine that will use it."""
    import duckdb

    if not source.startswith(("$.", "$[")) or "*" in source or "?" in source:
        return False
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute("select json_extract_string('{}', [$1])", [source]).fetchall()
    except duckdb.Error:
        return False
    return True


def json_path(source: str) -> str:
    """Return the engine's path of a field name or of a `$` path; any name is possible, whatever characters it has."""
    return source if source.startswith("$") else "/" + source.replace("~", "~0").replace("/", "~1")
