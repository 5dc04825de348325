"""Tables that are no UTF-8, as spreadsheets write them: which code page their lines have, and what they say in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from distilforensics.core.text import is_utf8
from distilforensics.ingest.catalogue.aliases import NAMES, target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

CODE_PAGES = ("cp1252", "cp932", "gb18030", "cp949")
"""Those of the West, of Japan, of China and of Korea."""

_FOREIGN = re.compile(rb"[\x80-\xff]+")
_SEPARATORS = re.compile(r"[,;\t|]")
_SIGN_IN_A_WORD = re.compile("[A-Za-z\xc0-\xff][\xa1-\xb3\xb5\xb6\xb8-\xbf][a-z\xdf-\xff]|\xff")
"""What no western text has, and texts of other code pages have if they are taken for one."""
_SIGNS = " ".join(NAMES["signs"].values()).split()
_KANA = re.compile("[\u3040-\u30ff]")


def code_page_of(lines: Sequence[bytes], first_lines: Sequence[bytes]) -> str | None:
    """Return in which code page lines are written that are no UTF-8; None if all are, or if nothing tells.

    Args:
        lines: Sampled lines.
        first_lines: Those among which the header is: the page in which it names most columns is that of the table.
    """
    foreign = [line for line in lines if not line.isascii()]
    if not foreign or any(map(is_utf8, foreign)):
        return None
    readable = {page: text for page in CODE_PAGES if (text := _decoded(b"\n".join(foreign), page)) is not None}
    named = {page: sum(_says_a_column(line, page) for line in first_lines) for page in readable}
    best = [page for page, n in named.items() if n == max(named.values()) > 0]
    if len(best) == 1:
        return best[0]
    western = readable.get("cp1252")
    runs = [run for line in foreign for run in _FOREIGN.findall(line)]
    if (
        western is not None
        and not _SIGN_IN_A_WORD.search(western)
        and 2 * sum(len(run) <= 2 for run in runs) > len(runs)
    ):
        return "cp1252"  # letters with accents among others without
    text = readable.get("cp932", "")
    return "cp932" if 4 * len(_KANA.findall(text)) > len(text) - sum(map(str.isascii, text)) > 0 else None


def _says_a_column(line: bytes, page: str) -> int:
    cells = [cell.strip(' "') for cell in _SEPARATORS.split(_decoded(line, page) or "") if not cell.isascii()]
    return sum(target_of(cell) is not None or any(sign in cell for sign in _SIGNS) for cell in cells)


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def as_text(raw: bytes, code_page: str | None) -> str:
    """Return a line as text; bytes that say nothing, in UTF-8 or in a code page, stay as they are."""
    text = _decoded(raw, "utf-8")
    if text is None and code_page is not None:
        text = _decoded(raw, code_page)
    return raw.decode("utf-8", "surrogateescape") if text is None else text
