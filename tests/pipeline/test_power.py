"""Campaigns that are planted in copies of a case are found from a certain size on; the case itself keeps its bytes."""

import json
import shutil
from dataclasses import replace
from datetime import datetime

import pyarrow.compute as pc
import pytest

from distilforensics.case.engines.duckdb import Limits
from distilforensics.case.layout import open_case
from distilforensics.case.stages import file_sha256, tables_sha256
from distilforensics.case.tables import read_rows, read_table, write_rows
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.core.errors import CaseError
from distilforensics.core.progress import Silent
from distilforensics.pipeline.power.copying import INGESTED, copy_case, link
from distilforensics.pipeline.power.measuring import PowerOptions, measure, require_current
from distilforensics.pipeline.power.parameters import PLANTING, PUBLISHED_RATE
from distilforensics.pipeline.power.plan import Kind, Plant
from distilforensics.pipeline.power.planting import plant, sizes_for
from distilforensics.pipeline.power.stage import drop_if_stale, recorded_key, work_folder
from distilforensics.pipeline.power.traffic import READS, read_traffic
from distilforensics.pipeline.steps import STEPS, Step

FLAGS = ["--threads", "2", "--memory-limit", "1GB", "--quiet"]
SILENT = [*FLAGS, "--no-power"]
CHOICES = PowerOptions(sizes=(4, 45), dilutions=(0.0,), requests_per_day=(10,))
DILUTED = Plant(Kind(6, 0.5), 20, 1)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Return a function that simulates a benign log of a format and examines it."""

    def build(format_id):
        folder = tmp_path_factory.mktemp(format_id)
        options = ["--scale", "0.3", "--days", "3", "--formats", format_id, "-q"]

        assert ExitCode.COMPLETE == run_cli(["simulate", "benign", "--out", str(folder / "log"), *options])
        assert ExitCode.COMPLETE == run_cli(["run", str(folder / "log/logs"), "--case", str(folder / "case"), *SILENT])

        return open_case(folder / "case")

    return build


@pytest.fixture(scope="module")
def case(simulated):
    """A finished case over a log with texts and an accounts directory."""
    return simulated("litellm_spendlogs")


@pytest.fixture(scope="module")
def bare_case(simulated):
    """A finished case over the access log of a web server."""
    return simulated("nginx_combined")


@pytest.fixture
def limits_are_met(monkeypatch):
    """One call of the planted campaigns in twenty meets a limit; without refused calls a campaign shows no hand-over."""
    monkeypatch.setattr("distilforensics.pipeline.power.traffic._limited_share", lambda _: 0.05)


def state(case):
    """Return hash and time of change of every file of a case."""
    files = sorted(path for path in case.root.rglob("*") if path.is_file())
    return {path: (file_sha256(path), path.stat().st_mtime_ns) for path in files}


def planted_copy(case, folder, limits, wanted=DILUTED):
    """Plant a campaign in a copy and return the copy, what was planted, and the log's traffic."""
    base = copy_case(case, folder / "log", (*INGESTED, *READS))
    traffic = read_traffic(base, limits)
    target = copy_case(case, folder / "planted", INGESTED)
    return target, plant(base, target, traffic, wanted, limits), traffic


def own(table, planted):
    """Return the rows of planted accounts."""
    return table.filter(pc.is_in(table["account_id"], value_set=pc.cast(sorted(planted.account_ids), "string")))


def test_a_large_campaign_is_found_and_a_trivial_one_is_not_and_the_case_keeps_its_bytes(
    case, small_limits, limits_are_met
):
    """No account that was not planted is accused; the second measurement knows everything and runs no stage."""
    before, work = state(case), work_folder(case.root)
    measurement = measure(case, work, CHOICES, small_limits, Silent())
    again = measure(case, work, CHOICES, small_limits, Silent())

    assert {4: False, 45: True} == {outcome.plant.n_accounts: outcome.is_found for outcome in measurement.outcomes}
    assert [0, 0] == [outcome.n_innocents for outcome in measurement.outcomes]
    assert measurement.is_complete
    assert [
        (
            "A campaign of 45 accounts with about 32 exchanges each (10 a day; cards, addresses, sign-ups partly shared)"
            " would have been found; one of 4 accounts was missed."
        )
    ] == measurement.statements
    assert [outcome.row() for outcome in measurement.outcomes] == [outcome.row() for outcome in again.outcomes]
    assert ["results.jsonl"] == [path.name for path in work.iterdir()]
    assert before == state(case)


