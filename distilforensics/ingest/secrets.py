r"""Finds raw secrets in texts and replaces them by keyed hashes: API keys, bearer and basic tokens, passwords, private keys.

A hash is `hmac:` and 64 digits; the same secret gives the same hash wherever it stands in a case, so it still ties records together.
What is found and why, and what is left out: docs/decisions/0040-secrets-in-every-field.md.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FOUND = "found"
"""Name of the group that is replaced."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of secrets: how to find texts that may hold one quickly, and what exactly is replaced in them."""

    hint: str
    """For the engine of Arrow, which reads every text; matches wherever `pattern` does."""
    pattern: re.Pattern[str]


def _kind(hint: str, pattern: str) -> _Kind:
    return _Kind(hint, re.compile(pattern))


_VENDORS = "xai-|gsk_|hf_|r8_|nvapi-|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|pplx-|npm_|dop_v1_|shpat_|whsec_|AIza|AKIA|ASIA|ABSK"
_WORDS = "passw(?:or)?d|passphrase|pwd|secret(?:[_-]access)?(?:[_-]?key)?|(?:api|account|private)[_-]?key|(?:access|auth|refresh|session|id)[_-]?token"

_KINDS = (
    _kind(
        r"(?:sk|rk|pk)[-_][A-Za-z0-9_-]{16}",
        rf"(?<![A-Za-z0-9])(?P<{_FOUND}>(?:sk|rk|pk)[-_][A-Za-z0-9_-]{{16,}})",
    ),
    _kind(rf"(?:{_VENDORS})[A-Za-z0-9_-]{{12}}", rf"(?<![A-Za-z0-9])(?P<{_FOUND}>(?:{_VENDORS})[A-Za-z0-9_-]{{12,}})"),
    _kind(
        r"(?:SG|ya29|hvs)\.[A-Za-z0-9_-]{16}",
        rf"(?<![A-Za-z0-9])(?P<{_FOUND}>(?:SG|ya29|hvs)\.[A-Za-z0-9_-]{{16,}}(?:\.[A-Za-z0-9_-]+)*)",
    ),
    _kind(
        r"[?&](?:token|key|sig|signature)=[A-Za-z0-9._~%+/-]{16}",
        rf"[?&](?:token|key|sig|signature)=(?P<{_FOUND}>[A-Za-z0-9._~%+/=-]{{16,}})",
    ),
    _kind(
        r"eyJ[A-Za-z0-9_-]{8}",
        rf"(?<![A-Za-z0-9])(?P<{_FOUND}>eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?)",
    ),
    _kind(
        r"(?i:(?:bearer|basic)[ :]+[A-Za-z0-9._~+/=-]{12})",
        rf"(?<![A-Za-z0-9])(?i:bearer|basic)[ :]+(?P<{_FOUND}>[A-Za-z0-9._~+/=-]{{12,}})",
    ),
    _kind(
        rf"(?i:{_WORDS})[\\\"' ]{{0,6}}[:=]",
        rf"(?i:{_WORDS})[\\\"' ]{{0,6}}[:=][\\\"' ]{{0,6}}(?P<{_FOUND}>[^\s\"'\\,;&<>{{}}()\[\]]{{6,256}})",
    ),
    _kind(r"://[^/ :@]{1,64}:[^/ :@]{3}", rf"://[^/\s:@]{{1,64}}:(?P<{_FOUND}>[^/\s:@]{{3,128}})@"),
    _kind(
        r"-----BEGIN [A-Z ]*PRIVATE KEY",
        rf"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<{_FOUND}>[A-Za-z0-9+/=\s\\]{{8,}})",
    ),
)

_HINT = "|".join(f"(?:{kind.hint})" for kind in _KINDS)

_VENDOR, _BEARER, _WORD = 1, 5, 6
"""Places of kinds whose beginnings are so many or so common that they are searched for apart."""

_SEARCHES = (
    "|".join(f"(?:{kind.hint})" for i, kind in enumerate(_KINDS) if i not in (_VENDOR, _BEARER, _WORD)),
    _KINDS[_VENDOR].hint,
    _KINDS[_BEARER].hint,
    r"(?i:passwd|password|passphrase|pwd|secret(?:[_-]access)?|key|token)[\\\"' ]{0,6}[:=]",
)
"""For the engine of polars, which jumps to the beginnings of matches if they are few; together they match wherever `_HINT` does."""

POLARS_BYTES = 64_000_000
"""Bytes of text after which the engine that searches twice as fast has paid for the time that loading it takes."""

BLOCK_BYTES = 1 << 14
"""Bytes of neighbouring texts that are searched as one."""

_NO_OFFSETS = np.zeros(1, np.int32)

MIN_BYTES = len("://u:pwd@")
"""Bytes of the shortest text that holds a secret."""

_HASHED = "hmac:"
_SHA256 = re.compile(r"[0-9a-f]{64}")
"""What gateways log in place of a key."""

_ALWAYS = (re.compile(r"://"), re.compile(r"-----BEGIN"))
"""Beginnings of matches whose secret need not look random."""


