"""Fingerprints of text that survive changes elsewhere in it: sampled passages, and a sketch of the wording at both edges.

A passage is a run of 48 bytes of normalised text. Bytes are used for all languages alike: they are eight English words or sixteen Chinese
characters, which carry about the same information, and no word boundaries are needed. Which passages are kept depends on the text around
them alone (winnowing), so that two texts that share a long enough run keep the same passages of it wherever it stands. Hashes are arithmetic
on 64-bit integers with fixed constants: the same on every machine.

Source: S. Schleimer, D. Wilkerson, A. Aiken, Winnowing, SIGMOD 2003; A. Broder, On the resemblance and containment of documents, 1997;
P. Li, A. Owen, C.-H. Zhang, One permutation hashing, NIPS 2012.
"""

from __future__ import annotations

import re
from bisect import bisect_right
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

_SLICE_BYTES = 64_000
"""Bytes hashed at once: the arrays of one slice stay near the processor, and its texts are counted with 16 bits."""

_FACTOR = 0x9E3779B97F4A7C15
_INVERSE = pow(_FACTOR, -1, 2**64)
_OTHER = rb"(?:[^%b\x80-\xff]|[\xc0-\xff][\x80-\xbf]*)"
"""Any character but one, as bytes of UTF-8."""

_MARKERS = re.compile(
    rb"\.{3} ?\(litellm_truncated%b{0,200}\) ?\.{3}|\[(?:\.{3} ?)?truncated%b{0,80}\]|<truncated%b{0,80}>"
    % tuple(_OTHER % end for end in (rb")", rb"\]", rb">"))
)
_MARKED, _BEFORE_MARKED = b"truncated", len(b"... (litellm_")


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
    in_one, in_two = (
        np.flatnonzero(_rolling(data, PASSAGE_BYTES, _Scratch()).astype(np.int64) == wanted) for data in (one, two)
    )
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


class _Scratch:
    """Memory of the arrays of one slice, used again for the next: asking the system for it anew took longer than the arithmetic."""

    def __init__(self) -> None:
        self._held: dict[int, Hashes] = {}

    def array(self, number: int, size: int) -> Hashes:
        """Return one of the arrays with the given size and any content; what it held before is lost."""
        held = self._held.get(number)
        if held is None or len(held) < size:
            held = self._held[number] = np.empty(size + size // 4, np.uint64)
        return held[:size]


def _lists(
    texts: pa.Array | pa.ChunkedArray, work: Callable[[Bytes, Numbers, _Scratch], tuple[Numbers, Numbers]]
) -> pa.Array:
    array = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).cast(pa.string())
    encoded = array.dictionary_encode()
    # System prompts are few and sent again and again.
    is_repeating = 2 * len(encoded.dictionary) < len(array) - array.null_count
    distinct = encoded.dictionary if is_repeating else array
    counts: list[Numbers] = []
    values: list[Numbers] = []
    scratch = _Scratch()
    for data, starts in _slices(distinct):
        count, value = work(data, starts, scratch)
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
    offsets, data = _lowered(pc.fill_null(array, ""))
    first, n_texts = 0, len(offsets) - 1
    while first < n_texts:
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + _SLICE_BYTES, "right")) - 1)
        part = np.frombuffer(data, np.uint8, offsets[last] - offsets[first], offsets[first])
        yield _normalised(part, offsets[first : last + 1] - offsets[first])
        first = last


def _lowered(texts: pa.StringArray) -> tuple[Numbers, bytes]:
    """Return texts in lower case, a separator after each and in place of every truncation marker, and where each begins."""
    is_wide = pc.not_equal(pc.binary_length(texts), pc.utf8_length(texts))
    if pc.any(is_wide).as_py():
        # Only letters beyond ASCII need the slow way.
        texts = pc.replace_with_mask(texts, is_wide, pc.utf8_lower(texts.filter(is_wide)))
    offsets, data = _joined(texts)
    data = data.lower()
    markers = _markers(data, offsets)
    if not len(markers):
        return offsets, data
    begins, ends = markers.T
    marked = np.frombuffer(data, np.uint8).copy()
    marked[begins] = ord(SEPARATOR)
    marked, offsets = _without(marked, offsets, _ranges(begins + 1, ends))
    return offsets, marked.tobytes()


