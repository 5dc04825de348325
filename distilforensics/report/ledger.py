"""Runs the queries of the report and remembers them, so that every number that it prints can be computed again from the tables alone.

A query is a file in `queries/`. What it needs (views of the tables, relations that other queries define, its parameters) is written
into the text that is kept, so that the text runs as it stands in DuckDB, started in the case folder.
"""

from __future__ import annotations

import importlib.resources
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.heuristics.views import sql_type
from distilforensics.core.schema import TABLES
from distilforensics.core.sqlfile import SqlFile, read_sql_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb

    from distilforensics.case.layout import Case

REPORT_FILE = "report/report.html"
NUMBER = r'<data class="n" data-name="([^"]+)" value="([^"]*)">([^<]*)</data>'
"""How a number stands in a page: name, value as the query returned it, and what the reader sees."""


class Row(dict[str, Any]):
    """A row of a query that knows its name, such as `answer.C-01.1`."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One query that was run, with its parameters written into it."""

    name: str
    title: str
    needs: Sequence[str]
    sql: str
    is_drawn: bool
    is_run: bool = True
    """False for what only those who check the report compute."""


@cache
def query_file(name: str) -> SqlFile:
    """Return a query of the report by its name."""
    return read_sql_file(importlib.resources.files(__package__) / "queries" / f"{name}.sql")


@cache
def is_relation(name: str) -> bool:
    """Tell whether a name that a query reads is a relation of the report and no table of the case."""
    return (importlib.resources.files(__package__) / "queries" / f"{name}.sql").is_file() and bool(
        query_file(name).header.get("is_relation")
    )


