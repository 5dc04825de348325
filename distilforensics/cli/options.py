"""Options that several commands share: the same words mean the same thing everywhere."""

from __future__ import annotations

import functools
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from distilforensics.cli.exit_codes import ExitCode
from distilforensics.cli.output import Output
from distilforensics.core.finding import Grade
from distilforensics.core.units import MIN_MEMORY, parse_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.case.engines.duckdb import Limits
    from distilforensics.ingest.options import IngestOptions

    Function = Callable[..., Any]

CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
"""Settings of every command."""


class Size(click.ParamType[int]):
    """A number of bytes with a unit, such as 8GB or 512MiB."""

    name = "size"

    def __init__(self, minimum: int = 1) -> None:
        """Set the smallest accepted size in bytes."""
        self.minimum = minimum

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return bytes."""
        if isinstance(value, int):
            return value
        try:
            n_bytes = parse_size(str(value))
        except ValueError as e:
            self.fail(str(e), param, ctx)
        if n_bytes < self.minimum:
            self.fail(f"{value!r} is too small, expected at least {self.minimum:,} bytes", param, ctx)
        return n_bytes


class Text(click.ParamType[str]):
    """Text from the command line, whose bytes are UTF-8 whatever the locale says."""

    name = "text"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return text that can be written."""
        try:
            return os.fsencode(str(value)).decode()
        except UnicodeError:
            self.fail(f"{value!r} is no text in UTF-8", param, ctx)


class Share(click.ParamType[float]):
    """A share from 0 to 1, or in per cent such as 0.1%."""

    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return a number from 0 to 1."""
        if isinstance(value, float):
            return value
        text = str(value).strip()
        try:
            number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            number = -1.0
        if not 0 <= number <= 1:
            self.fail(f"{value!r} is no share, expected 0 to 1 or 0% to 100%", param, ctx)
        return number


CASE_DIR = click.Path(path_type=Path)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)

GRADE = click.Choice([grade.value for grade in Grade if grade.rank])

case_option = click.option("--case", "case_dir", type=CASE_DIR, required=True, metavar="DIR", help="Case folder.")
case_argument = click.argument("case_dir", type=CASE_DIR, metavar="CASE")
logs_argument = click.argument("logs", type=click.Path(), nargs=-1, required=True, metavar="LOGS...")
fail_on_option = click.option(
    "--fail-on",
    type=GRADE,
    help="Exit with 1 if a campaign reaches this grade.",
)


def stated_options(function: Function) -> Function:
    """Add what the examiner states about the case; the function gets what was given as `stated`, by key of case.toml."""
    texts = {
        "confidentiality": "How confidential the report is; printed on every page.",
        "organization": "Whom the examiner works for.",
        "examiner": "Who examines.",
        "title": "What is examined.",
        "number": "Number of the case.",
    }

    @functools.wraps(function)
    def wrapped(**arguments: object) -> object:
        given = {key: arguments.pop(key) for key in reversed(texts)}
        return function(stated={key: value for key, value in given.items() if value is not None}, **arguments)

    for key, text in texts.items():
        names = [f"--{key}", *(["--organisation"] if key == "organization" else [])]
        wrapped = click.option(*names, key, metavar="TEXT", help=f"{text} Kept in case.toml.")(wrapped)
    return wrapped


def sign_options(function: Function) -> Function:
    """Add --sign and --passphrase-file; the function gets `key`."""

    @click.option(
        "--sign",
        "key_file",
        type=FILE,
        metavar="KEY",
        help="Sign the seal with this Ed25519 key, as made by: openssl genpkey -algorithm ed25519.",
    )
    @click.option("--passphrase-file", type=FILE, metavar="FILE", help="File whose first line opens the key.")
    @functools.wraps(function)
    def wrapped(*, key_file: Path | None, passphrase_file: Path | None, **arguments: object) -> object:
        key = None
        if key_file is not None:
            from distilforensics.case.signature import read_key

            passphrase = passphrase_file.read_bytes().split(b"\n")[0].rstrip(b"\r") if passphrase_file else None
            key = read_key(key_file, passphrase)
        elif passphrase_file is not None:
            raise click.UsageError("--passphrase-file needs --sign KEY")
        return function(key=key, **arguments)

    return wrapped


def examples(first: str, second: str, *, has_exit_codes: bool = False) -> str:
    """Return the end of a help text: two examples and, where scripts need them, the exit codes."""
    codes = "\b\nExit codes:\n" + "".join(f"  {int(code):>3}  {code.meaning}\n" for code in ExitCode) + "\n"
    return f"{codes if has_exit_codes else ''}\b\nExamples:\n  {first}\n  {second}"


def command(name: str, *, epilog: str) -> Callable[[Function], click.Command]:
    """Make a command of a function: its help ends with examples, and it has the options that all have.

    The function gets what the user chose about telling as `output`.
    """

    def decorate(function: Function) -> click.Command:
        made = click.command(name, context_settings=CONTEXT, epilog=epilog)(common_options(function))
        for parameter in made.params:
            if parameter.type is click.STRING:
                parameter.type = Text()
        return made

    return decorate


def common_options(function: Function) -> Function:
    """Add -q, --json, --no-color, --debug and --version behind the command's own options."""
    own = list(getattr(function, "__click_params__", ()))

    @version_option
    @click.option("--debug", is_flag=True, help="Show the place in the code of every error.")
    @click.option("--no-color", is_flag=True, help="No colours; so do NO_COLOR and TERM=dumb.")
    @click.option(
        "--json", "is_json", is_flag=True, help="Results on stdout as lines of JSON, errors likewise on stderr."
    )
    @click.option("-q", "--quiet", "is_quiet", is_flag=True, help="No progress, notes or summary on stderr.")
    @functools.wraps(function)
    def wrapped(*, is_quiet: bool, is_json: bool, no_color: bool, debug: bool, **arguments: object) -> object:
        del debug  # `diagnostics.run_cli` looks for it before anything can fail
        return function(output=Output(is_json=is_json, is_quiet=is_quiet, may_color=not no_color), **arguments)

    added: list[click.Parameter] = wrapped.__click_params__  # type: ignore[attr-defined]
    wrapped.__click_params__ = added[len(own) :] + own  # type: ignore[attr-defined] # click lists them from the end
    return wrapped


