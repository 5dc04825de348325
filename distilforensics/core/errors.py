"""Every error that a user can meet, with one root, so that one place turns errors into text and exit codes.

Tree::

    DistilForensicsError
    +-- UsageError                 an argument or configuration file is wrong (exit 2)
    +-- CaseError                  the case folder is missing, locked, of another version or would be overwritten (exit 2)
    +-- InputRefusedError          a log cannot be accepted as a whole: unknown or ambiguous format, unreadable (exit 3)
    +-- PartialEvidenceError       more records were quarantined than --max-malformed allows, or the balance does not close (exit 3)
    +-- HeuristicError             a heuristic file is invalid or its query failed (exit 4)
    +-- IntegrityError             bytes differ from what was recorded (exit 5)
    +-- MachineError               the machine lacks room, memory, file handles or permission (exit 74)

The text form is ``WHERE: WHAT (value seen), EXPECTED`` and, on a second line, ``hint: WHAT TO DO``.
"""

from __future__ import annotations


class DistilForensicsError(Exception):
    """An expected failure with a place, a reason and a way out."""

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        """Keep the parts apart so that they can be printed as text or as JSON.

        Args:
            message: What was seen and what was expected; values already passed through `core.text.shown`.
            where: `file:line`, `file[row_group,row]`, a heuristic id or a path.
            hint: A command or flag that helps.
        """
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class UsageError(DistilForensicsError):
    """An argument, option or configuration file is wrong."""


class CaseError(DistilForensicsError):
    """The case folder is missing, locked, made by another schema version, or would be overwritten."""


class InputRefusedError(DistilForensicsError):
    """A log as a whole cannot be accepted: unknown or ambiguous format, unreadable file."""


class PartialEvidenceError(DistilForensicsError):
    """Evidence is partial beyond the permitted share, or the record balance does not close."""


class HeuristicError(DistilForensicsError):
    """A heuristic file is invalid or its query failed."""


class IntegrityError(DistilForensicsError):
    """Stored bytes differ from what was recorded."""


class MachineError(DistilForensicsError):
    """The machine lacks something: room on the disk, memory, file handles or a permission. Nothing is wrong with the logs."""
