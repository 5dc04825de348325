"""Which columns a format can give, told from the shared completion and from the table `exchanges`; and the shared SQL they stand in."""

from __future__ import annotations

import importlib.resources
import re
from functools import cache
from typing import TYPE_CHECKING

from distilforensics.core.schema import EXCHANGES

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGINE_COLUMNS = (
    "record_id", "source_sha256", "source_line", "source_offset", "source_length", "sub_index", "raw_sha256", "source_format", "parse_flags",
    "text_fingerprints",
)  # fmt: skip
"""Columns of `exchanges` that the reading engine fills; a projection does not yield them."""

PROJECTED_COLUMNS = tuple(column.name for column in EXCHANGES.columns if column.name not in ENGINE_COLUMNS)
"""Columns of `exchanges` that every projection yields, in this order, after `row_index`."""

ACCOUNT_COLUMNS = (
    "account_id", "end_user_id", "api_key_id", "tenant_id", "project_id", "session_id", "client_ip", "user_agent", "ja4",
)  # fmt: skip
"""Columns that the examiner may declare to be the account."""

LIBRARIES = ("values.sql", "times.sql", "addresses.sql", "messages.sql", "providers.sql", "litellm.sql", "bedrock.sql")
"""Files of shared macros, in order of definition."""

_OTHER_TYPES = {
    "prompt_chars": "bigint",
    "response_chars": "bigint",
    "reasoning_refusals": "varchar[]",
    "time_resolution_us": "bigint",
    "flags": "varchar[]",
    "join_keys": "varchar[]",
    "join_order": "bigint",
    "is_part": "boolean",
}
_CHOICES = frozenset(
    {
        "format",
        "account",
        "zone",
        "time_field",
        "start_shift",
        "local_flags",
        "odd_times",
        "started_parts",
        "ended_parts",
        "needs_care",
    }
)
"""Marks of the completion that stand for no column."""

_MARK = re.compile(r"/\*\{(\w+)\}\*/")


@cache
def written_columns() -> Mapping[str, str]:
    """Return the columns that the query of a format may yield, with their types: those that the completion has marks for."""
    names = dict.fromkeys([*ACCOUNT_COLUMNS, *_MARK.findall(library_file("completion.sql"))])
    return {name: _OTHER_TYPES.get(name, "varchar") for name in names if name not in _CHOICES}


@cache
def library_file(name: str) -> str:
    """Return the text of a file of shared SQL."""
    return importlib.resources.files(__package__).joinpath("lib", name).read_text(encoding="utf-8")


def fill(text: str, parts: Mapping[str, str]) -> str:
    """Return SQL with the parts in place of its marks `/*{name}*/`."""
    return _MARK.sub(lambda match: parts[match[1]], text)


def literal(text: str) -> str:
    """Return a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def list_literal(texts: tuple[str, ...] | list[str]) -> str:
    """Return a SQL list of string literals."""
    return "[" + ", ".join(map(literal, texts)) + "]"
