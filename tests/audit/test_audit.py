"""A scheduled examination takes what is new, tells what changed, and survives whatever happens to it."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from distilforensics.audit.audit import as_dict, audit, note_delivered
from distilforensics.audit.config import read_config
from distilforensics.audit.metrics import text_of
from distilforensics.case.layout import open_case, write_json
from distilforensics.case.locking import locked
from distilforensics.case.stages import StageOutcome
from distilforensics.case.tables import read_rows
from distilforensics.case.verification import verify
from distilforensics.cli.diagnostics import run_cli
from distilforensics.cli.exit_codes import ExitCode
from distilforensics.core.errors import CaseError, UsageError
from distilforensics.pipeline.steps import Step, with_report


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
    """Run the audit of `home` and tell its result, or not."""

    def run(*, is_delivered=True, **changes):
        config = read_config(home / "audit.toml")
        result = audit(config, notes, **(fake_stages | changes))
        if is_delivered:
            note_delivered(config, result)
        return result

    return run


def files_of(folder):
    """Everything in a folder but what every run writes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "metrics.prom"
    }


def told(result):
    """Campaign ids by what became of them, without empty lists."""
    described = as_dict(result)
    lists = {change: described[change] for change in ("new", "grown", "changed", "ended", "unchanged")}
    return {change: [entry["campaign_id"] for entry in entries] for change, entries in lists.items() if entries}


def test_the_first_audit_tells_new_campaigns_and_keeps_a_report(examine, home):
    """Report, changes, accounts and the marker lie in one folder; the case is sealed."""
    result = examine(day=date(2026, 1, 31))

    assert {"new": ["C-1"]} == told(result)
    folder = home / "reports" / "2026-01-31"
    assert {"2026-01-31", "metrics.prom", "delivered.json"} == {path.name for path in (home / "reports").iterdir()}
    assert {"report.html", "changes.json", "series.json", "accounts.parquet", "COMPLETE"} <= {
        path.name for path in folder.iterdir()
    }
    assert (home / "case" / "report" / "report.html").read_bytes() == result.report.read_bytes()
    assert as_dict(result) == json.loads((folder / "changes.json").read_text())
    stated = json.loads((folder / "COMPLETE").read_text())["files"]
    assert stated == {
        name: hashlib.sha256(content).hexdigest() for name, content in files_of(folder).items() if name != "COMPLETE"
    }
    assert verify(open_case(home / "case")).is_intact


def test_nothing_new_is_told_as_unchanged(examine, home):
    """The known file is not read again, and nothing that was published changes."""
    first = examine()
    before = files_of(home / "reports")
    second = examine()

    assert before == files_of(home / "reports")

    assert {"unchanged": ["C-1"]} == told(second)
    assert ((), (str(home / "logs" / "1.log"),)) == (second.run.ingest.sources, second.run.ingest.known)
    assert first.report == second.report
    assert (True, False) == (first.is_new, second.is_new)


def test_a_new_log_makes_a_campaign_grow(examine, home):
    """The case is cumulative; the report of the same day gets a name of its own."""
    examine(day=date(2026, 1, 31))
    (home / "logs" / "2.log").write_text("pool-c\n")
    result = examine(day=date(2026, 1, 31))

    assert {"grown": ["C-1"]} == told(result)
    assert 1 == result.differences[0].n_accounts_added
    assert "2026-01-31-2" == result.report.parent.name
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
    """A run that ended between publishing and telling; it is said that it may be the second time."""
    examine(is_delivered=False)
    before = files_of(home / "reports")
    again = examine()

    assert {"new": ["C-1"]} == told(again)
    assert (False, True) == (again.is_new, again.is_repeated)
    assert before == {name: content for name, content in files_of(home / "reports").items() if name != "delivered.json"}
    assert ({"unchanged": ["C-1"]}, False) == (told(later := examine()), later.is_repeated)


