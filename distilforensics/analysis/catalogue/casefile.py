"""Reads `.cases.yaml` files: short row templates that unfold into the tables a heuristic is tried on.

A row of `given` is a template. `repeat: N` unfolds it with i = 0 ... N-1; `{...}` in a text holds integer arithmetic on `i`
(`+ - * // %`, parentheses, and `noise(x, n)`, a fixed scatter of x over 0 ... n-1). Shorthands for exchange rows:
`accounts: N` names the account `acct_{i % N}`, and `every: 60s` moves `started_at` on by that much per row.
"""

from __future__ import annotations

import ast
import hashlib
import operator
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import yaml

from distilforensics.core.errors import HeuristicError
from distilforensics.core.schema import TABLES
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distilforensics.analysis.catalogue.loader import Heuristic

KINDS = ("fires", "below", "benign")
"""Every heuristic has a case that fires, one just below a threshold, and one benign look-alike that stays silent."""

CASE_KEYS = frozenset({"name", "kind", "given", "params", "expect", "expect_none_fired", "expect_state"})
START = datetime(2026, 3, 2, 9, 0, 0)  # noqa: DTZ001
"""Start of the first row where a case gives none; a Monday."""

_SHORTHANDS = ("repeat", "accounts", "every")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|d)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}


@dataclass(frozen=True, slots=True)
class TestCase:
    """One case: the tables given, the parameters, and what the heuristic must say about them."""

    __test__ = False
    heuristic_id: str
    name: str
    kind: str
    given: dict[str, list[dict[str, Any]]]
    params: dict[str, Any] = field(default_factory=dict)
    expect: list[dict[str, Any]] | None = None
    expect_none_fired: bool = False
    expect_state: str | None = None


def read_cases(heuristic: Heuristic) -> list[TestCase]:
    """Return the cases of a heuristic in order of the file; empty if there is no file.

    Raises:
        HeuristicError: the file is not a list of cases or a case has unknown or missing keys.
    """
    where = f"{heuristic.id} cases"
    try:
        entries = yaml.safe_load(heuristic.cases_text()) or []
    except yaml.YAMLError as e:
        raise HeuristicError(f"not valid YAML: {e}", where=where) from e
    cases = []
    for entry in entries:
        unknown = sorted(set(entry) - CASE_KEYS)
        if unknown or not {"name", "kind", "given"} <= set(entry):
            raise HeuristicError(f"a case has keys {sorted(entry)}, expected {sorted(CASE_KEYS)}", where=where)
        if entry["kind"] not in KINDS:
            raise HeuristicError(f"kind is {shown(entry['kind'])}, expected one of {', '.join(KINDS)}", where=where)
        if not any(key in entry for key in ("expect", "expect_none_fired", "expect_state")):
            raise HeuristicError(f"case {shown(entry['name'])} expects nothing", where=where)
        cases.append(TestCase(heuristic_id=heuristic.id, **entry))
    return cases


def unfold(table: str, templates: list[dict[str, Any]]) -> pa.Table:
    """Return the rows that the row templates of a table stand for; columns that a template does not state are NULL.

    Exchange rows without a `record_id` get a running one, and without a `started_at` start one second apart.

    Raises:
        HeuristicError: a column is unknown or a value does not fit its type.
    """
    types = {column.name: column.type for column in TABLES[table].columns}
    rows: list[dict[str, Any]] = []
    for template in templates:
        stated = {"account_id"} if "accounts" in template else set()
        stated |= ({"started_at"} if "every" in template else set()) | set(template) - set(_SHORTHANDS)
        if unknown := sorted(stated - set(types)):
            raise HeuristicError(f"unknown column {shown(unknown[0])}", where=f"given {table}")
        for row in _rows_of(template, types):
            rows.append(_with_defaults(row, types, len(rows)))
    return pa.Table.from_pylist(rows, schema=TABLES[table].arrow)


def _rows_of(template: dict[str, Any], types: dict[str, pa.DataType]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a template; what is the same in all of them is read once."""
    plain = {name: value for name, value in template.items() if name not in _SHORTHANDS}
    same: dict[str, Any] = {name: _typed(value, types[name]) for name, value in plain.items() if "{" not in str(value)}
    changing = {name: value for name, value in plain.items() if name not in same}
    n_accounts, every = template.get("accounts"), template.get("every")
    step = None if every is None else _span(str(every))
    for i in range(int(template.get("repeat", 1))):
        row = same | {name: _typed(_filled(value, i), types[name]) for name, value in changing.items()}
        if n_accounts is not None:
            row.setdefault("account_id", f"acct_{i % int(n_accounts):04d}")
        if step is not None:
            row["started_at"] = row.get("started_at", START) + i * step
        yield row


def _with_defaults(row: dict[str, Any], types: dict[str, pa.DataType], position: int) -> dict[str, Any]:
    if "started_at" not in types or "record_id" not in types:
        return row
    return {"record_id": f"r{position:07d}", "started_at": START + timedelta(seconds=position)} | row


def _filled(value: object, i: int) -> object:
    if isinstance(value, list):
        return [_filled(item, i) for item in value]
    if not isinstance(value, str) or "{" not in value:
        return value
    return _PLACEHOLDER.sub(lambda match: str(_evaluate(match[1], i)), value)


def _evaluate(expression: str, i: int) -> int:
    try:
        return _number(_parsed(expression), i)
    except (SyntaxError, ZeroDivisionError) as e:
        raise HeuristicError(f"cannot evaluate {shown(expression)}: {e}") from e


@cache
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression.strip(), mode="eval").body


def _number(node: ast.expr, i: int) -> int:
    match node:
        case ast.Constant(value=int() as value):
            return value
        case ast.Name(id="i"):
            return i
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_number(left, i), _number(right, i))
        case ast.Call(func=ast.Name(id="noise"), args=[x, n], keywords=[]):
            return noise(_number(x, i), _number(n, i))
    raise HeuristicError(f"expected integers, i, + - * // %, noise(x, n), not {shown(ast.unparse(node))}")


def noise(x: int, n: int) -> int:
    """Return a number from 0 to n - 1 that looks random and is always the same for the same x and n."""
    return int(hashlib.md5(f"{x}/{n}".encode(), usedforsecurity=False).hexdigest()[:12], 16) % n


def _span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise HeuristicError(f"time span is {shown(text)}, expected such as 500ms, 60s, 5m, 2h, 1d")
    return timedelta(microseconds=round(float(match[1]) * _SECONDS[match[2]] * 1_000_000))


def _moment(value: object) -> datetime:
    """Return a time; a text may add spans, as in `2026-03-02 09:00:00 + 90s + 5m`."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001
    base, *spans = str(value).split(" + ")
    try:
        moment = datetime.fromisoformat(base.strip())
    except ValueError as e:
        raise HeuristicError(f"time is {shown(value)}, expected such as 2026-03-02 09:00:00 + 90s") from e
    return moment + sum((_span(span) for span in spans), timedelta())


def _typed(value: object, wanted: pa.DataType) -> object:
    if value is None:
        return None
    if pa.types.is_list(wanted) and isinstance(value, list):
        return [_typed(item, wanted.value_type) for item in value]
    if pa.types.is_timestamp(wanted):
        return _moment(value)
    if pa.types.is_date(wanted):
        return _moment(value).date()
    try:
        if pa.types.is_integer(wanted):
            return int(str(value))
        if pa.types.is_floating(wanted):
            return float(str(value))
    except ValueError as e:
        raise HeuristicError(f"value is {shown(value)}, expected a number") from e
    return str(value) if pa.types.is_string(wanted) else value
