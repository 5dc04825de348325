"""Notes are added and never changed: they disturb no seal, every change of them is named, and nothing in them acts."""

import csv
import json
import os
import shutil
import subprocess

import pytest

from distilforensics.case import chain, custody, manifest
from distilforensics.case.layout import open_case
from distilforensics.case.notes import MAX_CHARS, note_rows
from distilforensics.case.tables import read_rows, write_rows
from distilforensics.case.verification import verify
from distilforensics.cli.diagnostics import ExitCode, run_cli

HOSTILE = "<script>alert(1)</script> \x1b[2J =cmd|' /C calc'!A0 \u202egnp.exe"


@pytest.fixture
def case(sealed):
    """A sealed case with one campaign of two accounts, and an account whose id is that of the campaign."""
    rows = [{"account_id": name, "campaign_id": "C-01", "grade": "strong"} for name in ("a", "b")]
    write_rows(sealed, "accounts", [*rows, {"account_id": "C-01"}, {"account_id": "alone"}])
    write_rows(sealed, "campaigns", [{"campaign_id": "C-01", "grade": "strong", "n_accounts": 2}])
    write_rows(sealed, "explained_groups", [{"group_id": "G-01", "n_accounts": 7}])
    manifest.seal(sealed)
    return sealed


def note(case, *arguments):
    """Exit code of the command."""
    return run_cli(["note", str(case.root), *arguments, "--by", "J. Roe", "-q"])


def test_a_note_leaves_the_seal_as_it_is_and_the_next_one_covers_it(case):
    """Intact before and after; statement and recipe know how many notes were sealed."""
    before = {path: path.read_bytes() for path in case.root.rglob("*") if path.is_file()}
    assert 0 == note(case, "alone", "Known to us", "--status", "reviewed")
    changed = {path.name for path, content in before.items() if path.exists() and path.read_bytes() != content}
    noted = verify(case)

    assert {"custody.jsonl"} == changed - {"case.lock", "holder.json"}
    assert noted.is_intact
    assert "1 notes" in next(check.told for check in noted.checked if check.subject == "notes")
    assert "notes.jsonl, made after the seal" in recipe(case)[1]

    manifest.seal(case)
    note(case, "case", "Another look")
    code, said = recipe(case)

    assert verify(case).is_intact
    assert "# notes.jsonl: the first 1 lines have SHA-256 " in (case.root / "seal.txt").read_text()
    assert 0 == code
    assert "the last 1 lines of notes.jsonl, added after the seal" in said


def recipe(case):
    """Exit code and output of the shell recipe."""
    done = subprocess.run(
        ["sh", str(case.root / "check.sh")],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def rewrite(case):
    """The text of a note, with a hash that fits."""
    lines = []
    for line in case.notes.read_text().splitlines():
        entry = json.loads(line)
        entry["details"]["text"] = "something else"
        lines.append(chain.canonical(entry | {"hash": chain.hash_of(entry)}).decode())
    case.notes.write_text("".join(f"{line}\n" for line in lines))


def cut(case):
    """The last note goes."""
    case.notes.write_bytes(b"".join(case.notes.read_bytes().splitlines(keepends=True)[:-1]))


def remove(case):
    """All go."""
    case.notes.unlink()


def add_by_hand(case):
    """One more, in the chain and not in the custody log."""
    chain.append(case.notes, "noted", {"by": "J. Roe", "kind": "case", "target": "case", "text": "x", "about": {}})


def swap(case):
    """Two notes change places."""
    first, second = case.notes.read_bytes().splitlines(keepends=True)
    case.notes.write_bytes(second + first)


@pytest.mark.parametrize("change", [rewrite, cut, remove, add_by_hand, swap], ids=lambda change: change.__name__)
@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "since the seal"])
def test_whatever_is_done_to_notes_is_named(case, change, is_sealed):
    """By the program always, since the custody log names every note; by the recipe what was sealed."""
    note(case, "alone", "Known to us")
    note(case, "case", "A second one")
    if is_sealed:
        manifest.seal(case)
    change(case)

    assert "notes.jsonl" in " ".join(problem.where for problem in verify(case).problems)
    if is_sealed and change is not add_by_hand:
        code, said = recipe(case)
        assert 1 == code
        assert "DIFFERS: notes.jsonl up to the seal" in said


