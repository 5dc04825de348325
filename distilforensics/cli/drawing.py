"""Small drawings in text: rows of bars that fit a terminal, in block characters where the output can write them and in ASCII elsewhere."""

from __future__ import annotations

import sys
import textwrap
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#@"


def bars(values: Sequence[float], most: float | None = None) -> str:
    """Return one character per value, as high as its share of the largest; anything above zero is seen.

    Args:
        values: Numbers of zero and more.
        most: What fills a character; the largest value if omitted.
    """
    signs = BLOCKS if _can_write(BLOCKS) else ASCII
    top = (max(values, default=0) if most is None else most) or 1
    last = len(signs) - 1
    return "".join(signs[0 if value <= 0 else min(last, max(1, round(last * value / top)))] for value in values)


def summed(values: Sequence[float], width: int) -> tuple[list[float], int]:
    """Return sums of as many neighbours as it takes for the row to fit, and how many each is the sum of."""
    step = max(1, -(-len(values) // width))
    return [sum(values[start : start + step]) for start in range(0, len(values), step)], step


def spark(rows: Sequence[Mapping[str, Any]], width: int) -> Iterator[str]:
    """Yield one row of bars of the requests per hour of a campaign, and what one bar stands for."""
    sent = hours(rows, "n_exchanges")
    label = "requests per {}"
    columns, step = summed(sent, width - 9 - 2 - len(label) - 8)
    yield f"{'':9}{bars(columns)}  {label.format('hour' if step == 1 else f'{step} hours')}"


def hours(rows: Sequence[Mapping[str, Any]], column: str) -> list[float]:
    """Return a column of rows that have an `hour`, one value per hour from the first to the last, 0 where no row is."""
    first, last = rows[0]["hour"], rows[-1]["hour"]
    values = [0.0] * (int((last - first) / timedelta(hours=1)) + 1)
    for row in rows:
        values[int((row["hour"] - first) / timedelta(hours=1))] = row[column]
    return values


def paragraph(text: str, width: int, indent: str = "", *, most: int | None = None) -> Iterator[str]:
    """Yield a text in lines of a width, those after the first one indented; what is beyond `most` lines is cut with dots."""
    lines = textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], textwrap.shorten(f"{lines[most - 1]} " + "x" * width, width, placeholder=" ...")]
        lines[-1] = indent + lines[-1].lstrip()
    yield from lines


def _can_write(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True
