"""What a rule of the linter is: a class with a name, a severity and advice, that yields what it finds wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from distilforensics.analysis.catalogue.sqltree import Node, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from distilforensics.analysis.catalogue.loader import Heuristic


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing wrong with one heuristic, and how to put it right."""

    heuristic_id: str
    check: str
    severity: str
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at: the heuristic, its parsed query, and an engine that holds all tables empty."""

    heuristic: Heuristic
    tree: Node
    connection: duckdb.DuckDBPyConnection
    locked: dict[str, dict[str, Any]]

    @classmethod
    def of(
        cls, heuristic: Heuristic, connection: duckdb.DuckDBPyConnection, locked: dict[str, dict[str, Any]]
    ) -> Subject:
        """Return the subject for a heuristic.

        Raises:
            HeuristicError: its query does not parse as one SELECT.
        """
        return cls(heuristic, parse(connection, heuristic.body, heuristic.id), connection, locked)


class Check(ABC):
    """A rule. Subclasses state `name`, `severity` and `advice`, and yield one message per violation."""

    name: ClassVar[str]
    severity: ClassVar[str] = "error"
    advice: ClassVar[str]

    @abstractmethod
    def find(self, subject: Subject) -> Iterator[str]:
        """Yield what is wrong, in words."""

    def issues(self, subject: Subject) -> Iterator[Issue]:
        """Yield the violations as issues."""
        for message in self.find(subject):
            yield Issue(subject.heuristic.id, self.name, self.severity, message, self.advice)
