"""Progress tells rows, bytes, rate and the estimated rest; on a terminal as a bar, elsewhere as lines."""

import io
import re

import pytest
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichBar

from distilforensics.cli.output import Output
from distilforensics.cli.progress import Drawn, Meter, Plain, progress_for
from distilforensics.core.progress import Silent


class Clock:
    """A clock that goes when it is told."""

    def __init__(self):
        self.time = 100.0

    def __call__(self):
        """Return the time."""
        return self.time


@pytest.fixture
def clock():
    """Starts at 100 s."""
    return Clock()


def test_the_estimate_follows_from_bytes(clock):
    """A quarter in 10 s leaves 30 s."""
    meter = Meter("ingest", 4_000_000, None, clock)
    meter.add(5000, 1_000_000, 0, "logs/a.jsonl")
    clock.time += 10

    assert "5,000 rows, 1 MB of 4 MB, 100 kB/s, 30 s left, logs/a.jsonl" == meter.text()


def test_the_estimate_follows_from_steps_without_bytes(clock):
    """Three of four steps in 30 s leave 10 s."""
    meter = Meter("heuristics", None, 4, clock)
    meter.add(0, 0, 3, "structure.template_span")
    clock.time += 30

    assert "step 3 of 4, 10 s left, structure.template_span" == meter.text()


def test_nothing_is_estimated_from_nothing(clock):
    """No total, no time, no rate."""
    assert "" == Meter("ingest", None, None, clock).text()


def test_more_work_than_announced_is_not_more_than_all(clock):
    """Growing files exceed their total."""
    meter = Meter("ingest", 100, None, clock)
    meter.add(0, 250, 0, None)

    assert 1.0 == meter.share


def test_plain_progress_is_a_line_every_few_seconds(clock, capsys):
    """Thousands of calls, few lines."""
    progress = Plain(clock)
    progress.begin("ingest", "Reading logs", total_bytes=10_000)
    for _ in range(1000):
        clock.time += 0.01
        progress.advance(rows=1, n_bytes=10)
    progress.note("skipped \x1b[2J")
    progress.end("1,000 records")
    lines = capsys.readouterr().err.splitlines()

    assert ["ingest: Reading logs", "note: skipped \\x1b[2J", "ingest: 1,000 records (10 s)"] == [lines[0], *lines[-2:]]
    assert 1 <= len(lines) - 3 <= 2
    assert re.fullmatch(r"ingest: \d+ rows, .*/s, .* left", lines[1])


def test_progress_on_a_terminal_draws_a_bar_and_keeps_results(clock):
    """Names from logs cannot inject markup or control characters."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120, color_system=None)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
    )
    with RichBar(*columns, console=console, transient=True, auto_refresh=False) as bar:
        progress = Drawn(bar, clock)
        progress.begin("ingest", "Reading logs", total_bytes=100)
        clock.time += 5
        progress.advance(rows=3, n_bytes=50, item="[bold]a\x1b]0;x\x07.jsonl")
        bar.refresh()
        progress.note("[link]known\u202e")
        progress.end("3 records")
    text = screen.getvalue()

    assert "3 rows, 50 B of 100 B, 10 B/s, 5.0 s left, [bold]a\\x1b]0;x\\x07.jsonl" in text
    assert "note: [link]known\\u202e" in text
    assert "ingest: 3 records (5.0 s)" in text
    assert "\x1b]0;" not in text


def test_quiet_is_silent_and_a_pipe_is_plain():
    """The receiver follows from options and terminal."""
    with progress_for(Output(is_quiet=True)) as quiet, progress_for(Output()) as plain:
        kinds = (type(quiet), type(plain))

    assert (Silent, Plain) == kinds
