"""The queries of the tests and of the harmless explanations, written so that each runs as it stands on the tables of the case."""

from __future__ import annotations

import importlib.resources
import json
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.heuristics.loader import catalog_folder
from distilforensics.analysis.heuristics.views import query as group_query
from distilforensics.analysis.heuristics.views import sql_type
from distilforensics.analysis.made import analysis_graph
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.report.ledger import bound, sorted_unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.resources.abc import Traversable

    from distilforensics.report.ledger import Ledger, Row

_GROUP_VIEWS = {
    "group_accounts": ("accounts_of_groups", "select * from accounts_of_groups"),
    "all_group_accounts": ("accounts_of_groups", "select * from accounts_of_groups"),
    "group_exchanges": ("stored_group_exchanges", "select * from stored_group_exchanges"),
}
"""View of groups that tests read: the table of the graph that it shows, with all groups and all accounts, and its query."""

_OF_CAMPAIGNS = {
    "candidate_members": "select campaign_id as candidate_id, account_id from accounts where campaign_id is not null",
    "candidate_templates": "select campaign_id as candidate_id, unnest(templates) as template_id from campaigns",
}
"""The campaigns as the explanations know them."""


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
    """Return the query of a test with its parameters, and with the relations and views that it reads.

    Args:
        ledger: Knows where tables lie.
        file: The test.
        row: Its row of the query `tests`, with the parameters that were used.
    """
    values: dict[str, Any] = json.loads(row["parameters"] or "{}")
    statements = sorted_unique(_test_statements(ledger, file.header.get("reads", ())))
    made = "".join(f"{statement};\n" for _, statement in statements)
    return f"-- {row['title']}\n{made}{bound(file.body, values)};\n"


def _test_statements(ledger: Ledger, reads: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in reads:
        if name in _GROUP_VIEWS:
            source, query = _GROUP_VIEWS[name]
            yield from _test_statements(ledger, (source,))
            yield name, f"create or replace temp view {name} as {query}"
        elif name == "groups":
            yield from _test_statements(ledger, ("group_accounts",))
            yield name, f"create or replace temp table {name} as\n{group_query(name).body}"
        elif name in TABLES:
            yield name, _view_or_empty(ledger, name)
        else:
            (*inner, node) = analysis_graph().upstream((name,), given=TABLES)
            for before in (*inner, node):
                yield from ((table, _view_or_empty(ledger, table)) for table in before.reads if table in TABLES)
                if before.file is not None:
                    form = "view" if before.is_view else "table"
                    body = bound(before.file.body, before.parameters)
                    yield before.name, f"create or replace temp {form} {before.name} as\n{body}"


def explanation_script(ledger: Ledger, file: SqlFile) -> str:
    """Return the query of a harmless explanation as it runs on the campaigns of the case."""
    values = {name: entry["default"] for name, entry in file.header.get("params", {}).items()}
    made = "".join(
        f"{statement};\n" for _, statement in sorted_unique(_explanation_statements(ledger, file.header["reads"]))
    )
    return f"-- {file.header['title']}\n{made}{bound(file.body, values)};\n"


def _explanation_statements(ledger: Ledger, reads: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in reads:
        if name in _OF_CAMPAIGNS:
            yield from _explanation_statements(ledger, ("accounts", "campaigns"))
            yield name, f"create or replace temp view {name} as {_OF_CAMPAIGNS[name]}"
        elif name in TABLES:
            yield name, _view_or_empty(ledger, name)
        else:
            file = read_sql_file(_explanation_library(name))
            yield from _explanation_statements(ledger, file.header["reads"])
            if name == "candidate_exchanges":
                yield from _explanation_statements(ledger, ("candidate_members", "candidate_templates"))
            yield name, f"create or replace temp table {name} as\n{file.body}"


def _explanation_library(name: str) -> Traversable:
    if name == "candidate_exchanges":
        return importlib.resources.files("distilforensics.assessment") / f"{name}.sql"
    return explanation_folder() / "lib" / f"{name}.sql"


def _view_or_empty(ledger: Ledger, table: str) -> str:
    """Return the view of a table, or an empty table with its columns where no stage wrote it."""
    if ledger.case.table_files(table):
        return ledger.view(table)
    columns = ", ".join(f"{column.name} {sql_type(column.type)}" for column in TABLES[table].columns)
    return f"create or replace temp table {table} ({columns})"
