"""Progress on stderr: a moving line on a terminal, a plain line every few seconds everywhere else."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from distilforensics.cli.exit_codes import say
from distilforensics.cli.output import is_terminal
from distilforensics.core import units
from distilforensics.core.progress import Silent
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress as RichBar
    from rich.progress import TaskID

    from distilforensics.cli.output import Output
    from distilforensics.core.progress import Progress

PLAIN_SECONDS = 5.0
"""Seconds between two lines in plain mode."""

DRAW_SECONDS = 0.1
"""Seconds between two drawings on a terminal."""

ESTIMATE_SECONDS = 2.0
"""Seconds of work before an estimate of the rest means anything."""


class Meter:
    """Counts the work of one stage and says how far it is."""

    def __init__(
        self, stage: str, total_bytes: int | None, total_steps: int | None, clock: Callable[[], float]
    ) -> None:
        """Start counting now."""
        self.stage = show(stage)
        self.total_bytes = total_bytes
        self.total_steps = total_steps
        self.rows = self.n_bytes = self.steps = 0
        self.item = ""
        self._clock = clock
        self._start = clock()

    def add(self, rows: int, n_bytes: int, steps: int, item: str | None) -> None:
        """Add work."""
        self.rows += rows
        self.n_bytes += n_bytes
        self.steps += steps
        self.item = show(item)[-60:] if item is not None else self.item

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._start

    @property
    def share(self) -> float | None:
        """Share of the work that is done, from bytes if their total is known, else from steps."""
        for done, total in ((self.n_bytes, self.total_bytes), (self.steps, self.total_steps)):
            if total:
                return min(1.0, done / total)
        return None

    def text(self) -> str:
        """Return rows, bytes, rate and estimated rest in one line; what is not known is left out."""
        seconds, share = self.seconds, self.share
        parts = []
        if self.rows:
            parts.append(f"{units.count(self.rows)} rows")
        if self.n_bytes:
            total = f" of {units.size(self.total_bytes)}" if self.total_bytes else ""
            parts.append(f"{units.size(self.n_bytes)}{total}")
        if self.total_steps:
            parts.append(f"step {self.steps} of {self.total_steps}")
        if seconds >= 1 and (self.n_bytes or self.rows):
            parts.append(
                f"{units.size(self.n_bytes / seconds)}/s"
                if self.n_bytes
                else f"{units.count(round(self.rows / seconds))} rows/s"
            )
        if share and share < 1 and seconds >= ESTIMATE_SECONDS:
            parts.append(f"{units.duration(seconds * (1 - share) / share)} left")
        if self.item:
            parts.append(self.item)
        return ", ".join(parts)


class Plain:
    """Lines for log files and pipes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without a stage."""
        self._clock = clock
        self._meter = Meter("", None, None, clock)
        self._next = 0.0

    def begin(
        self, stage: str, description: str, *, total_bytes: int | None = None, total_steps: int | None = None
    ) -> None:
        """Print what begins."""
        self._meter = Meter(stage, total_bytes, total_steps, self._clock)
        self._next = self._clock() + PLAIN_SECONDS
        say(f"{show(stage)}: {show(description)}")

    def advance(self, *, rows: int = 0, n_bytes: int = 0, steps: int = 0, item: str | None = None) -> None:
        """Count, and print the state every few seconds."""
        self._meter.add(rows, n_bytes, steps, item)
        if self._clock() >= self._next:
            self._next = self._clock() + PLAIN_SECONDS
            say(f"{self._meter.stage}: {self._meter.text()}")

    def end(self, summary: str) -> None:
        """Print the result and how long it took."""
        say(f"{self._meter.stage}: {show(summary)} ({units.duration(self._meter.seconds)})")

    def note(self, text: str) -> None:
        """Print a note."""
        say(f"note: {show(text)}")


class Drawn:
    """One moving line with a bar; finished stages stay above it as plain lines."""

    def __init__(self, bar: RichBar, clock: Callable[[], float] = time.monotonic) -> None:
        """Draw on a bar that is running."""
        self._bar = bar
        self._clock = clock
        self._meter = Meter("", None, None, clock)
        self._task: TaskID | None = None
        self._next = 0.0

    def begin(
        self, stage: str, description: str, *, total_bytes: int | None = None, total_steps: int | None = None
    ) -> None:
        """Show the stage; the bar pulses while no total is known."""
        self._drop()
        self._meter = Meter(stage, total_bytes, total_steps, self._clock)
        total = 1.0 if total_bytes or total_steps else None
        self._task = self._bar.add_task(show(description), total=total, detail="")

    def advance(self, *, rows: int = 0, n_bytes: int = 0, steps: int = 0, item: str | None = None) -> None:
        """Count, and draw at most ten times a second."""
        self._meter.add(rows, n_bytes, steps, item)
        if self._task is not None and self._clock() >= self._next:
            self._next = self._clock() + DRAW_SECONDS
            self._bar.update(self._task, completed=self._meter.share or 0.0, detail=self._meter.text())

    def end(self, summary: str) -> None:
        """Replace the bar by its result."""
        self._drop()
        self._print(f"{self._meter.stage}: {show(summary)} ({units.duration(self._meter.seconds)})")

    def note(self, text: str) -> None:
        """Print a note above the bar."""
        self._print(f"note: {show(text)}")

    def _print(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def _drop(self) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None


@contextmanager
def progress_for(output: Output) -> Iterator[Progress]:
    """Give the receiver that fits: silent, drawn on a terminal, else plain."""
    if output.is_quiet:
        yield Silent()
    elif not is_terminal(sys.stderr):
        yield Plain()
    else:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichBar

        console = Console(stderr=True, no_color=not output.has_color(sys.stderr))
        text = TextColumn("{task.description}", markup=False)
        detail = TextColumn("{task.fields[detail]}", markup=False)
        with RichBar(
            text, BarColumn(bar_width=24), detail, console=console, transient=True, redirect_stdout=False
        ) as bar:
            yield Drawn(bar)