def test_a_measurement_without_time_left_plants_nothing_and_says_that_it_is_not_complete(case, tmp_path, small_limits):
    """The bound is kept even for the first campaign."""
    choices = PowerOptions(sizes=(4,), dilutions=(0.0,), max_seconds=0.0)
    measurement = measure(case, tmp_path / "work", choices, small_limits, Silent())

    assert () == measurement.outcomes
    assert not measurement.is_complete


def test_an_interrupted_measurement_goes_on_where_it_was(case, tmp_path, small_limits):
    """The first run stops in the second campaign; the second run plants that one alone, and no copy is left behind."""
    planted = []

    def work(copy, limits, progress):
        planted.append(len(copy.table_files("exchanges")))
        if len(planted) == 2:
            raise KeyboardInterrupt
        (accounts,) = case.table_files("accounts")
        link(accounts, copy.table_path("accounts"))

    steps = (Step("assessment", work),)
    choices = replace(CHOICES, dilutions=(0.0, 0.5), sizes=(20,))
    with pytest.raises(KeyboardInterrupt):
        measure(case, tmp_path / "work", choices, small_limits, Silent(), steps=steps)
    left = [path.name for path in (tmp_path / "work").iterdir()]
    measurement = measure(case, tmp_path / "work", choices, small_limits, Silent(), steps=steps)

    assert ["results.jsonl"] == left
    assert [0.0, 0.5] == [outcome.plant.kind.dilution for outcome in measurement.outcomes]
    assert 3 == len(planted)


def test_planting_twice_gives_the_same_bytes(case, tmp_path, small_limits):
    """With rerouted traffic as well."""
    first, _, _ = planted_copy(case, tmp_path / "a", small_limits)
    second, _, _ = planted_copy(case, tmp_path / "b", small_limits)

    assert tables_sha256(first, INGESTED) == tables_sha256(second, INGESTED)


def test_rerouted_traffic_is_that_of_ordinary_customers_and_none_of_it_occurs_twice(case, tmp_path, small_limits):
    """The originals are set aside as duplicates, so that no text is new in the copy but the campaign's own."""
    target, planted, _ = planted_copy(case, tmp_path, small_limits)
    pairs = {row["record_id"]: row["duplicate_of"] for row in read_rows(target, "duplicates")}
    prompts = {
        row["record_id"]: row["prompt_text"] for row in read_rows(target, "exchanges", ["record_id", "prompt_text"])
    }
    wanted = DILUTED.n_accounts * DILUTED.kind.requests_per_day * 3 * DILUTED.kind.dilution

    assert wanted * 0.9 <= planted.n_rerouted <= wanted * 1.3
    assert planted.n_rerouted == len(pairs) - len(read_rows(case, "duplicates"))
    assert all(prompts[original] == prompts[copy] for original, copy in pairs.items())
    assert len(prompts) == len(read_rows(target, "exchanges", ["record_id"]))


