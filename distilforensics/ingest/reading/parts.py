"""Writes the part of a batch: rows in order of source and position, one row group per unit, refused records beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from distilforensics.case.tables import writer
from distilforensics.core.schema import EXCHANGES, QUARANTINE, TEXT_FINGERPRINTS
from distilforensics.ingest.evidence.sources import READ_ROLES
from distilforensics.ingest.framing.records import QUARANTINE_BYTES
from distilforensics.ingest.rows.placing import ROWS
from distilforensics.ingest.tables.joining import HALVES, HALVES_FILE, halves_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow.parquet as pq

    from distilforensics.core.schema import Table
    from distilforensics.ingest.catalogue.joins import Join
    from distilforensics.ingest.evidence.sources import Source
    from distilforensics.ingest.framing.records import ChunkResult, Refusal, Unit
    from distilforensics.ingest.secrets import Secrets

REPEATING = (
    "source_sha256", "source_format", "parse_flags.list.element", "time_kind", "time_resolution_us", "provider", "gateway", "region",
    "tenant_id", "project_id", "account_id", "end_user_id", "api_key_id", "session_id", "client_ip", "is_ip_masked", "client_country",
    "client_asn", "ja4", "user_agent", "operation", "model_requested", "model_served", "model_raw", "n_choices", "max_output_tokens",
    "temperature", "top_p", "n_tools", "tools_sha256", "response_format", "reasoning_effort", "input_tokens", "cache_read_tokens",
    "cache_write_tokens", "output_tokens", "reasoning_tokens", "latency_ms", "http_status", "status", "error_type", "finish_reason",
    "finish_reason_raw", "prompt_state", "response_state", "system_text", "n_turns", "n_tool_calls", "system_sha256", "sub_index",
)  # fmt: skip
"""Columns whose values repeat, so that a dictionary pays; on the others it only costs time."""

QUARANTINE_ROWS = 4096
"""Refused records kept in memory before they are written."""


def write_rows(path: Path, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Write a small file with the schema of a table."""
    with writer(path, table.arrow, {"distilforensics.table": table.name}) as sink:
        sink.write_table(pa.Table.from_pylist([dict(row) for row in rows], schema=table.arrow))


class QuarantineWriter:
    """Writes refused records of a batch as they come; the file exists only if there are any."""

    def __init__(self, path: Path, secrets: Secrets, *, may_quote: bool) -> None:
        self._path = path
        self._may_quote = may_quote
        self._secrets = secrets
        self._sink: pq.ParquetWriter | None = None
        self._sources: list[Source] = []
        self._rows: list[dict[str, object]] = []

    def add(self, refusal: Refusal, source: Source) -> None:
        """Add one record and count it for its source."""
        source.n_quarantined += 1
        self._sources.append(source)
        self._rows.append(
            {
                "source_sha256": source.sha256,
                "source_line": refusal.line,
                "source_offset": refusal.offset,
                "source_length": refusal.length,
                "sub_index": refusal.sub_index,
                "reason": refusal.reason,
                "detail": refusal.detail if self._may_quote else None,
                "raw_prefix": refusal.prefix if self._may_quote else None,
                "raw_sha256": refusal.sha256,
            }
        )
        if len(self._rows) >= QUARANTINE_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._sink is None:
            self._sink = writer(self._path, QUARANTINE.arrow)
        table = pa.Table.from_pylist(self._rows, schema=QUARANTINE.arrow)
        for name in ("raw_prefix", "detail"):
            clean, changed = self._secrets.in_column(table[name])
            if name == "raw_prefix":
                clean = pa.array(map(_kept, table[name].to_pylist(), clean.to_pylist()), pa.binary())
            table = table.set_column(table.schema.get_field_index(name), QUARANTINE.arrow.field(name), clean)
            for row in changed.tolist():
                self._sources[row].add_secrets(f"quarantine.{name}", 1)
        self._sink.write_table(table)
        self._rows, self._sources = [], []

    def close(self) -> None:
        """Write what is left."""
        if self._rows:
            self._flush()
        if self._sink is not None:
            self._sink.close()


def _kept(raw: bytes | None, clean: bytes | None) -> bytes | None:
    """Return what the quarantine keeps of a beginning without secrets: nothing of what lay beyond its last byte before they were replaced."""
    if raw is None or clean is None:
        return None
    return clean[: min(QUARANTINE_BYTES, len(clean) - max(0, len(raw) - QUARANTINE_BYTES))]


