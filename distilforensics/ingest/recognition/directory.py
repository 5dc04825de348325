"""Accounts directories: lists of accounts with sign-up, payment fingerprint, e-mail domain, plan or organisation, one row per account.

A directory is no log; its rows tell what accounts share. E-mail addresses are reduced to their domain, raw card numbers are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from distilforensics.core.errors import InputRefusedError
from distilforensics.ingest.catalogue.aliases import CONTENT_COLUMNS, DURATIONS, NAMES, best_names
from distilforensics.ingest.catalogue.columns import fill, library_file, literal
from distilforensics.ingest.catalogue.completion import zone_expression
from distilforensics.ingest.catalogue.mapping import json_path
from distilforensics.ingest.recognition.suggestion import suggest_mapping

if TYPE_CHECKING:
    import duckdb

    from distilforensics.ingest.recognition.suggestion import Sample

REQUEST_COLUMNS = (
    CONTENT_COLUMNS
    | DURATIONS
    | {"response_id", "operation", "http_status", "finish_reason", "session_id", "user_agent"}
)
"""Columns of single requests; a file with one of them is a log."""

DISTINCT_SHARE = 0.9
"""Share of sampled records with an account of their own from which a file counts as keyed by account."""

_CARD_NUMBER = re.compile(r"\d(?:[ -]?\d){12,18}")


@dataclass(frozen=True, slots=True)
class DirectoryMatch:
    """Which fields of an accounts directory hold what."""

    columns: Mapping[str, str]
    reason: str


@dataclass(frozen=True, slots=True)
class DirectoryRows:
    """What a directory says."""

    rows: list[dict[str, Any]]
    """Columns of `accounts_directory` without `source_sha256` and `source_line`, with `row_index` in their place, and `email` for `mailbox`."""
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    """Row, reason code and detail of rows without an account."""
    doubted: list[tuple[int, str, str]] = field(default_factory=list)
    """Likewise for rows that were kept without their sign-up time."""


def match_accounts_directory(sample: Sample) -> DirectoryMatch | None:
    """Return which fields hold what if the sample is an accounts directory, else None."""
    records = [record for record in sample.records if isinstance(record, Mapping)]
    if not records or len(records) < len(sample.records) * DISTINCT_SHARE:
        return None
    columns = best_names({name for record in records for name in record}, "accounts")
    if "account_id" not in columns or len(columns) < 2:
        return None
    accounts = [str(record.get(columns["account_id"])) for record in records]
    if (
        len(set(accounts)) < len(accounts) * DISTINCT_SHARE
        or REQUEST_COLUMNS & suggest_mapping(sample, is_deep=False).known
    ):
        return None
    named = ", ".join(f"{target} in {name}" for target, name in sorted(columns.items()))
    return DirectoryMatch(columns, f"one record per account and no field of requests: {named}")


def directory_projection(match: DirectoryMatch, assume_time_zone: str | None = None) -> str:
    """Return one SELECT over `lines(row_index, line)` that yields `row_index`, the columns of the directory and `created_at_raw`."""
    sources = sorted(set(match.columns.values()))
    parts = dict.fromkeys(NAMES["accounts"], "null::varchar")
    parts |= {target: f"v[{sources.index(source) + 1}]" for target, source in match.columns.items()}
    parts["paths"] = "[" + ", ".join(literal(json_path(source)) for source in sources) + "]"
    parts["zone"] = zone_expression(assume_time_zone)
    return fill(library_file("directory.sql"), parts)


def read_accounts_directory(
    connection: duckdb.DuckDBPyConnection, match: DirectoryMatch, *, name: str, assume_time_zone: str | None = None
) -> DirectoryRows:
    """Return the rows of a directory whose records are in the relation `lines` of a prepared connection.

    Raises:
        InputRefusedError: a payment fingerprint is a raw card number; nothing of the file may be stored then.
    """
    match = _matched_on_all_rows(connection, match)
    relation = connection.execute(directory_projection(match, assume_time_zone))
    names = [column[0] for column in relation.description or ()]
    result = DirectoryRows([])
    for values in relation.fetchall():
        row = dict(zip(names, values, strict=True))
        if is_card_number(row["payment_fingerprint"]):
            raise InputRefusedError(
                "payment field holds a card number, expected a fingerprint of the payment method",
                where=f"{name}[{row['row_index'] + 1}]",
                hint="replace card numbers by keyed hashes before the directory is handed over",
            )
        raw = row.pop("created_at_raw")
        if row["account_id"] is None:
            result.refused.append(
                (row["row_index"], "no_account", f"{match.columns['account_id']} is empty, expected an account")
            )
            continue
        if raw is not None and row["created_at"] is None:
            result.doubted.append((row["row_index"], "invalid_timestamp", f"{match.columns['created_at']} is no time"))
        result.rows.append(row)
    return result


def _matched_on_all_rows(connection: duckdb.DuckDBPyConnection, match: DirectoryMatch) -> DirectoryMatch:
    """Return the match with the fields of all rows: an empty cell leaves its field out, so that the first rows may lack a column.

    What the first rows showed stays: one strange row must not take the account from all others.
    """
    names = connection.execute(
        "select distinct unnest(json_keys(line)) as name from lines where json_valid(line) and json_type(line) = 'OBJECT' order by name"
    ).fetchall()
    columns = best_names((name for (name,) in names), "accounts")
    return replace(match, columns={**columns, **match.columns})


def is_card_number(value: str | None) -> bool:
    """Tell whether text is a payment card number: 13 to 19 digits with a valid check digit."""
    if value is None or not _CARD_NUMBER.fullmatch(value):
        return False
    digits = [int(character) for character in reversed(value) if character.isdigit()]
    doubled = [digit if i % 2 == 0 else digit * 2 - 9 * (digit > 4) for i, digit in enumerate(digits)]
    return sum(doubled) % 10 == 0
