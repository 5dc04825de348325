"""The closing summary of a run: what was read, what was found, what could not be judged, what it took."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

from distilforensics.cli.drawing import paragraph, spark
from distilforensics.core import units
from distilforensics.core.finding import State
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import TextIO

    from distilforensics.cli.output import Output
    from distilforensics.pipeline.run import RunResult
    from distilforensics.pipeline.summary import CampaignLine, CaseSummary

    Rows = list[dict[str, Any]]

_LISTED = 12
"""Campaigns and ids listed at most; the report has all."""

_REASONS = 3
"""Reasons for not testing that are listed; most tests of a log lack the same."""

_COLUMNS = 2
"""Missing columns that are named."""

_NO_COLUMN = "no exchange carries "
_IN_WORDS = {"not enough volume": "no group or account has enough requests"}
"""Reasons as the tests store them, in words for a person."""

_ROLES = {
    "log": ("log", "logs"),
    "accounts_directory": ("accounts directory", "accounts directories"),
    "usage": ("usage export", "usage exports"),
    "archive": ("archive", "archives"),
    "duplicate_file": ("file with the bytes of another", "files with the bytes of others"),
    "ignored": ("ignored", "ignored"),
    "refused": ("REFUSED", "REFUSED"),
}
"""What a source is, of one and of several."""


def closing_lines(result: RunResult, loads: Mapping[str, Rows], output: Output) -> Iterator[str]:
    """Yield the lines of the summary, the finding first, no wider than the terminal.

    Args:
        result: The run.
        loads: Campaign id to its requests per hour; those without are told without a drawing.
        output: How to print.
    """
    summary = result.summary
    if is_unchanged(result):
        yield from paragraph(
            f"Nothing has changed since the last run, and the seal stays. {_headline(summary)}.", _width()
        )
        return
    yield ""
    sections = (
        ("Read", [*_read(summary), *_known(result)]),
        ("Could not read", _refused(result)),
        ("Usage exports", _usage(summary)),
        ("Not testable", _untestable(summary, show(result.case.root))),
        ("Power", _power(summary, show(result.case.root))),
        ("Took", _effort(result)),
    )
    yield from _body(summary, loads, sections, sys.stderr, output)
    about = f" campaign {show(summary.campaigns[0].campaign_id)}" if summary.campaigns else ""
    yield from _next(show(result.report), f"{show(result.case.root)}{about}", sys.stderr, output)
    yield f"  keep  {result.custody_head}"
    yield "        outside of the case; `verify --noted-hash` compares the case with it"


def is_unchanged(result: RunResult) -> bool:
    """Return whether every stage found its result made already."""
    return all(timing.is_skipped for timing in result.timings if timing.stage != "seal") and bool(result.timings)


def overview_lines(
    summary: CaseSummary, found: Mapping[str, Rows], loads: Mapping[str, Rows], case_name: str, output: Output
) -> Iterator[str]:
    """Yield the lines about a case: what was found, what was read, what could not be judged.

    Args:
        summary: Figures of the case.
        found: Rows of the overview: groups that are not reported, tests by state, what was reviewed.
        loads: Campaign id to its requests per hour.
        case_name: The case, as the next commands name it.
        output: How to print.
    """
    states = ", ".join(f"{row['n_heuristics']} {show(row['state']).replace('_', ' ')}" for row in found["heuristics"])
    sections: tuple[tuple[str, Iterable[str]], ...] = (
        ("Not reported", map(_group, found["groups"])),
        ("Reviewed", map(_reviewed, found.get("review", [])[:_LISTED])),
        ("Read", _read(summary)),
        ("Usage exports", _usage(summary)),
        ("Tests", [states] if states else []),
        ("Not testable", _untestable(summary, case_name)),
        ("Power", _power(summary, case_name)),
    )
    yield from _body(summary, loads, sections, sys.stdout, output)
    ids = [campaign.campaign_id for campaign in summary.campaigns] or [row["group_id"] for row in found["groups"]]
    yield from _next(
        f"{case_name}/report/report.html",
        f"{case_name} campaign {show(ids[0])}" if ids else f"{case_name} tests",
        sys.stdout,
        output,
    )


def _group(row: Mapping[str, Any]) -> str:
    return f"{show(row['group_id'])}  {units.count(row['n_accounts'])} accounts, {units.count(row['n_exchanges'])} exchanges"


def _reviewed(row: Mapping[str, Any]) -> str:
    return f"{show(row['target'])}: {show(row['status'] or 'noted')} by {show(row['by'])}"


def _body(
    summary: CaseSummary,
    loads: Mapping[str, Rows],
    sections: Iterable[tuple[str, Iterable[str]]],
    stream: TextIO,
    output: Output,
) -> Iterator[str]:
    width = _width()
    yield output.heading(_headline(summary), stream)
    for campaign in summary.campaigns[:_LISTED]:
        yield from textwrap.wrap(_campaign(campaign, summary), width, subsequent_indent=" " * 9)
        yield from textwrap.wrap("; ".join(campaign.facts), width, initial_indent=" " * 9, subsequent_indent=" " * 9)
        if rows := loads.get(campaign.campaign_id):
            yield from spark(rows, width)
    if len(summary.campaigns) > _LISTED:
        yield f"  and {len(summary.campaigns) - _LISTED} more in the report"
    for title, lines in sections:
        for number, line in enumerate(lines):
            label = output.heading(f"{title:<16}", stream) if number == 0 else " " * 16
            first, *rest = textwrap.wrap(line, width - 16, break_long_words=False, break_on_hyphens=False) or [""]
            yield f"{label}{first}"
            yield from (f"{'':16}{part}" for part in rest)


def _next(report: str, asked: str, stream: TextIO, output: Output) -> Iterator[str]:
    yield output.heading("Next", stream)
    yield f"  open  {report}"
    yield f"  why   distilforensics show {asked}"


def _width() -> int:
    return min(100, shutil.get_terminal_size((80, 24)).columns)


def _headline(summary: CaseSummary) -> str:
    n = len(summary.campaigns)
    found = "No campaign found" if not n else f"{n} campaign{'s' if n > 1 else ''} found"
    others = summary.n_explained
    return found + (
        f"; {others} group{'s' if others > 1 else ''} that may be one operator, purpose unknown" if others else ""
    )


def _campaign(campaign: CampaignLine, summary: CaseSummary) -> str:
    share = ""
    if campaign.output_tokens is not None and summary.output_tokens:
        share = f", {units.share(campaign.output_tokens, summary.output_tokens)} of the log's output tokens"
    period = f"{units.moment(campaign.first_seen)} to {units.moment(campaign.last_seen)}"
    return (
        f"  {show(campaign.campaign_id)}  {campaign.grade}: {units.count(campaign.n_accounts)} accounts, "
        f"{units.count(campaign.n_exchanges)} exchanges{share}, {period}"
    )


def _read(summary: CaseSummary) -> Iterator[str]:
    balance = summary.balance
    files = (
        ", ".join(f"{n} {_ROLES.get(role, (role, role))[n != 1]}" for role, n in summary.n_sources.items()) or "none"
    )
    yield f"{files}; {units.count(summary.n_accounts)} accounts; {units.size(summary.n_bytes)}, {units.size(summary.n_bytes_decoded)} decoded"
    yield (
        f"{units.count(balance['n_read'])} records = {units.count(balance['n_kept'])} kept + {units.count(balance['n_quarantined'])} quarantined"
        f" + {units.count(balance['n_duplicate'])} duplicate + {units.count(balance['n_out_of_scope'])} out of scope"
    )
    yield f"{units.moment(summary.first_started_at)} to {units.moment(summary.last_started_at)}"


def _known(result: RunResult) -> Iterator[str]:
    if result.ingest.known:
        yield f"{len(result.ingest.known)} files known already, not read again"


def _refused(result: RunResult) -> Iterator[str]:
    balance = result.summary.balance
    for source in result.ingest.refused[:_LISTED]:
        yield f"refused: {show(source.path)}: {show(source.reason or '')}"
    if balance["n_quarantined"]:
        reasons = ", ".join(
            f"{units.count(n)} {show(reason)}"
            for reason, n in list(result.summary.quarantine_reasons.items())[:_LISTED]
        )
        yield f"quarantined: {reasons} ({units.share(balance['n_quarantined'], balance['n_read'])} of the records)"
    if result.ingest.is_over_malformed_limit:
        yield f"PARTIAL: more than --max-malformed {units.share(result.ingest.max_malformed, 1)} of the records could not be read"


def _usage(summary: CaseSummary) -> Iterator[str]:
    """Yield one line per kind of export: what it states that the log lacks."""
    for row in summary.usage:
        yield f"{show(row['series'])}: {_compared(row)}"


def _compared(row: Mapping[str, Any]) -> str:
    stated = row["stated_requests"]
    if stated is None:
        n_compared = row["n_sums"] - row["n_outside"] - row["n_open"]
        if not n_compared:
            return "nothing that the log could be compared with"
        return f"{units.count(row['n_different'])} of {units.count(n_compared)} sums differ from the log"
    text = f"{units.count(stated)} requests stated, {units.count(row['log_requests'])} in the log"
    if row["n_missing"]:
        edge = (
            f", {units.count(row['n_missing_at_edge'])} of them where the log begins or ends"
            if row["n_missing_at_edge"]
            else ""
        )
        text += f"; {units.count(row['n_missing'])} ({units.share(row['n_missing'], stated)}) ARE MISSING from the log{edge}"
    if row["n_more"]:
        text += f"; {units.count(row['n_more'])} of the log are not stated"
    return text


def _untestable(summary: CaseSummary, case_name: str) -> Iterator[str]:
    """Yield how many tests could not run, one line for all that lack the same and one for all that lack columns."""
    n_tests = sum(map(len, summary.heuristics.values()))
    reasons = Counter(
        show(summary.reasons.get(name, "")).partition(";")[0]
        for state in (State.NOT_EVALUATED, State.INCONCLUSIVE)
        for name in summary.heuristics[state]
    )
    columns = Counter(
        {reason.removeprefix(_NO_COLUMN): n for reason, n in reasons.items() if reason.startswith(_NO_COLUMN)}
    )
    others = Counter(
        {
            _IN_WORDS.get(reason, reason.partition(":")[0]): n
            for reason, n in reasons.items()
            if not reason.startswith(_NO_COLUMN)
        }
    )
    for reason, n in _most(others):
        yield f"{n} of {n_tests} tests: {reason}"
    if n_rest := others.total() - sum(n for _, n in _most(others)):
        yield f"{n_rest} of {n_tests} tests: other reasons"
    if columns:
        named = ", no ".join(_shortened(name) for name, _ in _most(columns, _COLUMNS))
        more = f", and {len(columns) - _COLUMNS} more" if len(columns) > _COLUMNS else ""
        yield f"{columns.total()} of {n_tests} tests: the log has no {named}{more}"
    if reasons:
        yield f"all: distilforensics show {case_name} tests"


def _shortened(columns: str) -> str:
    """Return a choice of columns, the first two of many."""
    first = columns.split(" or ")
    return " or ".join(first) if len(first) < 4 else f"{first[0]} or {first[1]} or others"


def _most(counted: Counter[str], most: int = _REASONS) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most]


def _power(summary: CaseSummary, case_name: str) -> Iterator[str]:
    """Yield how much silence is worth; with findings, it says what else could have been missed."""
    if not summary.power:
        yield f"not measured; measure it with: distilforensics selftest --inject {case_name} --write"
    yield from summary.power[:_LISTED]


def _effort(result: RunResult) -> Iterator[str]:
    n_read = sum(source.balance.n_read for source in result.ingest.sources)
    memory = result.peak_memory_bytes
    rate = f", {units.count(round(n_read / result.seconds))} records/s" if n_read and result.seconds else ""
    skipped = sum(timing.is_skipped for timing in result.timings)
    unchanged = f", {skipped} of {len(result.timings)} stages unchanged" if skipped else ""
    yield f"{units.duration(result.seconds)}{rate}{unchanged}, {units.size(memory['process'])} peak memory"


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
        "usage": [dict(row) for row in summary.usage],
        "power": list(summary.power),
        "seconds": {timing.stage: round(timing.seconds, 3) for timing in result.timings},
        "peak_memory_bytes": dict(result.peak_memory_bytes),
        "custody_head": result.custody_head,
        "seal": dict(result.anchors),
    }
