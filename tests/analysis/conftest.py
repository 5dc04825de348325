"""A case that holds given exchanges and has its features built."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.analysis.stage import build_features
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import Case, create_case
from distilforensics.case.tables import write_rows
from distilforensics.core.progress import Silent
from distilforensics.core.schema import EXCHANGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def featured(tmp_path: Path) -> Callable[[list[dict[str, Any]]], Case]:
    """Return a function that makes the case; exchanges without id, account or start get running ones, a minute apart."""

    def make(exchanges: list[dict[str, Any]]) -> Case:
        case = create_case(tmp_path / "case")
        write_rows(case, "duplicates", [])
        write_rows(case, "accounts_directory", [])
        write_rows(case, "account_mailboxes", [])
        write_rows(case, "usage_sums", [])
        write_rows(case, "announced_files", [])
        write_rows(case, "sources", [])
        case.table_path("exchanges").mkdir(parents=True)
        start = datetime(2026, 3, 2, 9)
        rows = [
            {"record_id": f"r{i:05d}", "account_id": "acct_0", "started_at": start + timedelta(minutes=i)} | exchange
            for i, exchange in enumerate(exchanges)
        ]
        table = pa.Table.from_pylist(rows, schema=EXCHANGES.arrow)
        pq.write_table(table, case.table_path("exchanges") / "part.parquet")
        build_features(case, Limits(500_000_000, 1), Silent())
        return case

    return make
