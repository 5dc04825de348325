"""Real prompts and answers from a folder outside of the project, used in place of the invented ones where somebody has such a folder.

Files are Parquet with the columns family, kind, prompt and response; kind is `distill`, `benign_human` or `benign_bulk`.
Nothing of them is kept in the project. Without a folder every text comes from the project's own grammars.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pyarrow as pa

HARVESTED, HUMAN, BULK = "distill", "benign_human", "benign_bulk"
COLUMNS = ("family", "kind", "prompt", "response")
_MAX_PROMPT_CHARS = 4000
"""Longer prompts are left out: they are few, and a simulated log should stay small."""
_MAX_ANSWER_CHARS = 2600

Text = tuple[str, str | None]
"""A prompt and its answer, if one is known."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts by kind and family; without any, everything is invented."""

    families: dict[tuple[str, str], tuple[Text, ...]] = field(default_factory=dict)
    digests: tuple[tuple[str, str], ...] = ()
    """Name and SHA-256 of the files that were read."""

    def texts(self, kind: str, families: Iterable[str] | None = None) -> list[Text]:
        """Return the texts of a kind, family by family; `families` limits them to some."""
        wanted = None if families is None else set(families)
        return [
            text
            for (of_kind, family), texts in sorted(self.families.items())
            if of_kind == kind and (wanted is None or family in wanted)
            for text in texts
        ]

    def family_names(self, kind: str) -> list[str]:
        """Return the families of a kind, sorted."""
        return sorted(family for of_kind, family in self.families if of_kind == kind)


class Deck:
    """Texts in a random order without repetition until all were dealt."""

    def __init__(self, texts: Sequence[Text], name: str) -> None:
        """Shuffle `texts`; the order depends on nothing but them and `name`."""
        self._texts = list(texts)
        Random(name).shuffle(self._texts)
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._texts)

    def deal(self) -> Text:
        """Return the next text, from the first again after the last."""
        text = self._texts[self._next % len(self._texts)]
        self._next += 1
        return text

    def hand(self, size: int) -> tuple[Text, ...]:
        """Return the next `size` texts, fewer or none when the deck ends: strangers rarely ask the same."""
        dealt = tuple(self._texts[self._next : self._next + size])
        self._next += len(dealt)
        return dealt


def read_corpus(folder: Path, families: Sequence[str] | None = None) -> Corpus:
    """Return the texts of all files in `folder` that have the columns of a corpus.

    Args:
        folder: Where the Parquet files lie.
        families: Take only these; None takes all.

    Raises:
        UsageError: If no file has the columns, or a family is in none of them.
    """
    found: dict[tuple[str, str], tuple[Text, ...]] = {}
    digests = []
    for path in sorted(folder.glob("*.parquet")):
        table = _read(path)
        if table is None:
            continue
        digests.append((path.name, hashlib.sha256(path.read_bytes()).hexdigest()))
        rows: dict[tuple[str, str], list[Text]] = {}
        for row in table.to_pylist():
            prompt, response = row["prompt"], row["response"]
            if prompt and len(prompt) <= _MAX_PROMPT_CHARS and (families is None or row["family"] in families):
                rows.setdefault((row["kind"], row["family"]), []).append(
                    (prompt, response[:_MAX_ANSWER_CHARS] if response else None)
                )
        for key, texts in rows.items():
            found[key] = (*found.get(key, ()), *texts)
    if not digests:
        raise UsageError(f"no Parquet file with the columns {', '.join(COLUMNS)}", where=shown(folder))
    missing = sorted(set(families or ()) - {family for _, family in found})
    if missing:
        raise UsageError(f"no text of the family {shown(missing[0])}", where=shown(folder))
    return Corpus(found, tuple(digests))


def _read(path: Path) -> pa.Table | None:
    import pyarrow.parquet as pq

    if not set(COLUMNS) <= set(pq.read_schema(path).names):
        return None
    return pq.read_table(path, columns=list(COLUMNS))
