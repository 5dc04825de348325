"""What names of fields say: how programs and people call the columns of `exchanges` in logs that they write themselves. The names stand in `lib/names.toml`."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from distilforensics.ingest.catalogue.columns import library_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

NAMES: dict[str, dict[str, Any]] = tomllib.loads(library_file("names.toml"))
"""Tables of names, as the file says what each is."""


def normalised(name: str) -> str:
    """Return a field name in lower case without separators and accents, so that `User-Agent`, `userAgent` and `user_agent` are one."""
    if name.isascii():
        return re.sub(r"[^a-z0-9]", "", name.lower())
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in letters if c.isalnum() and not unicodedata.combining(c))


@cache
def _ranked(table: str) -> dict[str, tuple[str, int]]:
    """Return normalised name -> column and place in the list of its names."""
    lists = NAMES[table].items()
    return {normalised(name): (column, n) for column, names in lists for n, name in enumerate(names.split())}


WORDS = {name: frozenset(map(normalised, words.split())) for name, words in NAMES["words"].items()}
"""Lists of normalised names by what they are about."""

WEAK_ALIASES = {name: column for name, (column, _) in _ranked("weak").items()}
"""Normalised names that count only where no better name of the column is present -> column."""

ALIASES = {name: column for name, (column, _) in (_ranked("translated") | _ranked("calls")).items()}
"""Normalised name -> column."""

TARGETS = frozenset(NAMES["calls"])
"""Columns that a mapping can fill."""

CONTENT = (
    frozenset({"model_requested", "model_served"}),
    frozenset({"input_tokens", "output_tokens", "usage"}),
    frozenset(
        {"prompt_text", "messages", "conversation", "request_body", "response_text", "prompt_sha256", "response_sha256"}
    ),
)
"""Model, tokens, texts: what tells of calls of a model."""

CONTENT_COLUMNS = frozenset().union(*CONTENT)
"""Columns of which a log of model calls has at least one."""

PRINCIPALS = frozenset({"account_id", "api_key_id", "end_user_id", "client_ip"})
"""Columns that say whose call it was."""

DURATIONS = frozenset({"latency", "latency_ms", "latency_s", "latency_us", "latency_ns"})

SIGNS_OF_CALLS = DURATIONS | {"operation", "http_method", "http_status", "status", "error_type", "finish_reason"}
"""Columns that lines of a program have not."""

WEB_COLUMNS = (frozenset({"operation", "request_line"}), frozenset({"client_ip"}), frozenset({"http_status", "status"}))
"""The log of a web server in JSON has one column of each."""

STATISTICS = re.compile(
    r"(sum|avg|average|mean|median|p\d\d)(of)?(input|output|prompt|completion|total|cached)?(tokens?|latency|duration|cost|spend).*"
)
"""Names, normalised, of fields that say something about many calls together."""

PEOPLE = frozenset({"user", "human", "customer", "true", "inbound", "incoming"})
MACHINES = frozenset({"assistant", "ai", "bot", "gpt", "model", "false", "outbound", "outgoing", "claude", "gemini"})
"""Words for the two who write messages."""

KINDS_AROUND_CALLS = frozenset({"chain", "agent", "workflow", "retriever", "span"})
"""Kinds of spans that are no calls of a model."""

_TYPE = re.compile(r"_[sdgtb]$| \[UTC\]$")
"""What Azure puts behind the names of columns: their type, and that times are in UTC."""


def words_of(names: Iterable[str]) -> list[str]:
    """Return the words of names in lower case: `tokIn`, `tok_in` and `tok-in` have the same."""
    return re.findall(r"[a-z]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", " ".join(names)).lower())


@lru_cache(maxsize=4096)
def target_of(name: str) -> str | None:
    """Return the column that the name of a field says."""
    return target_of_path((name,))


def target_of_path(names: Sequence[str], table: Mapping[str, str] = ALIASES) -> str | None:
    """Return the column that the names on the way to a value say, by the last parts of it, of which the longest says most.

    A last part that says too little alone, such as `model`, counts if all before it only says that something lies there, such as `llm` or `fields`.
    """
    whole = table.get(normalised("".join(names)))
    if whole is not None:
        return whole
    parts = [part for name in names for part in _TYPE.sub("", name).split(".")]
    if len(parts) > 1 and not WORDS["strangers"].isdisjoint(words_of(parts[:-1])):
        return None
    for n in range(len(parts)):
        last = normalised("".join(parts[n:]))
        if last in WORDS["vague"] and n and not WORDS["containers"].issuperset(words_of(parts[:n])):
            return None
        if last in table:
            return table[last]
    return None


def best_names(names: Iterable[str], table: str) -> dict[str, str]:
    """Return column of a table of names -> field; of several fields for one column the one whose name stands first in its list."""
    ranked, best = _ranked(table), dict[str, tuple[int, str]]()
    for name in sorted(names):
        column, rank = ranked.get(normalised(name), (None, 0))
        if column is not None and (column not in best or rank < best[column][0]):
            best[column] = (rank, name)
    return {column: name for column, (_, name) in best.items()}
