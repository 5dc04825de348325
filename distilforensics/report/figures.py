"""The drawings of the report: restrained, static, readable in grey, each with the table it is drawn from.

Vega-Lite specifications are rendered by vl-convert without network and with the font that it brings along, so that the
bytes do not depend on the machine. Texts of the log reach a drawing through `label` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import vl_convert

from distilforensics.core.text import show
from distilforensics.report.context import Figure
from distilforensics.report.svg import reduced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from distilforensics.report.context import DataTable

WIDTH = 660
"""Width of the drawing area in units of the view box; the figure is as wide as the text column."""

INK = "#14213d"
GREY = "#9aa1ab"
LABEL_CHARS = 26
LABEL_WIDTH = 76
"""Room for a date below an axis, in units of the view box."""

RAMP = ("#d3d9e1", "#aab4c3", "#7b88a0", "#4a5875", "#14213d")
"""Five steps from light to dark; they stay apart when printed in grey."""

_CONFIG = {
    "font": "Liberation Sans",
    "background": None,
    "padding": {"left": 4, "top": 4, "right": 14, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "labelColor": "#222", "titleColor": "#222", "gridColor": "#dcdfe4",
        "domainColor": "#555", "tickColor": "#555", "labelLimit": 400, "titleLimit": 600, "tickSize": 4,
    },
    "header": {"labelFontSize": 11.5, "labelFontWeight": "bold", "labelColor": "#222", "labelLimit": 640, "title": None, "labelAnchor": "start"},
    "legend": {
        "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "orient": "bottom", "symbolType": "square", "symbolSize": 150,
        "labelLimit": 200, "titleLimit": 400, "symbolStrokeWidth": 0.5, "symbolStrokeColor": "#555", "columnPadding": 18, "direction": "horizontal",
    },
    "title": {"fontSize": 12, "anchor": "start", "fontWeight": "bold", "color": "#222", "offset": 6},
}  # fmt: skip


def label(value: object, limit: int = LABEL_CHARS) -> str:
    """Return a text of the log as a label: escaped, cut in the middle so that both ends stay."""
    text = show(value)
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def figure(chart: Any, *, anchor: str, caption: str, description: str, data: DataTable) -> Figure:  # noqa: ANN401 - altair is untyped
    """Return a chart as a figure of the report."""
    source = vl_convert.vegalite_to_svg(chart.to_json(), config=_CONFIG, allowed_base_urls=[], show_warnings=False)
    svg = reduced(source, anchor=anchor, title=caption, description=description)
    return Figure(anchor=anchor, caption=caption, description=description, svg=svg, data=data)


def daily_bars(panels: Mapping[str, Mapping[date, int]], days: Sequence[date]) -> Any:  # noqa: ANN401 - altair is untyped
    """Return bars per day, one panel below the other with its own scale.

    Args:
        panels: Heading of the panel -> day -> count.
        days: All days of the axis, without holes.
    """
    names = [day.isoformat() for day in days]
    ticks = _thinned(names, 9)
    height = 120 if len(panels) > 1 else 170
    charts = []
    for place, (heading, counts) in enumerate(panels.items()):
        is_last = place == len(panels) - 1
        values = [{"day": day.isoformat(), "n": counts.get(day, 0)} for day in days]
        axis = alt.Axis(
            values=ticks,
            labels=is_last,
            ticks=is_last,
            labelAngle=0,
            title="UTC day" if is_last else None,
            grid=False,
            labelOverlap=False,
        )
        bars = (
            alt.Chart(alt.Data(values=values), title=heading, width=WIDTH, height=height)
            .mark_bar(color=INK if place == 0 else GREY)
            .encode(
                x=alt.X("day:O", scale=alt.Scale(domain=names, paddingInner=0.15), axis=axis),
                y=alt.Y(
                    "n:Q",
                    title="exchanges",
                    axis=alt.Axis(tickCount=4, format=",d", minExtent=48, maxExtent=48, tickMinStep=1),
                ),
            )
        )
        charts.append(bars)
    return alt.vconcat(*charts, spacing=22)


def heat_map(cells: Sequence[Mapping[str, Any]], columns: Sequence[str], *, unit: str) -> Any:  # noqa: ANN401 - altair is untyped
    """Return counts by column (a day or a week) and hour of the day in five steps of grey; white means none.

    Args:
        cells: `column`, `hour` and `n` > 0.
        columns: All columns in order, without holes.
        unit: Title of the horizontal axis.
    """
    highest = max((cell["n"] for cell in cells), default=1)
    bounds = _bounds(highest)
    classes = [_class_name([*bounds, highest + 1], step) for step in range(len(bounds))]
    values = [{"column": c["column"], "hour": c["hour"], "class": classes[_class_of(bounds, c["n"])]} for c in cells]
    size = max(7, min(60, WIDTH // max(1, len(columns))))
    return (
        alt.Chart(alt.Data(values=values), width=size * len(columns), height=24 * 11)
        .mark_rect(stroke="#ffffff", strokeWidth=0.5)
        .encode(
            x=alt.X(
                "column:O",
                title=unit,
                scale=alt.Scale(domain=list(columns)),
                axis=alt.Axis(
                    values=_thinned(columns, size * len(columns) // LABEL_WIDTH), labelAngle=0, labelOverlap=False
                ),
            ),
            y=alt.Y(
                "hour:O",
                title="hour of the day (UTC)",
                scale=alt.Scale(domain=list(range(24))),
                axis=alt.Axis(values=[0, 3, 6, 9, 12, 15, 18, 21, 23], minExtent=26, maxExtent=26),
            ),
            color=alt.Color(
                "class:O",
                title="exchanges per cell (white: none)",
                scale=alt.Scale(domain=classes, range=list(_ramp(len(classes)))),
            ),
        )
        .configure_view(stroke="#aab0b8", strokeWidth=0.6)
    )


def load_bars(panels: Mapping[str, Sequence[Mapping[str, Any]]], bins: Sequence[str]) -> Any:  # noqa: ANN401 - altair is untyped
    """Return the number of accounts per class of load, one panel below the other, with the number written on each bar.

    Args:
        panels: Heading -> rows with `bin` and `n`.
        bins: All classes of the axis in order.
    """
    charts = []
    for place, (heading, rows) in enumerate(panels.items()):
        is_last = place == len(panels) - 1
        top = round(1.2 * max((row["n"] for row in rows), default=1), 2)
        base = alt.Chart(alt.Data(values=[dict(row) for row in rows]), title=heading, width=WIDTH, height=88).encode(
            x=alt.X(
                "bin:O",
                scale=alt.Scale(domain=list(bins), paddingInner=0.12),
                axis=alt.Axis(
                    labels=is_last,
                    ticks=is_last,
                    labelAngle=0,
                    title="exchanges per account in the window (lower end of each class)" if is_last else None,
                    labelFontSize=10,
                ),
            ),
            y=alt.Y(
                "n:Q",
                title="accounts",
                scale=alt.Scale(domain=[0, top]),
                axis=alt.Axis(tickCount=3, format=",d", minExtent=48, maxExtent=48, tickMinStep=1),
            ),
        )
        bars = base.mark_bar(color=GREY if is_last else INK)
        numbers = base.mark_text(dy=-6, fontSize=10, color="#222").encode(text=alt.Text("n:Q", format=",d"))
        charts.append(bars + numbers)
    return alt.vconcat(*charts, spacing=18)


def link_matrix(labels: Sequence[str], numbers: Sequence[int], pairs: Mapping[tuple[int, int], float]) -> Any:  # noqa: ANN401 - altair is untyped
    """Return the match weights between members as squares: the larger and darker, the heavier.

    Args:
        labels: Labels of the members, one row each.
        numbers: Numbers of the members, one column each.
        pairs: Places of two members, the larger one first -> weight in bits.
    """
    bounds = [0, 10, 20, 30, 40]
    names = ["below 10", "10 to 20", "20 to 30", "30 to 40", "40 and more"]
    values = [
        {"row": labels[row], "column": numbers[column], "class": names[_class_of(bounds, weight)]}
        for (row, column), weight in sorted(pairs.items())
    ]
    step = max(14, min(20, 480 // max(1, len(labels))))
    return (
        alt.Chart(alt.Data(values=values), width=step * len(labels), height=step * len(labels))
        .mark_square(opacity=1, stroke="#4a5875", strokeWidth=0.5)
        .encode(
            x=alt.X(
                "column:O",
                title="No. of the member",
                scale=alt.Scale(domain=list(numbers)),
                axis=alt.Axis(labelAngle=0, grid=True, labelFontSize=9),
            ),
            y=alt.Y(
                "row:O",
                title=None,
                scale=alt.Scale(domain=list(labels)),
                axis=alt.Axis(grid=True, minExtent=190, maxExtent=190, labelFontSize=10),
            ),
            color=alt.Color("class:O", title="match weight, bits", scale=alt.Scale(domain=names, range=list(RAMP))),
            size=alt.Size(
                "class:O", title="match weight, bits", scale=alt.Scale(domain=names, range=[30, 60, 95, 135, 175])
            ),
        )
    )


def _thinned(names: Sequence[str], n_most: int) -> list[str]:
    step = -(-len(names) // max(1, n_most))
    return list(names[:: max(1, step)])


def _bounds(highest: int) -> list[int]:
    """Return the lower ends of up to five classes up to `highest`, whole numbers, each class about as wide as the next."""
    width = max(1, -(-highest // len(RAMP)))
    return [1 + step * width for step in range(len(RAMP)) if 1 + step * width <= highest]


def _class_name(bounds: Sequence[int], step: int) -> str:
    last = bounds[step + 1] - 1
    return f"{bounds[step]:,}" if last == bounds[step] else f"{bounds[step]:,} to {last:,}"


def _class_of(bounds: Sequence[float], value: float) -> int:
    return max(step for step, bound in enumerate(bounds) if value >= bound)


def _ramp(n_classes: int) -> Sequence[str]:
    """Return as many steps as there are classes, from the whole range between light and dark."""
    places = {1: (3,), 2: (1, 4), 3: (0, 2, 4), 4: (0, 1, 3, 4)}
    return [RAMP[place] for place in places[n_classes]] if n_classes in places else RAMP
