"""Whatever changes in a sealed case is named."""

import hashlib
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from distilforensics.case import custody, manifest
from distilforensics.case.layout import Case, create_case, write_json
from distilforensics.case.tables import read_rows, write_rows
from distilforensics.case.verification import verify
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.core.errors import CaseError, IntegrityError


def flip(path, position):
    """Flip one bit of a file; tables are write-protected, an attacker's are not."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[position] ^= 0x01
    path.write_bytes(content)


def files_of(case):
    """All files that a sealed case consists of."""
    return [path for path in sorted(case.root.rglob("*")) if path.is_file() and path.parent != case.temporary]


def told(checks):
    """What is said of each subject."""
    return {check.subject: check.told for check in checks}


def change_sources(case, **values):
    """Change the one row of `sources`, write and seal again, as somebody would who can."""
    rows = [row | values for row in read_rows(case, "sources")]
    write_rows(case, "sources", rows)
    manifest.seal(case)


def test_an_untouched_case_is_intact(sealed):
    """No problem, every file and the evidence hashed, five records in the balance."""
    result = verify(sealed)

    assert [] == result.problems
    assert result.is_intact
    assert len(files_of(sealed)) - 1 <= result.n_files
    assert (1, 5) == (result.n_sources, result.n_records)
    assert custody.entries(sealed)[-1]["hash"] == result.custody_head


def test_one_screen_says_what_was_checked_and_what_was_not(sealed, evidence, capsys, monkeypatch):
    """Every subject is in one of the two lists, with its problems; many problems do not push them off the screen."""
    monkeypatch.setenv("COLUMNS", "100")
    subjects = {
        "custody log",
        "seal",
        "files",
        "stages",
        "balance",
        "evidence",
        "signature",
        "time stamp",
        "noted hash",
    }
    intact = verify(sealed, noted_hash=custody.head(sealed)["hash"])

    assert subjects - {"signature", "time stamp"} == told(intact.checked).keys()
    assert {"signature", "time stamp"} == told(intact.unchecked).keys()

    flip(evidence, 0)
    for number in range(99):
        (sealed.report / f"{number:02}.html").write_text("in no manifest")
    damaged = verify(sealed)
    run_cli(["verify", str(sealed.root)])
    screen = capsys.readouterr().out.splitlines()

    assert {"files": 99, "evidence": 1} == {c.subject: c.n_problems for c in damaged.checked if c.n_problems}
    assert "and 80 more; --json lists all" in screen
    assert "nothing besides: 99 PROBLEMS" in " ".join(" ".join(screen).split())
    assert len(screen) < 40


@pytest.mark.parametrize("position", [0, -1])
def test_a_flipped_byte_in_any_file_is_named(sealed, position):
    """First and last byte of every file of the case in turn."""
    unnoticed = []
    for path in files_of(sealed):
        if path.stat().st_size == 0:
            continue
        flip(path, position)
        problems = verify(Case(sealed.root)).problems
        name = path.relative_to(sealed.root).as_posix()
        if not any(name in problem.where for problem in problems):
            unnoticed.append(name)
        flip(path, position)

    assert [] == unnoticed
    assert verify(sealed).is_intact


def test_every_missing_file_is_named(sealed):
    """Each file of the case removed in turn."""
    unnoticed = []
    for path in files_of(sealed):
        content = path.read_bytes()
        path.unlink()
        name = path.relative_to(sealed.root).as_posix()
        if not any(name in str(problem) for problem in verify(Case(sealed.root)).problems):
            unnoticed.append(name)
        path.write_bytes(content)

    assert [] == unnoticed


@pytest.mark.parametrize("name", ["data/extra.parquet", "report/extra.html", "extra.txt"])
def test_an_added_file_is_named(sealed, name):
    """Files that nobody sealed do not belong into a case."""
    (sealed.root / name).write_bytes(b"added")

    assert [name] == [problem.where for problem in verify(sealed).problems]


@pytest.mark.parametrize(
    ("column", "value"), [("n_kept", 3), ("n_quarantined", 0), ("n_duplicate", 2), ("n_out_of_scope", 7)]
)
def test_a_balance_that_the_tables_contradict_is_a_problem_even_if_it_is_sealed(sealed, column, value):
    """The records are counted again; the statement is not believed."""
    change_sources(sealed, **{column: value})

    assert any(f"balance: {column} is {value}" in problem.message for problem in verify(sealed).problems)


def test_a_balance_that_does_not_close_is_a_problem(sealed):
    """Read has to be the sum of the other four."""
    change_sources(sealed, n_read=6)

    assert any("does not close" in problem.message for problem in verify(sealed).problems)


def test_changed_evidence_is_a_problem(sealed, evidence):
    """The evidence file is found from the folder where the run was started, and hashed."""
    flip(evidence, 0)

    assert ["logs/gateway.jsonl"] == [problem.where for problem in verify(sealed).problems]


def test_absent_evidence_is_noted_and_no_problem(sealed, evidence):
    """The other side may have the case alone."""
    evidence.unlink()
    result = verify(sealed)

    assert result.is_intact
    assert "1 of 1 files not at hand (logs/gateway.jsonl); --logs DIR" in told(result.unchecked)["evidence"]
    assert 0 == result.n_sources


@pytest.mark.parametrize("place", ["logs/gateway.jsonl", "gateway.jsonl"])
def test_evidence_is_found_below_another_root(sealed, evidence, tmp_path, place):
    """With or without the folders of the recorded path."""
    moved = tmp_path / "elsewhere" / place
    moved.parent.mkdir(parents=True)
    evidence.rename(moved)

    assert 1 == verify(sealed, tmp_path / "elsewhere").n_sources

    flip(moved, 0)

    assert not verify(sealed, tmp_path / "elsewhere").is_intact


def test_verification_writes_nothing(sealed):
    """It works on write-protected media and leaves no trace."""
    before = {path: path.stat().st_mtime_ns for path in sealed.root.rglob("*")}
    verify(sealed)

    assert before == {path: path.stat().st_mtime_ns for path in sealed.root.rglob("*")}


def test_actions_after_the_seal_are_noted(sealed):
    """They are no difference of bytes, and the reader should know."""
    custody.append(sealed, "run started")
    result = verify(sealed)

    assert result.is_intact
    assert ["custody entries after the seal: run started"] == result.notes


def test_runs_that_changed_nothing_are_told_as_such(sealed):
    """However many nights; what is no such run is named in full."""
    for action in [
        *2 * ["audit started", "stage ingest", "stage features", "nothing changed"],
        "run started",
        "stage ingest",
        "run failed",
    ]:
        custody.append(sealed, action)

    expected = "2 runs that changed nothing, run started, stage ingest, run failed"
    assert [f"custody entries after the seal: {expected}"] == verify(sealed).notes


def test_a_custody_log_without_its_seal_is_a_problem(sealed):
    """The last entry was cut off."""
    lines = sealed.custody_log.read_bytes().splitlines(keepends=True)
    sealed.custody_log.write_bytes(b"".join(lines[:-1]))

    assert any("no entry `sealed`" in problem.message for problem in verify(sealed).problems)


def test_a_case_that_was_never_sealed_is_refused_with_what_to_do(tmp_path):
    """No case is made, an interrupted one goes on, and only one whose stages are done is sealed."""

    def refusal():
        with pytest.raises(CaseError) as refused:
            verify(Case(tmp_path / "case"))
        return f"{refused.value.message}; {refused.value.hint}"

    (tmp_path / "case").mkdir()
    assert "no case.toml found; make a case with: distilforensics run" in refusal()
    case = create_case(tmp_path / "case")
    assert "not every stage has run" in refusal()
    assert "seal --case" not in refusal()
    write_json(case.run_record, {})
    write_json(case.stages / "report.json", {})
    assert refusal().endswith("is not sealed, there is nothing to compare with; distilforensics seal --case DIR")


def test_a_link_in_a_case_is_named_whatever_it_leads_to(sealed, tmp_path):
    """What lies behind a link is in no manifest."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "annex.html").write_text("added", encoding="utf-8")
    (sealed.report / "annex").symlink_to(outside)

    assert ["report/annex"] == [problem.where for problem in verify(sealed).problems]


