"""Copies of a case in the work folder: hard links where the file system has them, so that a copy costs no space.

Stages write under a temporary name and rename, so a linked file is never written through.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from distilforensics.case.layout import CASE_FILE, Case, create_case

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

INGESTED = (
    "exchanges",
    "sources",
    "duplicates",
    "quarantine",
    "out_of_scope",
    "field_mappings",
    "joined_records",
    "accounts_directory",
    "usage_sums",
    "announced_files",
    "account_mailboxes",
)
"""What the ingest wrote; everything else is computed again in the copy."""


def copy_case(case: Case, target: Path, tables: Iterable[str]) -> Case:
    """Return a case at `target` that holds the named tables; what was there is removed."""
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    shutil.copyfile(case.root / CASE_FILE, target / CASE_FILE)
    copied = create_case(target)
    for name in dict.fromkeys(tables):
        for path in case.table_files(name):
            link(path, copied.root / path.relative_to(case.root))
    return copied


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, or a copy of it on another file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        raise  # copying would write through the link into the case
    except OSError:
        shutil.copyfile(source, target)
