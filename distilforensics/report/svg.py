"""Draws figures as inline SVG: a short list of elements, every text escaped, no reference to anything outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from distilforensics.core.text import show
from distilforensics.report.language import ENGLISH, Language, language_of

INK, SOFT, GRID = "#1a1a1a", "#595959", "#d4d8dd"
OWN, FAILED, OTHER = "#12305c", "#b3261e", "#8d96a3"
KINDS = ("#12305c", "#b05a00", "#1b7340")
"""Colours that stay apart for readers who do not tell red from green, each at least 4.5 to 1 against white."""

MOST_LABEL = 76
"""Characters of the longest label."""


def number(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


@dataclass(slots=True)
class Drawing:
    """A drawing that grows by its methods; sizes in CSS pixels at full width."""

    width: float
    height: float
    language: Language = field(default_factory=lambda: language_of(ENGLISH))
    """The language of its labels."""
    _parts: list[str] = field(default_factory=list)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, colour: str = GRID, width: float = 1, dash: str = ""
    ) -> None:
        """Draw a straight line."""
        ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(f'<line {ends} stroke="{colour}" stroke-width="{number(width)}"{dashes}/>')

    def rect(self, x: float, y: float, width: float, height: float, colour: str, stroke: str = "") -> None:
        """Draw a filled rectangle, or an empty one with a border."""
        size = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        self._parts.append(f'<rect {size} fill="{colour}"' + (f' stroke="{stroke}"' if stroke else "") + "/>")

    def circle(self, x: float, y: float, radius: float, colour: str, stroke: str = "") -> None:
        """Draw a filled circle, or an empty one with a border."""
        place = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
        self._parts.append(f'<circle {place} fill="{colour}"' + (f' stroke="{stroke}"' if stroke else "") + "/>")

    def path(self, data: str, colour: str, width: float = 1, fill: str = "none") -> None:
        """Draw a path that this program composed."""
        self._parts.append(f'<path d="{data}" fill="{fill}" stroke="{colour}" stroke-width="{number(width)}"/>')

    def ticks(self, places: list[float], y: float, height: float, colour: str, width: float = 1) -> None:
        """Draw upright ticks of one height at many places, as one path."""
        if places:
            line = f" {number(y)}v{number(height)}"
            data = "".join(f"M{number(x)}{line}" for x in places)
            self.path(data, colour, width)

    def text(
        self,
        x: float,
        y: float,
        text: object,
        *,
        size: float = 11,
        colour: str = INK,
        anchor: str = "start",
        is_bold: bool = False,
    ) -> None:
        """Write one line of text; `anchor` is start, middle or end."""
        self._write(show(text), x, y, size, colour, anchor, is_bold=is_bold)

    def _write(
        self,
        text: str,
        x: float,
        y: float,
        size: float = 11,
        colour: str = INK,
        anchor: str = "start",
        *,
        is_bold: bool = False,
    ) -> None:
        attributes = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{colour}"'
        attributes += f' text-anchor="{anchor}"' if anchor != "start" else ""
        attributes += ' font-weight="bold"' if is_bold else ""
        self._parts.append(f"<text {attributes}>{escape(text)}</text>")

    def label(self, x: float, y: float, english: str, **look: Any) -> None:  # noqa: ANN401 - handed on to `text`
        """Write one line of this program's own words, in the language of the drawing."""
        words = self.language.stated(english) or english
        words = words if len(words) <= MOST_LABEL else f"{words[: MOST_LABEL - 1]}…"
        self._write(self.language.grouped(show(words)), x, y, **look)

    def markup(self, anchor: str, title: str, description: str) -> Markup:
        """Return the drawing as inline SVG with title and description for readers who do not see it."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(self.width)} {number(self.height)}" role="img"'
            f' aria-labelledby="{escape(anchor)}-title {escape(anchor)}-desc">'
            f'<title id="{escape(anchor)}-title">{escape(show(title))}</title>'
            f'<desc id="{escape(anchor)}-desc">{escape(show(description))}</desc>'
        )
        return Markup(f"{head}{''.join(self._parts)}</svg>")  # noqa: S704 - every part is escaped or composed here
