"""Log formats: one SQL file per format, recognised by content, turned into the columns of `exchanges` by one SELECT.

What the reading engine uses: `load_formats`, `detect`, `FormatSpec.projection`, `prepare_connection`.
"""

from distilforensics.ingest.formats.detection import Candidate, Sample, detect
from distilforensics.ingest.formats.specification import FormatSpec, Options, load_formats, prepare_connection

__all__ = [
    "Candidate",
    "FormatSpec",
    "Options",
    "Sample",
    "detect",
    "load_formats",
    "prepare_connection",
]
