"""Mappings are read from files, told from obvious names, or refused; nothing is guessed."""

from __future__ import annotations

import tomllib
from datetime import datetime

import pytest

from distilforensics.core.errors import InputRefusedError, UsageError
from distilforensics.ingest.catalogue.mapping import json_path, parse_mapping
from distilforensics.ingest.formats import (
    FieldMapping,
    Options,
    Sample,
    automatic_mapping,
    load_formats,
    projection_of,
    read_mapping,
    suggest_mapping,
)

RECORD = {"timestamp": "2026-03-01T10:00:00Z", "user_id": "u-1", "model": "m", "prompt": "p"}


def sample_with(**fields):
    return Sample("x.jsonl", [RECORD | fields])


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("promptTokens", "input_tokens"),
        ("completion-tokens", "output_tokens"),
        ("User-Agent", "user_agent"),
        ("remote_addr", "client_ip"),
        ("maxTokens", "max_output_tokens"),
        ("sessionId", "session_id"),
        ("http_status", "http_status"),
        ("statusCode", "http_status"),
        ("api_key", "api_key_id"),
        ("completion", "response_text"),
        ("team", "tenant_id"),
        ("id", "request_id"),
    ],
)
def test_obvious_names_are_mapped_in_any_spelling(name, target):
    """Case, hyphens and underscores make no difference."""
    assert automatic_mapping(sample_with(**{name: "v"})).columns[target] == name


def test_an_object_of_usage_is_found():
    """Whose counts include what is told by its shape; a number of that name is no such object."""
    assert (
        automatic_mapping(sample_with(usage={"prompt_tokens": 1, "completion_tokens": 2})).columns["usage"] == "usage"
    )
    assert "usage" not in automatic_mapping(sample_with(usage=3)).columns


def test_two_fields_for_one_column_are_refused_with_both_named():
    """The examiner decides, not the order of fields."""
    with pytest.raises(InputRefusedError) as caught:
        automatic_mapping(sample_with(account_id="a-1"))

    assert "account_id could be 'account_id' or 'user_id'" in str(caught.value)
    assert "--mapping" in caught.value.hint


def test_two_fields_with_the_same_values_are_no_ambiguity():
    """Either is right then."""
    assert automatic_mapping(sample_with(account_id="u-1")).columns["account_id"] == "account_id"


def test_a_team_beside_an_organisation_is_a_project():
    """The smaller unit below the one that is billed."""
    mapping = automatic_mapping(sample_with(org_id="o", team_id="t"))

    assert ("org_id", "team_id") == (mapping.columns["tenant_id"], mapping.columns["project_id"])


def test_an_id_is_the_request_only_where_no_better_name_is_there():
    """`request_id` beside `id` is no ambiguity."""
    assert automatic_mapping(sample_with(id="1", request_id="2")).columns["request_id"] == "request_id"


@pytest.mark.parametrize("missing", ["timestamp", ("model", "prompt")])
def test_a_record_without_time_or_content_is_refused(missing):
    """Both are needed for a log of model calls."""
    record = {key: value for key, value in RECORD.items() if key != missing and key not in missing}
    with pytest.raises(InputRefusedError, match="expected both"):
        automatic_mapping(Sample("x.jsonl", [record]))


