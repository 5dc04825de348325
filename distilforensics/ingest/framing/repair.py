"""What can still be read from a line that is no JSON object: a ladder of repairs, each of which leaves a flag on the record.

A repair never guesses a value: it re-encodes, drops what is no text, or cuts a line where a whole record begins.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from typing import Any

import orjson

from distilforensics.core.text import is_utf8, without_raw_bytes

MAX_DEPTH = 200
"""Nesting of a repaired record; no log format comes near, and readers of the stored JSON may recurse."""

MAX_BEGINNINGS = 64
"""Places in one torn line at which a record is looked for; bounds the work on a hostile line."""

_BETWEEN = " \t\r\x00,"
_BEFORE = "\x00\ufeff\x1e \t"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a damaged line: a record that could be repaired, or one that could not."""

    start: int
    """Position in the line, bytes."""
    end: int
    text: bytes | None
    """The record as valid JSON; None if it is refused."""
    flags: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""

    def moved(self, n: int, *flags: str) -> Piece:
        """Return the piece `n` bytes later, with further flags."""
        return replace(self, start=self.start + n, end=self.end + n, flags=(*self.flags, *flags))


class _UnreadableError(Exception):
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def repair(raw: bytes, beginnings: tuple[bytes, ...] = ()) -> list[Piece]:
    """Return what a line holds: one record, several glued ones, or refusals; the pieces stand in order and do not overlap.

    Args:
        raw: A line, without surrounding white space.
        beginnings: How records of this source begin, such as `{"request_id":`; a torn line is searched for them.
    """
    pieces = _objects(raw)
    last = pieces[-1]
    if last.text is None and last.reason != "not_an_object":
        salvaged = _salvaged(raw[last.start :], beginnings)
        if salvaged:
            return [*pieces[:-1], *(piece.moved(last.start) for piece in salvaged)]
    return pieces


def _objects(raw: bytes) -> list[Piece]:
    """Return the JSON values that follow each other in a line; what follows the last readable one is refused.

    Bytes that are no UTF-8 travel as lone surrogates, so that positions in the text can be turned back into bytes.
    """
    text = raw.decode("utf-8", "surrogateescape")
    flags = () if text.isascii() or is_utf8(raw) else ("invalid_utf8",)
    pieces: list[Piece] = []
    position = start = 0
    while position < len(text):
        try:
            value, end, notes = _read(text, position)
        except _UnreadableError as e:
            pieces.append(_escaped(raw, start, text[position:], e))
            break
        following = end + len(text) - end - len(text[end:].lstrip(_BETWEEN)) if end < len(text) else end
        record_end = start + _n_bytes(text[position:end])
        glued = ("glued",) if position or following < len(text) else ()
        pieces.append(_piece(value, start, record_end, (*flags, *notes, *glued)))
        start += _n_bytes(text[position:following])
        position = following
    return pieces or [Piece(0, len(raw), None, (), "not_json", "no JSON object in the line")]


_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')


def _escaped(raw: bytes, start: int, text: str, error: _UnreadableError) -> Piece:
    r"""Return the rest of a line with backslashes doubled that begin no JSON escape, as nginx writes `\\x16`; else its refusal."""
    if "escape" in error.detail:
        fixed = _ESCAPE.sub(lambda match: match[0] if match[1] else "\\\\", text)
        try:
            value, end, notes = _read(fixed, 0)
        except _UnreadableError:
            pass
        else:
            if not fixed[end:].strip(_BETWEEN):
                return _piece(value, start, len(raw), (*notes, "invalid_escape"))
    return Piece(start, len(raw), None, (), error.reason, error.detail)


def _n_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))


