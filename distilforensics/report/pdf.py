"""The pages of the report as tagged PDF/A-3 files: the same words and drawings as the HTML, with findings and hashes attached.

The finished HTML page is read back as a tree and handed to Typst as data, so that no sentence exists twice and no text of a log is
ever markup. Fonts are the ones inside of Typst, and nothing on the machine is read, so that the same page gives the same bytes.
"""

from __future__ import annotations

import importlib.resources
import json
import re
import unicodedata
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

from distilforensics.core.errors import UsageError
from distilforensics.report.language import language_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

STANDARDS: Final = ("a-3a", "ua-1")
LACKING: Final = (
    "Characters that the fonts of this file lack stand as codes such as \\u4e2d; the HTML page beside it shows them."
)
"""Said at the end of a file in which a character is a code."""
MOST_TITLE = 240
"""Characters of title and running head; a string of the format ends at 32,767."""
_VOID = frozenset({"meta", "br", "img"})
_FIGURES = re.compile(r"<svg .*?</svg>", re.DOTALL)
_FONT = 'font-family="Libertinus Serif" '
_LONG_WORD, _ENDLESS_WORD = re.compile(r"[^\s\u200b]{19,}"), re.compile(r"\S{80,}")
_BREAK = "\u200b"
"""Where a long name may be broken in a cell; it has no width."""

_DRAWN_CHARACTERS = (
    (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x24F), (0x370, 0x377), (0x37A, 0x37F), (0x384, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x482),
    (0x48A, 0x4FF), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x202F, 0x205E), (0x20A0, 0x20BF), (0x2100, 0x214F), (0x2190, 0x22FF), (0x2500, 0x25FF),
)  # fmt: skip
"""Ranges of characters that the fonts inside of Typst can draw one by one: Latin, Greek, Cyrillic, punctuation, signs, lines. Combining
marks and scripts that shape their letters are left out; some of them end Typst, and PDF/A allows no character without a picture."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside of the PDF."""

    name: str
    text: str
    mime: str
    description: str
    relationship: str = "data"


@dataclass(slots=True)
class Node:
    """An element of a page; children are elements and texts."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def kinds(self) -> set[str]:
        """Classes of the element."""
        return set(self.attributes.get("class", "").split())

    def elements(self, *tags: str) -> Iterator[Node]:
        """Yield elements below with one of these tags, in the order of the page."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag in tags:
                    yield child
                yield from child.elements(*tags)

    def text(self) -> str:
        """Return the words below, spaces as they stand."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)


class _Reader(HTMLParser):
    """Reads a page that this package wrote: every element but the empty ones is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - a name of the parent class; elements are closed in order
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def pdf_of(page: bytes, attached: Iterable[Attached], moment: datetime | None) -> bytes:
    """Return a page of the report as a tagged PDF/A-3.

    Args:
        page: The page as HTML.
        attached: Files to put inside.
        moment: Date that the file carries: the last request of the log, since a report knows no clock. None if the log is empty.

    Raises:
        UsageError: Typst is not installed, or it cannot set the page.
    """
    try:
        import typst
    except ImportError as e:
        raise UsageError(
            "PDF needs a library that is not installed, expected typst",
            where="--pdf",
            hint="pip install 'distilforensics[pdf]', or leave --pdf out and print report.html from a browser",
        ) from e
    template = (importlib.resources.files(__package__) / "templates" / "report.typ").read_bytes()
    data = page_data(page)
    language = language_of(data["lang"])
    words = {word.lower(): language.text(word) for word in ("Page", "of")}
    data |= {"date": _date(moment), "attached": [_attached(file) for file in attached], "words": words}
    compiler = typst.Compiler(ignore_system_fonts=True)
    try:
        content = compiler.compile(
            template, format="pdf", sys_inputs={"page": json.dumps(data)}, pdf_standards=list(STANDARDS), timestamp=0
        )
    except typst.TypstError as e:
        raise UsageError(f"the page cannot be set: {e.message}", where="--pdf", hint="print report.html") from e
    assert isinstance(content, bytes)  # one document, and no pages by themselves
    return content


def _attached(file: Attached) -> dict[str, str]:
    return {key: getattr(file, key) for key in ("name", "text", "mime", "description", "relationship")}


