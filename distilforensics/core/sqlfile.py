"""SQL files with a TOML header in a comment: the one form in which formats, features and heuristics keep their queries."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
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
    def sha256(self) -> str:
        """Hash of the body with runs of white space taken as one blank, so that re-indenting changes nothing."""
        return hashlib.sha256(" ".join(self.body.split()).encode()).hexdigest()


def read_sql_file(path: Path | Traversable) -> SqlFile:
    """Return the header and body of a file that starts with `/*--- TOML ---*/`.

    Raises:
        HeuristicError: there is no header, or it is not valid TOML.
    """
    match = _HEADER.match(path.read_text(encoding="utf-8"))
    if match is None:
        raise HeuristicError("no header found, expected `/*---`, TOML lines and `---*/` at the top", where=path.name)
    try:
        header = tomllib.loads(match["header"])
    except tomllib.TOMLDecodeError as e:
        raise HeuristicError(f"the header is not valid TOML: {e}", where=path.name) from e
    return SqlFile(path.name.removesuffix(".sql"), header, match["body"].strip())
