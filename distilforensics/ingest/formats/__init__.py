"""Log formats: one folder per format, recognised by content, turned into the columns of `exchanges` by one SELECT.

What the reading engine uses, in order: `other_content` and `match_accounts_directory` (files that are no logs), `detect`, `resolve_options`
(finds the mapping of a generic log), `projection_of` on a connection made ready by `prepare_connection`.
"""

from distilforensics.ingest.catalogue.columns import PROJECTED_COLUMNS
from distilforensics.ingest.catalogue.completion import (
    check_account_field,
    plain_projection_of,
    prepare_connection,
    projection_of,
    zone_expression,
)
from distilforensics.ingest.catalogue.mapping import LACKS, FieldMapping, read_mapping
from distilforensics.ingest.catalogue.specification import FormatSpec, Options, load_formats
from distilforensics.ingest.catalogue.usage import usage_by_names
from distilforensics.ingest.recognition.detection import (
    Candidate,
    announced_files,
    detect,
    no_calls,
    other_content,
    resolve_options,
    stored_body,
)
from distilforensics.ingest.recognition.directory import (
    DirectoryMatch,
    directory_projection,
    match_accounts_directory,
    read_accounts_directory,
)
from distilforensics.ingest.recognition.draft import draft_mapping
from distilforensics.ingest.recognition.suggestion import Sample, Suggestion, automatic_mapping, suggest_mapping

__all__ = [
    "LACKS",
    "PROJECTED_COLUMNS",
    "Candidate",
    "DirectoryMatch",
    "FieldMapping",
    "FormatSpec",
    "Options",
    "Sample",
    "Suggestion",
    "announced_files",
    "automatic_mapping",
    "check_account_field",
    "detect",
    "directory_projection",
    "draft_mapping",
    "load_formats",
    "match_accounts_directory",
    "no_calls",
    "other_content",
    "plain_projection_of",
    "prepare_connection",
    "projection_of",
    "read_accounts_directory",
    "read_mapping",
    "resolve_options",
    "stored_body",
    "suggest_mapping",
    "usage_by_names",
    "zone_expression",
]
