"""The plan of a run: exchanges from the beginning of files, the rest from measured runs."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.ingest.options import IngestOptions
from distilforensics.pipeline.plan import plan

if TYPE_CHECKING:
    from pathlib import Path

N_ROWS = 4_000
LIMITS = Limits(4_000_000_000, 2)


def log(n_rows: int, prompt: str | None = "tell me about number {}") -> bytes:
    """Return JSON lines."""
    rows = (
        {
            "timestamp": f"2026-03-0{1 + i % 9}T10:{i % 60:02}:00Z",
            "account_id": f"acct_{i % 50}",
            "model": "atlas",
            "input_tokens": i,
        }
        | ({"prompt": prompt.format(i)} if prompt else {})
        for i in range(n_rows)
    )
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize("is_compressed", [False, True])
def test_the_plan_counts_exchanges_from_the_beginning(tmp_path: Path, *, is_compressed: bool) -> None:
    """Compressed or not, and whether there are texts."""
    content = log(N_ROWS)
    path = tmp_path / ("log.jsonl.gz" if is_compressed else "log.jsonl")
    path.write_bytes(gzip.compress(content) if is_compressed else content)
    found = plan([str(tmp_path)], IngestOptions(), LIMITS)

    assert found.has_text
    assert found.n_exchanges == pytest.approx(N_ROWS, rel=0.1)
    assert found.n_bytes_decoded == pytest.approx(len(content), rel=0.1)


def test_more_takes_more_and_little_memory_is_said(tmp_path: Path) -> None:
    """Time and disk grow with the log; a limit below what such a log needed is warned of."""
    content = log(1_500, prompt=None)
    plans = []
    for n in (1, 12):
        folder = tmp_path / str(n)
        folder.mkdir()
        for k in range(n):
            (folder / f"{k}.jsonl").write_bytes(content)
        plans.append(plan([str(folder)], IngestOptions(), Limits(2_000_000, 2)))
    small, large = plans

    assert not small.has_text
    assert large.n_exchanges == pytest.approx(12 * small.n_exchanges, rel=0.01)
    assert large.cpu_s > small.cpu_s
    assert large.case_bytes > small.case_bytes
    assert any("more memory" in warning for warning in large.warnings)
