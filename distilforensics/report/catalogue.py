"""The queries of the tests and of the harmless explanations, written so that each runs as it stands on the tables of the case."""

from __future__ import annotations

import importlib.resources
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.catalogue.loader import catalog_folder
from distilforensics.analysis.heuristics.views import GROUP_VIEWS
from distilforensics.analysis.heuristics.views import query as group_query
from distilforensics.analysis.nodes import analysis_graph
from distilforensics.core.errors import HeuristicError
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.report.ledger import bound, is_relation, query_file, sorted_unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from importlib.resources.abc import Traversable

    from distilforensics.report.ledger import Ledger, Row

_GROUP_VIEWS = {
    "group_accounts": ("accounts_of_groups", "select * from accounts_of_groups"),
    "all_group_accounts": ("accounts_of_groups", "select * from accounts_of_groups"),
    "group_exchanges": ("stored_group_exchanges", "select * from stored_group_exchanges"),
}
"""View of groups that tests read: the table of the graph that it shows, with all groups and all accounts, and its query."""

_OF_CANDIDATES = {
    "candidate_members": (
        "select coalesce(campaign_id, split_part(reason_not_in_campaign, ':', 1)) as candidate_id, account_id\n"
        "from accounts\n"
        "where campaign_id is not null or split_part(reason_not_in_campaign, ':', 1) in (select group_id from explained_groups)"
    ),
    "candidate_templates": (
        "select campaign_id as candidate_id, unnest(templates) as template_id from campaigns\n"
        "union all select group_id, unnest(templates) from explained_groups"
    ),
}
"""Campaigns and groups that were examined, as the explanations know them."""

_OUTCOMES = {"rebutted": "excluded", "partly": "in part", "applies": "fits", "not_checkable": "cannot tell"}
"""Verdict of a query of an explanation to the outcome that the case states."""


def catalogue_folder() -> Traversable:
    """Return the folder of the tests that are installed with the program."""
    return catalog_folder()


def explanation_folder() -> Traversable:
    """Return the folder of the harmless explanations that are installed with the program."""
    return importlib.resources.files("distilforensics.assessment") / "confounders"


def read_files(folder: Traversable) -> dict[str, SqlFile]:
    """Return id -> file for all queries below a folder, `lib` left out."""
    found = [read_sql_file(path) for path in _sql_files(folder)]
    return {file.header["id"]: file for file in found if not file.header["id"].startswith("lib.")}


def _sql_files(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            yield from _sql_files(entry)
        elif entry.name.endswith(".sql") and entry.read_text(encoding="utf-8").lstrip().startswith("/*---\nid"):
            yield entry


def test_script(ledger: Ledger, file: SqlFile, row: Row) -> str:
    """Return the query of a test with its parameters, and with the relations, views and macros that it reads."""
    values: dict[str, Any] = json.loads(row["parameters"] or "{}")
    return _script(ledger, row["title"], file, values)


def explanation_script(ledger: Ledger, file: SqlFile) -> str:
    """Return the query of a harmless explanation as it runs on the campaigns of the case."""
    return _script(ledger, file.header["title"], file, file.defaults)


def explanation_checks(ledger: Ledger, files: Mapping[str, SqlFile]) -> str:
    """Return the script that asks every explanation about every reported group again, and compares outcome and sentence."""
    operators = query_file("operators")
    reads = [*(name for file in files.values() for name in file.reads), *operators.reads, "campaign_explanations"]
    asked = "".join(
        _compared(
            f"select candidate_id as campaign_id, '{name}' as name, {_outcome()} as outcome, statement from (\n{bound(file.body, file.defaults)}\n)"
        )
        for name, file in sorted(files.items())
    ) + _compared(bound(operators.body, ledger.rules))
    made = _made(ledger, reads)
    return f"{_macros_in(made + asked)}{made}{asked}"


def _compared(answers: str) -> str:
    """Return the statement that adds to `checks` whether some answers are those of the case."""
    return (
        "insert into checks\n"
        "select a.campaign_id || ': ' || a.name, x.outcome || ': ' || x.statement, a.outcome || ': ' || a.statement,\n"
        "    x.outcome = a.outcome and x.statement = a.statement\n"
        f"from (\n{answers}\n) as a\n"
        "join reported_candidates as r on r.campaign_id = a.campaign_id\n"
        "left join campaign_explanations as x on x.campaign_id = a.campaign_id and x.explanation_id = a.name;\n"
    )


def operator_script(ledger: Ledger) -> str:
    """Return the query that asks again whether a group may be one operator's own."""
    file = query_file("operators")
    return _script(ledger, file.header["title"], file, ledger.rules)


def _outcome() -> str:
    words = " ".join(f"when '{verdict}' then '{outcome}'" for verdict, outcome in _OUTCOMES.items())
    return f"case verdict {words} end"


def _script(ledger: Ledger, title: str, file: SqlFile, values: Mapping[str, Any]) -> str:
    made = _made(ledger, file.reads)
    text = f"{made}{bound(file.body, values)};\n"
    return f"-- {title}\n{_macros_in(text)}{text}"


def _made(ledger: Ledger, reads: Iterable[str]) -> str:
    return "".join(f"{statement};\n" for _, statement in sorted_unique(_statements(ledger, reads)))


def _statements(ledger: Ledger, reads: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield name and statement of everything that has to be there before a query with these reads, in order."""
    for name in reads:
        if name in _GROUP_VIEWS:
            source, query = _GROUP_VIEWS[name]
            yield from _statements(ledger, (source,))
            yield name, f"create or replace temp view {name} as {query}"
        elif name in _OF_CANDIDATES:
            yield from _statements(ledger, ("accounts", "campaigns", "explained_groups"))
            yield name, f"create or replace temp view {name} as\n{_OF_CANDIDATES[name]}"
        elif name in TABLES:
            yield name, ledger.view(name)
        elif is_relation(name):
            yield from ledger.statements((name,))
        else:
            file, values, form = _relation(name)
            yield from _statements(ledger, file.reads)
            yield name, f"create or replace temp {form} {name} as\n{bound(file.body, values)}"


@cache
def _relation(name: str) -> tuple[SqlFile, Mapping[str, Any], str]:
    """Return the query of a relation that the program itself makes, its parameters, and whether it is a table or a view."""
    for path in (
        explanation_folder() / "lib" / f"{name}.sql",
        importlib.resources.files("distilforensics.assessment") / "queries" / f"{name}.sql",
    ):
        if path.is_file():
            file = read_sql_file(path)
            return file, file.defaults, "table"
    if name in GROUP_VIEWS:
        return group_query(name), {}, "table"
    node = analysis_graph().maker[name]
    if node.file is None:
        raise HeuristicError(f"reads {name}, which no query makes", where="report")
    return node.file, node.parameters, "view" if node.is_view else "table"


def _macros_in(text: str) -> str:
    """Return the definitions of the macros that a text uses, and those that these use, in the order of their file."""
    source = (importlib.resources.files("distilforensics.analysis") / "macros.sql").read_text(encoding="utf-8")
    found = re.findall(r"(?ms)^create macro (\w+)(\(.*?;)$", source)
    used = ""
    for name, rest in reversed(found):
        if re.search(rf"\b{name}\(", text + used):
            used = f"create or replace temp macro {name}{rest}\n{used}"
    return used