def _date(moment: datetime | None) -> dict[str, int]:
    parts = ("year", "month", "day", "hour", "minute", "second")
    return {key: getattr(moment, key) if moment else int(key in parts[1:3]) + 1970 * (key == "year") for key in parts}


def page_data(page: bytes) -> dict[str, Any]:
    """Return a page as the data that the layout reads: title, language, running head and blocks."""
    text = page.decode("utf-8")
    drawings = _FIGURES.findall(text)
    numbers = iter(range(len(drawings)))
    reader = _Reader()
    reader.feed(_FIGURES.sub(lambda _: f'<img alt="{next(numbers)}">', text[text.index("<html") :]))
    (html,) = reader.root.elements("html")
    (header,), (main,), (footer,) = (list(html.elements(tag)) for tag in ("header", "main", "footer"))
    (running,) = header.elements("p")
    (heading,) = header.elements("h1")
    layout = _Layout(drawings, {node.attributes["id"] for node in main.elements("h2", "h3") if "id" in node.attributes})
    blocks = [layout.heading(heading), *layout.blocks(main), *layout.blocks(footer)]
    lang = html.attributes["lang"]
    if any(map(_is_lacking, unicodedata.normalize("NFC", heading.text() + main.text() + "".join(drawings)))):
        note = language_of(lang).text(LACKING)
        blocks.append({"kind": "paragraph", "look": "note", "parts": [note]})
    return {
        "title": drawn(heading.text()).strip()[:MOST_TITLE],
        "lang": lang,
        "running": drawn(running.text()).strip()[:MOST_TITLE],
        "blocks": blocks,
    }


def drawn(text: str, *, keeps_lines: bool = False) -> str:
    """Return text with escapes for what the fonts of the PDF lack, blanks as one, and places to break a word that fills lines."""
    if not keeps_lines:
        text = re.sub(r"[ \t\r\n]+", " ", text)
    return _ENDLESS_WORD.sub(_broken, _escaped(text))


