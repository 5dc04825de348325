"""What the three invented reports say, line by line; a change of wording or of a number is a change that somebody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["full", "quiet", "bare"])
def test_the_report_says_what_was_agreed(request, outline, name):
    """Write it again with: python tests/report/fixture/rewrite_golden.py, and read the diff."""
    report = request.getfixturevalue(name)

    assert (GOLDEN / f"{name}.txt").read_text(encoding="utf-8").splitlines() == outline(report.tree).splitlines()
