"""How a stage reports its work without knowing who listens: the command line draws it, tests count it, batch runs log it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receiver of progress. Implementations must be cheap: stages call it many times a second."""

    def begin(
        self, stage: str, description: str, *, total_bytes: int | None = None, total_steps: int | None = None
    ) -> None:
        """Start a stage or a part of one; totals are None where they cannot be known."""

    def advance(self, *, rows: int = 0, n_bytes: int = 0, steps: int = 0, item: str | None = None) -> None:
        """Add work done since the last call; `item` names what is worked on now (a file, a heuristic)."""

    def end(self, summary: str) -> None:
        """Finish what `begin` started, with one line of result."""

    def note(self, text: str) -> None:
        """Say something that the user should know, such as a source that was skipped because it is known."""


class Silent:
    """A receiver that ignores everything, for tests and library use."""

    def begin(
        self, stage: str, description: str, *, total_bytes: int | None = None, total_steps: int | None = None
    ) -> None:
        """Ignore."""

    def advance(self, *, rows: int = 0, n_bytes: int = 0, steps: int = 0, item: str | None = None) -> None:
        """Ignore."""

    def end(self, summary: str) -> None:
        """Ignore."""

    def note(self, text: str) -> None:
        """Ignore."""
