"""Usage exports among the inputs: their rows go to table `usage_sums`, rows that cannot be read to quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from distilforensics.ingest.catalogue.usage import UnreadableSumError, usage_rows
from distilforensics.ingest.rows.placing import refusal_of
from distilforensics.ingest.tables.side_files import SideFiles

if TYPE_CHECKING:
    from distilforensics.ingest.evidence.sources import Source
    from distilforensics.ingest.framing.records import Chunk, Records

OTHER_PRODUCT = "other_product"
"""Reason of rows of a bill that are about something else than models."""

_TEXTS = ("api_key_id", "account_id", "project_id", "tenant_id", "model")


class UsageFiles(SideFiles):
    """Collects the rows of the usage exports of a batch."""

    def _add(self, chunk: Chunk, records: Records, source: Source) -> None:
        assert source.usage is not None
        for i, text in enumerate(records.text.to_pylist()):
            row = int(records.row[i])
            line = int(chunk.lines[row])
            record = orjson.loads(text)
            for place, found in enumerate(usage_rows(source.usage, record)):
                if found is None:
                    source.add_out_of_scope(OTHER_PRODUCT, 1, line)
                elif isinstance(found, UnreadableSumError):
                    span = (int(records.start[i]), int(records.end[i]))
                    refusal = refusal_of(chunk, row, span, (found.args[0], found.args[1]))
                    refusal.sub_index = place
                    self.refusals.append(refusal)
                else:
                    self.rows.append((source, {**self._clean(found, source), "source_line": line, "sub_index": place}))

    def _clean(self, row: dict[str, Any], source: Source) -> dict[str, Any]:
        """Return the row with keyed hashes in place of raw secrets."""
        clean = dict(row)
        for name in _TEXTS:
            if row[name] is not None:
                clean[name] = self._projector().secrets.in_text(row[name])
                if clean[name] != row[name]:
                    source.add_secrets(name, 1)
        return clean

    def table_rows(self) -> list[dict[str, Any]]:
        """Return the rows of `usage_sums`, once the sources' hashes are known."""
        return [{**row, "source_sha256": source.sha256, "source_format": source.format} for source, row in self.rows]