def test_a_new_seal_over_changed_tables_is_told_and_shows_against_a_noted_hash(sealed):
    """The bytes fit the new seal; the earlier one is named, and a log that was made anew lacks the noted entry."""
    noted = custody.head(sealed)["hash"]
    manifest.seal(sealed)

    known = verify(sealed, noted_hash=noted.upper())
    sealed.custody_log.unlink()
    manifest.seal(sealed)
    unknown = verify(sealed, noted_hash=noted)

    assert any("was sealed before" in note for note in known.notes)
    assert any("holds the noted entry; since then:" in note and "sealed" in note for note in known.notes)
    assert ["custody.jsonl"] == [problem.where for problem in unknown.problems if "was noted" in problem.message]
    assert verify(sealed).custody_head != noted


def test_a_noted_hash_speaks_for_the_content(sealed):
    """Sealed again over the same bytes it holds; over other bytes the difference is a problem, though every hash fits the new seal."""
    noted = custody.head(sealed)["hash"]
    manifest.seal(sealed)
    same = verify(sealed, noted_hash=noted)
    (sealed.report / "report.html").write_bytes(b"<!doctype html>another")
    manifest.seal(sealed)

    assert same.is_intact
    assert verify(sealed).is_intact
    assert ["tagmanifest-sha256.txt"] == [problem.where for problem in verify(sealed, noted_hash=noted).problems]
    assert "are not those that were noted" in verify(sealed, noted_hash=noted).problems[0].message


