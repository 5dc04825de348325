"""One writer per case: a lock of the operating system, released by it even if the holder is killed."""

from __future__ import annotations

import json
import os
import platform
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from distilforensics.case import custody
from distilforensics.case.layout import write_json
from distilforensics.core.errors import CaseError
from distilforensics.core.text import show

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from distilforensics.case.layout import Case


@contextmanager
def locked(case: Case, purpose: str) -> Iterator[None]:
    """Hold the case for writing.

    Raises:
        CaseError: another command holds the case; the message says which.
    """
    case.temporary.mkdir(exist_ok=True)
    lock = FileLock(case.lock_file, timeout=0)
    try:
        lock.acquire()
    except Timeout as e:
        raise CaseError(
            f"in use by {_holder(case)}", where=str(case.root), hint="wait for it to end, or choose another case folder"
        ) from e
    try:
        write_json(
            _holder_file(case),
            {
                "command": purpose,
                "pid": os.getpid(),
                "actor": custody.actor(),
                "host": platform.node(),
                "since": custody.now(),
            },
        )
        yield
    finally:
        _holder_file(case).unlink(missing_ok=True)
        lock.release()


def _holder_file(case: Case) -> Path:
    return case.temporary / "holder.json"


def _holder(case: Case) -> str:
    try:
        holder = json.loads(_holder_file(case).read_text(encoding="utf-8"))
        return show("`distilforensics {command}`, process {pid} of {actor} on {host}, since {since}".format_map(holder))
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # it has taken the lock and not yet written who it is
