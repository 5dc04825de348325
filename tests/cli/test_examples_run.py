"""The examples under the help of a command run as they stand, in a folder that holds what they name; hints run with names put in."""

import gzip
import hashlib
import re
import shutil
from pathlib import Path

import click
import pytest

from distilforensics.cli.main import cli

ROOT = Path(__file__).parents[2]
CALL = '{"timestamp": "2026-03-02T10:04:31Z", "account_id": "u1", "model": "m", "prompt": "What is a prime?", "response": "A number."}\n'
ALONE = (
    "inspect",
    "mapping",
    "plan",
    "diff",
    "show",
    "explain",
    "compare",
    "sql",
    "note",
    "export",
    "formats",
    "heuristics",
    "completion",
    "verify",
)
"""Commands whose examples need a case, logs or nothing; those that make a whole case run in the tutorial and in tests of their own."""

NEEDS = ("--replay", "/media/")
"""What an example says that needs the evidence of an examiner."""


def examples_of(command):
    """Yield the examples of a command and of those below it."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from examples_of(below)
    lines = (line.strip() for line in (command.epilog or "").splitlines())
    yield from (line for line in lines if line.startswith("distilforensics "))


OF_ALL = (
    "distilforensics heuristics test",
    "distilforensics heuristics test coordination",
    "distilforensics formats test",
)
"""What tests of their own do for every entry, where other examples do it for one heuristic or one format."""

EXAMPLES = [
    line
    for name in ALONE
    for line in examples_of(cli.commands[name])
    if line not in OF_ALL and not any(need in line for need in NEEDS)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, sample_case):
    """A folder with logs, three cases and the files that examples name."""
    root = tmp_path_factory.mktemp("examples")
    for name in ("reports/sample-case", "cases/2026-017", "cases/2026-017-again", "cases/2026-018"):
        shutil.copytree(sample_case("pool"), root / name)
    (root / "exports").symlink_to(ROOT / "sample_logs" / "metadata_only" / "logs")
    for name in ("gateway.jsonl.gz", "calls.jsonl.gz"):
        (root / name).write_bytes(gzip.compress(CALL.encode() * 20))
    (root / "export.csv").write_text(
        "when,who,llm,question\n2026-03-02T10:00:00Z,u1,m,What is a prime?\n", encoding="utf-8"
    )
    (root / "query.sql").write_text("SELECT campaign_id FROM campaigns", encoding="utf-8")
    for name in (".local/share/bash-completion/completions", ".config/fish/completions"):
        (root / name).mkdir(parents=True)
    return root


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs(example, folder, ran):
    """It ends well, and says something."""
    done = ran(example, folder)
    assert done.returncode == 0, done.stderr[-1000:] + done.stdout[-500:]


def test_enough_examples_run():
    """The list is made from the commands themselves."""
    assert len(EXAMPLES) >= 30


CASE = "cases/hinted"
STANDS_FOR = {
    "LOGS... --case DIR": "calls.jsonl.gz --case cases/made",
    "--out FILE": "--out ours.json",
    "DIR": CASE,
    "--reference CASE": "--reference cases/2026-018",
    "CASE": CASE,
    "A B": "cases/2026-017 cases/2026-018",
    "--error-rates FILE": "--error-rates rates.json",
    "--labels FILE": "--labels labels.csv",
    "--save FILE": "--save saved.json",
    "--about TEXT": "--about sample",
    "--reconcile FILE": "--reconcile sums.csv",
    "mapping FILE": "mapping export.csv",
    "FILE": "calls.jsonl.gz",
    "KEY": "shared.key",
}
"""Word of a hint -> what the folder has for it."""

HINT = re.compile(
    r"(?<![\w./-])distilforensics (?:[a-z][^`\n\"|;&<>(){}\\,]*[ =])?(?:CASE|DIR|FILE|A B|KEY)\b[^`\n\"|;&<>(){}\\,]*"
)
TESTED_ELSEWHERE = ("selftest", "RECORD", "--catalog")
"""Measuring power, citing a record and a catalogue of one's own have tests of their own."""


def hints():
    """Return the commands in the code of the program that name what the user has to fill in."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "distilforensics").rglob("*.py"))]
    found = {match.group().strip() for text in texts for match in HINT.finditer(text)}
    return sorted(line for line in found if not any(word in line for word in TESTED_ELSEWHERE))


def filled_in(hint):
    """Return a hint with the names of the folder, without the sentence that goes on behind it."""
    line = re.sub(r" (lists|names) .*$", "", hint)
    for word, meant in STANDS_FOR.items():
        line = re.sub(rf"(?<![\w/]){re.escape(word)}(?![\w/])", meant, line)
    return line.rstrip(".: ")


@pytest.fixture(scope="module")
def hinted(folder, ran):
    """The folder, with all that hints name."""
    shutil.copytree(folder / "cases" / "2026-017", folder / CASE)
    shutil.copy(ROOT / "sample_logs" / "pool" / "labels.csv", folder / "labels.csv")
    (folder / "shared.key").write_text(hashlib.sha256(b"of both providers").hexdigest())
    (folder / "sums.csv").write_text("date,model,requests\n2026-03-02,m,20\n", encoding="utf-8")
    made = ran("distilforensics evaluate cases/2026-018 --labels labels.csv --save rates.json --about sample", folder)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.mark.parametrize("hint", hints())
def test_what_a_hint_says_can_be_done(hint, hinted, ran):
    """Whoever follows it is not told that he has called the program wrongly."""
    # A hint about reading logs is given where there is no sealed case yet.
    line = filled_in(hint).replace("cases/made", f"cases/made-{hints().index(hint)}")
    done = ran(line, hinted)
    assert done.returncode in (0, 3, 5, 10), done.stderr[-1000:] + done.stdout[-500:]
    assert not re.search(r"\b(CASE|DIR|FILE|LOGS|KEY|TEXT)\b", line)