def _markers(data: bytes, offsets: Numbers) -> Numbers:
    """Return where truncation markers begin and end in texts; only around the word that all of them hold does the slow pattern search."""
    found, end, word = [], 0, data.find(_MARKED)
    bounds = offsets.tolist() if word >= 0 else []
    while word >= 0:
        text = bisect_right(bounds, word)
        marker = _MARKERS.search(data, max(end, bounds[text - 1], word - _BEFORE_MARKED), bounds[text] - 1)
        if marker is not None and marker.start() < word:
            found.append(marker.span())
            end = marker.end()
        word = data.find(_MARKED, max(end, word + 1))
    return np.array(found, np.int64).reshape(-1, 2)


def _joined(texts: pa.StringArray) -> tuple[Numbers, bytes]:
    """Return where each text begins and their bytes, a separator after each."""
    joined = pc.binary_join_element_wise(texts, SEPARATOR, "")
    offsets = np.frombuffer(joined.buffers()[1], np.int32)[joined.offset : joined.offset + len(joined) + 1].astype(
        np.int64
    )
    return offsets, (joined.buffers()[2] or pa.py_buffer(b"")).to_pybytes()


def _normalised(data: Bytes, starts: Numbers) -> tuple[Bytes, Numbers]:
    """Return the bytes without invisible characters; numbers and encoded blocks are one mark each, white space is one space."""
    if data.size and data.max() >= 0x80:
        data, starts = _without_invisible(data, starts)
    data, starts = _without_blocks(_translated(data, _CLASSES), starts)
    runs = data[1:] == data[:-1]
    runs &= (data[1:] == 0x20) | (data[1:] == 0x23)
    return _without(data, starts, np.flatnonzero(runs) + 1)


def _translated(data: Bytes, table: bytes) -> Bytes:
    return np.frombuffer(data.tobytes().translate(table), np.uint8)


def _without_blocks(data: Bytes, starts: Numbers) -> tuple[Bytes, Numbers]:
    """Return the bytes with every encoded block as one mark: what is written around it is compared, not its noise."""
    is_encoded = _translated(data, _ENCODED) != 0
    if not _whole_runs(is_encoded, BLOCK_BYTES).any():
        return data, starts
    begins, ends = _runs(is_encoded)
    is_long = ends - begins >= BLOCK_BYTES
    begins, ends = begins[is_long], ends[is_long]
    marked = data.copy()
    marked[begins] = _BLOCK
    return _without(marked, starts, _ranges(begins + 1, ends))


def _whole_runs(flags: Flags, length: int) -> Flags:
    """Return at which places all of the next `length` flags are set."""
    width = 1
    while width < length and len(flags):
        step = min(width, length - width)
        flags = flags[:-step] & flags[step:]
        width += step
    return flags


def _runs(flags: Flags) -> tuple[Numbers, Numbers]:
    """Return where the runs of set flags begin and end."""
    edges = np.flatnonzero(flags[1:] != flags[:-1]) + 1
    edges = np.concatenate([[0] if flags[:1].any() else [], edges, [len(flags)] if flags[-1:].any() else []])
    edges = edges.astype(np.int64)
    return edges[::2], edges[1::2]


def _without(data: Bytes, starts: Numbers, places: Numbers) -> tuple[Bytes, Numbers]:
    """Return the bytes without those at some places, in ascending order."""
    if not len(places):
        return data, starts
    keep = np.ones(len(data), np.bool_)
    keep[places] = False
    return data[keep], starts - np.searchsorted(places, starts)


def _without_invisible(data: Bytes, starts: Numbers) -> tuple[Bytes, Numbers]:
    """Return the bytes without characters that nobody sees: soft hyphen, zero-width and direction marks, byte order mark."""
    three = np.flatnonzero((data == 0xE2) | (data == 0xEF))
    three = three[three + 2 < len(data)]
    lead, one, two = data[three], data[three + 1], data[three + 2]
    hidden = (lead == 0xE2) & (
        ((one == 0x80) & (((two >= 0x8B) & (two <= 0x8F)) | ((two >= 0xAA) & (two <= 0xAE))))
        | ((one == 0x81) & (two >= 0xA0) & (two <= 0xA4))
    ) | ((lead == 0xEF) & (one == 0xBB) & (two == 0xBF))
    three = three[hidden]
    hyphens = np.flatnonzero((data[:-1] == 0xC2) & (data[1:] == 0xAD))
    return _without(data, starts, np.sort(np.concatenate([three, three + 1, three + 2, hyphens, hyphens + 1])))