@pytest.mark.parametrize("name", ["case", "bare_case"])
def test_planted_records_carry_what_the_log_carries(name, request, tmp_path, small_limits):
    """Columns that the log lacks stay empty; times lie inside of the log and are as coarse."""
    original = request.getfixturevalue(name)
    target, planted, traffic = planted_copy(original, tmp_path, small_limits)
    log, rows = read_table(original, "exchanges"), own(read_table(target, "exchanges"), planted)
    empty = {column for column in log.column_names if log[column].null_count == log.num_rows}
    resolution = read_rows(original, "exchanges", ["time_resolution_us"])[0]["time_resolution_us"]
    since = [started - datetime(1970, 1, 1) for started in rows["started_at"].to_pylist()]

    assert DILUTED.n_accounts == len(planted.account_ids)
    assert planted.n_harvest + planted.n_rerouted == rows.num_rows
    assert [] == [column for column in sorted(empty) if rows[column].null_count < rows.num_rows]
    assert set(log["source_format"].to_pylist()) == set(rows["source_format"].to_pylist())
    assert traffic.hours[0][0] <= min(rows["started_at"].to_pylist())
    assert all(delta.microseconds % resolution == 0 for delta in since)


def test_accounts_are_signed_up_only_where_the_log_comes_with_a_directory(case, tmp_path, small_limits):
    """Each planted account has a row; without a directory there is none."""
    target, planted, _ = planted_copy(case, tmp_path / "with", small_limits)
    rows = [row for row in read_rows(target, "accounts_directory") if row["account_id"] in planted.account_ids]
    (case_without := copy_case(case, tmp_path / "case", (*INGESTED, *READS))).table_path("accounts_directory").unlink()
    without, _, _ = planted_copy(case_without, tmp_path / "without", small_limits)

    assert DILUTED.n_accounts == len(rows)
    assert len({row["payment_fingerprint"] for row in rows}) < len(rows)
    assert [] == without.table_files("accounts_directory")


def test_a_careful_operator_shares_no_card_and_no_address(case, tmp_path, small_limits):
    """Every account has its own."""
    target, planted, _ = planted_copy(case, tmp_path, small_limits, Plant(Kind(6, 0.0, is_careful=True), 20, 1))
    rows = [row for row in read_rows(target, "accounts_directory") if row["account_id"] in planted.account_ids]
    pairs = {(row["account_id"], row["client_ip"]) for row in own(read_table(target, "exchanges"), planted).to_pylist()}

    payments = [row["payment_fingerprint"] for row in rows if row["payment_fingerprint"] is not None]

    assert len(set(payments)) == len(payments) > 10
    assert 20 == len(pairs) == len({address for _, address in pairs})


def test_sizes_that_would_drown_the_log_are_replaced_by_the_largest_that_does_not(case, tmp_path, small_limits):
    """Accounts are limited by the accounts of the log, traffic by its traffic."""
    traffic = read_traffic(copy_case(case, tmp_path / "log", (*INGESTED, *READS)), small_limits)
    few, many = (sizes_for(traffic, Kind(rate, 0.0), (10, 100_000)) for rate in (1, 1_000_000))

    assert (10, int(traffic.n_unaccused * PLANTING.max_account_share)) == few
    assert () == many


def test_a_case_of_another_version_is_refused(case, tmp_path):
    """Its findings are not those of the program whose power would be measured."""
    older = copy_case(case, tmp_path / "case", INGESTED)
    for path in case.stages.glob("*.json"):
        record = json.loads(path.read_bytes()) | {"code": "older"}
        (older.stages / path.name).write_text(json.dumps(record))

    with pytest.raises(CaseError, match="stage features was run by another version"):
        require_current(older, STEPS)


