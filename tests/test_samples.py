"""The main job on the sample logs, through the command line, held to what each sample's expected.yaml states."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from distilforensics.case.layout import Case, open_case
from distilforensics.case.tables import read_rows
from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.core.finding import Grade
from distilforensics.evaluation import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = Path(__file__).resolve().parents[1] / "sample_logs"
WALL_CLOCK = {"run.json", "custody.jsonl", "seal.txt"}
"""Files that may differ between two builds of the same case."""


WITHOUT_POSIX = """
import builtins, os, signal

real = builtins.__import__

def without(name, globals=None, *rest, **named):
    is_ours = (globals or {}).get("__name__", "").startswith("distilforensics")
    if is_ours and name in ("resource", "pwd", "grp", "fcntl", "termios"):
        raise ImportError(name)
    return real(name, globals, *rest, **named)

builtins.__import__ = without
for module, names in (
    (os, ("getuid", "geteuid", "sched_getaffinity", "O_DIRECTORY", "killpg", "setsid", "mkfifo")),
    (signal, ("SIGXCPU", "SIGHUP", "SIGXFSZ")),
):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""
"""Python runs it at the start of every process: the program finds no module, function or signal that only POSIX has."""

LONGEST = 120
"""Characters of a path below a case: Windows allows 260 for the whole."""


@pytest.fixture(params=["pool", "benign", "metadata_only"])
def sample(request: pytest.FixtureRequest, sample_case: Callable[[str], Path]) -> tuple[str, Case, dict[str, Any]]:
    """Return the name of a sample, its case and what is expected of it."""
    expected = yaml.safe_load((SAMPLES / request.param / "expected.yaml").read_text(encoding="utf-8"))
    return request.param, open_case(sample_case(request.param)), expected


def test_campaigns_are_found_and_nobody_else_is_accused(sample: tuple[str, Case, dict[str, Any]]) -> None:
    """Every expected campaign is one reported campaign of the expected grade with nearly all of its accounts."""
    name, case, expected = sample
    labels = {
        row.split(",")[0]: row.split(",")[1]
        for row in (SAMPLES / name / "labels.csv").read_text(encoding="utf-8").splitlines()[1:]
    }
    reported = {row["account_id"]: row["campaign_id"] for row in read_rows(case, "accounts")}
    accused = {account for account, campaign in reported.items() if campaign}
    campaigns = read_rows(case, "campaigns")

    assert len(expected["campaigns"]) == len(campaigns)
    assert expected["innocents_accused"] == sum(not labels[account] for account in accused)
    for wanted, found in zip(expected["campaigns"], campaigns, strict=True):
        members = {account for account, label in labels.items() if label == wanted["label"]}
        assert wanted["grade"] == found["grade"]
        assert len(members & accused) >= wanted["smallest_share_of_accounts"] * len(members)
    wanted, grade = expected.get("one_operator"), Grade.ONE_OPERATOR.value
    listed = {row["account_id"] for row in read_rows(case, "accounts") if row["grade"] == grade}
    members = {account for account, label in labels.items() if wanted and label == wanted["label"]}
    assert listed <= members
    assert len(listed) >= (wanted["smallest_share_of_accounts"] * len(members) if wanted else 0)


def test_states_balance_and_families_are_those_expected(sample: tuple[str, Case, dict[str, Any]]) -> None:
    """What could not be evaluated says so; every record is accounted for."""
    _, case, expected = sample
    findings = json.loads((case.findings / "findings.json").read_text(encoding="utf-8"))
    states = {row["heuristic_id"]: row["state"] for row in findings["heuristics"]}
    balance = findings["balance"]["total"]

    assert balance["n_read"] == sum(
        balance[key] for key in ("n_kept", "n_quarantined", "n_duplicate", "n_out_of_scope")
    )
    assert expected.get("records", {}) == {key: balance[f"n_{key}"] for key in expected.get("records", {})}
    assert expected.get("not_evaluated", []) == [
        name for name in expected.get("not_evaluated", []) if states[name] == "not_evaluated"
    ]
    assert set(expected.get("families_fired", [])) <= {
        name.split(".")[0] for name, state in states.items() if state == "fired"
    }
    assert expected.get("accounts", findings["accounts"]["n_examined"]) == findings["accounts"]["n_examined"]


