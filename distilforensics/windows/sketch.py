"""Exchanges as vectors of whole numbers: hashed n-grams, so that no vocabulary has to be learned and no model be shipped.

Only whole numbers are added, so that sums do not depend on their order: the same bytes at any number of threads.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DIMENSIONS = 512
"""Buckets of the hash; 256 found slightly less (docs/decisions/0013)."""

UNIT = 1024
"""Length of the vector of one exchange."""

NGRAM_SIZES = (2, 3)
"""Characters per n-gram; three and four found less (docs/decisions/0013)."""

_BITS = np.uint64(DIMENSIONS.bit_length() - 1)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_START = np.uint64(0x243F6A8885A308D3)
_SHIFT = np.uint64(29)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64-bit values in which every bit depends on every bit of the input.

    Source: G. Steele et al., Fast splittable pseudorandom number generators, OOPSLA 2014 (the finaliser of SplitMix64).
    """
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def text_vectors(texts: Sequence[str]) -> NDArray[np.int32]:
    """Return one row per text: signed counts of its hashed character n-grams, at length `UNIT`."""
    padded = [f" {text} " for text in texts]
    lengths = np.fromiter((len(text) for text in padded), dtype=np.int64, count=len(padded))
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    rows = np.repeat(np.arange(len(padded)), lengths)
    ends = np.cumsum(lengths)[rows]
    places = np.arange(len(codes))
    grams = np.full(len(codes), _START, dtype=np.uint64)
    found: list[tuple[NDArray[np.int64], NDArray[np.uint64]]] = []
    for size in range(1, max(NGRAM_SIZES) + 1):
        following = np.zeros_like(codes)
        following[: len(codes) - size + 1] = codes[size - 1 :]
        grams = (grams ^ following) * _GOLDEN
        grams ^= grams >> _SHIFT
        if size in NGRAM_SIZES:
            inside = places + size <= ends
            found.append((rows[inside], mixed(grams[inside] + np.uint64(size))))
    rows, hashes = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return at_unit_length(_counted(rows, hashes, len(padded)))


def word_vectors(hashes: NDArray[np.uint64], rows: NDArray[np.int64], n_rows: int) -> NDArray[np.int32]:
    """Return one row per exchange from the hashes of its words, at length `UNIT`."""
    return at_unit_length(_counted(rows, mixed(hashes), n_rows))


def word_hashes(words: Sequence[str]) -> NDArray[np.uint64]:
    """Return a 64-bit hash of every word."""
    digests = (hashlib.blake2b(word.encode(), digest_size=8).digest() for word in words)
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def _counted(rows: NDArray[np.int64], hashes: NDArray[np.uint64], n_rows: int) -> NDArray[np.float64]:
    """Return the sum of signs per row and bucket: whole numbers, which doubles add exactly."""
    buckets = rows * DIMENSIONS + (hashes >> (np.uint64(64) - _BITS)).astype(np.int64)
    signs = (hashes & np.uint64(1)).astype(np.float64) * 2 - 1
    counts = np.bincount(buckets, weights=signs, minlength=n_rows * DIMENSIONS)
    return np.asarray(counts, dtype=np.float64).reshape(n_rows, DIMENSIONS)


def at_unit_length(counts: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return rows scaled to the length `UNIT` and rounded; root and quotient are correctly rounded on every machine."""
    lengths = np.sqrt(np.einsum("rd,rd->r", counts, counts))
    vectors: NDArray[np.int32] = np.rint(counts * UNIT / np.maximum(lengths, 1)[:, None]).astype(np.int32)
    return vectors
