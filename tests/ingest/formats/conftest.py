"""Runs projections on lines, as the reading engine does, with every query planned once for all tests."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from distilforensics.ingest.examples import MEMORY_BYTES, OPTIONS, ExampleReader
from distilforensics.ingest.formats import Options, Sample, load_formats, prepare_connection
from distilforensics.ingest.framing.records import Reader
from distilforensics.ingest.rows.projection import LINES, Projector

SAMPLES = Path(__file__).parent / "samples"


def _text_of(name: str) -> str:
    """Return a file of the tests, or the sample of a format: `bedrock_invocation.jsonl`, `litellm_spendlogs.csv`."""
    path = SAMPLES / name
    if path.exists():
        return path.read_text(encoding="utf-8")
    format_id, _, suffix = name.rpartition(".")
    return next(
        example.sample.decode() for example in load_formats()[format_id].examples if example.name.endswith(suffix)
    )


def lines_of(name: str) -> list[str]:
    """Return the records of a sample as the engine hands them over: text lines, or JSON objects for tables in CSV."""
    text = _text_of(name)
    if not name.endswith(".csv"):
        return text.splitlines()
    return [json.dumps(_csv_record(row)) for row in csv.DictReader(text.splitlines(keepends=True))]


def _csv_record(row: dict[str, str]) -> dict[str, Any]:
    return {name: json.loads(cell) if cell[:1] in ("{", "[") else cell for name, cell in row.items() if cell}


def sample_of(name: str) -> Sample:
    """Return what detection sees of a sample file."""
    return Sample(name, [_decoded(line) for line in lines_of(name)])


def _decoded(line: str) -> Any:
    try:
        value = json.loads(line)
    except ValueError:
        return line
    return value if isinstance(value, dict) else line


class Projections:
    """Projects records with any format and options, by the projection of all records."""

    def __init__(self, projector: Projector) -> None:
        self._projectors = {Options(log_began=OPTIONS.log_began): projector}

    def __call__(self, format_id: str, records: list[Any], options: Options = Options()) -> list[dict[str, Any]]:  # noqa: B008
        """Return the rows of records, which are objects or lines."""
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        return self.table(format_id, lines, options).to_pylist()

    def table(self, format_id: str, lines: list[str], options: Options) -> pa.Table:
        """Return the rows of a projection as Arrow data."""
        shared = replace(options, mapping=None)
        if shared not in self._projectors:
            self._projectors[shared] = Projector(b"key of the tests", MEMORY_BYTES)
        lines_table = pa.table([range(len(lines)), lines], schema=LINES)
        return self._projectors[shared]._run(Reader(format_id, options), lines_table)


@pytest.fixture(scope="session")
def connection():
    """A connection with the functions and macros of the formats."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        prepare_connection(connection, b"key of the tests")
        yield connection


@pytest.fixture(scope="session")
def project(example_reader):
    """Return rows of a format for given records; a query that a sample was read with is not planned again."""
    return Projections(example_reader.projector)


@pytest.fixture(scope="session")
def example_reader():
    """Read samples as an ingest does."""
    reader = ExampleReader()
    yield reader
    reader.close()


@pytest.fixture
def sample_lines():
    """Read a sample file."""
    return lines_of


@pytest.fixture
def sample():
    """Read a sample file as detection sees it."""
    return sample_of