version_option = click.version_option(
    package_name="distilforensics", prog_name="distilforensics", message="%(prog)s %(version)s"
)


def limits_options(function: Function) -> Function:
    """Add --threads and --memory-limit; the function gets `limits`."""

    @click.option(
        "--threads",
        type=click.IntRange(min=1),
        metavar="N",
        help="Threads; all cores if omitted. Never changes a result.",
    )
    @click.option(
        "--memory-limit",
        type=Size(MIN_MEMORY),
        metavar="SIZE",
        help="Memory of all processes together, such as 8GB; 60 % of what is free if omitted.",
    )
    @functools.wraps(function)
    def wrapped(*, threads: int | None, memory_limit: int | None, **arguments: object) -> object:
        return function(limits=make_limits(threads, memory_limit), **arguments)

    return wrapped


def engine_options(function: Function) -> Function:
    """Add --engine and --master to a command that has limits; the function's `limits` name the master."""

    @click.option(
        "--engine",
        type=click.Choice(("duckdb", "spark")),
        default="duckdb",
        help="What computes tables: this machine, or the workers of --master. Never changes a result.",
    )
    @click.option("--master", metavar="URL", help="Spark master, such as local[4], spark://HOST:7077 or yarn.")
    @functools.wraps(function)
    def wrapped(*, engine: str, master: str | None, limits: Limits, **arguments: object) -> object:
        if (engine == "spark") != (master is not None):
            raise click.UsageError(
                "--engine spark and --master URL belong together; this machine alone would be --master 'local[4]'"
            )
        return function(limits=replace(limits, master=master), **arguments)

    return wrapped


def calibration_options(function: Function) -> Function:
    """Add --reference and --error-rates; the function gets `calibration_files`."""

    @click.option(
        "--reference",
        "references",
        type=CASE_DIR,
        multiple=True,
        metavar="CASE",
        help="Finished case over a benign period of the same service, among which this log is ranked; repeat for more.",
    )
    @click.option(
        "--error-rates",
        type=FILE,
        multiple=True,
        metavar="FILE",
        help="Rates measured on labelled logs with evaluate --save; repeat for more.",
    )
    @functools.wraps(function)
    def wrapped(*, references: tuple[Path, ...], error_rates: tuple[Path, ...], **arguments: object) -> object:
        from distilforensics.pipeline.calibration_files import CalibrationFiles

        return function(calibration_files=CalibrationFiles(references, error_rates), **arguments)

    return wrapped


