"""How records of a format meet others that say the rest of the same exchange, as `[join]` in its `format.toml` states it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.catalogue.mapping import parse_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distilforensics.ingest.catalogue.mapping import RowRule, Source

WITHIN = ("case", "file", "pair_of_files")
"""Where keys are unique: in all sources together, in each file, or in one file of calls and the one file of parts that belongs to it."""

_KEYS = {"name", "within", "key", "order", "is_part", "part", "alone"}


@dataclass(frozen=True, slots=True)
class Join:
    """How records meet. The record that is the call keeps its place in `exchanges`; its parts fill what it leaves empty."""

    name: str
    """Records of all formats with this name meet."""
    within: str
    """One of `WITHIN`."""
    key: Source | None = None
    """Field that is equal; None if the query of the format yields it."""
    order: Source | None = None
    """Field that orders the parts of a call, a whole number."""
    is_part: bool = False
    """Every record is a part."""
    part: RowRule | None = None
    """Which records are parts, if not all."""
    alone: str | None = None
    """Reason in table `out_of_scope` of parts that meet no call; None if these are exchanges of their own."""

    @property
    def fields(self) -> tuple[Source, ...]:
        """The fields that have to be read for it."""
        of_part = self.part.field if self.part else None
        return tuple(source for source in (self.key, self.order, of_part) if source is not None)


def parse_join(table: Mapping[str, Any], *, where: str) -> Join:
    """Return the clause, checked.

    Raises:
        UsageError: a key is unknown or missing.
    """
    if not {"name", "within"} <= set(table) <= _KEYS or table["within"] not in WITHIN:
        expected = f"name, within ({', '.join(WITHIN)}), key, and part or is_part"
        raise UsageError(f"[join] is {shown(dict(table))}, expected {expected}", where=where)
    rules = parse_rules([{"reason": "part", **table["part"]}], where) if "part" in table else (None,)
    return Join(
        table["name"],
        table["within"],
        _source(table.get("key")),
        _source(table.get("order")),
        table.get("is_part", False),
        rules[0],
        table.get("alone"),
    )


def _source(written: str | list[str] | None) -> Source | None:
    return tuple(written) if isinstance(written, list) else written
