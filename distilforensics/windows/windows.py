"""Sums of the vectors of exchanges per account and, for templates, per account and template; read in batches of bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from distilforensics.windows.sketch import DIMENSIONS, text_vectors, word_hashes, word_vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

VIEWS = ("prompt", "answer", "call")
"""What is compared: the beginning of prompts, the beginning of answers, and the call without content."""


@dataclass(slots=True)
class Sums:
    """Per row (an account, or an account within a template): the sum of its exchanges' vectors and their number."""

    vectors: NDArray[np.int32]
    n: NDArray[np.int64]

    @classmethod
    def empty(cls, n_rows: int) -> Sums:
        """Return sums of nothing."""
        return cls(np.zeros((n_rows, DIMENSIONS), dtype=np.int32), np.zeros(n_rows, dtype=np.int64))

    def add(self, rows: NDArray[np.int64], vectors: NDArray[np.int32]) -> None:
        """Add one vector to each of the rows; rows may repeat."""
        if not len(rows):
            return
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self.vectors[ordered[starts]] += np.add.reduceat(vectors[order], starts, axis=0)
        self.n[ordered[starts]] += np.diff(np.r_[starts, len(ordered)])


@dataclass(slots=True)
class Windows:
    """The sums of one view: of accounts, and of what carries a template within an account."""

    accounts: Sums
    carried: Sums


def read_windows(
    batches: Iterable[pa.RecordBatch], n_accounts: int, slots: Mapping[str, NDArray[np.int64]], n_slots: int
) -> dict[str, Windows]:
    """Return the sums of every view.

    Args:
        batches: Columns account_no, prompt, answer, call, templates.
        n_accounts: Accounts that are read, numbered from 0.
        slots: Template -> per account the row of its sums of what carries the template, -1 for accounts that are not looked at.
        n_slots: Rows of the sums per template and account.
    """
    windows = {view: Windows(Sums.empty(n_accounts), Sums.empty(n_slots)) for view in VIEWS}
    known: dict[str, int] = {}
    for batch in batches:
        accounts = batch.column("account_no").to_numpy().astype(np.int64)
        carriers = _carriers(batch.column("templates"), accounts, slots)
        for view in VIEWS:
            present, vectors = _vectors(view, batch.column(view), known)
            windows[view].accounts.add(accounts[present], vectors)
            place = np.full(len(accounts), -1)
            place[present] = np.arange(len(present))
            rows, slot = carriers
            has = place[rows] >= 0
            windows[view].carried.add(slot[has], vectors[place[rows[has]]])
    return windows


def _vectors(view: str, column: pa.Array, known: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the rows of a batch that carry the view, and their vectors."""
    present = np.flatnonzero(pc.is_valid(column).to_numpy(zero_copy_only=False))
    if not len(present):
        return present, np.zeros((0, DIMENSIONS), dtype=np.int32)
    if view != "call":
        return present, text_vectors(column.take(pa.array(present)).to_pylist())
    words = column.flatten().dictionary_encode()
    hashes = _hashes(words.dictionary.to_pylist(), known)[words.indices.to_numpy()]
    rows = pc.list_parent_indices(column).to_numpy().astype(np.int64)
    return present, word_vectors(hashes, rows, len(column))[present]


def _hashes(words: Sequence[str], known: dict[str, int]) -> NDArray[np.uint64]:
    """Return the hashes of words, each computed once."""
    if new := [word for word in words if word not in known]:
        known.update(zip(new, word_hashes(new).tolist(), strict=True))
    return np.array([known[word] for word in words], dtype=np.uint64)


def _carriers(
    column: pa.Array, accounts: NDArray[np.int64], slots: Mapping[str, NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of the batch and the slots that they add to: one pair per exchange and tested template that it carries."""
    templates = column.flatten().dictionary_encode()
    parents = pc.list_parent_indices(column).to_numpy().astype(np.int64)
    codes = templates.indices.to_numpy()
    rows: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    found: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    for code, template in enumerate(templates.dictionary.to_pylist()):
        if template in slots:
            carrying = parents[codes == code]
            slot = slots[template][accounts[carrying]]
            rows.append(carrying[slot >= 0])
            found.append(slot[slot >= 0])
    return np.concatenate(rows), np.concatenate(found)
