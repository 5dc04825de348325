"""Runs the feature queries in order of dependency and writes their tables."""

from __future__ import annotations

import importlib.resources
import tomllib
from typing import TYPE_CHECKING, Any

from distilforensics.case.engines.duckdb import Limits, connect, create_view
from distilforensics.case.stages import StageOutcome, run_stage
from distilforensics.case.tables import write_query
from distilforensics.core.sqlfile import SqlFile, read_sql_file
from distilforensics.features import shared_content

if TYPE_CHECKING:
    import duckdb

    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress

READS = ("exchanges", "duplicates", "accounts_directory")

ORDER = (
    "account_traits",
    "reasoning_uses",
    "reasoning_places",
    "fingerprints",
    "exchange_features",
    "templates",
    "template_exchanges",
    "account_profiles",
    "account_days",
    "account_attributes",
    "populations",
)
"""Tables in order of dependency; each is written by the query of the same name."""


def build_features(case: Case, limits: Limits, progress: Progress) -> StageOutcome:
    """Write all feature tables of the case and return what was done.

    Raises:
        CaseError: the case has no exchanges yet.
    """
    queries = [query(name) for name in ORDER]
    return run_stage(
        case,
        stage="features",
        reads=READS,
        writes=ORDER,
        parameters={file.name: parameters(file) for file in queries} | shared_content.parameters(),
        work=lambda: _write_all(case, limits, progress, queries),
    )


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the text normalisation that all fingerprints share known to the engine."""
    connection.execute((importlib.resources.files(__package__) / "macros.sql").read_text(encoding="utf-8"))


def query(table: str) -> SqlFile:
    """Return the query file that writes a feature table."""
    return read_sql_file(importlib.resources.files(__package__) / f"{table}.sql")


def parameters(file: SqlFile) -> dict[str, Any]:
    """Return the named parameters of a query: those of its header, and the lexicon's alternations where it uses them."""
    values = {name: entry["value"] for name, entry in file.header["params"].items()}
    return values | {mark: pattern for mark, pattern in lexicon().items() if f"${mark}" in file.body}


def lexicon() -> dict[str, str]:
    """Return mark -> one RE2 alternation over all patterns of the harvest lexicon."""
    text = (importlib.resources.files(__package__) / "lexicon.toml").read_text(encoding="utf-8")
    return {
        mark: "|".join(f"(?:{entry['pattern']})" for entry in entries) for mark, entries in tomllib.loads(text).items()
    }


def _write_all(case: Case, limits: Limits, progress: Progress, queries: list[SqlFile]) -> dict[str, int]:
    n_rows: dict[str, int] = {}
    progress.begin("features", "Computing fingerprints and baselines", total_steps=len(queries))
    with connect(case, limits=limits, tables=READS) as connection:
        create_macros(connection)
        shared_content.offer_fingerprints(connection)
        for file in queries:
            n_rows[file.name] = write_query(case, connection, file.name, file.body, parameters(file))
            create_view(connection, case, file.name)
            if file.name == "fingerprints":
                shared_content.create_shared_content(connection)
            progress.advance(steps=1, item=file.name)
    progress.end(f"{n_rows['templates']} templates, {n_rows['account_profiles']} accounts")
    return n_rows
