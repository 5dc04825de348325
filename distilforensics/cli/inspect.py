"""`distilforensics inspect`: what are these files, and what could be tested with them?"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode
from distilforensics.cli.options import catalog_option, command, examples, logs_argument, reading_options
from distilforensics.core import units
from distilforensics.core.text import show, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from distilforensics.cli.output import Output
    from distilforensics.ingest.inspection import Inspection
    from distilforensics.ingest.options import IngestOptions


@command(
    "inspect", epilog=examples("distilforensics inspect exports/", "distilforensics inspect gateway.jsonl.gz --json")
)
@logs_argument
@reading_options
@catalog_option
def inspect(logs: tuple[str, ...], options: IngestOptions, catalog: Path | None, output: Output) -> None:
    """Tell what LOGS are, without a case.

    For every kind of file: format and how sure that is, a parsed sample, and which heuristics could be run on it.
    Only the beginning of a file is read, of an archive that of its members. --json tells of every single file.
    """
    from distilforensics.analysis.catalogue.loader import needs_of_catalog
    from distilforensics.ingest.inspection import inspect_sources

    found = inspect_sources(logs, replace(options, own_catalog=catalog), needs=needs_of_catalog())
    if output.is_json:
        for inspection in found:
            output.record(inspection.as_dict())
    else:
        _tell(found, output)
    is_refused = any(inspection.role == "refused" for inspection in found)
    click.get_current_context().exit(ExitCode.INPUT if is_refused else ExitCode.COMPLETE)


def _tell(found: Sequence[Inspection], output: Output) -> None:
    """List all files, then tell the first of every kind in full and count the others."""
    if len(found) > 1:
        _list(found, output)
        output.line()
    kinds: dict[tuple[str | None, ...], list[Inspection]] = {}
    for inspection in found:
        is_alike = inspection.role in ("log", "accounts_directory") and inspection.format is not None
        kinds.setdefault((inspection.role, inspection.format, None if is_alike else inspection.path), []).append(
            inspection
        )
    for number, (first, *others) in enumerate(kinds.values()):
        if number:
            output.line()
        output.line(output.heading(show(first.path), sys.stdout))
        for line in _lines(first):
            output.paragraph(f"  {line}", " " * 4)
        if first.sample:
            output.line()
            output.table(tuple(first.sample[0]), [tuple(row.values()) for row in first.sample])
        is_open = first.role == "refused" or first.confidence in ("medium", "low")
        if is_open and first.suggested_mapping and "distilforensics mapping" not in (first.reason or ""):
            output.line(f"  a mapping file to begin with: distilforensics mapping {shown(first.path)} > m.toml")
        if others:
            output.line(f"  and {units.count(len(others))} more files of this kind; --json tells of each")


LISTED_FILES = 20
"""Files that are listed one by one. Of more, those that are alike are one line; --json lists all."""


def _list(found: Sequence[Inspection], output: Output) -> None:
    """List the files with their format, what their beginnings come to, and how many heuristics they could feed."""
    groups: dict[tuple[object, ...], list[tuple[str, Inspection]]] = {}
    for one, name in zip(found, _short([one.path for one in found]), strict=True):
        is_plain = len(found) > LISTED_FILES and not one.n_refused and one.role != "refused"
        groups.setdefault((one.format or one.role, one.confidence, None if is_plain else name), []).append((name, one))
    rows = []
    for (form, confidence, _), members in groups.items():
        (name, _), files = members[0], [one for _, one in members]
        if len(members) > 1:
            folder = os.path.commonpath([os.path.dirname(name) for name, _ in members])  # noqa: PTH120
            name = f"{units.count(len(members))} files{' in ' if folder else ''}{folder}"
        n_sampled, n_refused, n_outside = (
            sum(getattr(one, count) for one in files) for count in ("n_sampled", "n_refused", "n_out_of_scope")
        )
        possible = sorted({sum(heuristic.share > 0 for heuristic in one.heuristics) for one in files})
        n_all = len(files[0].heuristics)
        feeds = f"{' to '.join(map(str, dict.fromkeys((possible[0], possible[-1]))))} of {n_all}" if n_all else ""
        rows.append(
            (
                show(name),
                form,
                confidence or "",
                n_sampled,
                n_sampled - n_refused - n_outside,
                n_refused,
                n_outside,
                feeds,
            )
        )
    output.table(("file", "format", "confidence", "sampled", "kept", "refused", "outside", "heuristics"), rows)


def _short(paths: Sequence[str]) -> list[str]:
    """Return paths below the folder that all share, since a cell of a table is short; names of members stay as they are."""
    from distilforensics.case.archives import SEPARATOR

    files = [path.partition(SEPARATOR) for path in paths]
    root = os.path.commonpath([os.path.abspath(os.path.dirname(file) or ".") for file, _, _ in files])  # noqa: PTH100, PTH120
    return [os.path.relpath(file, root) + mark + member for file, mark, member in files]


def _lines(inspection: Inspection) -> Iterator[str]:
    form = f", {inspection.format} (confidence {inspection.confidence})" if inspection.format else ""
    yield f"{inspection.role}{form}, {units.size(inspection.n_bytes)}, compression {inspection.compression or 'unknown'}, {inspection.encoding or 'unknown'}"
    if inspection.reason:
        yield f"reason: {show(inspection.reason)}"
    if inspection.account:
        yield f"account: {show(inspection.account)}"
    if inspection.n_sampled:
        n_kept = inspection.n_sampled - inspection.n_refused - inspection.n_out_of_scope
        yield (
            f"{units.count(inspection.n_sampled)} records at the beginning: {units.count(n_kept)} exchanges, {units.count(inspection.n_refused)} refused,"
            f" {units.count(inspection.n_out_of_scope)} out of scope; {units.moment(inspection.first_started_at)} to {units.moment(inspection.last_started_at)}"
        )
    for refusal in inspection.refusals:
        yield f"refused: line {refusal['line']}: {show(refusal['reason'])}: {show(refusal['detail'])}"
    if inspection.flags:
        yield f"repairs and doubts: {', '.join(f'{show(flag)} {units.count(n)}' for flag, n in inspection.flags.items())}"
    if inspection.missing:
        yield f"this format does not carry: {show('; '.join(inspection.missing))}"
    if inspection.unknown_keys:
        yield f"unknown keys: {show(', '.join(inspection.unknown_keys))}"
    if inspection.heuristics:
        yield from _heuristics(inspection)


def _heuristics(inspection: Inspection) -> Iterator[str]:
    """Yield how many tests are possible, then what the others lack: one line for all that lack the same, those that stop most first."""
    possible = [heuristic for heuristic in inspection.heuristics if heuristic.share > 0]
    yield f"{len(possible)} of {len(inspection.heuristics)} heuristics could be evaluated, given enough volume"
    lacking: dict[str, list[str]] = {}
    for heuristic in inspection.heuristics:
        if not heuristic.share:
            for column in heuristic.missing or ["columns that no record carries together"]:
                lacking.setdefault(column.replace("|", " or "), []).append(heuristic.heuristic_id)
    for column, names in sorted(lacking.items(), key=lambda item: (-len(item[1]), item[0])):
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"without {column}, not: {', '.join(names[:_NAMED])}{more}"
    for heuristic in possible:
        if heuristic.share < 1:
            yield f"in part: {heuristic.heuristic_id}, {units.share(heuristic.share, 1)} of the sampled exchanges carry what it needs"
    if not possible and inspection.role == "log":
        yield "fields that were not taken for a column can be mapped, to begin with: distilforensics mapping FILE > m.toml"


_NAMED = 4
"""Heuristics that one line names; --json has all."""