def _escaped(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return "".join(map(_drawn_character, text))


def _broken(word: re.Match[str]) -> str:
    return _BREAK.join(re.findall(r".{1,8}", word[0]))


def _is_lacking(character: str) -> bool:
    code = ord(character)
    return character not in "\n\t" and not any(low <= code <= high for low, high in _DRAWN_CHARACTERS)


def _drawn_character(character: str) -> str:
    code = ord(character)
    if not _is_lacking(character):
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Turns elements into the blocks that the layout knows."""

    drawings: Sequence[str]
    anchors: set[str]

    def blocks(self, parent: Node) -> list[dict[str, Any]]:
        """Return what stands below an element, in order."""
        found: list[dict[str, Any]] = []
        for child in parent.children:
            if isinstance(child, Node):
                found += self._block(child)
        return found

    def _block(self, node: Node) -> list[dict[str, Any]]:
        tag, kinds = node.tag, node.kinds
        items = [child for child in node.children if isinstance(child, Node)]
        if tag in ("h2", "h3"):
            return [self.heading(node)]
        if tag == "p":
            look = next(
                (kind for kind in ("lead", "note", "warn") if kind in kinds), "note" if "seals" in kinds else ""
            )
            return [{"kind": "paragraph", "look": look, "parts": self.inline(node)}]
        if tag == "ul" and "boxes" in kinds:
            return [{"kind": "boxes", "items": [self._box(item) for item in items]}]
        if tag in ("ul", "ol"):
            kind = "list" if tag == "ul" else "enum"
            return [{"kind": kind, "items": [self.inline(item) for item in items]}] if items else []
        if tag == "dl":
            pairs = zip(items[::2], items[1::2], strict=True)
            words = [{"term": self.inline(term), "meaning": self.inline(meaning)} for term, meaning in pairs]
            return [{"kind": "case" if "case" in kinds else "terms", "items": words}]
        if tag == "pre":
            return [{"kind": "pre", "text": drawn(node.text().strip("\n"), keeps_lines=True)}]
        if tag == "blockquote":
            return [{"kind": "quotation", "blocks": self.blocks(node)}]
        if tag == "table":
            return [self._table(node)]
        if tag == "figure":
            return [self._figure(node)]
        return self.blocks(node)

    def heading(self, node: Node) -> dict[str, Any]:
        """Return a heading, on a fresh page or not; those of the first page's parts are small."""
        return {
            "kind": "heading",
            "level": int(node.tag[1]),
            "is_small": "sub" in node.kinds,
            "anchor": node.attributes.get("id"),
            "is_fresh": "fresh" in node.kinds,
            "parts": self.inline(node),
        }

    def inline(self, node: Node, *, is_narrow: bool = False) -> list[Any]:
        """Return words with their marks; the ends of the element carry no blanks."""
        parts = self._parts(node, is_narrow=is_narrow)
        for end, strip in ((0, str.lstrip), (-1, str.rstrip)):
            if parts and isinstance(parts[end], str):
                parts[end] = strip(parts[end], " ")
        return [part for part in parts if part != ""]

    def _parts(self, node: Node, *, is_narrow: bool) -> list[Any]:
        parts: list[Any] = []
        for child in node.children:
            if isinstance(child, Node):
                words = self._marked(child, is_narrow=is_narrow)
            elif is_narrow:
                words = [_breakable(drawn(child))]
            else:
                words = [drawn(child)]
            for word in words:
                if isinstance(word, str) and parts and isinstance(parts[-1], str):
                    parts[-1] += word
                else:
                    parts.append(word)
        return parts

    def _marked(self, node: Node, *, is_narrow: bool) -> list[Any]:
        if node.tag == "br":
            return [{"kind": "break"}]
        if node.tag == "code" or "id" in node.kinds:
            text = drawn(node.text())
            return [{"kind": "code", "text": _breakable(text) if is_narrow else text}]
        parts = self._parts(node, is_narrow=is_narrow)
        target = node.attributes.get("href", "").removeprefix("#")
        if node.tag == "a" and target in self.anchors:
            return [{"kind": "link", "to": target, "parts": parts}]
        kind = {"b": "strong", "strong": "strong", "em": "em", "q": "quote"}.get(node.tag)
        return [{"kind": kind, "parts": parts}] if kind else parts

    def _box(self, item: Node) -> dict[str, Any]:
        value, note = next(item.elements("b")), next(item.elements("span"))
        return {"value": self.inline(value), "note": self.inline(note)}

    def _table(self, node: Node) -> dict[str, Any]:
        (caption,), (head,), (body,) = (list(node.elements(tag)) for tag in ("caption", "thead", "tbody"))
        headings = list(head.elements("th"))
        rows = [list(row.elements("td")) for row in body.elements("tr")]
        return {
            "kind": "table",
            "caption": self.inline(caption),
            "head": [self.inline(cell) for cell in headings],
            "numeric": ["num" in cell.kinds for cell in headings],
            "columns": _widths(headings, [row for row in rows if len(row) == len(headings)]),
            "rows": [
                [
                    {
                        "span": int(c.attributes.get("colspan", 1)),
                        "parts": self.inline(c, is_narrow="keep" not in c.kinds),
                    }
                    for c in row
                ]
                for row in rows
            ],
        }

    def _figure(self, node: Node) -> dict[str, Any]:
        (image,), (caption,) = node.elements("img"), node.elements("figcaption")
        drawing = self.drawings[int(image.attributes["alt"])]
        described = re.search(r"<desc [^>]*>(.*?)</desc>", drawing)
        return {
            "kind": "figure",
            "anchor": node.attributes["id"],
            "description": drawn(_unescaped(described[1] if described else "")),
            "drawing": _drawn_svg(drawing),
            "caption": self.inline(caption),
        }


def _breakable(text: str) -> str:
    """Return text in which names too long for a cell may be broken."""
    return _LONG_WORD.sub(_broken, text)


def _widths(headings: Sequence[Node], rows: Sequence[Sequence[Node]]) -> list[float]:
    """Return a share of the width for each column with long texts, and 0 for one that takes what it needs."""
    found = []
    for place, heading in enumerate(headings):
        lengths = [len(row[place].text().strip()) for row in rows]
        longest, mean = max(lengths, default=0), sum(lengths) / max(1, len(lengths))
        is_short = "num" in heading.kinds or longest <= 20
        found.append(0.0 if is_short else round(max(12.0, mean) ** 0.5, 2))
    return found if any(found) else [*([0.0] * (len(found) - 1)), 1.0]


def _unescaped(text: str) -> str:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.root.text()


def _drawn_svg(drawing: str) -> str:
    """Return a drawing with the font of the page, and with escapes for what it lacks."""
    return _escaped(drawing.replace("<svg ", f"<svg {_FONT}", 1))
