"""Pages that people read: their commands run, their sentences are short, their links lead somewhere."""

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
    """The sample logs and the case of the README's first command."""
    (tmp_path / "sample_logs").symlink_to(ROOT / "sample_logs")
    shutil.copytree(sample_case("pool"), tmp_path / "reports" / "sample-case")
    return tmp_path


@pytest.mark.parametrize("page", WALKS, ids=lambda page: page.name)
def test_the_commands_of_a_page_run_in_its_order(page, project, sample_case, ran):
    """From the folder of the project; what needs a network, root or another program stands in fences without a language."""
    blocks = re.findall(r"^\s*```sh\n(.*?)\n\s*```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    commands = [line.strip() for block in blocks for line in block.splitlines() if "activate" not in line]
    run = [command for command in commands if "duckdb <" not in command]
    # A sample that was examined already: the command takes the case up, and does what is new in it.
    for name, case in re.findall(r"distilforensics run sample_logs/(\w+)/logs --case (\S+)", "\n".join(run)):
        shutil.copytree(sample_case(name), project / case)
    for command in run:
        result = ran(command, project)
        assert result.returncode == 0, f"{command}\n{result.stderr[-2000:]}"


def built_site(folder, before="", *options):
    """Build the site into a folder, after `before`, and return what came of it."""
    imported = "import sys; sys.path.insert(0, 'tools'); from pathlib import Path; import site_pages as s; "
    script = f"{imported}{before}s.build_site(Path(sys.argv[1]), *sys.argv[2:])"
    command = [sys.executable, "-c", script, str(folder), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_site_has_all_pages(tmp_path):
    """Those made from the program included; no link in it is dead. Its own theme takes three times as long, and is that of the test below."""
    built = built_site(tmp_path, "", "-D", "html_theme=basic")
    assert built.returncode == 0, built.stderr[-2000:]
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    assert {"index.html", "README.html", "docs/tutorial.html", "docs/commands.html", "docs/grades.html"} <= made
    assert len([name for name in made if name.startswith("docs/decisions/")]) > 40


def test_a_dead_link_stops_the_site(tmp_path):
    """Here on its only page."""
    text = "# x\\n\\n[gone](gone.md)\\n"
    page = f"s.stage = lambda f: (f / 'docs').mkdir(parents=True) or (f / 'docs' / 'index.md').write_text('{text}'); "
    stopped = built_site(tmp_path, page)
    assert stopped.returncode != 0
    assert "gone.md" in stopped.stderr
