"""Numbers for chapters, paragraphs, tables and figures, given out in reading order, and the lists made from them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list of contents."""

    number: str
    text: str
    anchor: str
    level: int = 1


@dataclass(slots=True)
class Numbering:
    """Counts while the chapters are rendered one after the other; templates call the methods."""

    chapters: dict[str, Entry]
    sections: list[Entry] = field(default_factory=list)
    tables: list[Entry] = field(default_factory=list)
    figures: list[Entry] = field(default_factory=list)
    exhibits: list[Entry] = field(default_factory=list)
    _chapter: str = ""
    _counts: dict[str, int] = field(default_factory=dict)

    def open_chapter(self, anchor: str) -> Entry:
        """Start a chapter: sections, tables and figures count from one again."""
        entry = self.chapters[anchor]
        self._chapter = entry.number
        for kind in ("section", "table", "figure"):
            self._counts[kind] = 0
        self.sections.append(entry)
        return entry

    def section(self, text: str, anchor: str) -> Entry:
        """Return the next section of the chapter."""
        return self._add(self.sections, "section", text, anchor, level=2)

    def table(self, text: str, anchor: str) -> Entry:
        """Return the next table of the chapter."""
        return self._add(self.tables, "table", text, anchor)

    def figure(self, text: str, anchor: str) -> Entry:
        """Return the next figure of the chapter."""
        return self._add(self.figures, "figure", text, anchor)

    def exhibit(self, number: str, text: str, anchor: str) -> Entry:
        """Note an exhibit, which brings its own number."""
        self.exhibits.append(Entry(number, text, anchor))
        return self.exhibits[-1]

    def paragraph(self) -> int:
        """Return the next paragraph number, which runs through the whole report."""
        self._counts["paragraph"] = self._counts.get("paragraph", 0) + 1
        return self._counts["paragraph"]

    def _add(self, entries: list[Entry], kind: str, text: str, anchor: str, level: int = 1) -> Entry:
        self._counts[kind] += 1
        entries.append(Entry(f"{self._chapter}.{self._counts[kind]}", text, anchor, level))
        return entries[-1]
