"""What a scheduled examination has done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.audit.delta import Change, Difference

if TYPE_CHECKING:
    from pathlib import Path

    from distilforensics.audit.publication import Published
    from distilforensics.pipeline.run import RunResult


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What one scheduled examination did."""

    run: RunResult
    differences: tuple[Difference, ...]
    """Since changes were last delivered."""
    published: Published
    """The newest folder with report, annexes and changes: a new one, or the last one if there was no news."""
    is_new: bool
    """It was published by this run."""
    is_repeated: bool
    """An earlier run published changes and ended before it could note that they were delivered."""
    announced: tuple[str, ...]
    """Changes of program, thresholds and choices since the last examination, in sentences."""
    quiet: tuple[str, ...]
    """Patterns of inputs that have brought no exchange for too long, with the reason."""
    expired: tuple[str, ...]
    """Published folders that were removed by age or number."""
    day: str
    n_files: int
    n_too_young: int
    """Files left for the next time."""

    @property
    def report(self) -> Path:
        """The newest report."""
        return self.published.report

    @property
    def n_by_change(self) -> dict[str, int]:
        """What became of campaigns -> how many."""
        return {change.value: sum(d.change is change for d in self.differences) for change in Change}

    def has_news_at(self, rank: int) -> bool:
        """Tell whether a campaign of at least a grade's rank is new, has grown or has risen."""
        return any(d.after is not None and d.after.grade.rank >= rank and d.demands_attention for d in self.differences)
