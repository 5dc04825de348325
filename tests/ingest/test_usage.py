"""Usage exports, bills and rollups among the inputs, and those that the examiner names."""

import json

import pytest

from distilforensics.core.errors import CaseError
from distilforensics.ingest.catalogue.usage import (
    UnreadableSumError,
    UsageMapping,
    parse_usage,
    usage_by_names,
    usage_rows,
)
from distilforensics.ingest.examples import ExampleReader
from distilforensics.ingest.formats import load_formats

BUCKET = {
    "start_time": 1772409600,
    "end_time": 1772496000,
    "results": [
        {"num_model_requests": 3, "input_tokens": 45, "output_tokens": 15, "api_key_id": "key_1", "model": "m-1"}
    ],
}


def test_a_known_export_among_the_logs_goes_to_its_own_table(ingest, log, line, table):
    """With place and format; its records are none of the log's."""
    log(line(1) + b"\n")
    path = log(json.dumps(BUCKET).encode() + b"\n" + json.dumps(BUCKET | {"start_time": "x"}).encode(), "usage.jsonl")
    summary = ingest(path.parent)
    (row,) = table("usage_sums")
    assert (row["period_start"].isoformat(), row["api_key_id"], row["n_requests"]) == (
        "2026-03-02T00:00:00",
        "key_1",
        3,
    )
    assert (row["source_line"], row["sub_index"], row["source_format"]) == (1, 0, "openai_usage/1")
    assert [(refused["source_line"], refused["reason"]) for refused in table("quarantine")] == [
        (2, "invalid_timestamp")
    ]
    source = next(source for source in summary.sources if source.role == "usage")
    assert (source.balance.n_read, source.balance.n_kept, source.balance.n_quarantined) == (2, 1, 1)
    assert summary.total.n_read == 1


def test_an_export_of_no_known_format_is_refused_unless_it_is_named(ingest, log, line, table):
    """The refusal says how to use it; named, it is read by the names of its fields."""
    path = log(b"day,key,model,requests,prompt_tokens\n2026-02-03,k-1,m-1,7,70\n2026-02-04,k-2,m-1,8,80\n", "sums.csv")
    log(line(1) + b"\n")
    (refused,) = ingest(path.parent).refused
    assert "--reconcile" in refused.reason
    ingest(path.parent, usage=(str(path),))
    assert [(row["api_key_id"], row["n_requests"], row["input_tokens"]) for row in table("usage_sums")] == [
        ("k-1", 7, 70),
        ("k-2", 8, 80),
    ]


def test_what_was_read_as_a_log_cannot_become_an_export(ingest, log, line):
    """It would have to leave the log again."""
    path = log(line(1) + b"\n")
    ingest(path)
    with pytest.raises(CaseError, match="read as log already"):
        ingest(path, usage=(str(path),))


def test_a_named_file_that_states_no_sums_is_refused(ingest, log, line):
    """A log named by mistake does not vanish from the log in silence."""
    log(line(1) + b"\n")
    path = log(line(2) + b"\n", "other.jsonl")
    (refused,) = ingest(path.parent, usage=(str(path),)).refused
    assert "named as a usage export" in refused.reason


def test_raw_keys_in_exports_become_hashes(ingest, log, line, table):
    """As everywhere, and counted."""
    log(line(1) + b"\n")
    secret = "sk-" + "a1B2" * 12
    sums = BUCKET | {"results": [BUCKET["results"][0] | {"api_key_id": secret}]}
    ingest(log(json.dumps(sums).encode(), "usage.jsonl").parent)
    assert table("usage_sums")[0]["api_key_id"].startswith("hmac:")
    assert ["api_key_id 1"] in [source["secrets_hashed"] for source in table("sources")]


def test_the_same_sums_at_any_order_of_files(ingest, log, line, table):
    """Two exports, read in one run or one after the other."""
    log(line(1) + b"\n")
    first = log(json.dumps(BUCKET).encode(), "a.jsonl")
    second = log(b"day,requests\n2026-02-03,7\n", "b.csv")
    ingest(first.parent, usage=(str(second),))
    assert [row["n_requests"] for row in table("usage_sums")] == [3, 7]


@pytest.mark.parametrize(
    ("cell", "count"),
    [("1,024", 1024), ("12", 12), (7, 7), (7.0, 7), ("", None), (None, None), (True, None), ("1.5e3", 1500)],
)
def test_counts_as_exports_write_them(cell, count):
    """Thousands with commas, numbers as text, nothing."""
    (row,) = usage_rows(
        UsageMapping({"period_start": ("day",), "n_requests": ("n",)}), {"day": "2026-03-02", "n": cell}
    )
    assert row["n_requests"] == count


