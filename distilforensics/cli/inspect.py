"""`distilforensics inspect`: what are these files, and what could be tested with them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from distilforensics.cli.options import command, examples, logs_argument, reading_options

if TYPE_CHECKING:
    from distilforensics.cli.output import Output
    from distilforensics.ingest.options import IngestOptions


@command(
    "inspect", epilog=examples("distilforensics inspect exports/", "distilforensics inspect gateway.jsonl.gz --json")
)
@logs_argument
@reading_options
def inspect(logs: tuple[str, ...], options: IngestOptions, output: Output) -> None:
    """Tell what LOGS are, without a case.

    For every file: format and how sure that is, a parsed sample, and which heuristics could be run on it.
    """
    from distilforensics.heuristics.loader import needs_of_catalog
    from distilforensics.ingest.inspection import inspect_sources

    for source in inspect_sources(logs, options, needs=needs_of_catalog()):
        output.record(source)
