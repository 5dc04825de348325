"""Looking things up in a case: prepared queries per kind of thing, and free read-only SQL."""

from __future__ import annotations

import importlib.resources
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import duckdb

from distilforensics.analysis.kinds import text_kinds
from distilforensics.case.engines.duckdb import connect, connect_empty, require_select
from distilforensics.case.notes import latest, note_rows
from distilforensics.core.errors import CaseError, UsageError
from distilforensics.core.text import show, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case

_BATCH_ROWS = 1000
_EVERYTHING = 2**62

SHORT = 10
"""Rows of a long list unless all are asked for."""


class Kind(StrEnum):
    """What can be looked up; each has a folder of queries, one file per section in order of their names."""

    ACCOUNT = "account"
    CAMPAIGN = "campaign"
    HEURISTIC = "heuristic"
    SOURCE = "source"


TOPICS = ("health", "reconcile", "tests")
"""What can be told of the case as a whole."""


@dataclass(frozen=True, slots=True)
class Section:
    """One table about the thing."""

    key: str
    """Name among the others, for programs."""
    title: str
    """What a person reads above it."""
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def look_up(case: Case, kind: Kind, name: str, limits: Limits, *, is_all: bool = False) -> list[Section]:
    """Return what a case holds about one thing, the thing itself first; long lists as far as `SHORT`, or all of them.

    Raises:
        CaseError: a stage that the answer needs has not run.
        UsageError: the case holds nothing of that name; the names nearest to it are in the hint.
    """
    with connect(case, limits=limits) as connection:
        sections: list[Section] = []
        for section in _sections(case, connection, kind, {"id": name, "most": _EVERYTHING if is_all else SHORT}):
            if not sections and not section.rows:
                raise _unknown(case, connection, kind, name)
            sections.append(section)
        return [*sections, *_notes(case, kind, name)]


def overview(case: Case, limits: Limits, about: str = "overview") -> list[Section]:
    """Return what was read and what was found, or another topic of the whole case.

    Raises:
        CaseError: a stage that the answer needs has not run.
    """
    with connect(case, limits=limits) as connection:
        return [*_sections(case, connection, about, {}), *(_review(case) if about == "overview" else [])]


def load(case: Case, campaign: str, limits: Limits) -> list[Section]:
    """Return how many requests of a campaign began in each hour, as section `load`."""
    with connect(case, limits=limits) as connection:
        queries = [query for query in _queries("campaign") if query[0] == "load"]
        return [_section(case, connection, (key, title), query, {"id": campaign}) for key, title, query in queries]


def explain(case: Case, account: str, limits: Limits) -> list[Section]:
    """Return what speaks for and against an account being part of something run by one operator; weights in bits.

    Raises:
        CaseError: a stage that the answer needs has not run.
        UsageError: the case holds no such account.
    """
    with connect(case, limits=limits) as connection:
        _require_account(case, connection, account)
        values = {"id": account, "text_kinds": sorted(text_kinds())}
        return [*_sections(case, connection, "explanation", values), *_notes(case, Kind.ACCOUNT, account)]


def compare(case: Case, first: str, second: str, limits: Limits) -> list[Section]:
    """Return what ties two accounts and what tells them apart; weights in bits.

    Raises:
        CaseError: a stage that the answer needs has not run.
        UsageError: the case holds no such account, or both are the same.
    """
    if first == second:
        raise UsageError("both accounts are the same", where=shown(first), hint="name two accounts")
    with connect(case, limits=limits) as connection:
        for account in (first, second):
            _require_account(case, connection, account)
        return list(_sections(case, connection, "pair", {"a": first, "b": second, "text_kinds": sorted(text_kinds())}))


def _sections(
    case: Case, connection: duckdb.DuckDBPyConnection, folder: str, parameters: Mapping[str, Any]
) -> Iterator[Section]:
    for key, title, query in _queries(folder):
        used = {name: value for name, value in parameters.items() if f"${name}" in query}
        yield _section(case, connection, (key, title), query, used)


def columns_of(folder: str) -> dict[str, list[tuple[str, str]]]:
    """Return name and type of the columns of every section of a folder of queries, by the key of the section."""
    with connect_empty() as connection:
        found = {}
        for key, _, query in _queries(folder):
            values = {name: value for name, value in _ANYTHING.items() if f"${name}" in query}
            result = connection.execute(query, values)
            found[key] = [(column[0], str(column[1])) for column in result.description or ()]
        return found


_ANYTHING: dict[str, Any] = {"id": "", "a": "", "b": "", "most": 1, "text_kinds": [""]}


def _queries(folder: str) -> Iterator[tuple[str, str, str]]:
    """Yield key, title and text of the queries of a folder, in order of their files."""
    files = importlib.resources.files(__package__) / "queries" / folder
    for file in sorted(files.iterdir(), key=lambda entry: entry.name):
        title, query = file.read_text(encoding="utf-8").split("\n", 1)
        yield file.name.partition("_")[2].removesuffix(".sql"), title.removeprefix("-- "), query