def _read(text: str, position: int) -> tuple[Any, int, tuple[str, ...]]:
    """Return the JSON value at a position of the text, where it ends, and the flags of the repairs it needed."""
    skipped = len(text) - position - len(text[position:].lstrip(_BEFORE))
    notes = ["nul_stripped"] if "\0" in text[position : position + skipped] else []
    position += skipped
    try:
        value, end = _decoder(notes, is_strict=True).raw_decode(text, position)
    except RecursionError as e:
        raise _too_deep() from e
    except json.JSONDecodeError as e:
        if "control character" not in e.msg:
            raise _UnreadableError(*_why(text, e)) from e
        value, end = _read_with_control_characters(text, position, notes)
    if _is_deeper_than(value, MAX_DEPTH):
        raise _too_deep()
    return value, end, tuple(dict.fromkeys(notes))


def _read_with_control_characters(text: str, position: int, notes: list[str]) -> tuple[Any, int]:
    notes.append("control_character")
    try:
        return _decoder(notes, is_strict=False).raw_decode(text, position)
    except RecursionError as e:
        raise _too_deep() from e
    except json.JSONDecodeError as e:
        raise _UnreadableError(*_why(text, e)) from e


def _too_deep() -> _UnreadableError:
    return _UnreadableError("too_deep", f"nested deeper than {MAX_DEPTH} levels")


def _decoder(notes: list[str], *, is_strict: bool) -> json.JSONDecoder:
    def constant(_name: str) -> None:
        notes.append("nan_literal")

    return json.JSONDecoder(strict=is_strict, parse_constant=constant, parse_float=_exact_float)


def _exact_float(text: str) -> float | str:
    """Return a float, or the text of one that no float can hold."""
    value = float(text)
    return value if math.isfinite(value) else text


def _is_deeper_than(value: Any, limit: int) -> bool:  # noqa: ANN401
    level = [value]
    for _ in range(limit):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = [item for box in containers for item in (box.values() if isinstance(box, dict) else box)]
    return True


def _why(text: str, error: json.JSONDecodeError) -> tuple[str, str]:
    detail = f"{error.msg} at character {error.pos + 1} of {len(text)}"
    if not text.lstrip().startswith("{"):
        return "not_json", detail
    is_torn = error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg
    return ("torn_line" if is_torn else "not_json"), detail


def _piece(value: Any, start: int, end: int, flags: tuple[str, ...]) -> Piece:  # noqa: ANN401
    if not isinstance(value, dict):
        return Piece(start, end, None, (), "not_an_object", f"{_kind(value)}, expected a JSON object")
    try:
        return Piece(start, end, orjson.dumps(value), flags)
    except TypeError:
        notes: set[str] = set()
        clean = _clean(value, notes)
        text = json.dumps(clean, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return Piece(start, end, text.encode(), (*flags, *sorted(notes - set(flags))))


def _kind(value: Any) -> str:  # noqa: ANN401
    names = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


_SURROGATE = re.compile("[\ud800-\udfff]")


def _clean(value: Any, notes: set[str]) -> Any:  # noqa: ANN401
    r"""Return the value with bytes that are no UTF-8 written as `\\xff` and lone surrogates as U+FFFD."""
    if isinstance(value, dict):
        return {_clean(key, notes): _clean(item, notes) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, notes) for item in value]
    if not isinstance(value, str) or not _SURROGATE.search(value):
        return value
    shown = without_raw_bytes(value)
    clean = _SURROGATE.sub("\ufffd", shown)
    if clean != shown:
        notes.add("surrogate_replaced")
    return clean


def _salvaged(raw: bytes, beginnings: tuple[bytes, ...]) -> list[Piece]:
    """Return the whole records that begin inside a torn line, after its refused beginning; empty if there are none."""
    for position in _later_beginnings(raw, beginnings):
        pieces = _objects(raw[position:])
        if all(piece.text is not None for piece in pieces):
            torn = Piece(0, position, None, (), "torn_line", f"cut off after {position} bytes by the next record")
            return [torn, *(piece.moved(position, "torn_neighbour") for piece in pieces)]
    return []


def _later_beginnings(raw: bytes, beginnings: tuple[bytes, ...]) -> list[int]:
    found: set[int] = set()
    for beginning in beginnings:
        position = raw.find(beginning, 1)
        while position >= 0 and len(found) < MAX_BEGINNINGS:
            found.add(position)
            position = raw.find(beginning, position + 1)
    return sorted(found)
