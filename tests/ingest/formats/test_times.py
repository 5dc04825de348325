"""Times of every notation become the exact instant in UTC, computed here by Python's own arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distilforensics.core.errors import UsageError
from distilforensics.ingest.formats import FieldMapping, Options, load_formats, projection_of

TIME_ONLY = Options(mapping=FieldMapping({"started_at": "t", "ended_at": "e"}))


@pytest.fixture
def read(project):
    """Return (start in UTC, kind, resolution, flags, refusal) of a time."""

    def read(raw, options=TIME_ONLY):
        row = project("generic", [{"t": raw}], options)[0]
        return row["started_at"], row["time_kind"], row["time_resolution_us"], row["flags"], row["refusal_reason"]

    return read


MOMENT = datetime(2026, 2, 3, 4, 5, 6)
KEPT = [
    ("2026-02-03T04:05:06Z", MOMENT, "iso_offset", 1_000_000, []),
    ("2026-02-03T04:05:06.7Z", MOMENT + timedelta(milliseconds=700), "iso_offset", 100_000, []),
    ("2026-02-03T04:05:06.789012Z", MOMENT + timedelta(microseconds=789012), "iso_offset", 1, []),
    ("2026-02-03T04:05:06.789012999Z", MOMENT + timedelta(microseconds=789012), "iso_offset", 1, []),
    ("2026-02-03T09:35:06+05:30", MOMENT, "iso_offset", 1_000_000, []),
    ("2026-02-03T09:50:06.250+0545", MOMENT + timedelta(milliseconds=250), "iso_offset", 1000, []),
    ("2026-02-03 00:35:06-03:30", MOMENT, "iso_offset", 1_000_000, []),
    ("2026-02-02 16:05:06-12", MOMENT, "iso_offset", 1_000_000, []),
    ("2026-02-03 18:05:06+14:00", MOMENT, "iso_offset", 1_000_000, []),
    ("2026-02-03T03:35:06-00:30", MOMENT, "iso_offset", 1_000_000, []),
    ("2026-02-03 04:05:06 UTC", MOMENT, "iso_offset", 1_000_000, []),
    ("2026-02-03 04:05:06.5 +00:00", MOMENT + timedelta(milliseconds=500), "iso_offset", 100_000, []),
    ("2026-02-03t04:05:06z", MOMENT, "iso_offset", 1_000_000, []),
    ("2026-02-03T04:05Z", MOMENT - timedelta(seconds=6), "iso_offset", 60_000_000, []),
    ("2026-02-03 04:05:06.789", MOMENT + timedelta(milliseconds=789), "iso_naive", 1000, ["ts_naive"]),
    ("2026-02-03T04:05:06,789", MOMENT + timedelta(milliseconds=789), "iso_naive", 1000, ["ts_naive"]),
    ("2026/02/03 04:05:06", MOMENT, "iso_naive", 1_000_000, ["ts_naive"]),
    ("2026-02-03", datetime(2026, 2, 3), "iso_naive", 86_400_000_000, ["ts_naive"]),
    ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59), "iso_offset", 1_000_000, []),
    (1770091506, MOMENT, "epoch_s", 1_000_000, []),
    ("1770091506.789012", MOMENT + timedelta(microseconds=789012), "epoch_s", 1, []),
    (1770091506789, MOMENT + timedelta(milliseconds=789), "epoch_ms", 1000, []),
    ("1770091506789.5", MOMENT + timedelta(microseconds=789500), "epoch_ms", 100, []),
    (1770091506789012, MOMENT + timedelta(microseconds=789012), "epoch_us", 1, []),
    (1770091506789012345, MOMENT + timedelta(microseconds=789012), "epoch_ns", 1, []),
    ("03/Feb/2026:04:05:06 +0000", MOMENT, "clf", 1_000_000, []),
    ("03/Feb/2026:09:35:06 +0530", MOMENT, "clf", 1_000_000, []),
    ("02/Feb/2026:20:05:06 -0800", MOMENT, "clf", 1_000_000, []),
]
REFUSED = [
    None,
    "",
    "-",
    "yesterday",
    "now",
    "epoch",
    "infinity",
    "-infinity",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-03T25:00:00Z",
    "2026-02-03T04:05:60Z",
    "2026-02-03T04:05:06+19:00",
    "2026-02-03T04:05:06+05:75",
    "2026-02-03T04:05:06+05:30Z",
    "2026-02-03T04:05:06 PST",
    "2026-02-03T04:05:06 Europe/Berlin",
    "03/Feb/2026:04:05:06",
    "03/Feb/2026:04:05:06 +9900",
    "31/Feb/2026:04:05:06 +0000",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "2100-01-01T00:00:00Z",
    "99999-01-01T00:00:00Z",
    0,
    -1770091506,
    12.5,
    "1e400",
    "NaN",
    "nan",
    946684799,
    "1770091506789012345678901234567890123456789",
    True,
    {"t": 1},
    [1770091506],
]  # fmt: skip


@pytest.mark.parametrize(("raw", "instant", "kind", "resolution", "flags"), KEPT, ids=[str(case[0]) for case in KEPT])
def test_a_time_becomes_the_instant_it_names(raw, instant, kind, resolution, flags, read):
    """Offsets are applied, digits give the resolution, naive times are flagged."""
    assert (instant, kind, resolution, flags, None) == read(raw)


@pytest.mark.parametrize("raw", REFUSED, ids=str)
def test_an_impossible_time_is_refused_with_what_was_seen(raw, project):
    """The record goes to quarantine; its detail names the field, the value and what was expected."""
    row = project("generic", [{"t": raw}], TIME_ONLY)[0]

    assert row["refusal_reason"] == "invalid_timestamp"
    assert row["started_at"] is None
    assert "t" in row["refusal_detail"]
    assert "expected" in row["refusal_detail"]


def test_the_detail_of_a_refusal_cannot_carry_control_characters(project):
    """Log content is hostile also in error messages."""
    row = project("generic", [{"t": "\x1b[31m\r\n" + "x" * 5000}], TIME_ONLY)[0]

    assert row["refusal_detail"].isprintable()
    assert len(row["refusal_detail"]) < 500


MOMENTS = st.datetimes(datetime(2000, 1, 3), datetime(2099, 12, 28))
STYLES = ("{sign}{h:02}:{m:02}", "{sign}{h:02}{m:02}", " {sign}{h:02}:{m:02}")


@settings(max_examples=8, deadline=None)
@given(
    cases=st.lists(
        st.tuples(MOMENTS, st.integers(-18 * 60, 18 * 60), st.sampled_from("T "), st.sampled_from(STYLES)),
        min_size=60,
        max_size=60,
    )
)
def test_every_offset_is_applied_exactly(cases, project):
    """Any whole-minute offset, as Python's own arithmetic has it."""
    records = []
    for moment, minutes, separator, style in cases:
        hours, rest = divmod(abs(minutes), 60)
        suffix = style.format(sign="-" if minutes < 0 else "+", h=hours, m=rest)
        local = moment + timedelta(minutes=minutes)
        records.append({"t": local.isoformat(sep=separator, timespec="microseconds") + suffix})
    rows = project("generic", records, TIME_ONLY)

    assert [(case[0], "iso_offset") for case in cases] == [(row["started_at"], row["time_kind"]) for row in rows]