def test_files_that_contradict_the_record_of_a_stage_are_not_sealed(sealed):
    """A table written by somebody else, and one that a later stage read before it was changed."""
    table = sealed.table_path("sources")
    written = {sealed.name_of(table): hashlib.sha256(table.read_bytes()).hexdigest()}
    write_json(sealed.stages / "ingest.json", {"stage": "ingest", "outputs": written})
    write_json(
        sealed.stages / "report.json", {"stage": "report", "inputs": written, "outputs": {"report/gone.html": "0"}}
    )
    with pytest.raises(IntegrityError, match=r"report/gone\.html is missing"):
        manifest.seal(sealed)
    write_json(sealed.stages / "report.json", {"stage": "report", "inputs": written})
    manifest.seal(sealed)
    assert verify(sealed).is_intact
    write_rows(sealed, "sources", [row | {"path": "another.jsonl"} for row in read_rows(sealed, "sources")])
    before = sealed.custody_log.read_bytes()
    with pytest.raises(
        IntegrityError, match=r"2 files contradict the records of the stages: data/sources\.parquet has other bytes"
    ):
        manifest.seal(sealed)

    assert before == sealed.custody_log.read_bytes()


def test_what_no_manifest_can_hold_is_named(sealed):
    """A pipe is a problem; files in tmp/ and empty folders are told."""
    os.mkfifo(sealed.report / "pipe")
    (sealed.temporary / "hidden.txt").write_text("x")
    (sealed.findings / "empty").mkdir()
    result = verify(sealed)

    assert ["report/pipe"] == [problem.where for problem in result.problems]
    assert any(note.startswith("tmp/hidden.txt: ") for note in result.notes)
    assert any(note.startswith("findings/empty: ") for note in result.notes)


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/passwd", "data/../../x", "tmp/x"])
def test_a_manifest_line_outside_of_the_case_is_a_problem_and_not_opened(sealed, name, monkeypatch):
    """Whether there is a file or not."""
    (sealed.root.parent / "outside.txt").write_text("x")
    (sealed.temporary / "x").write_text("x")
    opened = []
    original = manifest.file_sha256
    monkeypatch.setattr(
        "distilforensics.case.verification.file_sha256", lambda path: opened.append(path) or original(path)
    )
    path = sealed.root / manifest.PAYLOAD_MANIFEST
    path.write_bytes(path.read_bytes() + f"{'0' * 64}  {name}\n".encode())
    problems = {problem.where: problem.message for problem in verify(sealed).problems}

    assert "lies outside" in problems[name]
    assert [] == [path for path in opened if path.name in ("outside.txt", "passwd", "x")]


HOSTILE_RECORDS = {
    "no record": b"[1, 2]",
    "no custody": b"{}",
    "custody of a wrong kind": b'{"custody": [1], "cwd": 7}',
    "no number": b'{"custody": {"n_entries": "many", "hash": 1}, "cwd": "\\u0000"}',
    "a negative number": b'{"custody": {"n_entries": -5}}',
    "no JSON": b"\xff\x00",
    "nested without end": b"[" * 100_000,
}

HOSTILE_ENTRIES = {
    "no objects": b"[]\nnull\n7\n",
    "nested without end": b"[" * 100_000 + b"\n",
    "values of wrong kinds": json.dumps(
        {
            "seq": 1,
            "time": 1,
            "actor": {},
            "host": [],
            "tool": None,
            "action": "sealed",
            "details": {},
            "previous": 3,
            "hash": [],
        }
    ).encode()
    + b"\n",
    "escape sequences": json.dumps(
        {
            "seq": 1,
            "time": "\x1b[2J",
            "actor": "a",
            "host": "h",
            "tool": "t",
            "action": "sealed\x1b[2J",
            "details": {"cwd": "\0"},
        }
        | {"previous": "\x1b]0;x\x07", "hash": "\x1b[2Jnone"}
    ).encode()
    + b"\n",
}


