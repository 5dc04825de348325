"""Which format a file has, told from the keys and lines of records at its beginning, middle and end; never from its name alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from distilforensics.ingest.catalogue.aliases import WORDS, normalised
from distilforensics.ingest.catalogue.specification import FormatSpec, Options, load_formats
from distilforensics.ingest.recognition.no_calls import why_no_calls
from distilforensics.ingest.recognition.suggestion import Sample, automatic_mapping, suggest_mapping

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERIC = "generic"
"""The format whose records are read by a mapping that belongs to the file, not to the format."""

HIGH_SHARE = 0.9
"""Share of sampled records that must match for high confidence; the rest may be junk."""

MEDIUM_SHARE = 0.5
"""Likewise for medium confidence."""

_SPILLED_BODY = re.compile(r".+_(?:input|output)(?:_[a-z]+_\d+)?\.(?:json|bin|pdf|png|jpe?g|gif|webp|txt|mp4)(?:\.gz)?")
_STORED_BODY = re.compile(r"(?P<name>(?P<id>.+)_(?:input|output)\.json)(?:\.gz)?")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PERMISSION_CHECK = "amazon-bedrock-logs-permission-check"


_NAMES = ("key", "path", "name", "file", "filename", "file_name", "url", "uri")
_RECORD_COUNTS = ("rowCount", "row_count", "rows", "records", "recordCount", "record_count")
_SIZES = ("sizeBytes", "size_bytes", "size", "bytes")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A format that the sample may have."""

    format: str
    confidence: str
    """high, medium or low."""
    reason: str


def detect(sample: Sample, *, is_deep: bool = True) -> list[Candidate]:
    """Return the formats of the highest confidence; several if the content fits several, none if it fits none.

    `generic` is only considered where no other format fits, by what lies inside of fields as well if `is_deep`.
    """
    return sample.once(("formats", is_deep), lambda: _detected(sample, is_deep=is_deep))


def _detected(sample: Sample, *, is_deep: bool) -> list[Candidate]:
    rated = sample.once(
        "known formats", lambda: [found for spec in load_formats().values() if (found := _rate(spec, sample))]
    )
    given_up = {name for candidate in rated for name in load_formats()[candidate.format].detection.refines}
    rated = [candidate for candidate in rated if candidate.format not in given_up] or _rate_generic(
        sample, is_deep=is_deep
    )
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


def _rate_generic(sample: Sample, *, is_deep: bool) -> list[Candidate]:
    suggestion = suggest_mapping(sample, is_deep=is_deep)
    if not suggestion.is_log:
        return []
    named = ", ".join(sorted(suggestion.known))
    return [Candidate(GENERIC, "medium" if suggestion.is_clear else "low", f"fields are named like {named}")]


def no_calls(sample: Sample, candidates: Sequence[Candidate]) -> str | None:
    """Return why a file whose records could be read holds no calls, or None."""
    if len(candidates) == 1 and candidates[0].format == GENERIC:
        return why_no_calls(suggest_mapping(sample))
    return None


def other_content(sample: Sample) -> str | None:
    """Return what a file is that accompanies logs and holds no records, or None: such files are ignored, with this reason."""
    if _PERMISSION_CHECK in sample.name:
        return "permission check of Amazon Bedrock, not a log"
    records = [record for record in sample.records if isinstance(record, Mapping)]
    if _SPILLED_BODY.fullmatch(sample.name) and not detect(sample):
        return "body of an Amazon Bedrock call that was too large for its record, not a log"
    keys = {normalised(key) for record in records for key in record}
    if keys & WORDS["labels"] and keys <= WORDS["labels"] | WORDS["beside_labels"]:
        return "labels of accounts, not a log"
    return None


def stored_body(sample: Sample) -> str | None:
    """Return the name by which a record of Amazon Bedrock refers to a file that is its body, without compression; None if it is no body.

    The id of a call in the name settles it; with any other id the content must fit no format, since a log can have such a name.
    """
    match = _STORED_BODY.fullmatch(sample.name)
    if match is None or _UUID.fullmatch(match["id"]):
        return match and match["name"]
    is_json = any(isinstance(record, Mapping) for record in sample.records)
    return match["name"] if is_json and not detect(sample) else None


def announced_files(sample: Sample) -> list[dict[str, Any]]:
    """Return the files that a manifest announces, as columns of `announced_files`; none if the sample is no manifest."""
    found: list[dict[str, Any]] = []
    for record in sample.records:
        files = record.get("files") if isinstance(record, Mapping) else None
        if not isinstance(files, list) or not all(isinstance(file, Mapping) for file in files):
            return []
        for file in files:
            names = [file[key] for key in _NAMES if isinstance(file.get(key), str)]
            if not names:
                return []
            counts = {"n_records": _whole(file, _RECORD_COUNTS), "n_bytes": _whole(file, _SIZES)}
            found.append({"name": names[0].encode("utf-8", "backslashreplace").decode(), **counts})
    return found


def _whole(record: Mapping[str, Any], keys: Sequence[str]) -> int | None:
    numbers = (record.get(key) for key in keys)
    return next((n for n in numbers if isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 2**62), None)


def resolve_options(spec: FormatSpec, sample: Sample, options: Options) -> Options:
    """Return the options with which a source is projected: a generic log without a mapping gets the one that its field names give.

    Raises:
        InputRefusedError: the names are ambiguous or say too little.
    """
    if spec.id != GENERIC or options.mapping is not None:
        return options
    return replace(options, mapping=automatic_mapping(sample))
