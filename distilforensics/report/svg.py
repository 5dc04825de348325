"""Reduces the SVG of the chart library to what a report may carry: a short list of elements and attributes, rounded, with ids of its own.

Whatever is not on the lists is left out, so that no text of a log can become a script, a link or a reference to another file.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterator

_ELEMENTS = frozenset({"svg", "g", "path", "rect", "line", "circle", "text", "tspan"})
_ATTRIBUTES = frozenset({
    "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "transform", "fill", "fill-opacity", "stroke",
    "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "text-anchor", "font-size", "font-weight", "viewBox",
})  # fmt: skip
_COLOURS = frozenset({"fill", "stroke"})
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)|-?\d+\.\d+")
_EMPTY_DEFAULTS = {"fill": "none", "stroke-width": "1", "opacity": "1", "fill-opacity": "1"}


def reduced(source: str, *, anchor: str, title: str, description: str) -> Markup:
    """Return a drawing as inline SVG with title, description and ids that start with `anchor`.

    Args:
        source: SVG text as the chart library wrote it.
        anchor: Prefix of the ids; unique in the report.
        title: Short text that names the drawing.
        description: What can be read from it.
    """
    root = ET.fromstring(source)  # noqa: S314 - written by the chart library in this process, no entities
    body = "".join(part for child in root for part in _serialised(child))
    size = "".join(_attribute(key, root.get(key, "")) for key in ("viewBox", "width", "height"))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg"{size} role="img" aria-labelledby="{escape(anchor)}-title {escape(anchor)}-desc">'
        f'<title id="{escape(anchor)}-title">{escape(title)}</title><desc id="{escape(anchor)}-desc">{escape(description)}</desc>'
    )
    return Markup(f"{head}{body}</svg>")  # noqa: S704 - every part above is escaped or from a list


def _serialised(element: ET.Element) -> Iterator[str]:
    name = element.tag.rpartition("}")[2]
    if name not in _ELEMENTS:
        return
    attributes = "".join(_attribute(key, value) for key, value in element.attrib.items() if _is_kept(name, key, value))
    content = "".join(part for child in element for part in _serialised(child))
    text = str(escape(element.text)) if name in ("text", "tspan") and element.text else ""
    if name == "g" and not content:
        return
    if name == "g" and not attributes:
        yield content
    else:
        yield f"<{name}{attributes}>{text}{content}</{name}>" if text or content else f"<{name}{attributes}/>"


def _is_kept(element: str, key: str, value: str) -> bool:
    if key not in _ATTRIBUTES or "url(" in value or (key == "transform" and value == "translate(0,0)"):
        return False
    return element == "path" or _EMPTY_DEFAULTS.get(key) != value or key == "fill"


def _attribute(key: str, value: str) -> str:
    text = value if key in _COLOURS else _NUMBER.sub(_rounded, value)
    return f' {key}="{escape(text)}"'


def _rounded(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")
