"""The annex in which tables are sorted and filtered in a browser, without a server and without a network: the only page with a script.

The script and the style are allowed by their hashes alone, so that nothing from a log can run: data stands in a block that no browser
executes, with every `<` written as an escape, and reaches the page as text.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from distilforensics.core.text import show
from distilforensics.report.render import page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from distilforensics.report.language import Language
    from distilforensics.report.ledger import Row

MAX_ROWS = 50_000
"""Rows of a table that the page holds; a browser sorts as many in less than a second."""

Table = tuple[str, str, "Sequence[Row]"]
"""Title, name of the CSV file that holds all rows, rows."""


def browsing_page(tables: Sequence[Table], running: str, language: Language) -> bytes:
    """Return the page over some tables; empty ones are left out."""
    data = [_table(title, file, rows, language) for title, file, rows in tables if rows]
    script, style = (_template(name) for name in ("browse.js", "browse.css"))
    return page(
        "browse.html.j2",
        language,
        title="Tables to sort and filter",
        running=running,
        data=Markup(_inert(data)),  # noqa: S704 - every sign that could end the block is an escape
        script=Markup(script),  # noqa: S704 - a file of this package
        style=Markup(style),  # noqa: S704 - likewise
        script_hash=_hash(script),
        style_hash=_hash(style),
    )


def _template(name: str) -> str:
    """Return a file of the package without blank lines, as the page will hold it."""
    text = (importlib.resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")
    return "\n" + "\n".join(line for line in text.splitlines() if line.strip()) + "\n"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _table(title: str, file: str, rows: Sequence[Row], language: Language) -> dict[str, Any]:
    rest = len(rows) - MAX_ROWS
    return {
        "title": language.text(title),
        "file": file,
        "columns": list(rows[0]),
        "rows": [[_value(value) for value in row.values()] for row in rows[:MAX_ROWS]],
        "omitted": str(language.say("{n_more} more are in {file} only.", n_more=language.shown(rest), file=file))
        if rest > 0
        else "",
    }


def _value(value: object) -> str | int | float | None:
    if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return show("; ".join(map(str, value)))
    return show(value)


def _inert(data: object) -> str:
    """Return JSON in ASCII that holds nothing a parser of HTML could take for a tag, an entity or the end of the block."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
