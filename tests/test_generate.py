"""What the program makes of itself is current, and one command tells where it is not."""

import json
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def generate(monkeypatch):
    """The module of the command."""
    names = ("generate", "pages", "example", "samples")
    others = {name: sys.modules.pop(name) for name in names if name in sys.modules}  # a benchmark has a `generate` too
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import generate

    yield generate
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(others)


def test_lock_and_chapters_of_formats_are_current(generate, monkeypatch, capsys):
    """Write them again with: python tools/generate.py."""
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check", "lock", "formats"])
    assert 0 == generate.main()
    assert "" == capsys.readouterr().out


def test_whatever_differs_is_named(generate, tmp_path):
    """A changed file, a new file, and one that is no longer made in a folder that is made as a whole."""
    lock = tmp_path / "distilforensics" / "analysis" / "heuristics" / "lock.json"
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({}), encoding="utf-8")
    example = tmp_path / "reports" / "example"
    shutil.copytree(ROOT / "reports" / "example", example)
    (example / "report.html").unlink()
    (example / "new.txt").write_text("new", encoding="utf-8")
    assert generate.differences(tmp_path) == [
        "distilforensics/analysis/heuristics/lock.json",
        "reports/example/new.txt",
        "reports/example/report.html",
    ]


def test_every_page_has_a_chapter_for_everything(generate):
    """Pages are built where somebody wants to read them; none of them is empty."""
    from pages import pages

    made = pages()
    assert all(f"## distilforensics {verb}\n" in made["commands.md"] for verb in ("run", "heuristics list", "selftest"))
    assert "| `record_id` | string |" in made["tables.md"]
    assert "### K6 " in made["heuristics.md"]