class LateRefusalError(Exception):
    """Sources were refused after some of their records had been written beside those of others; the batch must be read again without them."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


class PartWriter:
    """Takes the results of units in order and writes them; sources are counted on the way."""

    def __init__(
        self,
        folder: Path,
        part: str,
        sources: Sequence[Source],
        format_names: dict[str, str],
        secrets: Secrets,
        joins: Mapping[str, Join],
        *,
        may_quote: bool = True,
    ) -> None:
        """Prepare the files in a folder."""
        self._folder = folder
        self._part = part
        self._sources = sources
        self._names = format_names
        self._joins = joins
        self._sink: pq.ParquetWriter | None = None
        self._halves: pq.ParquetWriter | None = None
        self._quarantine = QuarantineWriter(folder / "quarantine.parquet", secrets, may_quote=may_quote)
        self._written: set[int] = set()
        self._open_line = (-1, -1, 0)
        """Source, line and number of records of a line that may go on in the next unit."""

    def add(self, unit: Unit, results: Sequence[ChunkResult]) -> int:
        """Write one unit and return its number of rows."""
        for source, n in unit.n_lines.items():
            self._sources[source].n_lines += n
            self._written.add(source)
        for source, n in unit.n_blank.items():
            self._sources[source].n_blank += n
        for result in results:
            self._continue_line(result)
            self._count(result)
        refusals = [refusal for result in results for refusal in result.refusals] + unit.refusals
        for refusal in sorted(refusals, key=lambda r: (r.source, r.line, r.sub_index)):
            self._quarantine.add(refusal, self._sources[refusal.source])
        tables = [self._without_halves(self._table(result), result) for result in results]
        rows = self._merged(tables)
        if len(rows):
            self._write(rows)
        return len(rows)

    def refuse(self, refusal: Refusal) -> None:
        """Add a refused record that belongs to no unit."""
        self._quarantine.add(refusal, self._sources[refusal.source])

    def _continue_line(self, result: ChunkResult) -> None:
        """Go on numbering the records of a line that began in an earlier unit."""
        source, line, n_before = self._open_line
        if result.first != (-1, -1):
            last_source, last_line, n_last = result.last
            if result.first == (source, line):
                place = pc.and_(pc.equal(result.rows["source"], source), pc.equal(result.rows["line"], line))
                continued = pc.if_else(place, pc.add(result.rows["sub_index"], n_before), result.rows["sub_index"])
                result.rows = result.rows.set_column(ROWS.get_field_index("sub_index"), "sub_index", continued)
                for refusal in result.refusals:
                    if (refusal.source, refusal.line) == (source, line) and refusal.order >= 0:
                        refusal.sub_index += n_before
                if (last_source, last_line) == (source, line):
                    n_last += n_before
            self._open_line = (last_source, last_line, n_last)

    def _count(self, result: ChunkResult) -> None:
        for source, n in result.n_blank.items():
            self._sources[source].n_blank += n
        for (source, reason), (n, first_line) in result.out_of_scope.items():
            self._sources[source].add_out_of_scope(reason, n, first_line)
        for source, keys in result.unknown_keys.items():
            self._sources[source].unknown_keys |= keys
        for (source, name), n in result.secrets.items():
            self._sources[source].add_secrets(name, n)
        if not len(result.rows):
            return
        is_flagged = pc.greater(pc.fill_null(pc.list_value_length(result.rows["parse_flags"]), 0), 0)
        counted = (
            pa.table(
                {"source": result.rows["source"], "started_at": result.rows["started_at"], "is_flagged": is_flagged}
            )
            .group_by("source")
            .aggregate([([], "count_all"), ("is_flagged", "sum"), ("started_at", "min"), ("started_at", "max")])
        )
        for row in counted.to_pylist():
            source_of_row = self._sources[row["source"]]
            source_of_row.n_rows += row["count_all"]
            source_of_row.n_flagged += row["is_flagged_sum"] or 0
            _widen(source_of_row, row["started_at_min"], row["started_at_max"])

    def _table(self, result: ChunkResult) -> pa.Table:
        """Return the rows with the columns of `exchanges`, and those to order them by."""
        rows = result.rows
        numbers = rows["source"].to_numpy()
        used = np.unique(numbers).tolist()
        whole = {i: self._sources[i].sha256 for i in used}
        hashes = _by_source(numbers, whole)
        short = _by_source(numbers, {i: sha256 and sha256[:16] for i, sha256 in whole.items()})
        record_id = pc.binary_join_element_wise(short, rows["line"].cast(pa.string()), ":")
        if pc.max(rows["sub_index"]).as_py():
            with_index = pc.binary_join_element_wise(record_id, rows["sub_index"].cast(pa.string()), ".")
            record_id = pc.if_else(pc.greater(rows["sub_index"], 0), with_index, record_id)
        added = {
            "record_id": record_id,
            "source_sha256": hashes,
            "source_line": rows["line"],
            "source_offset": rows["offset"],
            "source_length": rows["length"],
            "source_format": pa.array([self._names[result.format]]).take(pa.array(np.zeros(len(rows), np.int32))),
        }
        if "text_fingerprints" not in rows.column_names:
            added["text_fingerprints"] = pa.nulls(len(rows), TEXT_FINGERPRINTS)
        columns = {name: added[name] if name in added else rows[name] for name in EXCHANGES.arrow.names}
        return pa.table({**columns, "_source": rows["source"], "_line": rows["line"], "_sub_index": rows["sub_index"]})

    def _without_halves(self, table: pa.Table, result: ChunkResult) -> pa.Table:
        """Return the rows that are exchanges by themselves; those that may meet others wait beside the part."""
        join = self._joins.get(result.format)
        if join is None or not len(table):
            return table
        halves, others = halves_of(table, result.rows, join)
        if len(halves):
            if self._halves is None:
                self._halves = writer(self._folder / HALVES_FILE, HALVES)
            self._halves.write_table(halves)
        return others

    @staticmethod
    def _merged(tables: Sequence[pa.Table]) -> pa.Table:
        """Return the rows of a unit's formats in order of source and position."""
        tables = [table for table in tables if len(table)]
        if not tables:
            return EXCHANGES.arrow.empty_table()
        merged = pa.concat_tables(tables)
        if len(tables) > 1:
            merged = merged.sort_by([("_source", "ascending"), ("_line", "ascending"), ("_sub_index", "ascending")])
        return merged.select(EXCHANGES.arrow.names).cast(EXCHANGES.arrow)

    def _write(self, rows: pa.Table) -> None:
        if self._sink is None:
            self._sink = self._open()
        self._sink.write_table(rows.combine_chunks(), row_group_size=len(rows))

    def _open(self) -> pq.ParquetWriter:
        return writer(
            self._folder / self._part,
            EXCHANGES.arrow,
            use_dictionary=list(REPEATING),
            metadata={"distilforensics.table": EXCHANGES.name},
        )

    def close(self) -> bool:
        """Finish the files and tell whether there is a part: there is one as soon as one source is a log.

        Raises:
            LateRefusalError: records of a source that was refused later stand beside those of others.
        """
        self._quarantine.close()
        if self._halves is not None:
            self._halves.close()
        late = {
            self._sources[i].path: self._sources[i].reason or ""
            for i in sorted(self._written)
            if self._sources[i].role != "log"
        }
        if late and len(self._sources) > 1:
            raise LateRefusalError(late)
        logs = [source for source in self._sources if source.role == "log"]
        for source in logs:
            source.part = self._part
        if logs and self._sink is None:
            self._sink = self._open()
        if self._sink is not None:
            self._sink.close()
        if not logs and self._sink is not None:
            (self._folder / self._part).unlink()
        if not logs:
            (self._folder / HALVES_FILE).unlink(missing_ok=True)
        if all(source.role not in READ_ROLES for source in self._sources):
            (self._folder / "quarantine.parquet").unlink(missing_ok=True)
        return bool(logs)


def _widen(source: Source, first: object, last: object) -> None:
    if first is not None and (source.first_started_at is None or first < source.first_started_at):  # type: ignore[operator]
        source.first_started_at = first  # type: ignore[assignment]
    if last is not None and (source.last_started_at is None or last > source.last_started_at):  # type: ignore[operator]
        source.last_started_at = last  # type: ignore[assignment]


def _by_source(numbers: np.ndarray, values: dict[int, str | None]) -> pa.Array:
    """Return the value of each row's source."""
    keys = np.array(sorted(values), np.int64)
    return pa.array([values[key] for key in keys.tolist()], pa.string()).take(pa.array(np.searchsorted(keys, numbers)))
