"""Ways in which a user once got stuck: each is answered with what exists, what was seen and how to go on."""

import json
import shutil
from pathlib import Path

import pytest

from distilforensics.cli.diagnostics import ExitCode, run_cli

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pool(sample_case):
    """Case of the pool."""
    return str(sample_case("pool"))


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder to work in, with an export of unknown columns and a dump of a database."""
    (tmp_path / "export.csv").write_text(
        'when_sent,who,prompt_tokens\n"Mar 2, 2026 @ 00:00:08.101",a,"1,024"\n"Mar 2, 2026 @ 00:00:09.101",b,-\n'
    )
    (tmp_path / "dump.sql").write_text("CREATE TABLE `logs` (id int);\nINSERT INTO `logs` VALUES (1,2);\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(capsys, *arguments):
    """Return exit code and everything that a command says."""
    capsys.readouterr()
    code = run_cli(list(arguments))
    told = capsys.readouterr()
    return code, told.out + told.err


def test_every_hint_that_was_a_dead_end_leads_on(pool, capsys):
    """Formats are listed; heuristics are found by code and by a slip of the pen."""
    assert answer(capsys, "formats", "list")[0] == ExitCode.COMPLETE
    code, text = answer(capsys, "heuristics", "test", "K2")
    assert code == ExitCode.COMPLETE
    assert "cases behave as stated" in text
    code, text = answer(capsys, "heuristics", "show", "coordination.equal_lod")
    assert code == ExitCode.HEURISTIC
    assert "nearest: coordination.equal_load" in text
    assert "there are: 'C-01'" in answer(capsys, "show", pool, "campaign", "C-1")[1]
    assert "nearest: 'K1'" in answer(capsys, "show", pool, "heuristic", "K1x")[1]
    assert f"sql {pool} 'SELECT * FROM accounts'" in answer(capsys, "show", pool, "account", "nobody")[1]


def test_a_wrong_option_is_answered_with_the_right_one(capsys):
    """As text, and as JSON for scripts."""
    code, text = answer(capsys, "run", "x", "--case", "y", "--max-line-bytes", "5")
    assert code == ExitCode.USAGE
    assert "Did you mean '--max-line'" in text
    code, text = answer(capsys, "completion", "--json")
    told = json.loads(text)
    assert told["exit_code"] == code == ExitCode.USAGE
    assert "Choose from: bash, zsh, fish" in told["error"]
    assert told["hint"] == "distilforensics completion --help"


@pytest.mark.parametrize("place", ["export.csv/case", "/proc/case", "/dev/null/case"])
def test_a_case_where_no_folder_can_be_is_no_fault_of_the_program(place, files, capsys):
    """It says where and why."""
    code, text = answer(capsys, "run", "export.csv", "--case", place)
    assert code in {ExitCode.USAGE, ExitCode.MACHINE}
    assert "internal error" not in text
    assert place in text


def test_a_csv_with_unknown_columns_is_answered_with_them_and_a_mapping_to_begin_with(files, capsys):
    """The draft names every column, and a mapping with these notations reads the file."""
    code, text = answer(capsys, "run", "export.csv", "--case", "case")
    assert code == ExitCode.INPUT
    assert "'when_sent', 'who', 'prompt_tokens'" in text
    assert "distilforensics mapping" in text
    draft = answer(capsys, "mapping", "export.csv")[1]
    assert all(name in draft for name in ("when_sent", "who", "prompt_tokens"))
    (files / "m.toml").write_text(draft)
    code, text = answer(capsys, "ingest", "export.csv", "--case", "case2", "--mapping", "m.toml", "-q")
    assert code == ExitCode.COMPLETE, text
    rows = answer(capsys, "sql", "case2", "select started_at, input_tokens from exchanges", "--json")[1].splitlines()
    assert [json.loads(row)["input_tokens"] for row in rows] == [1024, None]
    assert json.loads(rows[0])["started_at"].startswith("2026-03-02 00:00:08.101")


def test_a_log_of_which_no_record_can_be_read_has_a_report_that_says_so(files, capsys):
    """Here the notation of times was forgotten: all is quarantined."""
    (files / "m.toml").write_text('[columns]\nstarted_at = "when_sent"\naccount_id = "who"\n')
    code, text = answer(capsys, "run", "export.csv", "--case", "case", "--mapping", "m.toml")
    assert code == ExitCode.INPUT, text
    assert "internal error" not in text
    assert "invalid_timestamp" in text


def test_a_dump_of_a_database_is_refused_with_the_way_to_export_it(files, capsys):
    """It is not passed over in silence."""
    code, text = answer(capsys, "run", "dump.sql", "--case", "case")
    assert code == ExitCode.INPUT
    assert "SQL dump" in text
    assert "export the table of calls" in text
    assert not (files / "case" / "report" / "report.html").exists()


def test_an_unfinished_case_is_to_be_finished_and_not_sealed(pool, tmp_path, capsys):
    """Sealing half a case would make it look whole."""
    case = Path(shutil.copytree(pool, tmp_path / "case"))
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt", "seal.txt"):
        (case / name).unlink(missing_ok=True)
    shutil.rmtree(case / "report")
    code, text = answer(capsys, "verify", str(case))
    assert code == ExitCode.INTEGRITY
    assert "distilforensics seal" not in text


def test_documents_say_how_number_examiner_and_organisation_get_into_a_case():
    """And how to get completion."""
    counsel = (ROOT / "docs" / "how-to" / "hand-a-case-to-counsel.md").read_text(encoding="utf-8")
    assert all(option in counsel for option in ("--number", "--examiner", "--organization"))
    assert "distilforensics completion" in (ROOT / "README.md").read_text(encoding="utf-8")
