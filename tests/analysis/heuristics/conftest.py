"""A heuristic made on the spot, a connection with unfolded tables, and a small case with features."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from distilforensics.analysis.catalogue.casefile import unfold
from distilforensics.analysis.catalogue.loader import Heuristic, read_heuristic
from distilforensics.analysis.catalogue.testing import create_tables, scratch_connection
from distilforensics.case.layout import Case, create_case
from distilforensics.case.tables import write_batches, write_rows
from distilforensics.core.schema import EXCHANGES, TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import duckdb
    import pyarrow as pa

BODY = """\
select
    group_id as entity_id,
    n_exchanges >= $min_exchanges as is_fired,
    n_exchanges::double as value,
    null::double as baseline,
    $min_exchanges::double as threshold,
    n_exchanges,
    n_accounts
from groups
where n_accounts >= $min_accounts
order by entity_id"""

HEADER: dict[str, Any] = {
    "id": "structure.example",
    "code": "X1",
    "title": "An example",
    "status": "experimental",
    "level": "low",
    "description": "Counts the exchanges of a group.",
    "entity": "group",
    "sees": "a group of $min_exchanges exchanges",
    "volume": "a group of $min_accounts accounts",
    "reads": ["groups"],
    "needs": ["account_id"],
    "params": {
        "min_accounts": {"default": 10, "unit": "accounts", "why": "an example"},
        "min_exchanges": {"default": 50, "unit": "exchanges", "why": "an example"},
    },
    "value": {"unit": "exchanges", "meaning": "exchanges of the group"},
    "falsepositives": ["anything"],
    "limitations": ["everything"],
    "references": ["none"],
    "tags": ["owasp.LLM10"],
    "author": "distilforensics",
    "date": "2026-11-23",
    "modified": "2026-11-23",
    "version": 1,
}


def toml(header: dict[str, Any]) -> str:
    """Return a header as TOML lines; JSON literals are TOML literals for texts, numbers, flags and lists."""
    lines = []
    for key, value in header.items():
        if key in ("params", "output"):
            lines += [f"{key}.{name} = {_table(entry)}" for name, entry in value.items()]
        else:
            lines.append(f"{key} = {_table(value) if isinstance(value, dict) else json.dumps(value)}")
    return "\n".join(lines)


def _table(entry: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{name} = {json.dumps(value)}" for name, value in entry.items()) + " }"


@pytest.fixture
def make_heuristic(tmp_path: Path) -> Callable[..., Heuristic]:
    """Return a function that writes a heuristic file and loads it; header keys given as None are left out."""

    def make(
        body: str = BODY, *, cases: str = "", document: str = "", folder_name: str = "", **changes: Any
    ) -> Heuristic:
        header = {key: value for key, value in (HEADER | changes).items() if value is not None}
        family = str(header.get("id", "structure.example")).split(".", maxsplit=1)[0]
        folder = tmp_path / "catalog" / (folder_name or family)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "example.sql").write_text(f"/*---\n{toml(header)}\n---*/\n{body}\n", encoding="utf-8")
        for ending, text in ((".cases.yaml", cases), (".md", document)):
            if text:
                (folder / f"example{ending}").write_text(text, encoding="utf-8")
        return read_heuristic(folder, "example.sql")

    return make


@pytest.fixture
def tables() -> Iterator[Callable[[dict[str, list[dict[str, Any]]]], duckdb.DuckDBPyConnection]]:
    """Return a function that opens a fresh connection with unfolded tables."""
    with ExitStack() as stack:

        def fill(given: dict[str, list[dict[str, Any]]]) -> duckdb.DuckDBPyConnection:
            connection = stack.enter_context(scratch_connection())
            create_tables(connection, given)
            return connection

        yield fill


@pytest.fixture
def make_case(tmp_path: Path) -> Callable[..., Case]:
    """Return a function that makes a case whose feature tables follow from given exchange features."""

    def make(name: str, given: dict[str, list[dict[str, Any]]]) -> Case:
        case = create_case(tmp_path / name)
        with scratch_connection() as connection:
            create_tables(connection, given)
            for table in (
                "exchange_features",
                "templates",
                "account_profiles",
                "account_attributes",
                "cluster_members",
            ):
                columns = ", ".join(column.name for column in TABLES[table].columns)
                rows = connection.sql(f"select {columns} from {table}").to_arrow_table()
                write_batches(case, table, rows.to_batches())
        exchanges = unfold("exchanges", given["exchanges"]) if "exchanges" in given else EXCHANGES.arrow.empty_table()
        write_rows(case, "duplicates", [])
        write_batches(case, "exchanges", _batches(exchanges), path=case.table_path("exchanges") / "part-0.parquet")
        return case

    return make


def _batches(table: pa.Table) -> list[pa.RecordBatch]:
    batches: list[pa.RecordBatch] = table.to_batches()
    return batches
