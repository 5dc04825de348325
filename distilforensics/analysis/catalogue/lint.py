"""Checks every heuristic against the rules that make the catalogue readable, reproducible and honest; one class per rule."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from distilforensics.analysis.catalogue.casefile import KINDS, read_cases
from distilforensics.analysis.catalogue.check import Check, Issue, Subject
from distilforensics.analysis.catalogue.document import HEADINGS
from distilforensics.analysis.catalogue.lint_sql import SQL_CHECKS
from distilforensics.analysis.catalogue.loader import KEY_ORDER, load_catalog
from distilforensics.analysis.catalogue.lock import lock_difference, read_lock
from distilforensics.analysis.catalogue.references import unknown_references
from distilforensics.analysis.catalogue.testing import create_tables, scratch_connection
from distilforensics.core.errors import HeuristicError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["CHECKS", "Issue", "lint_catalog"]

_REFERENCED = re.compile(r"\$(\w+)")
_TAG = re.compile(
    r"(atlas\.AML\.(T|TA|CS)\d{4}(\.\d{3})?|owasp\.LLM\d{2}|attack\.T\d{4}(\.\d{3})?|nist\.[A-Z]+\.\d{3}|aisvs\.[\d.C]+)"
)
_ACCUSING = re.compile(
    r"\b(prov(e|es|en|ing)|theft|thie(f|ves)|steal(s|ing)?|guilty|culprit|criminal|suspicious|alerts?|hits?|smells?)\b",
    re.IGNORECASE,
)
MOST_WORDS = 30
"""Words of the longest sentence of a description."""


class KeysAreInOrder(Check):
    """Headers read alike."""

    name = "key_order"
    advice = f"order the keys: {', '.join(KEY_ORDER)}"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield the first key out of order."""
        keys = list(subject.heuristic.file.header)
        ordered = sorted(keys, key=KEY_ORDER.index)
        for found, expected in zip(keys, ordered, strict=True):
            if found != expected:
                yield f"{found} stands where {expected} is expected"
                return


class HeaderIsFilled(Check):
    """What a reader needs is stated: benign explanations, limits, references, tags, dates."""

    name = "header"
    advice = (
        "state at least one entry each; dates as YYYY-MM-DD, modified not before date; tags such as atlas.AML.T0024.002"
    )

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield empty lists, odd tags and dates."""
        header = subject.heuristic.file.header
        for key in ("falsepositives", "limitations", "references", "tags", "needs"):
            if not header[key]:
                yield f"{key} is empty"
        for tag in header["tags"]:
            if not _TAG.fullmatch(tag):
                yield f"tag {tag} is of no known vocabulary"
        try:
            if date.fromisoformat(header["modified"]) < date.fromisoformat(header["date"]):
                yield "modified lies before date"
        except (TypeError, ValueError):
            yield f"date {header['date']} or modified {header['modified']} is no date"


class SentencesNameParameters(Check):
    """`sees` and `volume` say their numbers through parameters, so that they cannot go stale."""

    name = "sentences"
    advice = "write the numbers of `sees` and `volume` as $name"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield names that are no parameter, and sentences without any."""
        declared = {parameter.name for parameter in subject.heuristic.parameters}
        for key in ("sees", "volume"):
            named = set(_REFERENCED.findall(subject.heuristic.file.header[key]))
            for name in sorted(named - declared):
                yield f"{key} names ${name}, which is no parameter"
            if declared and not named:
                yield f"{key} names no parameter"


