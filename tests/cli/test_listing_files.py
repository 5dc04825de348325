"""`ingest` and `inspect` list every file of a folder: format, how sure that is, balance, and what its exchanges carry."""

from __future__ import annotations

import json
import zipfile

import pytest

from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.ingest.formats import load_formats


@pytest.fixture
def folder(tmp_path):
    """A log, a trace that lacks its beginning, an audit log, and an archive with a log."""
    folder = tmp_path / "exports"
    folder.mkdir()
    names = {"llm.jsonl": "openai_chat", "trace.csv": "burstgpt", "audit.jsonl": "openai_audit"}
    for name, format_id in names.items():
        (folder / name).write_bytes(load_formats()[format_id].examples[0].sample)
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("calls.jsonl", load_formats()["newapi"].examples[0].sample)
    return folder


def told(capsys):
    """Return the first words of the lines that were printed, and all of it."""
    text = capsys.readouterr().out
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}, text


def test_ingest_lists_every_file_and_those_first_that_were_refused(folder, tmp_path, capsys):
    """The reasons stand below the table; with --json the files are part of the result."""
    case = str(tmp_path / "case")
    code = run_cli(["ingest", str(folder), "--case", case, "-q"])
    rows, text = told(capsys)

    assert code == ExitCode.INPUT
    assert text.splitlines()[1].startswith("trace.csv")
    assert rows["llm.jsonl"][:2] == ["openai_chat/1", "high"]
    n_read, n_kept, *others = map(int, rows["llm.jsonl"][2:7])
    assert n_read == n_kept + sum(others)
    assert rows["more.zip!calls.jsonl"][7:11] == ["100.0", "%", "80.0", "%"]
    assert "refused: trace.csv: BurstGPT trace: times count from the beginning of the log" in text
    assert "ignored: audit.jsonl" in text

    run_cli(["ingest", str(folder), "--case", case, "-q", "--json"])
    files = {file["path"]: file for file in json.loads(capsys.readouterr().out)["files"]}
    assert files["more.zip!calls.jsonl"]["coverage"]["account"] == 1.0
    assert files["trace.csv"]["coverage"] == {}


def test_a_log_that_lacks_its_beginning_is_read_once_that_is_said(folder, tmp_path, capsys):
    """The same folder, with the option that the refusal names; no time is no option."""
    case = str(tmp_path / "case")

    assert (
        run_cli(["ingest", str(folder), "--case", case, "-q", "--log-began", "2026-02-03T04:05:06Z"])
        == ExitCode.COMPLETE
    )
    assert told(capsys)[0]["trace.csv"][:2] == ["burstgpt/2", "high"]
    assert run_cli(["ingest", str(folder), "--case", case, "-q", "--log-began", "soon"]) == ExitCode.USAGE


def test_inspect_tells_of_many_files_that_are_alike_in_one_line(tmp_path, capsys):
    """Thirty of one kind; one that is refused has a line of its own, and --json has them all."""
    for number in range(30):
        (tmp_path / f"{number:02}.jsonl").write_bytes(load_formats()["openai_chat"].examples[0].sample)
    (tmp_path / "odd.jsonl").write_text('{"shoe": 1}\n')
    run_cli(["inspect", str(tmp_path)])
    table = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    run_cli(["inspect", str(tmp_path), "--json"])
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert ["30 files", "odd.jsonl"] == [line[:9].strip() for line in table[1:]]
    assert sum(r["n_sampled"] for r in records if r["role"] == "log") == int(table[1].split()[4])
    assert 31 == len(records)


def test_inspect_lists_every_file_before_it_tells_of_each_kind(folder, capsys):
    """Archives with their members, and how many heuristics each log could feed."""
    run_cli(["inspect", str(folder)])
    text = capsys.readouterr().out
    table = {line.split()[0].rpartition("/")[2]: line.split()[1:] for line in text.partition("\n\n")[0].splitlines()}

    assert table["more.zip"] == ["archive", "0", "0", "0", "0"]
    assert table["more.zip!calls.jsonl"][:2] == ["newapi/1", "high"]
    assert table["more.zip!calls.jsonl"][-2:] != ["0", "0"]
    assert table["trace.csv"][0] == "refused"
    assert "unpack it" not in text
