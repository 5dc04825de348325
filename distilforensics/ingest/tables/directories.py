"""Accounts directories among the inputs: their rows go to table `accounts_directory`, rows without an account to quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from distilforensics.ingest.rows.placing import refusal_of
from distilforensics.ingest.tables.mailboxes import mailbox
from distilforensics.ingest.tables.side_files import SideFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from distilforensics.ingest.evidence.sources import Source
    from distilforensics.ingest.framing.records import Chunk, Records, Refusal
    from distilforensics.ingest.rows.projection import Projector


class Directories(SideFiles):
    """Collects the rows of the directories of a batch."""

    def __init__(self, projector: Callable[[], Projector], assume_time_zone: str | None) -> None:
        """Nothing is opened before the first directory comes.

        Args:
            projector: Returns a projector for the calling thread.
            assume_time_zone: Zone of sign-up times without an offset.
        """
        super().__init__(projector)
        self._zone = assume_time_zone

    def _add(self, chunk: Chunk, records: Records, source: Source) -> None:
        projector = self._projector()
        table = pa.table({"row_index": pa.array(np.arange(len(records))), "line": records.text})
        projector.connection.register("lines", table)
        try:
            found = projector.formats.read_accounts_directory(
                projector.connection, source.directory, name=source.path, assume_time_zone=self._zone
            )
        finally:
            projector.connection.unregister("lines")
        for row in found.rows:
            place = records.row[row.pop("row_index")]
            address = mailbox(row.pop("email") or "")
            clean = {
                name: projector.secrets.in_text(value) if isinstance(value, str) else value
                for name, value in row.items()
            }
            for name in row:
                if clean[name] != row[name] or str(row[name]).startswith("hmac:"):
                    source.add_secrets(name, 1)
            clean["mailbox"] = address and projector.secrets.hashed(address)
            self.rows.append((source, {**clean, "source_line": int(chunk.lines[place])}))
        self.refusals += [_refusal(chunk, records, i, reason, detail) for i, reason, detail in found.refused]

    def table_rows(self) -> list[dict[str, Any]]:
        """Return the rows of `accounts_directory`, once the sources' hashes are known."""
        return [{**row, "source_sha256": source.sha256} for source, row in self.rows]


def _refusal(chunk: Chunk, records: Records, i: int, reason: str, detail: str) -> Refusal:
    return refusal_of(chunk, int(records.row[i]), (int(records.start[i]), int(records.end[i])), (reason, detail))
