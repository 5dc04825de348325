"""The figures of an examination for monitoring, in the text format of Prometheus; no names, nothing from a log."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from distilforensics import __version__
from distilforensics.case.layout import write_file
from distilforensics.core.finding import Grade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distilforensics.audit.result import AuditResult

Sample = tuple[str, str, str, float]
"""Name, labels, meaning, value."""


def write_metrics(path: Path, result: AuditResult, now: float) -> None:
    """Write the figures; everybody may read them, since the collector is another user."""
    write_file(path, text_of(result, now).encode())
    path.chmod(0o644)


def text_of(result: AuditResult, now: float) -> str:
    """Return the figures as text."""
    lines: list[str] = []
    described = set()
    for name, labels, meaning, value in _samples(result, now):
        full = f"distilforensics_audit_{name}"
        if full not in described:
            described.add(full)
            lines += [f"# HELP {full} {meaning}", f"# TYPE {full} gauge"]
        lines.append(f"{full}{labels} {value:.15g}")
    return "\n".join(lines) + "\n"


def _samples(result: AuditResult, now: float) -> Iterator[Sample]:
    summary = result.run.summary
    yield "info", f'{{version="{__version__}"}}', "Version of the program.", 1
    yield "last_run_timestamp_seconds", "", "End of the last completed run.", now
    yield "duration_seconds", "", "Duration of the last completed run.", result.run.seconds
    for name, meaning in (
        ("read", "Records read, all sources of the case."),
        ("quarantined", "Records that could not be read."),
        ("duplicate", "Records that repeat others."),
        ("out_of_scope", "Records that are no exchanges."),
    ):
        yield f"{name}_records", "", meaning, summary.balance[f"n_{name}"]
    yield "exchanges", "", "Exchanges kept, all sources of the case.", summary.balance["n_kept"]
    yield "refused_sources", "", "Files that could not be read.", len(result.run.ingest.refused)
    yield "new_sources", "", "Files read by the last run.", len(result.run.ingest.sources)
    for grade in Grade:
        if grade is not Grade.INCONCLUSIVE:
            n = sum(campaign.grade is grade for campaign in summary.campaigns)
            yield "campaigns", f'{{grade="{grade.value}"}}', "Campaigns by grade.", n
    for change, n in result.n_by_change.items():
        yield (
            "changes",
            f'{{change="{change}"}}',
            "Campaigns by what became of them since changes were last delivered.",
            n,
        )
    yield (
        "quiet_inputs",
        "",
        "Patterns of `inputs` that brought no exchange for longer than quiet_after_hours.",
        len(result.quiet),
    )
    if summary.last_started_at is not None:
        newest = summary.last_started_at.replace(tzinfo=UTC).timestamp()
        yield "newest_exchange_timestamp_seconds", "", "Start of the newest exchange.", newest
        yield "lateness_seconds", "", "Age of the newest exchange at the end of the run.", now - newest
