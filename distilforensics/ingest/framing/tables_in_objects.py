"""Tables that a single JSON object holds: names of columns beside lists of values, as data frames and query interfaces write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAMES = ("columns", "meta", "fields", "cols")
"""Keys of the names of columns: texts, or objects with a name."""

_ROWS = ("data", "rows", "values")
"""Keys of the rows, which are lists of values."""


def rows_of(record: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of a table that an object holds, as objects; None if it holds none."""
    tables = record.get("tables")
    inner = tables[0] if isinstance(tables, list) and tables else record.get("data")
    found = _named_rows(inner if isinstance(inner, dict) else record)
    return _of_columns(record) or _of_cells(record) if found is None else found


def _named_rows(table: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    names = next((_names(table[key]) for key in _NAMES if isinstance(table.get(key), list)), [])
    rows = next((table[key] for key in _ROWS if isinstance(table.get(key), list)), None)
    if not names or rows is None or not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return None
    return [dict(zip(names, row, strict=True)) for row in rows]


def _of_cells(record: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of an answer of BigQuery, whose cells are objects with a value, or of CloudWatch, whose cells name their field."""
    schema, rows = record.get("schema"), record.get("rows")
    if isinstance(schema, dict) and isinstance(rows, list) and isinstance(schema.get("fields"), list):
        cells_of: list[Any] = [row.get("f") if isinstance(row, dict) else None for row in rows]
        if not all(isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells) for cells in cells_of):
            return None
        values = [[cell.get("v") for cell in cells] for cells in cells_of]
        return _named_rows({"columns": schema["fields"], "rows": values})
    results = record.get("results")
    if not isinstance(results, list) or not results or not all(isinstance(row, list) for row in results):
        return None
    cells = [[cell for cell in row if isinstance(cell, dict) and "field" in cell] for row in results]
    return [{str(cell["field"]): cell.get("value") for cell in row} for row in cells] if all(cells) else None


def _names(columns: Sequence[Any]) -> list[str]:
    names = [one.get("name") if isinstance(one, dict) else one for one in columns]
    is_sound = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return [str(name) for name in names] if is_sound else []


def _of_columns(record: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of a data frame written as objects that have the numbers of its rows, or of its columns, as names."""
    objects = [value for value in record.values() if isinstance(value, dict)]
    if len(record) < 1 or len(objects) < len(record):
        return None
    if all(key.isdecimal() for key in record):
        return objects
    numbers = objects[0].keys()
    if not numbers or not all(key.isdecimal() for key in numbers) or any(one.keys() != numbers for one in objects):
        return None
    return [{name: column[number] for name, column in record.items()} for number in numbers]