def _notes(case: Case, kind: Kind, name: str) -> list[Section]:
    """Return the notes about a thing as a section; none if there are none."""
    columns = ("time", "by", "status", "about", "text")
    rows = [row for row in note_rows(case) if (row["kind"], row["target"]) == (kind.value, name)]
    return (
        [Section("notes", "What was noted about it", columns, tuple(tuple(row[c] for c in columns) for row in rows))]
        if rows
        else []
    )


def _review(case: Case) -> list[Section]:
    """Return how far everything that was noted about is reviewed; none if nothing was."""
    columns = ("kind", "target", "status", "by", "time", "n_notes", "about")
    rows = tuple(tuple(row[c] for c in columns) for row in latest(note_rows(case)))
    return [Section("review", "What was reviewed", columns, rows)] if rows else []


def _require_account(case: Case, connection: duckdb.DuckDBPyConnection, account: str) -> None:
    found = _section(
        case, connection, ("", ""), "SELECT 1 FROM accounts WHERE account_id = $id LIMIT 1", {"id": account}
    )
    if not found.rows:
        raise _unknown(case, connection, Kind.ACCOUNT, account)


def _unknown(case: Case, connection: duckdb.DuckDBPyConnection, kind: Kind, name: str) -> UsageError:
    """Return an error that lists all names if they are few, else those nearest to the one that was given."""
    rows = connection.execute(
        f"SELECT name, jaro_winkler_similarity(lower(name), lower($id)) AS likeness FROM ({_NAMES[kind]}) "
        f"WHERE name IS NOT NULL GROUP BY name ORDER BY likeness DESC, name LIMIT {_MANY + 1}",
        {"id": name},
    ).fetchall()
    query = f"distilforensics sql {_path_of(case)} 'SELECT * FROM {_TABLES[kind]}'"
    if len(rows) > _MANY:
        hint = f"nearest: {', '.join(shown(row[0]) for row in rows[:3])}; all: {query}"
    else:
        hint = (
            f"there are: {', '.join(sorted(shown(row[0]) for row in rows))}" if rows else f"there is none; see {query}"
        )
    return UsageError(f"no {kind} {shown(name)} in this case", where=str(case.root), hint=hint)


def _path_of(case: Case) -> str:
    """Return the folder of a case as the next command names it."""
    return show(str(case.root))


_MANY = 8
"""Names that an error lists at most."""

_NAMES = {
    Kind.ACCOUNT: "SELECT account_id AS name FROM accounts",
    Kind.CAMPAIGN: "SELECT campaign_id AS name FROM campaigns UNION ALL SELECT group_id FROM explained_groups",
    Kind.HEURISTIC: "SELECT heuristic_id AS name FROM heuristic_states UNION ALL SELECT code FROM heuristic_states",
    Kind.SOURCE: "SELECT path AS name FROM sources",
}
_TABLES = {
    Kind.ACCOUNT: "accounts",
    Kind.CAMPAIGN: "campaigns",
    Kind.HEURISTIC: "heuristic_states",
    Kind.SOURCE: "sources",
}


def _section(
    case: Case,
    connection: duckdb.DuckDBPyConnection,
    names: tuple[str, str],
    query: str,
    parameters: Mapping[str, Any],
) -> Section:
    try:
        result = connection.execute(query, dict(parameters))
    except duckdb.CatalogException as e:
        raise CaseError(
            "not every stage has run", where=str(case.root), hint="distilforensics run LOGS... --case DIR"
        ) from e
    columns = tuple(column[0] for column in result.description or ())
    return Section(*names, columns, tuple(result.fetchall()))


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns and rows of a query; rows come as they are read."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def query(case: Case, text: str, limits: Limits) -> Iterator[Answer]:
    """Run one SELECT over the tables of a case.

    Raises:
        UsageError: it is no single SELECT, or the engine refuses it.
    """
    with connect(case, limits=limits) as connection:
        require_select(connection, text)
        try:
            relation = connection.sql(text)
            connection.execute(_with_zones_as_text(text, [str(kind) for kind in relation.types]))
            yield Answer(tuple(relation.columns), _rows(connection))
        except duckdb.InterruptException:
            raise
        except duckdb.Error as e:
            raise UsageError(str(e), where="sql", hint="distilforensics sql CASE lists the tables") from e


def _with_zones_as_text(text: str, types: Sequence[str]) -> str:
    """Return the query with times that carry a zone as text: the engine hands them to Python through a package that is not needed otherwise."""
    if not any("WITH TIME ZONE" in kind for kind in types):
        return text
    names = [f"c{number}" for number in range(len(types))]
    values = [
        f"cast({name} as varchar)" if "WITH TIME ZONE" in kind else name
        for name, kind in zip(names, types, strict=True)
    ]
    body = text.strip().rstrip(";")
    return f"select {', '.join(values)} from (\n{body}\n) as answer({', '.join(names)})"


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while batch := connection.fetchmany(_BATCH_ROWS):
        yield from batch


def tables(case: Case, limits: Limits) -> list[tuple[str, int, str]]:
    """Return name, number of rows and meaning of every table that has been written."""
    from distilforensics.core.schema import TABLES

    with connect(case, limits=limits) as connection:
        found = []
        for name in case.existing_tables():
            row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
            found.append((name, int(row[0]) if row else 0, TABLES[name].grain))
    return found