def test_changes_after_untold_ones_are_told_with_them(examine, home):
    """New and grown since the last time that anything was told is new."""
    examine(is_delivered=False)
    (home / "logs" / "2.log").write_text("pool-c\n")
    result = examine()

    assert {"new": ["C-1"]} == told(result)
    assert (True, True, 3) == (result.is_new, result.is_repeated, len(result.differences[0].after.accounts))


def test_a_published_folder_has_the_annexes_to_which_its_report_links(examine, home, fake_stages):
    """Report, exhibits and findings stand in it as in the case."""
    *first, last = fake_stages["steps"]

    def write_annex(case, limits, progress):
        (case.report / "exhibits").mkdir(exist_ok=True)
        (case.report / "exhibits" / "a.csv").write_text("a")
        return last.work(case, limits, progress)

    steps = (*first, Step("report", write_annex))
    folder = examine(steps=steps).report.parent

    assert "a" == (folder / "exhibits" / "a.csv").read_text()
    assert (home / "case" / "findings" / "accounts.parquet").read_bytes() == (
        folder / "findings" / "accounts.parquet"
    ).read_bytes()


def test_a_redacted_series_publishes_no_name_and_follows_its_campaigns(home, sample_case, capsys):
    """Neither report, changes nor baseline name an account or a log; nights with and without names are compared all the same."""
    shutil.copytree(sample_case("pool"), home / "case")
    logs = Path(__file__).parents[2] / "sample_logs" / "pool" / "logs"
    (home / "audit.toml").write_text(
        f'case = "case"\ninputs = ["{logs}/**"]\nreports = "reports"\nredact = true\n[limits]\nthreads = 1\n'
    )

    def tell(*options):
        assert ExitCode.COMPLETE == run_cli(["audit", str(home / "audit.toml"), "--json", "--quiet", *options])
        return json.loads(capsys.readouterr().out)

    nights = [tell(), tell(), tell("--no-redact"), tell()]
    published = [home / "reports" / Path(night["report"]).parent for night in nights]
    case = open_case(home / "case")
    names = {row["account_id"] for row in read_rows(case, "accounts")}
    names |= {Path(row["path"]).name for row in read_rows(case, "sources")}
    contents = [b"".join(files_of(folder).values()) for folder in published]

    assert [True, False, True, True] == [night["is_new"] for night in nights]
    assert [("new",), ("unchanged",), ("unchanged",), ("unchanged",)] == [
        tuple(change for change in ("new", "grown", "changed", "ended", "unchanged") if night[change])
        for night in nights
    ]
    assert [False, False, True, False] == [any(name.encode() in content for name in names) for content in contents]
    assert {"report.html", "changes.json", "series.json", "accounts.parquet", "COMPLETE"} == set(files_of(published[0]))


def test_a_redacted_series_tells_what_has_grown(examine, home, fake_stages):
    """Pseudonyms tell accounts apart as names do. Without their key campaigns are new, so that none is hidden."""

    def write_redacted(case, limits, progress):
        (case.report / "report.html").write_text("pseudonyms")
        write_json(case.stages / "report.json", {"parameters": {"redacted": True}})
        return StageOutcome("report", is_skipped=False, n_rows={})

    steps = with_report(fake_stages["steps"], Step("report", write_redacted))
    examine(steps=steps)
    (home / "logs" / "2.log").write_text("pool-c\n")
    grown = examine(steps=steps)
    (home / "reports" / "pseudonyms.key").unlink()
    lost = examine(steps=steps)

    assert ({"grown": ["C-1"]}, 1) == (told(grown), grown.differences[0].n_accounts_added)
    assert {"new": ["C-1"], "ended": ["C-1"]} == told(lost)
    assert not any(b"pool-" in content for content in files_of(grown.report.parent).values())


