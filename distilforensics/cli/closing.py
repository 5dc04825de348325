"""The closing summary of a run: what was read, what was found, what could not be judged, what it took."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from distilforensics.core import units
from distilforensics.core.finding import Grade, State
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from distilforensics.cli.output import Output
    from distilforensics.pipeline.run import RunResult
    from distilforensics.pipeline.summary import CampaignLine, CaseSummary

_LISTED = 12
"""Campaigns and ids listed at most; the report has all."""

_ROLES = {
    "log": "logs",
    "accounts_directory": "accounts directories",
    "duplicate_file": "files with the same bytes",
    "ignored": "ignored",
    "refused": "REFUSED",
}


def closing_lines(result: RunResult, output: Output) -> Iterator[str]:
    """Yield the lines of the summary."""
    sections = (
        ("Sources", _sources(result)),
        ("Balance", _balance(result)),
        ("Heuristics", _heuristics(result.summary)),
        ("Campaigns", _campaigns(result.summary)),
        ("Power", _power(result)),
        ("Effort", _effort(result)),
        (
            "Custody",
            [
                f"last entry {result.custody_head}",
                "note this hash outside of the case; `distilforensics verify` prints it",
            ],
        ),
    )
    yield ""
    for title, lines in sections:
        for number, line in enumerate(lines):
            label = output.heading(f"{title:<12}", sys.stderr) if number == 0 else " " * 12
            yield f"{label}{line}"


def _sources(result: RunResult) -> Iterator[str]:
    summary = result.summary
    yield ", ".join(f"{n} {_ROLES.get(role, role)}" for role, n in summary.n_sources.items()) or "none"
    yield f"{units.size(summary.n_bytes)} as received, {units.size(summary.n_bytes_decoded)} decoded"
    yield f"{units.moment(summary.first_started_at)} to {units.moment(summary.last_started_at)}, {units.count(summary.n_accounts)} accounts"
    if result.ingest.known:
        yield f"{len(result.ingest.known)} known already, not read again"
    for source in result.ingest.refused[:_LISTED]:
        yield f"refused: {show(source.path)}: {show(source.reason or '')}"


def _balance(result: RunResult) -> Iterator[str]:
    balance = result.summary.balance
    yield (
        f"{units.count(balance['n_read'])} records read = {units.count(balance['n_kept'])} kept + {units.count(balance['n_quarantined'])} quarantined"
        f" + {units.count(balance['n_duplicate'])} duplicate + {units.count(balance['n_out_of_scope'])} out of scope"
    )
    if balance["n_quarantined"]:
        reasons = ", ".join(
            f"{units.count(n)} {show(reason)}"
            for reason, n in list(result.summary.quarantine_reasons.items())[:_LISTED]
        )
        yield f"quarantined: {reasons} ({units.share(balance['n_quarantined'], balance['n_read'])} of the records)"
    if result.ingest.is_over_malformed_limit:
        yield f"PARTIAL: more than --max-malformed {units.share(result.ingest.max_malformed, 1)} of the records could not be read"


def _heuristics(summary: CaseSummary) -> Iterator[str]:
    names = {
        State.FIRED: "fired",
        State.SILENT: "silent",
        State.NOT_EVALUATED: "not evaluated",
        State.INCONCLUSIVE: "inconclusive",
    }
    yield ", ".join(f"{len(summary.heuristics[state])} {name}" for state, name in names.items())
    if fired := summary.heuristics[State.FIRED]:
        yield f"fired: {_listed(fired)}"
    for state in (State.NOT_EVALUATED, State.INCONCLUSIVE):
        for heuristic_id in summary.heuristics[state]:
            yield f"{names[state]}: {heuristic_id}: {show(summary.reasons.get(heuristic_id, ''))}"


def _listed(names: tuple[str, ...]) -> str:
    rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + rest


def _campaigns(summary: CaseSummary) -> Iterator[str]:
    grades = [grade for grade in Grade if grade.rank]
    counts = ", ".join(f"{sum(campaign.grade is grade for campaign in summary.campaigns)} {grade}" for grade in grades)
    yield f"{counts}; {summary.n_explained} groups examined and not reported as campaigns"
    for campaign in summary.campaigns[:_LISTED]:
        yield _campaign(campaign)
    if len(summary.campaigns) > _LISTED:
        yield f"and {len(summary.campaigns) - _LISTED} more in the report"


def _campaign(campaign: CampaignLine) -> str:
    tokens = "" if campaign.output_tokens is None else f", {units.count(campaign.output_tokens)} output tokens"
    period = f"{units.moment(campaign.first_seen)} to {units.moment(campaign.last_seen)}"
    return (
        f"{show(campaign.campaign_id)}: {campaign.grade}, {units.count(campaign.n_accounts)} accounts,"
        f" {units.count(campaign.n_exchanges)} exchanges{tokens}, {period}"
    )


def _power(result: RunResult) -> Iterator[str]:
    """Yield how much silence is worth; with findings, it says what else could have been missed."""
    if not result.summary.power:
        yield "not measured: how small a campaign this log would have shown is not known"
        yield f"measure it with: distilforensics selftest --inject {show(result.case.root)} --write"
    yield from result.summary.power[:_LISTED]


def _effort(result: RunResult) -> Iterator[str]:
    stages = ", ".join(
        f"{timing.stage} {'skipped' if timing.is_skipped else units.duration(timing.seconds)}"
        for timing in result.timings
    )
    yield f"{units.duration(result.seconds)}: {stages}"
    n_read = sum(source.balance.n_read for source in result.ingest.sources)
    seconds = next((timing.seconds for timing in result.timings if timing.stage == "ingest"), 0.0)
    if n_read and seconds:
        yield f"{units.count(round(n_read / seconds))} records/s in ingest, {units.count(round(n_read / result.seconds))} records/s in all"
    memory = result.peak_memory_bytes
    yield f"{units.size(memory['process'])} peak memory, largest worker {units.size(memory['largest_worker'])}"


def closing_json(result: RunResult) -> Mapping[str, Any]:
    """Return the same as data."""
    summary = result.summary
    return {
        "report": str(result.report),
        "case": str(result.case.root),
        "sources": dict(summary.n_sources),
        "refused": [source.path for source in result.ingest.refused],
        "n_known": len(result.ingest.known),
        "balance": dict(summary.balance),
        "quarantine": dict(summary.quarantine_reasons),
        "is_partial": result.ingest.is_partial,
        "heuristics": {state: list(ids) for state, ids in summary.heuristics.items()},
        "campaigns": [
            {
                "campaign_id": campaign.campaign_id,
                "grade": campaign.grade,
                "n_accounts": campaign.n_accounts,
                "n_exchanges": campaign.n_exchanges,
                "output_tokens": campaign.output_tokens,
                "first_seen": campaign.first_seen,
                "last_seen": campaign.last_seen,
            }
            for campaign in summary.campaigns
        ],
        "n_explained": summary.n_explained,
        "power": list(summary.power),
        "seconds": {timing.stage: round(timing.seconds, 3) for timing in result.timings},
        "peak_memory_bytes": dict(result.peak_memory_bytes),
        "custody_head": result.custody_head,
        "seal": dict(result.anchors),
    }
