"""Drawings: reduced to a short list of elements, deterministic, labels whole, classes of values without gaps."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from distilforensics.report import figures
from distilforensics.report.chapters.pictures import all_days, days_of_weeks
from distilforensics.report.svg import reduced

EVIL = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10.123456 10" width="10" height="10"
 onload="x()"><script>x()</script><style>*{}</style><a xlink:href="https://evil.example"><text>in a link</text></a>
<image href="https://evil.example/x.png"/><foreignObject><b>x</b></foreignObject><use href="#x"/>
<g clip-path="url(#c)" id="same"><path d="M0.123456,-0.01L2.999999,3e-7" fill="url(#g)" onclick="x()" style="x"/>
<text font-size="11">&lt;b&gt; &amp; "q"</text></g></svg>"""


def test_only_listed_elements_and_attributes_are_kept():
    """Scripts, links, images, styles, event attributes and references are left out; text stays text."""
    svg = str(reduced(EVIL, anchor="fig", title="<t>", description='"d"'))

    assert [] == [
        word
        for word in (
            "script",
            "onload",
            "onclick",
            "evil",
            "href",
            "image",
            "foreign",
            "style",
            "url(",
            'id="same"',
            "in a link",
        )
        if word in svg
    ]
    assert "&lt;b&gt; &amp; &#34;q&#34;" in svg
    assert '<title id="fig-title">&lt;t&gt;</title><desc id="fig-desc">&#34;d&#34;</desc>' in svg


def test_numbers_are_rounded_to_a_tenth():
    """Differences in the last digits of a machine do not reach the page."""
    svg = str(reduced(EVIL, anchor="fig", title="t", description="d"))

    assert 'd="M0.1,0L3,0"' in svg
    assert 'fill="#d3d9e1"' in str(
        reduced(EVIL.replace("<g clip", '<rect fill="#d3d9e1"/><g clip'), anchor="fig", title="t", description="d")
    )
    assert 'viewBox="0 0 10.1 10"' in svg


def test_long_labels_keep_both_ends_and_hostile_ones_are_escaped():
    """Account ids often differ at the end."""
    assert "organisatio…account-0001" == figures.label("organisation-with-a-long-name-account-0001", 24)
    assert "a\\u202eb" == figures.label("a\u202eb")


@pytest.mark.parametrize("highest", [1, 2, 3, 4, 5, 6, 7, 19, 100, 101, 4_999])
def test_classes_of_the_heat_map_cover_every_value_once(highest):
    """Every count from 1 to the highest falls into the class whose name contains it."""
    bounds = figures._bounds(highest)
    names = [figures._class_name([*bounds, highest + 1], step) for step in range(len(bounds))]

    assert len(names) == len(set(names)) <= len(figures.RAMP)
    for value in range(1, highest + 1):
        low, _, high = names[figures._class_of(bounds, value)].replace(",", "").partition(" to ")
        assert int(low) <= value <= int(high or low)


def test_all_days_has_no_holes_and_weeks_start_on_mondays():
    """Days without an exchange are part of the axis."""
    days = all_days([date(2026, 3, 9), date(2026, 3, 1)])

    assert [date(2026, 3, 1) + timedelta(days=n) for n in range(9)] == days
    assert [date(2026, 2, 23), date(2026, 3, 2), date(2026, 3, 9)] == days_of_weeks(days)
    assert [] == all_days([])


def test_labels_of_a_drawing_lie_inside_its_frame(full):
    """No text starts left of the frame or below it; the view box leaves room on all sides."""
    for figure in full.all(".//figure"):
        for svg in (element for element in figure.iter() if element.tag.endswith("svg")):
            _, _, width, height = (float(part) for part in svg.get("viewBox").split())
            assert 150 < width < 900
            assert 100 < height < 900
            assert svg.get("width") == svg.get("viewBox").split()[2]


def test_long_windows_are_drawn_by_week(render):
    """More than 62 days give columns of weeks, so that cells stay readable."""
    report = render(
        rewrite=lambda row: row | {"started_at": row["started_at"] + 5 * (row["started_at"] - date_start(row))}
    )

    assert "exchanges by week and hour of the day" in report.text("campaign-c-1-heat")


def date_start(row):
    """Return the start of the invented log in the type of the row."""
    return row["started_at"].replace(month=3, day=2, hour=0, minute=0, second=0)


@pytest.mark.parametrize("n_days", [1, 2, 3, 4, 7, 10, 31, 62])
def test_dates_below_the_heat_map_do_not_overlap(n_days):
    """Labels stand at least as far apart as a date is wide."""
    days = [(date(2026, 3, 1) + timedelta(days=n)).isoformat() for n in range(n_days)]
    chart = figures.heat_map([{"column": days[0], "hour": 3, "n": 2}], days, unit="UTC day").to_dict()
    shown = [days.index(day) for day in chart["encoding"]["x"]["axis"]["values"]]
    step = chart["width"] / n_days

    assert days[0] in chart["encoding"]["x"]["axis"]["values"]
    assert [] == [(a, b) for a, b in pairwise(shown) if (b - a) * step < 70]