class CasesAreComplete(Check):
    """Each heuristic shows when it fires, where it just stops, and a benign look-alike on which it stays silent."""

    name = "cases"
    advice = f"write NAME.cases.yaml with at least one case of each kind: {', '.join(KINDS)}"
    silent_kinds: ClassVar[tuple[str, ...]] = ("below", "benign")

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield missing kinds, repeated names, and expectations that contradict the kind."""
        try:
            cases = read_cases(subject.heuristic)
        except HeuristicError as e:
            yield e.message
            return
        for kind in KINDS:
            if not any(case.kind == kind for case in cases):
                yield f"no case of kind {kind}"
        names = [case.name for case in cases]
        if len(names) != len(set(names)):
            yield "two cases have the same name"
        for case in cases:
            is_fired = any(row.get("is_fired") for row in case.expect or [])
            if is_fired != (case.kind not in self.silent_kinds):
                yield f"case '{case.name}' is of kind {case.kind} and expects {'a' if is_fired else 'no'} firing"


class DocumentIsComplete(Check):
    """The document beside the query has the headings that an investigator looks for."""

    name = "document"
    advice = f"write NAME.md: `# TITLE`, then {', '.join(f'`## {heading}`' for heading in HEADINGS)}"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield a missing document, title or heading, and headings without text."""
        text = subject.heuristic.document()
        if not text.startswith(f"# {subject.heuristic.title}\n"):
            yield f"the document does not start with `# {subject.heuristic.title}`"
        sections = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", text, re.MULTILINE))
        if list(sections) != list(HEADINGS):
            yield f"headings are {list(sections)}, expected {list(HEADINGS)}"
        for heading, content in sections.items():
            if not content.strip():
                yield f"`## {heading}` is empty"


class WordsDoNotAccuse(Check):
    """A heuristic indicates; it never accuses."""

    name = "wording"
    advice = "write `indicates`, `is consistent with`; name accounts and exchanges, not persons"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield words that claim more than a log can show."""
        header = subject.heuristic.file.header
        texts = [str(header[key]) for key in ("title", "description", "sees", "volume")]
        for match in _ACCUSING.finditer("\n".join([*texts, subject.heuristic.document()])):
            yield f"the word `{match[0]}` is not used here"


class SentencesAreShort(Check):
    """A description is read once; a sentence ends at a full stop, a colon or a semicolon."""

    name = "sentence_length"
    advice = f"write sentences of at most {MOST_WORDS} words"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield the beginning of each longer sentence."""
        for sentence in re.split(r"(?<=[.?!:;])\s+", subject.heuristic.file.header["description"]):
            words = sentence.split()
            if len(words) > MOST_WORDS:
                yield f"{len(words)} words from `{' '.join(words[:4])}`"


class LockIsCurrent(Check):
    """A changed query has a new version."""

    name = "lock"
    advice = "raise `version` and `modified`, then update lock.json"

    def find(self, subject: Subject) -> Iterator[str]:
        """Yield a difference from lock.json."""
        difference = lock_difference(subject.heuristic, subject.locked)
        if difference:
            yield difference


CHECKS: tuple[Check, ...] = (
    KeysAreInOrder(),
    HeaderIsFilled(),
    SentencesNameParameters(),
    *SQL_CHECKS,
    CasesAreComplete(),
    DocumentIsComplete(),
    WordsDoNotAccuse(),
    SentencesAreShort(),
    LockIsCurrent(),
)
"""All rules, in the order in which they are applied."""


def lint_catalog(only: Iterable[str] = (), own: Path | None = None) -> list[Issue]:
    """Return all issues of the catalogue, or of the named heuristics or families; empty if all is well.

    Args:
        only: Ids, families or folders; all if empty.
        own: Folder of a catalogue of the user's own; it alone is checked then, by the same rules save the lock.

    Raises:
        HeuristicError: a header is so broken that the heuristic cannot be loaded, or a name in `only` is unknown.
    """
    locked = read_lock()
    heuristics = [heuristic for heuristic in load_catalog(only, own) if own is None or heuristic.is_own]
    issues: list[Issue] = []
    with scratch_connection() as connection:
        create_tables(connection, {})
        for heuristic in heuristics:
            try:
                subject = Subject.of(heuristic, connection, locked)
            except HeuristicError as e:
                issues.append(Issue(heuristic.id, "single_select", "error", e.message, "write exactly one SELECT"))
                continue
            for check in CHECKS:
                if not (heuristic.is_own and isinstance(check, LockIsCurrent)):
                    issues += check.issues(subject)
    if not only and own is None:
        issues += [
            Issue(name, "lock", "error", "is in lock.json and not in the catalogue", LockIsCurrent.advice)
            for name in sorted(set(locked) - {heuristic.id for heuristic in heuristics})
        ]
        issues += [
            Issue(
                name,
                "reference",
                "error",
                f"{file} names it, and no heuristic has this id",
                "correct the id, or remove the name",
            )
            for file, name in unknown_references({heuristic.id for heuristic in heuristics})
        ]
    return issues
