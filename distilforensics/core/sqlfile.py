"""SQL files with a TOML header in a comment: the one form in which formats, tables, heuristics and explanations keep their queries."""

from __future__ import annotations

import hashlib
import importlib.resources
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

_HEADER = re.compile(r"\A\s*/\*---\n(?P<header>.*?)\n---\*/\n(?P<body>.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SqlFile:
    """A parsed file: the header as data and the body as it can be pasted into a DuckDB shell."""

    name: str
    header: dict[str, Any]
    body: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Tables that the query reads, as the header states them."""
        return tuple(self.header.get("reads", ()))

    @property
    def defaults(self) -> dict[str, Any]:
        """Parameter to default; a header states each as `params.NAME = { default, unit, why }`, or as a name in `common_parameters.toml`."""
        return {name: entry["default"] for name, entry in self.header.get("params", {}).items()}

    @property
    def sha256(self) -> str:
        """Hash of the body with runs of white space taken as one blank, so that re-indenting changes nothing."""
        return hashlib.sha256(" ".join(self.body.split()).encode()).hexdigest()


def read_sql_file(path: Path | Traversable) -> SqlFile:
    """Return the header and body of a file that starts with `/*--- TOML ---*/`.

    Raises:
        HeuristicError: there is no header, or it is not valid TOML.
    """
    return _parsed(path.name, path.read_text(encoding="utf-8"))


@cache
def _parsed(name: str, text: str) -> SqlFile:
    """Return what a text of a file says; several stages read the same files, so that nobody may change a header."""
    match = _HEADER.match(text)
    if match is None:
        raise HeuristicError("no header found, expected `/*---`, TOML lines and `---*/` at the top", where=name)
    try:
        header = tomllib.loads(match["header"])
    except tomllib.TOMLDecodeError as e:
        raise HeuristicError(f"the header is not valid TOML: {e}", where=name) from e
    parameters, common = header.get("params", {}), common_parameters()
    for parameter, entry in parameters.items():
        if isinstance(entry, str):
            if entry not in common:
                raise HeuristicError(f"params.{parameter} is {entry!r}, expected one of {sorted(common)}", where=name)
            parameters[parameter] = common[entry]
    return SqlFile(name.removesuffix(".sql"), header, match["body"].strip())


@cache
def common_parameters() -> dict[str, dict[str, Any]]:
    """Return name to default, unit and reason of the numbers that mean the same in several queries."""
    text = (importlib.resources.files(__package__) / "common_parameters.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def read_folder(folder: Path | Traversable) -> list[SqlFile]:
    """Return the SQL files that lie directly in a folder, by name."""
    return [
        read_sql_file(entry)
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".sql")
    ]
