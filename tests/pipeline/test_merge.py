"""A case merged from two is the case of one ingest of both."""

import json
import shutil
from pathlib import Path

import pytest

from distilforensics.case import custody
from distilforensics.case.evidence import find_source
from distilforensics.case.layout import open_case
from distilforensics.case.tables import read_rows
from distilforensics.case.verification import verify
from distilforensics.cli.diagnostics import ExitCode, run_cli

ROOT = Path(__file__).parents[2]
PLACES = {"part"}
"""Columns that say in which file of the case rows lie."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Logs in two folders with repeated records and a repeated file, the cases of each and of both, and the merged one."""
    home = tmp_path_factory.mktemp("made")
    lines = (ROOT / "sample_logs/benign/logs/gateway/requests.jsonl").read_text().splitlines(keepends=True)[:420]
    east, west = home / "logs" / "east", home / "logs" / "west"
    for folder in (east, west):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "sample_logs/benign/logs/accounts.csv", east)
    (east / "a.jsonl").write_text("".join(lines[:200]) + "broken\n")
    (east / "both.jsonl").write_text("".join(lines[200:230]))
    (west / "b.jsonl").write_text("".join(lines[180:200] + lines[230:420]))
    shutil.copy(east / "both.jsonl", west / "both.jsonl")
    (home / "secret").write_text("sesame")
    secret = ["--secret-file", str(home / "secret")]
    flags = ["--number", "7", "--threads", "1", "-q", "--max-malformed", "1", *secret]
    assert run_cli(["run", str(home / "logs"), "--case", str(home / "one"), *flags]) == 0
    for name, logs in (("a", east), ("b", west)):
        assert run_cli(["run", str(logs), "--case", str(home / name), *flags, "--no-power"]) == 0
    done = ["case", "merge", str(home / "a"), str(home / "b"), "--out", str(home / "merged"), "--threads", "1", "-q"]
    assert run_cli(done + secret) == 0
    return home


def rows(case, name):
    """Rows of a table without the places of rows, in an order that does not depend on them."""
    found = [{k: v for k, v in row.items() if k not in PLACES} for row in read_rows(case, name)]
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in found)


def test_every_table_is_that_of_one_ingest_of_both(made):
    """Exchanges with ids and hashes, sources under the same names, duplicates across the two, findings."""
    one, merged = open_case(made / "one"), open_case(made / "merged")
    names = list(one.existing_tables())
    duplicates = read_rows(merged, "duplicates")
    twins = [(r["path"], r["reason"]) for r in read_rows(merged, "sources") if r["role"] == "duplicate_file"]

    assert names == list(merged.existing_tables())
    assert [] == [name for name in names if rows(one, name) != rows(merged, name)]
    assert 20 == len(duplicates)
    assert [("west/both.jsonl", "same bytes as east/both.jsonl")] == twins
    findings = [json.loads((case.findings / "findings.json").read_text()) for case in (one, merged)]
    assert findings[0] == findings[1]


def test_the_merged_case_is_sealed_with_the_custody_of_both(made):
    """Intact, evidence found, the logs of what was done to each kept word for word."""
    merged = open_case(made / "merged")
    found = verify(merged)

    assert [] == found.problems
    assert 5 == found.n_sources
    assert all(find_source(merged, row) for row in read_rows(merged, "sources"))
    for number, name in enumerate(("a", "b"), start=1):
        for file in ("custody.jsonl", "run.json", "seal.txt", "tagmanifest-sha256.txt"):
            assert (merged.root / "origins" / str(number) / file).read_bytes() == (made / name / file).read_bytes()
    heads = [e["details"]["custody_head"] for e in custody.entries(merged) if e["action"] == "case merged"]
    assert [custody.head(open_case(made / name))["hash"] for name in ("a", "b")] == heads
    (merged.root / "origins" / "1" / "custody.jsonl").chmod(0o600)
    content = (merged.root / "origins" / "1" / "custody.jsonl").read_bytes()
    (merged.root / "origins" / "1" / "custody.jsonl").write_bytes(content[:-1])
    assert ["origins/1/custody.jsonl"] == [problem.where for problem in verify(merged).problems]
    (merged.root / "origins" / "1" / "custody.jsonl").write_bytes(content)


def test_a_merged_case_comes_out_of_the_logs_again(made, capsys):
    """As any other case does."""
    secret = ["--secret-file", str(made / "secret")]
    code = run_cli(["verify", str(made / "merged"), "--replay", *secret, "--threads", "1", "--json"])
    told = json.loads(capsys.readouterr().out)

    assert [] == [(d["kind"], d["what"]) for d in told["replay"]["results"]]
    assert 0 == code


def test_cases_that_do_not_go_together_are_refused(made, tmp_path, capsys):
    """Another number, a changed table, a target that is there; nothing is left behind."""
    shutil.copytree(made / "b", tmp_path / "b")
    toml = tmp_path / "b" / "case.toml"
    toml.write_text(toml.read_text().replace('number = "7"', 'number = "8"'))
    for first, out, code, told in (
        (made / "a", made / "one", ExitCode.USAGE, "exists already"),
        (tmp_path / "b", tmp_path / "out", ExitCode.USAGE, "is not as it was sealed"),
    ):
        assert code == run_cli(["case", "merge", str(first), str(made / "b"), "--out", str(out), "-q"])
        assert told in capsys.readouterr().err
    assert 0 == run_cli(["seal", "--case", str(tmp_path / "b"), "-q"])
    assert ExitCode.USAGE == run_cli(
        ["case", "merge", str(made / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "out"), "-q"]
    )
    assert "different numbers, 7, 8" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
