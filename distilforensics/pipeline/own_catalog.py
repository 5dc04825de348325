"""A catalogue of the user's own, all three kinds of it: heuristics, formats, explanations. Checked and tried before it is put into a case."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from distilforensics.core.errors import HeuristicError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distilforensics.case.layout import Case
    from distilforensics.ingest.options import IngestOptions


def check_and_put(case: Case, folder: Path) -> None:
    """Copy a catalogue into the case if all of it keeps the rules.

    Raises:
        HeuristicError: something of it is invalid, breaks a rule of the linter, or gives other results than its cases state.
    """
    from distilforensics.analysis.catalogue.own import put_catalog

    for where, message in own_issues(folder):
        raise HeuristicError(
            message, where=where, hint="see all of them with: distilforensics heuristics lint --catalog DIR"
        )
    put_catalog(case, folder)


def own_issues(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the formats and explanations of a catalogue, as name and message."""
    from distilforensics.assessment.own_explanations import issues_of
    from distilforensics.ingest.examples import ExampleReader, differences
    from distilforensics.ingest.formats import load_formats

    try:
        reader = ExampleReader(folder)
    except UsageError as e:
        yield e.where or "formats", e.message
    else:
        try:
            own = [spec for spec in load_formats().values() if spec.is_own]
            yield from (
                (spec.id, text)
                for spec in own
                for example in spec.examples
                for text in differences(spec, example, reader)
            )
        finally:
            reader.close()
    yield from issues_of(folder)


def with_own_formats(case: Case, options: IngestOptions) -> IngestOptions:
    """Return the options with the formats that the case holds."""
    return replace(options, own_catalog=case.catalog) if (case.catalog / "formats").is_dir() else options
