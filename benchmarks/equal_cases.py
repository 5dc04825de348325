"""Tells whether two cases hold the same: every table by content; exits with 1 and names what differs.

    python benchmarks/equal_cases.py CASE OTHER [--except TABLE ...]

For changes that must change no result: make the same case with both versions of the program and compare.
Order of rows counts, encoding of the Parquet files does not. Hashes of the code stand in a few columns and are left out.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from distilforensics.case.layout import Case, open_case
from distilforensics.core.schema import TABLES

CODE = frozenset({"sha256", "method_sha256"})
"""Columns that name the code, not the result."""


def content(case: Case, name: str) -> pa.Table | None:
    """Return all rows of a table without the columns that name code, or None if it has not been written."""
    files = case.table_files(name)
    if not files:
        return None
    table = pa.concat_tables(pq.read_table(path) for path in files).replace_schema_metadata(None)
    return table.drop_columns([column for column in table.column_names if column in CODE])


def differences(case: Case, other: Case, left_out: frozenset[str]) -> list[str]:
    """Return a line for every table that is not the same in both cases."""
    found = []
    for name in TABLES:
        if name in left_out:
            continue
        a, b = content(case, name), content(other, name)
        if a is None or b is None:
            if a is not b:
                found.append(f"{name}: in one case only")
        elif not a.equals(b):
            columns = [
                column for column in a.column_names if column not in b.column_names or not a[column].equals(b[column])
            ]
            found.append(f"{name}: {a.num_rows} and {b.num_rows} rows, columns {', '.join(columns)}")
    return found


def main() -> None:
    """Compare and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--except", dest="left_out", nargs="*", default=[], metavar="TABLE")
    options = parser.parse_args()
    found = differences(open_case(options.case), open_case(options.other), frozenset(options.left_out))
    print("\n".join(found) or "equal")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