def test_leftovers_are_removed_and_incomplete_folders_are_nobodys_baseline(examine, home):
    """A folder without its marker was not published."""
    examine()
    unfinished = home / "reports" / ".unfinished-2026-02-01"
    unfinished.mkdir()
    foreign = home / "reports" / "2026-03-01"
    foreign.mkdir()
    (foreign / "report.html").write_text("x")
    examine()

    assert (False, True) == (unfinished.exists(), foreign.exists())


@pytest.mark.parametrize(
    ("retention", "left"), [("count = 2", ["2026-01-03", "2026-01-04"]), ("days = 1", ["2026-01-02", "2026-01-04"])]
)
def test_old_folders_go_by_age_and_number(examine, home, retention, left):
    """The newest stays in any case."""
    config = home / "audit.toml"
    config.write_text(config.read_text() + f"[retention]\n{retention}\n")
    for night in range(1, 5):
        (home / "logs" / f"{night}.log").write_text(f"pool-{night}\n")
        result = examine(day=date(2026, 1, night))
        if night in (1, 3):
            os.utime(home / "reports" / f"2026-01-0{night}" / "COMPLETE", (0, 0))
    examine()

    assert left == sorted(path.name for path in (home / "reports").glob("2026*"))
    assert result.report.is_file()


def test_a_change_of_what_a_series_rests_on_is_announced_once(examine, home, monkeypatch):
    """Another program, another grade."""
    first = examine()
    monkeypatch.setattr("distilforensics.audit.series.__version__", "99.0")
    config = home / "audit.toml"
    config.write_text(config.read_text().replace("moderate", "weak"))
    second, third = examine(), examine()

    assert () == first.announced
    assert ["the version of the program", "the grade that raises an alarm"] == [
        text.split(" changed")[0] for text in second.announced
    ]
    assert second.is_new
    assert "to 99.0" in json.loads((second.report.parent / "changes.json").read_text())["announced"][0]
    assert ((), False) == (third.announced, third.is_new)


def test_figures_for_monitoring_are_written_by_every_run(examine, home):
    """In the text format of Prometheus; readable by its collector."""
    result = examine()
    lines = (home / "reports" / "metrics.prom").read_text().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    assert "3" == values["distilforensics_audit_exchanges"]
    assert "1" == values['distilforensics_audit_campaigns{grade="moderate"}']
    assert "1" == values['distilforensics_audit_changes{change="new"}']
    assert "0" == values["distilforensics_audit_quarantined_records"]
    assert float(values["distilforensics_audit_duration_seconds"]) > 0
    assert 0o644 == (home / "reports" / "metrics.prom").stat().st_mode & 0o777
    assert all(re.fullmatch(r"# (HELP|TYPE) \w+ .+|\w+(\{\w+=\"[^\"]*\"\})? [0-9.e+-]+", line) for line in lines)
    assert text_of(result, 0.0).count("# TYPE distilforensics_audit_campaigns ") == 1


@pytest.mark.parametrize(("age_hours", "is_quiet"), [(10, False), (30, True)])
def test_a_log_that_went_quiet_is_an_alarm(examine, home, monkeypatch, age_hours, is_quiet):
    """By the newest exchange of each pattern; another log that goes on does not hide it."""
    config = home / "audit.toml"
    config.write_text(
        config.read_text().replace('"logs/*.log"', '"logs/*.log", "second/*.log"') + "quiet_after_hours = 24\n"
    )
    (home / "second").mkdir()
    (home / "second" / "x.log").write_text("alone\n")
    fresh = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        {"path": "logs/1.log", "role": "log", "last_started_at": fresh - timedelta(hours=age_hours)},
        {"path": "second/x.log", "role": "log", "last_started_at": fresh},
    ]
    monkeypatch.setattr("distilforensics.audit.audit.read_rows", lambda *_: rows)
    result = examine()

    assert is_quiet == bool(result.quiet)
    assert not is_quiet or "logs/*.log: the newest exchange is of " in result.quiet[0]


