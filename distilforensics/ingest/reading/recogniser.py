"""Decides what a file is: a log of one format, an accounts directory, something that accompanies logs, or nothing that can be read."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import InputRefusedError, UsageError
from distilforensics.core.text import shown
from distilforensics.ingest.batch import FORMATS_MODULE
from distilforensics.ingest.catalogue.specification import use_own_formats
from distilforensics.ingest.framing.records import Reader
from distilforensics.ingest.framing.sniffing import Judge, is_beside_logs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from distilforensics.ingest.evidence.sources import Source
    from distilforensics.ingest.formats import Candidate, FieldMapping, FormatSpec, Sample
    from distilforensics.ingest.framing.records import Sniffed
    from distilforensics.ingest.options import IngestOptions

GENERIC = "generic"
BEDROCK = "bedrock_invocation"
"""The format whose records may have their bodies in files of their own."""


class Recogniser:
    """Knows the formats and what the examiner said about them."""

    def __init__(self, options: IngestOptions, formats_module: str = FORMATS_MODULE) -> None:
        """Load the formats and the mapping.

        Raises:
            UsageError: the format is unknown or the mapping cannot be used.
        """
        use_own_formats(options.own_catalog)
        self.formats = importlib.import_module(formats_module)
        self._specs: dict[str, FormatSpec] = self.formats.load_formats()
        self._format = options.format
        self._samples: dict[int, Sample] = {}
        self.mappings: list[FieldMapping] = [self.formats.read_mapping(path) for path in options.mappings]
        self.choices = self.formats.Options(
            options.account_field, options.assume_time_zone, log_began=options.log_began
        )
        if self._format is not None and self._format not in self._specs:
            raise UsageError(
                f"--format is {shown(self._format)}, expected one of {', '.join(sorted(self._specs))}",
                hint="list the formats with: distilforensics formats list",
            )
        self.formats.zone_expression(options.assume_time_zone)
        self.formats.check_account_field(options.account_field)
        if self._format is not None and self._format != GENERIC:
            self.formats.projection_of(self._specs[self._format], self.choices)

    def judge(self, name: str, *, is_usage: bool = False) -> Judge:
        """Return what the sniffing of a file may ask; the examiner may have said that it is a usage export."""
        self._samples.clear()

        def is_record(records: Sequence[Any]) -> bool:
            return any(c.confidence == "high" for c in self.formats.detect(self.sample(name, records)))

        def fits(records: Sequence[Any]) -> bool:
            sample = self.sample(name, records)
            is_beside = self.formats.other_content(sample) or self.formats.match_accounts_directory(sample)
            is_known = is_beside or self.formats.detect(sample, is_deep=False)
            return bool(is_known or any(one.fits(records) for one in self.mappings))

        def fits_inside(records: Sequence[Any]) -> bool:
            return bool(self.formats.detect(self.sample(name, records)))

        is_of_objects = self._format is not None and self._specs[self._format].framing == "json"
        return Judge(is_record, fits, fits_inside, self._format is not None, is_of_objects or is_usage)

    def takes_cells(self, reader: Reader) -> bool:
        """Tell whether records may be given to a projection as columns of text."""
        spec = self._specs.get(reader.format)
        return spec is not None and spec.takes_cells(reader.choices)

    def sample(self, name: str, records: Sequence[Any]) -> Sample:
        """Return the sample of some records of a file; of the same records the same one, so that each question is worked out once."""
        known = self._samples.get(id(records))
        if known is None:
            known = self._samples[id(records)] = self.formats.Sample(name=name, records=records)
        return known

    def recognise(self, name: str, sniffed: Sniffed, source: Source) -> Reader | None:
        """Return how the records of a source are read and note its role and format; None if it has no records to read.

        Raises:
            InputRefusedError: fields of a log without a known format are ambiguous.
        """
        if sniffed.kind in ("ignored", "refused"):
            source.refuse(sniffed.kind, sniffed.reason or "")
            return None
        sample = self.sample(name, sniffed.records)
        body_name = self.formats.stored_body(sample) if self._format in (None, BEDROCK) else None
        if body_name is not None:
            sniffed.kind, sniffed.body_name, sniffed.is_wrapped = "body", body_name, False
            return self._taken(BEDROCK, "high", sample, source)
        candidates: list[Candidate] = self.formats.detect(sample)
        if source.is_named_usage:
            known = self._specs[candidates[0].format] if _is_certain(candidates) else None
            return self._usage(sample, known, source)
        if self._format is None and _is_certain(candidates):
            return self._taken(candidates[0].format, candidates[0].confidence, sample, source)
        directory = self.formats.match_accounts_directory(sample)
        if directory is not None:
            source.role, source.reason, source.directory = "accounts_directory", directory.reason, directory
            return Reader("", self.choices)
        if self._format is not None:
            return self._taken(self._format, "given", sample, source)
        beside = self.formats.other_content(sample)
        if beside is not None:
            source.refuse("ignored", beside)
            return None
        if not candidates and (announced := self.formats.announced_files(sample)):
            source.refuse(
                "ignored", f"a manifest that announces {len(announced)} files, compared with those that are here"
            )
            source.announced = announced
            return None
        return self._detected(name, sample, candidates, source, columns_of(sniffed))

    def _detected(
        self, name: str, sample: Sample, candidates: list[Candidate], source: Source, columns: Sequence[str]
    ) -> Reader | None:
        is_unknown = not candidates or candidates[0].format == GENERIC
        if is_unknown and self._mapping_of(sample) is not None:
            return self._taken(GENERIC, "given", sample, source)
        why = self.formats.no_calls(sample, candidates)
        if why is not None:
            sums = "; compare the log with them: --reconcile FILE" if "sums" in why else ""
            source.refuse(
                "refused",
                f"{why}{sums}; if they are calls after all, describe them with --mapping, {_how(sample)}",
            )
            return None
        if len(candidates) == 1 and candidates[0].confidence != "low":
            return self._taken(candidates[0].format, candidates[0].confidence, sample, source)
        if not candidates and is_beside_logs(name):
            source.refuse("ignored", "accompanies logs by its name, and its content fits no log format")
        elif not candidates:
            source.refuse("refused", "; ".join(self._why_unknown(sample, columns)))
        else:
            names = "; ".join(f"{c.format} ({c.confidence}: {c.reason})" for c in candidates)
            why = "ambiguous format" if len(candidates) > 1 else "doubtful format"
            source.refuse("refused", f"{why}, choose with --format: {names}")
        return None

    def _taken(self, format_id: str, confidence: str, sample: Sample, source: Source) -> Reader | None:
        spec = self._specs[format_id]
        if spec.usage is not None and confidence != "given":
            return self._usage(sample, spec, source)
        if spec.no_calls is not None and confidence != "given":
            source.refuse("refused" if spec.is_evidence else "ignored", f"{spec.title}: {spec.no_calls}")
            return None
        mapping = spec.mapping or (self._mapping_of(sample) if format_id == GENERIC else None)
        if mapping is not None and mapping.begun(self.choices.log_began).is_placeless:
            lack = self.formats.LACKS[mapping.lack]
            source.refuse(
                "refused", f"{spec.title}: {lack}; say when the log began with --log-began 2026-02-03T04:05:06Z"
            )
            return None
        mapping = None if spec.mapping else mapping
        choices = self.formats.resolve_options(spec, sample, replace(self.choices, mapping=mapping))
        source.format, source.format_confidence = spec.name, confidence
        source.mapping = choices.mapping
        return Reader(format_id, choices)

    def _usage(self, sample: Sample, spec: FormatSpec | None, source: Source) -> Reader | None:
        """Return how a file is read that the examiner named as a usage export: by its format, else by the names of its fields."""
        source.usage = spec.usage if spec is not None else self.formats.usage_by_names(sample.records)
        if source.usage is None:
            what = (
                f"it is {spec.title}"
                if spec is not None
                else "no field is named like a period with requests, tokens or dollars"
            )
            source.refuse("refused", f"named as a usage export, and {what}")
            return None
        source.role, source.reason = "usage", "sums over calls, compared with the log"
        source.format, source.format_confidence = (spec.name, "high") if spec is not None else (None, "given")
        return Reader("", self.choices)

    def _mapping_of(self, sample: Sample) -> FieldMapping | None:
        """Return the mapping that is about the records of a file, None if none is.

        Raises:
            InputRefusedError: several are.
        """
        found = [mapping for mapping in self.mappings if mapping.fits(sample.records)]
        if len(found) > 1:
            names = " and ".join(shown(mapping.file_name) for mapping in found)
            raise InputRefusedError(
                f"the mappings {names} both fit, expected one",
                where=sample.name,
                hint="name fields that only one kind of file has: [files] fields = [...]",
            )
        return found[0] if found else None

    def _why_unknown(self, sample: Sample, columns: Sequence[str]) -> Iterator[str]:
        yield "unknown log format"
        if columns:
            more = f" and {len(columns) - SHOWN_COLUMNS} more" if len(columns) > SHOWN_COLUMNS else ""
            yield f"its columns are {', '.join(map(shown, columns[:SHOWN_COLUMNS]))}{more}"
        if self.formats.usage_by_names([dict.fromkeys(columns)]) is not None:
            yield "if its records are sums over calls, compare the log with them: --reconcile FILE"
        for mapping in self.mappings:
            lacking = ", ".join(map(shown, mapping.lacks(sample.records)[:SHOWN_COLUMNS]))
            yield f"mapping {shown(mapping.file_name)} is not about it: no {lacking}"
        yield (
            f"name it with --format or describe it with --mapping, {_how(sample)}"
            if columns
            else "name it with --format"
        )


SHOWN_COLUMNS = 40
"""Columns of an unknown file that an error lists."""


def _how(sample: Sample) -> str:
    return f"to begin with: distilforensics mapping {shown(sample.name)} > m.toml"


def columns_of(sniffed: Sniffed) -> list[str]:
    """Return the top-level fields of a file's records, those of a table in order."""
    if sniffed.header:
        return list(sniffed.header)
    return list(dict.fromkeys(name for record in sniffed.records if isinstance(record, dict) for name in record))


def _is_certain(candidates: list[Candidate]) -> bool:
    """One known format fits nearly all records, so the file is nothing else."""
    return len(candidates) == 1 and candidates[0].confidence == "high" and candidates[0].format != GENERIC
