"""The figures of the report, drawn from rows that the queries returned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.report.svg import FAILED, GRID, INK, KINDS, OTHER, OWN, SOFT, Drawing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from markupsafe import Markup

    from distilforensics.report.language import Language
    from distilforensics.report.ledger import Row

WIDTH = 680
_LEFT = 92
MOST_DAYS = 31
_BAND = "#e3ecf7"
_TIE_WORDS = {"payment": "payment method", "signup": "sign-up within ten minutes", "ip": "address"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with what it shows, in words, and where its rows are."""

    anchor: str
    caption: str
    description: str
    svg: Markup
    rows: Row
    """Number and digest of the rows drawn."""
    number: int
    exhibit: str
    """File with the rows, below report/."""


def strips(
    accounts: Sequence[Row], ticks: Sequence[Row], days: Sequence[date], names: Mapping[str, str], language: Language
) -> Drawing:
    """Draw every request of the drawn accounts as ticks: members above, others below."""
    row_height, top = 11, 16
    members = [row["account_id"] for row in accounts if row["is_member"]]
    others = [row["account_id"] for row in accounts if not row["is_member"]]
    height = top + row_height * (len(members) + len(others)) + 44
    drawing = Drawing(WIDTH, height, language)
    scale = (WIDTH - _LEFT - 4) / 1200
    places: dict[str, dict[int, list[float]]] = {}
    for tick in ticks:
        kinds = places.setdefault(tick["account_id"], {1: [], 2: [], 3: []})
        kinds[tick["kind"]].append(_LEFT + scale * tick["place"])
    y = float(top)
    for title, group in (("Accounts of the group", members), ("Other accounts", others)):
        drawing.label(0, y - 4, title, size=10.5, is_bold=True)
        for account in group:
            drawing.text(_LEFT - 6, y + 8, names.get(account, account[-6:]), size=9, anchor="end", colour=SOFT)
            drawing.line(_LEFT, y + 9.5, WIDTH - 4, y + 9.5, "#eceef1", 0.6)
            for kind, colour in ((1, OTHER), (2, OWN), (3, FAILED)):
                drawing.ticks(
                    places.get(account, {}).get(kind, []),
                    y + (0 if kind == 3 else 1),
                    9.5 if kind == 3 else 8,
                    colour,
                    1.6 if kind == 3 else 0.9,
                )
            y += row_height
        y += 16
    _days(drawing, days, top, y - 14)
    return drawing


def _days(drawing: Drawing, days: Sequence[date], top: float, bottom: float) -> None:
    if not days:
        return
    n_days = (days[-1] - days[0]).days + 1
    step = (WIDTH - _LEFT - 4) / n_days
    every = math.ceil(n_days / 8)
    for place in range(0, n_days, every):
        x = _LEFT + place * step
        drawing.line(x, top, x, bottom, GRID, 0.7)
        drawing.text(
            x + 2,
            bottom + 11,
            drawing.language.shown(days[0].fromordinal(days[0].toordinal() + place), "tick"),
            size=9,
            colour=SOFT,
        )


def matrix(pairs: Sequence[Row], names: Mapping[str, str], language: Language) -> Drawing:
    """Draw who hands to whom: a square of accounts, a dot where the row's account handed to the column's."""
    accounts = sorted({row["account_id"] for row in pairs} | {row["next_account"] for row in pairs})[:40]
    place = {account: number for number, account in enumerate(accounts)}
    cell, left, top = min(14.0, 440 / max(1, len(accounts))), 150.0, 64.0
    drawing = Drawing(WIDTH, top + cell * len(accounts) + 8, language)
    drawing.label(0, 12, "from (rows)", size=10.5, is_bold=True)
    drawing.label(left, 12, "to (columns), in the order of the rows", size=10.5, is_bold=True)
    for account, number in place.items():
        y = top - 44 + 14 + number * cell
        drawing.text(
            left - 8, y + cell * 0.75, names.get(account, account[-6:]), size=min(9, cell), anchor="end", colour=SOFT
        )
        drawing.line(left, y, left + cell * len(accounts), y, "#e4e7eb", 0.6)
        drawing.line(
            left + number * cell, top - 30, left + number * cell, top - 30 + cell * len(accounts), "#e4e7eb", 0.6
        )
        drawing.rect(left + number * cell, y, cell, cell, "#f0f1f3")
    for row in pairs:
        if row["account_id"] in place and row["next_account"] in place:
            x, y = left + (place[row["next_account"]] + 0.5) * cell, top - 30 + (place[row["account_id"]] + 0.5) * cell
            drawing.circle(x, y, min(cell / 2 - 0.5, 2.6 + row["n"]), OWN)
    drawing.height = top - 30 + cell * len(accounts) + 6
    return drawing


