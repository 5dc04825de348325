"""A catalogue of the user's own: checked by the rules of the built-in one, copied into the case, known there by name and hash."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from distilforensics.analysis.catalogue.lint import lint_catalog
from distilforensics.analysis.catalogue.loader import OWN_HEURISTICS, load_catalog
from distilforensics.case import custody
from distilforensics.case.layout import write_file, write_json
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distilforensics.case.layout import Case

_IDENTITY = "catalog.json"
_ENDINGS = {
    OWN_HEURISTICS: (".sql", ".cases.yaml", ".md"),
    "explanations": (".sql", ".cases.yaml", ".md"),
    "formats": ("",),
}
"""Folder -> endings of its files that are copied; a format may have samples of any kind."""


def put_catalog(case: Case, folder: Path) -> None:
    """Copy the heuristics, formats and explanations of a folder into the case, in place of those that were there, and note it in the custody log.

    Formats and explanations are checked by those who know them, before.

    Raises:
        HeuristicError: one is invalid or breaks a rule of the linter.
    """
    load_catalog(own=folder)
    if issues := lint_catalog(own=folder):
        first = issues[0]
        raise HeuristicError(
            f"{len(issues)} issues, the first: {first.check}: {first.message}",
            where=first.heuristic_id,
            hint="see all of them with: distilforensics heuristics lint --catalog DIR",
        )
    contents = {name: path.read_bytes() for name, path in _files(folder)}
    identity = {"name": folder.resolve().name, "sha256": _sha256(contents)}
    for path in sorted(case.catalog.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for name, content in contents.items():
        write_file(case.catalog / name, content)
    write_json(case.catalog / _IDENTITY, identity)
    custody.append(case, "catalogue put in", {"folder": str(folder), **identity})


def catalog_identity(folder: Path) -> dict[str, Any]:
    """Return the name of the catalogue in a case, without its path, and the hash of what lies there."""
    name = json.loads((folder / _IDENTITY).read_bytes())["name"]
    return {"name": name, "sha256": _sha256({name: path.read_bytes() for name, path in _files(folder)})}


def _sha256(contents: dict[str, bytes]) -> str:
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(contents.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for kind, endings in _ENDINGS.items():
        for path in sorted((folder / kind).rglob("*")):
            if path.is_file() and path.name.endswith(endings):
                yield path.relative_to(folder).as_posix(), path
