"""Runs a format's SELECT over the lines of a chunk. DuckDB sees lines as Arrow memory, never a path, and cannot open files.

A whole chunk is projected as if all its records were plain; those that are not are read by the projection of all records, with the same rows.
Nobody asks before whether each line is JSON; only if a projection fails are the lines checked one by one.
`TRY` is not used: its cost on a chunk with bad lines is many times that of the check.
"""

from __future__ import annotations

import importlib
import importlib.resources
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from distilforensics.core.schema import EXCHANGES
from distilforensics.ingest.batch import FORMATS_MODULE
from distilforensics.ingest.catalogue.columns import ENGINE_COLUMNS
from distilforensics.ingest.catalogue.prepared import PreparedQuery
from distilforensics.ingest.secrets import Secrets

if TYPE_CHECKING:
    import numpy.typing as npt

    from distilforensics.ingest.formats import FormatSpec
    from distilforensics.ingest.framing.records import Reader


PROJECTED = pa.schema([field for field in EXCHANGES.arrow if field.name not in ENGINE_COLUMNS])
"""What a projection yields between `row_index` and its verdicts."""

JOINING = ("join_keys", "join_order", "is_part")
"""Verdicts by which records meet that together say one exchange."""

VERDICTS = pa.schema(
    [
        pa.field("flags", pa.list_(pa.string())),
        pa.field("out_of_scope", pa.string()),
        pa.field("refusal_reason", pa.string()),
        pa.field("refusal_detail", pa.string()),
        pa.field("join_keys", pa.list_(pa.string())),
        pa.field("join_order", pa.int64()),
        pa.field("is_part", pa.bool_()),
    ]
)

LINES = pa.schema([pa.field("row_index", pa.int64()), pa.field("line", pa.large_string())])
"""What a projection reads."""

YIELD = pa.schema([pa.field("row_index", pa.int64()), *PROJECTED, *VERDICTS])

PLAIN_YIELD = YIELD.append(pa.field("needs_care", pa.bool_()))
"""What a projection of plain records yields."""

MAX_CARE = 0.5
"""Share of records that need care above which later chunks are not tried as plain ones: it would take longer."""


_FAILURES = (duckdb.Error, UnicodeDecodeError)
"""What a query raises; the second if DuckDB quotes bytes in its message that are no UTF-8."""


class ProjectionError(Exception):
    """The projection of a format fails altogether: the fault is not in the records."""


@dataclass(frozen=True, slots=True)
class Projected:
    """Rows of a chunk's records, and the rows that are no JSON objects or on which the projection fails."""

    table: pa.Table
    not_json: npt.NDArray[np.int64]
    failing: dict[int, str]


SLICES = 16
"""Parts of a chunk that are projected one after the other where memory is short; what a query needs besides its rows falls with them."""


