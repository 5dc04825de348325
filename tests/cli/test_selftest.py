"""`selftest` without a case: known answers, and what happens if one does not come out."""

import json

import pytest

from distilforensics.cli.diagnostics import ExitCode, run_cli
from distilforensics.pipeline import selftest

FLAGS = ["--threads", "2", "--memory-limit", "1GB", "--quiet"]


@pytest.fixture(autouse=True)
def cases(monkeypatch):
    """The heuristic cases have tests of their own and are not run again; they end as `outcome` says."""
    outcome = ["117 of 117", True]
    monkeypatch.setattr(selftest, "_heuristic_cases", lambda n_workers: tuple(outcome))
    return outcome


def test_an_installation_that_works_passes_every_check(capsys):
    """Simulated log, planted pool, nobody else, one thread, seal and damage."""
    code = run_cli(["selftest", *FLAGS, "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert ExitCode.COMPLETE == code
    assert {"passed"} == {row["result"] for row in rows}
    assert "damaged case" == rows[-1]["check"]


def test_an_answer_that_differs_is_named_and_ends_with_4(cases, monkeypatch, capsys):
    """A check that breaks is a failed check, and the others are still told."""
    cases[:] = ["coordination.rotation: fires", False]

    def broken():
        raise ValueError("not to be had")

    monkeypatch.setattr(selftest, "_versions", broken)
    checks = selftest._checks
    monkeypatch.setattr(selftest, "_checks", lambda folder, limits: checks(folder, limits)[:3:2])
    code = run_cli(["selftest", *FLAGS])
    out = capsys.readouterr().out

    assert ExitCode.HEURISTIC == code
    assert "ValueError: not to be had" in out
    assert "FAILED: engine versions, heuristic cases; do not use this installation for casework" in out


@pytest.mark.parametrize(
    ("version", "sign", "bound", "holds"),
    [
        ("2.0.0", ">=", "2.0", True),
        ("2.0.0", "<", "3", True),
        ("3.0", "<", "3", False),
        ("1.9.9", ">=", "2.0", False),
        ("26.0.1", ">=", "22", True),
        ("3.1.6", "==", "3.1.6", True),
    ],
)
def test_versions_are_compared_as_numbers(version, sign, bound, holds):
    """26 is more than 3; missing parts are zero."""
    assert holds == selftest._holds(version, sign, bound)


def test_write_without_a_case_is_wrong_usage(capsys):
    """Nothing to write to."""
    assert ExitCode.USAGE == run_cli(["selftest", "--write"])
    assert "--write needs --inject CASE" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("--sizes", "ten"), ("--dilutions", "2"), ("--requests", "0")])
def test_lists_are_checked_value_by_value(option, value, capsys):
    """The value is named."""
    assert ExitCode.USAGE == run_cli(
        ["selftest", "--inject", "nowhere", option, f"5,{value}" if option != "--dilutions" else value]
    )
    assert value in capsys.readouterr().err