@pytest.mark.parametrize("content", HOSTILE_RECORDS.values(), ids=HOSTILE_RECORDS)
def test_a_hostile_run_record_is_a_finding(sealed, content, capsys):
    """Sealed over or not; no error of the program, no control character on the terminal."""
    for is_sealed in (False, True):
        sealed.run_record.write_bytes(content)
        if is_sealed:
            manifest.seal(sealed)
        assert run_cli(["verify", str(sealed.root)]) in (ExitCode.INTEGRITY, ExitCode.COMPLETE)
        told = capsys.readouterr()
        assert "internal error" not in told.err
        assert "\x1b" not in told.out + told.err


@pytest.mark.parametrize("content", HOSTILE_ENTRIES.values(), ids=HOSTILE_ENTRIES)
@pytest.mark.parametrize("is_alone", [True, False])
def test_a_hostile_custody_log_is_a_finding(sealed, content, is_alone, capsys):
    """In place of the log, and at its end."""
    sealed.custody_log.write_bytes(content if is_alone else sealed.custody_log.read_bytes() + content)
    assert run_cli(["verify", str(sealed.root)]) == ExitCode.INTEGRITY
    assert run_cli(["verify", str(sealed.root), "--noted-hash", "\x1b[2J"]) == ExitCode.INTEGRITY
    told = capsys.readouterr()
    assert "internal error" not in told.err
    assert "\x1b" not in told.out + told.err


def hostile_tables():
    """Tables as nobody of this program writes them."""
    return {
        "no Parquet": b"PAR1" + b"\xff" * 50 + b"PAR1",
        "other columns": pa.table({"x": [1]}),
        "texts for numbers": pa.table({"source_sha256": ["a"], "path": ["b"], "role": ["log"], "n_read": ["many"]}),
        "a path that is none": pa.table(
            {
                "source_sha256": ["a" * 64],
                "path": ["\0\x1b[2J"],
                "role": ["log"],
                "reason": [None],
            }
            | {name: [0] for name in ("n_bytes", "n_read", "n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")}
        ),
        "nothing": b"",
    }


@pytest.mark.parametrize("kind", hostile_tables())
@pytest.mark.parametrize("name", ["sources", "quarantine", "duplicates"])
def test_a_hostile_table_is_a_finding(sealed, kind, name, capsys):
    """Sealed by whoever made it, so that every hash fits."""
    content = hostile_tables()[kind]
    path = sealed.table_path(name)
    path.chmod(0o600)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        pq.write_table(content, path)
    manifest.seal(sealed)
    code = run_cli(["verify", str(sealed.root)])
    told = capsys.readouterr()
    assert code == ExitCode.INTEGRITY or (kind, name) == ("a path that is none", "quarantine")
    assert "internal error" not in told.err
    assert "\x1b" not in told.out + told.err


def test_a_source_without_a_hash_is_told_from_a_changed_one(sealed):
    """What was refused without being read is no difference."""
    refused = {"path": "unread.jsonl", "role": "refused", "reason": "cannot be opened: Permission denied", "n_read": 0}
    write_rows(sealed, "sources", [*read_rows(sealed, "sources"), refused])
    manifest.seal(sealed)
    (sealed.root.parent / "evidence" / "unread.jsonl").write_text("now it is there")
    result = verify(sealed)

    assert result.is_intact
    assert {
        "1 of 2 files against the recorded hashes",
        "1 of 2 files without a recorded hash (unread.jsonl: cannot be opened: Permission denied)",
    } == {check.told for check in (*result.checked, *result.unchecked) if check.subject == "evidence"}


def test_a_log_that_has_grown_is_told_from_a_changed_one(sealed, evidence):
    """What was read of it is still there, byte by byte; a change of these bytes is a problem whatever follows them."""
    with evidence.open("ab") as stream:
        stream.write(b"more\n")
    grown = verify(sealed)
    flip(evidence, 0)

    assert (True, 1) == (grown.is_intact, grown.n_sources)
    assert ["logs/gateway.jsonl: has grown since; what was read of it is as recorded"] == grown.notes
    assert not verify(sealed).is_intact


@pytest.mark.parametrize("command", [["show", "account", "x"], ["sql", "select 1"]])
def test_a_hostile_table_is_a_sentence_for_every_command(sealed, command, capsys):
    """No internal error, no traceback, no escape sequence."""
    table = sealed.table_path("sources")
    table.chmod(0o600)
    table.write_bytes(b"PAR1\x1b[2J" + b"\xff" * 20 + b"PAR1")
    verb, *rest = command
    assert run_cli([verb, str(sealed.root), *rest]) == ExitCode.INTEGRITY
    told = capsys.readouterr().err
    assert "table sources cannot be read" in told
    assert "\x1b" not in told