@pytest.mark.parametrize("cell", ["-1", "many", "1e300", "NaN", "Infinity", "1.024,5"])
def test_what_is_no_count_is_refused(cell):
    """It is not taken for nothing."""
    (found,) = usage_rows(
        UsageMapping({"period_start": ("day",), "n_requests": ("n",)}), {"day": "2026-03-02", "n": cell}
    )
    assert isinstance(found, UnreadableSumError)
    assert found.args[0] == "invalid_number"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-02", "2026-03-02T00:00:00"),
        ("1772409600", "2026-03-02T00:00:00"),
        (1772409600.0, "2026-03-02T00:00:00"),
        ("2026-03-02T01:00:00+02:00", "2026-03-01T23:00:00"),
        ("2026-03-02 05:00:00 UTC", "2026-03-02T05:00:00"),
        ("03/02/2026", "2026-03-02T00:00:00"),
    ],
)
def test_periods_as_exports_write_them(written, meant):
    """In UTC; a notation of its own is used where the year does not come first."""
    mapping = UsageMapping({"period_start": ("day",)}, date_format="%m/%d/%Y")
    (row,) = usage_rows(mapping, {"day": written})
    assert row["period_start"].isoformat() == meant


@pytest.mark.parametrize("record", [{"results": {}}, {"results": None}, {}])
def test_a_record_without_its_list_is_refused(record):
    """The balance closes, so it must not count as nothing."""
    (found,) = usage_rows(UsageMapping({"period_start": ("day",)}, each="results"), record)
    assert found.args[0] == "no_list_of_sums"


def test_names_tell_what_fields_mean_only_with_a_period_and_a_number():
    """A table without either is no usage export."""
    assert usage_by_names([{"model": "m", "requests": 3}]) is None
    assert usage_by_names([{"date": "2026-03-02", "model": "m"}]) is None
    found = usage_by_names([{"Date": "2026-03-02", "Api Key": "k", "Num_Requests": 3}])
    assert found.fields == {"period_start": ("Date",), "api_key_id": ("Api Key",), "n_requests": ("Num_Requests",)}


def test_a_wrong_key_in_a_format_is_named():
    """With its file."""
    from distilforensics.core.errors import UsageError

    with pytest.raises(UsageError, match="unknown key 'engine'"):
        parse_usage({"period_start": "day", "engine": "m"}, "x/format.toml")
    with pytest.raises(UsageError, match="lacks period_start"):
        parse_usage({"model": "m"}, "x/format.toml")


EXPORTS = [spec for spec in load_formats().values() if spec.usage is not None]


def _leaves(value, path=()):
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(item, (*path, key))
    else:
        yield path, value


def _with(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(copy[path[0]], path[1:], new)
    return copy


def _sums(mapping, records):
    rows = [row for record in records for row in usage_rows(mapping, record)]
    kept = [{k: v for k, v in row.items() if k != "row_sha256"} if isinstance(row, dict) else str(row) for row in rows]
    return json.dumps(kept, default=str)


def _used(spec, records):
    """Return the fields of which another value gives other sums."""
    expected = _sums(spec.usage, records)
    used = set()
    for number, record in enumerate(records):
        for path, value in _leaves(record):
            changed = [*records[:number], _with(record, path, f"1{value}"), *records[number + 1 :]]
            if value is not None and _sums(spec.usage, changed) != expected:
                used.add(".".join(key for key in path if isinstance(key, str) and key != spec.usage.each))
    return used


@pytest.mark.parametrize("spec", EXPORTS, ids=lambda spec: spec.id)
def test_every_field_that_a_format_names_changes_its_sums(spec):
    """A field named wrongly would leave its column empty, and a sample would not show it."""
    reader = ExampleReader()
    try:
        texts = [text for example in spec.examples for text in reader.records(example)[1]]
    finally:
        reader.close()
    used = _used(spec, [json.loads(text) for text in texts if text.startswith("{")])
    unused = [target for target, names in spec.usage.fields.items() if not used & set(names)]
    assert unused == []


def test_a_manifest_says_which_files_there_should_be(ingest, log, line, table):
    """It is no log; what it announces is kept, with its hash."""
    log(line(1) + b"\n", "20260302.jsonl")
    manifest = {
        "version": 1,
        "files": [{"key": "p/20260302.jsonl", "rowCount": 1}, {"key": "p/20260303.jsonl", "sizeBytes": 9}],
    }
    path = log(json.dumps(manifest, indent=1).encode(), "20260302.json")
    summary = ingest(path.parent)
    assert [(row["name"], row["n_records"], row["n_bytes"]) for row in table("announced_files")] == [
        ("p/20260302.jsonl", 1, None),
        ("p/20260303.jsonl", None, 9),
    ]
    (source,) = [source for source in summary.sources if source.role != "log"]
    assert (source.role, source.reason.split(",")[0]) == ("ignored", "a manifest that announces 2 files")