def loads(rows: Sequence[Row], band: Row, language: Language) -> Drawing:
    """Draw one dot per account by its number of requests: members above the line, others below, the band of chance shaded."""
    half, step = 92, 7.0
    drawing = Drawing(WIDTH, 2 * half + 46, language)
    axis = half + 18.0
    largest = max((row["n_requests"] for row in rows), default=1) or 1
    span = WIDTH - 40

    def place(n: float) -> float:
        return 20 + span * math.log10(max(n, 1)) / math.log10(max(largest, 10))

    if band:
        low, high = place(max(1, band["chance_low"])), place(band["chance_high"])
        drawing.rect(low, 18, max(2, high - low), half, _BAND)
        drawing.label((low + high) / 2, 12, "by chance", size=9.5, anchor="middle", colour=SOFT)
    steps = (1, 2, 5) if largest <= 2_000 else (1,)
    for tick in (step_of * 10**power for power in range(len(str(largest))) for step_of in steps):
        if tick <= largest:
            drawing.line(place(tick), axis, place(tick), axis + half + 12, "#e4e7eb", 0.6)
            drawing.label(place(tick), axis + half + 24, f"{tick:,}", size=9.5, anchor="middle", colour=SOFT)
    for is_member, colour, direction in ((True, OWN, -1), (False, OTHER, 1)):
        bins: dict[int, int] = {}
        for row in rows:
            if row["is_member"] == is_member and row["n_requests"] > 0:
                slot = int(place(row["n_requests"]) / step)
                bins[slot] = bins.get(slot, 0) + row["n_accounts"]
        tallest = max(bins.values(), default=1)
        gap = min(6.0, (half - 8) / tallest)
        for slot, n in sorted(bins.items()):
            x = (slot + 0.5) * step
            if gap >= 2.4:
                for level in range(n):
                    drawing.circle(x, axis + direction * ((level + 0.5) * gap + 2), min(2.8, gap / 2), colour)
            else:
                tall = n * gap
                drawing.rect(x - 2.5, axis - tall if direction < 0 else axis, 5, tall, colour)
    drawing.line(20, axis, 20 + span, axis, INK)
    drawing.label(20, 28, "accounts of the group", size=10.5, is_bold=True, colour=OWN)
    drawing.label(20 + span, axis + half - 4, "all other accounts", size=10.5, is_bold=True, colour=SOFT, anchor="end")
    drawing.label(20 + span, axis - 4, "requests", size=9.5, anchor="end", colour=SOFT)
    return drawing


