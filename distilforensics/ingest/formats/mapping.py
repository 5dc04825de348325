"""Mappings from the fields of records to columns, as a mapping file or the folder of a format states them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.formats.aliases import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

TIME_UNITS = {"s": "epoch_s", "ms": "epoch_ms", "us": "epoch_us", "ns": "epoch_ns"}
"""Units of epoch times in a mapping file and the time_kind each gives."""

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
    is_end: bool = False
    """The time is that of the end; the start is that less the duration."""
    thousands: str = ""
    """Character between groups of three digits."""
    decimal: str = "."
    null_words: tuple[str, ...] = ()
    """Words that stand for no value, beyond those that always do."""
    is_cache_left_out: bool = False
    """The count of input tokens leaves out those read from or written to the cache."""
    rules: tuple[RowRule, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Column -> word of the source -> word that is meant."""

    @property
    def time_field(self) -> str:
        """The field that holds the time, as an error names it."""
        source = self.columns.get("started_at", "started_at")
        return source if isinstance(source, str) else " or ".join(source)

    def as_parameters(self) -> dict[str, Any]:
        """Return the mapping as JSON-ready data for the record of the stage; choices that were not made are left out."""
        more = {
            "time_format": self.time_format,
            "is_end": self.is_end,
            "thousands": self.thousands,
            "decimal": "" if self.decimal == "." else self.decimal,
            "null_words": list(self.null_words),
            "is_cache_left_out": self.is_cache_left_out,
            "rules": [asdict(rule) for rule in self.rules],
            "words": {target: dict(sorted(words.items())) for target, words in sorted(self.words.items())},
        }
        return {
            "columns": dict(sorted(self.columns.items())),
            "constants": dict(sorted(self.constants.items())),
            "time_unit": self.time_unit,
            "time_zone": self.time_zone,
            **{name: value for name, value in more.items() if value},
        }


def read_mapping(path: Path) -> FieldMapping:
    """Return the mapping in a TOML file.

    Raises:
        UsageError: the file is missing, not TOML, or holds unknown columns, paths or units.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise UsageError(f"cannot be read: {e.strerror}", where=str(path)) from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"not valid TOML: {e}", where=str(path)) from e
    return parse_mapping(content, where=str(path))


_TABLES = ("columns", "constants", "time", "numbers", "values", "tokens", "rows", "words")


def parse_mapping(content: Mapping[str, Any], *, where: str, are_paths_checked: bool = True) -> FieldMapping:
    """Return the mapping that decoded TOML holds, checked.

    Args:
        content: The tables.
        where: The file, for errors.
        are_paths_checked: Try every path on the engine; not needed for formats, whose samples are tested.

    Raises:
        UsageError: unknown tables, columns, paths or units.
    """
    unknown = sorted(set(content) - set(_TABLES))
    if unknown:
        raise UsageError(
            f"unknown table {shown(unknown[0])}, expected {', '.join(f'[{table}]' for table in _TABLES)}", where=where
        )
    columns = _sources(content.get("columns", {}), where)
    rules = tuple(_rule(rule, where) for rule in content.get("rows", ()))
    if are_paths_checked:
        for source in (*columns.values(), *(rule.field for rule in rules)):
            _check_source(source, where)
    constants = _texts(content.get("constants", {}), "[constants]", where)
    for target in sorted({*columns, *constants} - TARGETS):
        raise UsageError(f"unknown column {shown(target)}, expected one of {', '.join(sorted(TARGETS))}", where=where)
    for target in sorted(set(columns) & set(constants)):
        raise UsageError(f"{target} is both a column and a constant, expected one", where=where)
    if not columns.get("started_at"):
        raise UsageError("started_at is not mapped, expected the field that holds the time of the request", where=where)
    time = _choices(content, "time", {"unit": str, "zone": str, "format": str, "is_end": bool}, where)
    if time.get("unit", "s") not in TIME_UNITS:
        raise UsageError(f"[time] unit is {shown(time['unit'])}, expected unit s, ms, us or ns", where=where)
    numbers = _choices(content, "numbers", {"thousands": str, "decimal": str}, where)
    values = _choices(content, "values", {"null": list}, where)
    tokens = _choices(content, "tokens", {"cache": str}, where)
    if tokens.get("cache", "included") not in ("included", "left_out"):
        raise UsageError(f"[tokens] cache is {shown(tokens['cache'])}, expected included or left_out", where=where)
    return FieldMapping(
        columns,
        constants,
        time.get("unit"),
        time.get("zone"),
        time.get("format"),
        time.get("is_end", False),
        numbers.get("thousands", ""),
        numbers.get("decimal", "."),
        tuple(map(str, values.get("null", ()))),
        tokens.get("cache") == "left_out",
        rules,
        {target: _texts(words, f"[words.{target}]", where) for target, words in content.get("words", {}).items()},
    )


def _texts(table: object, name: str, where: str) -> dict[str, str]:
    if not isinstance(table, Mapping) or not all(isinstance(value, str) for value in table.values()):
        raise UsageError(f"{name} is {shown(table)}, expected names with texts", where=where)
    return dict(table)


def _choices(content: Mapping[str, Any], table: str, types: Mapping[str, type], where: str) -> dict[str, Any]:
    """Return a table whose keys are known and whose values have their types."""
    found = content.get(table, {})
    if not isinstance(found, Mapping) or any(
        name not in types or not isinstance(value, types[name]) for name, value in found.items()
    ):
        raise UsageError(f"[{table}] is {shown(found)}, expected {', '.join(types)}", where=where)
    return dict(found)


def _sources(table: object, where: str) -> dict[str, Source]:
    if not isinstance(table, Mapping):
        raise UsageError(f"[columns] is {shown(table)}, expected names with texts", where=where)
    sources: dict[str, Source] = {}
    for target, written in table.items():
        texts = written if isinstance(written, list) else [written]
        if not texts or not all(isinstance(text, str) for text in texts):
            raise UsageError(f"[columns] is {shown(table)}, expected names with texts", where=where)
        sources[target] = written if isinstance(written, str) else tuple(written)
    return sources


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
