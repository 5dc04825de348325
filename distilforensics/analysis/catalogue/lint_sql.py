"""Rules about queries: what they read and return, and that the same log gives the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.analysis.catalogue.check import Check, Subject
from distilforensics.analysis.catalogue.sqltree import (
    Node,
    arguments,
    base_tables,
    functions,
    order_columns,
    selects_star,
    source_text,
    table_functions,
)
from distilforensics.analysis.heuristics.runner import run_query
from distilforensics.analysis.heuristics.views import GROUP_VIEWS, readable_tables
from distilforensics.core.errors import HeuristicError
from distilforensics.core.finding import EntityType

if TYPE_CHECKING:
    from collections.abc import Iterator

FORBIDDEN_FUNCTIONS = frozenset({
    "now", "current_timestamp", "get_current_timestamp", "current_date", "today", "current_localtimestamp", "transaction_timestamp",
    "random", "setseed", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "hash", "mode", "nextval", "getenv", "current_setting",
    "any_value", "arbitrary", "reservoir_quantile",
})  # fmt: skip
"""Functions whose result depends on the clock, on chance, on the machine or on the order in which threads finish."""

ORDERED_AGGREGATES = frozenset({
    "first", "last", "list", "array_agg", "string_agg", "group_concat", "listagg", "arg_min", "arg_max", "min_by", "max_by", "argmin", "argmax",
    "var_pop", "var_samp", "variance", "stddev", "stddev_pop", "stddev_samp", "corr", "covar_pop", "covar_samp", "skewness", "kurtosis",
    "regr_slope", "regr_intercept", "regr_r2", "entropy", "product", "geomean",
})  # fmt: skip
"""Aggregates whose result depends on the order of rows unless one is given."""

REAL_FUNCTIONS = frozenset({"/", "ln", "log", "log2", "log10", "exp", "sqrt", "pow", "power", "**", "lgamma", "epoch"})
"""Functions that return doubles; a sum over them depends on the order of rows in its last digits."""

INTEGERS = frozenset({"BIGINT", "HUGEINT", "INTEGER"})
LOGARITHMS = frozenset({"ln", "log", "log2", "log10"})
DIVISIONS = frozenset({"/", "//", "%"})
ALLOWED_TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})


class ParametersAreUsed(Check):
    """Header parameters are exactly the named parameters of the query."""

    name = "parameters"
    advice = "declare every $name as params.NAME and remove what the query does not use"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield parameters that stand on one side alone."""
        named = subject.connection.extract_statements(subject.heuristic.body)[0].named_parameters
        declared = {parameter.name for parameter in subject.heuristic.parameters}
        for name in sorted(set(named) - declared):
            yield f"${name} is used and not declared"
        for name in sorted(declared - set(named)):
            yield f"params.{name} is declared and not used"


class ReadsAreStated(Check):
    """`reads` is exactly what the query reads, and nothing outside of the case."""

    name = "reads"
    advice = "list in `reads`, sorted, every table of the query that it does not define itself"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield differences, tables that may not be read, and functions that open files."""
        found, stated = base_tables(subject.tree), subject.heuristic.reads
        if sorted(found) != list(stated):
            yield f"reads is {list(stated)}, the query reads {sorted(found)}"
        for name in sorted(found - readable_tables()):
            yield f"{name} is no table that heuristics may read"
        for name in sorted(table_functions(subject.tree) - ALLOWED_TABLE_FUNCTIONS):
            yield f"table function {name} is not allowed"


class ColumnsAreDeclared(Check):
    """The query returns the standard columns and then the declared ones."""

    name = "columns"
    advice = (
        "return entity_id, is_fired, value, baseline, threshold, n_exchanges, n_accounts in their types, then output.*"
    )

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield the difference seen on empty tables, and a star in the last projection."""
        if selects_star(subject.tree):
            yield "the outermost SELECT uses *"
        try:
            rows = run_query(subject.connection, subject.heuristic, subject.heuristic.defaults())
        except HeuristicError as e:
            yield e.message.splitlines()[0]
        else:
            if rows and subject.heuristic.entity is not EntityType.LOG:
                yield f"returns {len(rows)} rows on empty tables"