def test_a_web_server_log_in_json_is_recognised():
    """Path, address and status stand for a model call there."""
    record = {
        "time_iso8601": "2026-03-01T10:00:00Z",
        "request_uri": "/v1/messages",
        "remote_addr": "192.0.2.1",
        "status": "200",
        "request_time": "1.334",
    }

    suggestion = suggest_mapping(Sample("x.json", [record]))
    assert suggestion.is_log
    assert suggestion.columns["started_at"] == "time_iso8601"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("columns", "not valid TOML"),
        ("[column]\n", "unknown table 'column'"),
        ('[columns]\naccount = "a"\n', "unknown column 'account'"),
        ('[columns]\naccount_id = "a"\n', "started_at is not mapped"),
        ("[columns]\nstarted_at = 5\n", "expected names with texts"),
        ('[columns]\nstarted_at = ""\n', "started_at is not mapped"),
        ('[columns]\nstarted_at = "t"\n[constants]\nstarted_at = "x"\n', "both a column and a constant"),
        ('[columns]\nstarted_at = "t"\n[time]\nunit = "min"\n', "expected unit s, ms"),
        (
            '[columns]\nstarted_at = "t"\n[time]\ncalendar = "lunar"\n',
            "time. has the key 'calendar', expected day, unit, zone",
        ),
        ('[columns]\nstarted_at = "t"\n[time]\nis_end = 1\n', "is_end is '1', expected true or false"),
        ('[columns]\nstarted_at = "t"\n[time]\nrelative_to = "noon"\n', "relative_to is 'noon', expected a time"),
        ('[columns]\nstarted_at = "t"\n[numbers]\ndecimal = ";"\n', "decimal is ';', expected . or ,"),
        ('[columns]\nstarted_at = "t"\n[numbers]\nthousands = "."\n', "thousands is '.', expected one character"),
        ('[columns]\nstarted_at = "t"\n[rows]\nfield = "x"\n', "expected ..rows.."),
        ('[columns]\nstarted_at = "t"\n[files]\nfields = "t"\n', "fields is 't', expected a list"),
        ('[columns]\nstarted_at = "$.a[*]"\n', "without wildcards"),
        ('[columns]\nstarted_at = "$.a[["\n', "path is"),
    ],
)
def test_a_wrong_mapping_file_is_a_usage_error(content, message, tmp_path):
    """Each with what was seen."""
    path = tmp_path / "mapping.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message.replace("[", r"\[")):
        read_mapping(path)


def test_a_missing_mapping_file_is_a_usage_error(tmp_path):
    """And not a traceback."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")


def test_paths_constants_and_a_time_unit_are_applied(project, tmp_path):
    """The whole of a mapping file."""
    path = tmp_path / "mapping.toml"
    path.write_text(
        '[columns]\nstarted_at = "$.meta.at"\naccount_id = "$.who[0].id"\noutput_tokens = "a/b~c"\n'
        '[constants]\ngateway = "it\'s ours"\nmodel_served = "m"\n[time]\nunit = "ms"\n',
        encoding="utf-8",
    )
    record = {"meta": {"at": 1772359200500}, "who": [{"id": "u"}], "a/b~c": 7}
    row = project("generic", [record], Options(mapping=read_mapping(path)))[0]

    assert ("u", 7, "it's ours", "m", "epoch_ms") == (
        row["account_id"],
        row["output_tokens"],
        row["gateway"],
        row["model_served"],
        row["time_kind"],
    )


@pytest.mark.parametrize(
    "name", ["plain", "with space", "a.b", "a/b", "a~b", "*", "a[0]", "'quote'", '"', "$x y", "é", "0"]
)
def test_any_field_name_can_be_mapped(name, project):
    """Names are taken literally, whatever characters they have."""
    source = name if not name.startswith("$") else f'$."{name}"'
    mapping = FieldMapping({"started_at": "t", "account_id": source})
    row = project("generic", [{"t": 1772359200, name: "found"}], Options(mapping=mapping))[0]

    assert row["account_id"] == "found"
    assert json_path(source)


def test_generic_records_need_a_mapping():
    """Without one there is nothing to project."""
    with pytest.raises(UsageError, match="no mapping"):
        projection_of(load_formats()["generic"], Options())


def test_a_mapping_is_recorded_as_parameters():
    """Sorted, JSON-ready, complete: a changed mapping makes the stage run again."""
    mapping = FieldMapping({"started_at": "t", "account_id": "a"}, {"gateway": "g"}, "s", "UTC")

    assert {
        "columns": {"account_id": "a", "started_at": "t"},
        "constants": {"gateway": "g"},
        "time_unit": "s",
        "time_zone": "UTC",
    } == mapping.as_parameters()


@pytest.mark.parametrize(
    ("time", "written", "placed"),
    [
        ('lacks = "year"\nformat = "%d/%m %H:%M"', "31/12 23:59", datetime(2026, 12, 31, 23, 59)),
        ('lacks = "year"\nformat = "%d/%m %H:%M"', "01/02 00:10", datetime(2027, 2, 1, 0, 10)),
        ('lacks = "beginning"\nunit = "ms"', "1500", datetime(2026, 3, 2, 0, 0, 1, 500000)),
        ('lacks = "time"', None, datetime(2026, 3, 2)),
    ],
)
def test_a_log_that_lacks_something_of_its_times_is_placed_by_its_beginning(time, written, placed, project):
    """As formats of products are; without the beginning nothing is placed."""
    mapping = parse_mapping(tomllib.loads(f'[columns]\nstarted_at = "t"\n[time]\n{time}'), where="m.toml")
    record = {"u": 1} if written is None else {"t": written}

    assert mapping.begun(datetime(2026, 3, 2)).is_placeless is False
    (row,) = project("generic", [record], Options(mapping=mapping, log_began=datetime(2026, 3, 2)))
    assert (row["started_at"], "ts_assumed" in row["flags"]) == (placed, True)
    (row,) = project("generic", [record], Options(mapping=mapping))
    assert row["refusal_reason"] == "invalid_timestamp"


@pytest.mark.parametrize("time", ['lacks = "hour"', 'lacks = "year"'])
def test_what_times_lack_is_a_known_thing_and_a_year_needs_its_format(time):
    """Mistakes are named when the mapping is read."""
    with pytest.raises(UsageError, match="lacks"):
        parse_mapping(tomllib.loads(f'[columns]\nstarted_at = "t"\n[time]\n{time}'), where="m.toml")


def test_a_word_for_nothing_is_not_the_first_field_that_is_there(project):
    """A gateway writes `-` where nobody logged in; who called stands in the next field."""
    mapping = FieldMapping(
        {"started_at": "t", "account_id": ("login", "caller"), "prompt_text": ("p", "q")}, null_words=("(none)",)
    )
    records = [
        {"t": 1777863721, "login": word, "caller": "ada", "p": "-", "q": "other"} for word in ("-", "", None, "(none)")
    ]
    rows = project("generic", records, Options(mapping=mapping))

    assert [(row["account_id"], row["prompt_text"]) for row in rows] == [("ada", None)] * 4
