"""What the log itself looks like, so that a planted campaign can look like it: rhythm, formats, columns, volumes, customers."""

from __future__ import annotations

import hashlib
import importlib.resources
import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from distilforensics.case.engines.duckdb import connect
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import CaseError
from distilforensics.core.sqlfile import read_sql_file
from distilforensics.pipeline.power.parameters import PLANTING
from distilforensics.simulate.grammar import load_vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import duckdb

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.case.layout import Case

READS = ("exchanges", "duplicates", "exchange_features", "account_profiles", "account_days", "accounts")

_N_PATTERNS = 400
"""Exchanges per format from which volumes are drawn."""
_FRAME_BEGINNING = 48
"""Characters by which a frame is recognised in the log."""


@dataclass(frozen=True, slots=True)
class Customer:
    """An ordinary account of the log."""

    account_id: str
    n_exchanges: int
    source_format: str


@dataclass(frozen=True, slots=True)
class Traffic:
    """The log as far as a planted campaign has to fit in."""

    n_unaccused: int
    n_exchanges: int
    """Exchanges of the unaccused accounts."""
    requests_per_day: int
    """Median of the unaccused accounts' requests per active day."""
    hours: Sequence[tuple[datetime, int]]
    customers: Mapping[str, Sequence[Customer]]
    """Format -> ordinary accounts, by account id."""
    answered: Mapping[str, Sequence[Mapping[str, Any]]]
    """Format -> exchanges whose pattern of columns is taken over."""
    limited: Mapping[str, Sequence[Mapping[str, Any]]]
    """Format -> exchanges that met a limit."""
    limited_share: float
    directory: Sequence[Mapping[str, Any]]
    """Rows of ordinary accounts in the accounts directory."""
    salt: str
    """Hash of the evidence: names made with it cannot occur in the log."""
    frame: str
    """A frame of the harvest vocabulary that does not occur in the log."""

    @property
    def n_days(self) -> int:
        """UTC days with exchanges."""
        return len({hour.date() for hour, _ in self.hours})

    @property
    def n_ordinary_exchanges(self) -> int:
        """Exchanges of ordinary accounts."""
        return sum(customer.n_exchanges for customers in self.customers.values() for customer in customers)


class NothingToPlantError(CaseError):
    """No ordinary account has an answered exchange from which a campaign could be made."""


def sql(name: str) -> str:
    """Return a query of this package."""
    body: str = read_sql_file(importlib.resources.files(__package__) / "queries" / f"{name}.sql").body
    return body


def read_traffic(case: Case, limits: Limits) -> Traffic:
    """Return what the log of a finished case looks like.

    Raises:
        NothingToPlantError: it has no ordinary account, so that nothing can be planted that looks like the log.
    """
    with connect(case, limits=limits, tables=READS) as connection:
        accounts = connection.execute(sql("ordinary")).fetchall()
        if not accounts:
            raise NothingToPlantError(
                "has no account outside of campaigns, so nothing can be planted", where=str(case.root)
            )
        typical = median(row[2] for row in accounts)
        ordinary = [
            Customer(row[0], row[1], row[3]) for row in accounts if row[2] <= PLANTING.ordinary_factor * typical
        ]
        fill(
            connection, "ordinary", ("account_id", "source_format"), [(c.account_id, c.source_format) for c in ordinary]
        )
        answered = _patterns(connection, "ok")
        if not answered:
            raise NothingToPlantError(
                "has no answered exchange of an ordinary account, so nothing can be planted", where=str(case.root)
            )
        return Traffic(
            n_unaccused=len(accounts),
            n_exchanges=sum(row[1] for row in accounts),
            requests_per_day=max(1, math.floor(typical + 0.5)),
            hours=connection.execute(sql("hours")).fetchall(),
            customers={name: [c for c in ordinary if c.source_format == name] for name in sorted(answered)},
            answered=answered,
            limited=_patterns(connection, "limited"),
            limited_share=_limited_share(connection),
            directory=_directory(case, {c.account_id for c in ordinary}),
            salt=_salt(case),
            frame=_unused_frame(connection),
        )


def fill(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Make a temporary table of texts."""
    connection.execute(f"create or replace temp table {name} ({', '.join(f'{column} varchar' for column in columns)})")
    if rows:
        connection.executemany(f"insert into {name} values ({', '.join('?' for _ in columns)})", rows)


def _patterns(connection: duckdb.DuckDBPyConnection, status: str) -> dict[str, list[dict[str, Any]]]:
    cursor = connection.execute(sql("patterns"), {"status": status, "seed": "patterns", "n_rows": _N_PATTERNS})
    names = [column[0] for column in cursor.description or ()]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in cursor.fetchall():
        pattern = dict(zip(names, row, strict=True))
        found.setdefault(pattern["source_format"], []).append(pattern)
    return found


def _limited_share(connection: duckdb.DuckDBPyConnection) -> float:
    query = "select count(*) filter (status = 'limited') as n_limited, count(*) as n from exchange_features semi join ordinary using (account_id)"
    [(n_limited, n)] = connection.execute(query).fetchall()
    return float(n_limited / n) if n else 0.0


def _salt(case: Case) -> str:
    """Return what differs from log to log; members of archives that were refused for their names have no hash."""
    rows = read_rows(case, "sources", ["source_sha256"])
    hashes = sorted(row["source_sha256"] for row in rows if row["source_sha256"] is not None)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _directory(case: Case, ordinary: set[str]) -> list[dict[str, Any]]:
    if not case.table_files("accounts_directory"):
        return []
    rows = read_rows(case, "accounts_directory")
    private = [row for row in rows if row["account_id"] in ordinary and row["organization"] is None]
    return private or [row for row in rows if row["account_id"] in ordinary]


def _unused_frame(connection: duckdb.DuckDBPyConnection) -> str:
    frames = [revisions[0] for _, revisions in sorted(load_vocabulary("harvest")["frames"].items())]
    query = "select count(*) from exchanges where starts_with(prompt_text, $beginning)"
    counts = [connection.execute(query, {"beginning": frame[:_FRAME_BEGINNING]}).fetchall()[0][0] for frame in frames]
    return str(frames[counts.index(min(counts))])
