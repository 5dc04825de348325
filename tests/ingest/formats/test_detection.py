"""A file is recognised by its content: every sample fits exactly one format, junk is tolerated, the rest is unknown."""

from __future__ import annotations

import pytest

from distilforensics.core.errors import InputRefusedError
from distilforensics.ingest.formats import Options, Sample, detect, load_formats, other_content, resolve_options

FORMAT_OF = {
    "bedrock_invocation.jsonl": ("bedrock_invocation", "high"),
    "litellm_payload.jsonl": ("litellm_payload", "high"),
    "litellm_spendlogs.jsonl": ("litellm_spendlogs", "high"),
    "litellm_spendlogs.csv": ("litellm_spendlogs", "high"),
    "nginx_combined.log": ("nginx_combined", "high"),
    "generic.jsonl": ("generic", "medium"),
    "generic.csv": ("generic", "medium"),
}


@pytest.mark.parametrize("name", FORMAT_OF)
def test_a_sample_fits_exactly_one_format(name, sample):
    """No two formats claim the same file."""
    assert [FORMAT_OF[name]] == [(candidate.format, candidate.confidence) for candidate in detect(sample(name))]


@pytest.mark.parametrize("name", FORMAT_OF)
@pytest.mark.parametrize("other", [spec_id for spec_id in load_formats() if spec_id != "generic"])
def test_no_record_of_a_sample_has_the_shape_of_another_format(name, other, sample):
    """Shapes are disjoint, record by record."""
    detection = load_formats()[other].detection
    n_matching = sum(detection.matches(record) for record in sample(name).records)

    assert (n_matching > 0) == (FORMAT_OF[name][0] == other)


def test_the_file_name_does_not_matter(sample):
    """Content alone decides."""
    records = sample("bedrock_invocation.jsonl").records

    assert [candidate.format for candidate in detect(Sample("nginx_access.log", records))] == ["bedrock_invocation"]


@pytest.mark.parametrize(("n_junk", "confidence"), [(1, "high"), (10, "medium"), (60, "low")])
def test_junk_lowers_the_confidence_and_not_the_format(n_junk, confidence, sample):
    """Damaged lines at the beginning, in the middle or at the end are tolerated."""
    good = sample("bedrock_invocation.jsonl").records
    records = [*good, *(["garbage {"] * n_junk)]
    candidates = detect(Sample("x", records))

    assert [("bedrock_invocation", confidence)] == [
        (candidate.format, candidate.confidence) for candidate in candidates
    ]
    assert (
        candidates[0].reason
        == f"{len(good)} of {len(good) + n_junk} sampled records have the shape of {load_formats()['bedrock_invocation'].title}"
    )


def test_a_file_with_two_formats_has_two_candidates(sample):
    """Half and half is ambiguous, and both are named with equal confidence."""
    records = [*sample("litellm_payload.jsonl").records[:8], *sample("bedrock_invocation.jsonl").records[:8]]

    assert [("bedrock_invocation", "medium"), ("litellm_payload", "medium")] == [
        (candidate.format, candidate.confidence) for candidate in detect(Sample("x", records))
    ]


@pytest.mark.parametrize(
    "records",
    [
        [],
        [{}],
        ["", "plain text", "2026-03-01 INFO started"],
        [{"timestamp": "2026-03-01T10:00:00Z", "level": "info", "msg": "started"}],
        [{"model": "m", "prompt": "p"}],
        [{"input_length": 5, "hash_ids": [1], "timestamp": 12}],
        [{"resourceSpans": []}],
    ],
    ids=str,
)
def test_what_is_no_log_of_model_calls_is_unknown(records):
    """Nothing is guessed."""
    assert detect(Sample("x.jsonl", records)) == []


@pytest.mark.parametrize("key_order", [1, -1])
def test_the_order_of_keys_does_not_matter(key_order, sample):
    """Writers differ; the set of keys decides."""
    records = [dict(list(record.items())[::key_order]) for record in sample("bedrock_invocation.jsonl").records]

    assert [candidate.format for candidate in detect(Sample("x", records))] == ["bedrock_invocation"]


def test_labels_are_no_log(sample):
    """Ground truth beside simulated logs must not be read as evidence."""
    assert other_content(sample("labels.csv")) == "labels of accounts, not a log"


@pytest.mark.parametrize(
    ("name", "records", "reason"),
    [
        ("req-1_input.json.gz", [{"messages": [], "max_tokens": 5}], "body of an Amazon Bedrock call"),
        ("req-1_output.json", [{"generation": "x"}], "body of an Amazon Bedrock call"),
        ("req-1_input_media_00.pdf", ["%PDF"], "body of an Amazon Bedrock call"),
        ("amazon-bedrock-logs-permission-check", ["ok"], "permission check"),
    ],
)
def test_bodies_and_permission_checks_of_bedrock_are_no_records(name, records, reason):
    """They lie beside the records in the same bucket."""
    assert reason in other_content(Sample(name, records))


def test_records_in_a_file_named_like_a_body_are_still_records(sample):
    """A name alone never makes evidence disappear."""
    records = sample("bedrock_invocation.jsonl").records

    assert other_content(Sample("x_input.json.gz", records)) is None


@pytest.mark.parametrize("name", FORMAT_OF)
def test_logs_are_not_taken_for_something_else(name, sample):
    """Only files without records are ignored."""
    assert other_content(sample(name)) is None


def test_only_a_generic_log_gets_a_mapping(sample):
    """Options of known formats stay as they are."""
    options = Options(account_field="api_key_id")
    spec = load_formats()["litellm_payload"]

    assert resolve_options(spec, sample("litellm_payload.jsonl"), options) is options
    mapped = resolve_options(load_formats()["generic"], sample("generic.csv"), options)
    assert mapped.account_field == "api_key_id"
    assert mapped.mapping.columns["account_id"] == "user"


def test_a_generic_log_without_obvious_names_is_refused():
    """The examiner is told what to do."""
    with pytest.raises(InputRefusedError, match="expected both") as caught:
        resolve_options(load_formats()["generic"], Sample("x.jsonl", [{"when": 1, "who": 2}]), Options())

    assert "--mapping" in caught.value.hint


@pytest.mark.parametrize(
    "time",
    [
        "2026-05-04T03:02:01Z",
        "2026-05-04 03:02",
        "04.05.2026 03:02",
        "04/May/2026:03:02:01 +0000",
        1777863721,
        "1777863721500",
        1777863721.5,
        "May 4, 2026",
    ],
)
def test_pairs_with_a_time_under_any_name_are_no_pairs_without_times(time):
    """They would all be placed at one assumed time."""
    pair = {"request": {"model": "m"}, "response": {"id": "x"}}
    untimed = load_formats()["request_answer_pairs"].detection

    assert untimed.matches(pair | {"n": 12, "id": "2026", "took": 1.5, "is_ok": True})
    assert not untimed.matches(pair | {"recorded": time})
