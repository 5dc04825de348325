"""The README's commands are the ones that are run, and what it says exists."""

import re
from pathlib import Path

from distilforensics.cli.diagnostics import run_cli
from distilforensics.cli.main import cli

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)


def test_what_the_readme_shows_of_a_run_is_what_a_run_says(sample_case, capsys):
    """Every line of the summary and of the finding, from the run of the sample."""
    case = sample_case("pool")
    summary = (case.parent / "said.txt").read_text(encoding="utf-8").splitlines()
    run_cli(["show", str(case), "campaign", "C-01"])
    campaign = capsys.readouterr().out
    shown, finding = re.findall(r"```text\n(.*?)\n```", README, re.DOTALL)

    assert [] == [line for line in shown.splitlines() if line not in summary]
    assert finding in campaign


def test_each_of_the_two_commands_is_one_line():
    """They can be copied as they are."""
    assert all("\n" not in block for block in BLOCKS[:2])
    assert BLOCKS[0].endswith("distilforensics run sample_logs/pool/logs --case reports/sample-case")
    assert "pytest" in BLOCKS[1]


def test_continuous_integration_runs_the_second_command_word_for_word():
    """Nobody checks something else than the README promises."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert BLOCKS[1] == lines[-1]


def test_both_commands_install_the_pinned_set():
    """With hashes."""
    assert "--require-hashes -r constraints.txt" in BLOCKS[0]
    assert "--require-hashes -r constraints-dev.txt" in BLOCKS[1]


def test_every_verb_that_the_readme_names_exists():
    """Examples cannot rot."""
    named = set(re.findall(r"\bdistilforensics ([a-z]+)\b", README))

    assert named
    assert named <= set(cli.commands)


def test_every_link_of_the_documents_leads_somewhere():
    """README, CONTRIBUTING, CHANGELOG and docs/."""
    broken = []
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sample_logs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")

    assert [] == broken


def test_no_document_names_a_place_on_one_machine():
    """Absolute paths mean nothing elsewhere."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".ci").iterdir()]
    found = [
        path.name
        for path in documents
        if re.search(r"(?<![\w.])/(root|work|home|tmp)/\w", path.read_text(encoding="utf-8"))
    ]

    assert [] == found
