"""The kinds of groups, read from the one file that lists them, and the two queries that follow from the list."""

from __future__ import annotations

import importlib.resources
import tomllib
from dataclasses import dataclass
from functools import cache

USE_COLUMNS = ("record_id", "account_id", "tenant_id", "started_at", "prompt_hash")
"""Columns of `template_uses` beside kind and template."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of group; see kinds.toml for what the fields mean."""

    name: str
    value: str
    words: str
    is_text: bool
    links: bool
    """Whether two accounts that share a value are likelier to be one operator's."""
    is_group: bool = True


@cache
def kinds() -> dict[str, Kind]:
    """Return name -> kind, in order of the file."""
    text = (importlib.resources.files(__package__) / "kinds.toml").read_text(encoding="utf-8")
    return {
        name: Kind(name, row["value"], row["words"], row["is_text"], row.get("links", False), row.get("is_group", True))
        for name, row in tomllib.loads(text).items()
    }


def kind_of(group_id: str) -> str:
    """Return the kind of a group: the name of a kind, or `cluster`."""
    return group_id.split(":", 1)[0]


def group_kinds() -> list[str]:
    """Return the kinds whose accounts are looked at as a group, in the order in which ids of groups sort, which begin with the kind."""
    return [kind.name for kind in kinds().values() if kind.is_group]


def text_kinds() -> frozenset[str]:
    """Return the kinds that rest on the text of prompts."""
    return frozenset(kind.name for kind in kinds().values() if kind.is_text)


def template_uses() -> str:
    """Return the query whose rows are the uses of templates: kind, template and the columns of the exchange that tell who and when."""
    return "\nunion all\n".join(
        f"select '{kind.name}' as kind, {kind.value} as template_id, {', '.join(USE_COLUMNS)}\n"
        f"from exchange_features where {kind.value} is not null"
        for kind in kinds().values()
    )


def carried_exchanges() -> str:
    """Return the query whose rows are the exchanges of every template that makes a group, with all columns of `exchange_features`."""
    values = [kinds()[name].value for name in group_kinds()]
    return "\nunion all\n".join(
        f"select {value} as group_id, * from exchange_features where {value} is not null" for value in values
    )
