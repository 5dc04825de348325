"""`distilforensics respond`: the other side's tool."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilforensics.cli.drawing import paragraph
from distilforensics.cli.exit_codes import say
from distilforensics.cli.options import FILE, case_argument, command, examples, limits_options
from distilforensics.core import units
from distilforensics.core.text import show

if TYPE_CHECKING:
    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.response.answer import Response, Verdict

_SHOWN = 12
_NAMED = 3


@command(
    "respond",
    epilog=examples(
        "distilforensics respond cases/own-logs --accusation safety-case.json --out answer.md",
        "distilforensics respond cases/own-logs --accusation letter.txt --json",
    ),
)
@case_argument
@click.option(
    "--accusation",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Safety case in JSON, CSV with a column of ids, or a letter in text.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the draft as Markdown."
)
@limits_options
def respond(case_dir: Path, accusation: Path, out: Path | None, limits: Limits, output: Output) -> None:
    """Hold a provider's accusation against your own logs.

    CASE was made of your logs with `run`. Every message that the accusation names is looked for, compared with what is stated of it, and
    given a draft of an answer with the rows that it rests on. Accounts that hang together with the stated ones are listed, and so is what
    speaks for whoever holds them. Nothing is decided: the draft says what these logs show.
    """
    from distilforensics.case import custody
    from distilforensics.case.layout import open_case, write_file
    from distilforensics.pipeline.response.accusation import read_accusation
    from distilforensics.pipeline.response.answer import as_data, as_markdown
    from distilforensics.pipeline.response.answer import respond as answer

    case = open_case(case_dir)
    response = answer(case, read_accusation(accusation), limits)
    if out is not None:
        write_file(out, as_markdown(response, custody.head(case)["hash"]).encode())
    if output.is_json:
        output.record(as_data(response))
        return
    _print_result(response, output)
    if out is not None:
        output.line(str(out))
    elif not output.is_quiet:
        say("note: --out FILE writes the whole draft, with what speaks for and against every account")


def _print_result(response: Response, output: Output) -> None:
    """Print how many messages have which answer, and the answers, those that weigh most first."""
    from distilforensics.pipeline.response.answer import counts, most_concerned

    for kind, numbers in counts(response).items():
        output.line("In the logs" if kind == "found" else "Draft")
        for name, n in numbers.items():
            if n:
                output.line(f"  {n:>5}  {name}")
    output.line()
    width = min(100, shutil.get_terminal_size((80, 24)).columns)
    alike: dict[str, list[Verdict]] = {}
    for verdict in most_concerned(response, len(response.verdicts)):
        alike.setdefault("; ".join([verdict.draft.value, *verdict.differences, verdict.reason]), []).append(verdict)
    for said, verdicts in list(alike.items())[:_SHOWN]:
        for line in paragraph(f"{units.count(len(verdicts))} x {show(said)}", width, "    "):
            output.line(line)
        for verdict in verdicts[:_NAMED]:
            record = f"  {show(verdict.calls[0]['record_id'])}" if verdict.calls else ""
            output.line(f"      {show(verdict.message_id)}{record}")
        if len(verdicts) > _NAMED:
            output.line(f"      and {units.count(len(verdicts) - _NAMED)} more")
    if len(alike) > _SHOWN:
        output.line(f"  and {units.count(len(alike) - _SHOWN)} more kinds of answers; --out FILE or --json has all")
    output.line()
    output.line(
        f"{units.count(len(response.accounts))} accounts behind these messages, {units.count(len(response.linked))} others hang together with them"
    )
