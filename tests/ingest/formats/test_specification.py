"""Format files are checked when they are loaded, and queries are planned once."""

from __future__ import annotations

import importlib.resources
import re

import duckdb
import pytest

from distilforensics.core.errors import UsageError
from distilforensics.ingest import formats
from distilforensics.ingest.formats import FieldMapping, Options, load_formats, prepare_connection, resolve_options
from distilforensics.ingest.formats.aliases import TARGETS
from distilforensics.ingest.formats.completion import LIBRARIES, WRITTEN_COLUMNS, mapped_query
from distilforensics.ingest.formats.prepared import PreparedQuery
from distilforensics.ingest.formats.specification import parse_format

HEADER = """/*---
id = "x"
version = 2
title = "t"
gateway = "g"
framing = "json"
has_request_id = false
account = "a"
tenant = "none"
time = "$.t"
missing = []
yields = []

[detection]
keys_all = ["t"]
---*/
select 1
"""


def sql_files():
    folder = importlib.resources.files(formats)
    found = [entry for parent in (folder, folder / "lib") for entry in parent.iterdir() if entry.name.endswith(".sql")]
    return sorted(found, key=lambda entry: entry.name)


def test_a_format_file_gives_its_specification():
    """Every key of the header, and the query behind it."""
    spec = parse_format("x.sql", HEADER)

    assert ("x/2", "json", "$.t", "select 1") == (spec.name, spec.framing, spec.time, spec.query)
    assert spec.detection.matches({"t": 1, "other": 2})
    assert not spec.detection.matches({"other": 2})
    assert not spec.detection.matches("t")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.sql", "select 1", "no header"),
        ("x.sql", HEADER.replace('id = "x"', "id ="), "not valid TOML"),
        ("x.sql", HEADER.replace('account = "a"\n', ""), "lacks the key 'account'"),
        ("x.sql", HEADER.replace("[detection]\n", ""), "lacks the key 'detection'"),
        ("y.sql", HEADER, "expected the name of the file"),
    ],
)
def test_a_wrong_format_file_is_told_with_its_name(name, text, message):
    """Whoever adds a format sees what is wrong."""
    with pytest.raises(UsageError, match=message) as caught:
        parse_format(name, text)

    assert caught.value.where == name


def test_formats_are_sorted_by_id():
    """Detection and documentation depend on no order of files."""
    assert sorted(load_formats()) == list(load_formats())


@pytest.mark.parametrize("entry", sql_files(), ids=lambda entry: entry.name)
def test_no_query_uses_what_is_slow_or_can_raise_on_hostile_input(entry):
    """TRY falls back to row by row; the clock, randomness and files have no place in a projection."""
    text = re.sub(r"--.*", "", entry.read_text(encoding="utf-8")).lower()

    assert not re.findall(r"\b(try|now|random|uuid|current_timestamp|read_json|read_csv|read_parquet|hash)\s*\(", text)
    assert "strptime(" not in text.replace("try_strptime(", "")


@pytest.mark.parametrize("format_id", sorted(load_formats()))
def test_a_format_yields_what_its_header_says(format_id, connection, sample):
    """Columns that are not declared would be dropped without a word."""
    spec = load_formats()[format_id]
    options = resolve_options(spec, sample("generic.jsonl"), Options())
    query = spec.query if options.mapping is None else mapped_query(spec.query, options.mapping)[0]
    connection.execute("create or replace temp table lines(row_index bigint, line varchar)")
    columns = {name: type_ for name, type_, *_ in connection.execute(f"describe {query}").fetchall()}

    assert ["row_index", "line"] == list(columns)[:2]
    assert set(spec.yields) == set(columns) - {"row_index", "line"}
    assert {name: WRITTEN_COLUMNS[name] for name in spec.yields} == {
        name: columns[name].lower() for name in spec.yields
    }


def test_every_field_of_a_mapping_reaches_its_column(project):
    """No target is lost on the way, neither beside all others nor, where others could stand in, alone."""
    columns = {"ended_at": "ended_at", "tools": "tools_sha256", "messages": "prompt_text", "latency_s": "latency_ms"}
    values = {
        "messages": [{"role": "user", "content": "p"}],
        "tools": [{"name": "f"}],
        "is_stream": True,
        "is_gateway_cached": False,
        "client_ip": "192.0.2.1",
        "ended_at": 1772359201,
        "status": "ok",
        "operation": "chat",
    }
    targets = sorted(TARGETS - {"started_at"})
    alone = [
        "ended_at",
        "finish_reason",
        "http_status",
        "latency_s",
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
    folder = importlib.resources.files(formats) / "lib"

    assert {*LIBRARIES, "completion.sql", "directory.sql"} == {entry.name for entry in folder.iterdir()}


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
    plain = connection.sql(load_formats()["bedrock_invocation"].projection(Options())).to_arrow_table()

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
            connection, "nginx", load_formats()["nginx_combined"].projection(Options()), schema.empty_table()
        )
        lines = sample_lines("nginx_combined.log")

        assert len(lines) == query.run(pa.table([range(len(lines)), lines], schema=schema)).num_rows