def test_a_link_is_never_written_through(tmp_path):
    """A second file under the same name is an error, since a copy would change the first one."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    link(tmp_path / "a", tmp_path / "c")

    with pytest.raises(FileExistsError):
        link(tmp_path / "b", tmp_path / "c")
    assert "a" == (tmp_path / "a").read_text()


def test_the_result_becomes_part_of_the_case_when_asked_for_and_is_dropped_when_it_no_longer_holds(
    case, capsys, limits_are_met
):
    """With an entry in the custody log, in findings and report, sealed and intact; a further run keeps it. It goes on where the test above was."""
    path = str(case.root)
    asked = ["--sizes", "45,4", "--dilutions", "0", "--requests", "10"]
    code = run_cli(["selftest", "--inject", path, *asked, "--write", *FLAGS])
    told = capsys.readouterr().out
    sentence = (
        "A campaign of 45 accounts with about 32 exchanges each (10 a day; cards, addresses, sign-ups partly shared)"
        " would have been found; one of 4 accounts was missed."
    )
    actions = [json.loads(line)["action"] for line in case.custody_log.read_text().splitlines()]
    power = json.loads((case.findings / "findings.json").read_text())["power"]

    assert ExitCode.COMPLETE == code
    assert sentence in told
    assert ["power started", "stage power", "report started", "stage report", "sealed"] == actions[-5:]
    assert (True, [sentence]) == (power["is_measured"], power["statements"])
    assert "planted in copies of this log" in (case.report / "report.html").read_text()
    assert ExitCode.COMPLETE == run_cli(["verify", path, "-q"])

    logs = str(case.root.parent / "log/logs")
    assert ExitCode.COMPLETE == run_cli(["run", logs, "--case", path, *SILENT])
    assert [4, 45] == [row["n_accounts"] for row in read_rows(case, "power")]
    assert work_folder(case.root).is_dir()

    record = json.loads((case.stages / "power.json").read_bytes())
    (case.stages / "power.json").write_text(json.dumps(record | {"inputs": {"measurement": "of another log"}}))
    drop_if_stale(case, Silent())
    assert [] == case.table_files("power")
    assert recorded_key(case) is None
    assert ExitCode.COMPLETE == run_cli(["run", logs, "--case", path, *SILENT])
    assert not json.loads((case.findings / "findings.json").read_text())["power"]["is_measured"]
    assert "planted in copies of this log" not in (case.report / "report.html").read_text()


def test_a_run_without_findings_says_what_it_would_have_found_unless_told_not_to(case, sample_case):
    """A log with a campaign shows what is found by finding it."""
    silent, accused = open_case(sample_case("benign")), open_case(sample_case("pool"))

    assert {(PUBLISHED_RATE, 0.0)} == {(row["requests_per_day"], row["dilution"]) for row in read_rows(silent, "power")}
    assert [] == accused.table_files("power")
    assert [] == case.table_files("power")
    assert ["case.lock"] == [path.name for path in silent.temporary.iterdir()]
    told = {
        case.root: [s["stage"] for s in json.loads(case.run_record.read_text())["stages"]] for case in (silent, accused)
    }
    assert "power" in told[silent.root]
    assert "power" not in told[accused.root]
    assert "stage power" not in accused.custody_log.read_text()


def test_a_log_of_a_few_accounts_is_neither_measured_nor_called_up_to_date(tmp_path, capsys):
    """Nothing can be planted in it that would not drown it; the same run again is one line."""
    log = tmp_path / "log.jsonl"
    row = {"account_id": "a", "model": "m", "prompt": "What is the height of the tower?", "response": "90 m"}
    log.write_text(
        json.dumps(row | {"timestamp": "2026-03-02T00:00:00Z", "input_tokens": 9, "output_tokens": 3}) + "\n"
    )
    command = ["run", str(log), "--case", str(tmp_path / "case"), "--threads", "1"]

    assert ExitCode.COMPLETE == run_cli(command)
    first = capsys.readouterr().err
    assert ExitCode.COMPLETE == run_cli(command)
    again = capsys.readouterr().err

    assert "power" not in first
    assert "up to date" not in first
    assert again.startswith("Nothing has changed since the last run")


def test_a_file_without_a_hash_stops_no_measurement(case, tmp_path):
    """A member of an archive that was refused for its name; what is planted stays the same."""
    copy = open_case(shutil.copytree(case.root, tmp_path / "case"))
    refused = {"path": "a.zip!../../outside.jsonl", "role": "refused", "source_sha256": None}
    write_rows(copy, "sources", [*read_rows(copy, "sources"), refused])
    limits = Limits(1_000_000_000, 1)
    assert read_traffic(case, limits).salt == read_traffic(copy, limits).salt
