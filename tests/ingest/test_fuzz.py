"""Seconds of benchmarks/fuzz.py: damaged samples of every format, packed or not, leave a balance that closes and records that are found again."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

_SPEC = importlib.util.spec_from_file_location("fuzz", Path(__file__).parents[2] / "benchmarks" / "fuzz.py")
fuzz = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(fuzz)


@pytest.fixture(scope="module")
def fuzzer():
    """One reader for all logs."""
    found = fuzz.Fuzzer()
    yield found
    found.close()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(log=fuzz.logs())
def test_no_damaged_log_is_more_than_the_reader_can_take(fuzzer, log):
    """Nothing is raised, whatever the bytes."""
    fuzzer.check(*log)


def test_a_wrong_balance_would_be_noticed(fuzzer, monkeypatch):
    """The check itself can fail: a reader that loses a record is found out."""
    read = fuzzer._reader.read

    def losing(batch):
        stored = read(batch)
        stored[0]["row"]["n_kept"] -= 1
        return stored

    monkeypatch.setattr(fuzzer._reader, "read", losing)
    name, content = next(sample for sample in fuzz.SAMPLES if sample[0].startswith("newapi-"))
    with pytest.raises(AssertionError):
        fuzzer.check(name, content)
