"""A case is computed again from its evidence, wherever that lies, and every byte that comes out otherwise is named."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from distilforensics.case import manifest
from distilforensics.case.layout import open_case, read_json, write_json
from distilforensics.case.stages import file_sha256
from distilforensics.case.tables import read_rows, write_rows
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.pipeline.comparison import UNEXPLAINED
from distilforensics.pipeline.replay import replay

ROOT = Path(__file__).parents[2]
MAPPING = '# a comment\n[columns]\nstarted_at = "when"\naccount_id = "who"\nprompt_text = "said"\n'
SECRET = "a secret of the examiner"


def odd_line(number):
    """A record of a format that nobody knows, with a raw key in its text."""
    said = f"question {number} with Authorization: Bearer sk-{'ab12' * 8}{number:04d}"
    return json.dumps({"when": f"2026-03-02T00:00:{number:02}Z", "who": f"u-{number % 3}", "said": said}) + "\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder with logs of several kinds and the case of them, to which more was added after one of them had grown."""
    home = tmp_path_factory.mktemp("made")
    lines = (ROOT / "sample_logs/benign/logs/gateway/requests.jsonl").read_text().splitlines(keepends=True)[:400]
    logs = home / "logs"
    (logs / "gateway").mkdir(parents=True)
    shutil.copy(ROOT / "sample_logs/benign/logs/accounts.csv", logs)
    grown = logs / "gateway" / "a.jsonl"
    grown.write_text("".join(lines[:150]))
    with zipfile.ZipFile(logs / "older.zip", "w") as archive:
        archive.writestr("b.jsonl", "".join(lines[150:200]))
        archive.writestr("c.jsonl", "".join(lines[200:250]))
    (logs / "odd.jsonl").write_text("".join(map(odd_line, range(40))))
    (home / "odd.toml").write_text(MAPPING)
    (home / "secret").write_text(SECRET)
    options = ["--mapping", str(home / "odd.toml"), "--secret-file", str(home / "secret"), "--threads", "1", "-q"]
    options += ["--no-power", "--case", str(home / "case")]
    assert run_cli(["run", str(logs), *options, "--number", "7", "--no-pdf"]) == 0
    with grown.open("a") as stream:
        stream.write("".join(lines[250:300]))
    (logs / "gateway" / "d.jsonl").write_text("".join(lines[300:]))
    assert run_cli(["run", str(logs), *options, "--extend"]) == 0
    shutil.copytree(logs, home / "elsewhere" / "logs")
    return home


def verify(home, *options, capsys, case="case"):
    """Exit code and what is told as JSON of a verification with replay, with what the case needs."""
    capsys.readouterr()
    code = run_cli(["verify", str(home / case), "--replay", *map(str, options), "--threads", "1", "--json"])
    return code, json.loads(capsys.readouterr().out)


def needed(home):
    """Options without which the case cannot be read."""
    return "--mapping", home / "odd.toml", "--secret-file", home / "secret"


def test_a_case_is_the_same_bytes_again_wherever_its_evidence_lies(made, capsys):
    """Mapping, secret, archive, directory, a log that has grown and one that was added later. Nothing is written into the case."""
    before = {path: file_sha256(path) for path in (made / "case").rglob("*") if path.is_file()}
    code, told = verify(made, *needed(made), "--logs", made / "elsewhere" / "logs", capsys=capsys)

    assert [] == told["replay"]["results"]
    assert [] == told["replay"]["explanations"]
    assert (ExitCode.COMPLETE, True) == (code, told["replay"]["is_equal"])
    assert told["replay"]["n_tables"] > 30
    assert told["replay"]["n_files"] > 50
    assert 6 == told["replay"]["n_sources"]
    assert "results" in {check["subject"] for check in told["checked"]}
    assert before == {path: file_sha256(path) for path in (made / "case").rglob("*") if path.is_file()}


def test_what_is_missing_for_a_replay_is_said_and_ends_with_2(made, tmp_path, capsys):
    """Mapping, secret, evidence; nothing else is wrong, and nothing is said to be reproduced."""
    (tmp_path / "other").write_text("another secret")
    for options, missing in (
        ((), "the mapping file odd.toml with SHA-256 "),
        (needed(made)[:2], "--secret-file FILE"),
        ((*needed(made)[:2], "--secret-file", tmp_path / "other"), "--secret-file FILE"),
        ((*needed(made), "--logs", tmp_path), "6 of 6 evidence files are not at hand"),
    ):
        code, told = verify(made, *options, capsys=capsys)
        why = next(check["told"] for check in told["not_checked"] if check["subject"] == "results")

        assert (ExitCode.USAGE, True, None) == (code, told["is_intact"], told["replay"])
        assert missing in why


def test_a_table_that_was_changed_with_all_its_records_and_sealed_anew_is_named(made, tmp_path, capsys):
    """`verify` alone cannot know it; nothing recorded explains it."""
    shutil.copytree(made / "case", tmp_path / "case")
    case = open_case(tmp_path / "case")
    rows = read_rows(case, "accounts")
    before = file_sha256(case.table_path("accounts"))
    write_rows(case, "accounts", [row | {"n_exchanges": 1} for row in rows])
    after = file_sha256(case.table_path("accounts"))
    for path in case.stages.rglob("*.json"):
        path.write_text(path.read_text().replace(before, after))
    manifest.seal(case)
    options = [*map(str, needed(made)), "--logs", str(made / "logs"), "--threads", "1", "-q"]
    code = run_cli(["verify", str(case.root), "--replay", *options])
    told = capsys.readouterr().out.splitlines()

    assert ExitCode.INTEGRITY == code
    assert told[0].startswith("intact: ")
    assert told[1].startswith("otherwise: table accounts: n_rows ")
    assert f"NOT REPRODUCED: 1 results came out otherwise. May be explained by: {UNEXPLAINED}" == told[2]


def test_another_version_of_a_library_is_named_beside_what_differs(made, tmp_path, small_limits, notes, monkeypatch):
    """As recorded by whoever made the case; nothing behind the links is computed here."""
    monkeypatch.setattr("distilforensics.pipeline.replay.with_report", lambda steps, report: steps[:2])
    shutil.copytree(made / "case", tmp_path / "case")
    case = open_case(tmp_path / "case")
    record = read_json(case.run_record)
    record["tool"]["dependencies"]["duckdb"] = "0.0.1"
    write_json(case.run_record, record)
    write_rows(case, "links", [])
    given = {"mappings": [made / "odd.toml"], "secret_key": SECRET, "evidence_root": made / "logs"}
    found = replay(case, small_limits, notes, **given)

    assert "links" in {difference.what for difference in found.results}
    assert "tool.dependencies.duckdb" in {difference.what for difference in found.explanations}
    assert any(cause.startswith("another version of the program") for cause in found.causes)


@pytest.mark.parametrize(
    "change",
    [{"path": "../../outside"}, {"path": "/etc/passwd"}, {"path": 7}, {"n_bytes": "many"}],
    ids=str,
)
def test_hostile_records_lead_nowhere(made, tmp_path, change, capsys):
    """A name that leads out, values of other kinds: said, and nothing is read or written there."""
    shutil.copytree(made / "case", tmp_path / "case")
    path = min((tmp_path / "case" / "stages" / "ingest").glob("*/batch.json"))
    record = read_json(path)
    record["sources"][0]["row"] |= change
    write_json(path, record)
    code, told = verify(tmp_path, *needed(made), "--logs", made / "logs", capsys=capsys)

    assert (ExitCode.INTEGRITY, None) == (code, told["replay"])
    assert "results" in {check["subject"] for check in told["not_checked"]}
