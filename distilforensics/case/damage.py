"""Tables that somebody damaged or replaced, as one error for everybody who reads them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from distilforensics.core.errors import IntegrityError
from distilforensics.core.schema import TABLES
from distilforensics.core.text import show
from distilforensics.core.trouble import machine_trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distilforensics.case.layout import Case


def unreadable_table(name: str, case: Case, error: Exception) -> IntegrityError:
    """Return the error about a table that somebody damaged or replaced."""
    reason = show((str(error).splitlines() or [type(error).__name__])[0])[:300]
    return IntegrityError(
        f"table {name} cannot be read: {reason}",
        where=show(case.root),
        hint="distilforensics verify CASE names the files that were changed; `run` makes most of them anew from the logs",
    )


@contextmanager
def damage_told(case: Case) -> Iterator[None]:
    """Turn an error of a query into one about a table, if a table of the case is damaged; else it is a fault of the query.

    Raises:
        IntegrityError: a table cannot be read to its end, or has other columns than this program writes.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, UnicodeDecodeError) as e:
        if machine_trouble(e) is not None:
            raise
        for name in case.existing_tables():
            for path in case.table_files(name):
                if (damage := _damage_of(name, path)) is not None:
                    raise unreadable_table(name, case, damage) from e
        raise


def _damage_of(name: str, path: Path) -> Exception | None:
    """Read a file of a table to its end; None if it is as this program writes it."""
    try:
        with pq.ParquetFile(path) as file:
            if (
                file.schema_arrow.names != TABLES[name].arrow.names
                or file.schema_arrow.types != TABLES[name].arrow.types
            ):
                return ValueError("it has other columns than this program writes")
            for batch in file.iter_batches():
                batch.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as e:
        return e
    return None
