"""From what the examiner names (files, folders, patterns) to the sorted list of files."""

from __future__ import annotations

import glob
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from distilforensics.core.errors import UsageError
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True, order=True)
class InputFile:
    """A file as the examiner reaches it, and as tables name it."""

    name: str
    """Its path below the folder that all inputs share, with / as separator: the same wherever the logs lie."""
    path: str
    """With / as separator, as given and extended."""
    n_bytes: int
    member_of: str = ""
    """Archive and name inside of it, if `path` is a copy of a member of an archive."""
    role: str = "log"
    """`archive` for an archive, whose members are files of their own; `refused` for a member that is not read."""
    reason: str = ""

    @property
    def where(self) -> Path:
        """`path` as a path."""
        return Path(self.path)

    @property
    def origin(self) -> str:
        """Where the examiner finds it."""
        return self.member_of or self.path


def shared_root(inputs: Sequence[str]) -> str:
    """Return the innermost folder, as an absolute path, below which all inputs lie; of a pattern the part before its first wildcard counts."""
    return os.path.commonpath([_root_of(given) for given in inputs] or [os.getcwd()])  # noqa: PTH109 - text may be no UTF-8


def _root_of(given: str) -> str:
    path = os.path.abspath(given)  # noqa: PTH100 - links stay as the examiner sees them
    if os.path.isdir(path):  # noqa: PTH112
        return path
    while path != os.path.dirname(path) and (glob.has_magic(path) or not os.path.isdir(path)):  # noqa: PTH112, PTH120
        path = os.path.dirname(path)  # noqa: PTH120
    return path


def expand(inputs: Sequence[str], leave_out: Path, root: str | None = None) -> list[InputFile]:
    """Return all regular files among the inputs, each once, sorted by name.

    Args:
        inputs: Files, folders (read recursively) and glob patterns (`**` goes through folders).
        leave_out: Folder whose files are no inputs even if they lie in one: the case itself.
        root: Folder from which names count; the one that all inputs share if omitted.

    Raises:
        UsageError: an input names nothing.
    """
    forbidden = leave_out.resolve()
    start = root or shared_root(inputs)
    found: dict[str, InputFile] = {}
    for given in inputs:
        for path in _paths(given):
            size = _size(path)
            if size is not None and not path.resolve().is_relative_to(forbidden):
                absolute = os.path.abspath(path)  # noqa: PTH100
                name = Path(os.path.relpath(absolute, start)).as_posix()
                found.setdefault(absolute, InputFile(name, Path(os.path.normpath(path)).as_posix(), size))
    return sorted(found.values())


def not_read(inputs: Sequence[str]) -> list[str]:
    """Return what lies in the named folders and is read by nobody: links to folders, pipes, devices, sockets, dangling links; sorted."""
    found = set()
    for given in inputs:
        if not Path(given).is_dir():
            continue
        for parent, folders, names in os.walk(given):
            found |= {Path(parent, name) for name in folders if Path(parent, name).is_symlink()}
            found |= {Path(parent, name) for name in names if _size(Path(parent, name)) is None}
    return sorted(path.as_posix() for path in found)


def _paths(given: str) -> Iterator[Path]:
    path = Path(given)
    if path.is_dir():
        yield from _files_below(path)
    elif path.exists():
        yield path
    else:
        matches = sorted(glob.glob(given, recursive=True))  # noqa: PTH207 - keeps the form that the examiner gave
        if not matches:
            raise UsageError(f"{shown(given)} is no file, folder or pattern that matches one")
        for match in matches:
            if not Path(match).is_dir():
                yield Path(match)


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield files below a folder; links to folders are not followed, since they may lead in circles."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield Path(parent, name)


def _size(path: Path) -> int | None:
    """Return the size of a regular file; None for sockets, pipes, devices and dangling links."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None
