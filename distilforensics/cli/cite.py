"""`distilforensics cite`: the bytes of one record, from the evidence file itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from distilforensics.cli.exit_codes import ExitCode, say
from distilforensics.cli.options import CASE_DIR, case_argument, command, examples
from distilforensics.core.text import show

if TYPE_CHECKING:
    from distilforensics.cli.output import Output
    from distilforensics.pipeline.citation import Citation

SHOWN_BYTES = 4096
"""Bytes of a record that are printed; --raw writes all of them."""


@command(
    "cite",
    epilog=examples(
        "distilforensics cite cases/2026-017 4f9c01aa73e0b2d1:18204",
        "distilforensics cite cases/2026-017 4f9c01aa73e0b2d1:18204 --evidence-root /media/evidence --raw record.json",
    ),
)
@case_argument
@click.argument("record_id")
@click.option(
    "--evidence-root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Folder in which the evidence files lie now.",
)
@click.option("--raw", "raw_file", type=CASE_DIR, metavar="FILE", help="Write the exact bytes to a new file.")
@click.option("--force", is_flag=True, help="Replace the file of --raw.")
def cite(
    case_dir: Path, record_id: str, evidence_root: Path | None, raw_file: Path | None, force: bool, output: Output
) -> None:
    """Print the bytes of a record from its evidence.

    The file and the record are hashed again first. Record ids are in the report and in the column record_id.
    Compressed files are read as well. On the screen
    control characters are escaped; --raw writes the bytes as they are.
    """
    from distilforensics.case.layout import open_case
    from distilforensics.cli.options import make_limits
    from distilforensics.pipeline.citation import cite as find

    citation = find(open_case(case_dir), record_id, make_limits(None, None), evidence_root)
    if raw_file is not None:
        _write(raw_file, citation.raw, may_replace=force)
    _print_result(citation, output, is_text_wanted=raw_file is None)
    click.get_current_context().exit(ExitCode.COMPLETE)


def _write(path: Path, content: bytes, *, may_replace: bool) -> None:
    from distilforensics.core.errors import UsageError

    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if may_replace else os.O_EXCL) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(path, flags, 0o644), "wb") as stream:
            stream.write(content)
    except FileExistsError as e:
        raise UsageError("exists", where=str(path), hint="--force replaces it") from e
    except OSError as e:
        raise UsageError(f"cannot be written: {e.strerror}", where=str(path)) from e


def _print_result(citation: Citation, output: Output, *, is_text_wanted: bool) -> None:
    text = citation.raw.decode("utf-8", "backslashreplace")
    if output.is_json:
        output.record(
            {
                "record_id": citation.record_id,
                "kind": citation.kind,
                "path": str(citation.path),
                "line": citation.line,
                "offset": citation.offset,
                "n_bytes": len(citation.raw),
                "compression": citation.compression,
                "source_sha256": citation.source_sha256,
                "raw_sha256": citation.raw_sha256,
                "raw": text if is_text_wanted else None,
            }
        )
        return
    where = "" if citation.offset is None else f", byte {citation.offset} of the decompressed stream"
    output.line(
        f"{citation.place}{where if citation.compression != 'none' else where.removesuffix(' of the decompressed stream')}"
    )
    output.line(f"source SHA-256 {citation.source_sha256}, as ingested")
    output.line(f"record SHA-256 {citation.raw_sha256}, as ingested, {len(citation.raw):,} bytes")
    if not is_text_wanted:
        return
    output.line(show(text[:SHOWN_BYTES]))
    if len(text) > SHOWN_BYTES and not output.is_quiet:
        say(f"note: {len(text) - SHOWN_BYTES:,} more characters; --raw FILE or --json gives all of them")
