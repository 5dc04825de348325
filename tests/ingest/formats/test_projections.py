"""Every format gives exactly the expected rows for its sample, with the columns that the engine needs."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from distilforensics.core.schema import EXCHANGES
from distilforensics.ingest.formats import Options, load_formats, resolve_options
from distilforensics.ingest.formats.specification import ENGINE_COLUMNS

SAMPLES = (
    "bedrock_invocation.jsonl",
    "generic.csv",
    "generic.jsonl",
    "litellm_payload.jsonl",
    "litellm_spendlogs.csv",
    "litellm_spendlogs.jsonl",
    "nginx_combined.log",
)
VERDICTS = ["flags", "out_of_scope", "refusal_reason", "refusal_detail"]


def written(row):
    return {
        key: value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value
        for key, value in row.items()
        if value is not None
    }


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_exactly_the_expected_rows(name, project, sample, sample_lines):
    """Values, types and NULLs of all columns are those of the reviewed rows beside the sample."""
    spec = load_formats()[name.partition(".")[0]]
    options = resolve_options(spec, sample(name), Options())
    expected = [json.loads(line) for line in sample_lines(f"{name}.expected.jsonl")]

    assert expected == [written(row) for row in project(spec.id, sample_lines(name), options)]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_projection_yields_the_columns_of_exchanges_in_order_and_type(name, project, sample, sample_lines):
    """`row_index`, the columns of `exchanges` that the engine does not fill, then the verdicts."""
    spec = load_formats()[name.partition(".")[0]]
    table = project.table(spec.id, sample_lines(name), resolve_options(spec, sample(name), Options()))
    columns = [column for column in EXCHANGES.columns if column.name not in ENGINE_COLUMNS]

    assert ["row_index", *(column.name for column in columns), *VERDICTS] == table.schema.names
    assert {column.name: column.type for column in columns} == {
        column.name: table.schema.field(column.name).type for column in columns
    }


def test_rows_come_in_the_order_of_the_lines(project, sample_lines):
    """The engine relies on order and on one row per record."""
    lines = sample_lines("bedrock_invocation.jsonl") * 400
    table = project.table("bedrock_invocation", lines, Options())

    assert list(range(len(lines))) == table.column("row_index").to_pylist()


def test_every_format_states_what_its_account_is_and_what_it_cannot_carry():
    """These texts go into the report and the documentation."""
    for spec in load_formats().values():
        assert spec.account
        assert spec.tenant
        assert spec.missing
        assert spec.framing in ("json", "text")
        assert spec.name == f"{spec.id}/1"


def test_no_format_leaves_a_mark_unfilled(sample):
    """A forgotten mark would become a comment and change the query without a word."""
    for spec in load_formats().values():
        options = resolve_options(spec, sample("generic.jsonl"), Options())
        assert "/*{" not in spec.projection(options)


def test_known_keys_hold_every_key_of_the_samples(sample):
    """Keys of the vendor's own shape must not be listed as unknown."""
    for name in ("litellm_spendlogs.jsonl", "litellm_payload.jsonl", "bedrock_invocation.jsonl"):
        known = load_formats()[name.partition(".")[0]].known_keys
        assert set() == {key for record in sample(name).records for key in record} - known
