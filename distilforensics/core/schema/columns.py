"""What tables are made of: types of columns, a column, a table."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

SCHEMA_VERSION = 1
"""Raised when a column changes its meaning; stored in every table and in findings.json."""

TEXT = pa.string()

COUNT = pa.int64()

REAL = pa.float64()

FLAG = pa.bool_()

TIME = pa.timestamp("us")

TEXTS = pa.list_(pa.string())

NUMBERS = pa.list_(pa.int64())

TEXT_FINGERPRINTS = pa.struct(
    [
        ("prompt_hash", TEXT),
        ("response_hash", TEXT),
        ("system_template", TEXT),
        ("prefix_template", TEXT),
        ("suffix_template", TEXT),
        ("first_number", COUNT),
        ("last_number", COUNT),
        ("lexicon_marks", TEXTS),
        ("is_refusal", FLAG),
        ("hides_characters", FLAG),
        ("prompt_begin", COUNT),
        ("prompt_end", COUNT),
        ("prompt_wording", NUMBERS),
        ("prompt_passages", NUMBERS),
        ("system_passages", NUMBERS),
        ("response_passages", NUMBERS),
        ("earlier_prompt_hash", TEXT),
        ("quoted_answer_hash", TEXT),
        (
            "reasoning_uses",
            pa.list_(
                pa.struct(
                    [
                        ("signature_sha256", TEXT),
                        ("opening_hash", TEXT),
                        ("preceding_hash", TEXT),
                        ("is_answer", FLAG),
                        ("n_uses", COUNT),
                    ]
                )
            ),
        ),
        ("prompt_sha256", TEXT),
        ("response_sha256", TEXT),
        ("system_sha256", TEXT),
        ("messages_sha256", TEXT),
    ]
)
"""What `--content-free` keeps of the texts of an exchange; names as in the tables that hold the same otherwise."""

KEPT_AS = {
    "prompt_text": "prompt_sha256",
    "response_text": "response_sha256",
    "system_text": "system_sha256",
    "messages_json": "messages_sha256",
}
"""Columns of `exchanges` that `--content-free` leaves empty, with what tells in `text_fingerprints` that there was a text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type and what a value means, with its unit."""

    name: str
    type: pa.DataType
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a case; `is_dataset` tables are folders of Parquet parts, the others single files."""

    name: str
    stage: str
    grain: str
    columns: tuple[Column, ...]
    is_dataset: bool = False

    @property
    def arrow(self) -> pa.Schema:
        """Arrow schema without metadata."""
        return pa.schema([pa.field(column.name, column.type) for column in self.columns])


def columns(*rows: tuple[str, pa.DataType, str]) -> tuple[Column, ...]:
    """Return columns of name, type and meaning."""
    return tuple(Column(*row) for row in rows)
