"""Fingerprints of text that survive changes elsewhere in it: sampled passages, and a sketch of the wording at both edges.

A passage is a run of 48 bytes of normalised text. Bytes are used for all languages alike: they are eight English words or sixteen Chinese
characters, which carry about the same information, and no word boundaries are needed. Which passages are kept depends on the text around
them alone (winnowing), so that two texts that share a long enough run keep the same passages of it wherever it stands. Hashes are arithmetic
on 64-bit integers with fixed constants: the same on every machine.

Source: S. Schleimer, D. Wilkerson, A. Aiken, Winnowing, SIGMOD 2003; A. Broder, On the resemblance and containment of documents, 1997;
P. Li, A. Owen, C.-H. Zhang, One permutation hashing, NIPS 2012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Hashes = npt.NDArray[np.uint64]
    Numbers = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

PASSAGE_BYTES = 48
"""Bytes of a passage, as many as the edge of a frame: independent people rarely share so long a run."""

WINDOW = 64
"""Passages of which the one with the smallest hash is kept: a shared run of 111 bytes always shares one, and one of 32 is kept."""

MAX_PASSAGES = 96
"""Passages kept per text, those with the smallest hashes: bounds the table for very long texts, which then share by chance of the hash."""

WORDING_BYTES = 10
"""Bytes of a wording shingle, about two English words or three Chinese characters: short enough to survive between two replaced words."""

HEAD_BYTES = 384
TAIL_BYTES = 192
"""Bytes at the beginning and at the end of a prompt that the wording sketch reads: frames stand around their task."""

N_PARTS = 32
"""Parts of the wording sketch; each holds the smallest hash of its part of the hash range."""

MIN_WORDING_BYTES = 96
"""Shorter prompts have no sketch: two short questions resemble each other by chance."""

SEPARATOR = "\x1e"
"""Stands between the parts of one text, such as around a truncation marker; no passage runs over it."""

BLOCK_BYTES = 60
"""Bytes without a space, a dot or a quote from which on a run is an encoded block; no word is so long, wrapped base64 has 64 or 76 to a line."""

_SLICE_BYTES = 400_000
"""Bytes hashed at once: the arrays of one slice stay within a few dozen megabytes."""

_FACTOR = 0x9E3779B97F4A7C15
_INVERSE = pow(_FACTOR, -1, 2**64)
_MARKERS = r"\.{3} ?\(litellm_truncated[^)]{0,200}\) ?\.{3}|\[(?:\.{3} ?)?truncated[^\]]{0,80}\]|<truncated[^>]{0,80}>"
_MARKED = "truncated"


def passages(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return for every text the sorted hashes of its sampled passages; NULL where there is no text."""
    return _lists(texts, _passages_of_slice)


