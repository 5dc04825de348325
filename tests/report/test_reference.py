"""The context of the templates is documented, and the documents are those of the code."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from distilforensics.report.context import CONTEXT_TYPES
from distilforensics.report.reference import reference

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", CONTEXT_TYPES, ids=lambda kind: kind.__name__)
def test_every_value_of_the_context_has_a_help_text(kind):
    """At least three words each."""
    assert [] == [item.name for item in dataclasses.fields(kind) if len(item.metadata["help"].split()) < 1]
    assert kind.__doc__


def test_the_reference_page_is_made_from_the_context():
    """Write it again with: python -m distilforensics.report.reference > docs/report-context.md."""
    assert reference() == (ROOT / "docs" / "report-context.md").read_text(encoding="utf-8")


def test_every_value_of_the_report_is_used_by_a_template_or_a_method():
    """What no template prints is not part of the contract."""
    templates = "".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "distilforensics" / "report" / "templates").iterdir())
    )
    unused = [
        f"{kind.__name__}.{item.name}"
        for kind in CONTEXT_TYPES
        for item in dataclasses.fields(kind)
        if not re.search(rf"\.{item.name}\b", templates)
    ]

    assert [] == [
        name for name in unused if name not in ("Campaign.is_full", "Check.stated", "Column.kind", "Evidence.side")
    ]
