"""Real prompts, answers and request rates from a folder outside of the project, used in place of the invented ones.

Files are Parquet. Texts have the columns family, kind, prompt and response; kind is `distill`, `benign_human` or `benign_bulk`.
Rates have the columns client_id, t_seconds and rate_rps: requests per second of one client of a service in windows of equal length.
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
RATE_COLUMNS = ("client_id", "t_seconds", "rate_rps")
_MIN_RATE_HOURS = 96
"""Shorter records say nothing of the course of a week."""
_MIN_BUSY_SHARE = 0.3
"""Share of hours with traffic; clients with less are single jobs, not programs that serve people."""

_MAX_PROMPT_CHARS = 4000
"""Longer prompts are left out: they are few, and a simulated log should stay small."""
_MAX_ANSWER_CHARS = 2600

Text = tuple[str, str | None]
"""A prompt and its answer, if one is known."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts by kind and family; without any, everything is invented."""

    families: dict[tuple[str, str], tuple[Text, ...]] = field(default_factory=dict)
    courses: tuple[tuple[float, ...], ...] = ()
    """Requests of real clients, hour by hour."""
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

    Raises:
        UsageError: If no file has the columns, or a family is in none of them.
    """
    import pyarrow.parquet as pq

    found: dict[tuple[str, str], tuple[Text, ...]] = {}
    courses: list[tuple[float, ...]] = []
    digests = []
    for path in sorted(folder.glob("*.parquet")):
        names = set(pq.read_schema(path).names)
        if names.issuperset(COLUMNS):
            for key, texts in _texts(path, families).items():
                found[key] = (*found.get(key, ()), *texts)
        elif names.issuperset(RATE_COLUMNS):
            courses.extend(_courses(pq.read_table(path, columns=list(RATE_COLUMNS))))
        else:
            continue
        digests.append((path.name, hashlib.sha256(path.read_bytes()).hexdigest()))
    if not found and families is None:
        raise UsageError(f"no Parquet file with the columns {', '.join(COLUMNS)}", where=shown(folder))
    missing = sorted(set(families or ()) - {family for _, family in found})
    if missing:
        raise UsageError(f"no text of the family {shown(missing[0])}", where=shown(folder))
    return Corpus(found, tuple(courses), tuple(digests))


def _texts(path: Path, families: Sequence[str] | None) -> dict[tuple[str, str], list[Text]]:
    """Return the texts of a file by kind and family, in the order of the file."""
    import polars as pl

    texts = (
        pl.scan_parquet(path).select(COLUMNS).filter(pl.col("prompt").str.len_chars().is_between(1, _MAX_PROMPT_CHARS))
    )
    if families is not None:
        texts = texts.filter(pl.col("family").is_in(list(families)))
    answer = pl.col("response").str.slice(0, _MAX_ANSWER_CHARS)
    texts = texts.with_columns(pl.when(answer != "").then(answer).alias("response"))
    parts = texts.collect().partition_by("kind", "family", as_dict=True, maintain_order=True)
    return {(kind, family): part.select("prompt", "response").rows() for (kind, family), part in parts.items()}


def _courses(table: pa.Table) -> list[tuple[float, ...]]:
    """Return the rate of every client that serves people, hour by hour, ordered by client."""
    import numpy as np

    encoded = table["client_id"].combine_chunks().dictionary_encode()
    names, numbers = encoded.dictionary.to_pylist(), np.asarray(encoded.indices)
    hours = np.asarray(table["t_seconds"], dtype=float).astype(int) // 3600
    rates = np.asarray(table["rate_rps"], dtype=float)
    n_hours = int(hours.max(initial=0)) + 1
    sums = np.bincount(numbers * n_hours + hours, weights=rates, minlength=len(names) * n_hours)
    last = np.zeros(len(names), dtype=int)
    np.maximum.at(last, numbers, hours)
    courses = []
    for _, number in sorted((name, number) for number, name in enumerate(names)):
        course = sums[number * n_hours : number * n_hours + int(last[number]) + 1]
        if len(course) >= _MIN_RATE_HOURS and (course > 0).mean() >= _MIN_BUSY_SHARE:
            courses.append(tuple(round(float(rate), 6) for rate in course))
    return courses
