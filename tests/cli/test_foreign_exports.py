"""Exports with foreign names, brought in by the commands of the how-to page alone, give the right rows."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows
from distilforensics.cli.diagnostics import run_cli

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "my-export-is-not-recognised.md"
COLUMNS = (
    "started_at", "account_id", "model_requested", "input_tokens", "output_tokens", "client_ip", "prompt_text", "response_text",
)  # fmt: skip
ROWS = {
    "calls.csv": [
        ("2026-03-02T10:00:01", "acme-7", "gpt-4o-mini", 1024, 56, None, "Tell me of cats", "A cat walks in"),
        ("2026-03-02T10:00:05", "acme-8", "gpt-4o-mini", 12, None, None, "And of dogs", "No"),
    ],
    "calls.jsonl": [("2026-03-02T00:00:07.201000", "anna", "claude-sonnet-4", 9, 2, None, "How are you", None)],
    "kibana.csv": [
        ("2026-03-02T00:00:08.101000", "acme-7", "gpt-4o-mini", 1024, 56, "192.0.2.7", "Tell me of cats", None),
        ("2026-03-02T00:00:09.200000", "acme-8", "gpt-4o-mini", 12, None, None, "And of dogs", None),
    ],
}
"""What a reader of the exports would write down by hand."""


def follow(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Do what the page says, command by command."""
    blocks = re.findall(r"^\s*```sh\n(.*?)\n\s*```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for line in (line.strip() for block in blocks for line in block.splitlines()):
        if not line.startswith("distilforensics "):
            subprocess.run(["sh", "-eu", "-c", line], check=True)
            continue
        words = shlex.split(line)[1:]
        target = Path(words.pop()) if ">" in words else None
        capsys.readouterr()
        assert run_cli([word for word in words if word != ">"]) == 0, line
        if target is not None:
            target.write_text(capsys.readouterr().out, encoding="utf-8")


def test_a_table_lines_and_a_dashboard_give_the_right_rows(tmp_path, monkeypatch, capsys):
    """Times, thousands, words for nothing, the time of the end, JSON in text, and a row that is no call."""
    monkeypatch.chdir(tmp_path)
    follow(PAGE, capsys)
    case = open_case(tmp_path / "mapped-case")
    sources = {row["source_sha256"]: row["path"] for row in read_rows(case, "sources")}
    found = {name: [] for name in ROWS}
    for row in read_rows(case, "exchanges"):
        values = (row["started_at"].isoformat(), *(row[name] for name in COLUMNS[1:]))
        found[sources[row["source_sha256"]]].append(values)
    assert found == ROWS
    assert [(row["reason"], row["n_records"]) for row in read_rows(case, "out_of_scope")] == [("health_check", 1)]
    assert read_rows(case, "quarantine") == []
