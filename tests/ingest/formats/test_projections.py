"""Every projection yields the columns that the engine needs, in order, and states what its account is."""

from __future__ import annotations

import json

import pytest

from distilforensics.ingest.formats import FieldMapping, Options, load_formats, projection_of

OF_CALLS = [spec for spec in load_formats().values() if spec.no_calls is None]


def choices(spec):
    """Options with which a format can be projected."""
    needs_mapping = spec.query is None and spec.mapping is None
    return Options(mapping=FieldMapping({"started_at": "t"})) if needs_mapping else Options()


def test_rows_come_in_the_order_of_the_lines(project, sample_lines):
    """The engine relies on order and on one row per record."""
    lines = sample_lines("bedrock_invocation.jsonl") * 400
    table = project.table("bedrock_invocation", lines, Options())

    assert list(range(len(lines))) == table.column("row_index").to_pylist()


@pytest.mark.parametrize("spec", OF_CALLS, ids=lambda spec: spec.id)
def test_every_format_states_what_its_account_is_and_what_it_cannot_carry(spec):
    """These texts go into the report and the documentation."""
    assert all((spec.account, spec.tenant, spec.missing, spec.time))
    assert spec.name == f"{spec.id}/{spec.version}"


@pytest.mark.parametrize("spec", OF_CALLS, ids=lambda spec: spec.id)
def test_no_format_leaves_a_mark_unfilled(spec):
    """A forgotten mark would become a comment and change the query without a word."""
    assert "/*{" not in projection_of(spec, choices(spec))


@pytest.mark.parametrize("spec", [spec for spec in OF_CALLS if spec.known_keys], ids=lambda spec: spec.id)
def test_known_keys_hold_every_key_of_the_samples(spec, example_reader):
    """Keys of the vendor's own shape must not be listed as unknown."""
    records = [json.loads(text) for example in spec.examples for text in example_reader.records(example)[1]]

    assert set() == {key for record in records for key in record} - spec.known_keys
