"""The stage: same bytes for the same case, run again only when something changed, clear errors."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.core.errors import CaseError, UsageError
from distilforensics.core.progress import Silent
from distilforensics.report.stage import render_report

LIMITS = Limits(600_000_000, 2)

RENDER = """
import sys
from pathlib import Path
from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.core.progress import Silent
from distilforensics.report.stage import render_report
render_report(open_case(Path(sys.argv[1])), Limits(400_000_000, int(sys.argv[2])), Silent(), Path(sys.argv[3]))
"""


def hashes(folder):
    """Return path -> SHA-256 of all files of a report."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def copy_of(case, root):
    """Return a copy of a case without its report."""
    shutil.copytree(case.root, root, ignore=shutil.ignore_patterns("report", "report.json"))
    return open_case(root)


@pytest.fixture
def copied(full, tmp_path):
    """A copy of the case, with its report."""
    shutil.copytree(full.case.root, tmp_path / "copy")
    return open_case(tmp_path / "copy")


def test_two_processes_with_other_threads_and_hash_seeds_write_the_same_bytes(full, tmp_path):
    """Report and annexes, in another folder, zone and locale."""
    case = copy_of(full.case, tmp_path / "another place" / "case")
    environment = {**os.environ, "PYTHONHASHSEED": "4711", "TZ": "Pacific/Auckland", "LC_ALL": "C"}

    subprocess.run(
        [sys.executable, "-c", RENDER, str(case.root), "1", str(full.catalogue)], check=True, env=environment
    )

    assert 60 < len(hashes(full.case.report))
    assert hashes(full.case.report) == hashes(case.report)


def test_the_report_carries_no_path_of_this_machine(full):
    """Neither the page nor an annex names the folder of the case or of the program."""
    places = [
        str(full.case.root).encode(),
        str(full.catalogue).encode(),
        b"/usr/",
        f"{Path.home()}/".encode(),
    ]
    content = b"".join(path.read_bytes() for path in sorted(full.case.report.rglob("*")) if path.is_file())

    assert [] == [place for place in places if place in content]


def test_an_unchanged_case_is_not_rendered_again(copied, full):
    """A second run says that it was skipped."""
    assert render_report(copied, LIMITS, Silent(), full.catalogue).is_skipped


@pytest.mark.parametrize("change", ["page", "annex", "case file"])
def test_a_changed_file_makes_the_report_new(copied, full, change):
    """An edited page, a missing annex or another case.toml: the report is written again and is whole."""
    if change == "page":
        (copied.report / "report.html").write_text("edited", encoding="utf-8")
    elif change == "annex":
        (copied.report / "annexes" / "accounts.csv").unlink()
    else:
        path = copied.root / "case.toml"
        path.write_text(path.read_text(encoding="utf-8").replace("R. Falk", "M. Adler"), encoding="utf-8")

    outcome = render_report(open_case(copied.root), LIMITS, Silent(), full.catalogue)

    assert not outcome.is_skipped
    assert set(hashes(full.case.report)) == set(hashes(copied.report))
    assert ("M. Adler" in (copied.report / "report.html").read_text(encoding="utf-8")) == (change == "case file")


def test_annexes_of_an_earlier_run_are_removed(copied, full):
    """A file that the report does not list would be taken for part of it."""
    (copied.report / "annexes" / "old.csv").write_text("old", encoding="utf-8")
    (copied.report / "exhibits").mkdir()
    (copied.report / "exhibits" / "old.csv").write_text("old", encoding="utf-8")

    render_report(copied, LIMITS, Silent(), full.catalogue)

    assert hashes(full.case.report) == hashes(copied.report)


def test_one_list_binds_all_annexes_to_the_page(full):
    """Every file is in the list, sha256sum agrees, and the page prints the hash of the list."""
    folder = full.case.report / "annexes"
    listed = {line.split("  ", 1)[1] for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    check = subprocess.run(
        ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False
    )

    assert set(hashes(folder)) - {"SHA256SUMS"} == listed
    assert (0, "") == (check.returncode, check.stdout)
    assert hashes(folder)["SHA256SUMS"] in full.html


def test_seals_can_be_computed_with_common_tools(full):
    """Evidence over all files read, the accounts directory included; tables and method from files in the annexes."""
    folder = full.case.report / "annexes"
    files = sorted({row["source_sha256"] for row in full.rows("sources.csv") if row["source_sha256"]})
    check = subprocess.run(
        ["sha256sum", "--quiet", "-c", "report/annexes/tables-sha256.txt"],
        cwd=full.case.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    evidence = hashlib.sha256("".join(f"{digest}\n" for digest in files).encode()).hexdigest()
    seals = [code.text for code in full.all(".//p[@class='seals']/code")]

    assert "accounts_directory" in {row["role"] for row in full.rows("sources.csv")}
    assert (0, "") == (check.returncode, check.stdout)
    assert [evidence, *(hashes(folder)[name] for name in ("tables-sha256.txt", "SHA256SUMS", "method.json"))] == seals


def test_a_case_without_an_assessment_is_refused_with_a_way_out(copied, full):
    """The message names the table and the command."""
    copied.table_path("campaigns").unlink()

    with pytest.raises(CaseError, match="table campaigns is missing; stage assessment writes it"):
        render_report(copied, LIMITS, Silent(), full.catalogue)


def test_an_unknown_time_zone_is_refused_with_its_place(copied, full):
    """The message names file and value."""
    path = copied.root / "case.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("Europe/Berlin", "Europe/Nowhere"), encoding="utf-8")

    with pytest.raises(UsageError, match=r"case.toml: display_time_zone is 'Europe/Nowhere'"):
        render_report(open_case(copied.root), LIMITS, Silent(), full.catalogue)


def test_a_test_whose_installed_file_is_another_one_is_listed_without_its_query(copied, full, tmp_path):
    """The query in the annexes is the one that ran, or none."""
    catalogue = tmp_path / "catalogue"
    shutil.copytree(full.catalogue, catalogue)
    path = catalogue / "coordination" / "rotation.sql"
    path.write_text(path.read_text(encoding="utf-8").replace("count(*)", "count(1)"), encoding="utf-8")

    render_report(copied, LIMITS, Silent(), catalogue)

    folder = copied.report / "annexes" / "queries" / "tests"
    assert not (folder / "coordination.rotation.sql").exists()
    assert (folder / "coordination.equal_load.sql").exists()
