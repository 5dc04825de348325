"""A scheduled examination: take new logs into the case, publish what has changed, deliver it.

Killed at any moment, the next run completes: the case resumes, a folder is published by one rename, and what was delivered is
noted last. Changes that were published and perhaps not delivered are repeated, and it is said that they are.
"""

from __future__ import annotations

import glob
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distilforensics.audit.delta import Change, Difference, campaigns_of, compare
from distilforensics.audit.metrics import write_metrics
from distilforensics.audit.publication import Publications, Published
from distilforensics.audit.result import AuditResult
from distilforensics.audit.series import announcements, basis
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import create_case
from distilforensics.case.locking import locked
from distilforensics.case.stages import read_record
from distilforensics.case.tables import read_rows
from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.evidence.inputs import expand, shared_root
from distilforensics.pipeline.own_catalog import check_and_put
from distilforensics.pipeline.run import RunResult, run_locked
from distilforensics.pipeline.steps import STEPS, Step, ingest, report_step, with_report

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from distilforensics.audit.config import AuditConfig
    from distilforensics.case.layout import Case
    from distilforensics.core.progress import Progress
    from distilforensics.pipeline.steps import IngestFunction


def audit(
    config: AuditConfig,
    progress: Progress,
    *,
    day: date | None = None,
    steps: Sequence[Step] = STEPS,
    read: IngestFunction = ingest,
) -> AuditResult:
    """Examine what is new, publish it and return what has changed since changes were last delivered.

    The caller prints it and calls `note_delivered`; until then the next run repeats it.

    Raises:
        UsageError: no file is there to be read.
        CaseError: another command holds the case.
    """
    case = create_case(config.case)
    if config.is_redacted is not None:
        steps = with_report(steps, report_step(is_redacted=config.is_redacted))
    with locked(case, "audit"):
        if config.catalog is not None:
            check_and_put(case, config.catalog)
        files, n_too_young = find_files(config)
        usage = tuple(matching(config.reconcile))
        options = replace(config.options, input_root=shared_root(config.inputs), usage=usage)
        run = run_locked(
            case,
            [*files, *(path for path in usage if path not in files)],
            options,
            make_limits(config),
            progress,
            command="audit",
            steps=steps,
            read=read,
        )
        result = _published(config, case, run, day, (len(files), n_too_young))
        write_metrics(config.metrics, result, time.time())
    return result


def _published(
    config: AuditConfig, case: Case, run: RunResult, day: date | None, n_files: tuple[int, int]
) -> AuditResult:
    """Publish a folder if there is news, and return the result."""
    publications = Publications(config.reports)
    publications.clean()
    newest, delivered = publications.newest(), publications.last_delivered()
    is_redacted = bool((read_record(case, "report").get("parameters") or {}).get("redacted"))
    rests_on = basis(case, config)
    announced = tuple(announcements(newest.series if newest else {}, rests_on))
    moment = day or run.summary.last_started_at
    result = AuditResult(
        run,
        differences=tuple(_differences(publications, delivered, case)),
        published=newest or Published(config.reports, 0),
        is_new=newest is None
        or bool(run.ingest.sources or announced)
        or newest.is_redacted != is_redacted
        or any(d.change is not Change.UNCHANGED for d in _differences(publications, newest, case)),
        is_repeated=newest is not None and newest != delivered,
        announced=announced,
        quiet=tuple(quiet_inputs(config, case)),
        expired=(),
        day=f"{moment:%Y-%m-%d}" if moment else "undated",
        n_files=n_files[0],
        n_too_young=n_files[1],
    )
    if result.is_new:
        result = replace(
            result, published=publications.publish(case, result.day, as_dict(result), rests_on, is_redacted=is_redacted)
        )
    return replace(result, expired=tuple(publications.expire(config.retention, time.time())))


def note_delivered(config: AuditConfig, result: AuditResult) -> None:
    """Note that a result has reached whoever is to hear of it, so that the next run does not repeat it."""
    Publications(config.reports).note_delivered(result.published)


def _differences(publications: Publications, since: Published | None, case: Case) -> list[Difference]:
    """Return what has become of campaigns since a folder was published; both sides under pseudonyms if that folder has them."""
    now = publications.accounts(case, is_redacted=since is not None and since.is_redacted)
    return compare(campaigns_of(publications.published_accounts(since)), campaigns_of(now))


def quiet_inputs(config: AuditConfig, case: Case) -> list[str]:
    """Return the patterns whose newest exchange is older than `quiet_after_hours`, each with the reason; accounts directories have none."""
    if config.quiet_after_hours is None:
        return []
    root, rows = shared_root(config.inputs), {row["path"]: row for row in read_rows(case, "sources")}
    oldest = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=config.quiet_after_hours)
    found = []
    for pattern in config.inputs:
        paths = [path for path in glob.glob(pattern, recursive=True) if Path(path).is_file()]  # noqa: PTH207
        names = [file.name for file in expand(paths, case.root, root)]
        sources = [rows[name] for name in names if name in rows]
        times = [row["last_started_at"] for row in sources if row["last_started_at"] is not None]
        if not paths:
            found.append(f"{pattern}: no file matches")
        elif times and max(times) < oldest:
            found.append(f"{pattern}: the newest exchange is of {max(times):%Y-%m-%d %H:%M} UTC")
        elif sources and not times and any(row["role"] in ("log", "refused") for row in sources):
            found.append(f"{pattern}: holds no exchange that can be read")
    return found


def matching(patterns: Sequence[str]) -> list[str]:
    """Return the files that match some patterns, sorted."""
    found = {path for pattern in patterns for path in glob.glob(pattern, recursive=True)}  # noqa: PTH207
    return sorted(path for path in found if Path(path).is_file())


def find_files(config: AuditConfig) -> tuple[list[str], int]:
    """Return the files that match, sorted, and how many others are too young.

    Raises:
        UsageError: no file matches, or all are too young.
    """
    found = matching(config.inputs)
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


def as_dict(result: AuditResult) -> dict[str, Any]:
    """Return the changes as JSON-ready data."""
    return {
        "report": f"{result.published.folder.name}/{result.report.name}",
        "is_new": result.is_new,
        "is_repeated": result.is_repeated,
        "announced": list(result.announced),
        "quiet": list(result.quiet),
        "day": result.day,
        "n_sources_read": len(result.run.ingest.sources),
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
