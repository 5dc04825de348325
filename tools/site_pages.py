"""Builds the documentation as a site: the pages of docs/, what the program says of itself, and the decisions."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pages import pages, schemas

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "sample_logs/README.md", "reports/example/README.md")
"""Pages outside of docs/."""

_GENERATED = """\
# What the program says of itself

Made from the program when the site is built.

```{toctree}
:maxdepth: 1

"""

_DECISIONS = """\
# Decisions

Why things are as they are: what was measured, what was tried, what follows. A later decision may replace an earlier one, and says so.

```{toctree}
:maxdepth: 1
:glob:

decisions/*
```
"""

_PROJECT = """\
# The project

```{toctree}
:maxdepth: 1

"""


def stage(folder: Path) -> None:
    """Lay out all pages as they link to each other, and beside them whatever file of the project they link to."""
    shutil.copytree(ROOT / "docs", folder / "docs")
    for name in BESIDE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    made = pages()
    for name, text in made.items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    (folder / "docs" / "generated.md").write_text(
        _GENERATED + "".join(f"{Path(name).stem}\n" for name in made) + "```\n", encoding="utf-8"
    )
    (folder / "docs" / "decisions.md").write_text(_DECISIONS, encoding="utf-8")
    (folder / "docs" / "project.md").write_text(
        _PROJECT + "".join(f"/{Path(name).with_suffix('')}\n" for name in BESIDE) + "```\n", encoding="utf-8"
    )
    for page in list(folder.rglob("*.md")):
        page.write_text(_with_local_links(page, folder), encoding="utf-8")


def _with_local_links(page: Path, folder: Path) -> str:
    """Return the text of a page in which links to files and folders of the project that are no pages are plain words."""

    def link(match: re.Match[str]) -> str:
        target = (page.parent / match["path"]).resolve()
        is_page = "://" in match["path"] or (target.suffix == ".md" and target.is_file())
        if is_page:
            return match[0]
        original = ROOT / target.relative_to(folder.resolve())
        if not original.exists():
            raise SystemExit(f"{page.relative_to(folder)}: the link to {match['path']} leads nowhere")
        return match["words"]

    return re.sub(r"\[(?P<words>[^\]\n]+)\]\((?P<path>[^)#\s]+)(#[^)\s]*)?\)", link, page.read_text(encoding="utf-8"))


def build_site(target: Path, *options: str) -> None:
    """Build the site into a folder, with further options of Sphinx; a dead link ends it with what Sphinx says."""
    with tempfile.TemporaryDirectory(prefix="site-") as name:
        staged = Path(name) / "pages"
        stage(staged)
        command = ["sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-E", "-d", f"{name}/doctrees", *options]
        subprocess.run([sys.executable, "-m", *command, "-c", ROOT / "docs", "-b", "html", staged, target], check=True)
        (target / "docs" / "schemas").mkdir(exist_ok=True)
        for schema, text in schemas().items():
            (target / "docs" / "schemas" / schema).write_text(text, encoding="utf-8")
        (target / "index.html").write_text(
            '<!doctype html><meta http-equiv="refresh" content="0; url=docs/index.html">\n'
        )