def test_a_note_knows_what_it_was_about(case):
    """After another result it stays, and says that it is about an earlier one; the last status counts."""
    for status in ("disputed", "accepted"):
        note(case, "campaign:C-01", f"It is {status}", "--status", status)
    assert ["as it stands"] * 2 == [row["about"] for row in note_rows(case)]

    rows = [row for row in read_rows(case, "accounts") if row["account_id"] != "b"]
    write_rows(case, "accounts", rows)

    assert ["an earlier result: grade strong, n_accounts 2"] * 2 == [row["about"] for row in note_rows(case)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nobody", "x"), "is no campaign, group or account of this case"),
        (("C-01", "x"), "name it as campaign:C-01 or account:C-01"),
        (("alone", " "), "expected 1 to 10,000"),
        (("alone", "x" * (MAX_CHARS + 1)), "10,001 characters"),
    ],
    ids=["unknown", "ambiguous", "empty", "long"],
)
def test_a_note_that_makes_no_sense_is_refused_and_nothing_is_written(case, arguments, told, capsys):
    """The error says what to do instead."""
    assert ExitCode.USAGE == note(case, *arguments)
    assert told in capsys.readouterr().err
    assert not case.notes.exists()
    assert "noted" not in [entry["action"] for entry in custody.entries(case)]


@pytest.mark.parametrize("content", [b"\xff\x00\x1b[2J\n", b"[]\n", b"{}\n" * 3, b'{"seq": 1e999}\n', b"x"])
def test_a_hostile_file_of_notes_is_a_finding(case, content, capsys):
    """No traceback, no escape sequence, from any command."""
    case.notes.write_bytes(content)

    assert ExitCode.INTEGRITY == run_cli(["verify", str(case.root)])
    told = capsys.readouterr()
    assert "notes.jsonl" in told.out
    assert "\x1b" not in told.out + told.err
    assert "Traceback" not in told.err
    assert [] == note_rows(case)


def test_notes_stand_in_show_and_report_as_text_alone(sample_case, tmp_path, capsys):
    """A line in the main document, an annex with all, sections in the terminal; the edition for disclosure has none. A replay gives the same."""
    shutil.copytree(sample_case("pool"), tmp_path / "case")
    case = open_case(tmp_path / "case")
    campaign = read_rows(case, "campaigns")[0]["campaign_id"]
    account = read_rows(case, "accounts")[0]["account_id"]
    by = ["--by", f"Jane {HOSTILE}", "-q"]
    assert 0 == run_cli(["note", str(case.root), campaign, HOSTILE, "--status", "accepted", *by])
    assert 0 == run_cli(["note", str(case.root), account, "Known to us", "--status", "disputed", *by])
    assert 0 == run_cli(["report", "--case", str(case.root), "--threads", "1", "-q"])
    assert 0 == run_cli(["seal", "--case", str(case.root), "-q"])
    assert 0 == run_cli(["note", str(case.root), "case", "After the report", *by])
    capsys.readouterr()

    page = (case.report / "report.html").read_text()
    annex = (case.report / "annexes/notes.html").read_text()
    assert f"{campaign}: accepted by Jane &lt;script&gt;" in page
    for text in (page, annex):
        assert "<script>alert" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text
    with (case.report / "annexes/notes.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [campaign, account] == [row["target"] for row in rows]
    assert "Jane" not in (case.report / "editions/disclosure.html").read_text()

    for arguments in (
        ["show", str(case.root)],
        ["show", str(case.root), "campaign", campaign],
        ["explain", str(case.root), account],
    ):
        assert 0 == run_cli(arguments)
        told = capsys.readouterr().out
        assert "Jane <script>" in told
        assert "\x1b" not in told
    code = run_cli(["verify", str(case.root), "--replay", "--threads", "1", "-q"])
    assert (0, "reproduced") == (code, capsys.readouterr().out.splitlines()[1].partition(":")[0])
