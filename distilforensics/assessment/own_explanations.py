"""Explanations of the user's own: what their files must say, the rules for their queries, and their cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from distilforensics.analysis.catalogue.lint_sql import ALLOWED_TABLE_FUNCTIONS, SameBytes
from distilforensics.analysis.catalogue.sqltree import base_tables, parse, table_functions
from distilforensics.analysis.catalogue.testing import create_tables, scratch_connection
from distilforensics.assessment.confounding import OWN_EXPLANATIONS, check_confounders, load_confounders, tables_read
from distilforensics.core.errors import HeuristicError
from distilforensics.core.schema import TABLES
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

    from distilforensics.core.sqlfile import SqlFile

CANDIDATE = "candidate-1"
"""The one candidate of every case."""

_KEYS = frozenset({"id", "title", "question", "reads", "params", "references", "version"})
_GIVEN = frozenset(
    {"candidate_members", "candidate_templates", "candidate_exchanges", "candidate_features", "candidate_carriers", "candidate_tenancy"}
)  # fmt: skip
_EXCHANGES = """
create temp table candidate_exchanges as
select 'candidate-1' as candidate_id, e.record_id, e.account_id, e.started_at
from exchange_features as e
semi join candidate_members as m on m.account_id = e.account_id
where not exists (from candidate_templates)
    or e.system_template in (select template_id from candidate_templates)
    or e.prefix_template in (select template_id from candidate_templates)
    or e.near_template in (select template_id from candidate_templates)
"""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the rules about queries look at."""

    heuristic: Any
    tree: Any
    connection: duckdb.DuckDBPyConnection


@dataclass(frozen=True, slots=True)
class _Query:
    id: str
    body: str


def issues_of(catalog: Path) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the explanations of a catalogue, as id and message; nothing if it has none.

    An explanation needs `NAME.cases.yaml` with a case in which it stands (`applies` or `partly`) and one in which it is `rebutted`.
    """
    folder = catalog / OWN_EXPLANATIONS
    if not folder.is_dir():
        return
    try:
        files = [file for file in load_confounders(catalog) if (folder / f"{file.name}.sql").is_file()]
    except HeuristicError as e:
        yield e.where or OWN_EXPLANATIONS, e.message
        return
    for file in files:
        name = str(file.header.get("id", file.name))
        try:
            for problem in _problems(file, catalog):
                yield name, problem
        except (HeuristicError, OSError, yaml.YAMLError) as e:
            yield name, (e.message if isinstance(e, HeuristicError) else str(e)).partition("\n")[0]


def _problems(file: SqlFile, catalog: Path) -> Iterator[str]:
    header = file.header
    if unknown := sorted(set(header) - _KEYS):
        yield f"unknown key {shown(unknown[0])}"
    for name, entry in header.get("params", {}).items():
        if not (entry.get("unit") and entry.get("why")):
            yield f"params.{name} lacks unit or why"
    if not str(header.get("question", "")).endswith("?"):
        yield "question is no question"
    with scratch_connection() as connection:
        tree = parse(connection, file.body, header["id"])
        found = base_tables(tree)
        if sorted(found) != sorted(file.reads):
            yield f"reads is {sorted(file.reads)}, the query reads {sorted(found)}"
        for name in sorted(found - _GIVEN - TABLES.keys()):
            yield f"{name} is no table that explanations may read"
        for name in sorted(table_functions(tree) - ALLOWED_TABLE_FUNCTIONS):
            yield f"table function {name} is not allowed"
        subject: Any = _Subject(_Query(header["id"], file.body), tree, connection)
        yield from SameBytes().find(subject)
    yield from _failing(file, catalog)


def _failing(file: SqlFile, catalog: Path) -> Iterator[str]:
    cases = read_cases(catalog / OWN_EXPLANATIONS / f"{file.name}.cases.yaml")
    verdicts = {case["expect"]["verdict"] for case in cases}
    if "rebutted" not in verdicts or not verdicts & {"applies", "partly"}:
        yield "its cases show not both sides: one in which it applies, one in which it is rebutted"
    for case in cases:
        found = answer_of(case, file.header["id"], catalog)
        yield from (
            f"{case['name']}: {key} is {getattr(found, key)!r}, expected {wanted!r}"
            for key, wanted in case["expect"].items()
            if getattr(found, key) != wanted
        )


def read_cases(path: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a path, or a resource of the package
    """Return the cases in a file.

    Raises:
        HeuristicError: it is no list of cases with name, given, members and expect.
    """
    if not path.is_file():
        raise HeuristicError(f"{path.name} is missing")
    cases = yaml.safe_load(path.read_text(encoding="utf-8"))
    needed = {"name", "given", "members", "expect"}
    if not isinstance(cases, list) or not all(isinstance(case, dict) and needed <= case.keys() for case in cases):
        raise HeuristicError(f"{path.name} is no list of cases with {', '.join(sorted(needed))}")
    return cases


def answer_of(case: dict[str, Any], explanation: str, catalog: Path | None = None) -> Any:  # noqa: ANN401 - a Check
    """Return what an explanation says of the accounts of a case."""
    (file,) = [file for file in load_confounders(catalog) if file.header["id"] == explanation]
    with scratch_connection() as connection:
        create_tables(connection, case["given"], {"exchange_features", *tables_read(file)})
        _create_candidate(connection, case)
        (check,) = check_confounders(connection, [CANDIDATE], catalog, explanation)[CANDIDATE]
    return check


def _create_candidate(connection: duckdb.DuckDBPyConnection, case: dict[str, Any]) -> None:
    """Make the accounts numbered `from` to `to` the members of one candidate with the case's templates."""
    members = [f"acct_{number}" for number in range(case["members"]["from"], case["members"]["to"] + 1)]
    for table, column, values in (
        ("candidate_members", "account_id", members),
        ("candidate_templates", "template_id", case.get("templates", [])),
    ):
        connection.execute(
            f"create temp table {table} as select '{CANDIDATE}' as candidate_id, unnest($1::varchar[]) as {column}",
            [values],
        )
    connection.execute(_EXCHANGES)
