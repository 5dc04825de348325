"""Text that comes from logs is hostile: the only ways in which it may reach a terminal, an error message or a CSV cell."""

from __future__ import annotations

import re
import unicodedata

SHOWN_LIMIT = 80
"""Characters of an untrusted value that an error message repeats."""

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FORMULA_STARTS = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def show(value: object) -> str:
    r"""Return text in which every control, format, surrogate, private and unassigned character is written as an escape.

    Printable characters of all scripts stay as they are; a line feed becomes ``\n`` in two characters.
    """
    text = value if isinstance(value, str) else str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown_character(character) for character in text)


def _shown_character(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE_CATEGORIES:
        return character
    if character == "\n":
        return "\\n"
    if character == "\t":
        return "\\t"
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(value: object, limit: int = SHOWN_LIMIT) -> str:
    """Return `show(value)` in quotes, cut to `limit` characters, for error messages."""
    text = show(value)
    return f"'{text[:limit]}…'" if len(text) > limit else f"'{text}'"


def csv_cell(value: object) -> str:
    """Return the text of a CSV cell that no spreadsheet takes for a formula; the exact value lives in the Parquet table."""
    text = "" if value is None else str(value)
    return f"'{text}" if text and text[0] in _FORMULA_STARTS else text


_RAW_BYTE = re.compile("[\udc80-\udcff]")


def is_utf8(raw: bytes) -> bool:
    """Tell whether bytes are text in UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def has_raw_bytes(text: str) -> bool:
    """Tell whether a text has bytes that are no UTF-8, as lone surrogates."""
    return _RAW_BYTE.search(text) is not None


def without_raw_bytes(text: str) -> str:
    r"""Return a text with bytes that are no UTF-8 written as `\\xff`."""
    return text if text.isascii() else _RAW_BYTE.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", text)