def wording(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return for every text the sketch of its wording: up to `N_PARTS` numbers, part * 2**32 + smallest hash in the part.

    The share of parts on which two sketches agree estimates how much of the wording they have in common.
    """
    return _lists(texts, _wording_of_slice)


def first_passage(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return the hash of the first passage of every text; NULL for texts shorter than a passage."""
    return _single(texts, is_last=False)


def last_passage(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return the hash of the last passage of every text; NULL for texts shorter than a passage."""
    return _single(texts, is_last=True)


def common_passage(
    texts: pa.Array | pa.ChunkedArray, others: pa.Array | pa.ChunkedArray, wanted: pa.Array | pa.ChunkedArray
) -> pa.Array:
    """Return the longest normalised text around a passage that two texts share; NULL where one of them does not hold the passage."""
    return pa.array(map(_common, texts.to_pylist(), others.to_pylist(), wanted.to_pylist()), pa.string())


def _common(text: str | None, other: str | None, wanted: int | None) -> str | None:
    if text is None or other is None or wanted is None:
        return None
    one, two = (next(_slices(pa.array([value])))[0] for value in (text, other))
    in_one, in_two = (np.flatnonzero(_rolling(data, PASSAGE_BYTES).astype(np.int64) == wanted) for data in (one, two))
    if not len(in_one) or not len(in_two):
        return None
    before = _n_equal(one[: in_one[0]][::-1], two[: in_two[0]][::-1])
    after = _n_equal(one[in_one[0] :], two[in_two[0] :])
    shared = bytes(one[in_one[0] - before : in_one[0] + after])
    return shared.decode("utf-8", "ignore").strip().strip(SEPARATOR)


def _n_equal(one: Bytes, two: Bytes) -> int:
    """Return how many bytes two texts have in common from their beginning, up to the first separator."""
    n = min(len(one), len(two))
    is_different = np.flatnonzero((one[:n] != two[:n]) | (one[:n] == ord(SEPARATOR)))
    return int(is_different[0]) if len(is_different) else n


def _single(texts: pa.Array | pa.ChunkedArray, *, is_last: bool) -> pa.Array:
    array = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    parts = [_edge_of_slice(data, starts, is_last=is_last) for data, starts in _slices(array.cast(pa.string()))]
    found = np.concatenate(parts) if parts else np.zeros(0, np.uint64)
    return pa.array(found.astype(np.int64), pa.int64(), mask=found == _NONE)


def _edge_of_slice(data: Bytes, starts: Numbers, *, is_last: bool) -> Hashes:
    """Return the hash at the first or last place of every text; the highest number for texts without a passage there."""
    places = starts[1:] - 1 - PASSAGE_BYTES if is_last else starts[:-1]
    is_whole = np.diff(starts) > PASSAGE_BYTES
    hashes = np.full(len(places), _NONE)
    hashes[is_whole] = _at(data, places[is_whole], PASSAGE_BYTES)
    return hashes


def _lists(texts: pa.Array | pa.ChunkedArray, work: Callable[[Bytes, Numbers], tuple[Numbers, Numbers]]) -> pa.Array:
    array = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).cast(pa.string())
    encoded = array.dictionary_encode()
    # System prompts are few and sent again and again.
    is_repeating = 2 * len(encoded.dictionary) < len(array) - array.null_count
    distinct = encoded.dictionary if is_repeating else array
    counts: list[Numbers] = []
    values: list[Numbers] = []
    for data, starts in _slices(distinct):
        count, value = work(data, starts)
        counts.append(count)
        values.append(value)
    offsets = np.zeros(len(distinct) + 1, np.int32)
    np.cumsum(np.concatenate(counts) if counts else np.zeros(0, np.int64), out=offsets[1:], dtype=np.int32)
    lists = pa.ListArray.from_arrays(
        pa.array(offsets),
        pa.array(np.concatenate(values) if values else np.zeros(0, np.int64), pa.int64()),
        mask=pc.is_null(distinct),
    )
    return lists.take(encoded.indices) if is_repeating else lists


def _slices(array: pa.StringArray) -> Iterator[tuple[Bytes, Numbers]]:
    """Yield the normalised bytes of a few texts and where each begins, with the end as the last number; a separator ends each text."""
    filled = pc.utf8_lower(pc.fill_null(array, ""))
    if pc.any(pc.match_substring(filled, _MARKED)).as_py():
        filled = pc.replace_substring_regex(filled, _MARKERS, SEPARATOR)
    joined = pc.binary_join_element_wise(filled, SEPARATOR, "")
    offsets = np.frombuffer(joined.buffers()[1], np.int32)[joined.offset : joined.offset + len(joined) + 1].astype(
        np.int64
    )
    data = np.frombuffer(joined.buffers()[2] or b"", np.uint8)
    first = 0
    while first < len(joined):
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + _SLICE_BYTES, "right")) - 1)
        part = data[offsets[first] : offsets[last]]
        yield _normalised(part, offsets[first : last + 1] - offsets[first])
        first = last


def _normalised(data: Bytes, starts: Numbers) -> tuple[Bytes, Numbers]:
    """Return the bytes without invisible characters; numbers and encoded blocks are one mark each, white space is one space."""
    if data.size and data.max() >= 0x80:
        data, starts = _kept(data, starts, ~_invisible(data))
    data, starts = _without_blocks(_CLASSES[data], starts)
    runs = np.zeros(len(data), np.bool_)
    runs[1:] = (data[1:] == data[:-1]) & ((data[1:] == 0x20) | (data[1:] == 0x23))
    return _kept(data, starts, ~runs)


def _without_blocks(data: Bytes, starts: Numbers) -> tuple[Bytes, Numbers]:
    """Return the bytes with every encoded block as one mark: what is written around it is compared, not its noise."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], _IS_ENCODED[data], [False]]).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    is_long = ends - begins >= BLOCK_BYTES
    if not is_long.any():
        return data, starts
    change = np.zeros(len(data) + 1, np.int64)
    change[begins[is_long] + 1] = 1
    change[ends[is_long]] -= 1
    keep = np.cumsum(change[:-1]) == 0
    marked = data.copy()
    marked[begins[is_long]] = _BLOCK
    return _kept(marked, starts, keep)


def _kept(data: Bytes, starts: Numbers, keep: Flags) -> tuple[Bytes, Numbers]:
    return data[keep], starts - np.searchsorted(np.flatnonzero(~keep), starts)


def _invisible(data: Bytes) -> Flags:
    """Return which bytes belong to characters that nobody sees: soft hyphen, zero-width and direction marks, byte order mark."""
    one, two = np.zeros(len(data), np.uint8), np.zeros(len(data), np.uint8)
    one[:-1], two[:-2] = data[1:], data[2:]
    three = (data == 0xE2) & (
        ((one == 0x80) & (((two >= 0x8B) & (two <= 0x8F)) | ((two >= 0xAA) & (two <= 0xAE))))
        | ((one == 0x81) & (two >= 0xA0) & (two <= 0xA4))
    ) | ((data == 0xEF) & (one == 0xBB) & (two == 0xBF))
    hidden: Flags = three | ((data == 0xC2) & (one == 0xAD))
    hidden[1:] |= hidden[:-1].copy()
    hidden[2:] |= three[:-2]
    return hidden


def _byte_classes() -> Bytes:
    classes = np.arange(256, dtype=np.uint8)
    classes[list(b"\t\n\v\f\r")] = 0x20
    classes[list(b"0123456789")] = 0x23
    return classes


_CLASSES = _byte_classes()

_BLOCK = 0x1F
_IS_ENCODED = np.isin(np.arange(256), list(b"abcdefghijklmnopqrstuvwxyz#+/_=-"))
"""Bytes of base64 and its kin after lowering and marking of numbers."""


def _mixed(values: Hashes) -> Hashes:
    """Return the values with every bit depending on every bit (the finaliser of SplitMix64)."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values


_BYTE_VALUES = _mixed(np.arange(1, 257, dtype=np.uint64) * np.uint64(_FACTOR))


def _rolling(data: Bytes, length: int) -> Hashes:
    """Return a 62-bit hash of every run of `length` bytes; the highest number for runs that hold a separator."""
    if len(data) < length:
        return np.zeros(0, np.uint64)
    sums = np.zeros(len(data) + 1, np.uint64)
    np.cumsum(_BYTE_VALUES[data] * _powers(_FACTOR, len(data)), out=sums[1:])
    # The run at i carries the factor _FACTOR ** i, which the inverse takes away again: hashes do not depend on the place.
    runs = sums[length:] - sums[:-length]
    runs *= _powers(_INVERSE, len(runs))
    hashes = _mixed(runs)
    hashes >>= np.uint64(2)
    hashes[_with_separator(data, length)] = _NONE
    return hashes


def _at(data: Bytes, places: Numbers, length: int) -> Hashes:
    """Return the hashes of `_rolling` at a few places, each with a whole run behind it."""
    runs = data[places[:, np.newaxis] + np.arange(length)]
    hashes = _mixed((_BYTE_VALUES[runs] * _powers(_FACTOR, length)).sum(axis=1, dtype=np.uint64)) >> np.uint64(2)
    hashes[(runs == ord(SEPARATOR)).any(axis=1)] = _NONE
    return hashes


_NONE = np.uint64(2**64 - 1)


_known_powers: dict[int, Hashes] = {}


def _powers(base: int, n: int) -> Hashes:
    powers = _known_powers.get(base, _BYTE_VALUES[:0])
    if len(powers) < n:
        powers = np.full(max(n, 2 * _SLICE_BYTES), base, np.uint64)
        powers[0] = 1
        powers = np.multiply.accumulate(powers)
        powers.flags.writeable = False
        _known_powers[base] = powers
    return powers[:n]


def _with_separator(data: Bytes, length: int) -> Flags:
    """Return which runs of `length` bytes hold a separator."""
    found: Flags = data == ord(SEPARATOR)
    width = 1
    while width < length:
        step = min(width, length - width)
        found = found[:-step] | found[step:]
        width += step
    return found


def _passages_of_slice(data: Bytes, starts: Numbers) -> tuple[Numbers, Numbers]:
    hashes = _rolling(data, PASSAGE_BYTES)
    places = np.concatenate([_winnowed(data, hashes), _of_short_parts(hashes)])
    texts = np.searchsorted(starts, places, "right") - 1
    found = hashes[places]
    order = np.lexsort((found, texts))
    texts, found = texts[order], found[order]
    is_new = np.ones(len(texts), np.bool_)
    is_new[1:] = (texts[1:] != texts[:-1]) | (found[1:] != found[:-1])
    texts, found = texts[is_new], found[is_new]
    rank = np.arange(len(texts)) - np.searchsorted(texts, texts, "left")
    texts, found = texts[rank < MAX_PASSAGES], found[rank < MAX_PASSAGES]
    return np.bincount(texts, minlength=len(starts) - 1), found.astype(np.int64)


def _winnowed(data: Bytes, hashes: Hashes) -> Numbers:
    """Return the places of passages that are the smallest of some window of `WINDOW` passages within one part of a text."""
    if len(hashes) < WINDOW:
        return np.zeros(0, np.int64)
    least = _sliding(np.minimum, hashes)
    least[_with_separator(data, PASSAGE_BYTES + WINDOW - 1)] = 0
    # A passage was the smallest somewhere if the greatest minimum over the windows that hold it is its own hash.
    around = np.concatenate([np.zeros(WINDOW - 1, np.uint64), least, np.zeros(WINDOW - 1, np.uint64)])
    return np.flatnonzero((_sliding(np.maximum, around) == hashes) & (hashes != _NONE))


def _sliding(choose: np.ufunc, values: Hashes) -> Hashes:
    """Return the choice over every window of `WINDOW` values, a power of two, by doubling."""
    width = 1
    while width < WINDOW:
        values = choose(values[:-width], values[width:])
        width *= 2
    return values


def _of_short_parts(hashes: Hashes) -> Numbers:
    """Return the place of the smallest passage of every part that is too short for a window."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], hashes != _NONE, [False]]).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    is_short = ends - begins < WINDOW
    begins, ends = begins[is_short], ends[is_short]
    if not len(begins):
        return np.zeros(0, np.int64)
    bounds = np.stack([begins, ends], axis=1).ravel()
    least = np.minimum.reduceat(np.append(hashes, _NONE), bounds)[::2]
    runs = np.repeat(np.arange(len(begins)), ends - begins)
    places = np.arange(len(runs)) - np.repeat(np.cumsum(ends - begins) - (ends - begins), ends - begins) + begins[runs]
    found: Numbers = places[hashes[places] == least[runs]]
    return found


def _wording_of_slice(data: Bytes, starts: Numbers) -> tuple[Numbers, Numbers]:
    n_texts = len(starts) - 1
    sizes = np.diff(starts)
    hashes = _rolling(data, WORDING_BYTES)
    text = np.repeat(np.arange(n_texts), sizes)[: len(hashes)]
    place = np.arange(len(hashes))
    is_edge = (place - starts[text] < HEAD_BYTES) | (starts[text + 1] - place <= TAIL_BYTES)
    chosen = is_edge & (hashes != _NONE) & (sizes[text] > MIN_WORDING_BYTES)
    text, hashes = text[chosen], hashes[chosen]
    part = (hashes >> np.uint64(57)).astype(np.int64)
    least = np.full(n_texts * N_PARTS, 2**32, np.int64)
    np.minimum.at(least, text * N_PARTS + part, ((hashes >> np.uint64(25)) & np.uint64(0xFFFFFFFF)).astype(np.int64))
    slots = np.flatnonzero(least < 2**32)
    return np.bincount(slots // N_PARTS, minlength=n_texts), (slots % N_PARTS) * 2**32 + least[slots]
