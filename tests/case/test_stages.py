"""Hashes of tables are computed once for each state of a file."""

import hashlib

import pytest

from distilforensics.case import stages
from distilforensics.case.layout import create_case, write_file


@pytest.fixture
def case(tmp_path):
    """A case with one table, whatever its bytes."""
    case = create_case(tmp_path / "case")
    write_file(case.table_path("templates"), b"one")
    return case


def test_a_table_is_read_once_until_it_is_replaced(case, monkeypatch):
    """A file of the same name and size with other bytes has another hash."""
    read = []
    whole = stages.file_sha256
    monkeypatch.setattr(stages, "file_sha256", lambda path: read.append(path) or whole(path))

    first, again = (stages.tables_sha256(case, ["templates"]) for _ in range(2))
    write_file(case.table_path("templates"), b"two")
    replaced = stages.tables_sha256(case, ["templates"])

    assert first == again == {"data/templates.parquet": hashlib.sha256(b"one").hexdigest()}
    assert {"data/templates.parquet": hashlib.sha256(b"two").hexdigest()} == replaced
    assert 2 == len(read)