def test_the_report_names_no_account_where_nothing_was_found(sample: tuple[str, Case, dict[str, Any]]) -> None:
    """The main page speaks of a campaign if there is one; else it names no account."""
    _, case, expected = sample
    html = (case.report / "report.html").read_text(encoding="utf-8")
    accounts = [row["account_id"] for row in read_rows(case, "accounts")]

    assert bool(expected["campaigns"]) == ("were run as one and collected model answers" in " ".join(html.split()))
    if not expected["campaigns"]:
        assert [] == [account for account in accounts if account in html]


def test_the_evaluation_agrees(sample: tuple[str, Case, dict[str, Any]]) -> None:
    """The shipped evaluation counts the same."""
    name, case, expected = sample
    found = evaluate(case.root, SAMPLES / name / "labels.csv").as_dict()

    assert expected["innocents_accused"] == found["accounts"]["false_accusations"]["n_of"]


def test_the_same_logs_elsewhere_are_the_same_bytes_on_any_system_at_any_thread_count_and_hash_seed(
    sample_case: Callable[[str], Path], run_sample_again: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    """Over the whole case, all stages. Only the run record and the custody log, with the statement over both, hold times and places.

    The system has nothing that only POSIX has, nor UTF-8 as the encoding of files, and no file is opened in whatever encoding it has.
    """
    logs, again = tmp_path / "a medium" / "export of 7 May", tmp_path / "case"
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(WITHOUT_POSIX, encoding="utf-8")
    system = {
        "PYTHONPATH": os.pathsep.join([str(tmp_path / "python"), str(SAMPLES.parent)]),
        "PYTHONHASHSEED": "2",
        "LOGNAME": "examiner",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "cp1252",
        "PYTHONWARNDEFAULTENCODING": "1",
    }
    shutil.copytree(SAMPLES / "pool" / "logs", logs)
    _, said = run_sample_again("pool", again, "--threads", "2", "-q", logs=logs, **system)
    found, expected = contents(again), contents(sample_case("pool"))

    assert said == ""
    assert {"data", "findings", "report", "stages"} <= {name.partition("/")[0] for name in found}
    assert [] == [name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)]
    assert [] == [name for name, content in found.items() if str(tmp_path).encode() in content]
    verify = [sys.executable, "-m", "distilforensics", "verify", str(again), "-q"]
    assert 0 == subprocess.run(verify, env=os.environ | system, check=False).returncode


def test_the_seal_of_the_evidence_covers_every_file_that_was_given(
    sample_case: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The accounts directory included: its bytes are in the printed hash, and `verify` names it if they change."""
    case, logs = sample_case("pool"), SAMPLES / "pool" / "logs"
    given = [hashlib.sha256(path.read_bytes()).hexdigest() for path in logs.rglob("*") if path.is_file()]
    seal = hashlib.sha256("".join(f"{digest}\n" for digest in sorted(given)).encode()).hexdigest()
    shutil.copytree(logs, tmp_path / "logs")
    with (tmp_path / "logs" / "accounts.csv").open("r+b") as stream:
        stream.seek(-2, 2)
        stream.write(b"x")
    code = run_cli(["verify", str(case), "--logs", str(tmp_path / "logs"), "--json"])
    problems = json.loads(capsys.readouterr().out)["problems"]

    assert f"<code>{seal}</code>" in (case / "report" / "report.html").read_text(encoding="utf-8")
    assert (ExitCode.INTEGRITY, ["accounts.csv"]) == (code, [problem["where"] for problem in problems])


def test_names_of_files_in_a_case_are_names_everywhere(sample_case: Callable[[str], Path]) -> None:
    """No character that Windows refuses, no name that it reserves, no two that differ in case alone, none too long."""
    case = sample_case("pool")
    names = [path.relative_to(case).as_posix() for path in case.rglob("*")]

    assert len(names) > 100
    assert [] == [name for name in names if re.search(r'[<>:"|?*\\\x00-\x1f]|[. ](/|$)', name)]
    assert [] == [name for name in names if PureWindowsPath(name).is_reserved()]
    assert [] == [name for name, n in Counter(name.casefold() for name in names).items() if n > 1]
    assert LONGEST > max(map(len, names))


def contents(root: Path) -> dict[str, bytes]:
    """Return the bytes of every file of a case that must be reproducible."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and "tmp" not in path.relative_to(root).parts]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files if path.name not in WALL_CLOCK}