_CLASSES = bytes.maketrans(b"\t\n\v\f\r0123456789", b" " * 5 + b"#" * 10)
"""White space is a space, digits are one mark."""

_BLOCK = 0x1F
_ENCODED = bytes(value in b"abcdefghijklmnopqrstuvwxyz#+/_=-" for value in range(256))
"""1 for bytes of base64 and its kin after lowering and marking of numbers, else 0."""


def _mixed(values: Hashes) -> Hashes:
    """Return the values with every bit depending on every bit (the finaliser of SplitMix64)."""
    mixed = values.copy()
    _mix(mixed, np.empty_like(mixed))
    return mixed


def _mix(values: Hashes, spare: Hashes) -> None:
    """Do the same in place; `spare` is memory of the same size."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        np.right_shift(values, np.uint64(shift), out=spare)
        np.bitwise_xor(values, spare, out=values)
        if factor != 1:
            np.multiply(values, np.uint64(factor), out=values)


_BYTE_VALUES = _mixed(np.arange(1, 257, dtype=np.uint64) * np.uint64(_FACTOR))


def _rolling(data: Bytes, length: int, scratch: _Scratch) -> Hashes:
    """Return a 62-bit hash of every run of `length` bytes; the highest number for runs that hold a separator. It is array 0 of the scratch."""
    if len(data) < length:
        return np.zeros(0, np.uint64)
    values, sums = scratch.array(0, len(data)), scratch.array(1, len(data) + 1)
    np.take(_BYTE_VALUES, data, out=values, mode="clip")
    np.multiply(values, _powers(_FACTOR, len(data)), out=values)
    sums[0] = 0
    np.cumsum(values, out=sums[1:])
    # The run at i carries the factor _FACTOR ** i, which the inverse takes away again: hashes do not depend on the place.
    n_runs = len(data) - length + 1
    hashes = np.subtract(sums[length:], sums[:n_runs], out=values[:n_runs])
    np.multiply(hashes, _powers(_INVERSE, n_runs), out=hashes)
    _mix(hashes, sums[:n_runs])
    np.right_shift(hashes, np.uint64(2), out=hashes)
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
        powers = np.full(max(n, 4 * _SLICE_BYTES), base, np.uint64)
        powers[0] = 1
        powers = np.multiply.accumulate(powers)
        powers.flags.writeable = False
        _known_powers[base] = powers
    return powers[:n]


def _with_separator(data: Bytes, length: int) -> Flags:
    """Return which runs of `length` bytes hold a separator."""
    return ~_whole_runs(data != ord(SEPARATOR), length)


def _passages_of_slice(data: Bytes, starts: Numbers, scratch: _Scratch) -> tuple[Numbers, Numbers]:
    hashes = _rolling(data, PASSAGE_BYTES, scratch)
    places = np.concatenate([_of_short_parts(hashes), _winnowed(data, hashes, scratch)])
    found = hashes[places]
    by_hash = np.argsort(found)
    # Texts of a slice are fewer than its bytes; numbers of 16 bits are sorted in one pass.
    texts = (np.searchsorted(starts, places[by_hash], "right") - 1).astype(np.uint16)
    order = np.argsort(texts, kind="stable")
    texts, found = texts[order].astype(np.int64), found[by_hash[order]]
    is_new = np.ones(len(texts), np.bool_)
    is_new[1:] = (texts[1:] != texts[:-1]) | (found[1:] != found[:-1])
    texts, found = texts[is_new], found[is_new]
    counts = np.bincount(texts, minlength=len(starts) - 1)
    if len(counts) and counts.max() > MAX_PASSAGES:
        rank = np.arange(len(texts)) - np.searchsorted(texts, texts, "left")
        found, counts = found[rank < MAX_PASSAGES], np.minimum(counts, MAX_PASSAGES)
    return counts, found.astype(np.int64)


def _winnowed(data: Bytes, hashes: Hashes, scratch: _Scratch) -> Numbers:
    """Return the places of passages that are the smallest of some window of `WINDOW` passages within one part of a text."""
    if len(hashes) < WINDOW:
        return np.zeros(0, np.int64)
    one, two = (scratch.array(number, len(hashes) + WINDOW - 1) for number in (1, 2))
    least = _sliding(np.minimum, hashes, one, two)
    least[_with_separator(data, PASSAGE_BYTES + WINDOW - 1)] = 0
    # A passage was the smallest somewhere if the greatest minimum over the windows that hold it is its own hash.
    one[: WINDOW - 1] = one[len(least) + WINDOW - 1 :] = 0
    one[WINDOW - 1 : len(least) + WINDOW - 1] = least
    return np.flatnonzero((_sliding(np.maximum, one, two, one) == hashes) & (hashes != _NONE))


def _sliding(choose: np.ufunc, values: Hashes, one: Hashes, two: Hashes) -> Hashes:
    """Return the choice over every window of `WINDOW` values, a power of two with an even exponent, by doubling: in `two`; `one` is used as well."""
    width, target, other = 1, one, two
    while width < WINDOW:
        values = choose(values[:-width], values[width:], out=target[: len(values) - width])
        target, other = other, target
        width *= 2
    return values


def _of_short_parts(hashes: Hashes) -> Numbers:
    """Return the place of the smallest passage of every part that is too short for a window."""
    begins, ends = _runs(hashes != _NONE)
    is_short = ends - begins < WINDOW
    begins, ends = begins[is_short], ends[is_short]
    if not len(begins):
        return np.zeros(0, np.int64)
    bounds = np.stack([begins, ends], axis=1).ravel()
    least = np.minimum.reduceat(np.append(hashes, _NONE), bounds)[::2]
    places = _ranges(begins, ends)
    found: Numbers = places[hashes[places] == np.repeat(least, ends - begins)]
    return found


def _wording_of_slice(data: Bytes, starts: Numbers, scratch: _Scratch) -> tuple[Numbers, Numbers]:
    is_long_enough = np.diff(starts) > MIN_WORDING_BYTES
    data, starts = _edges(data, starts)
    sizes = np.diff(starts)
    hashes = _rolling(data, WORDING_BYTES, scratch)
    hashes[_between_edges(starts)] = _NONE
    texts = np.repeat(np.arange(len(sizes), dtype=np.uint64), sizes)[: len(hashes)]
    chosen = np.repeat(is_long_enough, sizes)[: len(hashes)] & (hashes != _NONE)
    # The upper 5 bits of a hash are its part, the next 32 its value; sorted, the least of each part of each text comes first.
    entries = (texts[chosen] << np.uint64(37)) | (hashes[chosen] >> np.uint64(25))
    entries.sort()
    is_least = np.ones(len(entries), np.bool_)
    is_least[1:] = (entries[1:] ^ entries[:-1]) >> np.uint64(32) != 0
    entries = entries[is_least].astype(np.int64)
    return np.bincount(entries >> 37, minlength=len(sizes)), entries & (2**37 - 1)


def _edges(data: Bytes, starts: Numbers) -> tuple[Bytes, Numbers]:
    """Return the bytes that the wording of both edges needs, with a separator in place of what is between them."""
    is_long = np.diff(starts) >= HEAD_BYTES + WORDING_BYTES + TAIL_BYTES
    if not is_long.any():
        return data, starts
    cuts = starts[:-1][is_long] + HEAD_BYTES + WORDING_BYTES - 1
    data = data.copy()
    data[cuts] = ord(SEPARATOR)
    return _without(data, starts, _ranges(cuts + 1, starts[1:][is_long] - TAIL_BYTES))


def _between_edges(starts: Numbers) -> Numbers:
    """Return the places behind the first and before the last bytes that are read of every text."""
    begins, ends = starts[:-1] + HEAD_BYTES, starts[1:] - TAIL_BYTES
    return _ranges(begins, np.maximum(begins, ends))


def _ranges(begins: Numbers, ends: Numbers) -> Numbers:
    """Return all numbers from each begin up to its end, one range after the other."""
    sizes = ends - begins
    numbers: Numbers = np.repeat(ends - np.cumsum(sizes), sizes) + np.arange(sizes.sum())
    return numbers
