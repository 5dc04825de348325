"""The documentation says of every format what its file says."""

from __future__ import annotations

from pathlib import Path

from distilforensics.ingest.catalogue.columns import ACCOUNT_COLUMNS
from distilforensics.ingest.catalogue.documentation import chapters
from distilforensics.ingest.catalogue.mapping import parse_mapping

DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"


def test_every_format_has_a_chapter_that_is_up_to_date():
    """What the folders say stands in the documentation, word for word."""
    assert chapters() in DOCUMENT.read_text(encoding="utf-8")


def test_the_mapping_file_of_the_documentation_is_valid():
    """An example that fails would be worse than none."""
    import tomllib

    example = DOCUMENT.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]

    assert parse_mapping(tomllib.loads(example), where="docs/formats.md").time_unit == "ms"


def test_the_account_columns_are_documented():
    """The list that --account-field accepts."""
    assert ", ".join(f"`{column}`" for column in ACCOUNT_COLUMNS) in DOCUMENT.read_text(encoding="utf-8")