class Projector:
    """One connection with one thread, and the projections planned on it. Not shared between threads."""

    def __init__(
        self, key: bytes, memory_bytes: int, formats_module: str = FORMATS_MODULE, *, is_roomy: bool = True
    ) -> None:
        """Open the connection, offline and without access to files; without room it works through less at once."""
        self._n_slices = 1 if is_roomy else SLICES
        self.formats = importlib.import_module(formats_module)
        self.secrets = Secrets(key)
        self._specs: dict[str, FormatSpec] = self.formats.load_formats()
        self._planned: dict[str, PreparedQuery] = {}
        self._plain: dict[str, PreparedQuery | None] = {}
        self.connection = duckdb.connect(":memory:", config=_configuration(memory_bytes))
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute("SET enable_progress_bar = false")
        # It turns comparisons with many words into joins, which take longer than the rest of a projection.
        if is_roomy:
            self.connection.execute("SET disabled_optimizers = 'in_clause'")
        self.formats.prepare_connection(self.connection, key)
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def known_keys(self, reader: Reader) -> frozenset[str]:
        """Return the top-level keys that a format knows; empty if it knows all."""
        return self._specs[reader.format].known_keys

    def project(
        self, reader: Reader, rows: npt.NDArray[np.int64], lines: pa.ChunkedArray, cells: pa.Table | None = None
    ) -> Projected:
        """Return the rows of a format for the given lines, or for their cells, which carry the given row numbers."""
        table = pa.table({"row_index": pa.array(rows), "line": lines}, schema=LINES)
        if cells is not None:
            for n, name in enumerate(self._cell_names(reader), 1):
                column = cells[name] if name in cells.column_names else pa.nulls(len(table), pa.large_string())
                table = table.append_column(pa.field(f"f{n}", pa.large_string()), column)
        try:
            return Projected(self._rows(reader, table), np.empty(0, np.int64), {})
        except _FAILURES:
            pass
        is_json = self._specs[reader.format].framing == "json" and cells is None
        is_valid = self.valid(table) if is_json else np.ones(len(table), np.bool_)
        failing: dict[int, str] = {}
        parts = self._parts(reader, table.filter(pa.array(is_valid)), failing, is_new=not is_valid.all())
        return Projected(pa.concat_tables(parts or [YIELD.empty_table()]), rows[~is_valid], failing)

    def _parts(self, reader: Reader, table: pa.Table, failing: dict[int, str], *, is_new: bool) -> list[pa.Table]:
        """Return the rows of a table without lines that are no JSON, `is_new` if there were any.

        What fails only for the projection of plain records is no damage: such a log is read by that of all records from here on.
        """
        if is_new:
            try:
                return [self._rows(reader, table)]
            except _FAILURES:
                pass
        self._plain[self._key(reader, table)] = None
        return self._halves(reader, table, failing)

    def _rows(self, reader: Reader, table: pa.Table) -> pa.Table:
        """Return the rows of a table, the plain ones first; the others are read by the projection of all records."""
        key = self._key(reader, table)
        if key not in self._plain:
            self._plain[key] = self._plan_plain(reader, f"{key}_plain", table.schema.empty_table())
        planned = self._plain[key]
        if planned is None:
            return self._run(reader, table)
        found = pa.concat_tables([planned.run(part).cast(PLAIN_YIELD) for part in self._slices(table)])
        needs_care = found.column("needs_care").to_numpy()
        plain = found.select(YIELD.names)
        if not needs_care.any():
            return plain
        if needs_care.mean() > MAX_CARE:
            self._plain[key] = None
        careful = pc.unique(found["row_index"].filter(found["needs_care"]))
        is_careful = pc.is_in(found["row_index"], careful)
        rest = table.filter(pc.is_in(table["row_index"], careful))
        return pa.concat_tables([plain.filter(pc.invert(is_careful)), self._run(reader, rest)])

    def valid(self, table: pa.Table) -> npt.NDArray[np.bool_]:
        """Tell which lines are JSON."""
        self.connection.register("lines", table)
        try:
            valid: pa.Table = self.connection.sql(query("valid_lines")).to_arrow_table()
        finally:
            self.connection.unregister("lines")
        return np.asarray(valid.column(0).to_numpy(), dtype=np.bool_)

    def with_doubled_keys(self, lines: pa.ChunkedArray) -> list[int]:
        """Return the positions of lines that are objects in which a top-level key occurs twice; lines that are no JSON are passed over."""
        table = pa.table({"row_index": pa.array(np.arange(len(lines))), "line": lines}, schema=LINES)
        try:
            return [row for part in self._slices(table) for row in self._doubled_keys(part)]
        except _FAILURES:
            return self._doubled_keys(table.filter(pa.array(self.valid(table))))

    def _doubled_keys(self, table: pa.Table) -> list[int]:
        self.connection.register("lines", table)
        try:
            found: pa.Table = self.connection.sql(query("doubled_keys")).to_arrow_table()
        finally:
            self.connection.unregister("lines")
        rows: list[int] = found.column(0).to_pylist()
        return rows

    def _halves(self, reader: Reader, table: pa.Table, failing: dict[int, str]) -> list[pa.Table]:
        """Return the rows of a table, halving it wherever the projection fails, until single records are left.

        However many fail: whoever can write one such record can write thousands, and must not take those of others with them.
        """
        if not len(table):
            return []
        try:
            return [self._run(reader, table)]
        except duckdb.OutOfMemoryException as e:
            if len(table) == 1:
                raise MemoryError(_first_line(e)) from e  # no fault of the record
        except _FAILURES as e:
            if len(table) == 1:
                failing[table.column("row_index")[0].as_py()] = _first_line(e)
                return []
        middle = len(table) // 2
        return self._halves(reader, table.slice(0, middle), failing) + self._halves(
            reader, table.slice(middle), failing
        )

    def _run(self, reader: Reader, table: pa.Table) -> pa.Table:
        key = self._key(reader, table)
        if key not in self._planned:
            self._planned[key] = self._plan(reader, key, table.schema.empty_table())
        return pa.concat_tables([self._planned[key].run(part).cast(YIELD) for part in self._slices(table)])

    @staticmethod
    def _key(reader: Reader, table: pa.Table) -> str:
        return f"{reader.key}_cells" if table.num_columns > len(LINES) else reader.key

    def _slices(self, table: pa.Table) -> list[pa.Table]:
        size = max(1, -(-len(table) // self._n_slices))
        return [table.slice(at, size) for at in range(0, max(1, len(table)), size)]

    def _cell_names(self, reader: Reader) -> tuple[str, ...]:
        return self._specs[reader.format].cell_names(reader.choices)

    def _plan(self, reader: Reader, key: str, empty: pa.Table) -> PreparedQuery:
        """Return the projection of all records, planned."""
        spec, of_cells = self._specs[reader.format], empty.num_columns > len(LINES)
        query = self.formats.projection_of(spec, reader.choices, self.connection, of_cells=of_cells)
        return self._checked(reader, key, query, empty, YIELD)

    def _plan_plain(self, reader: Reader, key: str, empty: pa.Table) -> PreparedQuery | None:
        """Return the projection of plain records, planned; None if the format has none."""
        spec, of_cells = self._specs[reader.format], empty.num_columns > len(LINES)
        query = self.formats.plain_projection_of(spec, reader.choices, of_cells=of_cells)
        return None if query is None else self._checked(reader, key, query, empty, PLAIN_YIELD)

    def _checked(self, reader: Reader, key: str, query: str, empty: pa.Table, expected: pa.Schema) -> PreparedQuery:
        """Return a planned query; its columns are those that the engine expects."""
        try:
            planned = PreparedQuery(self.connection, key, query, empty)
            names = planned.run(empty).schema.names
        except duckdb.OutOfMemoryException as e:
            raise MemoryError(_first_line(e)) from e
        except _FAILURES as e:
            raise ProjectionError(f"the query of format {reader.format} is invalid: {_first_line(e)}") from e
        if names != expected.names:
            wrong = sorted(set(names) ^ set(expected.names)) or "their order"
            raise ProjectionError(f"format {reader.format} yields other columns than expected: {wrong}")
        return planned


def query(name: str) -> str:
    """Return the text of a query of this stage."""
    return (
        importlib.resources.files("distilforensics.ingest")
        .joinpath("queries", f"{name}.sql")
        .read_text(encoding="utf-8")
    )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _configuration(memory_bytes: int) -> dict[str, Any]:
    return {
        "threads": 1,
        "memory_limit": f"{memory_bytes}B",
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
        "python_scan_all_frames": False,
        "preserve_insertion_order": True,
        "default_null_order": "nulls_last",
    }
