"""What later stages need is loaded beside the reading of logs, and is in nobody's way."""

import threading

import pytest

from distilforensics.case.layout import create_case, write_json
from distilforensics.pipeline import preparation
from distilforensics.report import render


@pytest.fixture
def case(tmp_path):
    """A case without any stage."""
    return create_case(tmp_path / "case")


@pytest.fixture
def compiled(monkeypatch):
    """The threads in which pages were compiled."""
    threads = []
    monkeypatch.setattr(render, "compile_pages", lambda: threads.append(threading.current_thread().name))
    return threads


def test_a_new_case_is_prepared_for_by_a_thread_that_has_ended(case, compiled):
    """Whoever leaves the block finds everything loaded."""
    with preparation.prepared(case):
        pass

    assert ["prepare-stages"] == compiled
    assert "prepare-stages" not in {thread.name for thread in threading.enumerate()}


def test_a_case_that_has_a_report_is_left_alone(case, compiled):
    """A run with nothing to do stays short."""
    write_json(case.stages / "report.json", {})

    with preparation.prepared(case):
        pass

    assert not compiled


def test_what_fails_beside_the_reading_is_no_error_of_the_reading(case, monkeypatch):
    """It is met again by the stage that needs it."""

    def fail():
        raise RuntimeError("broken")

    monkeypatch.setattr(render, "compile_pages", fail)

    with preparation.prepared(case):
        done = True

    assert done


def test_a_reading_that_fails_is_told_as_such(case):
    """The error passes."""
    with pytest.raises(ValueError, match="no log"), preparation.prepared(case):
        raise ValueError("no log")


def test_whoever_interrupts_does_not_wait_for_it(case, monkeypatch):
    """The other thread may never end."""
    started, ends = threading.Event(), threading.Event()

    def hang():
        started.set()
        ends.wait()

    monkeypatch.setattr(render, "compile_pages", hang)

    with pytest.raises(KeyboardInterrupt), preparation.prepared(case):
        raise KeyboardInterrupt

    assert started.wait(60)
    ends.set()
