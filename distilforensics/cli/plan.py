"""`distilforensics plan`: what would a run over these logs take?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.cli.options import command, examples, limits_options, logs_argument, reading_options
from distilforensics.core import units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output
    from distilforensics.ingest.options import IngestOptions
    from distilforensics.pipeline.plan import Plan


@command(
    "plan", epilog=examples("distilforensics plan exports/", "distilforensics plan exports/ --memory-limit 4GB --json")
)
@logs_argument
@reading_options
@limits_options
def plan(logs: tuple[str, ...], options: IngestOptions, limits: Limits, output: Output) -> None:
    """Tell what a run over LOGS would take.

    Exchanges, time, memory and disk. The beginning of up to 200 files is read; the rest follows from runs that were measured, and may be a third off.
    """
    from distilforensics.pipeline.plan import plan as plan_run

    found = plan_run(logs, options, limits)
    if output.is_json:
        output.record(found.as_dict())
        return
    for line in _lines(found, limits):
        output.line(line)


def _lines(found: Plan, limits: Limits) -> Iterator[str]:
    text = "with texts" if found.has_text else "without texts"
    yield f"Logs      {units.count(found.n_files)} files, {units.size(found.n_bytes)}, some {units.size(found.n_bytes_decoded)} decoded"
    yield f"Exchanges some {units.count(found.n_exchanges)} {text}"
    yield f"Time      some {units.duration(found.wall_s)} on {limits.threads} threads ({units.duration(found.cpu_s)} of processor time)"
    yield f"Memory    some {units.size(found.peak_bytes)}, the limit is {units.size(limits.memory_bytes)}"
    yield f"Disk      some {units.size(found.case_bytes)} for the case; {units.size(found.free_bytes)} are free here"
    if found.is_extrapolated:
        yield "Note      more exchanges than in any run that was measured; take the figures as an order of magnitude"
    for warning in found.warnings:
        yield f"Warning   {warning}"
