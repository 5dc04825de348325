"""Whatever changes in a sealed case is named."""

import pytest

from distilforensics.case import custody, manifest
from distilforensics.case.layout import Case, create_case
from distilforensics.case.tables import read_rows, write_rows
from distilforensics.case.verification import verify
from distilforensics.core.errors import CaseError


def flip(path, position):
    """Flip one bit of a file; tables are write-protected, an attacker's are not."""
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[position] ^= 0x01
    path.write_bytes(content)


def files_of(case):
    """All files that a sealed case consists of."""
    return [path for path in sorted(case.root.rglob("*")) if path.is_file() and path.parent != case.temporary]


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
    assert ["logs/gateway.jsonl: not present, not checked"] == result.notes
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


def test_a_custody_log_without_its_seal_is_a_problem(sealed):
    """The last entry was cut off."""
    lines = sealed.custody_log.read_bytes().splitlines(keepends=True)
    sealed.custody_log.write_bytes(b"".join(lines[:-1]))

    assert any("no entry `sealed`" in problem.message for problem in verify(sealed).problems)


def test_a_case_that_was_never_sealed_is_refused(tmp_path):
    """There is nothing to compare with."""
    with pytest.raises(CaseError, match="is not sealed"):
        verify(create_case(tmp_path / "case"))


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

    assert known.is_intact
    assert any("was sealed before" in note for note in known.notes)
    assert any("holds the noted entry; since then:" in note and "sealed" in note for note in known.notes)
    assert ["custody.jsonl"] == [problem.where for problem in unknown.problems if "was noted" in problem.message]
    assert verify(sealed).custody_head != noted
