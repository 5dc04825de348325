"""Usage exports, bills and rollups: files whose records are sums over many calls. Which field of a sum means what, and the rows read by it.

A format says it in the table `[usage]` of its `format.toml`; a file of no known format that is named with `--reconcile` is read by the
names of its fields. Sums are few, so they are read one by one in Python.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.catalogue.aliases import best_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Fields = tuple[str, ...]
"""Fields of which the first that holds something counts; a dot leads into an object."""

IDENTITIES = ("api_key_id", "account_id", "project_id", "tenant_id")
COUNTS = ("n_requests", "n_failed", "input_tokens", "output_tokens")

_KEYS = frozenset(
    {"each", "period_start", "period_end", "date_format", *IDENTITIES, "model", "model_pattern", *COUNTS, "cost_usd", "cost_divisor",
     "currency", "only", "quantity"}
)  # fmt: skip
_QUANTITY_KEYS = frozenset({"amount", "kind", "unit", "units", "input", "output"})
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_MOST = 2**62
_WHOLE_DAY = timedelta(days=1)


class UnreadableSumError(Exception):
    """A sum cannot be read; arguments are a reason code and a detail that is safe to print."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """How a bill with one row per kind of token is read: an amount, what it is an amount of, and its unit."""

    amount: Fields
    kind: Fields
    """Holds the words that tell input from output."""
    input: re.Pattern[str]
    output: re.Pattern[str]
    unit: Fields = ()
    units: Mapping[str, float] = field(default_factory=dict)
    """Unit as written -> tokens."""


@dataclass(frozen=True, slots=True)
class UsageMapping:
    """Which field of a record means what."""

    fields: Mapping[str, Fields]
    """Target -> fields; those of token counts are added, of others the first that holds something counts."""
    each: str = ""
    """List inside of a record that holds its sums; the record is one itself if empty."""
    date_format: str = ""
    """Notation of times that do not begin with the year."""
    model_pattern: re.Pattern[str] | None = None
    """Its first group is the model."""
    cost_divisor: float = 1.0
    currency: Fields = ()
    only: tuple[Fields, re.Pattern[str]] | None = None
    """Rows of a bill that are about models; others are out of scope."""
    quantity: Quantity | None = None


def parse_usage(table: Mapping[str, Any], where: str) -> UsageMapping:
    """Return the mapping that the table `[usage]` of a format states.

    Raises:
        UsageError: a key is unknown, or no field tells the period.
    """
    quantity = table.get("quantity")
    unknown = sorted({*(set(table) - _KEYS), *(set(quantity or ()) - _QUANTITY_KEYS)})
    if unknown:
        raise UsageError(f"unknown key {shown(unknown[0])} in [usage]", where=where)
    if "period_start" not in table:
        raise UsageError("[usage] lacks period_start", where=where)
    targets = ("period_start", "period_end", *IDENTITIES, "model", *COUNTS, "cost_usd")
    only = table.get("only")
    return UsageMapping(
        fields={target: _fields(table[target]) for target in targets if target in table},
        each=table.get("each", ""),
        date_format=table.get("date_format", ""),
        model_pattern=re.compile(table["model_pattern"]) if "model_pattern" in table else None,
        cost_divisor=float(table.get("cost_divisor", 1)),
        currency=_fields(table.get("currency", ())),
        only=(_fields(only["field"]), re.compile(only["matches"])) if only else None,
        quantity=_quantity(quantity) if quantity else None,
    )


def _fields(value: str | Sequence[str]) -> Fields:
    return (value,) if isinstance(value, str) else tuple(value)


def _quantity(table: Mapping[str, Any]) -> Quantity:
    return Quantity(
        amount=_fields(table["amount"]),
        kind=_fields(table["kind"]),
        input=re.compile(table["input"]),
        output=re.compile(table["output"]),
        unit=_fields(table.get("unit", ())),
        units={str(name): float(tokens) for name, tokens in table.get("units", {}).items()},
    )


def usage_by_names(records: Sequence[Any]) -> UsageMapping | None:
    """Return which fields mean what by their names alone; None if no field tells the period, or none a number of requests, tokens or dollars."""
    names = {name for record in records if isinstance(record, dict) for name in record}
    fields = {column: (name,) for column, name in best_names(names, "sums").items()}
    if "period_start" not in fields or not {*COUNTS, "cost_usd"} & fields.keys():
        return None
    return UsageMapping(fields)


def usage_rows(
    mapping: UsageMapping, record: Mapping[str, Any]
) -> Iterator[dict[str, Any] | UnreadableSumError | None]:
    """Yield for every sum of a record its columns of `usage_sums`, or why it cannot be read, or None if it is not about a model."""
    found = record.get(mapping.each) if mapping.each else [record]
    if not isinstance(found, list):
        yield UnreadableSumError("no_list_of_sums", f"{mapping.each} is no list")
        return
    for item in found:
        if not isinstance(item, dict):
            yield UnreadableSumError("not_an_object", f"a member of {mapping.each} is no object")
            continue
        whole = item if item is record else {**record, **item}
        if mapping.only is not None and not mapping.only[1].search(_text(whole, mapping.only[0]) or ""):
            yield None
            continue
        try:
            yield _row(mapping, whole)
        except UnreadableSumError as e:
            yield e


def _row(mapping: UsageMapping, record: Mapping[str, Any]) -> dict[str, Any]:
    start = _time(record, mapping, "period_start")
    if start is None:
        raise UnreadableSumError("invalid_timestamp", f"{mapping.fields['period_start'][0]} is empty, expected a time")
    end = _time(record, mapping, "period_end") or start + _WHOLE_DAY
    if end <= start:
        raise UnreadableSumError("invalid_timestamp", "the period ends before it begins")
    row: dict[str, Any] = {"period_start": start, "period_end": end}
    row |= {name: _text(record, mapping.fields.get(name, ())) for name in IDENTITIES}
    row["model"] = _model(mapping, record)
    row |= {name: _count(record, mapping.fields.get(name, ())) for name in COUNTS}
    row["cost_usd"] = _cost(mapping, record)
    if mapping.quantity is not None:
        row |= _amount(mapping.quantity, record)
    stated = [value.isoformat() if isinstance(value, datetime) else value for value in row.values()]
    whole = json.dumps([stated, record], sort_keys=True, default=str)
    return row | {"row_sha256": hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()}


def _value(record: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    """Return the value of a field; where there is none of that name, a dot leads into an object."""
    if name in record:
        return record[name]
    value: Any = record
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(record: Mapping[str, Any], names: Fields) -> str | None:
    for name in names:
        value = _value(record, name)
        if value not in (None, "") and not isinstance(value, dict | list):
            return str(value).strip() or None
    return None


def _model(mapping: UsageMapping, record: Mapping[str, Any]) -> str | None:
    names = mapping.fields.get("model", ())
    if mapping.model_pattern is None:
        return _text(record, names)
    matches = (mapping.model_pattern.search(_text(record, (name,)) or "") for name in names)
    return next((match[1] for match in matches if match), None)


def _number(record: Mapping[str, Any], name: str) -> float | int | None:
    value = _value(record, name)
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number: float | int = value
    else:
        text = str(value).strip()
        text = text.replace(",", "") if _GROUPED.fullmatch(text) else text
        try:
            number = int(text) if re.fullmatch(r"-?\d{1,19}", text) else float(text)
        except ValueError:
            raise UnreadableSumError("invalid_number", f"{name} is no number") from None
    if not -_MOST < number < _MOST:  # also refuses NaN
        raise UnreadableSumError("invalid_number", f"{name} is no number that a sum can be")
    return number


def _count(record: Mapping[str, Any], names: Fields) -> int | None:
    numbers = [number for name in names if (number := _number(record, name)) is not None]
    if any(number < 0 for number in numbers):
        raise UnreadableSumError("invalid_number", f"{names[0]} is less than zero")
    return round(sum(numbers)) if numbers else None


def _cost(mapping: UsageMapping, record: Mapping[str, Any]) -> float | None:
    """Return the cost; None in another currency than US dollars, which no price list of today could convert."""
    currency = _text(record, mapping.currency)
    if currency is not None and currency.lower() != "usd":
        return None
    for name in mapping.fields.get("cost_usd", ()):
        number = _number(record, name)
        if number is not None:
            return number / mapping.cost_divisor
    return None


def _amount(quantity: Quantity, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tokens of a row that bills one kind of token; none for what is neither input nor output, such as storage."""
    kind = _text(record, quantity.kind) or ""
    side = "input_tokens" if quantity.input.search(kind) else "output_tokens" if quantity.output.search(kind) else None
    amount = next((n for name in quantity.amount if (n := _number(record, name)) is not None), None)
    if side is None or amount is None:
        return {}
    unit = _text(record, quantity.unit)
    if unit is not None and unit not in quantity.units:
        raise UnreadableSumError("unknown_unit", f"{quantity.unit[0]} is none of {', '.join(sorted(quantity.units))}")
    return {side: round(amount * (1 if unit is None else quantity.units[unit]))}


def _time(record: Mapping[str, Any], mapping: UsageMapping, target: str) -> datetime | None:
    """Return a time in UTC without zone; days begin at midnight UTC where nothing else is said."""
    text = _text(record, mapping.fields.get(target, ()))
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{9,10}(\.\d+)?", text):
            found = datetime.fromtimestamp(float(text), UTC)
        elif mapping.date_format and not re.match(r"\d{4}-", text):
            found = datetime.strptime(text, mapping.date_format)  # noqa: DTZ007 - bills are in UTC
        else:
            found = datetime.fromisoformat(text.removesuffix(" UTC"))
        if found.tzinfo is not None:
            found = found.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise UnreadableSumError("invalid_timestamp", f"{mapping.fields[target][0]} is no time") from None
    return found
