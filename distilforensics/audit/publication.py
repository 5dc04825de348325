"""What an audit publishes: one folder per examination with news, made complete by one rename and never changed afterwards."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from distilforensics.case.layout import read_json, write_file, write_json
from distilforensics.case.stages import file_sha256
from distilforensics.core.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from distilforensics.case.layout import Case

COMPLETE = "COMPLETE"
"""Marker of a folder in which nothing is missing: its place in the series, and the SHA-256 of every file."""

ACCOUNTS = "accounts.parquet"
CHANGES = "changes.json"
SERIES = "series.json"

_DELIVERED = "delivered.json"
_KEY = "pseudonyms.key"
_ACCOUNTS = pa.schema(
    [TABLES["accounts"].arrow.field(name) for name in ("account_id", "campaign_id", "grade", "n_campaign_exchanges")]
)
_WITH_NAMES = frozenset({"sources_read", "quiet"})
"""What changes say in the words of files and folders."""
_UNFINISHED, _REMOVED = ".unfinished-", ".removed-"
_NAME = re.compile(r"(\d{4}-\d\d-\d\d|undated)(-\d+)?")
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Retention:
    """How long published folders stay; the newest and the last one that was delivered stay in any case."""

    days: float | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A complete folder."""

    folder: Path
    sequence: int
    """Its place in the series, from 1."""

    is_redacted: bool = False
    """Its accounts are pseudonyms, and nothing in it names one."""

    @property
    def report(self) -> Path:
        """The report; its links lead to files of the same folder."""
        return self.folder / "report.html"

    @property
    def accounts(self) -> Path:
        """The accounts as they were then."""
        return self.folder / ACCOUNTS

    @property
    def series(self) -> dict[str, Any]:
        """With which program, thresholds and choices it was made."""
        return read_json(self.folder / SERIES)


class Publications:
    """The folder of reports. Only an audit that holds the lock of its case writes to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def clean(self) -> None:
        """Remove what killed runs left: folders that were not made complete, and those half removed."""
        for beginning in (_UNFINISHED, _REMOVED):
            for path in self._folder.glob(f"{beginning}*"):
                shutil.rmtree(path)

    def all(self) -> list[Published]:
        """Return the complete folders, oldest first."""
        found = []
        for path in self._folder.glob("*"):
            marker = read_json(path / COMPLETE) if _NAME.fullmatch(path.name) else {}
            if isinstance(marker.get("sequence"), int):
                found.append(Published(path, marker["sequence"], is_redacted=marker.get("redacted") is True))
        return sorted(found, key=lambda item: item.sequence)

    def newest(self) -> Published | None:
        """Return the newest complete folder."""
        return next(reversed(self.all()), None)

    def last_delivered(self) -> Published | None:
        """Return the folder whose changes were delivered last; a later one that is complete was not delivered."""
        delivered = read_json(self._folder / _DELIVERED).get("sequence", 0)
        return next((item for item in reversed(self.all()) if item.sequence <= delivered), None)

    def note_delivered(self, published: Published) -> None:
        """Note that the changes up to a folder have reached whoever is to hear of them."""
        write_json(self._folder / _DELIVERED, {"sequence": published.sequence})

    def accounts(self, case: Case, *, is_redacted: bool) -> list[dict[str, Any]]:
        """Return what later runs compare with: the accounts of a case, or those of its campaigns under pseudonyms that stay the same from night to night."""
        rows = _read_accounts(case.table_path("accounts"))
        if not is_redacted:
            return rows
        key = self._key()
        members = [row for row in rows if row["campaign_id"] is not None]
        return sorted(
            (row | {"account_id": _pseudonym(row["account_id"], key)} for row in members), key=itemgetter("account_id")
        )

    def published_accounts(self, published: Published | None) -> list[dict[str, Any]]:
        """Return the accounts of a folder; none if there is no folder."""
        return _read_accounts(published.accounts) if published else []

    def _key(self) -> bytes:
        """Return the key of pseudonyms, drawn by the first call; it stays beside the folders and goes into none of them."""
        path = self._folder / _KEY
        if not path.is_file():
            write_file(path, secrets.token_bytes(32))
        return path.read_bytes()

    def publish(
        self, case: Case, day: str, changes: Mapping[str, Any], series: Mapping[str, Any], *, is_redacted: bool = False
    ) -> Published:
        """Copy report, annexes and findings of a case into a new folder with what has changed.

        `changes` gets the path of the report. The folder has a name of its own: an earlier one of the same day stays.
        If `is_redacted`, the report of the case has pseudonyms already, its findings stay out, and so do the names of logs, which may name accounts.
        """
        newest = self.newest()
        sequence = newest.sequence + 1 if newest else 1
        final = self._free(day)
        work = self._folder / f"{_UNFINISHED}{final.name}"
        work.mkdir(parents=True, mode=0o700)
        copied = [(case.report, work)] if is_redacted else [(case.report, work), (case.findings, work / "findings")]
        for source, target in copied:
            for path in sorted(path for path in source.rglob("*") if path.is_file()):
                write_file(target / path.relative_to(source), path.read_bytes())
        if is_redacted:
            table = pa.Table.from_pylist(self.accounts(case, is_redacted=True), _ACCOUNTS)
            pq.write_table(table, written := pa.BufferOutputStream())
            write_file(work / ACCOUNTS, written.getvalue().to_pybytes())
            changes = {key: value for key, value in changes.items() if key not in _WITH_NAMES}
        else:
            write_file(work / ACCOUNTS, case.table_path("accounts").read_bytes())
        write_json(work / CHANGES, {**changes, "report": f"{final.name}/report.html"})
        write_json(work / SERIES, series)
        files = {path.relative_to(work).as_posix(): file_sha256(path) for path in work.rglob("*") if path.is_file()}
        write_json(work / COMPLETE, {"sequence": sequence, "files": files, "redacted": is_redacted})
        work.replace(final)
        _sync(self._folder)
        return Published(final, sequence, is_redacted)

    def _free(self, day: str) -> Path:
        number = 1
        while (path := self._folder / (day if number == 1 else f"{day}-{number}")).exists():
            number += 1
        return path

    def expire(self, retention: Retention, now: float) -> list[str]:
        """Remove folders that are older at a time (seconds since 1970) or more than wanted, and return their names."""
        complete = self.all()
        delivered = self.last_delivered()
        spared = {complete[-1].sequence if complete else 0, delivered.sequence if delivered else 0}
        oldest = now - (retention.days or 0) * _DAY_SECONDS
        removed = []
        for place, item in enumerate(reversed(complete), start=1):
            is_old = retention.days is not None and (item.folder / COMPLETE).stat().st_mtime < oldest
            is_beyond = retention.count is not None and place > retention.count
            if (is_old or is_beyond) and item.sequence not in spared:
                hidden = self._folder / f"{_REMOVED}{item.folder.name}"
                item.folder.replace(hidden)
                shutil.rmtree(hidden)
                removed.append(item.folder.name)
        return sorted(removed)


def _read_accounts(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(
        path, columns=_ACCOUNTS.names, page_checksum_verification=True
    ).to_pylist()
    return rows


def _pseudonym(account: str, key: bytes) -> str:
    return hmac.new(key, account.encode("utf-8", "backslashreplace"), hashlib.sha256).hexdigest()


def _sync(folder: Path) -> None:
    """Make a rename in a folder survive a power failure."""
    if not hasattr(os, "O_DIRECTORY"):  # pragma: no cover - Windows
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
