"""The documentation says of every format what its file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from distilforensics.ingest.formats import load_formats
from distilforensics.ingest.formats.completion import ACCOUNT_COLUMNS
from distilforensics.ingest.formats.mapping import parse_mapping

DOCUMENT = Path(__file__).parents[3] / "docs" / "formats.md"


@pytest.mark.parametrize("format_id", sorted(load_formats()))
def test_a_format_is_documented_with_the_words_of_its_file(format_id):
    """Account, tenant, time and what cannot be known."""
    spec = load_formats()[format_id]
    chapter = DOCUMENT.read_text(encoding="utf-8").partition(f"\n## {format_id}\n")[2].partition("\n## ")[0]

    assert spec.title in chapter
    assert f"**Account**: {spec.account}" in chapter
    assert f"**Tenant**: {spec.tenant}" in chapter
    assert f"**Time**: {spec.time}" in chapter
    for fact in spec.missing:
        assert fact in chapter


def test_the_mapping_file_of_the_documentation_is_valid():
    """An example that fails would be worse than none."""
    import tomllib

    example = DOCUMENT.read_text(encoding="utf-8").partition("```toml\n")[2].partition("```")[0]

    assert parse_mapping(tomllib.loads(example), where="docs/formats.md").time_unit == "ms"


def test_the_account_columns_are_documented():
    """The list that --account-field accepts."""
    assert ", ".join(f"`{column}`" for column in ACCOUNT_COLUMNS) in DOCUMENT.read_text(encoding="utf-8")
