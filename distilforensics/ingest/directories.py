"""Accounts directories among the inputs: their rows go to table `accounts_directory`, rows without an account to quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from distilforensics.ingest.mailboxes import mailbox
from distilforensics.ingest.placing import refusal_of
from distilforensics.ingest.processing import collect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distilforensics.ingest.pooling import Framed
    from distilforensics.ingest.processing import Records
    from distilforensics.ingest.projection import Projector
    from distilforensics.ingest.records import Chunk, Refusal
    from distilforensics.ingest.sources import Source


class Directories:
    """Collects the rows of the directories of a batch."""

    def __init__(self, projector: Callable[[], Projector], assume_time_zone: str | None) -> None:
        """Nothing is opened before the first directory comes.

        Args:
            projector: Returns a projector for the calling thread.
            assume_time_zone: Zone of sign-up times without an offset.
        """
        self._projector = projector
        self._zone = assume_time_zone
        self.rows: list[tuple[Source, dict[str, Any]]] = []
        self.refusals: list[Refusal] = []

    def read(self, framed: Iterator[Framed], source: Source) -> None:
        """Read one directory.

        Raises:
            InputRefusedError: it holds card numbers; nothing of it is kept.
        """
        n_rows, n_refusals = len(self.rows), len(self.refusals)
        try:
            for item in framed:
                source.n_lines += item.n_lines
                source.n_blank += item.n_blank
                self.refusals += item.refusals
                if item.chunk is not None and len(item.chunk):
                    self._read_chunk(item.chunk, source)
        except BaseException:
            del self.rows[n_rows:]
            del self.refusals[n_refusals:]
            raise
        source.n_rows = len(self.rows) - n_rows

    def _read_chunk(self, chunk: Chunk, source: Source) -> None:
        projector = self._projector()
        records, blank, refusals = collect(chunk, projector)
        source.n_blank += sum(blank.values())
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
        refused = [_refusal(chunk, records, i, reason, detail) for i, reason, detail in found.refused]
        self.refusals += [*refusals, *refused]

    def table_rows(self) -> list[dict[str, Any]]:
        """Return the rows of `accounts_directory`, once the sources' hashes are known."""
        return [{**row, "source_sha256": source.sha256} for source, row in self.rows]


def _refusal(chunk: Chunk, records: Records, i: int, reason: str, detail: str) -> Refusal:
    return refusal_of(chunk, int(records.row[i]), (int(records.start[i]), int(records.end[i])), (reason, detail))