@settings(max_examples=8, deadline=None)
@given(moments=st.lists(MOMENTS, min_size=40, max_size=40))
def test_epoch_times_of_every_unit_are_exact(moments, project):
    """No float is involved, so that microseconds survive in every unit."""
    records, expected = [], []
    for moment in moments:
        microseconds = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)
        whole, rest = divmod(microseconds, 1_000_000)
        records += [
            f'{{"t": {whole}.{rest:06}}}',
            {"t": str(microseconds)},
            {"t": microseconds * 1000},
            {"t": microseconds // 1000},
        ]
        expected += [moment, moment, moment, moment.replace(microsecond=moment.microsecond // 1000 * 1000)]

    assert expected == [row["started_at"] for row in project("generic", records, TIME_ONLY)]


@settings(max_examples=6, deadline=None)
@given(cases=st.lists(st.tuples(MOMENTS, st.integers(-12 * 4, 14 * 4)), min_size=60, max_size=60))
def test_access_log_times_are_exact(cases, project):
    """Common log format with an offset of any quarter of an hour, through the format that has it."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    lines = []
    for moment, quarters in cases:
        local = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=15 * quarters)))
        stamp = f"{local:%d}/{months[local.month - 1]}/{local:%Y:%H:%M:%S %z}"
        lines.append(f'192.0.2.1 - - [{stamp}] "POST /v1/messages HTTP/1.1" 200 1 "-" "-"')

    assert [moment.replace(microsecond=0) for moment, _ in cases] == [
        row["started_at"] for row in project("nginx_combined", lines)
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-01-15 12:00:00", datetime(2026, 1, 15, 11)),
        ("2026-07-15 12:00:00", datetime(2026, 7, 15, 10)),
        ("2026-07-15 12:00:00Z", datetime(2026, 7, 15, 12)),
        ("2026-07-15 12:00:00+02:00", datetime(2026, 7, 15, 10)),
        (1784116800, datetime(2026, 7, 15, 12)),
    ],
)
def test_a_given_zone_applies_to_naive_times_only(raw, expected, read):
    """Summer and winter time of the zone are used; times with an offset and epoch times do not change."""
    options = Options(mapping=TIME_ONLY.mapping, assume_time_zone="Europe/Berlin")

    assert expected == read(raw, options)[0]


def test_the_zone_of_a_mapping_is_used_and_the_option_wins(read):
    """A mapping file may name the zone of its log; the command line is the last word."""
    mapping = FieldMapping({"started_at": "t"}, time_zone="Asia/Kolkata")
    noon = "2026-07-15 12:00:00"

    assert read(noon, Options(mapping=mapping))[0] == datetime(2026, 7, 15, 6, 30)
    assert read(noon, Options(mapping=mapping, assume_time_zone="UTC"))[0] == datetime(2026, 7, 15, 12)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe/Berlin'; select 1 --", "+05:30 or so"])
def test_an_unknown_zone_is_a_usage_error(zone):
    """Nothing is read with a zone that does not exist."""
    with pytest.raises(UsageError, match="expected an IANA name"):
        projection_of(load_formats()["litellm_payload"], Options(assume_time_zone=zone))


def test_a_given_unit_holds_against_the_size_of_the_number(read):
    """Milliseconds of 1970 in disguise: with the unit given, the size decides nothing."""
    seconds = Options(mapping=FieldMapping({"started_at": "t"}, time_unit="s"))

    assert (MOMENT, "epoch_s") == read(1770091506, seconds)[:2]
    assert read(1770091506789, seconds)[4] == "invalid_timestamp"


def test_an_unreadable_end_is_flagged_and_the_record_kept(project):
    """Only the start is needed to place an exchange in time."""
    row = project("generic", [{"t": "2026-02-03T04:05:06Z", "e": "later"}], TIME_ONLY)[0]

    assert (MOMENT, None, None, ["ended_at_unreadable"]) == (
        row["started_at"],
        row["ended_at"],
        row["latency_ms"],
        row["flags"],
    )


def test_latency_comes_from_start_and_end_where_it_is_not_logged(project):
    """End minus start, in milliseconds."""
    row = project("generic", [{"t": "2026-02-03T04:05:06Z", "e": "2026-02-03T05:05:07.5+01:00"}], TIME_ONLY)[0]

    assert row["latency_ms"] == 1500.0
