"""The program as it is used: simulate a log, run it, look at the case, damage it, hand it on."""

import csv
import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import bagit
import psutil
import pytest

from distilforensics.cli.diagnostics import ExitCode, run_cli

FLAGS = ["--threads", "2", "--memory-limit", "1GB", "--quiet"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a simulated log, its labels, and the sealed case made from it."""
    folder = tmp_path_factory.mktemp("end-to-end")
    simulate = [
        "simulate",
        "pool",
        "--out",
        str(folder / "pool"),
        "--scale",
        "0.3",
        "--days",
        "4",
        "--formats",
        "litellm_spendlogs",
        "--compression",
        "gz",
        "-q",
    ]

    assert ExitCode.COMPLETE == run_cli(simulate)
    assert ExitCode.COMPLETE == run_cli(["run", str(folder / "pool" / "logs"), "--case", str(folder / "case"), *FLAGS])

    return folder


@pytest.fixture
def case(home):
    """Path of the case as text."""
    return str(home / "case")


@pytest.fixture
def copied(home, tmp_path):
    """A copy of the case that a test may damage."""
    return Path(shutil.copytree(home / "case", tmp_path / "case"))


def lines(capsys):
    """Stdout as lines."""
    return capsys.readouterr().out.splitlines()


def ask(case, query, capsys):
    """Return the rows of a query as dictionaries."""
    assert ExitCode.COMPLETE == run_cli(["sql", case, query, "--json"])

    return [json.loads(line) for line in lines(capsys)]


def test_running_again_changes_no_byte_and_ends_with_the_path_of_the_report(home, case, capsys):
    """One line says so, on stderr; the path is on stdout."""
    before = {
        path: path.read_bytes()
        for path in Path(case).rglob("*")
        if path.is_file() and path.suffix not in (".json", ".jsonl")
    }
    code = run_cli(["run", str(home / "pool" / "logs"), "--case", case, "--threads", "1"])
    told = capsys.readouterr()

    assert ExitCode.COMPLETE == code
    assert [str(home / "case" / "report" / "report.html")] == told.out.splitlines()
    assert before == {path: path.read_bytes() for path in before}
    assert ["Nothing has changed since the last run, and the seal stays. 1 campaign found."] == told.err.splitlines()


def test_a_pool_is_found_and_fails_the_run_on_request(home, case, capsys):
    """The same case with --fail-on; the summary as JSON."""
    code = run_cli(["run", str(home / "pool" / "logs"), "--case", case, *FLAGS, "--fail-on", "moderate", "--json"])
    told = json.loads(capsys.readouterr().out)
    balance = told["balance"]

    assert ExitCode.FINDINGS == code
    assert {"strong", "moderate"} & {campaign["grade"] for campaign in told["campaigns"]}
    assert balance["n_read"] == sum(n for column, n in balance.items() if column != "n_read") > 5000
    assert told["report"].endswith("report/report.html")


def test_the_sealed_case_is_a_valid_bag(case):
    """For the reference implementation."""
    assert bagit.Bag(case).validate()


def test_verify_hashes_files_and_evidence(case, capsys):
    """Nothing is left unchecked."""
    code = run_cli(["verify", case, "--json"])
    told = json.loads(capsys.readouterr().out)

    assert ExitCode.COMPLETE == code
    assert (True, [], 2) == (told["is_intact"], told["problems"], told["n_sources"])
    assert told["n_files"] > 20
    assert told["n_records"] > 5000


def test_verify_names_every_flipped_byte_and_exits_with_5(copied, capsys):
    """One byte in the middle of each file of a real case: of all files of the report at once, since nothing is read from them, of others in turn."""
    files = [path for path in copied.rglob("*") if path.is_file() and path.parent.name != "tmp" and path.stat().st_size]
    report = [path for path in files if path.is_relative_to(copied / "report")]
    unnoticed = []
    for flipped in [report, *([path] for path in sorted({*files} - {*report}))]:
        contents = {path: path.read_bytes() for path in flipped}
        for path, content in contents.items():
            path.chmod(0o644)
            middle = len(content) // 2
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 0x01]) + content[middle + 1 :])
        code = run_cli(["verify", str(copied), "--json"])
        told = {problem["where"].split(":")[0] for problem in json.loads(capsys.readouterr().out)["problems"]}
        unnoticed += [path for path in flipped if path.relative_to(copied).as_posix() not in told]
        unnoticed += flipped if code != ExitCode.INTEGRITY else []
        for path, content in contents.items():
            path.write_bytes(content)

    assert [] == unnoticed
    assert ExitCode.COMPLETE == run_cli(["verify", str(copied), "-q"])


def test_show_tells_of_campaign_account_heuristic_and_source(case, capsys):
    """Drilling down from the campaign."""
    campaign = ask(case, "SELECT campaign_id FROM campaigns ORDER BY campaign_id", capsys)[0]["campaign_id"]
    run_cli(["show", case, "campaign", campaign, "--json"])
    told = json.loads(lines(capsys)[0])
    account = told["accounts"][0]["account_id"]
    run_cli(["show", case, "account", account, "--json"])
    member = json.loads(lines(capsys)[0])
    run_cli(["show", case, "heuristic", "S1"])
    heuristic = capsys.readouterr().out
    run_cli(["show", case, "source", "LiteLLM_SpendLogs.jsonl.gz"])
    source = capsys.readouterr().out

    counted = [row["is_counted"] for row in told["facts"]]
    assert counted[0]
    assert counted == sorted(counted, reverse=True)
    assert all(row["outcome"] != "excluded" for row in told["explanations"])
    assert campaign == member["account"][0]["campaign_id"]
    assert member["links"]
    assert "structure.template_span" in heuristic
    assert "litellm_spendlogs" in source


def rows_of(capsys, *arguments):
    """Return the one object that a command prints as JSON, and fail if the command does."""
    assert ExitCode.COMPLETE == run_cli([*arguments, "--json"])

    return json.loads(capsys.readouterr().out)


def test_show_of_a_case_alone_is_the_overview(case, capsys):
    """What was read, and every campaign."""
    found = rows_of(capsys, "show", case)

    assert "case" == found["kind"]
    assert found["log"][0]["n_exchanges"] > 0
    assert [row["campaign_id"] for row in found["campaigns"]] == ["C-01"]


def test_the_overview_of_a_case_says_what_the_end_of_its_run_said(case, capsys):
    """The finding first with its load drawn, then the balance, then what to ask next."""
    assert ExitCode.COMPLETE == run_cli(["show", case])
    shown = lines(capsys)

    assert "1 campaign found" == shown[0]
    assert any(line.endswith("hours") and "  requests per " in line for line in shown[1:8])
    assert any(line.startswith("Read") for line in shown)
    assert f"  why   distilforensics show {case} campaign C-01" == shown[-1]


def test_tests_that_could_not_run_are_listed_with_their_reason(case, capsys):
    """What the summary groups stands here test by test."""
    found = rows_of(capsys, "show", case, "tests")["tests"]
    summed = {row["state"]: row["n_heuristics"] for row in rows_of(capsys, "show", case)["heuristics"]}

    assert summed == Counter(row["state"] for row in found)
    assert all(row["reason"] for row in found if row["state"] in ("inconclusive", "not_evaluated"))


def test_explain_tells_both_sides_of_an_account(case, capsys):
    """A member has facts with bits in order; an account of no campaign has no fact of one."""
    sql = "SELECT account_id FROM accounts WHERE campaign_id IS {} NULL ORDER BY n_exchanges DESC, account_id LIMIT 1"
    member = rows_of(capsys, "sql", case, sql.format("NOT"))["account_id"]
    outsider = rows_of(capsys, "sql", case, sql.format(""))["account_id"]

    facts = [row for row in rows_of(capsys, "explain", case, member)["for"] if row["about"] == "campaign C-01"]
    others = rows_of(capsys, "explain", case, outsider)["for"]

    assert facts
    assert [row["bits"] for row in facts] == sorted((row["bits"] for row in facts), reverse=True)
    assert not [row for row in others if row["about"].startswith("campaign")]


def test_compare_gives_the_weights_of_a_link_in_both_orders(case, capsys):
    """The attributes are those of the link, ties above what tells apart."""
    link = rows_of(
        capsys, "sql", case, "SELECT account_a, account_b, len(attributes) AS n FROM links ORDER BY weight DESC LIMIT 1"
    )
    pair = [link["account_a"], link["account_b"]]

    found = rows_of(capsys, "compare", case, *pair)
    turned = rows_of(capsys, "compare", case, *reversed(pair))

    assert link["n"] == len(found["attributes"])
    assert found["attributes"] == turned["attributes"]
    assert {row["effect"] for row in found["attributes"] if row["bits"] > 0} == {"ties"}
    assert {row["effect"] for row in found["attributes"] if row["bits"] < 0} <= {"tells apart"}


def test_compare_says_first_how_strongly_two_accounts_are_tied(case, capsys):
    """Then by what, in sentences that fit 80 columns; accounts with nothing in common are told as such."""
    link = rows_of(capsys, "sql", case, "SELECT account_a, account_b, weight FROM links ORDER BY weight DESC LIMIT 1")
    strangers = rows_of(
        capsys,
        "sql",
        case,
        "SELECT min(a.account_id) AS a, max(a.account_id) AS b FROM (SELECT account_id FROM accounts AS x "
        "WHERE NOT EXISTS (FROM links AS l WHERE x.account_id IN (l.account_a, l.account_b)) LIMIT 2) AS a",
    )

    assert ExitCode.COMPLETE == run_cli(["compare", case, link["account_a"], link["account_b"]])
    tied = capsys.readouterr().out.splitlines()
    assert ExitCode.COMPLETE == run_cli(["compare", case, strangers["a"], strangers["b"]])
    apart = capsys.readouterr().out

    assert f"{link['account_a']} and {link['account_b']}: {link['weight']:.1f} bits tie them" in " ".join(tied[:2])
    assert max(map(len, tied)) <= 80
    assert any(line.startswith("  +") and "Both" in line for line in tied)
    assert "they share nothing rare" in " ".join(apart.split())


def test_unknown_names_are_answered_with_the_nearest(case, capsys):
    """A slip of the pen is put right from the error alone."""
    assert ExitCode.USAGE == run_cli(["show", case, "campaign", "C-1"])
    assert "there are: 'C-01'" in capsys.readouterr().err


def test_show_of_an_unknown_account_says_where_to_look(case, capsys):
    """Exit code 2 and a query."""
    code = run_cli(["show", case, "account", "nobody\x1b[2J"])
    error = capsys.readouterr().err

    assert ExitCode.USAGE == code
    assert "no account 'nobody\\x1b[2J' in this case" in error
    assert "SELECT * FROM accounts" in error


def test_sql_answers_as_table_json_and_csv(case, capsys):
    """The same rows in three forms."""
    query = "SELECT role, n_kept FROM sources ORDER BY role"
    run_cli(["sql", case, query])
    table = lines(capsys)
    rows = ask(case, query, capsys)
    run_cli(["sql", case, query, "--csv"])
    cells = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert ["role", "n_kept"] == table[0].split()
    assert ["accounts_directory", "log"] == [row["role"] for row in rows]
    assert [str(row["n_kept"]) for row in rows] == [row["n_kept"] for row in cells]


def test_sql_tells_times_with_a_zone_as_text(case, capsys):
    """Also inside of lists, under names that occur twice, and before a comment."""
    query = (
        "SELECT timestamptz '2026-03-02 09:00:00+00' AS t, [timestamptz '2026-03-02 09:00:00+00'] AS t, 7 AS n -- now"
    )
    run_cli(["sql", case, query, "--csv"])
    told = lines(capsys)

    assert ["t,t,n", "2026-03-02 09:00:00+00,['2026-03-02 09:00:00+00'],7"] == told


def test_sql_cuts_tables_aloud_and_nothing_else(case, capsys):
    """A hundred rows on the screen, all for programs, as many as asked for."""
    query = "SELECT record_id FROM exchanges ORDER BY record_id"
    run_cli(["sql", case, query])
    told = capsys.readouterr()
    everything = ask(case, query, capsys)
    run_cli(["sql", case, query, "--csv", "--max-rows", "7"])
    few = capsys.readouterr()

    assert 101 == len(told.out.splitlines())
    assert "there are more than 100 rows" in told.err
    assert len(everything) > 5000
    assert (8, True) == (len(few.out.splitlines()), "more than 7 rows" in few.err)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("DROP VIEW exchanges", "expected exactly one SELECT"),
        ("SELECT 1; SELECT 2", "expected exactly one SELECT"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT * FROM read_csv('/etc/passwd')", "Permission Error"),
    ],
)
def test_sql_refuses_what_is_no_question_about_the_case(case, capsys, query, message):
    """Exit code 2."""
    code = run_cli(["sql", case, query])

    assert ExitCode.USAGE == code
    assert message in capsys.readouterr().err


def test_sql_without_a_query_lists_the_tables(case, capsys):
    """With rows and meaning."""
    run_cli(["sql", case, "--json"])
    told = {entry["table"]: entry for entry in map(json.loads, lines(capsys))}

    assert {"exchanges", "campaigns", "accounts"} <= told.keys()
    assert told["sources"]["rows"] == 2


def test_cite_gives_the_bytes_of_the_evidence(home, case, capsys, tmp_path):
    """From inside of a gzip file, checked against the file itself."""
    row = ask(case, "SELECT record_id, source_line, raw_sha256 FROM exchanges WHERE source_line = 1234", capsys)[0]
    target = tmp_path / "record.json"
    code = run_cli(["cite", case, row["record_id"], "--raw", str(target)])
    told = capsys.readouterr().out
    log = next((home / "pool" / "logs").rglob("*.jsonl.gz"))
    expected = gzip.decompress(log.read_bytes()).split(b"\n")[1233]

    assert ExitCode.COMPLETE == code
    assert expected == target.read_bytes()
    assert row["raw_sha256"] == hashlib.sha256(expected).hexdigest()
    assert f"{log}:1234" in told

    assert ExitCode.USAGE == run_cli(["cite", case, row["record_id"], "--raw", str(target)])
    assert "--force" in capsys.readouterr().err


def test_cite_needs_the_evidence_as_it_was(home, copied, capsys, tmp_path):
    """Absent: exit code 2 and how to name its folder; changed: exit code 5."""
    record = ask(str(copied), "SELECT record_id FROM exchanges WHERE source_line = 1", capsys)[0]["record_id"]
    elsewhere = tmp_path / "evidence"
    elsewhere.mkdir()
    absent = run_cli(["cite", str(copied), record, "--evidence-root", str(elsewhere)])
    error = capsys.readouterr().err
    log = Path(shutil.copy(next((home / "pool" / "logs").rglob("*.jsonl.gz")), elsewhere))
    found = run_cli(["cite", str(copied), record, "--evidence-root", str(elsewhere)])
    log.write_bytes(log.read_bytes()[:-1] + b"x")
    changed = run_cli(["cite", str(copied), record, "--evidence-root", str(elsewhere)])

    assert (ExitCode.USAGE, ExitCode.COMPLETE, ExitCode.INTEGRITY) == (absent, found, changed)
    assert "--evidence-root DIR" in error


def test_cite_of_an_unknown_record_is_wrong_usage(case, capsys):
    """And says where ids are."""
    assert ExitCode.USAGE == run_cli(["cite", case, "0000000000000000:1"])
    assert "record ids are in the report" in capsys.readouterr().err


def test_inspect_tells_what_files_are_and_what_could_be_tested(home, capsys, tmp_path):
    """As text for one of every kind, as JSON for every file; an unknown file ends with 3."""
    logs = str(home / "pool" / "logs")
    codes = [run_cli(["inspect", logs])]
    text = capsys.readouterr().out
    codes.append(run_cli(["inspect", logs, "--json"]))
    told = {Path(entry["path"]).name: entry for entry in map(json.loads, lines(capsys))}
    (tmp_path / "strange.log").write_text("%%% no format \x1b[2J %%%\n" * 50)
    codes.append(run_cli(["inspect", str(tmp_path / "strange.log")]))
    strange = capsys.readouterr().out

    assert [ExitCode.COMPLETE, ExitCode.COMPLETE, ExitCode.INPUT] == codes
    assert "litellm_spendlogs/" in text
    assert "heuristics could be evaluated" in text
    assert "accounts_directory" == told["accounts.csv"]["role"]
    assert told["LiteLLM_SpendLogs.jsonl.gz"]["fill"]["account_id"] == 1.0
    assert "\x1b" not in strange
    assert "refused" in strange


def test_evaluate_compares_with_the_labels(home, case, capsys):
    """The pool of the simulation is found."""
    code = run_cli(["evaluate", case, "--labels", str(home / "pool" / "labels.csv"), "--json"])
    told = json.loads(capsys.readouterr().out)

    assert ExitCode.COMPLETE == code
    assert told["known_campaigns"][0]["is_found"]


def test_measured_rates_are_saved_and_never_used_for_the_log_that_they_come_from(home, copied, tmp_path, capsys):
    """Counts and no names; the reason for the refusal stands in the findings, and the case can be sealed again."""
    saved = tmp_path / "rates.json"
    labelled = ["evaluate", str(copied), "--labels", str(home / "pool" / "labels.csv")]

    assert ExitCode.USAGE == run_cli([*labelled, "--save", str(saved)])
    assert "--save needs --about" in capsys.readouterr().err
    assert ExitCode.COMPLETE == run_cli([*labelled, "--save", str(saved), "--about", "a simulated pool"])
    assert ExitCode.USAGE == run_cli([*labelled, "--save", str(saved), "--about", "again"])

    content = json.loads(saved.read_text())
    assert (1, 0) == (content["n_known_campaigns"], content["campaign_accounts"]["weak"])
    assert "acct" not in saved.read_text()

    assess = ["assess", "--case", str(copied), "-q", "--error-rates", str(saved)]
    assert ExitCode.COMPLETE == run_cli(assess)
    rates = json.loads((copied / "findings" / "findings.json").read_text())["error_rates"]
    assert "files of this very log" in rates["not_used"][0]["reason"]
    assert ExitCode.COMPLETE == run_cli(["report", "--case", str(copied), "-q"])
    assert ExitCode.COMPLETE == run_cli(["seal", "--case", str(copied), "-q"])
    assert ExitCode.COMPLETE == run_cli(["verify", str(copied), "-q"])
    assert "calibration/rates-0001.json" in (copied / "tagmanifest-sha256.txt").read_text()


def test_a_reference_is_copied_into_the_case_and_refused_if_it_is_the_same_log(home, case, copied, capsys):
    """A case is no reference of itself, and its copy shares the files."""
    assess = ["assess", "--case", str(copied), "-q", "--reference"]

    assert ExitCode.USAGE == run_cli([*assess, str(copied)])
    assert "cannot be its own reference" in capsys.readouterr().err
    assert ExitCode.COMPLETE == run_cli([*assess, case])
    found = json.loads((copied / "findings" / "findings.json").read_text())["error_rates"]["calibration"]
    assert "shares log files with this case" in found["refused_references"][0]["reason"]
    assert "reference put in" in (copied / "custody.jsonl").read_text()


def test_rates_that_are_none_are_wrong_usage_and_leave_the_case_alone(copied, tmp_path, capsys):
    """The message says how to make them."""
    other = tmp_path / "other.json"
    other.write_text("{}")

    assert ExitCode.USAGE == run_cli(["assess", "--case", str(copied), "-q", "--error-rates", str(other)])
    assert "evaluate CASE --labels FILE --save FILE --about TEXT" in capsys.readouterr().err
    assert not (copied / "calibration").exists()


def test_a_case_can_be_built_stage_by_stage(home, tmp_path, capsys):
    """The same manifests as those of a run."""
    target = str(tmp_path / "steps")

    assert ExitCode.COMPLETE == run_cli(["ingest", str(home / "pool" / "logs"), "--case", target, "-q"])
    for verb in ("features", "link", "scan", "assess", "report", "seal"):
        assert ExitCode.COMPLETE == run_cli([verb, "--case", target, "-q"]), verb
    assert ExitCode.COMPLETE == run_cli(["verify", target, "-q"])
    assert (home / "case" / "manifest-sha256.txt").read_text() == (
        tmp_path / "steps" / "manifest-sha256.txt"
    ).read_text()
    assert "features: " in capsys.readouterr().out


def test_a_stage_before_its_time_says_what_is_missing(tmp_path, capsys, home):
    """Features without exchanges."""
    from distilforensics.case.layout import create_case

    create_case(tmp_path / "empty")

    assert ExitCode.USAGE == run_cli(["features", "--case", str(tmp_path / "empty"), "-q"])
    assert "stage ingest writes it" in capsys.readouterr().err


def test_heuristics_can_be_listed_and_explained(capsys):
    """On the examiner's own machine."""
    assert ExitCode.COMPLETE == run_cli(["heuristics", "list", "--json"])
    ids = [json.loads(line)["id"] for line in lines(capsys)]
    assert "structure.template_span" in ids
    assert ExitCode.COMPLETE == run_cli(["heuristics", "show", "s1"])
    assert "structure.template_span" in capsys.readouterr().out
    assert ExitCode.HEURISTIC == run_cli(["heuristics", "show", "structure.nothing"])


@pytest.mark.parametrize("verb", ["verify", "sql", "show", "cite", "evaluate"])
def test_a_folder_that_is_no_case_is_wrong_usage(verb, tmp_path, capsys):
    """Exit code 2 with the folder's name, whatever the verb."""
    labels = tmp_path / "labels.csv"
    labels.write_text("account_id,campaign_id,role\na,,person\n")
    rest = {"show": ["account", "x"], "cite": ["x:1"], "evaluate": ["--labels", str(labels)]}.get(verb, [])

    assert ExitCode.USAGE == run_cli([verb, str(tmp_path), *rest])
    assert str(tmp_path) in capsys.readouterr().err


def test_a_log_that_nobody_knows_is_refused_with_3(tmp_path, capsys):
    """And nothing is reported as if it had been read."""
    (tmp_path / "strange.log").write_text("%%% no format at all %%%\n" * 50)
    code = run_cli(["run", str(tmp_path / "strange.log"), "--case", str(tmp_path / "case"), "-q"])

    assert ExitCode.INPUT == code
    assert "strange.log" in capsys.readouterr().err


def test_too_many_bad_records_end_with_3_and_a_report(home, tmp_path, capsys):
    """The rest is examined; the summary says that it is partial."""
    log = next((home / "pool" / "logs").rglob("*.jsonl.gz"))
    good = gzip.decompress(log.read_bytes()).splitlines(keepends=True)[:300]
    (tmp_path / "LiteLLM_SpendLogs.jsonl").write_bytes(b"".join(good[:200]) + b'{"broken\n' * 30 + b"".join(good[200:]))
    run = ["run", str(tmp_path / "LiteLLM_SpendLogs.jsonl"), "--case", str(tmp_path / "case"), "--no-power"]
    code = run_cli(run)
    told = capsys.readouterr()
    lenient = run_cli([*run, "-q", "--max-malformed", "10%"])

    assert (ExitCode.INPUT, ExitCode.COMPLETE) == (code, lenient)
    assert "PARTIAL" in told.err
    assert "30 quarantined" in told.err
    assert Path(told.out.strip()).is_file()


def test_an_interrupted_run_ends_with_130_leaves_no_process_and_goes_on(home, tmp_path):
    """Ctrl-C as soon as the logs are being read, to all processes as a terminal does; the next run gives the same case as an undisturbed one."""
    arguments = ["run", str(home / "pool" / "logs"), "--case", str(tmp_path / "case"), "--threads", "2"]
    command = [sys.executable, "-m", "distilforensics", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, start_new_session=True) as process:
        first = process.stderr.readline()
        while len(psutil.Process(process.pid).children()) < 2:  # the worker, and the one that keeps its counters
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read()
        output = process.stdout.read()
    running = [p.pid for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or ())]

    assert first.startswith("ingest: ")
    assert (ExitCode.INTERRUPTED, "") == (process.returncode, output)
    assert "interrupted; the same command goes on where it was" in rest
    assert "Traceback" not in rest
    assert [] == running

    assert ExitCode.COMPLETE == run_cli([*arguments, "--quiet"])
    assert ExitCode.COMPLETE == run_cli(["verify", str(tmp_path / "case"), "--quiet"])
    assert (home / "case" / "manifest-sha256.txt").read_text() == (
        tmp_path / "case" / "manifest-sha256.txt"
    ).read_text()


def test_an_interrupted_query_of_a_stage_is_no_error_of_a_heuristic(home, copied):
    """Ctrl-C while the engine works on a heuristic ends with 130, not with 4."""
    (copied / "stages" / "heuristics.json").unlink()
    command = [sys.executable, "-m", "distilforensics", "scan", "--case", str(copied)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()

    assert ExitCode.INTERRUPTED == process.returncode, rest
    assert "Traceback" not in rest
