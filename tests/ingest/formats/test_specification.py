"""Folders of formats are checked when they are loaded, and queries are planned once."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from distilforensics.core.errors import UsageError
from distilforensics.ingest import formats
from distilforensics.ingest.catalogue.aliases import TARGETS
from distilforensics.ingest.catalogue.columns import LIBRARIES, written_columns
from distilforensics.ingest.catalogue.prepared import PreparedQuery
from distilforensics.ingest.catalogue.specification import read_format
from distilforensics.ingest.formats import FieldMapping, Options, load_formats, prepare_connection, projection_of

HEADER = """version = 2
title = "t"
gateway = "g"
account = "a"
tenant = "none"
missing = []

[detection]
keys_all = ["t"]

[columns]
started_at = "t"
"""
FILES = {"format.toml": HEADER, "sample.jsonl": "{}\n", "expected.jsonl": "{}\n"}


@pytest.fixture
def folder(tmp_path):
    """Write the folder of a format, with files changed or left out (None)."""

    def write(**changes):
        for name, text in (FILES | {name.replace("__", "."): text for name, text in changes.items()}).items():
            if text is not None:
                (tmp_path / "x").mkdir(exist_ok=True)
                (tmp_path / "x" / name).write_text(text, encoding="utf-8")
        return tmp_path / "x"

    return write


def sql_files():
    folder = Path(formats.__file__).parent
    return sorted(folder.glob("*/*.sql"))


def test_a_folder_gives_its_specification(folder):
    """Every key of the header, the mapping and the samples."""
    spec = read_format(folder())

    assert ("x/2", "json", "t", None) == (spec.name, spec.framing, spec.time, spec.query)
    assert {"started_at": "t"} == spec.mapping.columns
    assert {"gateway": "g"} == spec.mapping.constants
    assert ["sample.jsonl"] == [example.name for example in spec.examples]
    assert spec.detection.matches({"t": 1, "other": 2})
    assert not spec.detection.matches({"other": 2})
    assert not spec.detection.matches("t")


@pytest.mark.parametrize(
    ("changes", "message", "where"),
    [
        ({"format__toml": HEADER.replace("version = 2", "version =")}, "not valid TOML", "x/format.toml"),
        ({"format__toml": HEADER.replace('account = "a"\n', "")}, "lacks the key 'account'", "x/format.toml"),
        (
            {"format__toml": HEADER.replace("[detection]\n", "")},
            "unknown key 'keys_all'|lacks the key",
            "x/format.toml",
        ),
        ({"format__toml": HEADER.replace("keys_all", "keys")}, "unknown key 'keys'", "x/format.toml"),
        ({"format__toml": HEADER.replace("started_at", "started")}, "unknown column 'started'", "x/format.toml"),
        ({"query__sql": "select 1"}, "expected one of them", "x/format.toml"),
        ({"sample__jsonl": None}, "no sample", "x"),
        ({"expected__jsonl": None}, "has no expected rows", "x"),
        ({"sample_more__csv": "a,b"}, "sample_more.csv has no expected rows", "x"),
    ],
)
def test_an_incomplete_folder_cannot_be_loaded(changes, message, where, folder):
    """Whoever adds a format sees what is missing."""
    with pytest.raises(UsageError, match=message) as caught:
        read_format(folder(**changes))

    assert caught.value.where == where


def test_formats_are_sorted_by_id():
    """Detection and documentation depend on no order of files."""
    assert sorted(load_formats()) == list(load_formats())


@pytest.mark.parametrize("entry", sql_files(), ids=lambda entry: f"{entry.parent.name}/{entry.name}")
def test_no_query_uses_what_is_slow_or_can_raise_on_hostile_input(entry):
    """TRY falls back to row by row; the clock, randomness and files have no place in a projection."""
    text = re.sub(r"--.*", "", entry.read_text(encoding="utf-8")).lower()

    assert not re.findall(r"\b(try|now|random|uuid|current_timestamp|read_json|read_csv|read_parquet|hash)\s*\(", text)
    assert "strptime(" not in text.replace("try_strptime(", "")


@pytest.mark.parametrize("spec", [s for s in load_formats().values() if s.query], ids=lambda spec: spec.id)
def test_the_query_of_a_format_yields_columns_that_the_completion_knows(spec, connection):
    """Others would be dropped without a word."""
    connection.execute("create or replace temp table lines(row_index bigint, line varchar)")
    columns = {name: type_.lower() for name, type_, *_ in connection.execute(f"describe {spec.query}").fetchall()}

    assert ["row_index", "line"] == list(columns)[:2]
    del columns["row_index"], columns["line"]
    assert columns == {name: written_columns().get(name) for name in columns}


def test_every_field_of_a_mapping_reaches_its_column(project):
    """No target is lost on the way, neither beside all others nor, where others could stand in, alone."""
    columns = {
        "tools": "tools_sha256", "messages": "prompt_text", "latency": "latency_ms",
        "latency_s": "latency_ms", "latency_us": "latency_ms", "latency_ns": "latency_ms",
        "conversation": "prompt_text", "usage": "cache_read_tokens",
        "request_body": "temperature", "request_line": "operation", "http_method": "out_of_scope",
    }  # fmt: skip
    values = {
        "messages": [{"role": "user", "content": "p"}],
        "conversation": [{"role": "user", "content": "p"}],
        "usage": {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}},
        "request_body": {"temperature": 1},
        "request_line": "POST /v1/messages HTTP/1.1",
        "http_method": "GET",
        "latency": "2m5.5s",
        "tools": [{"name": "f"}],
        "is_stream": True,
        "is_gateway_cached": False,
        "client_ip": "192.0.2.1",
        "ended_at": 1772359201,
        "status": "ok",
        "operation": "chat",
    }
    targets = sorted(TARGETS - {"started_at", "http_method"})
    alone = [
        "ended_at",
        "finish_reason",
        "http_method",
        "http_status",
        "latency",
        "latency_s",
        "latency_us",
        "latency_ns",
        "request_body",
        "request_line",
        "usage",
        "messages",
        "n_turns",
        "prompt_text",
        "status",
        "tools",
    ]
    for group in (targets, *([target] for target in alone)):
        options = Options(mapping=FieldMapping({"started_at": "t"} | {target: f"$.f.{target}" for target in group}))
        row = project(
            "generic", [{"t": 1772359200, "f": {target: values.get(target, 200) for target in group}}], options
        )[0]
        assert [] == [target for target in group if row[columns.get(target, target)] is None]


def test_every_file_of_shared_sql_is_used():
    """A library that is not loaded would be dead text."""
    folder = Path(formats.__file__).parents[1] / "catalogue" / "lib"

    assert {*LIBRARIES, "names.toml", "completion.sql", "directory.sql", "mapped.sql", "mapped_plain.sql"} == {
        entry.name for entry in folder.iterdir()
    }


def test_a_prepared_query_reads_the_table_of_each_run(project, sample_lines):
    """Planned once, it must not repeat the rows of an earlier run."""
    lines = sample_lines("litellm_payload.jsonl")
    first = project("litellm_payload", lines[:2])
    second = project("litellm_payload", lines[2:4])

    assert ["chatcmpl-0001", "chatcmpl-0002"] == [row["request_id"] for row in first]
    assert ["chatcmpl-0003", "chatcmpl-0004"] == [row["request_id"] for row in second]


def test_a_prepared_query_gives_what_the_plain_query_gives(project, connection, sample_lines):
    """Planning ahead changes nothing."""
    lines = sample_lines("bedrock_invocation.jsonl")
    expected = project.table("bedrock_invocation", lines, Options())
    connection.execute("create or replace temp table lines(row_index bigint, line varchar)")
    connection.executemany("insert into lines values (?, ?)", [[i, line] for i, line in enumerate(lines)])
    plain = connection.sql(projection_of(load_formats()["bedrock_invocation"], Options())).to_arrow_table()

    assert expected.to_pylist() == plain.to_pylist()


def test_a_connection_without_access_to_files_is_enough(sample_lines):
    """As the engine locks it: no files, no settings, one thread."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        prepare_connection(connection)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        import pyarrow as pa

        schema = pa.schema([("row_index", pa.int64()), ("line", pa.large_string())])
        query = PreparedQuery(
            connection, "nginx", projection_of(load_formats()["nginx_combined"], Options()), schema.empty_table()
        )
        lines = sample_lines("nginx_combined.log")

        assert len(lines) == query.run(pa.table([range(len(lines)), lines], schema=schema)).num_rows
