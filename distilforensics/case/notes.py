"""What people note about a case, its campaigns and accounts: who said what and when, and whether it was reviewed, disputed or accepted.

Notes lie outside of the bag in a file to which lines are only added. A note changes no sealed byte; the next seal states the notes
that there are, and the custody log names each of them at once. A note remembers what it is about: after a run with another result it
is shown as one about what stood there then.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.case import chain, custody
from distilforensics.core import units
from distilforensics.core.errors import CaseError, UsageError
from distilforensics.core.finding import REVIEWS
from distilforensics.core.text import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.case.checklist import Verification
    from distilforensics.case.layout import Case

WHOLE_CASE = "case"
MAX_CHARS = 10_000
"""Characters of a note; what is longer is a document of its own."""

NOTED = "noted"
"""Action of the custody entry about a note."""

Target = tuple[str, str]
"""Kind (case, campaign, group, account) and id."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note. Every text in it is untrusted."""

    time: str
    by: str
    kind: str
    target: str
    text: str
    status: str | None
    about: Mapping[str, Any]
    """What stood there when the note was made: grade, number of accounts, hash of their ids."""

    def row(self, now: Mapping[Target, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the note as a row, with whether it is about what stands there now."""
        found = now.get((self.kind, self.target))
        is_same = found is not None and dict(found) == dict(self.about)
        was = ", ".join(f"{key} {value}" for key, value in self.about.items() if not key.endswith("sha256"))
        return {
            "time": self.time,
            "by": self.by,
            "kind": self.kind,
            "target": self.target,
            "status": self.status,
            "text": self.text,
            "about": "as it stands" if is_same else f"an earlier result: {was}",
        }


def add_note(case: Case, target: str, text: str, by: str, status: str | None = None) -> Note:
    """Return the note that was added to the case, and name it in the custody log.

    Args:
        case: The case; the caller holds its lock.
        target: `case`, or the id of a campaign, a group or an account; with its kind and a colon in front if two have the same id.
        text: What is noted.
        by: Who notes it.
        status: What the note makes of its target, one of `REVIEWS`.

    Raises:
        UsageError: the case holds no such thing, or several; the text is empty or too long; nobody is named.
        CaseError: the case was not assessed.
    """
    if not text.strip() or len(text) > MAX_CHARS:
        raise UsageError(f"the note has {len(text):,} characters, expected 1 to {MAX_CHARS:,}")
    if not by.strip():
        raise UsageError("nobody is named who makes the note", hint="--by NAME")
    now = standing(case)
    kind, name = _resolved(target, now)
    about = dict(now[kind, name])
    details = {"kind": kind, "target": name, "text": text, "by": by, "status": status, "about": about}
    entry = chain.append(case.notes, NOTED, details)
    custody.append(case, NOTED, {"kind": kind, "target": name, "n_notes": entry["seq"], "note_sha256": entry["hash"]})
    return Note(entry["time"], by, kind, name, text, status, about)


def _resolved(target: str, now: Mapping[Target, Any]) -> Target:
    kind, separator, name = target.partition(":")
    named = [found for found in now if found[1] == target or (separator and found == (kind, name))]
    if len(named) > 1:
        kinds = " or ".join(f"{kind}:{target}" for kind, _ in named)
        raise UsageError(f"{shown(target)} is the id of more than one thing", hint=f"name it as {kinds}")
    if not named:
        raise UsageError(
            f"{shown(target)} is no campaign, group or account of this case, nor the word {WHOLE_CASE}",
            hint="`distilforensics show CASE` lists what was found",
        )
    return named[0]


def standing(case: Case) -> dict[Target, dict[str, Any]]:
    """Return what the findings say now of everything that can be noted about: the case, campaigns, groups and accounts.

    Raises:
        CaseError: the case was not assessed.
    """
    from distilforensics.case.tables import read_rows

    for name in ("campaigns", "accounts", "explained_groups"):
        if not case.table_files(name):
            raise CaseError("was not assessed", where=str(case.root), hint="distilforensics run LOGS... --case DIR")
    accounts = read_rows(case, "accounts", ["account_id", "campaign_id", "grade"])
    members: dict[str, list[str]] = {}
    for row in accounts:
        members.setdefault(row["campaign_id"] or "", []).append(row["account_id"])
    found: dict[Target, dict[str, Any]] = {("case", WHOLE_CASE): {}}
    for row in read_rows(case, "campaigns", ["campaign_id", "grade"]):
        ids = sorted(members.get(row["campaign_id"], ()))
        digest = hashlib.sha256("".join(f"{name}\n" for name in ids).encode("utf-8", "backslashreplace")).hexdigest()
        about = {"grade": row["grade"], "n_accounts": len(ids), "accounts_sha256": digest}
        found["campaign", row["campaign_id"]] = about
    for row in read_rows(case, "explained_groups", ["group_id", "n_accounts"]):
        found["group", row["group_id"]] = {"n_accounts": row["n_accounts"]}
    for row in accounts:
        found["account", row["account_id"]] = {"campaign_id": row["campaign_id"], "grade": row["grade"]}
    return found


def read_notes(case: Case) -> list[Note]:
    """Return the notes that can be read, in order; use `check_notes` to learn whether they can be trusted."""
    found = []
    for entry in chain.entries(case.notes):
        details = entry["details"]
        texts = [details.get(key) for key in ("by", "kind", "target", "text")]
        status, about = details.get("status"), details.get("about")
        if all(isinstance(text, str) for text in texts) and isinstance(about, dict):
            by, kind, target, text = map(str, texts)
            found.append(Note(entry["time"], by, kind, target, text, status if status in REVIEWS else None, about))
    return found


def note_rows(case: Case) -> list[dict[str, Any]]:
    """Return all notes as rows, oldest first."""
    notes = read_notes(case)
    now = standing(case) if notes else {}
    return [note.row(now) for note in notes]


def latest(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for everything that was noted about: its last status and who gave it, and the number of notes."""
    found: dict[Target, dict[str, Any]] = {}
    for row in rows:
        place = (row["kind"], row["target"])
        state = found.setdefault(
            place,
            {"kind": place[0], "target": place[1], "status": None, "by": "", "time": "", "about": "", "n_notes": 0},
        )
        state["n_notes"] += 1
        if row["status"] or not state["status"]:
            state |= {key: row[key] for key in ("status", "by", "time", "about")}
    return [found[place] for place in sorted(found, key=lambda place: (_ORDER.get(place[0], 9), place))]


_ORDER = {"case": 0, "campaign": 1, "group": 2, "account": 3}


def check_notes(case: Case, result: Verification) -> None:
    """Check the chain of notes, and that every note that the custody log names is there as it was made."""
    named = [entry["details"] for entry in custody.entries(case) if entry["action"] == NOTED]
    if not named and not case.notes.exists():
        return
    n_before, known = len(result.problems), chain.entries(case.notes)
    last = {"n_entries": named[-1].get("n_notes"), "hash": named[-1].get("note_sha256")} if named else None
    result.problems += chain.check(case.notes, last, known_by=case.custody_log.name)
    hashes = [details.get("note_sha256") for details in named]
    if unnamed := [entry["seq"] for entry in known if entry["hash"] not in hashes]:
        result.find(
            case.notes.name, f"{len(unnamed)} notes are not named by the custody log, the first is {unnamed[0]}"
        )
    result.check(
        "notes", f"{units.count(len(known))} notes, each bound to the one before and named by the custody log", n_before
    )
