"""The chapter on evidence health: what is missing, broken or doubtful in the log, and which heuristics that weakens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distilforensics.core.text import show
from distilforensics.report import figures
from distilforensics.report.chapters.pictures import all_days
from distilforensics.report.context import Figure, Health

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from distilforensics.report.chapters.work import Work
    from distilforensics.report.context import DataTable, Heuristic

RAW_CHARS = 120
"""Characters of a quarantined record that are quoted."""


def collect(work: Work, heuristics: Sequence[Heuristic]) -> Health:
    """Return the state of the evidence."""
    quarantined = [row | {"raw": _raw(row["raw_prefix"])} for row in work.rows("quarantine_reasons")]
    filled = [
        row | {"share": _share(row), "needed_by": _needed_by(row["name"], heuristics)}
        for row in work.rows("fill_rates")
    ]
    return Health(
        balance=work.source_table("balance", anchor="health-balance", exhibit="balance"),
        quarantine=work.table(
            "quarantine_reasons", quarantined, anchor="health-quarantine", exhibit="quarantine-examples"
        ),
        duplicates=_table(work, "duplicates", "duplicates"),
        out_of_scope=_table(work, "out_of_scope", "out-of-scope", "out-of-scope"),
        flags=_table(work, "parse_flags", "flags"),
        texts=_table(work, "text_states", "texts"),
        repeated_ids=_table(work, "repeated_ids", "ids"),
        silence=_table(work, "silent_periods", "silence"),
        days=_days(work),
        fill=work.table("fill_rates", filled, anchor="health-fill", exhibit="fill-rates"),
        refused=[row for row in work.rows("sources") if row["role"] == "refused"],
    )


def _table(work: Work, query: str, part: str, exhibit: str = "") -> DataTable:
    return work.table(query, work.rows(query), anchor=f"health-{part}", exhibit=exhibit)


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
    data = work.table("log_days", full, anchor="health-days-data", exhibit="log-days")
    n_empty = sum(row["n_exchanges"] == 0 for row in full)
    return figures.figure(
        figures.daily_bars({"Whole log": counts}, days),
        anchor="health-days",
        caption="Exchanges of the whole log per UTC day",
        description=f"Bars per day over {len(days):,} days; {n_empty:,} of them have no exchange.",
        data=data,
    )


def _share(row: Mapping[str, Any]) -> float | None:
    return row["n_filled"] / row["n_records"] if row["n_records"] else None


def _needed_by(column: str, heuristics: Sequence[Heuristic]) -> str:
    return ", ".join(
        heuristic.code or heuristic.heuristic_id
        for heuristic in heuristics
        if any(column in need.split("|") for need in heuristic.needs)
    )
