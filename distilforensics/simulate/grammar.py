"""A small text grammar: named rules with alternatives that name other rules, expanded with a seeded generator.

A slot is written «name». A slot whose name starts with a capital letter expands the rule in lower case and raises the first letter of the result.
Texts of the simulator come from here, so a rule must never depend on anything but the generator.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

_SLOT = re.compile("«([A-Za-z_]+)»")
_NOTHING_BOUND: dict[str, str] = {}

_Pieces = tuple[str, ...]
"""Literal and slot name in turn: even positions are literal text, odd positions are slots."""


@cache
def load_vocabulary(name: str) -> dict[str, Any]:
    """Return the parsed vocabulary file `data/NAME.toml`."""
    return tomllib.loads(resources.files("distilforensics.simulate").joinpath(f"data/{name}.toml").read_text("utf-8"))


class Grammar:
    """Rules that can be expanded; immutable after construction."""

    def __init__(self, *layers: Mapping[str, Sequence[str]]) -> None:
        """Merge rule tables; later ones replace rules of the same name."""
        self._rules: dict[str, tuple[_Pieces, ...]] = {}
        for layer in layers:
            for name, alternatives in layer.items():
                self._rules[name] = tuple(tuple(_SLOT.split(text)) for text in alternatives)

    def expand(self, rng: Random, name: str, bound: Mapping[str, str] = _NOTHING_BOUND) -> str:
        """Return one expansion of the rule `name`; slots in `bound` take their fixed value."""
        alternatives = self._rules[name]
        pieces = alternatives[int(rng.random() * len(alternatives))]
        if len(pieces) == 1:
            return pieces[0]
        parts = list(pieces)
        for position in range(1, len(parts), 2):
            parts[position] = self._slot(rng, parts[position], bound)
        return "".join(parts)

    def fill(self, rng: Random, text: str, bound: Mapping[str, str] = _NOTHING_BOUND) -> str:
        """Return `text` with its slots expanded."""
        parts = _SLOT.split(text)
        for position in range(1, len(parts), 2):
            parts[position] = self._slot(rng, parts[position], bound)
        return "".join(parts)

    def _slot(self, rng: Random, name: str, bound: Mapping[str, str]) -> str:
        value = bound.get(name)
        if value is not None:
            return value
        if name in self._rules:
            return self.expand(rng, name, bound)
        value = self._slot(rng, _lower_first(name), bound)
        return value[:1].upper() + value[1:]


def _lower_first(name: str) -> str:
    if name[0].islower():
        raise KeyError(name)
    return name[0].lower() + name[1:]
