"""Pages that people read: their commands run, their sentences are short, their links lead somewhere."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WALKS = [DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]
"""Pages to be followed command by command."""

MEASURED = {"performance.md"}
"""Pages of figures, which a benchmark writes."""

PLAIN = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in DOCS.rglob("*.md") if "decisions" not in page.parts and page.name not in MEASURED),
]
"""Pages that people read."""


def sentences(page):
    """Numbers of words of the sentences of a page, without code, tables, headings and link targets."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    lines = [line for line in text.splitlines() if not re.match(r"\s*(\||#|    \S)", line)]
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:[-*>]|\d+\.) )", "\n".join(lines))
    found = [part for paragraph in paragraphs for part in re.split(r"(?<=[.!?])[\"*)]*\s+", paragraph)]
    return [len(part.split()) for part in found if len(part.split()) > 2]


@pytest.mark.parametrize("page", PLAIN, ids=lambda page: page.name)
def test_sentences_are_short(page):
    """Fewer than 18 words in the mean."""
    words = sentences(page)
    assert sum(words) / len(words) < 18


@pytest.mark.parametrize("name", ["grades", "limitations"])
def test_what_people_are_judged_by_is_plain(name):
    """No sentence that has to be read twice, and no decision that is named by a path instead of a link."""
    page = DOCS / f"{name}.md"
    assert max(sentences(page)) <= 45
    assert "docs/decisions" not in page.read_text(encoding="utf-8")


def test_the_front_page_counts_the_formats():
    """It says how many folders of formats there are."""
    folders = [path.parent for path in (ROOT / "distilforensics" / "ingest" / "formats").glob("*/format.toml")]
    assert f" {len(folders)} formats " in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_lever_names_a_test():
    """Each row of the page on threats ends with files that are there; a bare name lies beside the one before it."""
    rows = [line for line in (DOCS / "threats.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    levers = [row for row in rows if not row.startswith("| lever ")]
    for lever in levers:
        named = re.findall(r"`([^`]+)`", lever.split("|")[-2])
        folder = ROOT / Path(named[0]).parent
        assert [] == [name for name in named if not ((ROOT / name).is_file() or (folder / name).is_file())], lever
        assert named[0].startswith("tests/"), lever
    assert len(levers) > 25


@pytest.fixture
def project(tmp_path, sample_case):
    """The sample logs and the case of the README's first command, with the program on the path."""
    (tmp_path / "sample_logs").symlink_to(ROOT / "sample_logs")
    shutil.copytree(sample_case("pool"), tmp_path / "reports" / "sample-case")
    # The program of this checkout, whatever is installed.
    program = tmp_path / "bin" / "distilforensics"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m distilforensics "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("page", WALKS, ids=lambda page: page.name)
def test_the_commands_of_a_page_run_in_its_order(page, project, sample_case):
    """From the folder of the project, in one shell; what needs a network, root or another program stands in fences without a language."""
    blocks = re.findall(r"^\s*```sh\n(.*?)\n\s*```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    commands = [line.strip() for block in blocks for line in block.splitlines() if "activate" not in line]
    run = [command for command in commands if "duckdb <" not in command]
    path = f"{project / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])}
    # A sample that was examined already: the command takes the case up, and does what is new in it.
    for name, case in re.findall(r"distilforensics run sample_logs/(\w+)/logs --case (\S+)", "\n".join(run)):
        shutil.copytree(sample_case(name), project / case)
    result = subprocess.run(
        ["sh", "-eu", "-c", "\n".join(run)], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-2000:]


def test_the_site_builds_and_a_dead_link_stops_it(tmp_path, monkeypatch):
    """With all pages, those made from the program included."""
    script = "import sys; sys.path.insert(0, 'tools'); from pathlib import Path; import site_pages as s; {}s.build_site(Path(sys.argv[1]))"

    def build(before=""):
        return subprocess.run(
            [sys.executable, "-c", script.format(before), str(tmp_path / "site")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    built = build()
    assert built.returncode == 0, built.stderr[-2000:]
    made = {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*.html")}
    assert {"index.html", "README.html", "docs/tutorial.html", "docs/commands.html", "docs/grades.html"} <= made
    assert len([name for name in made if name.startswith("docs/decisions/")]) > 40

    assert build("s._GENERATED = '# x\\n\\n[gone](gone.md)\\n' + s._GENERATED; ").returncode != 0
