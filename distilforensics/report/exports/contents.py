"""What all exports are made of: the typed result of the report, and the rows that are too many to hold."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from distilforensics.core.text import show
from distilforensics.report.ledger import query_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distilforensics.case.layout import Case
    from distilforensics.report.ledger import Ledger, Row
    from distilforensics.report.result import Result

_NAMESPACE = uuid.UUID("7d0f1b8e-5b0c-5c55-9c3f-6f2a3f1f6f10")
"""Of the ids that this program gives, made once."""
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Material:
    """A case as exports see it."""

    case: Case
    ledger: Ledger
    result: Result

    def id_of(self, kind: str, *names: object) -> str:
        """Return a UUID that follows from the tables of the case, a kind and names."""
        return str(uuid.uuid5(_NAMESPACE, "\n".join([self.result.seals["tables"], kind, *map(str, names)])))

    @property
    def moment(self) -> datetime:
        """The last request of the log: the only date that exports may carry, since they know no clock."""
        return aware(self.result.log.totals["last_seen"] or datetime(1970, 1, 1, tzinfo=UTC))

    def accounts(self) -> list[Row]:
        """Return the members of campaigns, ordered."""
        return [row for row in self.ledger.rows("accounts", is_drawn=True) if row["campaign_id"]]

    def requests(self) -> Iterator[dict[str, Any]]:
        """Yield the requests of all members in the order of time, some at a time; nothing else may be asked of the ledger meanwhile."""
        file = query_file("export_requests")
        self.ledger.make(file.header["reads"])
        cursor = self.ledger.connection.execute(file.body)
        names = [column[0] for column in cursor.description or []]
        while rows := cursor.fetchmany(_BATCH):
            yield from (dict(zip(names, row, strict=True)) for row in rows)


def aware(moment: datetime) -> datetime:
    """Return a moment of a table, which is in UTC, with its zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def iso(moment: datetime | None, digits: str = "microseconds") -> str | None:
    """Return a moment of a table as RFC 3339 in UTC."""
    if moment is None:
        return None
    return aware(moment).isoformat(timespec=digits).replace("+00:00", "Z")


def text(value: object) -> str:
    """Return a value of a log as text without anything that acts: control, bidirectional and invisible characters are escapes."""
    return "" if value is None else show(value)
