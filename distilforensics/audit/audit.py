"""A scheduled examination: take new logs into the case, keep a dated report, tell what has changed.

Killed at any moment, the next run completes: the case resumes, and what was told is remembered last, so a change is told
again rather than lost.
"""

from __future__ import annotations

import glob
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from distilforensics.audit.delta import Change, Difference, campaigns_of, compare
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case, write_file, write_json
from distilforensics.case.locking import locked
from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.pipeline.run import RunResult, run_locked
from distilforensics.pipeline.steps import STEPS, Step, ingest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from distilforensics.audit.config import AuditConfig
    from distilforensics.audit.delta import Campaign
    from distilforensics.core.progress import Progress
    from distilforensics.pipeline.steps import IngestFunction

SNAPSHOT = "last-accounts.parquet"
"""The accounts as they were when changes were last told; lies in the folder of reports."""


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What one scheduled examination did."""

    run: RunResult
    differences: tuple[Difference, ...]
    report: Path
    """The dated copy of the report."""
    day: str
    n_files: int
    n_too_young: int
    """Files left for the next time."""

    def has_news_at(self, rank: int) -> bool:
        """Tell whether a campaign of at least a grade's rank is new, has grown or has risen."""
        return any(d.after is not None and d.after.grade.rank >= rank and d.demands_attention for d in self.differences)


def audit(
    config: AuditConfig,
    progress: Progress,
    *,
    day: date | None = None,
    steps: Sequence[Step] = STEPS,
    read: IngestFunction = ingest,
) -> AuditResult:
    """Examine what is new and return what has changed since changes were last told.

    Args:
        config: The configuration.
        progress: Who is told.
        day: Date in the names of report and changes; that of the newest exchange if omitted.
        steps: Stages after ingest.
        read: The ingest.

    Raises:
        UsageError: no file is there to be read.
        CaseError: another command holds the case.
    """
    case = create_case(config.case)
    with locked(case, "audit"):
        files, n_too_young = find_files(config)
        run = run_locked(
            case, files, config.options, make_limits(config), progress, command="audit", steps=steps, read=read
        )
        differences = compare(_snapshot(config), campaigns_of(_accounts(case.table_path("accounts"))))
        newest = day or run.summary.last_started_at
        name = f"{newest:%Y-%m-%d}" if newest else "undated"
        report = _keep(config.reports, name, ".html", run.report.read_bytes())
        result = AuditResult(run, tuple(differences), report, name, len(files), n_too_young)
        write_json(report.with_suffix(".changes.json"), as_dict(result))
        write_file(config.reports / SNAPSHOT, case.table_path("accounts").read_bytes())
    return result


def find_files(config: AuditConfig) -> tuple[list[str], int]:
    """Return the files that match, sorted, and how many others are too young.

    Raises:
        UsageError: no file matches, or all are too young.
    """
    found = sorted(
        {path for pattern in config.inputs for path in glob.glob(pattern, recursive=True) if Path(path).is_file()}  # noqa: PTH207
    )
    newest = time.time() - 60 * config.min_age_minutes
    files = [path for path in found if not config.min_age_minutes or Path(path).stat().st_mtime <= newest]
    if not files:
        what = (
            "all matching files are younger than min_age_minutes"
            if found
            else f"no file matches {shown(', '.join(config.inputs))}"
        )
        raise UsageError(
            what, where=str(config.path), hint="check `inputs`; relative patterns count from the folder of this file"
        )
    return files, len(found) - len(files)


def make_limits(config: AuditConfig) -> Limits:
    """Return the limits of this machine with those of the configuration."""
    machine = Limits.of_this_machine()
    return Limits(config.memory_bytes or machine.memory_bytes, config.threads or machine.threads)


def _accounts(path: Path) -> list[dict[str, Any]]:
    columns = ["account_id", "campaign_id", "grade", "n_campaign_exchanges"]
    rows: list[dict[str, Any]] = pq.read_table(path, columns=columns, page_checksum_verification=True).to_pylist()
    return rows


def _snapshot(config: AuditConfig) -> list[Campaign]:
    path = config.reports / SNAPSHOT
    return campaigns_of(_accounts(path)) if path.is_file() else []


def _keep(folder: Path, name: str, ending: str, content: bytes) -> Path:
    """Write a file under a name that nothing else has: an earlier report of the same day stays."""
    number = 1
    while True:
        path = folder / (f"{name}{ending}" if number == 1 else f"{name}-{number}{ending}")
        if not path.exists():
            write_file(path, content)
            return path
        if path.read_bytes() == content:
            return path
        number += 1


def as_dict(result: AuditResult) -> dict[str, Any]:
    """Return the changes as JSON-ready data."""
    return {
        "report": result.report.name,
        "day": result.day,
        "sources_read": [source.path for source in result.run.ingest.sources],
        "n_known": len(result.run.ingest.known),
        "is_partial": result.run.ingest.is_partial,
        "n_records": result.run.summary.balance["n_read"],
        **{change.value: [_described(d) for d in result.differences if d.change is change] for change in Change},
    }


def _described(difference: Difference) -> dict[str, Any]:
    campaign = difference.after or difference.before
    assert campaign is not None
    return {
        "campaign_id": campaign.campaign_id,
        "grade": campaign.grade.value,
        "n_accounts": len(campaign.accounts),
        "n_exchanges": campaign.n_exchanges,
        "campaign_id_before": difference.before.campaign_id if difference.before else None,
        "grade_before": difference.before.grade.value if difference.before else None,
        "n_accounts_added": difference.n_accounts_added,
        "n_accounts_removed": difference.n_accounts_removed,
        "n_exchanges_added": difference.n_exchanges_added,
        "merged_into": difference.merged_into,
    }
