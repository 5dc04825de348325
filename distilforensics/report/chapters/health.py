"""The chapter on evidence health: what is missing, broken or doubtful in the log, and which heuristics that weakens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.core.text import show
from distilforensics.report import figures
from distilforensics.report.chapters.pictures import all_days
from distilforensics.report.chapters.work import columns
from distilforensics.report.context import Figure, Health

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.report.chapters.work import Work
    from distilforensics.report.context import DataTable, Heuristic

RAW_CHARS = 120
"""Characters of a quarantined record that are quoted."""

SOURCES_SHOWN = 40
LISTED = 40


def collect(work: Work, heuristics: Sequence[Heuristic]) -> Health:
    """Return the state of the evidence."""
    return Health(
        balance=_balance(work),
        quarantine=_quarantine(work),
        duplicates=work.table(
            "duplicates", work.rows("duplicates"),
            columns("duplicate_class|Class|text", "n_records|Records|count", "example|Example|ident", "example_of|Repeats|ident"),
            anchor="health-duplicates", caption="Repeated records by class"),
        out_of_scope=work.table(
            "out_of_scope", work.rows("out_of_scope"),
            columns("reason|Reason|prose", "path|Source|ident", "n_records|Records|count", "first_line|First line|count"),
            anchor="health-out-of-scope", caption="Valid records that are no model exchanges", most=LISTED, rule="the reasons with most records",
            exhibit="out-of-scope"),
        flags=work.table(
            "parse_flags", work.rows("parse_flags"), columns("flag|Flag|ident", "n_records|Records|count", "example|Example|ident"),
            anchor="health-flags", caption="Repairs and doubts noted while reading"),
        texts=work.table(
            "text_states", work.rows("text_states"), columns("part|Part|text", "state|State|text", "n_records|Records|count"),
            anchor="health-texts", caption="How prompts and responses were logged"),
        repeated_ids=work.table(
            "repeated_ids", work.rows("repeated_ids"), columns(
                "identifier|Identifier|ident", "n_values|Distinct values|count", "n_repeated_values|Values that repeat|count",
                "n_records_with_repeated|Records with such a value|count", "n_placeholders|Records with a placeholder, such as None|count"),
            anchor="health-ids", caption="Identifiers that repeat among records that are no duplicates"),
        silence=work.table(
            "silent_periods", work.rows("silent_periods"),
            columns("silent_from|From, UTC|time", "silent_until|Until, UTC|time", "n_hours|Whole hours|count"),
            anchor="health-silence", caption="Longest periods without any exchange"),
        days=_days(work),
        fill=_fill(work, heuristics),
        refused=[row for row in work.rows("sources") if row["role"] == "refused"],
    )  # fmt: skip


def _balance(work: Work) -> DataTable:
    return work.table(
        "balance", work.rows("balance"), columns(
            "path|Source|ident", "n_read|Read|count", "n_kept|Kept|count", "n_quarantined|Quarantined|count", "n_duplicate|Repeated|count",
            "n_out_of_scope|Out of scope|count", "difference|Difference|count"),
        anchor="health-balance", caption="Record balance per source: read = kept + quarantined + repeated + out of scope", most=SOURCES_SHOWN,
        rule="the first files by path", exhibit="balance",
    )  # fmt: skip


def _quarantine(work: Work) -> DataTable:
    rows = [row | {"raw": _raw(row["raw_prefix"])} for row in work.rows("quarantine_reasons")]
    return work.table(
        "quarantine_reasons", rows, columns(
            "reason|Reason|ident", "n_records|Records with this reason|count", "path|Example: source|ident", "source_line|Line|count",
            "detail|What was seen|prose", "raw|Beginning of the record (untrusted)|excerpt"),
        anchor="health-quarantine", caption="Records that could not be read, by reason, with the first examples", most=LISTED,
        rule="the reasons with most records", exhibit="quarantine-examples",
    )  # fmt: skip


def _raw(prefix: bytes | None) -> str:
    text = show((prefix or b"").decode("utf-8", "backslashreplace"))
    return text if len(text) <= RAW_CHARS else f"{text[:RAW_CHARS]}…"


def _days(work: Work) -> Figure | None:
    rows = work.rows("log_days")
    if not rows:
        return None
    counts = {row["day"]: row["n_exchanges"] for row in rows}
    days = all_days(counts)
    full = [{"day": day, "n_exchanges": counts.get(day, 0)} for day in days]
    data = work.table(
        "log_days", full, columns("day|UTC day|day", "n_exchanges|Exchanges|count"), anchor="health-days-data",
        caption="Exchanges of the whole log per UTC day", exhibit="log-days",
    )  # fmt: skip
    n_empty = sum(row["n_exchanges"] == 0 for row in full)
    return figures.figure(
        figures.daily_bars({"Whole log": counts}, days),
        anchor="health-days",
        caption="Exchanges of the whole log per UTC day",
        description=f"Bars per day over {len(days):,} days; {n_empty:,} of them have no exchange.",
        data=data,
    )


def _fill(work: Work, heuristics: Sequence[Heuristic]) -> DataTable:
    rows = [
        row | {"share": _share(row), "needed_by": _needed_by(row["name"], heuristics)}
        for row in work.rows("fill_rates")
    ]
    return work.table(
        "fill_rates", rows, columns(
            "name|Column|ident", "n_filled|Records that carry it|count", "share|Share|share", "needed_by|Heuristics that need it|prose"),
        anchor="health-fill", caption="How many records carry each column, and which heuristics need it", exhibit="fill-rates",
    )  # fmt: skip


def _share(row: Mapping[str, Any]) -> float | None:
    return row["n_filled"] / row["n_records"] if row["n_records"] else None


def _needed_by(column: str, heuristics: Sequence[Heuristic]) -> str:
    return ", ".join(
        heuristic.code or heuristic.heuristic_id
        for heuristic in heuristics
        if any(column in need.split("|") for need in heuristic.needs)
    )
