"""A scheduled examination takes what is new, tells what changed, and survives whatever happens to it."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from distilforensics.audit.audit import SNAPSHOT, as_dict, audit
from distilforensics.audit.config import read_config
from distilforensics.case.layout import open_case
from distilforensics.case.locking import locked
from distilforensics.case.verification import verify
from distilforensics.cli.diagnostics import run_cli
from distilforensics.core.errors import CaseError, UsageError


@pytest.fixture
def home(tmp_path):
    """A folder with a log of a pool of two, and a configuration."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "1.log").write_text("pool-a\npool-b\nalone\n")
    (tmp_path / "audit.toml").write_text(
        'case = "case"\ninputs = ["logs/*.log"]\nreports = "reports"\nfail_on = "moderate"\n'
    )
    return tmp_path


@pytest.fixture
def examine(home, notes, fake_stages):
    """Run the audit of `home`."""
    return lambda **changes: audit(read_config(home / "audit.toml"), notes, **(fake_stages | changes))


def told(result):
    """Campaign ids by what became of them, without empty lists."""
    described = as_dict(result)
    lists = {change: described[change] for change in ("new", "grown", "changed", "ended", "unchanged")}
    return {change: [entry["campaign_id"] for entry in entries] for change, entries in lists.items() if entries}


def test_the_first_audit_tells_new_campaigns_and_keeps_a_report(examine, home):
    """Report, changes and snapshot lie in the folder of reports; the case is sealed."""
    result = examine(day=date(2026, 1, 31))

    assert {"new": ["C-1"]} == told(result)
    assert {"2026-01-31.html", "2026-01-31.changes.json", SNAPSHOT} == {
        path.name for path in (home / "reports").iterdir()
    }
    assert (home / "case" / "report" / "report.html").read_bytes() == result.report.read_bytes()
    assert as_dict(result) == json.loads((home / "reports" / "2026-01-31.changes.json").read_text())
    assert verify(open_case(home / "case")).is_intact


def test_nothing_new_is_told_as_unchanged(examine, home):
    """The known file is not read again, the same report is not kept twice."""
    first = examine()
    second = examine()

    assert {"unchanged": ["C-1"]} == told(second)
    assert ((), (str(home / "logs" / "1.log"),)) == (second.run.ingest.sources, second.run.ingest.known)
    assert first.report == second.report
    assert 1 == len(list((home / "reports").glob("*.html")))


def test_a_new_log_makes_a_campaign_grow(examine, home):
    """The case is cumulative; the report of the same day gets a name of its own."""
    examine(day=date(2026, 1, 31))
    (home / "logs" / "2.log").write_text("pool-c\n")
    result = examine(day=date(2026, 1, 31))

    assert {"grown": ["C-1"]} == told(result)
    assert 1 == result.differences[0].n_accounts_added
    assert "2026-01-31-2.html" == result.report.name
    assert 4 == result.run.summary.balance["n_read"]


def test_a_log_that_was_rotated_away_stays_in_the_case(examine, home):
    """Only the new file is there the second time."""
    examine()
    (home / "logs" / "1.log").rename(home / "logs" / "1.old")
    (home / "logs" / "2.log").write_text("alone\n")
    result = examine()

    assert {"unchanged": ["C-1"]} == told(result)
    assert {"log": 2} == result.run.summary.n_sources


def test_changes_are_told_again_if_they_were_not_kept(examine, home):
    """The snapshot is written last."""
    examine()
    (home / "reports" / SNAPSHOT).unlink()

    assert {"new": ["C-1"]} == told(examine())


def test_the_report_is_dated_by_the_newest_exchange(examine, home):
    """Here the log has no times."""
    assert "undated.html" == examine().report.name


def test_young_files_are_left_for_the_next_time(examine, home):
    """They may still be written."""
    config = home / "audit.toml"
    config.write_text(config.read_text() + "min_age_minutes = 60\n")
    (home / "logs" / "2.log").write_text("pool-c\n")
    os.utime(home / "logs" / "1.log", (0, 0))
    result = examine()

    assert (1, 1) == (result.n_files, result.n_too_young)
    assert 3 == result.run.summary.balance["n_read"]


@pytest.mark.parametrize(
    ("pattern", "message"), [("none/*.log", "no file matches"), ("logs/*.log", "all matching files are younger")]
)
def test_nothing_to_read_is_never_silent(examine, home, pattern, message):
    """A wrong path in a cron job must not look like a quiet night."""
    (home / "audit.toml").write_text(
        f'case = "case"\ninputs = ["{pattern}"]\nreports = "reports"\nmin_age_minutes = 60\n'
    )
    with pytest.raises(UsageError, match=message):
        examine()


def test_a_second_audit_at_the_same_time_is_turned_away(examine, home):
    """The message names the holder."""
    examine()
    with (
        locked(open_case(home / "case"), "run"),
        pytest.raises(CaseError, match=rf"in use by `distilforensics run`, process {os.getpid()} of "),
    ):
        examine()


def test_an_audit_that_is_killed_at_any_write_is_completed_by_the_next(tmp_path):
    """SIGKILL before every single rename of an audit; the campaign is told as new unless it had been kept."""
    driver = Path(__file__).with_name("killed.py")
    done = subprocess.run([sys.executable, str(driver), str(tmp_path)], capture_output=True, text=True, check=False)
    *rounds, last = [json.loads(line) for line in done.stdout.splitlines()]

    assert 0 == done.returncode, done.stderr
    assert last["n_kills"] >= 12
    assert len(rounds) == last["n_kills"] + 1
    assert [[]] * len(rounds) == [entry["problems"] for entry in rounds]
    assert [1] * last["n_kills"] == [len(entry["new"]) for entry in rounds[:-1]]
    assert (0, 1) == (len(rounds[-1]["new"]), len(rounds[-1]["unchanged"]))


def test_exit_codes_tell_news_at_or_above_the_grade(home, fake_stages, monkeypatch, capsys):
    """1 for a new campaign, 0 when it is known, 2 without files."""
    monkeypatch.setattr("distilforensics.audit.audit.audit.__kwdefaults__", {"day": None, **fake_stages})
    codes = [run_cli(["audit", str(home / "audit.toml"), "--quiet"]) for _ in range(2)]
    (home / "logs" / "1.log").unlink()
    codes.append(run_cli(["audit", str(home / "audit.toml"), "--quiet"]))
    first = capsys.readouterr().out.splitlines()

    assert [1, 0, 2] == codes
    assert "new        C-1 moderate, 2 accounts, 0 exchanges" == first[1]
    assert str(home / "reports" / "undated.html") == first[2]
    assert "unchanged  C-1 moderate, 2 accounts, 0 exchanges" == first[4]


def test_changes_come_as_one_line_of_json(home, fake_stages, monkeypatch, capsys):
    """For monitoring."""
    monkeypatch.setattr("distilforensics.audit.audit.audit.__kwdefaults__", {"day": None, **fake_stages})
    run_cli(["audit", str(home / "audit.toml"), "--json", "--quiet", "--date", "2026-02-01"])
    changes = json.loads(capsys.readouterr().out)

    assert ("2026-02-01", "2026-02-01.html") == (changes["day"], changes["report"])
    assert ["C-1"] == [campaign["campaign_id"] for campaign in changes["new"]]