@dataclass(slots=True)
class Ledger:
    """The queries that were run on a case."""

    case: Case
    connection: duckdb.DuckDBPyConnection
    rules: Mapping[str, Any] = field(default_factory=dict)
    """Numbers of the assessment that relations of the report may name as parameters."""
    blocks: dict[str, Block] = field(default_factory=dict)
    digested: dict[str, Row] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _rows: dict[str, list[Row]] = field(default_factory=dict)
    _kept: dict[str, str] = field(default_factory=dict)
    _paths: dict[str, list[str]] = field(default_factory=dict)

    def rows(self, query: str, *, is_drawn: bool = False, is_kept: bool = False, **values: object) -> list[Row]:
        """Return the rows of a query.

        Args:
            query: Name of the query.
            is_drawn: The rows are drawn or listed, not printed one by one; what is drawn is checked by its digest.
            is_kept: Keep the rows in the engine too, for a digest that will be asked for.
            values: Values of the parameters.
        """
        label = ".".join([query, *(str(value) for value in values.values() if not isinstance(value, list))])
        if label in self._rows:
            return self._rows[label]
        file = query_file(query)
        self.make(file.header["reads"])
        sql = bound(file.body, {**self.rules, **values})
        self.blocks[label] = Block(label, file.header["title"], tuple(file.header["reads"]), sql, is_drawn)
        if is_kept:
            self._kept[label] = source = f"kept_{len(self._kept)}"
            self.connection.execute(f"create temp table {source} as {sql}")
            sql = f"from {source}"
        cursor = self.connection.execute(sql)
        names = [column[0] for column in cursor.description or []]
        rows = []
        for place, values_of_row in enumerate(cursor.fetchall(), start=1):
            row = Row(zip(names, values_of_row, strict=True))
            row.name = f"{label}.{place}"
            rows.append(row)
        self._rows[label] = rows
        return rows

    def note(self, query: str, **values: object) -> None:
        """Remember a query that is printed and not run: it computes again what a stage before the report has computed."""
        file = query_file(query)
        label = ".".join([query, *map(str, values.values())])
        sql = bound(file.body, {**self.rules, **values})
        self.blocks[label] = Block(
            label, file.header["title"], tuple(file.header["reads"]), sql, is_drawn=True, is_run=False
        )

    def one(self, query: str, **values: object) -> Row:
        """Return the only row of a query."""
        (row,) = self.rows(query, is_drawn=False, is_kept=False, **values)
        return row

    def digest(self, query: str, **values: object) -> Row:
        """Return number and digest of the rows of a query that was run to be drawn."""
        label = ".".join([query, *(str(value) for value in values.values())])
        if label not in self.digested:
            source = self._kept.get(label) or f"({self.blocks[label].sql})"
            count, digest = self.connection.execute(_digest_of(source)).fetchall()[0]
            self.digested[label] = Row(n_rows=count, digest=digest)
            self.digested[label].name = f"{label}.all"
        return self.digested[label]

    def script(self, label: str) -> str:
        """Return a query with everything that it needs, as it runs in DuckDB started in the case folder."""
        block = self.blocks[label]
        return f"-- {block.title}\n{self.preamble(block.needs)}{block.sql};\n"

    def preamble(self, needs: Iterable[str]) -> str:
        """Return the statements that make views of tables, and relations, in the order in which they build on each other."""
        return "".join(f"{statement};\n" for _, statement in sorted_unique(self.statements(needs)))

    def recompute(self, checks: Iterable[str] = ()) -> str:
        """Return the script that computes every number again and compares it with what the pages say.

        Args:
            checks: Scripts that add to the table `checks` whether what the program chose is what its rules demand.
        """
        blocks = [block for block in self.blocks.values() if block.is_run]
        needs = sorted({needed for block in blocks for needed in block.needs})
        parts = [_HEAD, self.preamble(needs), _RECOMPUTED]
        for block in blocks:
            title = block.title.replace("\n", " ")
            parts.append(f"\n-- {block.name}: {title}\n")
            if block.name in self.digested:
                parts.append(
                    f"insert into recomputed\nselect '{block.name}.all.' || name, value\n"
                    f"from (unpivot (select n_rows::varchar as n_rows, digest from ({_digest_of(f'({block.sql})')}))"
                    " on n_rows, digest into name name value value);\n"
                )
            if not block.is_drawn:
                parts.append(
                    f"create or replace temp table block as select row_number() over () as row_place, * from (\n{block.sql}\n);\n"
                    f"insert into recomputed\nselect '{block.name}.' || row_place || '.' || name, value\n"
                    "from (unpivot (select row_place, columns(* exclude (row_place))::varchar from block)"
                    " on columns(* exclude (row_place)) into name name value value);\n"
                )
        return "".join([*parts, *checks, _COMPARE])

    def checks(self) -> str:
        """Return the script that checks what the program chose by the rules that it states."""
        file = query_file("checks")
        return f"\n-- {file.header['title']}\n{self.preamble(file.header['reads'])}insert into checks\n{bound(file.body, self.rules)};\n"

    def make(self, names: Iterable[str]) -> None:
        """Make the relations of the report among these names, and what they read in turn."""
        for needed in names:
            if needed in self._made:
                continue
            if not is_relation(needed):
                if needed in TABLES and not self.paths(needed):
                    self.connection.execute(self.view(needed))
                    self._made.add(needed)
                continue
            self.make(query_file(needed).header["reads"])
            self.connection.execute(f"create temp table {needed} as {bound(query_file(needed).body, self.rules)}")
            self._made.add(needed)

    def statements(self, needs: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield name and statement of every view and relation that has to be there before a query with these reads, in order."""
        for needed in needs:
            if is_relation(needed):
                file = query_file(needed)
                yield from self.statements(file.header["reads"])
                yield needed, f"create or replace temp table {needed} as\n{bound(file.body, self.rules)}"
            else:
                yield needed, self.view(needed)

    def view(self, table: str) -> str:
        """Return the statement that makes a view of a table of the case, with paths relative to the case folder; an empty one if no stage wrote it."""
        if paths := self.paths(table):
            return f"create or replace temp view {table} as from read_parquet([{', '.join(map(literal, paths))}])"
        columns = ", ".join(f"{column.name} {sql_type(column.type)}" for column in TABLES[table].columns)
        return f"create or replace temp table {table} ({columns})"

    def paths(self, table: str) -> list[str]:
        """Return where the files of a table of the case lie, relative to the case folder; none if no stage wrote it."""
        if table not in self._paths:
            self._paths[table] = sorted(map(self.case.name_of, self.case.table_files(table)))
        return self._paths[table]


def sorted_unique(statements: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return statements by name, each once, in the order in which they first came."""
    return list(dict(statements).items())


def bound(sql: str, values: Mapping[str, object]) -> str:
    """Return a query with its parameters written into it as literals."""
    return re.sub(r"\$(\w+)", lambda match: literal(values[match[1]]) if match[1] in values else match[0], sql)


def literal(value: object) -> str:
    """Return a value as an SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    return "'" + str(value).replace("'", "''") + "'"


def _digest_of(source: str) -> str:
    return (
        "select count(*) as n_rows, left(md5(coalesce(string_agg(line, chr(10) order by line), '')), 12) as digest"
        f" from (select d::varchar as line from {source} as d)"
    )


_HEAD = """\
-- Computes every number of the report again from the tables of the case and compares it with the pages.
-- In the case folder, with the DuckDB shell: duckdb < report/recompute.sql
-- The numbers as printed are read from the pages themselves; an edited page is therefore told like an edited table.
set TimeZone = 'UTC';
set default_null_order = 'nulls_last';
"""

_RECOMPUTED = """\
create or replace temp table recomputed (name varchar, value varchar);
create or replace temp table checks (name varchar, stated varchar, recomputed varchar, holds boolean);
"""

_COMPARE = f"""
create or replace temp table compared as
with pages as (
    select content from read_text(['{REPORT_FILE}'])
),
printed as (
    select distinct
        unnest(regexp_extract_all(content, '{NUMBER}', 1)) as name,
        unnest(regexp_extract_all(content, '{NUMBER}', 2)) as stated,
        unnest(regexp_extract_all(content, '{NUMBER}', 3)) as shown
    from pages
)
select
    p.name, p.stated, p.shown, r.value as recomputed,
    coalesce(p.stated = r.value and (
        try_cast(replace(replace(p.shown, ',', ''), chr(8239), '') as double) = try_cast(p.stated as double)
        or p.shown = p.stated
        or p.shown in (
            strftime(try_cast(p.stated as timestamp), '%-d %B %Y'), strftime(try_cast(p.stated as timestamp), '%-d %B'),
            strftime(try_cast(p.stated as timestamp), '%-d'), strftime(try_cast(p.stated as timestamp), '%H:%M:%S'),
            strftime(try_cast(p.stated as timestamp), '%-d %b %H:%M:%S'), strftime(try_cast(p.stated as timestamp), '%-d %b'),
            strftime(try_cast(p.stated as timestamp), '%d.%m.%Y'), strftime(try_cast(p.stated as timestamp), '%d.%m.'),
            strftime(try_cast(p.stated as timestamp), '%d.%m. %H:%M:%S'),
            strftime(try_cast(p.stated as timestamp), '%Y-%m-%d'), strftime(try_cast(p.stated as timestamp), '%Y-%m-%d %H:%M:%S'))
        ), false) as agrees
from printed as p
left join recomputed as r on r.name = p.name;

select name, shown, stated, recomputed, case when agrees then 'equal' else 'DIFFERS' end as result from compared
union all
select name, null, stated, recomputed, case when holds then 'holds' else 'DOES NOT HOLD' end from checks
order by result, name;

select case
    when count(*) filter (not agrees) > 0 then error(count(*) filter (not agrees) || ' of ' || count(*) || ' numbers differ')
    when count(*) = 0 then error('the report holds no number')
    else 'all ' || count(*) || ' numbers are equal' end as result
from compared;

select case
    when bool_and(coalesce(holds, false)) is false
        then error(count(*) filter (not coalesce(holds, false)) || ' of ' || count(*) || ' checks of what the program chose do not hold')
    when count(*) = 0 then 'no group was reported, so that nothing was chosen'
    else 'all ' || count(*) || ' checks of what the program chose hold' end as result
from checks;
"""
