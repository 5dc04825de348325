"""What a check of a case looked at, what it found, and what it did not look at, as one list for whoever has to rely on it."""

from __future__ import annotations

from dataclasses import dataclass, field

from distilforensics.case.custody import START, Problem


@dataclass(frozen=True, slots=True)
class Check:
    """One subject that was looked at, or left out."""

    subject: str
    """In a word or two, such as `time stamp`."""
    told: str
    """What was done and against what; of a subject that was left out, why and how to have it checked."""
    n_problems: int = 0


@dataclass(slots=True)
class Verification:
    """What a check found: problems are differences; notes say what happened besides."""

    problems: list[Problem] = field(default_factory=list)
    checked: list[Check] = field(default_factory=list)
    unchecked: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    n_files: int = 0
    """Files of the case whose hash was computed."""
    n_sources: int = 0
    """Evidence files whose hash was computed and fits."""
    n_records: int = 0
    """Records read according to the recomputed balance."""
    custody_head: str = START
    """Hash of the last custody entry; compare it with the one noted when the case was handed over."""

    @property
    def is_intact(self) -> bool:
        """No difference was found."""
        return not self.problems

    def find(self, where: str, message: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(where, message))

    def check(self, subject: str, told: str, n_before: int) -> None:
        """Add a subject that was looked at, with the problems found since there were `n_before`."""
        self.checked.append(Check(subject, told, len(self.problems) - n_before))

    def leave(self, subject: str, why: str) -> None:
        """Add a subject that was not looked at."""
        self.unchecked.append(Check(subject, why))