class OrderIsTotal(Check):
    """The outermost ORDER BY fixes the order of rows."""

    name = "order"
    advice = "end the query with `order by entity_id`"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield an outermost ORDER BY without the key."""
        if "entity_id" not in order_columns(subject.tree):
            yield "the outermost ORDER BY does not name entity_id"


class SameBytes(Check):
    """Nothing depends on clock, chance, machine or the order in which threads finish."""

    name = "determinism"
    advice = "give the aggregate an order by, or compute from integers; take times from the log"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield calls whose result is not a function of the rows."""
        for call in functions(subject.tree):
            name = str(call["function_name"])
            if name in FORBIDDEN_FUNCTIONS or name.startswith("approx_"):
                yield f"{name}() is not allowed"
            elif _is_ordered(call):
                continue
            elif name in ORDERED_AGGREGATES and not _is_tie_broken(call):
                yield f"needs an order by inside: `{source_text(subject.heuristic.body, call)}`"
            elif name in ("sum", "avg", "mean", "fsum", "favg") and any(map(_is_real, arguments(call))):
                yield f"a sum of real numbers needs an order by inside: `{source_text(subject.heuristic.body, call)}`"


def _is_ordered(call: Node) -> bool:
    inner = (call.get("order_bys") or {}).get("orders") or call.get("arg_orders") or call.get("orders")
    return bool(inner)


def _is_real(argument: object) -> bool:
    """Tell whether an expression gives doubles, as far as its functions show; a cast to an integer ends the matter."""
    if isinstance(argument, list):
        return any(map(_is_real, argument))
    if not isinstance(argument, dict) or (argument.get("class") == "CAST" and _cast_type(argument) in INTEGERS):
        return False
    return argument.get("function_name") in REAL_FUNCTIONS or any(map(_is_real, argument.values()))


class DivisionsAreGuarded(Check):
    """No division by zero and no logarithm of zero: both would stop the scan or give infinity."""

    name = "division"
    advice = "write x / nullif(y, 0), or greatest(y, 1); the same inside ln(), log2(), log10()"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield divisors and logarithms that may be zero."""
        for call in functions(subject.tree):
            name, given = str(call["function_name"]), arguments(call)
            if name in DIVISIONS and len(given) == 2 and not _is_guarded(given[1]):
                yield f"the divisor may be zero in `{source_text(subject.heuristic.body, call)}`"
            if name in LOGARITHMS and given and not _is_guarded(given[-1]):
                yield f"the argument may be zero in `{source_text(subject.heuristic.body, call)}`"


def _cast_type(node: Node) -> str:
    return str((node.get("type_expr") or {}).get("type_name", ""))


def _is_tie_broken(call: Node) -> bool:
    """Tell whether an arg_min or arg_max compares a row of values, `arg_max(x, (y, x))`, instead of one that may be tied."""
    given = arguments(call)
    return len(given) > 1 and given[1].get("function_name") == "row"


_GUARDS = frozenset({"nullif", "greatest"})


def _is_guarded(argument: Node) -> bool:
    if argument.get("class") == "CONSTANT":
        literal = argument.get("literal") or argument.get("value") or {}
        return str(literal.get("text", literal.get("value", "0"))) not in ("0", "0.0")
    if argument.get("class") == "CAST":
        return _is_guarded(argument["child"])
    if argument.get("class") == "FUNCTION" and argument.get("function_name") in ("*", "/"):
        return all(_is_guarded(part) for part in arguments(argument))
    if argument.get("class") == "PARAMETER":
        return True  # a default of zero shows in the header, and the cases run with it
    return argument.get("function_name") in _GUARDS


class GroupsComeFromViews(Check):
    """A heuristic about groups judges the groups that all others judge, so that what fired on one of them can be put together."""

    name = "group_views"
    advice = "read groups, group_accounts or group_exchanges; take reference values from the other tables"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield a group heuristic that bypasses the views."""
        heuristic = subject.heuristic
        if heuristic.entity is EntityType.GROUP and not set(heuristic.reads) & set(GROUP_VIEWS):
            yield "reads none of the group views, so it would judge groups of its own"


SQL_CHECKS: tuple[Check, ...] = (
    ParametersAreUsed(),
    ReadsAreStated(),
    ColumnsAreDeclared(),
    OrderIsTotal(),
    SameBytes(),
    DivisionsAreGuarded(),
    GroupsComeFromViews(),
)
"""All rules about queries."""