class Secrets:
    """Replaces secrets by hashes under the key of one case. Can be used by several threads."""

    def __init__(self, key: bytes) -> None:
        """Keep the key; the same key gives the same hashes."""
        self._key = key
        self._n_bytes = 0

    def in_text(self, text: str) -> str:
        """Return a text without raw secrets."""
        for kind in _KINDS:
            text = kind.pattern.sub(self._replaced, text)
        return text

    def in_texts(self, texts: Iterable[str]) -> list[str]:
        """Return texts without raw secrets."""
        return [self.in_text(text) for text in texts]

    def in_column(self, column: pa.ChunkedArray | pa.Array) -> tuple[pa.ChunkedArray | pa.Array, np.ndarray]:
        """Return a column of texts or bytes without raw secrets, and the rows in which one was replaced."""
        nobody = np.empty(0, np.int64)
        if column.null_count == len(column):
            return column, nobody
        if pc.max(pc.binary_length(column)).as_py() < MIN_BYTES:
            return column, nobody
        rows = self._rows_that_may_hold(column)
        if not len(rows):
            return column, nobody
        candidates = column.take(pa.array(rows))
        before = candidates.to_pylist()
        after = self._cleaned(candidates, before)
        changed = np.array([old != new for old, new in zip(before, after, strict=True)], np.bool_)
        if not changed.any():
            return column, nobody
        mask = np.zeros(len(column), np.bool_)
        mask[rows[changed]] = True
        new = pa.array([value for value, is_new in zip(after, changed.tolist(), strict=True) if is_new], column.type)
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        return pc.replace_with_mask(whole, pa.array(mask), new), rows[changed]

    def _rows_that_may_hold(self, column: pa.ChunkedArray | pa.Array) -> np.ndarray:
        """Return the rows whose texts hold the beginning of a secret; which engine searches changes nothing but the time."""
        self._n_bytes += column.nbytes
        search = _with_polars if self._n_bytes >= POLARS_BYTES else _with_arrow
        if not pa.types.is_string(column.type):
            return np.flatnonzero(_with_arrow(column))
        found, n_before = [np.empty(0, np.int64)], 0
        for texts in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
            found += [rows + n_before for rows in _found_in_blocks(texts, search)]
            n_before += len(texts)
        return np.concatenate(found)

    def _cleaned(self, candidates: pa.ChunkedArray | pa.Array, before: list[Any]) -> list[Any]:
        """Return the values of a column that may hold secrets, each searched for the kinds that it may hold only."""
        is_binary = pa.types.is_binary(candidates.type)
        after = [value.decode("latin-1") for value in before] if is_binary else list(before)
        for kind in _KINDS:
            may_hold = pc.match_substring_regex(candidates, kind.hint).to_numpy(zero_copy_only=False)
            for i in np.flatnonzero(may_hold).tolist():
                after[i] = kind.pattern.sub(self._replaced, after[i])
        return [value.encode("latin-1") for value in after] if is_binary else after

    def _replaced(self, match: re.Match[str]) -> str:
        secret = match[_FOUND]
        if (
            secret.startswith(_HASHED)
            or _SHA256.fullmatch(secret)
            or not (_looks_random(secret) or _is_certain(match[0]))
        ):
            return match[0]
        start, end = (position - match.start() for position in match.span(_FOUND))
        return f"{match[0][:start]}{self.hashed(secret)}{match[0][end:]}"

    def hashed(self, secret: str) -> str:
        """Return the hash that stands for a secret in this case."""
        return _HASHED + hmac.new(self._key, secret.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()


def _is_certain(matched: str) -> bool:
    return any(beginning.match(matched) for beginning in _ALWAYS)


def _found_in_blocks(texts: pa.StringArray, search: Callable[[pa.Array], np.ndarray]) -> Iterator[np.ndarray]:
    """Yield the rows in which a search finds something.

    To begin with a text takes longer than to read it if it is short, so texts that follow each other in memory are read as one first: what
    that holds nowhere, none of them holds.
    """
    _, offsets_of, content = texts.buffers()
    offsets = (
        np.frombuffer(offsets_of, np.int32)[texts.offset : texts.offset + len(texts) + 1] if len(texts) else _NO_OFFSETS
    )
    starts = np.unique(np.searchsorted(offsets, np.arange(offsets[0], offsets[-1], BLOCK_BYTES)))
    bounds = np.append(starts, len(texts))
    blocks = pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets[bounds]), content)
    for block in np.flatnonzero(search(blocks)).tolist():
        first, after = int(bounds[block]), int(bounds[block + 1])
        yield first + np.flatnonzero(search(texts.slice(first, after - first)))


def _with_arrow(texts: pa.Array) -> np.ndarray:
    """Tell which texts may hold a secret, with the regular expressions of Arrow."""
    may_hold: np.ndarray = pc.fill_null(pc.match_substring_regex(texts, _HINT), fill_value=False).to_numpy(
        zero_copy_only=False
    )
    return may_hold


def _with_polars(texts: pa.Array) -> np.ndarray:
    """Tell which texts may hold a secret, with the regular expressions of polars."""
    import polars as pl

    series = pl.Series(texts)
    found = [series.str.contains(search).fill_null(value=False).to_numpy() for search in _SEARCHES]
    may_hold: np.ndarray = np.logical_or.reduce(found)
    return may_hold


_SMALL_LETTERS = re.compile(r"[a-z]+")


def _looks_random(secret: str) -> bool:
    """Tell a secret from words of a sentence or of a program: it has letters and digits, or large letters all over."""
    n_letters = sum(character.isalpha() for character in secret)
    if n_letters and any(character.isdigit() for character in secret):
        return True
    runs = _SMALL_LETTERS.findall(secret)
    return n_letters >= 16 and len(runs) >= 5 and sum(map(len, runs)) < 2.2 * len(runs)