def test_the_report_is_dated_by_the_newest_exchange(examine, home):
    """Here the log has no times."""
    assert "undated" == examine().report.parent.name


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
    codes = [run_cli(["audit", str(home / "audit.toml"), "--quiet", "--fail-on", "strong"])]
    (home / "reports" / "delivered.json").unlink()
    codes += [run_cli(["audit", str(home / "audit.toml"), "--quiet"]) for _ in range(2)]
    (home / "logs" / "1.log").unlink()
    codes.append(run_cli(["audit", str(home / "audit.toml"), "--quiet"]))
    first = capsys.readouterr().out.splitlines()

    assert [0, 1, 0, 2] == codes
    assert "new        C-1 moderate, 2 accounts, 0 exchanges" == first[0]
    assert str(home / "reports" / "undated" / "report.html") == first[2]
    assert "unchanged  C-1 moderate, 2 accounts, 0 exchanges" in first
    assert any(line.startswith("repeated: ") for line in first)


def test_changes_come_as_one_line_of_json(home, fake_stages, monkeypatch, capsys):
    """For monitoring."""
    monkeypatch.setattr("distilforensics.audit.audit.audit.__kwdefaults__", {"day": None, **fake_stages})
    run_cli(["audit", str(home / "audit.toml"), "--json", "--quiet", "--date", "2026-02-01"])
    changes = json.loads(capsys.readouterr().out)

    assert ("2026-02-01", "2026-02-01/report.html") == (changes["day"], changes["report"])
    assert ["C-1"] == [campaign["campaign_id"] for campaign in changes["new"]]


def test_usage_exports_are_compared_and_a_catalogue_comes_along(home, notes, fake_stages):
    """The export of the month is found by its pattern, and a format of one's own reads the log."""
    calls = [
        {"when": f"2026-03-02T10:00:{i:02d}Z", "who": f"u-{i % 3}", "engine": "m", "put": 7, "got": 5}
        for i in range(12)
    ]
    (home / "logs" / "1.log").write_text("".join(json.dumps(call) + "\n" for call in calls))
    (home / "bills").mkdir()
    (home / "bills" / "2026-03.csv").write_text("day,user_id,model,requests,input_tokens\n2026-03-02,u-1,m,4,28\n")
    folder = home / "own" / "formats" / "our_proxy"
    folder.mkdir(parents=True)
    (folder / "format.toml").write_text(
        'version = 1\ntitle = "Our proxy"\ngateway = "ours"\naccount = "who"\ntenant = "none"\nmissing = ["texts"]\n'
        '[detection]\nkeys_all = ["when", "who", "engine"]\n'
        '[columns]\nstarted_at = "when"\naccount_id = "who"\nmodel_requested = "engine"\ninput_tokens = "put"\noutput_tokens = "got"\n'
    )
    (folder / "sample.jsonl").write_text(json.dumps(calls[0]) + "\n")
    expected = {
        "line": 1, "started_at": "2026-03-02T10:00:00.000000", "started_at_raw": "2026-03-02T10:00:00Z", "time_kind": "iso_offset",
        "time_resolution_us": 1000000, "gateway": "ours", "account_id": "u-0", "model_requested": "m", "model_raw": "m", "input_tokens": 7,
        "output_tokens": 5, "prompt_state": "not_logged", "response_state": "not_logged",
    }  # fmt: skip
    (folder / "expected.jsonl").write_text(json.dumps(expected) + "\n")
    configuration = home / "audit.toml"
    configuration.write_text('catalog = "own"\nreconcile = ["bills/*.csv"]\n' + configuration.read_text())
    audit(read_config(configuration), notes, steps=fake_stages["steps"])
    case = open_case(home / "case")

    assert {row["format"] for row in read_rows(case, "sources") if row["role"] == "log"} == {"our_proxy/1"}
    assert [(row["account_id"], row["n_requests"]) for row in read_rows(case, "usage_sums")] == [("u-1", 4)]
