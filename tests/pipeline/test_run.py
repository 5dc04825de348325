"""A run ends in a sealed case, can be repeated, interrupted, extended and started over."""

import json

import pytest

from distilforensics.case import custody
from distilforensics.case.layout import open_case
from distilforensics.case.verification import verify
from distilforensics.core.errors import CaseError
from distilforensics.core.finding import Grade
from distilforensics.pipeline.run import run_case
from distilforensics.pipeline.steps import STEPS, Step


@pytest.fixture
def run(tmp_path, reading, small_limits, notes, fake_stages):
    """Run over files into one case."""

    def call(*inputs, **changes):
        return run_case(
            [str(path) for path in inputs], tmp_path / "case", reading, small_limits, notes, **(fake_stages | changes)
        )

    return call


def contents(case):
    """Every file of the reproducible part of a case."""
    outside = {"run.json", "custody.jsonl", "seal.txt"}
    return {
        path.relative_to(case.root): path.read_bytes()
        for path in case.root.rglob("*")
        if path.is_file() and path.name not in outside
    }


def actions(case):
    """What the custody log says was done."""
    return [entry["action"] for entry in custody.entries(case)]


def test_the_stages_run_in_the_order_of_their_dependencies():
    """Linkage before heuristics: clusters are groups that heuristics are run on."""
    assert ["features", "linkage", "heuristics", "assessment", "report"] == [step.name for step in STEPS]


def test_a_run_ends_in_a_sealed_and_intact_case(run, names_log):
    """Report, manifests and custody log are there and fit."""
    result = run(names_log)
    verification = verify(open_case(result.case.root))

    assert [] == verification.problems
    assert [] == verification.notes
    assert (1, 4) == (verification.n_sources, verification.n_records)
    assert result.report.is_file()
    assert result.custody_head == verification.custody_head


def test_every_step_is_in_the_custody_log(run, names_log):
    """Begin, each stage, seal."""
    case = run(names_log).case

    assert ["run started", "stage ingest", "stage assessment", "stage report", "sealed"] == actions(case)


def test_run_json_records_how_the_case_came_about(run, names_log):
    """Versions of all dependencies, host, arguments, limits, timings, peak memory."""
    result = run(names_log)
    record = json.loads(result.case.run_record.read_text())

    assert {"duckdb", "pyarrow", "click", "jinja2", "markupsafe"} <= record["tool"]["dependencies"].keys()
    assert [str(names_log)] == record["inputs"]
    assert {"memory_bytes": 512_000_000, "threads": 1, "master": None} == record["limits"]
    assert ["ingest", "assessment", "report"] == [stage["stage"] for stage in record["stages"]]
    assert record["peak_memory_bytes"]["process"] > 10_000_000
    assert record["started_at"] < record["ended_at"]
    assert record["argv"]
    assert record["cwd"]
    assert record["host"]["platform"]


def test_the_result_has_what_the_closing_summary_prints(run, names_log):
    """Sources, balance, campaigns, timings."""
    result = run(names_log)

    assert {"log": 1} == result.summary.n_sources
    assert 4 == result.summary.balance["n_kept"]
    assert ["C-1"] == [campaign.campaign_id for campaign in result.summary.campaigns]
    assert (3, True, False) == (
        result.summary.n_accounts,
        result.summary.has_campaign_at(Grade.MODERATE),
        result.summary.has_campaign_at(Grade.STRONG),
    )
    assert ["ingest", "assessment", "report", "seal"] == [timing.stage for timing in result.timings]


def test_a_repeated_run_changes_no_byte_and_says_what_it_skipped(run, names_log, notes):
    """What is up to date is told in one note beside a stage that ran."""
    before = contents(run(names_log).case)
    notes.notes.clear()
    result = run(names_log)

    assert before == contents(result.case)
    assert ["up to date, not run again: ingest, report"] == notes.notes
    assert verify(result.case).is_intact


def test_an_interrupted_run_is_in_the_custody_log_and_goes_on(run, names_log, fake_stages, tmp_path):
    """Ctrl-C in a stage; the next run completes the case."""

    def interrupt(case, limits, progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(names_log, steps=(fake_stages["steps"][0], Step("report", interrupt)))
    case = open_case(tmp_path / "case")

    assert ["run started", "stage ingest", "stage assessment", "run failed"] == actions(case)
    assert not (case.root / "tagmanifest-sha256.txt").exists()

    result = run(names_log)

    assert verify(result.case).is_intact
    assert (str(names_log),) == result.ingest.known


def test_a_sealed_case_does_not_take_other_logs_by_accident(run, names_log, tmp_path):
    """Only with --extend."""
    other = tmp_path / "other.log"
    other.write_text("pool-c\n")
    case = run(names_log).case
    before = contents(case)
    with pytest.raises(CaseError, match="is sealed and was made from other logs") as caught:
        run(other)

    assert "--extend" in caught.value.hint
    assert before == contents(case)


def test_a_sealed_case_can_be_extended(run, names_log, tmp_path):
    """The old source stays, the new one is added, the case is sealed again."""
    other = tmp_path / "other.log"
    other.write_text("pool-c\n")
    run(names_log)
    result = run(other, is_extending=True)

    assert {"log": 2} == result.summary.n_sources
    assert 3 == result.summary.campaigns[0].n_accounts
    assert verify(result.case).is_intact


def test_force_starts_over_and_keeps_the_custody_log(run, names_log, tmp_path):
    """Tables are gone, the record of what was done is not."""
    other = tmp_path / "other.log"
    other.write_text("pool-c\n")
    run(names_log)
    result = run(other, is_forced=True)

    assert {"log": 1} == result.summary.n_sources
    assert [
        "run started",
        "stage ingest",
        "stage assessment",
        "stage report",
        "sealed",
        "started over",
        "run started",
    ] == actions(result.case)[:7]
    assert verify(result.case).is_intact


def test_a_folder_that_is_no_case_is_left_alone(run, names_log, tmp_path):
    """Neither files nor folders appear in it."""
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "thesis.txt").write_text("mine")
    with pytest.raises(CaseError, match="is no case folder"):
        run(names_log, is_forced=True)

    assert ["thesis.txt"] == [path.name for path in (tmp_path / "case").iterdir()]