def load_days(rows: Sequence[Row], language: Language) -> Drawing:
    """Draw one dot per account and day, with the band in which chance would put most of them."""
    days = sorted({row["day"] for row in rows})
    drawing = Drawing(WIDTH, 176, language)
    top, bottom, left = 16.0, 154.0, 40.0
    drawing.label(0, 10, "requests", size=9.5, colour=SOFT)
    largest: int = max(row["n_requests"] for row in rows)
    step = (WIDTH - left - 10) / len(days)

    def height(n: float) -> float:
        return bottom - (bottom - top) * n / (1.1 * largest)

    for value in (0, largest // 2, largest):
        drawing.line(left, height(value), WIDTH - 10, height(value), "#e4e7eb", 0.6)
        drawing.text(left - 6, height(value) + 3, value, size=9.5, anchor="end", colour=SOFT)
    for number, day in enumerate(days):
        own = [row for row in rows if row["day"] == day]
        n_accounts = sum(row["n_accounts"] for row in own)
        mean = sum(row["n_requests"] * row["n_accounts"] for row in own) / n_accounts
        spread = 2 * math.sqrt(mean * (1 - 1 / n_accounts)) if n_accounts > 1 else 0
        x, wide = left + number * step, step * 0.86
        low, high = height(max(0, mean - spread)), height(mean + spread)
        drawing.rect(x, high, wide, low - high, _BAND)
        for row in own:
            gap = min(5.0, wide / max(1, row["n_accounts"]))
            first = x + wide / 2 - gap * (row["n_accounts"] - 1) / 2
            for level in range(min(row["n_accounts"], 200)):
                drawing.circle(first + level * gap, height(row["n_requests"]), min(2.2, max(0.8, gap / 2)), OWN)
        if len(days) <= 10 or number % math.ceil(len(days) / 10) == 0:
            drawing.text(x + wide / 2, bottom + 14, language.shown(day, "tick"), size=9.5, anchor="middle", colour=SOFT)
    return drawing


def network(members: Sequence[Row], values: Sequence[Row], names: Mapping[str, str], language: Language) -> Drawing:
    """Draw accounts on a circle, and inside of it what some of them share, each kind with a colour and a shape of its own."""
    drawing = Drawing(WIDTH, 410, language)
    middle_x, middle_y, radius = 270.0, 205.0, 158.0
    spot = {}
    for number, row in enumerate(members):
        angle = 2 * math.pi * number / max(1, len(members)) - math.pi / 2
        spot[row["account_id"]] = (middle_x + radius * math.cos(angle), middle_y + radius * math.sin(angle))
    kinds = sorted({row["attribute"] for row in values}, key=list(_TIE_WORDS).index)
    for row in values:
        colour = KINDS[list(_TIE_WORDS).index(row["attribute"])]
        ends = [spot[account] for account in row["members"] if account in spot]
        if len(ends) < 2:
            continue
        pull = {"payment": 0.86, "signup": 0.62, "ip": 0.74}[row["attribute"]]
        x = middle_x + pull * (sum(end[0] for end in ends) / len(ends) - middle_x)
        y = middle_y + pull * (sum(end[1] for end in ends) / len(ends) - middle_y)
        for end in ends:
            drawing.line(
                end[0], end[1], x, y, colour, 0.8, {"payment": "", "signup": "5 2", "ip": "1.5 2"}[row["attribute"]]
            )
        _shape(drawing, row["attribute"], x, y, colour)
    for account, (x, y) in spot.items():
        drawing.circle(x, y, 5, "#ffffff", INK)
        if len(spot) <= 32:
            across, down = (x - middle_x) / radius, (y - middle_y) / radius
            side = "middle" if abs(across) < 0.12 else "start" if across > 0 else "end"
            drawing.text(x + 10 * across, y + 12 * down + 3.5, names.get(account, ""), size=9, colour=SOFT, anchor=side)
    for number, kind in enumerate(kinds):
        y = 40.0 + 24 * number
        _shape(drawing, kind, 488, y, KINDS[list(_TIE_WORDS).index(kind)])
        drawing.label(500, y + 4, f"shared {_TIE_WORDS[kind]}", size=10.5)
    drawing.circle(488, 40.0 + 24 * len(kinds), 5, "#ffffff", INK)
    drawing.label(500, 44.0 + 24 * len(kinds), "account", size=10.5)
    return drawing


def _shape(drawing: Drawing, kind: str, x: float, y: float, colour: str) -> None:
    if kind == "payment":
        drawing.rect(x - 4.5, y - 4.5, 9, 9, colour)
    elif kind == "signup":
        drawing.path(f"M{x:.1f} {y - 5.5:.1f}l5.5 10h-11z", colour, 1, colour)
    else:
        drawing.circle(x, y, 4, colour)


def waterfall(parts: Sequence[Row], words: Mapping[str, str], language: Language) -> Drawing:
    """Draw what the weight of one pair is the sum of, one bar per shared or differing value."""
    drawing = Drawing(WIDTH, 26 * (len(parts) + 1) + 22, language)
    left = 300.0
    low = high = total = 0.0
    for row in parts:
        total += row["bits"]
        low, high = min(low, total), max(high, total)
    scale = (WIDTH - left - 60) / max(1.0, high - low)
    zero = left - low * scale
    before = 0.0
    for number, row in enumerate(parts):
        y, after = 8.0 + 26 * number, before + row["bits"]
        start, end = zero + scale * min(before, after), zero + scale * max(before, after)
        word = words.get(row["attribute"], row["attribute"])
        drawing.label(
            left - 12,
            y + 12,
            f"{word} ({row['n_accounts']:,} accounts of the log)" if row["n_accounts"] else f"{word} (differs)",
            size=10.5,
            anchor="end",
        )
        drawing.rect(start, y + 1, max(1.5, end - start), 16, OWN if row["bits"] >= 0 else FAILED)
        drawing.text(end + 5, y + 13, f"{row['bits']:+.1f}", size=10.5)
        before = after
    y = 8.0 + 26 * len(parts)
    drawing.label(left - 12, y + 12, "together, in bits", size=10.5, anchor="end", is_bold=True)
    drawing.rect(min(zero, zero + scale * total), y + 1, abs(scale * total), 16, SOFT)
    drawing.text(zero + scale * max(total, 0) + 5, y + 13, f"{parts[0]['total_bits']:.1f}", size=10.5, is_bold=True)
    drawing.line(zero, 4, zero, y + 20, INK, 0.8)
    return drawing


def fact_weights(rows: Sequence[Row], language: Language) -> Drawing:
    """Draw what the facts of a group weigh: bars of those that count, end to end; below the floor an empty bar; unweighed ones in words."""
    drawing = Drawing(WIDTH, 24.0 * (len(rows) + 1) + 14, language)
    left, total = 390.0, sum(row["bits"] for row in rows if row["is_counted"])
    scale = (WIDTH - left - 60) / max(1.0, total, *(row["bits"] for row in rows))
    before = 0.0
    for number, row in enumerate(rows):
        y = 6.0 + 24 * number
        drawing.label(
            left - 12,
            y + 12,
            row["title"],
            size=10,
            anchor="end",
            colour=INK if row["is_counted"] else SOFT,
        )
        if not row["is_counted"]:
            drawing.rect(left, y + 2, max(1.5, scale * row["bits"]), 13, "#ffffff", OTHER)
            note = f"{row['bits']:.1f}, not counted"
            drawing.label(left + scale * row["bits"] + 5, y + 12, note, size=9.5, colour=SOFT)
        elif row["bits"] > 0:
            start, end = left + scale * before, left + scale * (before + row["bits"])
            drawing.rect(start, y + 1, max(1.5, end - start), 15, OWN)
            near_edge = end > WIDTH - 45
            drawing.text(
                start - 5 if near_edge else end + 5,
                y + 12,
                f"{row['bits']:+.1f}",
                size=10,
                anchor="end" if near_edge else "start",
            )
            before += row["bits"]
        else:
            drawing.label(left + 5, y + 12, "counted, not weighed", size=9.5, colour=SOFT)
    y = 6.0 + 24 * len(rows)
    drawing.label(left - 12, y + 12, "together, in bits", size=10, anchor="end", is_bold=True)
    drawing.rect(left, y + 1, max(1.5, scale * total), 15, SOFT)
    drawing.text(left + scale * total + 5, y + 12, f"{total:.1f}", size=10, is_bold=True)
    drawing.line(left, 4, left, y + 18, INK, 0.8)
    return drawing


def left_out(rows: Sequence[Row], language: Language) -> Drawing:
    """Draw the grade that is left if one part of the evidence is left out: three full squares for strong, none if no grade is left."""
    drawing = Drawing(WIDTH, 20.0 * len(rows) + 22, language)
    drawing.label(470, 12, "grade that is left without it", size=9.5, colour=SOFT)
    for number, row in enumerate(rows):
        y = 20.0 + 20 * number
        drawing.label(0, y + 12, row["left_out"], size=10)
        for place in range(3):
            is_left = place < row["rank_left"]
            is_lost = place < row["rank"] and not is_left
            drawing.rect(470 + 16.0 * place, y + 2, 12, 12, OWN if is_left else "#ffffff", FAILED if is_lost else OWN)
        word = row["grade_left"] if row["rank_left"] else "none"
        drawing.label(526, y + 12, word, size=10, is_bold=row["rank_left"] < row["rank"])
    return drawing
