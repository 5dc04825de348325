"""`distilforensics audit`: a scheduled examination of new logs."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode, say
from distilforensics.cli.options import CASE_DIR, command, examples, fail_on_option
from distilforensics.cli.progress import progress_for
from distilforensics.core import units
from distilforensics.core.finding import Grade
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from distilforensics.audit.config import AuditConfig
    from distilforensics.audit.delta import Difference
    from distilforensics.audit.result import AuditResult
    from distilforensics.cli.output import Output


@command(
    "audit",
    epilog=examples(
        "distilforensics audit /etc/distilforensics/gateway.toml",
        "distilforensics audit gateway.toml --json --quiet >> changes.jsonl",
        has_exit_codes=True,
    ),
)
@click.argument("config_file", type=CASE_DIR, metavar="CONFIG")
@fail_on_option
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Date in the name of the report; that of the newest exchange if omitted.",
)
@click.option(
    "--redact/--no-redact",
    "is_redacted",
    default=None,
    help="Publish pseudonyms for names, and no findings by name; as `redact` in the file says if omitted.",
)
def audit(
    config_file: Path, fail_on: str | None, day: datetime | None, is_redacted: bool | None, output: Output
) -> None:
    """Take in new logs on a schedule, print what changed.

    A cumulative case takes in the logs, a dated report is kept, changes since the last time are printed.
    CONFIG is a TOML file, see docs/audit.md. Made for cron and systemd timers: files that the case holds already are not
    read again, a second run at the same time is turned away, and an interrupted one is completed by the next. Exit code 1
    means that a campaign at or above `fail_on` is new, has grown, or has risen to its grade; --fail-on replaces the
    grade of the file. 6 means that a log has gone quiet and nothing else is wrong.
    """
    from distilforensics.audit.audit import as_dict, note_delivered
    from distilforensics.audit.audit import audit as examine
    from distilforensics.audit.config import read_config

    config = read_config(config_file)
    if fail_on is not None:
        config = replace(config, fail_on=Grade(fail_on))
    if is_redacted is not None:
        config = replace(config, is_redacted=is_redacted)
    with progress_for(output) as progress:
        result = examine(config, progress, day=day.date() if day else None)
    if output.is_json:
        output.record(as_dict(result))
    else:
        for line in _lines(result):
            output.line(line)
    if result.n_too_young and not output.is_quiet:
        say(f"note: {result.n_too_young} files are too young and left for the next time")
    sys.stdout.flush()  # printed before it is noted as delivered
    note_delivered(config, result)
    click.get_current_context().exit(_exit_code(result, config))


def _exit_code(result: AuditResult, config: AuditConfig) -> ExitCode:
    """Return how it ended: news outranks everything, since a file that is refused night after night must not hide it."""
    if config.fail_on is not None and result.has_news_at(config.fail_on.rank):
        return ExitCode.FINDINGS
    if result.run.ingest.is_partial:
        return ExitCode.INPUT
    if result.quiet:
        return ExitCode.QUIET
    return ExitCode.COMPLETE


def _lines(result: AuditResult) -> Iterator[str]:
    """Yield the changes, most urgent first, then what else is to be known, and the path of the report."""
    run = result.run
    if result.is_repeated:
        yield "repeated: an earlier run published changes and ended before it had printed them"
    if not result.differences:
        yield "no campaigns, now or before"
    order = ["new", "grown", "changed", "ended", "unchanged"]
    for difference in sorted(result.differences, key=lambda d: order.index(d.change)):
        yield f"{difference.change.value:<9}  {_described(difference)}"
    yield from (f"QUIET      {show(text)}" for text in result.quiet)
    yield from (f"announced  {show(text)}" for text in result.announced)
    n_new = sum(source.balance.n_read for source in run.ingest.sources)
    newest = units.moment(run.summary.last_started_at)
    yield f"{len(run.ingest.sources)} new sources with {units.count(n_new)} records, {len(run.ingest.known)} known; logs up to {newest}"
    if not result.is_new:
        yield "nothing new was published; the report is that of the last examination"
    yield show(result.report)


def _described(difference: Difference) -> str:
    before, after = difference.before, difference.after
    if after is None:
        assert before is not None
        heir = f", its accounts are in {show(difference.merged_into)}" if difference.merged_into else ""
        return f"{show(before.campaign_id)} {before.grade}, {units.count(len(before.accounts))} accounts: no longer reported{heir}"
    text = f"{show(after.campaign_id)} {after.grade}, {units.count(len(after.accounts))} accounts, {units.count(after.n_exchanges)} exchanges"
    if before is None:
        return text
    parts = [f"{difference.n_exchanges_added:+,} exchanges"] if difference.n_exchanges_added else []
    parts += [f"+{difference.n_accounts_added:,} accounts"] if difference.n_accounts_added else []
    parts += [f"-{difference.n_accounts_removed:,} accounts"] if difference.n_accounts_removed else []
    parts += [f"was {before.grade}"] if before.grade is not after.grade else []
    parts += [f"was {show(before.campaign_id)}"] if before.campaign_id != after.campaign_id else []
    return f"{text} ({', '.join(parts)})" if parts else text
