"""Where the program speaks of heuristics by id: a name that no heuristic has would be taken for one that never fires."""

from __future__ import annotations

import importlib.resources
import re
from typing import TYPE_CHECKING

from distilforensics.core.finding import Family

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from importlib.resources.abc import Traversable

_NAMED = re.compile(rf"(?<![\w.])(?P<id>(?:{'|'.join(Family)})\.(?!toml|parquet)[a-z_0-9]+)")
"""An id in code, headers and documents, quoted or not; `harvest.toml` is a file."""

_ENDINGS = (".j2", ".md", ".py", ".sql", ".toml", ".yaml")


def unknown_references(known: Collection[str], folder: Traversable | None = None) -> list[tuple[str, str]]:
    """Return file and id for every id that no heuristic has."""
    root = importlib.resources.files("distilforensics") if folder is None else folder
    return [
        (name, match["id"])
        for name, file in _files("", root)
        for match in _NAMED.finditer(file.read_text(encoding="utf-8"))
        if match["id"] not in known
    ]


def _files(prefix: str, folder: Traversable) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _files(f"{prefix}{entry.name}/", entry)
        elif entry.name.endswith(_ENDINGS):
            yield f"{prefix}{entry.name}", entry
