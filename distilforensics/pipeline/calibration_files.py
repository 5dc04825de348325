"""What an examiner puts into a case beside the logs: counts of benign reference cases, rates measured on labelled logs, a calendar of releases.

All are copied into the case, so that it stays complete by itself, and stay in force until others are put in or the case is started over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from distilforensics.case import custody
from distilforensics.case.layout import open_case, write_file, write_json
from distilforensics.case.stages import file_sha256
from distilforensics.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from distilforensics.case.layout import Case


@dataclass(frozen=True, slots=True)
class CalibrationFiles:
    """Paths as the examiner names them; nothing given leaves in force what the case holds."""

    references: Sequence[Path] = ()
    error_rates: Sequence[Path] = ()
    releases: Path | None = None


def copy_into_case(case: Case, files: CalibrationFiles) -> None:
    """Copy the files into the case, in place of what was there before, and note it in the custody log.

    Raises:
        CaseError: a reference is no case, or was not assessed.
        UsageError: a reference is the case itself, or a file holds no measured rates or no calendar.
    """
    if files.references:
        _copy_references(case, files.references)
    if files.error_rates:
        _copy_rates(case, files.error_rates)
    if files.releases is not None:
        _copy_releases(case, files.releases)


def _copy_references(case: Case, roots: Sequence[Path]) -> None:
    from distilforensics.assessment.calibration import REFERENCES_GLOB, reference_json

    contents = []
    for root in roots:
        if root.resolve() == case.root.resolve():
            raise UsageError("a case cannot be its own reference", where=str(root))
        contents.append(reference_json(open_case(root)))
    for old in sorted(case.calibration.glob(REFERENCES_GLOB)):
        old.unlink()
    for number, (root, content) in enumerate(zip(roots, contents, strict=True), start=1):
        path = case.calibration / f"reference-{number:04d}.json"
        write_json(path, content)
        custody.append(case, "reference put in", {"case": str(root), "sha256": file_sha256(path)})


def _copy_rates(case: Case, files: Sequence[Path]) -> None:
    from distilforensics.accuracy.measured_rates import read_rates

    texts = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as e:
            raise UsageError("is not UTF-8", where=str(path)) from e
        read_rates(text, str(path))
        texts.append(text)
    for old in sorted(case.calibration.glob("rates-*.json")):
        old.unlink()
    for number, (path, text) in enumerate(zip(files, texts, strict=True), start=1):
        target = case.calibration / f"rates-{number:04d}.json"
        write_file(target, text.encode())
        custody.append(case, "measured rates put in", {"file": str(path), "sha256": file_sha256(target)})


def _copy_releases(case: Case, path: Path) -> None:
    from distilforensics.report.releases import RELEASES_FILE, read_releases, releases_csv

    target = case.calibration / RELEASES_FILE
    write_file(target, releases_csv(read_releases(path)).encode())
    custody.append(case, "calendar of releases put in", {"file": str(path), "sha256": file_sha256(target)})
