"""Every exit code, and how a line gets to stderr. Stdout is data and belongs to `output`."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import Self

PROGRAM = "distilforensics"

COMPLETE = "_DISTILFORENSICS_COMPLETE"
"""Variable by which the completion script of a shell asks what can follow."""


class ExitCode(IntEnum):
    """What a command ended with, and its meaning as every help prints it.

    3 outranks 1: findings in partial evidence are not the whole answer.
    """

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        """Make a member of a number and its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    COMPLETE = 0, "complete, whatever was found"
    FINDINGS = 1, "complete, and a campaign reaches the grade of --fail-on"
    USAGE = 2, "an argument, a configuration or the case folder is wrong"
    INPUT = 3, "a log was refused, or more was quarantined than --max-malformed"
    HEURISTIC = 4, "a heuristic is invalid or failed"
    INTEGRITY = 5, "bytes differ from what was recorded"
    QUIET = 6, "audit alone: a log has gone quiet; nothing else is wrong"
    INTERNAL = 70, "a fault of this program"
    MACHINE = 74, "the machine lacks room, memory, file handles or permission; the same command goes on where it was"
    INTERRUPTED = 130, "interrupted; the same command goes on where it was"


def say(text: str) -> None:
    """Write a line to stderr, after everything that was written to stdout."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
