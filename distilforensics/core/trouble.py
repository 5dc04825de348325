"""Ordinary trouble of a machine, told in a sentence with what to do: a full disk is no fault of this program."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from distilforensics.core.errors import MachineError
from distilforensics.core.text import show
from distilforensics.core.units import size

if TYPE_CHECKING:
    from collections.abc import Iterator

_GOES_ON = "then give the same command again, it goes on where it was"

_ROOM = ("there is no room left on the disk", f"free some room; {_GOES_ON}")
_PERMISSION = (
    "the permission is missing",
    f"give this user the right to read the logs and to write to the case folder, or choose another; {_GOES_ON}",
)
_READ_ONLY = ("the file system is read-only", "choose a folder that can be written to")
_HANDLES = ("too many files are open", f"raise the limit, for example with: ulimit -n 1024; {_GOES_ON}")
_MEMORY = (
    "there is not enough memory or address space",
    f"close other programs, raise the limit (ulimit -v), or use --threads 1 and another --memory-limit; {_GOES_ON}",
)
_DEVICE = ("the disk reports an error", f"check the disk; {_GOES_ON}")

_BY_NUMBER = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EFBIG: _ROOM,
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EROFS: _READ_ONLY,
    errno.EMFILE: _HANDLES,
    errno.ENFILE: _HANDLES,
    errno.ENOMEM: _MEMORY,
    errno.EAGAIN: _MEMORY,
    errno.EIO: _DEVICE,
}

_BY_TEXT = (
    (
        re.compile(r"no space left|could not write all bytes|disk (is )?full|max_temp_directory_size", re.IGNORECASE),
        _ROOM,
    ),
    (re.compile(r"quota exceeded|file too large", re.IGNORECASE), _ROOM),
    (re.compile(r"permission denied|operation not permitted", re.IGNORECASE), _PERMISSION),
    (re.compile(r"read-only file system", re.IGNORECASE), _READ_ONLY),
    (re.compile(r"too many open files", re.IGNORECASE), _HANDLES),
    (
        re.compile(r"out of memory|cannot allocate|can't start new thread|failed to allocate|bad_alloc", re.IGNORECASE),
        _MEMORY,
    ),
    (re.compile(r"input/output error", re.IGNORECASE), _DEVICE),
)
"""What engines say that do not hand on the number of the error."""

_ENGINES = ("duckdb", "_duckdb", "pyarrow")


def machine_trouble(error: BaseException) -> MachineError | None:
    """Return what the machine lacks if that is the reason of an error, looked for along its causes; None otherwise."""
    for link in _chain(error):
        if isinstance(link, MachineError):
            return link
        if (found := _kind_of(link)) is not None:
            what, hint = found
            name = getattr(link, "filename", None)
            return MachineError(what, where=show(name) if isinstance(name, str) else None, hint=hint)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _kind_of(error: BaseException) -> tuple[str, str] | None:
    if isinstance(error, MemoryError):
        return _MEMORY
    if isinstance(error, OSError) and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    is_of_engine = type(error).__module__.split(".")[0] in _ENGINES
    if is_of_engine or isinstance(error, OSError | ImportError | RuntimeError):
        return next((kind for pattern, kind in _BY_TEXT if pattern.search(str(error))), None)
    return None


LEAST_ADDRESS_SPACE = 800_000_000
"""Bytes below which the numeric libraries end the process before anything can be told."""


def address_space() -> int | None:
    """Return the bytes of address space that this process may use; None if they are not limited."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def require_address_space(least: int, what: str) -> None:
    """Check that a limit of the address space leaves room for something that would end the process without a word.

    Raises:
        MachineError: the limit is lower.
    """
    limit = address_space()
    if limit is not None and limit < least:
        raise MachineError(
            f"the address space is limited to {size(limit)}, and {what} needs more",
            hint=f"lift the limit with: ulimit -v unlimited; {_GOES_ON}",
        )
