"""Which format a file has, told from the keys and lines of records at its beginning, middle and end; never from its name alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distilforensics.ingest.formats.specification import FormatSpec, load_formats

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HIGH_SHARE = 0.9
"""Share of sampled records that must match for high confidence; the rest may be junk."""

MEDIUM_SHARE = 0.5
"""Likewise for medium confidence."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What detection sees of a file."""

    name: str
    """File name, without folders."""
    records: Sequence[Mapping[str, Any] | str]
    """Records from the beginning, the middle and the end: decoded objects, or text lines where a line is no JSON object."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A format that the sample may have."""

    format: str
    confidence: str
    """high, medium or low."""
    reason: str


def detect(sample: Sample) -> list[Candidate]:
    """Return the formats of the highest confidence; several if the content fits several, none if it fits none."""
    rated = [rating for spec in load_formats().values() if (rating := _rate(spec, sample))]
    order = ("high", "medium", "low")
    best = next((level for level in order if any(candidate.confidence == level for candidate in rated)), None)
    return [candidate for candidate in rated if candidate.confidence == best]


def _rate(spec: FormatSpec, sample: Sample) -> Candidate | None:
    n_records = len(sample.records)
    n_matching = sum(spec.detection.matches(record) for record in sample.records)
    if not n_matching:
        return None
    share = n_matching / n_records
    confidence = "high" if share >= HIGH_SHARE else "medium" if share >= MEDIUM_SHARE else "low"
    return Candidate(spec.id, confidence, f"{n_matching} of {n_records} sampled records have the shape of {spec.title}")
