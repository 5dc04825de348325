"""The group of all verbs."""

from __future__ import annotations

import click

from distilforensics.cli.audit import audit
from distilforensics.cli.cite import cite
from distilforensics.cli.completion import completion
from distilforensics.cli.diff import diff
from distilforensics.cli.evaluate import evaluate
from distilforensics.cli.export import export
from distilforensics.cli.formats import formats
from distilforensics.cli.heuristics import heuristics
from distilforensics.cli.inspect import inspect
from distilforensics.cli.mapping import mapping
from distilforensics.cli.matching import fingerprints, match
from distilforensics.cli.note import note
from distilforensics.cli.options import CONTEXT, examples, version_option
from distilforensics.cli.plan import plan
from distilforensics.cli.respond import respond
from distilforensics.cli.run import run
from distilforensics.cli.selftest import selftest
from distilforensics.cli.show import compare, explain, show
from distilforensics.cli.simulate import simulate
from distilforensics.cli.sql import sql
from distilforensics.cli.stages import STAGE_COMMANDS
from distilforensics.cli.verify import verify


class InOrder(click.Group):
    """A group that lists its verbs in the order in which a case goes through them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs as they were added."""
        del ctx
        return list(self.commands)


@click.group(
    "distilforensics",
    cls=InOrder,
    context_settings=CONTEXT,
    epilog=examples(
        "distilforensics run sample_logs/pool/logs --case reports/sample-case",
        "distilforensics verify reports/sample-case",
        has_exit_codes=True,
    ),
)
@version_option
def cli() -> None:
    """Examine exported access logs of LLM APIs for coordinated harvesting of outputs.

    Works offline on one machine. Logs are opened read-only; everything made from them lies in one case folder
    that anybody can verify.
    """


for verb in (
    run,
    inspect,
    mapping,
    plan,
    verify,
    diff,
    show,
    explain,
    compare,
    sql,
    cite,
    note,
    export,
    respond,
    fingerprints,
    match,
    audit,
    formats,
    heuristics,
    simulate,
    evaluate,
    selftest,
    *STAGE_COMMANDS,
    completion,
):
    cli.add_command(verb)