def report_options(function: Function) -> Function:
    """Add --pdf, --language, --redact and --releases; the function gets `report_step` and `releases`."""

    @click.option(
        "--pdf/--no-pdf",
        "is_with_pdf",
        default=None,
        help="Also write each edition of the report as tagged PDF/A-3; as the last time if omitted.",
    )
    @click.option(
        "--language",
        type=click.Choice(("en", "de")),
        help="Language of the report's editions; quotations and annexes stay as they are; as the last time if omitted.",
    )
    @click.option(
        "--redact/--no-redact",
        "is_redacted",
        default=None,
        help="Write a report with pseudonyms for names, without annexes; as the last time if omitted.",
    )
    @click.option(
        "--releases",
        type=FILE,
        metavar="FILE",
        help="Calendar of releases (CSV or TOML: date, name), with which changes of the traffic are compared.",
    )
    @functools.wraps(function)
    def wrapped(
        *, is_with_pdf: bool | None, language: str | None, is_redacted: bool | None, **arguments: object
    ) -> object:
        from distilforensics.pipeline.steps import report_step

        step = report_step(is_with_pdf=is_with_pdf, language=language, is_redacted=is_redacted)
        return function(report_step=step, **arguments)

    return wrapped


def reconcile_option(function: Function) -> Function:
    """Add --reconcile; the function gets the logs with the named files among them, and options that know these."""

    @click.option(
        "--reconcile",
        "usage",
        type=click.Path(exists=True),
        multiple=True,
        metavar="FILE",
        help="Usage export, bill or rollup with which the log is compared per key, model and day. Repeat for more.",
    )
    @functools.wraps(function)
    def wrapped(
        *, usage: tuple[str, ...], logs: tuple[str, ...], options: IngestOptions, **arguments: object
    ) -> object:
        return function(logs=(*logs, *usage), options=replace(options, usage=usage), **arguments)

    return wrapped


def catalog_option(function: Function) -> Function:
    """Add --catalog; the function gets `catalog`, the folder or None."""
    return click.option(
        "--catalog",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder with heuristics, formats and explanations of your own: DIR/heuristics, DIR/formats, DIR/explanations.",
    )(function)


def make_limits(threads: int | None, memory_limit: int | None) -> Limits:
    """Return the limits of this machine with those that were given."""
    from distilforensics.case.engines.duckdb import Limits

    machine = Limits.of_this_machine()
    return Limits(memory_bytes=memory_limit or machine.memory_bytes, threads=threads or machine.threads)


def reading_options(function: Function) -> Function:
    """Add the options about reading logs; the function gets `options`."""

    @click.option(
        "--format",
        metavar="ID",
        help="Format of all logs, such as litellm_spendlogs; told from their content if omitted.",
    )
    @click.option(
        "--mapping",
        "mappings",
        type=FILE,
        multiple=True,
        metavar="FILE",
        help="File that maps the fields of a format that is not known; used on files with these fields. Repeat for more.",
    )
    @click.option("--account-field", metavar="FIELD", help="Take the account from this column or $.path instead.")
    @click.option(
        "--assume-time-zone",
        metavar="ZONE",
        help="Zone of times that have no offset, such as Europe/Berlin; UTC if omitted.",
    )
    @click.option(
        "--log-began",
        metavar="TIME",
        help="When logs began whose times count from there, have no year or are missing, such as 2026-02-03T04:05Z.",
    )
    @click.option(
        "--max-malformed",
        type=Share(),
        metavar="SHARE",
        help="Share of records that may be quarantined before the exit code is 3; 0.1% if omitted.",
    )
    @click.option(
        "--max-line", type=Size(), metavar="SIZE", help="Longer lines are hashed and quarantined; 64MiB if omitted."
    )
    @click.option(
        "--secret-file",
        type=FILE,
        metavar="FILE",
        help="Secret for the hashes that replace raw API keys found in logs.",
    )
    @click.option(
        "--content-free",
        "is_content_free",
        is_flag=True,
        help="Keep no prompts, answers or system prompts in the case, only fingerprints of them.",
    )
    @functools.wraps(function)
    def wrapped(
        *,
        format: str | None,  # noqa: A002 - the option's name
        mappings: tuple[Path, ...],
        account_field: str | None,
        assume_time_zone: str | None,
        log_began: str | None,
        max_malformed: float | None,
        max_line: int | None,
        secret_file: Path | None,
        is_content_free: bool,
        **arguments: object,
    ) -> object:
        from distilforensics.pipeline.reading_options import reading_options

        options = reading_options(
            format=format,
            mappings=mappings,
            account_field=account_field,
            assume_time_zone=assume_time_zone,
            log_began=log_began,
            max_malformed=max_malformed,
            max_line_bytes=max_line,
            secret_file=secret_file,
            is_content_free=is_content_free,
        )
        return function(options=options, **arguments)

    return wrapped
